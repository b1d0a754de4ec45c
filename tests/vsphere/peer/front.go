// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: what stands before it.  Requests are checked
// more strictly, answered here where they are the additions' business, and
// passed on to the simulator otherwise.
package main

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

const bodyLimit = 64 << 20

// A method of the additions: the reply, or a fault.
type handler func(*call) (interface{}, types.BaseMethodFault)

type front struct {
	sync.Mutex
	options    *options
	behind     http.Handler
	events     *events
	inventory  *inventory
	handlers   map[string]handler
	sessions   *sessions
	injected   *injected
	leases     *leases
	pages      *pages
	thumbprint string
}

// A call is one SOAP request.
type call struct {
	*simulator.Method
	session string
	host    string // as the client named it
	request *http.Request
	body    []byte
}

func newFront(server *simulator.Server, o *options, inv *inventory, idle time.Duration) (*front, error) {
	f := &front{options: o, behind: server.Config.Handler, inventory: inv, pages: newPages()}
	var err error
	if f.events, err = newEvents(o.log); err != nil {
		return nil, err
	}
	if f.injected, err = newInjected(o); err != nil {
		return nil, err
	}
	f.sessions = newSessions(f, idle)
	f.leases = newLeases(f)
	if server.TLS != nil {
		sum := sha1.Sum(server.TLS.Certificates[0].Certificate[0])
		f.thumbprint = strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
	}
	f.handlers = map[string]handler{
		"ExportVm":                     f.exportVM,
		"ExportSnapshot":               f.exportSnapshot,
		"HttpNfcLeaseProgress":         f.leaseProgress,
		"HttpNfcLeaseComplete":         f.leaseComplete,
		"HttpNfcLeaseAbort":            f.leaseAbort,
		"HttpNfcLeaseGetManifest":      f.leaseManifest,
		"CreateDescriptor":             f.createDescriptor,
		"ContinueRetrievePropertiesEx": f.continueRetrieve,
		"CancelRetrievePropertiesEx":   f.cancelRetrieve,
		"ShutdownGuest":                f.shutdownGuest,
	}
	return f, nil
}

func (f *front) close() {
	f.events.add("end")
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/sdk" || strings.HasPrefix(r.URL.Path, "/sdk/vimService") && r.Method == http.MethodPost:
		f.serveSOAP(w, r)
	case strings.HasPrefix(r.URL.Path, "/folder"):
		f.serveFolder(w, r)
	case strings.HasPrefix(r.URL.Path, "/nfc/") && f.leases.owns(r):
		f.serveLease(w, r)
	default:
		f.behind.ServeHTTP(w, r)
	}
}

var soapAction = regexp.MustCompile(`^("?)urn:vim25(/[0-9]+(\.[0-9]+)+)?("?)$`)

// strict says what a vCenter refuses and the simulator does not.
func (f *front) strict(r *http.Request, body []byte) string {
	if f.options.lax {
		return ""
	}
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/xml") {
		return fmt.Sprintf("Content-Type %q is not text/xml", kind)
	}
	if action := r.Header.Get("SOAPAction"); !soapAction.MatchString(action) {
		return fmt.Sprintf("Unsupported version URI %q", action)
	}
	var envelope struct {
		XMLName xml.Name
		Body    struct {
			XMLName xml.Name
			Method  struct {
				XMLName xml.Name
			} `xml:",any"`
		} `xml:"Body"`
	}
	if err := xml.Unmarshal(body, &envelope); err != nil {
		return err.Error()
	}
	for _, space := range []string{envelope.XMLName.Space, envelope.Body.XMLName.Space} {
		if space != envelopeNamespace {
			return fmt.Sprintf("Unsupported namespace %q of the envelope", space)
		}
	}
	if space := envelope.Body.Method.XMLName.Space; space != vimNamespace {
		return fmt.Sprintf("Unsupported namespace %q", space)
	}
	return ""
}

// What a client may ask before it is logged in.
var beforeLogin = map[string]bool{
	"RetrieveServiceContent": true, "Login": true, "LoginByToken": true,
	"LoginExtensionByCertificate": true, "CloneSession": true,
}

func (f *front) serveSOAP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
	if err != nil || r.Method != http.MethodPost {
		f.refuse(w, r, http.StatusMethodNotAllowed)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.takeOrders()
	if text := f.strict(r, body); text != "" {
		f.events.add("refused", "why", text)
		sendFault(w, text, new(types.InvalidRequest))
		return
	}
	method, err := simulator.UnmarshalBody(typeOf, body)
	if err != nil {
		f.events.add("refused", "why", err)
		sendFault(w, err.Error(), new(types.InvalidRequest))
		return
	}
	c := &call{Method: method, host: r.Host, request: r, body: body, session: f.sessions.touch(r)}
	f.events.add("soap", "method", c.Name, "this", c.This.Value)
	f.dispatch(w, c)
}

func (f *front) dispatch(w http.ResponseWriter, c *call) {
	if c.session == "" && !beforeLogin[c.Name] {
		f.events.add("not-authenticated", "method", c.Name)
		sendFault(w, "The session is not authenticated.", notAuthenticated(c.This))
		return
	}
	if f.inject(w, c) || f.hostileReply(w, c) {
		return
	}
	if blockedByLease[c.Name] && f.leases.held(c.This) {
		f.events.add("fault", "method", c.Name, "fault", "TaskInProgress")
		sendFault(w, "", new(types.TaskInProgress))
		return
	}
	serve, ours := f.handlers[c.Name]
	if c.Name == "ShutdownGuest" {
		ours = f.inventory.knows(c.This)
	}
	if !ours {
		f.passOn(w, c)
		return
	}
	reply, fault := serve(c)
	switch {
	case fault != nil:
		f.events.add("fault", "method", c.Name, "fault", faultName(fault))
		sendFault(w, "", fault)
	case reply != nil:
		if raw, isRaw := reply.([]byte); isRaw {
			sendEnvelope(w, http.StatusOK, raw)
			return
		}
		sendReply(w, c.Name, reply)
	}
}

// passOn lets the simulator answer, and notes what came of it.
func (f *front) passOn(w http.ResponseWriter, c *call) {
	watch, watched := map[string]func(*call, *httptest.ResponseRecorder){
		"Login":                f.sessions.loggedIn,
		"Logout":               f.sessions.loggedOut,
		"RetrievePropertiesEx": f.firstPage,
		"CreateSnapshot_Task":  f.snapshotMade,
		"RemoveSnapshot_Task":  f.snapshotRemoved,
	}[c.Name]
	if !watched {
		f.behind.ServeHTTP(w, c.request)
		return
	}
	record := httptest.NewRecorder()
	f.behind.ServeHTTP(record, c.request)
	watch(c, record)
	for key, values := range record.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(record.Code)
	_, _ = io.Copy(w, record.Body)
}

// inside calls the simulator with a request of our own.
func (f *front) inside(cookie, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/sdk", strings.NewReader(envelopeOpen+body+envelopeClose))
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: cookie})
	record := httptest.NewRecorder()
	f.behind.ServeHTTP(record, r)
	return record
}

func (f *front) refuse(w http.ResponseWriter, r *http.Request, status int) {
	f.events.add("refused", "method", r.Method, "path", r.URL.Path, "status", status)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
	}
	http.Error(w, http.StatusText(status), status)
}

// serveFolder is datastore access: the simulator's, for those logged in.
func (f *front) serveFolder(w http.ResponseWriter, r *http.Request) {
	f.takeOrders()
	if f.sessions.touch(r) == "" {
		f.refuse(w, r, http.StatusUnauthorized)
		return
	}
	count := &countingWriter{ResponseWriter: w, status: http.StatusOK}
	path := r.URL.Path
	f.behind.ServeHTTP(count, r)
	f.events.add("folder", "method", r.Method, "path", path, "range", r.Header.Get("Range"),
		"status", count.status, "bytes", count.bytes)
}

type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *countingWriter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the server's own way of sending files.
func (c *countingWriter) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseWriter, r)
	c.bytes += n
	return n, err
}
