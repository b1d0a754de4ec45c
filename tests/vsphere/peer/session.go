// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: which sessions are alive, so that what is not a
// SOAP call (leases, datastores) can ask as well, and so that they can end.
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const sessionCookie = "vmware_soap_session"

type sessions struct {
	sync.Mutex
	front    *front
	idle     time.Duration
	lastUse  map[string]time.Time
	requests int
}

func newSessions(f *front, idle time.Duration) *sessions {
	return &sessions{front: f, idle: idle, lastUse: make(map[string]time.Time)}
}

func notAuthenticated(ref types.ManagedObjectReference) *types.NotAuthenticated {
	return &types.NotAuthenticated{
		NoPermission: types.NoPermission{Object: ref, PrivilegeId: "System.View"},
	}
}

// touch gives the live session that a request belongs to, or "".
func (s *sessions) touch(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	key := cookie.Value
	s.Lock()
	last, alive := s.lastUse[key]
	why := ""
	if alive {
		s.requests++
		if s.idle > 0 && time.Since(last) > s.idle {
			why = "idle"
		} else if n := s.front.options.expireAfter; n > 0 && s.requests > n {
			why = "requests"
			s.front.options.expireAfter = 0
		}
		s.lastUse[key] = time.Now()
	}
	s.Unlock()
	if why != "" {
		s.end(key, why)
		return ""
	}
	if !alive {
		return ""
	}
	return key
}

// end makes a session void, in the simulator as well, and what it holds.
func (s *sessions) end(key, why string) {
	s.Lock()
	_, alive := s.lastUse[key]
	delete(s.lastUse, key)
	s.Unlock()
	if !alive {
		return
	}
	manager := simulator.Map.SessionManager().Self.Value
	s.front.inside(key, fmt.Sprintf(`<Logout xmlns="%s"><_this type="SessionManager">%s</_this></Logout>`,
		vimNamespace, manager))
	s.front.events.add("session-expired", "session", key, "why", why)
	s.front.leases.sessionEnded(key)
}

func (s *sessions) endAll(why string) {
	s.Lock()
	var keys []string
	for key := range s.lastUse {
		keys = append(keys, key)
	}
	s.Unlock()
	for _, key := range keys {
		s.end(key, why)
	}
}

func (s *sessions) loggedIn(c *call, record *httptest.ResponseRecorder) {
	user := c.Body.(*types.Login).UserName
	if record.Code != http.StatusOK {
		s.front.events.add("login-refused", "user", user)
		return
	}
	for _, cookie := range record.Result().Cookies() {
		if cookie.Name != sessionCookie {
			continue
		}
		s.Lock()
		s.lastUse[cookie.Value] = time.Now()
		s.Unlock()
		// A vCenter quotes the value.
		record.Header().Set("Set-Cookie", fmt.Sprintf("%s=%q; Path=/; HttpOnly; Secure; SameSite=Lax",
			sessionCookie, cookie.Value))
		s.front.events.add("login", "user", user, "session", cookie.Value)
	}
}

func (s *sessions) loggedOut(c *call, record *httptest.ResponseRecorder) {
	s.Lock()
	delete(s.lastUse, c.session)
	s.Unlock()
	s.front.events.add("logout", "session", c.session)
	s.front.leases.sessionEnded(c.session)
}
