// SPDX-License-Identifier: LGPL-3.0-or-later

// proxy is a fault proxy for tests: TLS of its own in front, a vSphere API
// server behind, and between both what rules say.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

type settings struct {
	to, ca, certs, cert, log, listen string
	withParent                       bool
	rules                            list
}

func parse() *settings {
	s := new(settings)
	flag.StringVar(&s.to, "to", "", "`URL` of the server behind")
	flag.StringVar(&s.ca, "ca", "", "PEM `file` that its certificate is checked with")
	flag.StringVar(&s.certs, "certs", "", "`directory` with server.key and NAME.pem")
	flag.StringVar(&s.cert, "cert", "server", "`NAME` of the certificate shown: server, expired, wrongname, selfsigned")
	flag.StringVar(&s.log, "log", "", "`file` to write a line per event to")
	flag.StringVar(&s.listen, "listen", "127.0.0.1:0", "`address` to listen on")
	flag.BoolVar(&s.withParent, "with-parent", false, "end when the parent process does")
	flag.Var(&s.rules, "rule", "`PATTERN:KIND:N:K`; repeatable")
	flag.Parse()
	return s
}

// events writes lines "EVENT key=value …".
type events struct {
	sync.Mutex
	out io.Writer
}

func (e *events) add(format string, args ...interface{}) {
	e.Lock()
	defer e.Unlock()
	fmt.Fprintf(e.out, format+"\n", args...)
}

// transport is the way to the server behind.
func transport(s *settings) (*http.Transport, error) {
	roots := x509.NewCertPool()
	if s.ca != "" {
		pem, err := os.ReadFile(s.ca)
		if err != nil {
			return nil, err
		}
		roots.AppendCertsFromPEM(pem)
	}
	return &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 16,
	}, nil
}

func start(s *settings) (net.Listener, error) {
	behind, err := url.Parse(s.to)
	if err != nil {
		return nil, err
	}
	rules, err := parseRules(s.rules)
	if err != nil {
		return nil, err
	}
	e := &events{out: io.Discard}
	if s.log != "" {
		if e.out, err = os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			return nil, err
		}
	}
	way, err := transport(s)
	if err != nil {
		return nil, err
	}
	front := &tlsFront{settings: s, rules: rules, events: e}
	config, err := front.config()
	if err != nil {
		return nil, err
	}
	plain, err := net.Listen("tcp", s.listen)
	if err != nil {
		return nil, err
	}
	listener := tls.NewListener(&cutting{plain, front}, config)
	server := &http.Server{
		Handler:  &proxy{behind: behind, way: way, rules: rules, events: e},
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = server.Serve(listener) }()
	return listener, nil
}

// ended waits for a signal, or for the parent to be gone.
func ended(withParent bool) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	parent := os.Getppid()
	for {
		select {
		case <-signals:
			return
		case <-time.After(time.Second):
			if withParent && os.Getppid() != parent {
				return
			}
		}
	}
}

func main() {
	s := parse()
	s.certs = filepath.Clean(s.certs)
	listener, err := start(s)
	if err != nil {
		fmt.Fprintf(os.Stderr, "proxy: %v\n", err)
		os.Exit(1)
	}
	behind, _ := url.Parse(s.to)
	fmt.Printf("https://%s%s\n", listener.Addr(), behind.Path)
	ended(s.withParent)
}
