/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/devices.h"

#include "base/checked.h"
#include "base/error.h"
#include "provider/vsphere/internal.h"

#include <ctype.h>
#include <string.h>

#define NICS_MAX 256

static const struct {
    const char *type;
    const char *model; /* rasd:ResourceSubType */
} models[] = {
    { "VirtualVmxnet3", "VmxNet3" }, { "VirtualVmxnet3Vrdma", "VmxNet3" },
    { "VirtualVmxnet2", "Vmxnet2" }, { "VirtualVmxnet", "Vmxnet2" },
    { "VirtualE1000", "E1000" },     { "VirtualE1000e", "E1000e" },
    { "VirtualPCNet32", "PCNet32" }, { "VirtualSriovEthernetCard", "SRIOV" },
    { "VirtualEthernetCard", NULL }, /* a kind that is newer than our API */
};
#define MODEL_COUNT (sizeof(models) / sizeof(*models))

static size_t
model_of(const xmlNode *device)
{
    const char *type = h2k_soap_type(device);
    size_t i = 0;
    while (i < MODEL_COUNT && (type == NULL || strcmp(type, models[i].type)))
        i++;
    return i;
}

static const xmlNode *
first_device(const xmlNode *devices)
{
    const xmlNode *item = h2k_soap_child(devices, "VirtualDevice");
    return item != NULL ? item : h2k_soap_child(devices, "device");
}

static int32_t
key_of(const xmlNode *device)
{
    int64_t key = -1;
    h2k_soap_get_i64(h2k_soap_child(device, "key"), INT32_MIN, INT32_MAX,
                     &key);
    return (int32_t)key;
}

/* Six octets with ':' between, in lower case; NULL for anything else. */
static int
read_mac(const char *text, char **mac)
{
    *mac = NULL;
    if (text == NULL || strlen(text) != 17)
        return 0;
    for (int i = 0; i < 17; i++)
        if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
            return 0;
    *mac = strdup(text);
    if (*mac == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (char *c = *mac; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return 0;
}

static struct h2k_nic_network
network_of(const xmlNode *device)
{
    const xmlNode *backing = h2k_soap_child(device, "backing");
    return (struct h2k_nic_network){
        .port_group = h2k_soap_get_at(backing, "port.portgroupKey"),
        .opaque = h2k_soap_get_at(backing, "opaqueNetworkId"),
    };
}

struct h2k_nic_network
h2k_nic_network(const xmlNode *devices, int32_t key)
{
    const xmlNode *device = first_device(devices);
    while (device != NULL && key_of(device) != key)
        device = h2k_soap_next(device);
    return network_of(device);
}

static int
read_network(const xmlNode *device, struct h2k_vm_nic *nic)
{
    struct h2k_nic_network foreign = network_of(device);
    const char *name = h2k_soap_get_at(device, "backing.deviceName");
    if (name == NULL)
        name =
            foreign.port_group != NULL ? foreign.port_group : foreign.opaque;
    nic->network = name == NULL ? NULL : h2k_vsphere_name(name);
    return name != NULL && nic->network == NULL ? -1 : 0;
}

static int
read_nic(const xmlNode *device, const char *model, enum h2k_vm_power power,
         struct h2k_vm_nic *nic)
{
    nic->key = key_of(device);
    nic->connected = h2k_soap_get_bool(h2k_soap_at(
        device, power == H2K_VM_ON ? "connectable.connected"
                                   : "connectable.startConnected"));
    nic->model = model == NULL ? NULL : strdup(model);
    if (model != NULL && nic->model == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (read_mac(h2k_soap_get_at(device, "macAddress"), &nic->mac) < 0 ||
        read_network(device, nic) < 0)
        return -1;
    return h2k_soap_copy_at(device, "deviceInfo.label", &nic->label);
}

static struct h2k_vm_nic *
add_nic(struct h2k_vm *vm)
{
    size_t count = vm->nic_count;
    if (count == NICS_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "more than %d network cards",
                             NICS_MAX);
    if (count == 0 || h2k_is_power_of_two(count)) {
        void *nics = reallocarray(vm->nics, count == 0 ? 1 : count * 2,
                                  sizeof(*vm->nics));
        if (nics == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        vm->nics = nics;
    }
    vm->nics[count] = (struct h2k_vm_nic){ 0 };
    vm->nic_count++;
    return &vm->nics[count];
}

static int
by_key(const void *a, const void *b)
{
    const struct h2k_vm_nic *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

int
h2k_nics_read(const xmlNode *devices, struct h2k_vm *vm)
{
    for (const xmlNode *device = first_device(devices); device != NULL;
         device = h2k_soap_next(device)) {
        size_t model = model_of(device);
        if (model == MODEL_COUNT)
            continue;
        struct h2k_vm_nic *nic = add_nic(vm);
        if (nic == NULL ||
            read_nic(device, models[model].model, vm->power, nic) < 0)
            return -1;
    }
    if (vm->nic_count > 1)
        qsort(vm->nics, vm->nic_count, sizeof(*vm->nics), by_key);
    return 0;
}
