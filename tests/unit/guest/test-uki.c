/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Unified kernel images: what is in them, and new content for a section. */
#include "guest/boot/uki.h"

#include "base/error.h"
#include "fs/memory.h"
#include "guest/boot/cpio.h"
#include "guest/boot/file-block.h"
#include "guest/boot/kernels.h"
#include "guest/fix/edits.h"

#include "fake-devices.h"
#include "memtree.h"
#include "tap.h"
#include "uki-maker.h"

#define PATH "/efi/EFI/Linux/debian-6.1.0-1.efi"
#define VERSION "6.1.0-1"
#define ROOT "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04"

static void
write_uki(struct h2k_fs *fs, const char *path, const struct uki_part *parts,
          size_t count, bool is_signed)
{
    H2K_AUTO_BUFFER bytes = { 0 };
    make_uki(&bytes, parts, count, is_signed);
    memtree_bytes(fs, path, 0644, bytes.data, bytes.size);
}

/* The image as it is now, and that its sections do not overlap and are in
 * order. */
static bool
read_uki(struct h2k_root *root, const char *path, struct h2k_uki *uki)
{
    uint64_t address = 0;
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, path);
    if (file == NULL || h2k_uki_read(file, uki) != 1)
        return false;
    for (size_t i = 0; i < uki->section_count; i++) {
        const struct h2k_uki_section *s = &uki->sections[i];
        if (s->address < address || s->address % uki->section_alignment != 0 ||
            s->raw_size % uki->file_alignment != 0 ||
            (s->raw_size > 0 && s->raw_offset % uki->file_alignment != 0))
            return false;
        address =
            (uint64_t)s->address + h2k_max_u64(s->virtual_size, s->raw_size);
        if (address > uki->image_size)
            return false;
        for (size_t k = 0; k < i; k++) {
            const struct h2k_uki_section *t = &uki->sections[k];
            if (s->raw_size > 0 && t->raw_size > 0 &&
                s->raw_offset < (uint64_t)t->raw_offset + t->raw_size &&
                t->raw_offset < (uint64_t)s->raw_offset + s->raw_size)
                return false;
        }
    }
    return true;
}

static void
test_read(void)
{
    static const struct uki_part parts[] = {
        { ".text", "code", 4 },
        { ".osrel", "ID=debian\n", 10 },
        { ".cmdline", "root=/dev/sda4 ro\n\0\0", 20 },
        { ".uname", VERSION, 7 },
        { ".linux", "kernel", 6 },
    };
    struct h2k_uki uki;
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    write_uki(fs, PATH, parts, 5, false);
    if (!ok(read_uki(root, PATH, &uki), "it is one"))
        return;
    ok(!uki.is_signed && !uki.has_profiles && uki.section_count == 5,
       "its table is read");
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, PATH);
    h2k_autofree char *cmdline = h2k_uki_text(file, &uki, ".cmdline");
    h2k_autofree char *none = h2k_uki_text(file, &uki, ".dtb");
    ok_string(cmdline, "root=/dev/sda4 ro");
    ok_string(none, "");

    write_uki(fs, PATH, parts, 5, true);
    ok(read_uki(root, PATH, &uki) && uki.is_signed, "a signature is seen");
    ok_error(h2k_uki_replace(root, PATH, &uki, &uki.sections[2], "", 0) < 0,
             H2K_E_UNSUPPORTED, "signed");
    write_uki(fs, PATH, parts, 4, false);
    ok(!read_uki(root, PATH, &uki), "without a kernel it is none");
}

struct content {
    char name[9];
    uint8_t *bytes;
    size_t size;
};

static bool
same_content(struct h2k_root *root, const struct content *contents,
             size_t count)
{
    struct h2k_uki uki;
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, PATH);
    if (file == NULL || !read_uki(root, PATH, &uki) ||
        uki.section_count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct h2k_uki_section *s = h2k_uki_find(&uki, contents[i].name);
        h2k_autofree uint8_t *bytes = malloc(contents[i].size + 1);
        if (s == NULL || bytes == NULL || s->length < contents[i].size ||
            (contents[i].size > 0 && s->length != contents[i].size) ||
            (contents[i].size > 0 &&
             h2k_block_pread(file, bytes, contents[i].size, s->raw_offset) <
                 0) ||
            memcmp(bytes, contents[i].bytes, contents[i].size) != 0)
            return false;
    }
    return true;
}

/* Any section, of any size, again and again: the others stay. */
static void
test_replace(void)
{
    static const char *const names[] = { ".text", ".cmdline", ".linux",
                                         ".initrd" };
    struct content contents[4] = { 0 };
    struct uki_part parts[4];
    unsigned state = 12345;
    bool good = true;
    for (size_t i = 0; i < 4; i++) {
        strcpy(contents[i].name, names[i]);
        contents[i].size = 600 + i * 3000;
        contents[i].bytes = malloc(contents[i].size);
        memset(contents[i].bytes, (int)(i + 1), contents[i].size);
        parts[i] =
            (struct uki_part){ names[i], contents[i].bytes, contents[i].size };
    }
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    write_uki(fs, PATH, parts, 4, false);
    for (int round = 0; round < 200 && good; round++) {
        struct h2k_uki uki;
        state = state * 1103515245 + 12345;
        struct content *c = &contents[state >> 16 & 3];
        size_t size = (state >> 18) % 9000 + 1;
        uint8_t *bytes = malloc(size);
        memset(bytes, (int)(state >> 20), size);
        free(c->bytes);
        c->bytes = bytes;
        c->size = size;
        good = read_uki(root, PATH, &uki);
        const struct h2k_uki_section *s = h2k_uki_find(&uki, c->name);
        uint64_t growth = h2k_uki_growth(&uki, s, size), before = uki.size;
        good = good &&
               h2k_uki_replace(root, PATH, &uki, s, bytes, size) == 0 &&
               same_content(root, contents, 4) && read_uki(root, PATH, &uki) &&
               uki.size == before + growth;
        if (!good)
            printf("# round %d: %s of %zu\n", round, c->name, size);
    }
    ok(good, "200 times another section: all is where the table says");
    for (size_t i = 0; i < 4; i++)
        free(contents[i].bytes);
}

/* ---- As a guest has it ---- */

static void
make_archive(struct h2k_buffer *out)
{
    struct h2k_cpio_writer writer = { .out = out };
    h2k_cpio_add_dir(&writer, "usr", 0755);
    h2k_cpio_add_dir(&writer, "usr/lib", 0755);
    h2k_cpio_add_dir(&writer, "usr/lib/modules", 0755);
    h2k_cpio_add_dir(&writer, "usr/lib/modules/" VERSION, 0755);
    h2k_cpio_add_file(&writer, "usr/lib/modules/" VERSION "/ahci.ko", 0644, 0,
                      "a", 1);
    h2k_cpio_add_file(&writer, "usr/lib/modules/" VERSION "/sd_mod.ko", 0644,
                      0, "s", 1);
    h2k_cpio_add_file(&writer, "init", 0755, 0, "#!", 2);
    h2k_cpio_end(&writer);
}

/* VMware's drivers only; the initramfs before or behind the kernel. */
static struct h2k_fs *
guest(bool is_signed, bool initrd_last)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    H2K_AUTO_BUFFER archive = { 0 };
    make_archive(&archive);
    struct uki_part initrd = { ".initrd", archive.data, archive.size };
    struct uki_part kernel = { ".linux", "kernel", 6 };
    struct uki_part parts[] = {
        { ".uname", VERSION, 7 },
        { ".cmdline", "root=/dev/sda4 ro", 17 },
        initrd_last ? kernel : initrd,
        initrd_last ? initrd : kernel,
    };
    write_uki(fs, PATH, parts, 4, is_signed);
    memtree_link(fs, "/lib", "usr/lib");
    memtree_file(fs, "/usr/lib/modules/" VERSION "/modules.dep", 0644,
                 "virtio_pci.ko:\nvirtio_blk.ko: virtio_pci.ko\nsd_mod.ko:\n");
    memtree_file(fs, "/usr/lib/modules/" VERSION "/virtio_pci.ko", 0644, "p");
    memtree_file(fs, "/usr/lib/modules/" VERSION "/virtio_blk.ko", 0644, "b");
    memtree_file(fs, "/usr/lib/modules/" VERSION "/sd_mod.ko", 0644, "s");
    return fs;
}

static int
run(struct h2k_fs *fs, struct h2k_fix_result *result)
{
    static const struct h2k_edit *const edits[] = { &h2k_edit_unified,
                                                    &h2k_edit_initramfs,
                                                    NULL };
    struct h2k_fix_options options = h2k_fix_defaults();
    options.backup = true;
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix fix = { .root = root,
                           .devices = fake_devices,
                           .options = &options,
                           .result = result };
    *result = (struct h2k_fix_result){ 0 };
    return h2k_fix_run_edits(&fix, edits);
}

static void
test_fix(bool initrd_last)
{
    struct h2k_fix_result result;
    H2K_AUTO(h2k_fs) fs = guest(false, initrd_last);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    ok(run(fs, &result) == 0 && result.boot_updated, "it is fixed");
    ok(result.drivers_injected.count == 2 && result.backups.count == 1,
       "%zu drivers, %zu backups", result.drivers_injected.count,
       result.backups.count);
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(root);
    if (!ok(kernels != NULL && kernels->count == 1, "one kernel"))
        return;
    const struct h2k_kernel *k = &kernels->items[0];
    ok_string(k->version, VERSION);
    ok_string(k->cmdline, "root=" ROOT " ro");
    ok(k->is_default && k->initramfs != NULL &&
           k->initramfs->problem[0] == '\0' &&
           h2k_kernel_in_archive(k, "virtio_blk") &&
           h2k_kernel_in_archive(k, "ahci"),
       "its initramfs has both");

    H2K_AUTO(h2k_fs) before = guest(false, initrd_last);
    h2k_autofree char *old = memtree_text(before, PATH);
    h2k_autofree char *kept = memtree_text(
        fs, result.backups.count > 0 ? result.backups.items[0] : PATH);
    ok(old != NULL && kept != NULL && memcmp(old, kept, 2048) == 0,
       "the backup is what was");
    h2k_fix_result_free(&result);
    ok(run(fs, &result) == 0 && result.change_count == 0,
       "a second run changes nothing");
    h2k_fix_result_free(&result);
}

static void
test_signed(void)
{
    struct h2k_fix_result result;
    H2K_AUTO(h2k_fs) fs = guest(true, true);
    ok_error(run(fs, &result) < 0, H2K_E_UNFIXABLE, "signature");
    ok(result.change_count == 0, "and nothing was changed");
    h2k_fix_result_free(&result);
}

/* A GRUB entry that starts a unified image, which need not be where
 * systemd-boot looks. */
static void
test_chainloaded(void)
{
    static const char old[] = "/efi/EFI/own/old.efi";
    H2K_AUTO(h2k_fs) fs = guest(false, true);
    struct uki_part parts[] = { { ".uname", "5.10.0-1", 8 },
                                { ".cmdline", "root=/dev/sda4", 14 },
                                { ".linux", "kernel", 6 } };
    write_uki(fs, old, parts, 3, false);
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 "set default=1\n"
                 "menuentry other {\n chainloader +1\n}\n"
                 "menuentry own {\n chainloader /EFI/own/old.efi\n}\n"
                 "menuentry new {\n chainloader "
                 "(hd0,gpt1)/EFI/Linux/debian-6.1.0-1.efi\n}\n");
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(root);
    if (!ok(kernels != NULL && kernels->count == 2, "both are found"))
        return;
    const struct h2k_kernel *k = h2k_kernels_default(kernels);
    ok_string(k->image, old);
    ok_string(k->version, "5.10.0-1");
}

/* One system partition, mounted in two places: the image is one. */
static void
test_mounted_twice(void)
{
    struct h2k_fix_result result;
    H2K_AUTO(h2k_fs) fs = guest(false, false);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix fix = { .root = root,
                           .devices = fake_devices,
                           .options = &options,
                           .result = &result };
    struct h2k_place efi;
    static const struct h2k_edit *const edits[] = { &h2k_edit_unified,
                                                    &h2k_edit_initramfs,
                                                    NULL };
    memtree_file(fs, "/boot/README", 0644, "");
    ok(h2k_root_lookup(root, "/efi", &efi) == 0 &&
           h2k_root_mount_at(root, "/boot", fs, efi.ino) == 0,
       "/boot is /efi");
    result = (struct h2k_fix_result){ 0 };
    ok(h2k_fix_run_edits(&fix, edits) == 0 && result.change_count > 0,
       "it is fixed");
    size_t changed = 0;
    for (size_t i = 0; i < result.change_count; i++)
        changed += strstr(result.changes[i].file, ".efi") != NULL;
    ok(changed == 2, "its command line and its initramfs, once each");
    h2k_fix_result_free(&result);
    ok(h2k_fix_run_edits(&fix, edits) == 0 && result.change_count == 0,
       "a second run changes nothing");
    h2k_fix_result_free(&result);
}

int
main(void)
{
    test_read();
    test_replace();
    test_fix(false);
    test_fix(true);
    test_signed();
    test_chainloaded();
    test_mounted_twice();
    return tap_done();
}
