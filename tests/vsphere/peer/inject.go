// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: faults on order, from flags or the control file.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

type order struct {
	method string
	count  int // how often still; negative: always
	fault  types.BaseMethodFault
	status int // an HTTP status instead of a fault
}

type injected struct {
	sync.Mutex
	orders     []*order
	taskErrors map[string]types.BaseMethodFault
}

func newInjected(o *options) (*injected, error) {
	in := &injected{taskErrors: make(map[string]types.BaseMethodFault)}
	for _, text := range o.faults {
		if err := in.addFault(text); err != nil {
			return nil, err
		}
	}
	for _, text := range o.taskErrors {
		if err := in.addTaskError(text); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// addFault takes METHOD:COUNT:FAULT, where COUNT may be "always" and FAULT an
// HTTP status.
func (in *injected) addFault(text string) (err error) {
	part := strings.Split(text, ":")
	if len(part) != 3 {
		return fmt.Errorf("-fault %s: not METHOD:COUNT:FAULT", text)
	}
	o := &order{method: part[0], count: -1}
	if part[1] != "always" {
		if o.count, err = strconv.Atoi(part[1]); err != nil {
			return fmt.Errorf("-fault %s: %w", text, err)
		}
	}
	if o.status, err = strconv.Atoi(part[2]); err != nil {
		o.status = 0
		if o.fault, err = faultOf(part[2]); err != nil {
			return err
		}
	}
	in.Lock()
	in.orders = append(in.orders, o)
	in.Unlock()
	return nil
}

func (in *injected) addTaskError(text string) error {
	method, name, _ := strings.Cut(text, ":")
	fault, err := faultOf(name)
	if err == nil {
		in.Lock()
		in.taskErrors[method] = fault
		in.Unlock()
	}
	return err
}

// take gives the order for a method, and counts it.
func (in *injected) take(method string) *order {
	in.Lock()
	defer in.Unlock()
	for _, o := range in.orders {
		if o.count != 0 && (o.method == method || o.method == "*") {
			o.count--
			return o
		}
	}
	return nil
}

// inject answers a call with a fault that was ordered.
func (f *front) inject(w http.ResponseWriter, c *call) bool {
	if o := f.injected.take(c.Name); o != nil {
		if o.fault == nil {
			f.events.add("injected", "method", c.Name, "status", o.status)
			http.Error(w, http.StatusText(o.status), o.status)
			return true
		}
		f.events.add("injected", "method", c.Name, "fault", faultName(o.fault))
		sendFault(w, "", o.fault)
		return true
	}
	f.injected.Lock()
	fault := f.injected.taskErrors[c.Name]
	f.injected.Unlock()
	if fault == nil {
		fault = f.quiesceFault(c)
	}
	if fault == nil {
		return false
	}
	f.events.add("injected", "method", c.Name, "task-error", faultName(fault))
	sendReply(w, c.Name, &types.CreateSnapshot_TaskResponse{Returnval: failedTask(c, fault)})
	return true
}

// failedTask is a task of the simulator's that ended with a fault.
func failedTask(c *call, fault types.BaseMethodFault) types.ManagedObjectReference {
	task := simulator.CreateTask(c.This, strings.TrimSuffix(c.Name, "_Task"),
		func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return nil, fault })
	return task.Run()
}

// takeOrders reads the control file, once: "fault M:N:F", "task-error M:F",
// "no-faults", "expire", "fail-leases FAULT", "expire-after N", "hostile X".
func (f *front) takeOrders() {
	if f.options.control == "" {
		return
	}
	f.Lock()
	defer f.Unlock()
	taken := f.options.control + ".taken"
	if os.Rename(f.options.control, taken) != nil {
		return
	}
	text, _ := os.ReadFile(taken)
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		verb, rest, _ := strings.Cut(line, " ")
		f.events.add("order", "text", line)
		if err := f.obey(verb, rest); err != nil {
			f.events.add("order-refused", "why", err)
		}
	}
}

func (f *front) obey(verb, rest string) error {
	switch verb {
	case "fault":
		return f.injected.addFault(rest)
	case "task-error":
		return f.injected.addTaskError(rest)
	case "no-faults":
		f.injected.Lock()
		f.injected.orders, f.injected.taskErrors = nil, make(map[string]types.BaseMethodFault)
		f.injected.Unlock()
		return nil
	case "expire":
		f.sessions.endAll("order")
		return nil
	case "expire-after":
		n, err := strconv.Atoi(rest)
		f.sessions.expireAfter(n)
		return err
	case "fail-leases":
		fault, err := faultOf(rest)
		if err == nil {
			f.leases.failAll(fault)
		}
		return err
	case "hostile":
		f.options.hostile = rest
		return nil
	case "":
		return nil
	}
	return fmt.Errorf("%q: no such order", verb)
}

func (s *sessions) expireAfter(n int) {
	s.Lock()
	s.requests = 0
	s.front.options.expireAfter = n
	s.Unlock()
}

// after runs F later, for what a server does in its own time.
func after(d time.Duration, f func()) { time.AfterFunc(d, f) }
