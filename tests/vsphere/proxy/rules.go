// SPDX-License-Identifier: LGPL-3.0-or-later

package main

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// What a rule may do, and what its N means.
var kinds = map[string]string{
	"reset":          "after N bytes of the body, the connection is reset (RST)",
	"close":          "after N bytes, the connection is closed without an end",
	"stall":          "after N bytes, nothing more comes",
	"truncate":       "the body ends at N, but Content-Length says all",
	"short":          "the body ends at N, and Content-Length says N",
	"short-chunked":  "the body ends at N, properly, in chunks",
	"long":           "Content-Length says N more than come",
	"extra":          "N bytes of rubbish after the body, and Content-Length counts them",
	"flip":           "the byte at N is changed",
	"status":         "the answer is the HTTP status N",
	"401":            "after N bytes the connection ends; the next request of the path gets 401",
	"soap-fault":     "an HTTP 500 with a SOAP fault (SystemError)",
	"503":            "HTTP 503 with Retry-After: N",
	"slow":           "N bytes a second",
	"late":           "N milliseconds before the first byte",
	"no-range":       "Range is ignored: 200 with all",
	"redirect":       "HTTP 302 to another host",
	"tls-expired":    "an expired certificate",
	"tls-wrong-name": "a certificate for another name",
	"tls-selfsigned": "a certificate that nobody signed",
	"tls-1.0":        "TLS 1.0 and no other",
	"tls-cut":        "the connection is closed within the handshake",
}

// A rule holds for the first COUNT requests (or connections, for "tls-…")
// whose path and query match.
type rule struct {
	text    string
	pattern *regexp.Regexp
	kind    string
	n       int64
	count   int
}

type ruleSet struct {
	sync.Mutex
	rules []*rule
}

// parseRules takes PATTERN:KIND:N:K; the pattern is a regular expression and
// may itself have colons; K 0 means always.
func parseRules(texts []string) (*ruleSet, error) {
	set := new(ruleSet)
	for _, text := range texts {
		part := strings.Split(text, ":")
		if len(part) < 4 {
			return nil, fmt.Errorf("-rule %s: not PATTERN:KIND:N:K", text)
		}
		tail := part[len(part)-3:]
		r := &rule{text: text, kind: tail[0]}
		var err error
		if r.pattern, err = regexp.Compile(strings.Join(part[:len(part)-3], ":")); err != nil {
			return nil, err
		}
		if kinds[r.kind] == "" {
			return nil, fmt.Errorf("-rule %s: no kind %q", text, r.kind)
		}
		if r.n, err = strconv.ParseInt(tail[1], 10, 64); err != nil {
			return nil, fmt.Errorf("-rule %s: %w", text, err)
		}
		if r.count, err = strconv.Atoi(tail[2]); err != nil {
			return nil, fmt.Errorf("-rule %s: %w", text, err)
		}
		if r.count == 0 {
			r.count = -1
		}
		set.rules = append(set.rules, r)
	}
	return set, nil
}

func (r *rule) isTLS() bool { ok, _ := path.Match("tls-*", r.kind); return ok }

// take gives the rule for a request, and counts it.
func (s *ruleSet) take(target string, method string) *rule {
	s.Lock()
	defer s.Unlock()
	for _, r := range s.rules {
		// A pattern may name the SOAP method too: "/sdk#Login".
		if r.count != 0 && !r.isTLS() && r.pattern.MatchString(target+"#"+method) {
			r.count--
			return r
		}
	}
	return nil
}

// takeTLS gives the rule for a connection.
func (s *ruleSet) takeTLS() *rule {
	s.Lock()
	defer s.Unlock()
	for _, r := range s.rules {
		if r.count != 0 && r.isTLS() {
			r.count--
			return r
		}
	}
	return nil
}
