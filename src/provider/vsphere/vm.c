/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Asking for all about one VM. */
#include "provider/vsphere/custom.h"
#include "provider/vsphere/devices.h"
#include "provider/vsphere/vm-facts.h"

#include "base/error.h"
#include "base/log.h"

#include <string.h>

/* ---- Names of networks that devices know by a key ---- */

static int
set_network(struct h2k_vm_nic *nic, const char *name)
{
    char *decoded = h2k_vsphere_name(name);
    if (decoded == NULL)
        return -1;
    free(nic->network);
    nic->network = decoded;
    return 0;
}

/* The key of a port group is its object's id. */
static int
name_port_group(struct h2k_vsphere *vs, const char *key,
                struct h2k_vm_nic *nic)
{
    static const char *const paths[] = { "name", NULL };
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_object group;
    if (h2k_vsphere_get(vs, "DistributedVirtualPortgroup", key, paths, &reply,
                        &group) < 0)
        return -1;
    const char *name = h2k_object_text(&group, "name");
    return name == NULL ? 0 : set_network(nic, name);
}

/* An opaque network has to be looked for among those of the VM. */
static int
name_opaque(struct h2k_vsphere *vs, const xmlNode *networks, const char *key,
            struct h2k_vm_nic *nic)
{
    static const char *const paths[] = { "name", "summary", NULL };
    h2k_soap_each (ref, networks, "ManagedObjectReference") {
        const char *type = h2k_soap_ref_type(ref);
        H2K_AUTO_SOAP reply = { 0 };
        struct h2k_object network;
        if (type == NULL || strcmp(type, "OpaqueNetwork") != 0)
            continue;
        if (h2k_vsphere_get(vs, type, h2k_soap_get(ref), paths, &reply,
                            &network) < 0)
            return -1;
        const char *id = h2k_object_text(&network, "summary.opaqueNetworkId");
        const char *name = h2k_object_text(&network, "name");
        if (id != NULL && name != NULL && strcmp(id, key) == 0)
            return set_network(nic, name);
    }
    return 0;
}

/* A name that may not be read is none: the key stays, and that is told. */
static int
name_networks(struct h2k_vsphere *vs, const struct h2k_object *object,
              struct h2k_vm *vm)
{
    const xmlNode *devices = h2k_object_get(object, "config.hardware");
    const xmlNode *networks = h2k_object_get(object, "network");
    for (size_t i = 0; i < vm->nic_count; i++) {
        struct h2k_vm_nic *nic = &vm->nics[i];
        struct h2k_nic_network by = h2k_nic_network(devices, nic->key);
        int rc = 0;
        if (by.port_group != NULL)
            rc = name_port_group(vs, by.port_group, nic);
        else if (by.opaque != NULL)
            rc = name_opaque(vs, networks, by.opaque, nic);
        if (rc < 0 && h2k_errcode() != H2K_E_SOURCE &&
            h2k_errcode() != H2K_E_NOENT)
            return -1;
        if (rc < 0)
            h2k_log(H2K_LOG_VERBOSE, "VM %s: %s: the network's name: %s",
                    vm->name, nic->label == NULL ? "a card" : nic->label,
                    h2k_errmsg());
    }
    return 0;
}

/* ---- The VM ---- */

static struct h2k_vm *
read_vm(struct h2k_vsphere *vs, const char *id)
{
    H2K_AUTO_SOAP reply = { 0 };
    H2K_AUTO_TREE tree = { 0 };
    H2K_AUTO_CUSTOM custom = { 0 };
    struct h2k_object object;
    if (h2k_vsphere_get(vs, "VirtualMachine", id, h2k_vm_facts_paths, &reply,
                        &object) < 0 ||
        h2k_tree_read_around(vs, &object, &tree) < 0)
        return NULL;
    if (h2k_object_get(&object, "customValue") != NULL &&
        h2k_custom_read(vs, &custom) < 0)
        return NULL;
    H2K_AUTO(h2k_vm) vm = h2k_vm_facts_read(&object, &tree, custom.fields);
    if (vm == NULL || name_networks(vs, &object, vm) < 0)
        return NULL;
    return h2k_steal(vm);
}

struct h2k_vm *
h2k_vsphere_vm(struct h2k_vsphere *vs, const char *id)
{
    struct h2k_vm *vm = read_vm(vs, id);
    if (vm == NULL)
        h2k_prefix("VM %s: ", id);
    return vm;
}
