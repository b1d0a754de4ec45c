/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Our own envelope.  The order of elements is that of the schemas: sections
 * as in DSP8023, what is in an Item by the alphabet, as in the CIM schema.
 */
#include "base/error.h"
#include "provider/file-name.h"
#include "ovf/guest-id.h"
#include "provider/ovf-format.h"
#include "provider/xml-text.h"

#include <stdio.h>
#include <string.h>

/* CIM_ResourceAllocationSettingData.ResourceType. */
enum resource {
    RESOURCE_CPU = 3,
    RESOURCE_MEMORY = 4,
    RESOURCE_IDE = 5,
    RESOURCE_SCSI = 6,
    RESOURCE_ETHERNET = 10,
    RESOURCE_DISK = 17,
    RESOURCE_STORAGE = 20, /* SATA and NVMe */
};

struct envelope {
    struct h2k_xml_writer *x;
    const struct h2k_vm *vm;
    const struct h2k_ovf_file *files;
    size_t count;
    unsigned next_id; /* rasd:InstanceID */
};

static void
write_root(struct envelope *e)
{
    h2k_xml_start(e->x, "Envelope");
    h2k_xml_attribute(e->x, "xmlns", OVF_NAMESPACE);
    h2k_xml_attribute(e->x, "xmlns:ovf", OVF_NAMESPACE);
    h2k_xml_attribute(e->x, "xmlns:rasd", OVF_RASD_NAMESPACE);
    h2k_xml_attribute(e->x, "xmlns:vssd", OVF_VSSD_NAMESPACE);
    h2k_xml_attribute(e->x, "xmlns:vmw", OVF_VMW_NAMESPACE);
}

static void
write_references(struct envelope *e)
{
    char id[32];
    h2k_xml_start(e->x, "References");
    for (size_t i = 0; i < e->count; i++) {
        snprintf(id, sizeof(id), "file%zu", i + 1);
        h2k_xml_start(e->x, "File");
        h2k_xml_attribute(e->x, "ovf:href", e->files[i].name);
        h2k_xml_attribute(e->x, "ovf:id", id);
        h2k_xml_attribute_number(e->x, "ovf:size", e->files[i].size);
        h2k_xml_end(e->x);
    }
    h2k_xml_end(e->x);
}

/* A disk's id has its file's number, so that both lists can be walked. */
static void
write_disks(struct envelope *e)
{
    char id[32], ref[32];
    h2k_xml_start(e->x, "DiskSection");
    h2k_xml_element(e->x, "Info", "Virtual disks");
    for (size_t i = 0; i < e->count; i++) {
        const struct h2k_ovf_file *file = &e->files[i];
        if (file->disk == NULL)
            continue;
        snprintf(id, sizeof(id), "vmdisk%zu", i + 1);
        snprintf(ref, sizeof(ref), "file%zu", i + 1);
        h2k_xml_start(e->x, "Disk");
        h2k_xml_attribute_number(e->x, "ovf:capacity", file->disk->capacity);
        h2k_xml_attribute(e->x, "ovf:capacityAllocationUnits", "byte");
        h2k_xml_attribute(e->x, "ovf:diskId", id);
        h2k_xml_attribute(e->x, "ovf:fileRef", ref);
        h2k_xml_attribute(e->x, "ovf:format", ovf_format_uri(file->format));
        if (file->populated > 0)
            h2k_xml_attribute_number(e->x, "ovf:populatedSize",
                                     file->populated);
        h2k_xml_end(e->x);
    }
    h2k_xml_end(e->x);
}

/* Is NIC the first one on its network? */
static bool
is_new_network(const struct h2k_vm *vm, size_t nic)
{
    const char *network = vm->nics[nic].network;
    for (size_t i = 0; network != NULL && i < nic; i++)
        if (vm->nics[i].network != NULL &&
            strcmp(vm->nics[i].network, network) == 0)
            return false;
    return network != NULL;
}

static void
write_networks(struct envelope *e)
{
    bool started = false;
    for (size_t i = 0; i < e->vm->nic_count; i++) {
        if (!is_new_network(e->vm, i))
            continue;
        if (!started) {
            h2k_xml_start(e->x, "NetworkSection");
            h2k_xml_element(e->x, "Info", "Networks of the virtual machine");
            started = true;
        }
        h2k_xml_start(e->x, "Network");
        h2k_xml_attribute(e->x, "ovf:name", e->vm->nics[i].network);
        h2k_xml_element_format(e->x, "Description", "The %s network",
                               e->vm->nics[i].network);
        h2k_xml_end(e->x);
    }
    if (started)
        h2k_xml_end(e->x);
}

static void
write_system(struct envelope *e)
{
    char version[64];
    h2k_xml_start(e->x, "OperatingSystemSection");
    h2k_xml_attribute_number(e->x, "ovf:id",
                             h2k_guest_id_cim(e->vm->guest_id));
    h2k_xml_attribute(e->x, "ovf:version", h2k_vm_os_version(e->vm, version));
    h2k_xml_attribute(e->x, "vmw:osType", e->vm->guest_id);
    h2k_xml_element(e->x, "Info", "The guest operating system");
    h2k_xml_element(e->x, "Description", e->vm->guest_full_name);
    h2k_xml_end(e->x);
}

static void
write_family(struct envelope *e)
{
    h2k_xml_start(e->x, "System");
    h2k_xml_element(e->x, "vssd:ElementName", "Virtual Hardware Family");
    h2k_xml_element(e->x, "vssd:InstanceID", "0");
    h2k_xml_element(e->x, "vssd:VirtualSystemIdentifier", e->vm->name);
    h2k_xml_element(e->x, "vssd:VirtualSystemType", e->vm->hardware_version);
    h2k_xml_end(e->x);
}

static void
write_cpu(struct envelope *e)
{
    if (e->vm->cpus == 0)
        return;
    h2k_xml_start(e->x, "Item");
    h2k_xml_element(e->x, "rasd:AllocationUnits", "hertz * 10^6");
    h2k_xml_element(e->x, "rasd:Description", "Number of virtual CPUs");
    h2k_xml_element_format(e->x, "rasd:ElementName", "%u virtual CPU(s)",
                           e->vm->cpus);
    h2k_xml_element_number(e->x, "rasd:InstanceID", e->next_id++);
    h2k_xml_element_number(e->x, "rasd:ResourceType", RESOURCE_CPU);
    h2k_xml_element_number(e->x, "rasd:VirtualQuantity", e->vm->cpus);
    if (e->vm->cores_per_socket > 0) {
        h2k_xml_start(e->x, "vmw:CoresPerSocket");
        h2k_xml_attribute(e->x, "ovf:required", "false");
        h2k_xml_text_number(e->x, e->vm->cores_per_socket);
        h2k_xml_end(e->x);
    }
    h2k_xml_end(e->x);
}

static void
write_memory(struct envelope *e)
{
    if (e->vm->memory_mib == 0)
        return;
    h2k_xml_start(e->x, "Item");
    h2k_xml_element(e->x, "rasd:AllocationUnits", "byte * 2^20");
    h2k_xml_element(e->x, "rasd:Description", "Memory size");
    h2k_xml_element_format(e->x, "rasd:ElementName", "%ju MB of memory",
                           (uintmax_t)e->vm->memory_mib);
    h2k_xml_element_number(e->x, "rasd:InstanceID", e->next_id++);
    h2k_xml_element_number(e->x, "rasd:ResourceType", RESOURCE_MEMORY);
    h2k_xml_element_number(e->x, "rasd:VirtualQuantity", e->vm->memory_mib);
    h2k_xml_end(e->x);
}

static const struct bus {
    const char *name;
    enum resource resource;
    const char *subtype; /* where the VM does not say */
} buses[] = {
    [H2K_VM_BUS_UNKNOWN] = { "SCSI", RESOURCE_SCSI, "lsilogic" },
    [H2K_VM_BUS_IDE] = { "IDE", RESOURCE_IDE, NULL },
    [H2K_VM_BUS_SATA] = { "SATA", RESOURCE_STORAGE, "vmware.sata.ahci" },
    [H2K_VM_BUS_SCSI] = { "SCSI", RESOURCE_SCSI, "lsilogic" },
    [H2K_VM_BUS_NVME] = { "NVMe", RESOURCE_STORAGE, "vmware.nvme.controller" },
};

/* VMware's importers know its AHCI controller by one name only. */
static const char *
subtype_of(const struct h2k_vm_disk *disk)
{
    if (disk->controller == NULL || disk->bus == H2K_VM_BUS_SATA)
        return buses[disk->bus].subtype;
    return disk->controller;
}

static bool
same_controller(const struct h2k_vm_disk *a, const struct h2k_vm_disk *b)
{
    return a->bus == b->bus && a->bus_number == b->bus_number;
}

/* The first file whose disk is on the controller of FILE's disk. */
static size_t
first_on_controller(const struct envelope *e, size_t file)
{
    size_t i = 0;
    while (e->files[i].disk == NULL ||
           !same_controller(e->files[i].disk, e->files[file].disk))
        i++;
    return i;
}

static bool
brings_controller(const struct envelope *e, size_t file)
{
    return e->files[file].disk != NULL && first_on_controller(e, file) == file;
}

/* The InstanceID of the controller of FILE's disk: they count from FIRST_ID,
 * before all disks, in the order in which the disks bring them. */
static unsigned
controller_id(const struct envelope *e, size_t file, unsigned first_id)
{
    unsigned id = first_id;
    size_t first = first_on_controller(e, file);
    for (size_t i = 0; i < first; i++)
        id += brings_controller(e, i);
    return id;
}

static void
write_controller(struct envelope *e, const struct h2k_vm_disk *disk)
{
    const struct bus *bus = &buses[disk->bus];
    h2k_xml_start(e->x, "Item");
    h2k_xml_element_number(e->x, "rasd:Address", disk->bus_number);
    h2k_xml_element_format(e->x, "rasd:Description", "%s controller",
                           bus->name);
    h2k_xml_element_format(e->x, "rasd:ElementName", "%s controller %u",
                           bus->name, disk->bus_number);
    h2k_xml_element_number(e->x, "rasd:InstanceID", e->next_id++);
    h2k_xml_element(e->x, "rasd:ResourceSubType", subtype_of(disk));
    h2k_xml_element_number(e->x, "rasd:ResourceType", bus->resource);
    h2k_xml_end(e->x);
}

static void
write_disk_item(struct envelope *e, size_t file, unsigned parent)
{
    const struct h2k_vm_disk *disk = e->files[file].disk;
    h2k_xml_start(e->x, "Item");
    h2k_xml_element_number(e->x, "rasd:AddressOnParent", disk->unit);
    if (disk->label != NULL)
        h2k_xml_element(e->x, "rasd:ElementName", disk->label);
    else
        h2k_xml_element_format(e->x, "rasd:ElementName", "Hard disk %zu",
                               file + 1);
    h2k_xml_element_format(e->x, "rasd:HostResource", "ovf:/disk/vmdisk%zu",
                           file + 1);
    h2k_xml_element_number(e->x, "rasd:InstanceID", e->next_id++);
    h2k_xml_element_number(e->x, "rasd:Parent", parent);
    h2k_xml_element_number(e->x, "rasd:ResourceType", RESOURCE_DISK);
    h2k_xml_end(e->x);
}

static void
write_storage(struct envelope *e)
{
    unsigned first_id = e->next_id;
    for (size_t i = 0; i < e->count; i++)
        if (brings_controller(e, i))
            write_controller(e, e->files[i].disk);
    for (size_t i = 0; i < e->count; i++)
        if (e->files[i].disk != NULL)
            write_disk_item(e, i, controller_id(e, i, first_id));
}

/* The first slots of VMware's bus are taken, which is why its own exports
 * count NICs from 7; only their order means something. */
static void
write_nic(struct envelope *e, size_t i)
{
    const struct h2k_vm_nic *nic = &e->vm->nics[i];
    h2k_xml_start(e->x, "Item");
    h2k_xml_element(e->x, "rasd:Address", nic->mac);
    h2k_xml_element_number(e->x, "rasd:AddressOnParent", 7 + i);
    h2k_xml_element(e->x, "rasd:AutomaticAllocation",
                    nic->connected ? "true" : "false");
    h2k_xml_element(e->x, "rasd:Connection", nic->network);
    h2k_xml_element_format(e->x, "rasd:Description", "%s Ethernet adapter",
                           nic->model == NULL ? "An" : nic->model);
    if (nic->label != NULL)
        h2k_xml_element(e->x, "rasd:ElementName", nic->label);
    else
        h2k_xml_element_format(e->x, "rasd:ElementName", "Network adapter %zu",
                               i + 1);
    h2k_xml_element_number(e->x, "rasd:InstanceID", e->next_id++);
    h2k_xml_element(e->x, "rasd:ResourceSubType", nic->model);
    h2k_xml_element_number(e->x, "rasd:ResourceType", RESOURCE_ETHERNET);
    h2k_xml_end(e->x);
}

/* VMware's own settings: a reader that does not know them may go on. */
static void
write_vmware(struct envelope *e, const char *element, const char *key,
             const char *value)
{
    h2k_xml_start(e->x, element);
    h2k_xml_attribute(e->x, "ovf:required", "false");
    h2k_xml_attribute(e->x, "vmw:key", key);
    h2k_xml_attribute(e->x, "vmw:value", value);
    h2k_xml_end(e->x);
}

static void
write_settings(struct envelope *e)
{
    if (e->vm->firmware != H2K_VM_FIRMWARE_UNKNOWN)
        write_vmware(e, "vmw:Config", "firmware",
                     e->vm->firmware == H2K_VM_UEFI ? "efi" : "bios");
    if (e->vm->firmware == H2K_VM_UEFI)
        write_vmware(e, "vmw:Config", "bootOptions.efiSecureBootEnabled",
                     e->vm->secure_boot ? "true" : "false");
    for (size_t i = 0; i < e->count; i++) {
        const char *dot = strrchr(e->files[i].name, '.');
        char reference[40];
        if (dot == NULL || strcmp(dot, ".nvram") != 0)
            continue;
        snprintf(reference, sizeof(reference), "ovf:/file/file%zu", i + 1);
        write_vmware(e, "vmw:ExtraConfig", "nvram", reference);
    }
}

static void
write_hardware(struct envelope *e)
{
    h2k_xml_start(e->x, "VirtualHardwareSection");
    h2k_xml_element(e->x, "Info", "Virtual hardware");
    write_family(e);
    e->next_id = 1;
    write_cpu(e);
    write_memory(e);
    write_storage(e);
    for (size_t i = 0; i < e->vm->nic_count; i++)
        write_nic(e, i);
    write_settings(e);
    h2k_xml_end(e->x);
}

static void
write_annotation(struct envelope *e)
{
    if (e->vm->annotation == NULL || *e->vm->annotation == '\0')
        return;
    h2k_xml_start(e->x, "AnnotationSection");
    h2k_xml_attribute(e->x, "ovf:required", "false");
    h2k_xml_element(e->x, "Info", "Notes about the virtual machine");
    h2k_xml_element(e->x, "Annotation", e->vm->annotation);
    h2k_xml_end(e->x);
}

static void
write_machine(struct envelope *e)
{
    const char *name = e->vm->name == NULL ? "vm" : e->vm->name;
    h2k_xml_start(e->x, "VirtualSystem");
    h2k_xml_attribute(e->x, "ovf:id", name);
    h2k_xml_element(e->x, "Info", "A virtual machine");
    h2k_xml_element(e->x, "Name", name);
    write_system(e);
    write_hardware(e);
    write_annotation(e);
    h2k_xml_end(e->x);
}

char *
h2k_ovf_write(const struct h2k_vm *vm, const struct h2k_ovf_file *files,
              size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!h2k_export_name_is_safe(files[i].name))
            return h2k_fail_null(H2K_E_RANGE, "%s: cannot stand in an OVF",
                                 files[i].name);
    H2K_AUTO(h2k_xml_writer) x = h2k_xml_writer_new();
    if (x == NULL)
        return NULL;
    struct envelope e = { .x = x, .vm = vm, .files = files, .count = count };
    write_root(&e);
    write_references(&e);
    write_disks(&e);
    write_networks(&e);
    write_machine(&e);
    h2k_xml_end(x);
    return h2k_xml_finish(x);
}
