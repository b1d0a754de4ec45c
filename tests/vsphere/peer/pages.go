// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: RetrievePropertiesEx in pages.
package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
)

// What a token stands for: good once, in its session.
type rest struct {
	session string
	size    int
	objects [][]byte
}

type pages struct {
	sync.Mutex
	next int
	rest map[string]*rest
}

func newPages() *pages { return &pages{rest: make(map[string]*rest)} }

func (p *pages) keep(r *rest) string {
	p.Lock()
	defer p.Unlock()
	p.next++
	token := fmt.Sprint(p.next - 1)
	p.rest[token] = r
	return token
}

func (p *pages) take(token, session string) *rest {
	p.Lock()
	defer p.Unlock()
	r := p.rest[token]
	if r == nil || r.session != session {
		return nil
	}
	delete(p.rest, token)
	return r
}

// page writes the next objects as METHOD's reply, with a token for more.
func (p *pages) page(method string, r *rest) []byte {
	size := r.size
	if size > len(r.objects) {
		size = len(r.objects)
	}
	now := r.objects[:size]
	r.objects = r.objects[size:]
	var out bytes.Buffer
	fmt.Fprintf(&out, `<%sResponse xmlns="%s"><returnval>`, method, vimNamespace)
	if len(r.objects) != 0 {
		fmt.Fprintf(&out, "<token>%s</token>", p.keep(r))
	}
	for _, object := range now {
		out.Write(object)
	}
	fmt.Fprintf(&out, "</returnval></%sResponse>", method)
	return out.Bytes()
}

// splitObjects cuts the simulator's reply into its <objects> elements, which
// it writes without attributes.
func splitObjects(body []byte) [][]byte {
	open, close := []byte("<objects>"), []byte("</objects>")
	var objects [][]byte
	for {
		start := bytes.Index(body, open)
		if start < 0 {
			return objects
		}
		end := bytes.Index(body[start:], close)
		if end < 0 {
			return objects
		}
		end += start + len(close)
		objects = append(objects, body[start:end])
		body = body[end:]
	}
}

// firstPage shortens the simulator's reply, which is always whole.
func (f *front) firstPage(c *call, record *httptest.ResponseRecorder) {
	size := f.options.page
	if max := c.Body.(*types.RetrievePropertiesEx).Options.MaxObjects; max > 0 && (size == 0 || int(max) < size) {
		size = int(max)
	}
	if record.Code != http.StatusOK || size == 0 {
		return
	}
	objects := splitObjects(record.Body.Bytes())
	if len(objects) <= size {
		return
	}
	page := f.pages.page(c.Name, &rest{session: c.session, size: size, objects: objects})
	f.events.add("page", "objects", size, "left", len(objects)-size)
	record.Body = bytes.NewBufferString(envelopeOpen + string(page) + envelopeClose)
	record.Header().Del("Content-Length")
}

func (f *front) continueRetrieve(c *call) (interface{}, types.BaseMethodFault) {
	r := f.pages.take(c.Body.(*types.ContinueRetrievePropertiesEx).Token, c.session)
	if r == nil {
		return nil, &types.InvalidProperty{Name: "token"}
	}
	page := f.pages.page(c.Name, r)
	f.events.add("page", "objects", r.size, "left", len(r.objects))
	return page, nil
}

func (f *front) cancelRetrieve(c *call) (interface{}, types.BaseMethodFault) {
	if f.pages.take(c.Body.(*types.CancelRetrievePropertiesEx).Token, c.session) == nil {
		return nil, &types.InvalidProperty{Name: "token"}
	}
	return &types.CancelRetrievePropertiesExResponse{}, nil
}
