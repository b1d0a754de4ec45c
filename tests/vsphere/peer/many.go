// SPDX-License-Identifier: LGPL-3.0-or-later

// Inventories of thousands of machines: the simulator makes one a host in
// its own way, with files, which takes some milliseconds each; the others
// are copies of that one in its memory.
package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// More machines a host than this are copied.
const manyMachines = 100

// copyMachines makes COUNT machines of each one that is there.
func copyMachines(count int) {
	var first []*simulator.VirtualMachine
	for _, entity := range simulator.Map.All("VirtualMachine") {
		first = append(first, entity.(*simulator.VirtualMachine))
	}
	sort.Slice(first, func(i, j int) bool { return first[i].Name < first[j].Name })
	for _, vm := range first {
		for i := 1; i < count; i++ {
			place(copyMachine(vm, i))
		}
	}
}

func copyMachine(vm *simulator.VirtualMachine, i int) *simulator.VirtualMachine {
	old := vm.Name
	name := strings.TrimSuffix(old, "0") + fmt.Sprint(i)
	c := &simulator.VirtualMachine{VirtualMachine: vm.VirtualMachine}
	simulator.Map.NewEntity(c)
	c.Name = name
	config, guest := *vm.Config, *vm.Guest
	c.Config, c.Guest = &config, &guest
	c.Config.Name = name
	c.Config.Uuid, c.Config.InstanceUuid = uuid.New().String(), uuid.New().String()
	rename := func(text string) string { return strings.ReplaceAll(text, old, name) }
	files := vm.Config.Files
	c.Config.Files = types.VirtualMachineFileInfo{
		VmPathName: rename(files.VmPathName), LogDirectory: rename(files.LogDirectory),
		SnapshotDirectory: rename(files.SnapshotDirectory), SuspendDirectory: rename(files.SuspendDirectory),
	}
	c.Config.Hardware.Device = nil
	for _, device := range vm.Config.Hardware.Device {
		c.Config.Hardware.Device = append(c.Config.Hardware.Device, copyDevice(device, rename, i))
	}
	c.Summary.Vm = &c.Self
	c.Summary.Config.Name, c.Summary.Config.VmPathName = name, c.Config.Files.VmPathName
	c.Summary.Config.Uuid, c.Summary.Config.InstanceUuid = c.Config.Uuid, c.Config.InstanceUuid
	return c
}

// copyDevice copies what differs between machines, and shares the others.
func copyDevice(device types.BaseVirtualDevice, rename func(string) string, i int) types.BaseVirtualDevice {
	switch d := device.(type) {
	case *types.VirtualDisk:
		disk := *d
		if b, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			backing := *b
			backing.FileName = rename(b.FileName)
			disk.Backing = &backing
		}
		return &disk
	case *types.VirtualE1000:
		card := *d
		card.MacAddress = fmt.Sprintf("00:0c:29:%02x:%02x:%02x", i>>16&255, i>>8&255, i&255)
		return &card
	}
	return device
}

// place puts a copy where its original is.
func place(vm *simulator.VirtualMachine) {
	simulator.Map.Put(vm)
	folder := simulator.Map.Get(*vm.Parent).(*simulator.Folder)
	folder.ChildEntity = append(folder.ChildEntity, vm.Self)
	host := simulator.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem)
	host.Vm = append(host.Vm, vm.Self)
	switch pool := simulator.Map.Get(*vm.ResourcePool).(type) {
	case *simulator.ResourcePool:
		pool.Vm = append(pool.Vm, vm.Self)
	case *simulator.VirtualApp:
		pool.Vm = append(pool.Vm, vm.Self)
	case *mo.ResourcePool:
		pool.Vm = append(pool.Vm, vm.Self)
	}
	for _, ref := range vm.Datastore {
		ds := simulator.Map.Get(ref).(*simulator.Datastore)
		ds.Vm = append(ds.Vm, vm.Self)
	}
}
