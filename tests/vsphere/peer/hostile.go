// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: replies that no honest server gives.
package main

import (
	"fmt"
	"net/http"
	"strings"
)

// Each is written as it goes; what has no end ends when the client leaves,
// or after a gigabyte.
var hostile = map[string]func(w *hostileWriter, method string){
	"entity-bomb":     entityBomb,
	"external-entity": externalEntity,
	"deep":            deep,
	"endless-text":    endlessText,
	"endless-items":   endlessItems,
	"endless-name":    endlessName,
	"wrong-root":      func(w *hostileWriter, _ string) { w.put("<html><body>Hello</body></html>") },
	"wrong-reply":     func(w *hostileWriter, _ string) { w.put(envelopeOpen, `<x xmlns="urn:vim25"/>`, envelopeClose) },
	"empty":           func(*hostileWriter, string) {},
	"empty-body":      func(w *hostileWriter, _ string) { w.put(envelopeOpen, envelopeClose) },
	"not-xml":         func(w *hostileWriter, _ string) { w.put("\x00\xff\xfe{\"no\": \"xml\"}") },
	"truncated":       func(w *hostileWriter, m string) { w.put(envelopeOpen, "<", m, `Response xmlns="urn:vim25"><returnv`) },
}

// What is hostile in the lease only.
var hostileLeases = map[string]bool{
	"slash-name": true, "dotdot-name": true, "empty-name": true, "control-name": true,
	"other-host": true, "file-url": true, "negative-size": true, "no-urls": true,
}

const hostileLimit = 1 << 30

type hostileWriter struct {
	http.ResponseWriter
	count int64
	over  bool
}

func (w *hostileWriter) put(text ...string) {
	for _, t := range text {
		if w.over {
			return
		}
		n, err := w.Write([]byte(t))
		w.count += int64(n)
		w.over = err != nil || w.count > hostileLimit
	}
}

func entityBomb(w *hostileWriter, _ string) {
	w.put(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "hahahahaha">`)
	for i := 1; i < 12; i++ {
		w.put(fmt.Sprintf(`<!ENTITY a%d "%s">`, i, strings.Repeat(fmt.Sprintf("&a%d;", i-1), 10)))
	}
	w.put(`]>`, strings.TrimPrefix(envelopeOpen, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"),
		"<x>&a11;</x>", envelopeClose)
}

func externalEntity(w *hostileWriter, method string) {
	w.put(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>`,
		strings.TrimPrefix(envelopeOpen, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"),
		"<", method, `Response xmlns="urn:vim25"><returnval>&a;</returnval></`, method, "Response>",
		envelopeClose)
}

func deep(w *hostileWriter, method string) {
	w.put(envelopeOpen, "<", method, `Response xmlns="urn:vim25">`)
	for i := 0; i < 1000000 && !w.over; i++ {
		w.put("<returnval>")
	}
	for i := 0; i < 1000000 && !w.over; i++ {
		w.put("</returnval>")
	}
	w.put("</", method, "Response>", envelopeClose)
}

func endlessText(w *hostileWriter, method string) {
	w.put(envelopeOpen, "<", method, `Response xmlns="urn:vim25"><returnval>`)
	for text := strings.Repeat("endless ", 8192); !w.over; {
		w.put(text)
	}
}

func endlessItems(w *hostileWriter, method string) {
	w.put(envelopeOpen, "<", method, `Response xmlns="urn:vim25"><returnval>`)
	item := `<objects><obj type="VirtualMachine">vm-1</obj><propSet><name>name</name>` +
		`<val xsi:type="xsd:string">x</val></propSet></objects>`
	for text := strings.Repeat(item, 256); !w.over; {
		w.put(text)
	}
}

func endlessName(w *hostileWriter, _ string) {
	w.put(envelopeOpen, "<")
	for text := strings.Repeat("a", 65536); !w.over; {
		w.put(text)
	}
}

// hostileReply gives the reply that -hostile NAME[:METHOD] asks for; the
// first call of all where no method is named.
func (f *front) hostileReply(w http.ResponseWriter, c *call) bool {
	name, method, named := strings.Cut(f.options.hostile, ":")
	if !named {
		method = "RetrieveServiceContent"
	}
	write, known := hostile[name]
	if !known || c.Name != method {
		return false
	}
	f.events.add("hostile", "name", name, "method", method)
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	write(&hostileWriter{ResponseWriter: w}, method)
	return true
}
