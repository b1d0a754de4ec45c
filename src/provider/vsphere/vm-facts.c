/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/vm-facts.h"

#include "provider/vsphere/custom.h"
#include "provider/vsphere/devices.h"
#include "provider/vsphere/row.h"

#include "base/error.h"

#include <stddef.h>
#include <string.h>

const char *const h2k_vm_facts_paths[] = {
    "name",
    "parent",
    "parentVApp",
    "runtime.powerState",
    "runtime.host",
    "config.uuid",
    "config.annotation",
    "config.changeVersion",
    "config.template",
    "config.version",
    "config.firmware",
    "config.guestId",
    "config.guestFullName",
    "config.hardware",
    "config.bootOptions",
    "config.keyId",
    "guest.guestId",
    "guest.guestFullName",
    "guest.hostName",
    "guest.toolsRunningStatus",
    "snapshot",
    "summary.storage.committed",
    "customValue",
    "network",
    NULL,
};

/* ---- Texts ---- */

static const struct {
    const char *path;
    size_t offset;
} texts[] = {
    { "config.uuid", offsetof(struct h2k_vm, uuid) },
    { "config.annotation", offsetof(struct h2k_vm, annotation) },
    { "config.changeVersion", offsetof(struct h2k_vm, change_version) },
    { "config.version", offsetof(struct h2k_vm, hardware_version) },
    { "config.guestId", offsetof(struct h2k_vm, guest_id) },
    { "config.guestFullName", offsetof(struct h2k_vm, guest_full_name) },
    { "guest.guestId", offsetof(struct h2k_vm, tools_guest_id) },
    { "guest.guestFullName", offsetof(struct h2k_vm, tools_guest_name) },
    { "guest.hostName", offsetof(struct h2k_vm, tools_hostname) },
};

/* Empty is not said. */
static int
read_texts(const struct h2k_object *object, struct h2k_vm *vm)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        const char *text = h2k_object_text(object, texts[i].path);
        char **to = (char **)((char *)vm + texts[i].offset);
        if (text == NULL || *text == '\0')
            continue;
        *to = strdup(text);
        if (*to == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return 0;
}

/* ---- Where it is ---- */

static int
copy(const char *text, char **to)
{
    *to = text == NULL ? NULL : strdup(text);
    return text != NULL && *to == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                                       : 0;
}

/* The datacenter as a URL's dcPath has it: its path without the first '/'. */
static int
read_datacenter(const struct h2k_tree *tree, const char *parent,
                struct h2k_vm *vm)
{
    const struct h2k_tree_node *node = h2k_tree_datacenter(tree, parent);
    if (node == NULL)
        return 0;
    h2k_autofree char *path = h2k_tree_path(tree, node->id, NULL);
    if (path == NULL)
        return -1;
    return copy(path + (*path == '/'), &vm->datacenter);
}

static int
read_place(const struct h2k_object *object, const struct h2k_tree *tree,
           struct h2k_vm *vm)
{
    const char *name = h2k_object_text(object, "name");
    const char *parent = h2k_soap_get(h2k_tree_vm_parent(object));
    const struct h2k_tree_node *host =
        h2k_tree_find(tree, h2k_object_text(object, "runtime.host"));
    if (name == NULL)
        name = object->id;
    vm->name = h2k_vsphere_name(name);
    vm->path = h2k_tree_path(tree, parent, name);
    if (vm->name == NULL || vm->path == NULL ||
        copy(object->id, &vm->id) < 0 ||
        copy(host == NULL ? NULL : host->name, &vm->host) < 0)
        return -1;
    return read_datacenter(tree, parent, vm);
}

/* ---- What it is ---- */

static int64_t
number(const struct h2k_object *object, const char *path, int64_t most)
{
    int64_t n = 0;
    h2k_soap_get_i64(h2k_object_get(object, path), 0, most, &n);
    return n;
}

static bool
says(const struct h2k_object *object, const char *path, const char *word)
{
    const char *text = h2k_object_text(object, path);
    return text != NULL && strcmp(text, word) == 0;
}

static bool
is_true(const struct h2k_object *object, const char *path)
{
    return h2k_soap_get_bool(h2k_object_get(object, path));
}

static enum h2k_vm_firmware
read_firmware(const struct h2k_object *object)
{
    if (says(object, "config.firmware", "efi"))
        return H2K_VM_UEFI;
    return says(object, "config.firmware", "bios") ? H2K_VM_BIOS
                                                   : H2K_VM_FIRMWARE_UNKNOWN;
}

static void
read_numbers(const struct h2k_object *object, struct h2k_vm *vm)
{
    const xmlNode *hardware = h2k_object_get(object, "config.hardware");
    vm->power = h2k_power_read(h2k_object_get(object, "runtime.powerState"));
    vm->committed =
        (uint64_t)number(object, "summary.storage.committed", INT64_MAX);
    vm->cpus = (unsigned)number(object, "config.hardware.numCPU", 65536);
    vm->cores_per_socket =
        (unsigned)number(object, "config.hardware.numCoresPerSocket", 65536);
    vm->memory_mib =
        (uint64_t)number(object, "config.hardware.memoryMB", INT32_MAX);
    vm->firmware = read_firmware(object);
    vm->secure_boot =
        is_true(object, "config.bootOptions.efiSecureBootEnabled");
    vm->is_template = is_true(object, "config.template");
    vm->has_tpm = h2k_devices_have_tpm(hardware);
    vm->encrypted = h2k_object_get(object, "config.keyId") != NULL ||
                    h2k_devices_are_encrypted(hardware);
    vm->tools_running =
        says(object, "guest.toolsRunningStatus", "guestToolsRunning");
    vm->has_snapshots =
        h2k_object_get(object, "snapshot.rootSnapshotList") != NULL;
}

struct h2k_vm *
h2k_vm_facts_read(const struct h2k_object *object, const struct h2k_tree *tree,
                  const xmlNode *fields)
{
    const xmlNode *hardware = h2k_object_get(object, "config.hardware");
    const xmlNode *boot = h2k_object_get(object, "config.bootOptions");
    H2K_AUTO(h2k_vm) vm = calloc(1, sizeof(*vm));
    if (vm == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    read_numbers(object, vm);
    if (read_place(object, tree, vm) < 0 || read_texts(object, vm) < 0 ||
        h2k_disks_read(hardware, boot, vm) < 0 ||
        h2k_nics_read(hardware, vm) < 0)
        return NULL;
    vm->tags = h2k_custom_tags(fields, object, &vm->tag_count);
    return vm->tags == NULL ? NULL : h2k_steal(vm);
}
