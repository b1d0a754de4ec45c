/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a person should know of a VM before it moves. */
#include "base/buffer.h"
#include "provider/export-manifest.h"

struct warner {
    void (*warn)(void *opaque, const char *text);
    void *opaque;
};

__attribute__((format(printf, 2, 3))) static void
say(const struct warner *w, const char *format, ...)
{
    H2K_AUTO_BUFFER b = { 0 };
    va_list ap;
    va_start(ap, format);
    h2k_buffer_vaddf(&b, format, ap);
    va_end(ap);
    if (!b.failed)
        w->warn(w->opaque, h2k_buffer_text(&b));
}

static void
warn_of_machine(const struct warner *w, const struct h2k_vm *vm)
{
    if (vm->encrypted)
        say(w, "the VM is encrypted: its disks are exported as the server "
               "decrypts them, and its encryption policy stays behind");
    if (vm->has_tpm)
        say(w, "the VM has a virtual TPM, whose secrets stay behind: what "
               "was sealed with it (BitLocker, LUKS by systemd-cryptenroll) "
               "asks for its recovery key");
    if (vm->power == H2K_VM_SUSPENDED)
        say(w, "the VM is suspended: its memory stays behind, and the guest "
               "starts as after a power failure");
    if (vm->has_snapshots)
        say(w, "the VM has snapshots: the state of now is exported, the "
               "snapshots stay behind");
}

static void
warn_of_disk(const struct warner *w, const struct h2k_vm_disk *disk)
{
    const char *label = disk->label == NULL ? "a disk" : disk->label;
    if (disk->raw_mapped)
        say(w,
            "%s is a raw device mapping: its content is exported, the "
            "mapping to the storage stays behind",
            label);
    if (disk->independent)
        say(w,
            "%s is independent, so no snapshot holds it: export the VM "
            "while it is off, or its content is of another time than "
            "that of the other disks",
            label);
    if (disk->shared)
        say(w,
            "%s is shared with other VMs: what they write after the "
            "export is not in it",
            label);
}

static void
warn_of_nic(const struct warner *w, const struct h2k_vm_nic *nic)
{
    const char *label = nic->label == NULL ? "a network adapter" : nic->label;
    if (nic->mac == NULL)
        say(w,
            "%s has no MAC address yet: it gets one when it is first "
            "powered on",
            label);
    if (nic->network == NULL)
        say(w, "%s is on no network that could be read", label);
}

void
h2k_export_manifest_vm_warnings(const struct h2k_vm *vm,
                                void (*warn)(void *opaque, const char *text),
                                void *opaque)
{
    const struct warner w = { warn, opaque };
    warn_of_machine(&w, vm);
    for (size_t i = 0; i < vm->disk_count; i++)
        warn_of_disk(&w, &vm->disks[i]);
    for (size_t i = 0; i < vm->nic_count; i++)
        warn_of_nic(&w, &vm->nics[i]);
}
