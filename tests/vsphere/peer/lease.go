// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: the export's HttpNfcLease, by the reference of
// the vSphere Web Services API.
package main

import (
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// A file that a lease gives out.
type leaseFile struct {
	types.HttpNfcLeaseDeviceUrl
	name     string // the last part of its URL
	path     string // where its bytes are
	capacity int64
	served   bool // whole, at least once
}

// The simulator knows it as a managed object, for its properties; what is
// called on it is answered here.
type lease struct {
	mo.HttpNfcLease
	session string
	vm      types.ManagedObjectReference
	files   []*leaseFile
	timer   *time.Timer
	bytes   int64
	gone    chan struct{} // closed when it is no longer ready
}

type leases struct {
	sync.Mutex
	front *front
	all   map[string]*lease
}

func newLeases(f *front) *leases { return &leases{front: f, all: make(map[string]*lease)} }

func (l *lease) live() bool {
	return l.State == types.HttpNfcLeaseStateReady || l.State == types.HttpNfcLeaseStateInitializing
}

// update sets properties, so that who waits for them is told; the leases are
// locked.
func (l *lease) update(changes ...types.PropertyChange) {
	simulator.Map.WithLock(l, func() { simulator.Map.Update(l, changes) })
}

// exportVM and exportSnapshot give a lease that gets ready in a while.
func (f *front) exportVM(c *call) (interface{}, types.BaseMethodFault) {
	vm := machineOf(c.This)
	if vm == nil {
		return nil, &types.ManagedObjectNotFound{Obj: c.This}
	}
	if state := vm.Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOff {
		return nil, &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: state,
		}
	}
	ref, fault := f.leases.open(c, vm)
	return &types.ExportVmResponse{Returnval: ref}, fault
}

func (f *front) exportSnapshot(c *call) (interface{}, types.BaseMethodFault) {
	snapshot, ok := simulator.Map.Get(c.This).(*simulator.VirtualMachineSnapshot)
	if !ok {
		return nil, &types.ManagedObjectNotFound{Obj: c.This}
	}
	ref, fault := f.leases.open(c, machineOf(snapshot.Vm))
	return &types.ExportSnapshotResponse{Returnval: ref}, fault
}

// What a lease on a machine blocks.
var blockedByLease = map[string]bool{
	"PowerOnVM_Task": true, "Destroy_Task": true, "MigrateVM_Task": true,
	"RelocateVM_Task": true, "ReconfigVM_Task": true, "UnregisterVM": true,
}

func (ls *leases) held(vm types.ManagedObjectReference) bool {
	ls.Lock()
	defer ls.Unlock()
	for _, l := range ls.all {
		if l.vm == vm && l.live() {
			return true
		}
	}
	return false
}

func (ls *leases) open(c *call, vm *simulator.VirtualMachine) (ref types.ManagedObjectReference, fault types.BaseMethodFault) {
	ls.Lock()
	defer ls.Unlock()
	for _, other := range ls.all {
		if other.vm == vm.Self && other.live() {
			return ref, new(types.TaskInProgress)
		}
	}
	l := &lease{session: c.session, vm: vm.Self, gone: make(chan struct{})}
	l.Self = types.ManagedObjectReference{
		Type:  "HttpNfcLease",
		Value: fmt.Sprintf("session[%s]%s", c.session, uuid.New()),
	}
	l.State = types.HttpNfcLeaseStateInitializing
	l.Mode = "pushOrGet"
	simulator.Map.Put(l)
	ls.all[l.Self.Value] = l
	ls.front.events.add("lease", "state", l.State, "vm", vm.Self.Value, "id", l.Self.Value)
	host := c.host
	after(ls.front.options.leaseInit, func() { ls.ready(l, vm, host) })
	return l.Self, nil
}

// ready is the end of initializing.
func (ls *leases) ready(l *lease, vm *simulator.VirtualMachine, host string) {
	o := ls.front.options
	ls.Lock()
	defer ls.Unlock()
	if l.State != types.HttpNfcLeaseStateInitializing {
		return
	}
	l.update(types.PropertyChange{Name: "initializeProgress", Val: int32(100)})
	if o.leaseError != "" {
		fault, err := faultOf(o.leaseError)
		if err != nil {
			fault = new(types.SystemError)
		}
		ls.fail(l, fault, "The export failed.")
		return
	}
	info, fault := ls.front.leaseInfo(l, vm, host)
	if fault != nil {
		ls.fail(l, fault, "A disk has no file to serve.")
		return
	}
	l.timer = time.AfterFunc(time.Duration(o.leaseTimeout)*time.Second, func() { ls.timedOut(l) })
	l.update(types.PropertyChange{Name: "info", Val: *info},
		types.PropertyChange{Name: "state", Val: types.HttpNfcLeaseStateReady})
	ls.front.events.add("lease", "state", "ready", "files", len(l.files), "id", l.Self.Value)
}

// finish ends a lease in either way; the leases are locked.
func (ls *leases) finish(l *lease, state types.HttpNfcLeaseState, err *types.LocalizedMethodFault) {
	if !l.live() {
		return
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	close(l.gone)
	changes := []types.PropertyChange{{Name: "state", Val: state}}
	if err != nil {
		changes = append(changes, types.PropertyChange{Name: "error", Val: *err})
	}
	l.update(changes...)
}

func (ls *leases) fail(l *lease, fault types.BaseMethodFault, text string) {
	if l.live() {
		ls.finish(l, types.HttpNfcLeaseStateError, localized(fault, text))
		ls.front.events.add("lease", "state", "error", "fault", faultName(fault), "id", l.Self.Value)
	}
}

func (ls *leases) timedOut(l *lease) {
	ls.Lock()
	defer ls.Unlock()
	ls.fail(l, new(types.Timedout), "The lease timed out.")
}

func (ls *leases) failAll(fault types.BaseMethodFault) {
	ls.Lock()
	defer ls.Unlock()
	for _, l := range ls.all {
		ls.fail(l, fault, "The operation failed.")
	}
}

// sessionEnded takes the leases of a session away.
func (ls *leases) sessionEnded(session string) {
	ls.Lock()
	defer ls.Unlock()
	for _, l := range ls.all {
		if l.session == session {
			ls.fail(l, new(types.RequestCanceled), "The session ended.")
		}
	}
}

// called finds the lease that a call is on, in the state that it needs.
func (ls *leases) called(c *call) (*lease, types.BaseMethodFault) {
	l := ls.all[c.This.Value]
	if l == nil {
		return nil, &types.ManagedObjectNotFound{Obj: c.This}
	}
	if l.State == types.HttpNfcLeaseStateReady {
		return l, nil
	}
	if l.Error != nil {
		if _, timeout := l.Error.Fault.(*types.Timedout); timeout {
			return nil, new(types.Timedout)
		}
	}
	return nil, new(types.InvalidState)
}

func (f *front) leaseProgress(c *call) (interface{}, types.BaseMethodFault) {
	f.leases.Lock()
	defer f.leases.Unlock()
	l, fault := f.leases.called(c)
	if fault != nil {
		return nil, fault
	}
	percent := c.Body.(*types.HttpNfcLeaseProgress).Percent
	if percent < 0 || percent > 100 {
		return nil, &types.InvalidArgument{InvalidProperty: "percent"}
	}
	l.timer.Reset(time.Duration(f.options.leaseTimeout) * time.Second)
	l.update(types.PropertyChange{Name: "transferProgress", Val: percent})
	f.events.add("lease-progress", "percent", percent, "id", l.Self.Value)
	return &types.HttpNfcLeaseProgressResponse{}, nil
}

func (f *front) leaseComplete(c *call) (interface{}, types.BaseMethodFault) {
	f.leases.Lock()
	defer f.leases.Unlock()
	l, fault := f.leases.called(c)
	if fault != nil {
		return nil, fault
	}
	f.leases.finish(l, types.HttpNfcLeaseStateDone, nil)
	f.events.add("lease-complete", "id", l.Self.Value)
	f.events.add("lease", "state", "done", "id", l.Self.Value)
	return &types.HttpNfcLeaseCompleteResponse{}, nil
}

func (f *front) leaseAbort(c *call) (interface{}, types.BaseMethodFault) {
	f.leases.Lock()
	defer f.leases.Unlock()
	l := f.leases.all[c.This.Value]
	if l == nil {
		return nil, &types.ManagedObjectNotFound{Obj: c.This}
	}
	if !l.live() {
		return nil, new(types.InvalidState)
	}
	reason := c.Body.(*types.HttpNfcLeaseAbort).Fault
	if reason == nil || reason.Fault == nil {
		reason = localized(new(types.RequestCanceled), "The task was canceled by a user.")
	}
	f.leases.finish(l, types.HttpNfcLeaseStateError, reason)
	f.events.add("lease-abort", "id", l.Self.Value)
	f.events.add("lease", "state", "error", "fault", faultName(reason.Fault), "id", l.Self.Value)
	return &types.HttpNfcLeaseAbortResponse{}, nil
}

// leaseManifest counts the files that were fetched whole.
func (f *front) leaseManifest(c *call) (interface{}, types.BaseMethodFault) {
	f.leases.Lock()
	l, fault := f.leases.called(c)
	var files []*leaseFile
	if fault == nil {
		for _, file := range l.files {
			if file.served {
				files = append(files, file)
			}
		}
	}
	f.leases.Unlock()
	if fault != nil {
		return nil, fault
	}
	reply := new(types.HttpNfcLeaseGetManifestResponse)
	for _, file := range files {
		entry, err := file.manifestEntry()
		if err != nil {
			return nil, &types.FileFault{File: file.name}
		}
		reply.Returnval = append(reply.Returnval, *entry)
	}
	f.events.add("lease-manifest", "entries", len(reply.Returnval), "id", l.Self.Value)
	return reply, nil
}

func (file *leaseFile) manifestEntry() (*types.HttpNfcLeaseManifestEntry, error) {
	in, err := os.Open(file.path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	sum := sha1.New()
	size, err := io.Copy(sum, in)
	return &types.HttpNfcLeaseManifestEntry{
		Key: file.Key, Sha1: fmt.Sprintf("%x", sum.Sum(nil)), Size: size,
		Disk: file.Disk != nil && *file.Disk, Capacity: file.capacity,
	}, err
}

// fileOf finds a lease and its file by a URL: /nfc/LEASE/NAME.
func (ls *leases) fileOf(r *http.Request) (*lease, *leaseFile) {
	id, name, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/nfc/"), "/")
	id, _ = url.PathUnescape(id)
	name, _ = url.PathUnescape(name)
	l := ls.all[id]
	if l == nil {
		return nil, nil
	}
	for _, file := range l.files {
		if file.name == name {
			return l, file
		}
	}
	return l, nil
}

func (ls *leases) owns(r *http.Request) bool {
	ls.Lock()
	defer ls.Unlock()
	l, _ := ls.fileOf(r)
	return l != nil
}

// serveLease gives a file's bytes: to who is logged in, while the lease is
// ready, from the first byte on, without telling how many.
func (f *front) serveLease(w http.ResponseWriter, r *http.Request) {
	f.takeOrders()
	if f.sessions.touch(r) == "" {
		f.refuse(w, r, http.StatusUnauthorized)
		return
	}
	f.leases.Lock()
	l, file := f.leases.fileOf(r)
	ready := l.State == types.HttpNfcLeaseStateReady
	f.leases.Unlock()
	switch {
	case !ready || file == nil:
		f.refuse(w, r, http.StatusNotFound)
		return
	case r.Method != http.MethodGet:
		f.refuse(w, r, http.StatusMethodNotAllowed)
		return
	}
	in, err := os.Open(file.path)
	if err != nil {
		f.refuse(w, r, http.StatusNotFound)
		return
	}
	defer in.Close()
	w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	count, err := f.copyLeased(w, in, l)
	how := "whole"
	if err != nil {
		how = "cut"
	}
	f.events.add("served", "file", file.name, "bytes", count, "how", how, "id", l.Self.Value)
	if err != nil {
		panic(http.ErrAbortHandler) // so that the client sees it cut
	}
	f.leases.Lock()
	file.served = true
	f.leases.Unlock()
}

// copyLeased copies as long as the lease lives.
func (f *front) copyLeased(w io.Writer, in io.Reader, l *lease) (count int64, err error) {
	buffer := make([]byte, 256<<10)
	for {
		n, rerr := in.Read(buffer)
		if n > 0 {
			if err = f.leases.allow(l, int64(n)); err != nil {
				return count, err
			}
			if n, err = w.Write(buffer[:n]); err != nil {
				return count, err
			}
			count += int64(n)
		}
		if rerr == io.EOF {
			return count, nil
		}
		if rerr != nil {
			return count, rerr
		}
	}
}

// allow counts bytes, and is an error when the lease ended, or ends by them.
func (ls *leases) allow(l *lease, n int64) error {
	ls.Lock()
	defer ls.Unlock()
	l.bytes += n
	if limit := ls.front.options.leaseDiesAfter; limit > 0 && l.bytes > limit && l.live() {
		ls.front.options.leaseDiesAfter = 0
		ls.fail(l, new(types.SystemError), "The host disconnected.")
	}
	if !l.live() {
		return io.ErrClosedPipe
	}
	return nil
}
