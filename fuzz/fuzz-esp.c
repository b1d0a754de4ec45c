/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * EFI system partitions: the header of a program, and what the edit "uefi"
 * makes for the path that any firmware starts from.
 *
 * The input's first byte says what the guest is; then come programs, each
 * with a byte for its directory, its name, its machine and how many bytes of
 * the input are in it.  What the edit makes is a copy of a program that is
 * there, for a machine of its name, and it is made once.
 */
#include "fs/memory.h"
#include "guest/boot/esp.h"
#include "guest/fix/edits.h"

#include "base/endian.h"
#include "rewrite.h"

#include <stdio.h>

#define PE 64 /* where a header of ours stands */
#define PROGRAM_MAX (PE + 8 + 256)

static const char *const distros[] = { NULL,   "debian", "rhel",
                                       "arch", "fedora", "opensuse-leap" };
static const char *const directories[] = {
    "debian",   "fedora",    "BOOT",  "boot",  "redhat",
    "opensuse", "Microsoft", "tools", "Linux", "systemd",
};
static const char *const names[] = {
    "shimx64.efi", "grubx64.efi",  "mmx64.efi",   "systemd-bootx64.efi",
    "x.efi",       "Y.EFI",        "BOOTX64.EFI", "fbx64.efi",
    "shim.efi",    "grubaa64.efi", ".efi",        "grub.cfg",
};
static const uint16_t machines[] = { 0x8664, 0x014c, 0xaa64, 0x01c2, 0x5064 };
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
check(bool good)
{
    if (!good)
        abort();
}

static void
put(struct h2k_root *root, const char *path, const void *data, size_t size)
{
    h2k_autofree char *folder = strdup(path);
    check(folder != NULL);
    *strrchr(folder, '/') = '\0';
    check(h2k_root_mkdirs(root, folder, 0755) == 0 &&
          h2k_root_write_file(root, path, data, size, 0644) == 0);
}

/* One program of the input; what is behind it. */
static const uint8_t *
put_program(struct h2k_root *root, const uint8_t *at, size_t *left)
{
    char path[64];
    uint8_t bytes[PROGRAM_MAX] = { 0 };
    size_t length = at[3] < *left - 4 ? at[3] : *left - 4, size = 0;
    snprintf(path, sizeof(path), "/EFI/%s/%s",
             directories[at[0] % COUNT(directories)],
             names[at[1] % COUNT(names)]);
    if (at[2] < COUNT(machines)) {
        memcpy(bytes, "MZ", 2);
        h2k_put_le32(bytes + 0x3c, PE);
        memcpy(bytes + PE, "PE", 3);
        h2k_put_le16(bytes + PE + 4, machines[at[2]]);
        size = PE + 8;
    }
    memcpy(bytes + size, at + 4, length);
    put(root, path, bytes, size + length);
    *left -= 4 + length;
    return at + 4 + length;
}

static struct h2k_fs *
make_partition(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    check(root != NULL && h2k_root_mkdirs(root, "/EFI", 0755) == 0);
    while (size >= 4)
        data = put_program(root, data, &size);
    return h2k_steal(fs);
}

static void
add(struct h2k_guest *guest, struct h2k_fs *fs, const char *type,
    const char *fs_type)
{
    struct h2k_guest_volume volume = { .fs = fs };
    snprintf(volume.type, sizeof(volume.type), "%s", type);
    volume.fs_info.type = fs_type;
    check(h2k_guest_add_volume(guest, &volume) == 0);
}

static int
run(struct h2k_guest *guest, struct h2k_fix_result *result)
{
    static const struct h2k_edit *const edits[] = { &h2k_edit_uefi, NULL };
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix fix = { .guest = guest,
                           .root = guest->root,
                           .devices = fuzz_devices,
                           .options = &options,
                           .result = result };
    return h2k_fix_run_edits(&fix, edits);
}

/* The loader that the decisions name is one, and is where they say. */
static void
check_decision(struct h2k_root *root, const char *distro)
{
    char vendor[H2K_NAME_MAX + 1], loader[H2K_NAME_MAX + 1], path[600];
    char arch[H2K_EFI_ARCH], found[H2K_NAME_MAX + 1];
    h2k_autofree char *data = NULL;
    size_t size;
    if (h2k_esp_vendor(root, distro, vendor) != 1)
        return;
    check(strcasecmp(vendor, "BOOT") != 0 &&
          h2k_esp_find(root, "/EFI", vendor, found));
    check(h2k_esp_loader(root, vendor, loader, arch) == 1);
    snprintf(path, sizeof(path), "/EFI/%s/%s", vendor, loader);
    check(h2k_root_read_file(root, path, PROGRAM_MAX, &data, &size) == 0);
    const char *own = h2k_efi_arch(data, size);
    check(own != NULL && strcmp(own, arch) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_fix_result first = { 0 }, second = { 0 };
    h2k_efi_arch(data, size);
    if (size == 0)
        return 0;
    const char *distro = distros[data[0] % COUNT(distros)];
    char release[32];
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    struct h2k_fs *system = h2k_memfs_new(1 << 16);
    struct h2k_fs *partition = make_partition(data + 1, size - 1);
    H2K_AUTO(h2k_root) esp = h2k_root_new(partition);
    check(guest != NULL && system != NULL && esp != NULL);
    add(guest, system, "", "ext4");
    add(guest, partition, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "vfat");
    guest->root_volume = &guest->volumes[0];
    guest->root = h2k_root_new(system);
    check(guest->root != NULL);
    snprintf(release, sizeof(release), "ID=%s\n", distro);
    if (distro != NULL)
        put(guest->root, "/etc/os-release", release, strlen(release));
    check_decision(esp, distro);
    check(run(guest, &first) == 0 && run(guest, &second) == 0);
    check(second.change_count == 0);
    h2k_fix_result_free(&first);
    h2k_fix_result_free(&second);
    return 0;
}
