/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vm.h"

#include "ovf/guest-id.h"

static void
free_disks(struct h2k_vm *vm)
{
    for (size_t i = 0; i < vm->disk_count; i++) {
        free(vm->disks[i].label);
        free(vm->disks[i].controller);
        free(vm->disks[i].backing);
    }
    free(vm->disks);
}

static void
free_nics(struct h2k_vm *vm)
{
    for (size_t i = 0; i < vm->nic_count; i++) {
        free(vm->nics[i].label);
        free(vm->nics[i].model);
        free(vm->nics[i].mac);
        free(vm->nics[i].network);
    }
    free(vm->nics);
}

void
h2k_vm_free(struct h2k_vm *vm)
{
    if (vm == NULL)
        return;
    char *texts[] = {
        vm->id,
        vm->name,
        vm->path,
        vm->uuid,
        vm->datacenter,
        vm->host,
        vm->annotation,
        vm->change_version,
        vm->hardware_version,
        vm->guest_id,
        vm->guest_full_name,
        vm->tools_guest_id,
        vm->tools_guest_name,
        vm->tools_hostname,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        free(texts[i]);
    free_disks(vm);
    free_nics(vm);
    for (size_t i = 0; i < vm->tag_count; i++)
        free(vm->tags[i]);
    free(vm->tags);
    free(vm);
}

/* What Tools found in the guest is newer than what somebody chose once,
 * where they know the system at all. */
static const char *
guest_id_of(const struct h2k_vm *vm)
{
    return h2k_guest_id_hint(vm->tools_guest_id) != NULL ? vm->tools_guest_id
                                                         : vm->guest_id;
}

const char *
h2k_vm_os_hint(const struct h2k_vm *vm)
{
    return h2k_guest_id_hint(guest_id_of(vm));
}

const char *
h2k_vm_os_version(const struct h2k_vm *vm, char text[64])
{
    return h2k_guest_id_version(guest_id_of(vm), text);
}
