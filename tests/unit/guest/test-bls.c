/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Boot loader entries: which kernels they name, which is the default, and
 * the devices in them. */
#include "guest/boot/bls.h"

#include "base/error.h"
#include "fs/memory.h"
#include "guest/fix/edits.h"

#include "fake-devices.h"
#include "memtree.h"
#include "tap.h"

#define ENTRIES "/boot/efi/loader/entries/"
#define ROOT "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04"
#define SWAP "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a03"

static const struct h2k_edit *const edits[] = { &h2k_edit_loader_entries,
                                                NULL };

/* As Debian's kernel-install makes them. */
static struct h2k_fs *
debian(void)
{
    struct h2k_fs *fs = h2k_memfs_new(4096);
    memtree_file(fs, "/boot/efi/loader/loader.conf", 0644,
                 "#timeout 3\ndefault debian-6.1.0-1*\n");
    memtree_file(fs, ENTRIES "debian-6.1.0-1.conf", 0644,
                 "title Debian\nversion 6.1.0-1\noptions root=/dev/sda4 ro "
                 "resume=/dev/sda3\nlinux /debian/6.1.0-1/linux\n"
                 "initrd /debian/6.1.0-1/microcode\n"
                 "initrd\t/debian/6.1.0-1/initrd.img-6.1.0-1\n");
    memtree_file(fs, ENTRIES "debian-6.1.0-9.conf", 0644,
                 "version 6.1.0-9\noptions root=" ROOT "\n"
                 "linux /debian/6.1.0-9/linux");
    memtree_file(fs, ENTRIES "gone.conf", 0644,
                 "linux /debian/5/linux\noptions root=/dev/sda4\n");
    memtree_file(fs, ENTRIES "README", 0644, "linux /x\n");
    memtree_file(fs, "/boot/efi/debian/6.1.0-1/linux", 0644, "kernel");
    memtree_file(fs, "/boot/efi/debian/6.1.0-1/microcode", 0644, "m");
    memtree_file(fs, "/boot/efi/debian/6.1.0-1/initrd.img-6.1.0-1", 0644, "i");
    memtree_file(fs, "/boot/efi/debian/6.1.0-9/linux", 0644, "kernel");
    return fs;
}

static void
test_kernels(void)
{
    H2K_AUTO(h2k_fs) fs = debian();
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(root);
    if (!ok(kernels != NULL && kernels->count == 2, "two kernels"))
        return;
    const struct h2k_kernel *k = &kernels->items[1];
    ok_string(kernels->items[0].version, "6.1.0-9");
    ok(kernels->items[0].initramfs_path == NULL, "one has no initramfs");
    ok_string(k->image, "/boot/efi/debian/6.1.0-1/linux");
    ok_string(k->initramfs_path,
              "/boot/efi/debian/6.1.0-1/initrd.img-6.1.0-1");
    ok(k->is_default, "loader.conf says which is the default");
}

/* Fedora: /boot is a filesystem or not, and the names are in /boot. */
static void
test_fedora(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(4096);
    memtree_file(fs, "/boot/loader/entries/a.conf", 0644,
                 "linux /boot/vmlinuz-6.1.0-1\n"
                 "initrd /boot/initramfs-6.1.0-1.img $tuned_initrd\n"
                 "options $kernelopts $tuned_params\n");
    memtree_file(fs, "/boot/vmlinuz-6.1.0-1", 0644, "kernel");
    memtree_file(fs, "/boot/initramfs-6.1.0-1.img", 0644, "i");
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(root);
    if (!ok(kernels != NULL && kernels->count == 1, "one kernel, once"))
        return;
    ok_string(kernels->items[0].version, "6.1.0-1");
    ok_string(kernels->items[0].initramfs_path, "/boot/initramfs-6.1.0-1.img");
}

static void
starts(struct h2k_fs *fs, const char *version)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(root);
    const struct h2k_kernel *k =
        kernels == NULL ? NULL : h2k_kernels_default(kernels);
    ok_string(k == NULL ? "none" : k->version, version);
}

/* Without a pattern: tries, sort-key, then the newest. */
static void
test_order(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(4096);
    memtree_file(fs, "/efi/a/linux", 0644, "kernel");
    memtree_file(fs, "/efi/b/linux", 0644, "kernel");
    memtree_file(fs, "/efi/c/linux", 0644, "kernel");
    memtree_file(fs, "/efi/loader/loader.conf", 0644, "default @saved\n");
    memtree_file(fs, "/efi/loader/entries/a.conf", 0644,
                 "version 6.1.0-1\nsort-key debian\nlinux /a/linux\n");
    memtree_file(fs, "/efi/loader/entries/b+0-3.conf", 0644,
                 "version 6.1.0-9\nsort-key debian\nlinux /b/linux\n");
    memtree_file(fs, "/efi/loader/entries/c.conf", 0644,
                 "version 9.9\nlinux /c/linux\n");
    starts(fs, "6.1.0-1");
    memtree_file(fs, "/efi/loader/entries/d+1-2.conf", 0644,
                 "version 6.1.0-5\nsort-key debian\nefi /b/linux\n");
    starts(fs, "6.1.0-9"); /* the same image by another entry */
    memtree_file(fs, "/efi/loader/loader.conf", 0644, "default c\n");
    starts(fs, "9.9");
    memtree_file(fs, "/efi/loader/loader.conf", 0644, "default b.conf\n");
    starts(fs, "6.1.0-9");
}

/* Of several that the pattern fits, the newest by the numbers in its name. */
static void
test_pattern(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(4096);
    memtree_file(fs, "/efi/vmlinuz-6.9.1", 0644, "kernel");
    memtree_file(fs, "/efi/vmlinuz-6.10.2", 0644, "kernel");
    memtree_file(fs, "/efi/vmlinuz-6.11.0-rc1", 0644, "kernel");
    memtree_file(fs, "/efi/loader/loader.conf", 0644, "default arch-*\n");
    memtree_file(fs, "/efi/loader/entries/arch-6.9.1.conf", 0644,
                 "linux /vmlinuz-6.9.1\n");
    memtree_file(fs, "/efi/loader/entries/arch-6.10.2.conf", 0644,
                 "linux /vmlinuz-6.10.2\n");
    memtree_file(fs, "/efi/loader/entries/test-6.11.conf", 0644,
                 "linux /vmlinuz-6.11.0-rc1\n");
    starts(fs, "6.10.2");
}

/* Several files on a line, as GRUB takes them; none, though one is beside. */
static void
test_initrds(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(4096);
    memtree_file(fs, "/boot/loader/entries/a.conf", 0644,
                 "linux /vmlinuz-6.1.0-1\n"
                 "initrd /intel-ucode.img /initramfs-6.1.0-1.img\n");
    memtree_file(fs, "/boot/loader/entries/b.conf", 0644,
                 "linux /vmlinuz-6.1.0-0\n");
    memtree_file(fs, "/boot/vmlinuz-6.1.0-1", 0644, "kernel");
    memtree_file(fs, "/boot/intel-ucode.img", 0644, "u");
    memtree_file(fs, "/boot/initramfs-6.1.0-1.img", 0644, "i");
    memtree_file(fs, "/boot/vmlinuz-6.1.0-0", 0644, "kernel");
    memtree_file(fs, "/boot/initramfs-6.1.0-0.img", 0644, "i");
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(root);
    if (!ok(kernels != NULL && kernels->count == 2, "two kernels"))
        return;
    ok_string(kernels->items[0].initramfs_path, "/boot/initramfs-6.1.0-1.img");
    ok(kernels->items[1].initramfs_path == NULL,
       "an entry without an initrd boots without one");
}

static int
run(struct h2k_fs *fs, struct h2k_fix_result *result)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    options.backup = false;
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix fix = { .root = root,
                           .devices = fake_devices,
                           .options = &options,
                           .result = result };
    *result = (struct h2k_fix_result){ 0 };
    return h2k_fix_run_edits(&fix, edits);
}

static void
content(struct h2k_fs *fs, const char *path, const char *expected)
{
    h2k_autofree char *text = memtree_text(fs, path);
    if (ok(text != NULL, "%s is there", path))
        same_text(text, expected);
}

static void
environment(char block[1025], const char *text)
{
    memset(block, '#', 1024);
    block[1024] = '\0';
    memcpy(block, text, strlen(text));
}

static void
test_edit(void)
{
    struct h2k_fix_result result;
    char block[1025];
    H2K_AUTO(h2k_fs) fs = debian();
    environment(block, "# GRUB Environment Block\nsaved_entry=x\n"
                       "kernelopts=root=/dev/sda4 ro\n");
    memtree_file(fs, "/boot/grub2/grubenv", 0644, block);
    ok(run(fs, &result) == 0 && result.boot_updated, "the edit runs");
    ok(result.change_count == 4, "%zu changes", result.change_count);
    h2k_fix_result_free(&result);
    content(fs, ENTRIES "debian-6.1.0-1.conf",
            "title Debian\nversion 6.1.0-1\noptions root=" ROOT " ro "
            "resume=" SWAP "\nlinux /debian/6.1.0-1/linux\n"
            "initrd /debian/6.1.0-1/microcode\n"
            "initrd\t/debian/6.1.0-1/initrd.img-6.1.0-1\n");
    /* Without an initramfs the kernel itself has to understand it. */
    content(fs, ENTRIES "gone.conf",
            "linux /debian/5/linux\noptions "
            "root=PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c04\n");
    environment(block, "# GRUB Environment Block\nsaved_entry=x\n"
                       "kernelopts=root=" ROOT " ro\n");
    content(fs, "/boot/grub2/grubenv", block);
    ok(run(fs, &result) == 0 && result.change_count == 0,
       "a second run changes nothing");
    h2k_fix_result_free(&result);
}

static void
test_lost(void)
{
    struct h2k_fix_result result;
    char block[1025];
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(4096);
    memtree_file(fs, "/boot/loader/entries/a.conf", 0644,
                 "linux /l\ninitrd /i\noptions root=/dev/sdx9\n");
    ok_error(run(fs, &result) < 0, H2K_E_UNFIXABLE, "give all disks");
    h2k_fix_result_free(&result);

    /* A block that is full keeps its names, and that is said. */
    environment(block, "# GRUB Environment Block\nkernelopts=root=/dev/sda4");
    char *end = strchr(block, '4') + 1;
    memset(end, 'x', 1024 - (size_t)(end - block));
    *end = ' ';
    memtree_file(fs, "/boot/loader/entries/a.conf", 0644, "linux /l\n");
    memtree_file(fs, "/boot/grub2/grubenv", 0644, block);
    ok(run(fs, &result) == 0, "a full block is no error");
    ok(result.warnings.count == 1 &&
           strstr(result.warnings.items[0], "grub-editenv") != NULL,
       "but a warning");
    content(fs, "/boot/grub2/grubenv", block);
    h2k_fix_result_free(&result);
}

int
main(void)
{
    test_kernels();
    test_fedora();
    test_order();
    test_pattern();
    test_initrds();
    test_edit();
    test_lost();
    return tap_done();
}
