// SPDX-License-Identifier: LGPL-3.0-or-later

package main

import (
	"crypto/tls"
	"net"
	"path/filepath"
)

// tlsFront is how the proxy shows itself.
type tlsFront struct {
	settings *settings
	rules    *ruleSet
	events   *events
}

func (f *tlsFront) pair(name string) (tls.Certificate, error) {
	return tls.LoadX509KeyPair(filepath.Join(f.settings.certs, name+".pem"),
		filepath.Join(f.settings.certs, "server.key"))
}

// config shows the certificate asked for, or one that a rule wants.
func (f *tlsFront) config() (*tls.Config, error) {
	pair, err := f.pair(f.settings.cert)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		conn, marked := hello.Conn.(*markedConn)
		if !marked {
			return nil, nil
		}
		special := config.Clone()
		special.GetConfigForClient = nil
		// No resumption: a good handshake must not spare a bad one.
		special.SessionTicketsDisabled = true
		name := map[string]string{"tls-expired": "expired", "tls-wrong-name": "wrongname",
			"tls-selfsigned": "selfsigned"}[conn.rule.kind]
		if name != "" {
			other, perr := f.pair(name)
			if perr != nil {
				return nil, perr
			}
			special.Certificates = []tls.Certificate{other}
		}
		if conn.rule.kind == "tls-1.0" {
			special.MaxVersion = tls.VersionTLS10
		}
		return special, nil
	}
	return config, nil
}

// A connection that a TLS rule is for.
type markedConn struct {
	net.Conn
	rule *rule
}

// Read of a "tls-cut" connection takes the client's hello, and ends it.
func (c *markedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.rule.kind == "tls-cut" && n > 0 {
		c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

// cutting is a listener that marks connections.
type cutting struct {
	net.Listener
	front *tlsFront
}

func (l *cutting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if r := l.front.rules.takeTLS(); r != nil {
		l.front.events.add("hit rule=%s", r.text)
		return &markedConn{conn, r}, nil
	}
	return conn, nil
}
