// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: what a ready lease says of itself.
package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// deviceKey is a device's name in a lease: "/vm-42/ParaVirtualSCSIController0:0".
func deviceKey(vm *simulator.VirtualMachine, device types.BaseVirtualDevice) string {
	d := device.GetVirtualDevice()
	name, bus, unit := "Controller", int32(0), int32(0)
	for _, other := range vm.Config.Hardware.Device {
		if other.GetVirtualDevice().Key == d.ControllerKey {
			name = reflect.TypeOf(other).Elem().Name()
			if c, ok := other.(types.BaseVirtualController); ok {
				bus = c.GetVirtualController().BusNumber
			}
		}
	}
	if d.UnitNumber != nil {
		unit = *d.UnitNumber
	}
	return fmt.Sprintf("/%s/%s%d:%d", vm.Self.Value, name, bus, unit)
}

func disksOf(vm *simulator.VirtualMachine) []*types.VirtualDisk {
	var disks []*types.VirtualDisk
	list := object.VirtualDeviceList(vm.Config.Hardware.Device)
	for _, device := range list.SelectByType((*types.VirtualDisk)(nil)) {
		disks = append(disks, device.(*types.VirtualDisk))
	}
	return disks
}

// diskFiles lists a machine's disks with the VMDKs to serve for them.
func (f *front) diskFiles(vm *simulator.VirtualMachine) ([]*leaseFile, types.BaseMethodFault) {
	var files []*leaseFile
	for i, disk := range disksOf(vm) {
		path := f.inventory.stream(vm.Self, disk.Key)
		if path == "" {
			path = f.options.vmdk
		}
		st, err := os.Stat(path)
		if err != nil {
			return nil, &types.FileFault{File: path}
		}
		file := &leaseFile{name: fmt.Sprintf("disk-%d.vmdk", i), path: path,
			capacity: disk.CapacityInKB * 1024}
		file.Key = deviceKey(vm, disk)
		file.Disk = types.NewBool(true)
		file.FileSize = st.Size()
		files = append(files, file)
	}
	return files, nil
}

// extraFiles are items that are no disks: made up, in the peer's folder.
func (f *front) extraFiles(vm *simulator.VirtualMachine) []*leaseFile {
	var files []*leaseFile
	for _, item := range [][2]string{{"nvram", "file-0.nvram"}, {"VirtualIDEController1:0", "cdrom-0.iso"}} {
		path := filepath.Join(os.TempDir(), vm.Self.Value+"-"+item[1])
		if os.WriteFile(path, []byte(strings.Repeat(item[1]+"\n", 4096)), 0o600) != nil {
			continue
		}
		file := &leaseFile{name: item[1], path: path}
		file.Key = "/" + vm.Self.Value + "/" + item[0]
		file.Disk = types.NewBool(false)
		file.FileSize = int64(len(item[1])+1) * 4096
		files = append(files, file)
	}
	return files
}

// leaseInfo fills the lease's files and gives its info.
func (f *front) leaseInfo(l *lease, vm *simulator.VirtualMachine, host string) (*types.HttpNfcLeaseInfo, types.BaseMethodFault) {
	o := f.options
	files, fault := f.diskFiles(vm)
	if fault != nil {
		return nil, fault
	}
	if o.extraItems {
		files = append(files, f.extraFiles(vm)...)
	}
	if o.starHost {
		host = "*"
	}
	if o.urlHost != "" {
		host = o.urlHost
	}
	scheme := "https"
	if f.thumbprint == "" {
		scheme = "http"
	}
	base := fmt.Sprintf("%s://%s/nfc/%s/", scheme, host, url.PathEscape(l.Self.Value))
	info := &types.HttpNfcLeaseInfo{Lease: l.Self, Entity: vm.Self, LeaseTimeout: int32(o.leaseTimeout)}
	for _, file := range files {
		file.ImportKey = file.Key
		file.TargetId = file.name
		file.Url = base + url.PathEscape(file.name)
		file.SslThumbprint = f.thumbprint
		file.DatastoreKey = base
		if o.withoutFileSize {
			file.FileSize = 0
		}
		f.spoil(&file.HttpNfcLeaseDeviceUrl, base)
		info.DeviceUrl = append(info.DeviceUrl, file.HttpNfcLeaseDeviceUrl)
		info.TotalDiskCapacityInKB += file.capacity / 1024
	}
	if f.options.hostile == "no-urls" {
		info.DeviceUrl = nil
	}
	info.HostMap = []types.HttpNfcLeaseDatastoreLeaseInfo{{
		DatastoreKey: base,
		Hosts:        []types.HttpNfcLeaseHostInfo{{Url: base, SslThumbprint: f.thumbprint}},
	}}
	l.files = files
	return info, nil
}

// spoil makes a device's URL or name what an honest server never gives.
func (f *front) spoil(d *types.HttpNfcLeaseDeviceUrl, base string) {
	name, _, _ := strings.Cut(f.options.hostile, ":")
	if !hostileLeases[name] {
		return
	}
	f.events.add("hostile", "name", name)
	switch name {
	case "slash-name":
		d.TargetId = "/tmp/" + d.TargetId
	case "dotdot-name":
		d.TargetId = "../../" + d.TargetId
		d.Url = base + "../../../" + d.TargetId
	case "empty-name":
		d.TargetId, d.Url = "", base
	case "control-name":
		d.TargetId = "disk\n\x1b[2J.vmdk"
	case "other-host":
		d.Url = strings.Replace(d.Url, "://", "://elsewhere.invalid.", 1)
	case "file-url":
		d.Url = "file:///etc/passwd"
	case "negative-size":
		d.FileSize = -1
	}
}
