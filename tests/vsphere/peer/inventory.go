// SPDX-License-Identifier: LGPL-3.0-or-later

// The machines that a test asks for, put into the simulator's inventory
// before it serves; in plain mode too, since they are data.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

type nicSpec struct {
	Type, MAC, Network string
	Disconnected       bool
}

type diskSpec struct {
	Controller   string // pvscsi, lsi, lsisas, buslogic, sata, ide, nvme
	Bus, Unit    int32
	Capacity     int64 // bytes; 0: as the VMDK says
	VMDK, Flat   string
	Thick        bool
	Mode         string // "persistent", "independent_persistent", …
	Sharing      string
	key          int32
	capacityInKB int64
}

type toolsSpec struct {
	Running                          bool
	GuestID, GuestFullName, HostName string
}

type machineSpec struct {
	Name, Folder, Datacenter, Datastore, Host, Dir string
	Power                                          string // off (also ""), on, suspended
	GuestID, GuestFullName, Annotation             string
	MemoryMB                                       int64
	CPUs, CoresPerSocket                           int32
	Firmware                                       string
	SecureBoot, Template, TPM, Encrypted           bool
	UUID, Version                                  string
	Tools                                          toolsSpec
	Shutdown                                       string // "": at once; "ignore"; or a time, as "500ms"
	Quiesce                                        string // "fail"
	Snapshot                                       string // its name
	Custom                                         map[string]string
	NICs                                           []nicSpec
	Disks                                          []*diskSpec
}

func (m *machineSpec) shutdownTime() time.Duration {
	d, _ := time.ParseDuration(m.Shutdown)
	return d
}

// An inventory remembers what the simulator has no place for.
type inventory struct {
	sync.Mutex
	machines map[types.ManagedObjectReference]*machineSpec
}

func (inv *inventory) machine(ref types.ManagedObjectReference) *machineSpec {
	inv.Lock()
	defer inv.Unlock()
	return inv.machines[ref]
}

func (inv *inventory) knows(ref types.ManagedObjectReference) bool {
	return inv.machine(ref) != nil
}

// stream gives the VMDK to serve for a disk, or "".
func (inv *inventory) stream(vm types.ManagedObjectReference, key int32) string {
	if m := inv.machine(vm); m != nil {
		for _, disk := range m.Disks {
			if disk.key == key {
				return disk.VMDK
			}
		}
	}
	return ""
}

func loadMachines(model *simulator.Model, file string) (*inventory, error) {
	inv := &inventory{machines: make(map[types.ManagedObjectReference]*machineSpec)}
	if file == "" {
		return inv, nil
	}
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var list struct{ VMs []*machineSpec }
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	b := &builder{ctx: context.Background(), base: filepath.Dir(file), inventory: inv}
	if b.client, err = vim25.NewClient(b.ctx, model.Service); err != nil {
		return nil, err
	}
	for _, m := range list.VMs {
		if err = b.build(m); err != nil {
			return nil, fmt.Errorf("%s: VM %q: %w", file, m.Name, err)
		}
	}
	return inv, nil
}

// A builder makes machines through the simulator's own API, and gives them
// their devices by hand: with the keys that a real one has.
type builder struct {
	ctx       context.Context
	client    *vim25.Client
	base      string // of relative file names
	inventory *inventory

	datacenter *object.Datacenter
	datastore  *simulator.Datastore
	folder     *object.Folder
}

func (b *builder) build(m *machineSpec) error {
	if err := b.place(m); err != nil {
		return err
	}
	vm, err := b.create(m)
	if err != nil {
		return err
	}
	if err = b.addDevices(vm, m); err != nil {
		return err
	}
	describe(vm, m)
	vm.RefreshStorageInfo(nil, nil)
	b.inventory.machines[vm.Self] = m
	if err = b.setCustom(vm, m.Custom); err != nil {
		return err
	}
	if m.Snapshot != "" {
		machine := object.NewVirtualMachine(b.client, vm.Self)
		if _, err = machine.CreateSnapshot(b.ctx, m.Snapshot, "", false, false); err != nil {
			return err
		}
	}
	if m.Power == "on" || m.Power == "suspended" {
		setPower(vm, map[string]types.VirtualMachinePowerState{
			"on":        types.VirtualMachinePowerStatePoweredOn,
			"suspended": types.VirtualMachinePowerStateSuspended,
		}[m.Power])
	}
	return nil
}

// setCustom gives a machine its custom attributes; a single host has none.
func (b *builder) setCustom(vm *simulator.VirtualMachine, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	manager, err := object.GetCustomFieldsManager(b.client)
	if err != nil {
		return err
	}
	for name, value := range values {
		key, err := manager.FindKey(b.ctx, name)
		if err != nil {
			def, aerr := manager.Add(b.ctx, name, "VirtualMachine", nil, nil)
			if aerr != nil {
				return aerr
			}
			key = def.Key
		}
		if err = manager.Set(b.ctx, vm.Self, key, value); err != nil {
			return err
		}
	}
	return nil
}

// place finds the datacenter and the datastore, and makes the folders.
func (b *builder) place(m *machineSpec) (err error) {
	finder := find.NewFinder(b.client, false)
	if m.Datacenter == "" {
		m.Datacenter = "*"
	}
	dcs, err := finder.DatacenterList(b.ctx, m.Datacenter)
	if err != nil {
		return err
	}
	b.datacenter = dcs[0]
	finder.SetDatacenter(b.datacenter)
	if m.Datastore == "" {
		m.Datastore = "LocalDS_0"
	}
	ds, err := finder.Datastore(b.ctx, m.Datastore)
	if err != nil {
		return err
	}
	b.datastore = simulator.Map.Get(ds.Reference()).(*simulator.Datastore)
	folders, err := b.datacenter.Folders(b.ctx)
	if err != nil {
		return err
	}
	b.folder = folders.VmFolder
	for _, name := range strings.Split(m.Folder, "/") {
		if name == "" {
			continue
		}
		if b.folder, err = b.subfolder(b.folder, name); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) subfolder(parent *object.Folder, name string) (*object.Folder, error) {
	children := simulator.Map.Get(parent.Reference()).(*simulator.Folder).ChildEntity
	if child := simulator.Map.FindByName(name, children); child != nil {
		return object.NewFolder(b.client, child.Reference()), nil
	}
	return parent.CreateFolder(b.ctx, name)
}

// diskDir is the machine's folder on the datastore: its name, where that can
// be one, and another for a second machine of the name.
func (b *builder) diskDir(m *machineSpec) string {
	dir := m.Dir
	if dir == "" {
		dir = strings.NewReplacer("/", "_", "%2f", "_", "\\", "_").Replace(m.Name)
	}
	base := dir
	for i := 1; ; i++ {
		if _, err := os.Stat(filepath.Join(b.datastore.Info.GetDatastoreInfo().Url, dir)); err != nil {
			return dir
		}
		dir = fmt.Sprintf("%s_%d", base, i)
	}
}

func (b *builder) create(m *machineSpec) (*simulator.VirtualMachine, error) {
	// A '/' in a name stands as %2f in the inventory.
	name := strings.ReplaceAll(m.Name, "/", "%2f")
	children := simulator.Map.Get(b.folder.Reference()).(*simulator.Folder).ChildEntity
	if old := simulator.Map.FindByName(name, children); old != nil {
		task, err := object.NewVirtualMachine(b.client, old.Reference()).Destroy(b.ctx)
		if err != nil {
			return nil, err
		}
		if err = task.Wait(b.ctx); err != nil {
			return nil, err
		}
	}
	m.Dir = b.diskDir(m)
	pool, host, err := b.home(m)
	if err != nil {
		return nil, err
	}
	file := strings.NewReplacer("/", "_", "%2f", "_", "\\", "_").Replace(m.Name)
	task, err := b.folder.CreateVM(b.ctx, types.VirtualMachineConfigSpec{
		Name: name, Uuid: m.UUID, NumCPUs: m.CPUs, NumCoresPerSocket: m.CoresPerSocket,
		MemoryMB: m.MemoryMB, Annotation: m.Annotation, Firmware: m.Firmware, Version: m.Version,
		Files: &types.VirtualMachineFileInfo{
			VmPathName: fmt.Sprintf("[%s] %s", b.datastore.Name, path.Join(m.Dir, file+".vmx")),
		},
	}, pool, host)
	if err != nil {
		return nil, err
	}
	info, err := task.WaitForResult(b.ctx, nil)
	if err != nil {
		return nil, err
	}
	return machineOf(info.Result.(types.ManagedObjectReference)), nil
}

// home is the pool and the host: the first of the datacenter that has the
// datastore, or the one that is named.
func (b *builder) home(m *machineSpec) (*object.ResourcePool, *object.HostSystem, error) {
	finder := find.NewFinder(b.client, false)
	finder.SetDatacenter(b.datacenter)
	if m.Host == "" {
		m.Host = "*/*"
	}
	hosts, err := finder.HostSystemList(b.ctx, m.Host)
	if err != nil {
		return nil, nil, err
	}
	pool, err := hosts[0].ResourcePool(b.ctx)
	return pool, hosts[0], err
}

// vmdkCapacity reads the size of the virtual disk from the header of a sparse
// extent (Virtual Disk Format 5.0): sectors, at byte 12.
func vmdkCapacity(file string) (int64, error) {
	in, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	header := make([]byte, 20)
	if _, err = in.ReadAt(header, 0); err != nil {
		return 0, err
	}
	if string(header[:4]) != "KDMV" {
		return 0, fmt.Errorf("%s: not a VMDK", file)
	}
	return int64(binary.LittleEndian.Uint64(header[12:])) * 512, nil
}
