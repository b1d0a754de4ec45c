// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: OvfManager.CreateDescriptor, an envelope of OVF
// 1.1 (DMTF DSP0243) in the shape that a vCenter gives.
package main

import (
	"bytes"
	"fmt"
	"reflect"
	"text/template"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

const envelopeText = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope vmw:buildId="build-0" xmlns="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <References>{{range $i, $f := .Files}}
    <File ovf:href="{{x $f.Path}}" ovf:id="file{{inc $i}}" ovf:size="{{$f.Size}}"/>{{end}}
  </References>
  <DiskSection>
    <Info>Virtual disk information</Info>{{range $i, $d := .Disks}}
    <Disk ovf:capacity="{{$d.Capacity}}" ovf:capacityAllocationUnits="byte" ovf:diskId="vmdisk{{inc $i}}"{{if $d.File}} ovf:fileRef="file{{$d.File}}"{{end}} ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>{{end}}
  </DiskSection>
  <NetworkSection>
    <Info>The list of logical networks</Info>{{range .Networks}}
    <Network ovf:name="{{x .}}"><Description>The {{x .}} network</Description></Network>{{end}}
  </NetworkSection>
  <VirtualSystem ovf:id="{{x .Name}}">
    <Info>A virtual machine</Info>
    <Name>{{x .Name}}</Name>{{if .Description}}
    <AnnotationSection><Info>Notes</Info><Annotation>{{x .Description}}</Annotation></AnnotationSection>{{end}}
    <OperatingSystemSection ovf:id="1" vmw:osType="{{x .Guest}}">
      <Info>The kind of installed guest operating system</Info>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware requirements</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>{{x .Name}}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>{{x .Hardware}}</vssd:VirtualSystemType>
      </System>{{range .Items}}
      <Item>{{range .}}
        <rasd:{{index . 0}}>{{x (index . 1)}}</rasd:{{index . 0}}>{{end}}
      </Item>{{end}}
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="{{x .Firmware}}"/>{{if .SecureBoot}}
      <vmw:Config ovf:required="false" vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="true"/>{{end}}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`

type ovfDisk struct {
	Capacity int64
	File     int // its place in Files from 1, or 0
}

type ovfEnvelope struct {
	Name, Description, Guest, Hardware, Firmware string

	SecureBoot bool
	Files      []types.OvfFile
	Disks      []ovfDisk
	Networks   []string
	Items      [][][2]string
}

var envelopeTemplate = template.Must(template.New("ovf").Funcs(template.FuncMap{
	"inc": func(i int) int { return i + 1 },
	"x": func(text string) string {
		var out bytes.Buffer
		_ = xml.EscapeText(&out, []byte(text))
		return out.String()
	},
}).Parse(envelopeText))

// The resource types and subtypes of controllers (DMTF CIM 2.22; VMware's
// own names).
func ovfController(device types.BaseVirtualDevice) (kind, subtype string) {
	switch device.(type) {
	case *types.ParaVirtualSCSIController:
		return "6", "VirtualSCSI"
	case *types.VirtualLsiLogicSASController:
		return "6", "lsilogicsas"
	case *types.VirtualLsiLogicController:
		return "6", "lsilogic"
	case *types.VirtualBusLogicController:
		return "6", "buslogic"
	case *types.VirtualIDEController:
		return "5", ""
	case *types.VirtualAHCIController:
		return "20", "vmware.sata.ahci"
	case *types.VirtualNVMEController:
		return "20", "vmware.nvme.controller"
	}
	return "", ""
}

func (e *ovfEnvelope) add(pairs ...[2]string) {
	e.Items = append(e.Items, pairs)
}

// Items in the order that a vCenter has them: processors, memory,
// controllers, disks, networks; their elements in the order of the schema.
func (e *ovfEnvelope) fill(vm *simulator.VirtualMachine, req *types.CreateDescriptor) {
	hardware := vm.Config.Hardware
	e.add([2]string{"AllocationUnits", "hertz * 10^6"}, [2]string{"Description", "Number of Virtual CPUs"},
		[2]string{"ElementName", fmt.Sprintf("%d virtual CPU(s)", hardware.NumCPU)}, [2]string{"InstanceID", "1"},
		[2]string{"ResourceType", "3"}, [2]string{"VirtualQuantity", fmt.Sprint(hardware.NumCPU)})
	e.add([2]string{"AllocationUnits", "byte * 2^20"}, [2]string{"Description", "Memory Size"},
		[2]string{"ElementName", fmt.Sprintf("%dMB of memory", hardware.MemoryMB)}, [2]string{"InstanceID", "2"},
		[2]string{"ResourceType", "4"}, [2]string{"VirtualQuantity", fmt.Sprint(hardware.MemoryMB)})
	e.addControllers(hardware.Device)
	e.addDisks(vm, req.Cdp.OvfFiles)
	e.addNetworks(hardware.Device)
}

// instance is a device's InstanceID: its key, clear of the first two.
func instance(key int32) string { return fmt.Sprint(key + 10) }

func (e *ovfEnvelope) addControllers(devices []types.BaseVirtualDevice) {
	for _, device := range devices {
		kind, subtype := ovfController(device)
		if kind == "" {
			continue
		}
		c := device.(types.BaseVirtualController).GetVirtualController()
		item := [][2]string{{"Address", fmt.Sprint(c.BusNumber)},
			{"ElementName", fmt.Sprintf("%s %d", reflect.TypeOf(device).Elem().Name(), c.BusNumber)},
			{"InstanceID", instance(c.Key)}}
		if subtype != "" {
			item = append(item, [2]string{"ResourceSubType", subtype})
		}
		e.add(append(item, [2]string{"ResourceType", kind})...)
	}
}

func (e *ovfEnvelope) addDisks(vm *simulator.VirtualMachine, files []types.OvfFile) {
	for i, disk := range disksOf(vm) {
		d := ovfDisk{Capacity: disk.CapacityInKB * 1024}
		for n, file := range files {
			if file.DeviceId == deviceKey(vm, disk) {
				d.File = n + 1
			}
		}
		e.Disks = append(e.Disks, d)
		e.add([2]string{"AddressOnParent", fmt.Sprint(*disk.UnitNumber)},
			[2]string{"ElementName", fmt.Sprintf("Hard Disk %d", i+1)},
			[2]string{"HostResource", fmt.Sprintf("ovf:/disk/vmdisk%d", i+1)},
			[2]string{"InstanceID", instance(disk.Key)}, [2]string{"Parent", instance(disk.ControllerKey)},
			[2]string{"ResourceType", "17"})
	}
}

func (e *ovfEnvelope) addNetworks(devices []types.BaseVirtualDevice) {
	seen := make(map[string]bool)
	for _, device := range devices {
		card, ok := device.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		d := card.GetVirtualEthernetCard()
		name := networkName(d)
		if !seen[name] {
			seen[name] = true
			e.Networks = append(e.Networks, name)
		}
		e.add([2]string{"AutomaticAllocation", "true"}, [2]string{"Connection", name},
			[2]string{"ElementName", d.DeviceInfo.GetDescription().Label},
			[2]string{"InstanceID", instance(d.Key)},
			[2]string{"ResourceSubType", nicModel(device)}, [2]string{"ResourceType", "10"})
	}
}

func (f *front) createDescriptor(c *call) (interface{}, types.BaseMethodFault) {
	req := c.Body.(*types.CreateDescriptor)
	vm := machineOf(req.Obj)
	if vm == nil {
		return nil, &types.ManagedObjectNotFound{Obj: req.Obj}
	}
	e := &ovfEnvelope{Name: req.Cdp.Name, Description: req.Cdp.Description, Guest: vm.Config.GuestId,
		Hardware: vm.Config.Version, Firmware: vm.Config.Firmware, Files: req.Cdp.OvfFiles}
	if e.Name == "" {
		e.Name = vm.Name
	}
	if e.Description == "" {
		e.Description = vm.Config.Annotation
	}
	if b := vm.Config.BootOptions; b != nil && b.EfiSecureBootEnabled != nil {
		e.SecureBoot = *b.EfiSecureBootEnabled
	}
	e.fill(vm, req)
	var out bytes.Buffer
	if err := envelopeTemplate.Execute(&out, e); err != nil {
		panic(err) // a mistake in this program
	}
	f.events.add("descriptor", "vm", vm.Self.Value, "files", len(e.Files))
	reply := new(types.CreateDescriptorResponse)
	reply.Returnval.OvfDescriptor = out.String()
	return reply, nil
}
