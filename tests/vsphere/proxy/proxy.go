// SPDX-License-Identifier: LGPL-3.0-or-later

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

type proxy struct {
	behind *url.URL
	way    *http.Transport
	rules  *ruleSet
	events *events

	mu     sync.Mutex
	denied map[string]bool // paths whose next request gets 401
}

const bodyLimit = 64 << 20

// soapMethod is the name of the first element in a SOAP body, for patterns
// and the log.
func soapMethod(body []byte) string {
	_, rest, found := bytes.Cut(body, []byte(":Body>"))
	if !found {
		return ""
	}
	rest = bytes.TrimLeft(rest, " \r\n\t<")
	if end := bytes.IndexAny(rest, " >/"); end >= 0 {
		rest = rest[:end]
	}
	if i := bytes.IndexByte(rest, ':'); i >= 0 {
		rest = rest[i+1:]
	}
	return string(rest)
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := ""
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
		if err != nil {
			return
		}
		method = soapMethod(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
	}
	target := r.URL.RequestURI()
	p.events.add("request method=%s target=%s soap=%s range=%q", r.Method, target, method, r.Header.Get("Range"))
	if p.isDenied(target) {
		p.events.add("denied target=%s", target)
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	rule := p.rules.take(target, method)
	if rule != nil {
		p.events.add("hit rule=%s target=%s soap=%s", rule.text, target, method)
		if p.instead(w, rule) {
			return
		}
		if rule.kind == "no-range" {
			r.Header.Del("Range")
		}
	}
	answer, err := p.forward(r)
	if err != nil {
		p.events.add("behind error=%q", err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	p.give(w, answer, rule, target)
}

// instead answers for the server behind, where the rule is such.
func (p *proxy) instead(w http.ResponseWriter, r *rule) bool {
	switch r.kind {
	case "status":
		http.Error(w, http.StatusText(int(r.n)), int(r.n))
	case "503":
		w.Header().Set("Retry-After", fmt.Sprint(r.n))
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
	case "redirect":
		w.Header().Set("Location", "https://elsewhere.invalid/sdk")
		w.WriteHeader(http.StatusFound)
	case "soap-fault":
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope `+
			`xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" `+
			`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>`+
			`<faultcode>ServerFaultCode</faultcode><faultstring>A general system error occurred</faultstring>`+
			`<detail><SystemErrorFault xmlns="urn:vim25" xsi:type="SystemError"><reason>proxy</reason>`+
			`</SystemErrorFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`)
	default:
		return false
	}
	return true
}

func (p *proxy) isDenied(target string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	denied := p.denied[target]
	delete(p.denied, target)
	return denied
}

func (p *proxy) deny(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.denied == nil {
		p.denied = make(map[string]bool)
	}
	p.denied[target] = true
}

// forward keeps the Host header, so that the URLs which the server makes of
// it lead to the proxy.
func (p *proxy) forward(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host = p.behind.Scheme, p.behind.Host
	out.RequestURI = ""
	return p.way.RoundTrip(out)
}

// give sends the answer as the rule wants it.
func (p *proxy) give(w http.ResponseWriter, answer *http.Response, r *rule, target string) {
	for key, values := range answer.Header {
		w.Header()[key] = values
	}
	var body io.Reader = answer.Body
	if r != nil && p.needsLength(r) {
		// Lengths are told before the body: all of it is needed first.
		all, err := io.ReadAll(answer.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		body = p.wrongLength(w, all, r)
	} else if r != nil && r.kind == "short-chunked" {
		w.Header().Del("Content-Length")
		body = io.LimitReader(body, r.n)
	} else if r != nil && r.kind == "late" {
		time.Sleep(time.Duration(r.n) * time.Millisecond)
	}
	w.WriteHeader(answer.StatusCode)
	count, err := p.copy(w, body, r, target)
	p.events.add("answer status=%d bytes=%d target=%s", answer.StatusCode, count, target)
	if err != nil || r != nil && (r.kind == "truncate" || r.kind == "long") {
		panic(http.ErrAbortHandler)
	}
}

func (p *proxy) needsLength(r *rule) bool {
	switch r.kind {
	case "truncate", "short", "long", "extra":
		return true
	}
	return false
}

// wrongLength sets a Content-Length, and gives what comes in fact.
func (p *proxy) wrongLength(w http.ResponseWriter, all []byte, r *rule) io.Reader {
	length, cut := int64(len(all)), all
	if r.n < length && (r.kind == "truncate" || r.kind == "short") {
		cut = all[:r.n]
	}
	switch r.kind {
	case "short":
		length = int64(len(cut))
	case "long":
		length += r.n
	case "extra":
		length += r.n
		cut = append(cut[:len(cut):len(cut)], bytes.Repeat([]byte{'#'}, int(r.n))...)
	}
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	return bytes.NewReader(cut)
}

// copy sends the body; for rules that act after N bytes it ends there.
func (p *proxy) copy(w http.ResponseWriter, body io.Reader, r *rule, target string) (count int64, err error) {
	buffer := make([]byte, 64<<10)
	for {
		size := int64(len(buffer))
		acts := r != nil && strings.Contains(" reset close stall 401 ", " "+r.kind+" ")
		if acts && r.n-count < size {
			size = r.n - count
		}
		if r != nil && r.kind == "slow" {
			if size = r.n / 10; size < 1 {
				size = 1
			} else if size > int64(len(buffer)) {
				size = int64(len(buffer))
			}
			time.Sleep(100 * time.Millisecond)
		}
		if acts && size == 0 {
			return count, p.act(w, r, target)
		}
		n, rerr := body.Read(buffer[:size])
		if r != nil && r.kind == "flip" && r.n >= count && r.n < count+int64(n) {
			buffer[r.n-count] ^= 0xff
		}
		if n > 0 {
			if _, err = w.Write(buffer[:n]); err != nil {
				return count, err
			}
			count += int64(n)
		}
		if r != nil {
			w.(http.Flusher).Flush()
		}
		if rerr == io.EOF {
			return count, nil
		}
		if rerr != nil {
			return count, rerr
		}
	}
}

// act does what a rule wants after its N bytes.
func (p *proxy) act(w http.ResponseWriter, r *rule, target string) error {
	w.(http.Flusher).Flush()
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return err
	}
	switch r.kind {
	case "401":
		p.deny(target)
	case "stall":
		// Until the client goes away.
		_, _ = io.Copy(io.Discard, conn)
	case "reset":
		reset(conn)
	}
	conn.Close()
	return io.ErrUnexpectedEOF
}
