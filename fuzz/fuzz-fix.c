/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * FIX on a small tree in which one file is the input behind its first byte,
 * which says what file.  Afterwards the tree is one that FIX leaves alone,
 * and files that no edit is about are as they were.
 */
#include "fs/memory.h"
#include "guest/fix/edits.h"

#include "rewrite.h"

static const char *const files[] = {
    "/etc/fstab",
    "/etc/crypttab",
    "/boot/grub/grub.cfg",
    "/etc/default/grub",
    "/etc/kernel/cmdline",
    "/etc/initramfs-tools/conf.d/resume",
    "/etc/initramfs-tools/modules",
    "/etc/modprobe.d/local.conf",
    "/etc/X11/xorg.conf",
    "/etc/modules",
    "/etc/vmware-tools/locations",
    "/boot/grub/device.map",
    "/etc/lvm/lvm.conf",
    "/etc/lvm/devices/system.devices",
    "/boot/loader/entries/entry.conf",
    "/boot/grub/grubenv",
    "/etc/dracut.conf",
    "/etc/mkinitcpio.conf",
    "/etc/xdg/autostart/vmware-user.desktop",
};
#define FILES (sizeof(files) / sizeof(files[0]))

static const char *const bystanders[] = { "/etc/passwd", "/usr/bin/sh" };

static const struct h2k_edit *const edits[] = {
    &h2k_edit_fstab,
    &h2k_edit_crypttab,
    &h2k_edit_grub,
    &h2k_edit_resume,
    &h2k_edit_modprobe,
    &h2k_edit_xorg,
    &h2k_edit_vmware_tools,
    &h2k_edit_lvm,
    &h2k_edit_loader_entries,
    &h2k_edit_network,
    NULL,
};

/* Make PATH; what cannot be made is a defect of this file. */
static void
put(struct h2k_root *root, const char *path, const void *data, size_t size)
{
    h2k_autofree char *folder = strdup(path);
    *strrchr(folder, '/') = '\0';
    if (h2k_root_mkdirs(root, folder, 0755) < 0 ||
        h2k_root_write_file(root, path, data, size, 0644) < 0)
        abort();
}

/* 0 when FIX took the tree; *CHANGES made. */
static int
run(struct h2k_root *root, int64_t now, size_t *changes)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result = { 0 };
    options.remove_vmware_tools = true;
    options.print_fstab = true;
    options.now = now;
    struct h2k_fix fix = { .root = root,
                           .devices = fuzz_devices,
                           .options = &options,
                           .result = &result };
    int rc = h2k_fix_run_edits(&fix, edits);
    *changes = result.change_count + result.changes_left_out;
    h2k_fix_result_free(&result);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    size_t changes;
    if (size == 0)
        return 0;
    for (size_t i = 0; i < sizeof(bystanders) / sizeof(bystanders[0]); i++)
        put(root, bystanders[i], "x", 1);
    put(root, "/usr/bin/vmware-x", "x", 1);
    put(root, files[data[0] % FILES], data + 1, size - 1);
    if (run(root, 1770000000, &changes) < 0)
        return 0;
    for (size_t i = 0; i < sizeof(bystanders) / sizeof(bystanders[0]); i++)
        if (!h2k_root_exists(root, bystanders[i]))
            abort();
    if (run(root, 1770000001, &changes) < 0 || changes != 0)
        abort();
    return 0;
}
