/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One file of a guest's configuration, which the first byte chooses, and the
 * inspection of the guest that has it. */
#include "block/memory.h"
#include "fs/memory.h"
#include "guest/fstab-read.h"
#include "guest/inspect/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
    "/etc/fstab",
    "/etc/os-release",
    "/etc/hostname",
    "/etc/selinux/config",
    "/etc/network/interfaces",
    "/etc/systemd/network/a.network",
    "/etc/netplan/a.yaml",
    "/etc/NetworkManager/system-connections/a",
    "/etc/sysconfig/network-scripts/ifcfg-a",
    "/bin/sh",
    "/boot/vmlinuz-1",
    "/boot/config-1",
    "/boot/grub/grub.cfg",
    "/boot/grub/grubenv",
    "/etc/redhat-release",
    "/etc/SuSE-release",
    "/etc/lsb-release",
    "/etc/debian_version",
    "/etc/photon-release",
};

static void
put(struct h2k_root *root, const char *path, const void *data, size_t size)
{
    char *parent = strdup(path);
    char *slash = parent == NULL ? NULL : strrchr(parent, '/');
    if (slash != NULL) {
        *slash = '\0';
        h2k_root_mkdirs(root, parent, 0755);
        h2k_root_write_file(root, path, data, size, 0644);
    }
    free(parent);
}

/* A tree with a little of everything, and the fuzzed file in it. */
static struct h2k_fs *
make_tree(const char *path, const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 26);
    if (fs == NULL)
        return NULL;
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    if (root == NULL)
        return NULL;
    h2k_root_mkdirs(root, "/usr/sbin", 0755);
    put(root, "/etc/fstab", "/dev/sda1 / ext4 x 0 0\n", 23);
    put(root, "/boot/vmlinuz-1", "", 0);
    put(root, "/boot/vmlinuz-2.10", "", 0);
    put(root, "/boot/grub/grub.cfg", "set default=\"${saved_entry}\"\n", 29);
    put(root, path, data, size);
    return h2k_steal(fs);
}

/* The places in the text must be the text's own. */
static void
walk_fstab(const uint8_t *data, size_t size)
{
    struct h2k_fstab_cursor cursor = { .text = (const char *)data,
                                       .size = size };
    struct h2k_fstab_entry entry;
    size_t behind = 0;
    while (h2k_fstab_next(&cursor, &entry)) {
        if (entry.spec_at < behind || entry.spec_len == 0 ||
            !h2k_range_inside(entry.spec_at, entry.spec_len, size))
            abort();
        behind = entry.spec_at + entry.spec_len;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *path = files[data[0] % (sizeof(files) / sizeof(*files))];
    if (path == files[0])
        walk_fstab(data + 1, size - 1);
    struct h2k_guest_volume volume = {
        .fs_info = { .type = "ext4", .mountable = true },
        .length = 1 << 20,
        .partition = 1,
        .fs = make_tree(path, data + 1, size - 1),
    };
    struct h2k_inspection inspection = { 0 };
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    if (guest == NULL || h2k_guest_add_volume(guest, &volume) < 0)
        return 0;
    if (h2k_guest_assemble(guest) == 0)
        h2k_inspect(guest, &inspection);
    h2k_inspection_free(&inspection);
    return 0;
}
