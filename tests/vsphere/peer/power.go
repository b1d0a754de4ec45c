// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: guests that shut down (or do not), and
// snapshots as events.
package main

import (
	"net/http/httptest"
	"regexp"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

func machineOf(ref types.ManagedObjectReference) *simulator.VirtualMachine {
	vm, _ := simulator.Map.Get(ref).(*simulator.VirtualMachine)
	return vm
}

func setPower(vm *simulator.VirtualMachine, state types.VirtualMachinePowerState) {
	simulator.Map.WithLock(vm, func() {
		simulator.Map.Update(vm, []types.PropertyChange{
			{Name: "runtime.powerState", Val: state},
			{Name: "summary.runtime.powerState", Val: state},
		})
	})
}

// shutdownGuest asks the guest of a machine of ours, which may take its time
// or not obey.
func (f *front) shutdownGuest(c *call) (interface{}, types.BaseMethodFault) {
	vm, ours := machineOf(c.This), f.inventory.machine(c.This)
	if state := vm.Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOn {
		return nil, &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: state,
		}
	}
	if !ours.Tools.Running {
		return nil, new(types.ToolsUnavailable)
	}
	f.events.add("shutdown-guest", "vm", c.This.Value, "answer", ours.Shutdown)
	if ours.Shutdown != "ignore" {
		after(ours.shutdownTime(), func() {
			setPower(vm, types.VirtualMachinePowerStatePoweredOff)
			f.events.add("guest-is-off", "vm", c.This.Value)
		})
	}
	return &types.ShutdownGuestResponse{}, nil
}

// quiesceFault is what a quiesced snapshot of a machine fails with that was
// told so.
func (f *front) quiesceFault(c *call) types.BaseMethodFault {
	req, ok := c.Body.(*types.CreateSnapshot_Task)
	ours := f.inventory.machine(c.This)
	if !ok || !req.Quiesce || ours == nil || ours.Quiesce != "fail" {
		return nil
	}
	return new(types.FilesystemQuiesceFault)
}

var taskReference = regexp.MustCompile(`type="Task">([^<]*)<`)

// taskIn is the finished task that a reply names.
func taskIn(record *httptest.ResponseRecorder) *simulator.Task {
	match := taskReference.FindSubmatch(record.Body.Bytes())
	if match == nil {
		return nil
	}
	task, _ := simulator.Map.Get(types.ManagedObjectReference{Type: "Task", Value: string(match[1])}).(*simulator.Task)
	return task
}

func (f *front) snapshotMade(c *call, record *httptest.ResponseRecorder) {
	req := c.Body.(*types.CreateSnapshot_Task)
	if task := taskIn(record); task != nil && task.Info.Error == nil {
		id, _ := task.Info.Result.(types.ManagedObjectReference)
		f.events.add("snapshot-create", "vm", c.This.Value, "id", id.Value, "name", req.Name,
			"quiesce", req.Quiesce, "memory", req.Memory)
	}
}

func (f *front) snapshotRemoved(c *call, record *httptest.ResponseRecorder) {
	if task := taskIn(record); task != nil && task.Info.Error == nil {
		f.events.add("snapshot-remove", "id", c.This.Value)
	}
}
