/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/devices.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

#define DISKS_MAX 1024
#define CAPACITY_MAX (INT64_C(1) << 60)

/* ---- Controllers ---- */

static const struct controller {
    const char *type;
    enum h2k_vm_bus bus;
    const char *subtype; /* rasd:ResourceSubType */
} controllers[] = {
    { "ParaVirtualSCSIController", H2K_VM_BUS_SCSI, "VirtualSCSI" },
    { "VirtualLsiLogicSASController", H2K_VM_BUS_SCSI, "lsilogicsas" },
    { "VirtualLsiLogicController", H2K_VM_BUS_SCSI, "lsilogic" },
    { "VirtualBusLogicController", H2K_VM_BUS_SCSI, "buslogic" },
    { "VirtualAHCIController", H2K_VM_BUS_SATA, "AHCI" },
    { "VirtualSATAController", H2K_VM_BUS_SATA, "AHCI" },
    { "VirtualIDEController", H2K_VM_BUS_IDE, "PIIX4" },
    { "VirtualNVMEController", H2K_VM_BUS_NVME, "vmware.nvme.controller" },
};

static const struct controller *
controller_type(const xmlNode *device)
{
    const char *type = h2k_soap_type(device);
    for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++)
        if (type != NULL && strcmp(type, controllers[i].type) == 0)
            return &controllers[i];
    return NULL;
}

static int32_t
key_of(const xmlNode *device, const char *name)
{
    int64_t key = -1;
    h2k_soap_get_i64(h2k_soap_child(device, name), INT32_MIN, INT32_MAX, &key);
    return (int32_t)key;
}

static unsigned
small(const xmlNode *device, const char *name)
{
    int64_t number = 0;
    h2k_soap_get_i64(h2k_soap_child(device, name), 0, 65535, &number);
    return (unsigned)number;
}

/* The items of an array are called by their type when they stand in a
 * property of their own, and by the property's name inside another one. */
static const xmlNode *
first_device(const xmlNode *devices)
{
    const xmlNode *item = h2k_soap_child(devices, "VirtualDevice");
    return item != NULL ? item : h2k_soap_child(devices, "device");
}

static const xmlNode *
find_device(const xmlNode *devices, int32_t key)
{
    const xmlNode *device = first_device(devices);
    while (device != NULL && key_of(device, "key") != key)
        device = h2k_soap_next(device);
    return device;
}

/* ---- One disk ---- */

static bool
begins(const char *text, const char *with)
{
    return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

static bool
is_type(const xmlNode *node, const char *type)
{
    const char *found = h2k_soap_type(node);
    return found != NULL && strcmp(found, type) == 0;
}

static int
read_controller(const xmlNode *devices, const xmlNode *device,
                struct h2k_vm_disk *disk)
{
    const xmlNode *node =
        find_device(devices, key_of(device, "controllerKey"));
    const struct controller *type = controller_type(node);
    const char *sharing = h2k_soap_get_at(node, "sharedBus");
    disk->bus_number = small(node, "busNumber");
    disk->unit = small(device, "unitNumber");
    if (sharing != NULL && *sharing != '\0' &&
        strcmp(sharing, "noSharing") != 0)
        disk->shared = true;
    if (type == NULL)
        return 0;
    disk->bus = type->bus;
    disk->controller = strdup(type->subtype);
    return disk->controller != NULL ? 0
                                    : h2k_fail(H2K_E_NOMEM, "out of memory");
}

/* Older servers tell only KiB. */
static uint64_t
capacity_of(const xmlNode *device)
{
    int64_t bytes = 0;
    if (h2k_soap_get_i64(h2k_soap_child(device, "capacityInBytes"), 0,
                         CAPACITY_MAX, &bytes) &&
        bytes > 0)
        return (uint64_t)bytes;
    bytes = 0;
    h2k_soap_get_i64(h2k_soap_child(device, "capacityInKB"), 0,
                     CAPACITY_MAX / 1024, &bytes);
    return (uint64_t)bytes * 1024;
}

static int
read_backing(const xmlNode *backing, struct h2k_vm_disk *disk)
{
    const char *sharing = h2k_soap_get_at(backing, "sharing");
    disk->thin = h2k_soap_get_bool(h2k_soap_child(backing, "thinProvisioned"));
    disk->independent =
        begins(h2k_soap_get_at(backing, "diskMode"), "independent");
    disk->raw_mapped =
        begins(h2k_soap_type(backing), "VirtualDiskRawDisk") ||
        begins(h2k_soap_type(backing), "VirtualDiskPartitionedRawDisk");
    if (sharing != NULL && strcmp(sharing, "sharingMultiWriter") == 0)
        disk->shared = true;
    return h2k_soap_copy_at(backing, "fileName", &disk->backing);
}

static int
read_disk(const xmlNode *devices, const xmlNode *device,
          struct h2k_vm_disk *disk)
{
    disk->key = key_of(device, "key");
    disk->capacity = capacity_of(device);
    if (read_controller(devices, device, disk) < 0 ||
        read_backing(h2k_soap_child(device, "backing"), disk) < 0)
        return -1;
    return h2k_soap_copy_at(device, "deviceInfo.label", &disk->label);
}

/* ---- Their order ---- */

struct ordered {
    struct h2k_vm_disk disk;
    size_t rank; /* in the boot order; SIZE_MAX: not named */
    size_t index;
};

/* bootOrder has disks, cards and drives. */
static size_t
boot_rank(const xmlNode *boot, int32_t key)
{
    size_t rank = 0;
    h2k_soap_each (item, boot, "bootOrder") {
        if (is_type(item, "VirtualMachineBootOptionsBootableDiskDevice") &&
            key_of(item, "deviceKey") == key)
            return rank;
        rank++;
    }
    return SIZE_MAX;
}

static int
compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int
by_order(const void *a, const void *b)
{
    static const unsigned char buses[] = {
        [H2K_VM_BUS_SCSI] = 0, [H2K_VM_BUS_SATA] = 1,    [H2K_VM_BUS_NVME] = 2,
        [H2K_VM_BUS_IDE] = 3,  [H2K_VM_BUS_UNKNOWN] = 4,
    };
    const struct ordered *x = a, *y = b;
    int order = compare(x->rank, y->rank);
    if (order == 0)
        order = compare(buses[x->disk.bus], buses[y->disk.bus]);
    if (order == 0)
        order = compare(x->disk.bus_number, y->disk.bus_number);
    if (order == 0)
        order = compare(x->disk.unit, y->disk.unit);
    return order != 0 ? order : compare(x->index, y->index);
}

static int
sort_disks(const xmlNode *boot, struct h2k_vm *vm)
{
    if (vm->disk_count < 2)
        return 0;
    h2k_autofree struct ordered *list = calloc(vm->disk_count, sizeof(*list));
    if (list == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < vm->disk_count; i++)
        list[i] = (struct ordered){
            .disk = vm->disks[i],
            .rank = boot_rank(boot, vm->disks[i].key),
            .index = i,
        };
    qsort(list, vm->disk_count, sizeof(*list), by_order);
    for (size_t i = 0; i < vm->disk_count; i++)
        vm->disks[i] = list[i].disk;
    return 0;
}

/* ---- All ---- */

static struct h2k_vm_disk *
add_disk(struct h2k_vm *vm)
{
    size_t count = vm->disk_count;
    if (count == DISKS_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "more than %d disks", DISKS_MAX);
    if (count == 0 || h2k_is_power_of_two(count)) {
        void *disks = reallocarray(vm->disks, count == 0 ? 1 : count * 2,
                                   sizeof(*vm->disks));
        if (disks == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        vm->disks = disks;
    }
    vm->disks[count] = (struct h2k_vm_disk){ 0 };
    vm->disk_count++;
    return &vm->disks[count];
}

int
h2k_disks_read(const xmlNode *devices, const xmlNode *boot, struct h2k_vm *vm)
{
    for (const xmlNode *device = first_device(devices); device != NULL;
         device = h2k_soap_next(device)) {
        if (!is_type(device, "VirtualDisk"))
            continue;
        struct h2k_vm_disk *disk = add_disk(vm);
        if (disk == NULL || read_disk(devices, device, disk) < 0)
            return -1;
    }
    return sort_disks(boot, vm);
}

bool
h2k_devices_have_tpm(const xmlNode *devices)
{
    const xmlNode *device = first_device(devices);
    while (device != NULL && !is_type(device, "VirtualTPM"))
        device = h2k_soap_next(device);
    return device != NULL;
}

bool
h2k_devices_are_encrypted(const xmlNode *devices)
{
    const xmlNode *device = first_device(devices);
    while (device != NULL && h2k_soap_at(device, "backing.keyId") == NULL)
        device = h2k_soap_next(device);
    return device != NULL;
}
