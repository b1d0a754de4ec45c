// SPDX-License-Identifier: LGPL-3.0-or-later

// The hardware of the machines that a test asks for.
package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// A kind of controller, and how a real machine numbers it and its disks.
type controllerKind struct {
	make           func() types.BaseVirtualDevice
	key, disks     int32 // first key of the controllers, of their disks
	unitsPerBus    int32
	alreadyPresent bool // every machine has them
	label          string
}

var controllerKinds = map[string]controllerKind{
	"pvscsi": {func() types.BaseVirtualDevice { return new(types.ParaVirtualSCSIController) },
		1000, 2000, 16, false, "SCSI controller"},
	"lsi": {func() types.BaseVirtualDevice { return new(types.VirtualLsiLogicController) },
		1000, 2000, 16, false, "SCSI controller"},
	"lsisas": {func() types.BaseVirtualDevice { return new(types.VirtualLsiLogicSASController) },
		1000, 2000, 16, false, "SCSI controller"},
	"buslogic": {func() types.BaseVirtualDevice { return new(types.VirtualBusLogicController) },
		1000, 2000, 16, false, "SCSI controller"},
	"ide":  {nil, 200, 3000, 2, true, "IDE"},
	"sata": {func() types.BaseVirtualDevice { return new(types.VirtualAHCIController) }, 15000, 16000, 30, false, "SATA controller"},
	"nvme": {func() types.BaseVirtualDevice { return new(types.VirtualNVMEController) }, 31000, 32000, 64, false, "NVME controller"},
}

func (b *builder) addDevices(vm *simulator.VirtualMachine, m *machineSpec) error {
	devices := &vm.Config.Hardware.Device
	for i, disk := range m.Disks {
		controller, err := addController(devices, disk)
		if err != nil {
			return err
		}
		device, err := b.disk(m, i, disk, controller)
		if err != nil {
			return err
		}
		*devices = append(*devices, device)
	}
	for i := range m.NICs {
		device, err := b.nic(vm, i, &m.NICs[i])
		if err != nil {
			return err
		}
		*devices = append(*devices, device)
	}
	if m.TPM {
		*devices = append(*devices, &types.VirtualTPM{VirtualDevice: types.VirtualDevice{
			Key: 11000, DeviceInfo: &types.Description{Label: "Virtual TPM", Summary: "Virtual TPM"},
		}})
	}
	vm.Summary.Config.NumVirtualDisks = int32(len(m.Disks))
	vm.Summary.Config.NumEthernetCards = int32(len(m.NICs))
	return nil
}

// addController gives the key of a disk's controller, which is made when its
// first disk comes.
func addController(devices *[]types.BaseVirtualDevice, disk *diskSpec) (int32, error) {
	if disk.Controller == "" {
		disk.Controller = "pvscsi"
	}
	kind, known := controllerKinds[disk.Controller]
	if !known {
		return 0, fmt.Errorf("controller %q: none such", disk.Controller)
	}
	key := kind.key + disk.Bus
	disk.key = kind.disks + disk.Bus*kind.unitsPerBus + disk.Unit
	for _, device := range *devices {
		if device.GetVirtualDevice().Key == key {
			device.(types.BaseVirtualController).GetVirtualController().Device = append(
				device.(types.BaseVirtualController).GetVirtualController().Device, disk.key)
			return key, nil
		}
	}
	if kind.alreadyPresent {
		return 0, fmt.Errorf("controller %s %d: none such", disk.Controller, disk.Bus)
	}
	device := kind.make()
	d := device.GetVirtualDevice()
	d.Key = key
	d.ControllerKey = 100
	d.DeviceInfo = &types.Description{Label: fmt.Sprintf("%s %d", kind.label, disk.Bus), Summary: disk.Controller}
	c := device.(types.BaseVirtualController).GetVirtualController()
	c.BusNumber = disk.Bus
	c.Device = []int32{disk.key}
	if scsi, ok := device.(types.BaseVirtualSCSIController); ok {
		scsi.GetVirtualSCSIController().SharedBus = types.VirtualSCSISharingNoSharing
		scsi.GetVirtualSCSIController().ScsiCtlrUnitNumber = 7
	}
	*devices = append(*devices, device)
	return key, nil
}

func (b *builder) absolute(file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	file, _ = filepath.Abs(filepath.Join(b.base, file))
	return file
}

func (b *builder) disk(m *machineSpec, i int, disk *diskSpec, controller int32) (*types.VirtualDisk, error) {
	disk.VMDK, disk.Flat = b.absolute(disk.VMDK), b.absolute(disk.Flat)
	if disk.Capacity == 0 && disk.VMDK != "" {
		var err error
		if disk.Capacity, err = vmdkCapacity(disk.VMDK); err != nil {
			return nil, err
		}
	}
	name := strings.NewReplacer("/", "_", "%2f", "_", "\\", "_").Replace(m.Name)
	if i > 0 {
		name = fmt.Sprintf("%s_%d", name, i)
	}
	file := path.Join(m.Dir, name+".vmdk")
	if err := b.diskFiles(file, disk); err != nil {
		return nil, err
	}
	unit, mode := disk.Unit, disk.Mode
	if mode == "" {
		mode = "persistent"
	}
	return &types.VirtualDisk{
		CapacityInKB: disk.Capacity / 1024, CapacityInBytes: disk.Capacity,
		VirtualDevice: types.VirtualDevice{
			Key: disk.key, ControllerKey: controller, UnitNumber: &unit,
			DeviceInfo: &types.Description{Label: fmt.Sprintf("Hard disk %d", i+1),
				Summary: fmt.Sprintf("%d KB", disk.Capacity/1024)},
			Backing: &types.VirtualDiskFlatVer2BackingInfo{
				VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{
					FileName:  fmt.Sprintf("[%s] %s", b.datastore.Name, file),
					Datastore: &b.datastore.Self,
				},
				DiskMode: mode, Sharing: disk.Sharing, ThinProvisioned: types.NewBool(!disk.Thick),
				Split: types.NewBool(false), WriteThrough: types.NewBool(false),
				Uuid: fmt.Sprintf("6000C29%x-0000-0000-0000-%012x", i, disk.key),
			},
		},
	}, nil
}

// diskFiles puts a descriptor and the flat bytes where the simulator's
// datastore access serves them.
func (b *builder) diskFiles(file string, disk *diskSpec) error {
	where := filepath.Join(b.datastore.Info.GetDatastoreInfo().Url, file)
	flat := strings.TrimSuffix(where, ".vmdk") + "-flat.vmdk"
	descriptor := fmt.Sprintf("# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"+
		"createType=\"vmfs\"\n\n# Extent description\nRW %d VMFS %q\n\n# The Disk Data Base\n"+
		"ddb.adapterType = \"lsilogic\"\nddb.virtualHWVersion = \"13\"\n",
		disk.Capacity/512, filepath.Base(flat))
	if err := os.WriteFile(where, []byte(descriptor), 0o600); err != nil {
		return err
	}
	if disk.Flat == "" {
		return nil
	}
	if _, err := os.Stat(disk.Flat); err != nil {
		return err
	}
	return os.Symlink(disk.Flat, flat)
}

var nicKinds = map[string]struct {
	model string
	make  func() types.BaseVirtualDevice
}{
	"vmxnet3": {"VmxNet3", func() types.BaseVirtualDevice { return new(types.VirtualVmxnet3) }},
	"e1000":   {"E1000", func() types.BaseVirtualDevice { return new(types.VirtualE1000) }},
	"e1000e":  {"E1000e", func() types.BaseVirtualDevice { return new(types.VirtualE1000e) }},
	"vmxnet2": {"VmxNet2", func() types.BaseVirtualDevice { return new(types.VirtualVmxnet2) }},
	"pcnet32": {"PCNet32", func() types.BaseVirtualDevice { return new(types.VirtualPCNet32) }},
}

func nicModel(device types.BaseVirtualDevice) string {
	switch device.(type) {
	case *types.VirtualVmxnet3:
		return "VmxNet3"
	case *types.VirtualVmxnet2:
		return "VmxNet2"
	case *types.VirtualE1000e:
		return "E1000e"
	case *types.VirtualPCNet32:
		return "PCNet32"
	}
	return "E1000"
}

func (b *builder) nic(vm *simulator.VirtualMachine, i int, nic *nicSpec) (types.BaseVirtualDevice, error) {
	if nic.Type == "" {
		nic.Type = "vmxnet3"
	}
	kind, known := nicKinds[nic.Type]
	if !known {
		return nil, fmt.Errorf("network card %q: none such", nic.Type)
	}
	if nic.Network == "" {
		nic.Network = "VM Network"
	}
	if nic.MAC == "" {
		nic.MAC = fmt.Sprintf("00:50:56:%02x:%02x:%02x", len(b.inventory.machines)>>8, len(b.inventory.machines)&255, i)
	}
	device := kind.make()
	card := device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	card.Key = 4000 + int32(i)
	card.ControllerKey = 100
	unit := 7 + int32(i)
	card.UnitNumber = &unit
	card.AddressType = "manual"
	card.MacAddress = nic.MAC
	card.DeviceInfo = &types.Description{Label: fmt.Sprintf("Network adapter %d", i+1), Summary: nic.Network}
	card.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: !nic.Disconnected,
		Connected: !nic.Disconnected, AllowGuestControl: true}
	card.Backing = b.connect(vm, nic.Network)
	vm.Guest.Net = append(vm.Guest.Net, types.GuestNicInfo{Network: nic.Network, MacAddress: nic.MAC,
		Connected: !nic.Disconnected, DeviceConfigId: card.Key})
	return device, nil
}

// connect backs a card by the datacenter's network or port group of that
// name, or by a bare name.
func (b *builder) connect(vm *simulator.VirtualMachine, name string) types.BaseVirtualDeviceBackingInfo {
	dc := simulator.Map.Get(b.datacenter.Reference()).(*simulator.Datacenter)
	backing := &types.VirtualEthernetCardNetworkBackingInfo{}
	backing.DeviceName = name
	entity := simulator.Map.FindByName(name, dc.Network)
	if entity == nil {
		return backing
	}
	ref := entity.Reference()
	vm.Network = append(vm.Network, ref)
	if group, ok := entity.(*simulator.DistributedVirtualPortgroup); ok {
		return &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
			Port: types.DistributedVirtualSwitchPortConnection{PortgroupKey: group.Key,
				SwitchUuid: switchOf(group)},
		}
	}
	backing.Network = &ref
	return backing
}

func switchOf(group *simulator.DistributedVirtualPortgroup) string {
	dvs, _ := simulator.Map.Get(*group.Config.DistributedVirtualSwitch).(*simulator.DistributedVirtualSwitch)
	if dvs == nil {
		return ""
	}
	return dvs.Uuid
}

// networkName is what a card is connected to.
func networkName(card *types.VirtualEthernetCard) string {
	switch backing := card.Backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		return backing.DeviceName
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		ref := types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: backing.Port.PortgroupKey}
		if group, ok := simulator.Map.Get(ref).(*simulator.DistributedVirtualPortgroup); ok {
			return group.Name
		}
	}
	return "none"
}

// describe fills in what the simulator's own creation does not take.
func describe(vm *simulator.VirtualMachine, m *machineSpec) {
	if m.GuestID == "" {
		m.GuestID = "otherGuest64"
	}
	if m.GuestFullName == "" {
		m.GuestFullName = m.GuestID
	}
	vm.Config.GuestId, vm.Summary.Config.GuestId = m.GuestID, m.GuestID
	vm.Config.GuestFullName, vm.Summary.Config.GuestFullName = m.GuestFullName, m.GuestFullName
	vm.Config.Template, vm.Summary.Config.Template = m.Template, m.Template
	vm.Config.BootOptions = &types.VirtualMachineBootOptions{EfiSecureBootEnabled: types.NewBool(m.SecureBoot)}
	vm.Config.ChangeVersion = vm.Config.Modified.UTC().Format("2006-01-02T15:04:05.000000Z")
	if m.Encrypted {
		vm.Config.KeyId = &types.CryptoKeyId{KeyId: "key-1"}
	}
	vm.Guest.GuestId, vm.Guest.GuestFullName = m.Tools.GuestID, m.Tools.GuestFullName
	vm.Guest.HostName = m.Tools.HostName
	status, running := types.VirtualMachineToolsStatusToolsNotRunning, types.VirtualMachineToolsRunningStatusGuestToolsNotRunning
	vm.Guest.GuestState = "notRunning"
	if m.Tools.Running {
		status, running = types.VirtualMachineToolsStatusToolsOk, types.VirtualMachineToolsRunningStatusGuestToolsRunning
		vm.Guest.GuestState = "running"
	}
	vm.Guest.ToolsStatus, vm.Guest.ToolsRunningStatus = status, string(running)
	vm.Summary.Guest.ToolsStatus, vm.Summary.Guest.ToolsRunningStatus = status, string(running)
	vm.Summary.Guest.GuestId, vm.Summary.Guest.GuestFullName = m.Tools.GuestID, m.Tools.GuestFullName
	vm.Summary.Guest.HostName = m.Tools.HostName
}
