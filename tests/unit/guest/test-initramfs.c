/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading initramfs files, and the edit that extends them, on trees in
 * memory. */
#include "guest/boot/cpio.h"
#include "guest/fix/edits.h"
#include "guest/boot/kernels.h"
#include "guest/fix/supplement.h"

#include "block/memory.h"
#include "fs/memory.h"

#include "memtree.h"
#include "tap.h"

#include <libdeflate.h>
#include <lzma.h>
#include <zstd.h>

#define VERSION "6.1.0-1"
#define INITRD "/boot/initrd.img-" VERSION

/* ---- Archives ---- */

static void
add_link(struct h2k_buffer *out, const char *name, const char *target)
{
    h2k_buffer_addf(out,
                    "07070100000063%08X00000000000000000000000100000000%08zX"
                    "00000000000000000000000000000000%08zX00000000",
                    0120777, strlen(target), strlen(name) + 1);
    h2k_buffer_add(out, name, strlen(name) + 1);
    h2k_buffer_add_zeros(out, (4 - out->size % 4) % 4);
    h2k_buffer_adds(out, target);
    h2k_buffer_add_zeros(out, (4 - out->size % 4) % 4);
}

/* What a generator makes: merged /usr or not, with a module or two. */
static void
make_archive(struct h2k_buffer *out, bool merged)
{
    struct h2k_cpio_writer w = { .out = out };
    const char *lib = merged ? "usr/lib" : "lib";
    char name[200];
    h2k_cpio_add_dir(&w, ".", 0755);
    h2k_cpio_add_file(&w, "init", 0755, 1, "#!/bin/sh\n", 10);
    h2k_cpio_add_file(&w, "conf/initramfs.conf", 0644, 1, "", 0);
    h2k_cpio_add_dir(&w, "usr", 0755);
    if (merged)
        add_link(out, "lib", "usr/lib");
    h2k_cpio_add_dir(&w, lib, 0755);
    snprintf(name, sizeof(name), "%s/modules", lib);
    h2k_cpio_add_dir(&w, name, 0755);
    snprintf(name, sizeof(name), "%s/modules/" VERSION, lib);
    h2k_cpio_add_dir(&w, name, 0755);
    snprintf(name, sizeof(name),
             "%s/modules/" VERSION "/kernel/drivers/scsi/sd_mod.ko", lib);
    h2k_cpio_add_file(&w, name, 0644, 1, "SD", 2);
    h2k_cpio_end(&w);
}

enum packing { PLAIN, GZIP, ZSTD, XZ, LZMA, LZ4 };

static void
compress_gzip(const struct h2k_buffer *in, struct h2k_buffer *out)
{
    char bytes[65536];
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    h2k_buffer_add(
        out, bytes,
        libdeflate_gzip_compress(c, in->data, in->size, bytes, sizeof(bytes)));
    libdeflate_free_compressor(c);
}

static void
compress_lzma(const struct h2k_buffer *in, bool xz, struct h2k_buffer *out)
{
    uint8_t bytes[65536];
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_options_lzma options;
    lzma_lzma_preset(&options, 6);
    if ((xz ? lzma_easy_encoder(&s, 6, LZMA_CHECK_CRC32)
            : lzma_alone_encoder(&s, &options)) != LZMA_OK)
        abort();
    s.next_in = (const uint8_t *)in->data;
    s.avail_in = in->size;
    s.next_out = bytes;
    s.avail_out = sizeof(bytes);
    if (lzma_code(&s, LZMA_FINISH) != LZMA_STREAM_END)
        abort();
    h2k_buffer_add(out, bytes, s.total_out);
    lzma_end(&s);
}

/* The legacy frame with one block of literals: less than 270 bytes in its
 * length's first byte. */
static void
compress_lz4(const struct h2k_buffer *in, struct h2k_buffer *out)
{
    uint8_t head[8] = { 0x02, 0x21, 0x4c, 0x18 };
    size_t extra = (in->size - 15) / 255 + 1;
    h2k_put_le32(head + 4, (uint32_t)(1 + extra + in->size));
    h2k_buffer_add(out, head, 8);
    h2k_buffer_addc(out, (char)0xf0);
    for (size_t i = 0; i + 1 < extra; i++)
        h2k_buffer_addc(out, (char)0xff);
    h2k_buffer_addc(out, (char)((in->size - 15) % 255));
    h2k_buffer_add(out, in->data, in->size);
}

static void
pack(const struct h2k_buffer *in, enum packing packing, struct h2k_buffer *out)
{
    char bytes[65536];
    switch (packing) {
    case PLAIN:
        h2k_buffer_add(out, in->data, in->size);
        break;
    case GZIP:
        compress_gzip(in, out);
        break;
    case ZSTD:
        h2k_buffer_add(
            out, bytes,
            ZSTD_compress(bytes, sizeof(bytes), in->data, in->size, 3));
        break;
    case XZ:
    case LZMA:
        compress_lzma(in, packing == XZ, out);
        break;
    case LZ4:
        compress_lz4(in, out);
        break;
    }
}

/* Microcode in front, as early-userspace has it. */
static void
make_initrd(struct h2k_buffer *out, enum packing packing, bool merged,
            bool microcode)
{
    H2K_AUTO_BUFFER archive = { 0 };
    if (microcode) {
        struct h2k_cpio_writer w = { .out = out };
        h2k_cpio_add_file(&w, "kernel/x86/microcode/GenuineIntel.bin", 0644, 0,
                          "ucode", 5);
        h2k_cpio_end(&w);
        h2k_buffer_add_zeros(out, 512 - out->size % 512);
    }
    make_archive(&archive, merged);
    pack(&archive, packing, out);
}

static struct h2k_initramfs *
read_buffer(const struct h2k_buffer *bytes)
{
    H2K_AUTO(h2k_block) block = h2k_memory_view(bytes->data, bytes->size);
    return h2k_initramfs_read(block);
}

/* ---- Reading ---- */

static void
test_packings(void)
{
    static const char *const names[] = { "none", "gzip", "zstd",
                                         "xz",   "lzma", "lz4" };
    for (int p = PLAIN; p <= LZ4; p++) {
        H2K_AUTO_BUFFER bytes = { 0 };
        make_initrd(&bytes, (enum packing)p, true, true);
        H2K_AUTO(h2k_initramfs) i = read_buffer(&bytes);
        ok(i != NULL && i->problem[0] == '\0' && i->segment_count == 2 &&
               i->segments[1].entries == 8 &&
               i->size - i->segments[1].offset - i->segments[1].length < 4,
           "%s behind microcode: %s", names[p],
           i == NULL ? "not read" : i->problem);
        ok(i != NULL && h2k_initramfs_find(i, "init") != NULL &&
               h2k_initramfs_find(i, "nothing") == NULL,
           "%s: its names", names[p]);
        ok_string(h2k_compression_name(h2k_initramfs_compression(i)),
                  names[p]);
    }
}

static void
test_layout(void)
{
    H2K_AUTO_BUFFER bytes = { 0 };
    H2K_AUTO_BUFFER apart_bytes = { 0 };
    H2K_AUTO_BUFFER empty_bytes = { 0 };
    make_initrd(&bytes, ZSTD, true, false);
    H2K_AUTO(h2k_initramfs) merged = read_buffer(&bytes);
    h2k_autofree char *dir = h2k_initramfs_modules_dir(merged, VERSION);
    ok_string(dir, "usr/lib/modules/" VERSION);
    ok(h2k_initramfs_has(merged, "lib/modules/" VERSION) &&
           !h2k_initramfs_has(merged, "lib/nothing") &&
           h2k_initramfs_find(merged, "lib/modules/" VERSION) == NULL,
       "links in the archive are followed");
    ok_string(h2k_initramfs_generator(merged), "initramfs-tools");
    make_initrd(&apart_bytes, ZSTD, false, false);
    H2K_AUTO(h2k_initramfs) apart = read_buffer(&apart_bytes);
    h2k_autofree char *apart_dir = h2k_initramfs_modules_dir(apart, VERSION);
    ok_string(apart_dir, "lib/modules/" VERSION);
    struct h2k_cpio_writer w = { .out = &empty_bytes };
    h2k_cpio_add_dir(&w, "usr", 0755);
    h2k_cpio_add_dir(&w, "usr/lib", 0755);
    add_link(&empty_bytes, "lib", "usr/lib");
    h2k_cpio_end(&w);
    H2K_AUTO(h2k_initramfs) empty = read_buffer(&empty_bytes);
    h2k_autofree char *empty_dir = h2k_initramfs_modules_dir(empty, VERSION);
    ok_string(empty_dir, "usr/lib/modules/" VERSION);
    H2K_AUTO_STRINGS modules = { 0 };
    ok(h2k_initramfs_modules(merged, dir, &modules) == 0 &&
           modules.count == 1 && strcmp(modules.items[0], "sd_mod") == 0,
       "the modules in it");
}

/* The words of `problem` for bytes that end or go wrong. */
static void
problem_is(const struct h2k_buffer *bytes, size_t size, const char *words)
{
    struct h2k_buffer cut = { .data = bytes->data, .size = size };
    H2K_AUTO(h2k_initramfs) i = read_buffer(&cut);
    bool good = i != NULL && strstr(i->problem, words) != NULL;
    ok(good, "%zu of %zu bytes: \"%s\"", size, bytes->size, words);
    if (!good && i != NULL)
        printf("# got: %s\n", i->problem);
}

static void
test_damage(void)
{
    static const char *const early[] = { "ends early", "ends early",
                                         "ends early", "ends early",
                                         "ends early", "" };
    for (int p = PLAIN; p <= LZMA; p++) {
        H2K_AUTO_BUFFER bytes = { 0 };
        make_initrd(&bytes, (enum packing)p, true, false);
        problem_is(&bytes, bytes.size / 2, early[p]);
    }
    H2K_AUTO_BUFFER bytes = { 0 };
    make_initrd(&bytes, ZSTD, true, false);
    h2k_buffer_adds(&bytes, "some other bytes");
    problem_is(&bytes, bytes.size, "something unknown at");
    problem_is(&bytes, bytes.size - 13, "a few odd bytes");
    problem_is(&bytes, 0, "it is empty");
    h2k_buffer_free(&bytes);
    make_initrd(&bytes, PLAIN, true, false);
    while (bytes.size % 4 != 2)
        h2k_buffer_addc(&bytes, '\0');
    h2k_buffer_adds(&bytes, "0707010000");
    problem_is(&bytes, bytes.size, "not aligned");
    bytes.data[6] = 'x';
    problem_is(&bytes, bytes.size, "no cpio header");
    h2k_buffer_free(&bytes);
    h2k_buffer_add(&bytes, "\x89\x4clzo here", 10);
    problem_is(&bytes, bytes.size, "lzo");
}

/* 64 MiB of zeros behind a header that promises 4 GiB, in a few KiB. */
static void
test_bomb(void)
{
    H2K_AUTO_BUFFER bytes = { 0 };
    struct h2k_cpio_writer w = { .out = &bytes };
    h2k_cpio_add_file(&w, "big", 0644, 0, "", 0);
    memcpy(bytes.data + 6 + 6 * 8, "FFFFFFF0", 8);
    problem_is(&bytes, bytes.size, "more than 1024 MiB");
}

/* ---- The edit ---- */

static const struct h2k_edit *const edits[] = { &h2k_edit_initramfs, NULL };

static const char modules_dep[] =
    "kernel/drivers/virtio/virtio.ko:\n"
    "kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/virtio/virtio_pci.ko: "
    "kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/block/virtio_blk.ko: "
    "kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/net/virtio_net.ko: kernel/net/core/failover.ko\n"
    "kernel/net/core/failover.ko:\n"
    "kernel/drivers/scsi/sd_mod.ko:\n";

static void
add_kernel(struct h2k_fs *fs, const char *version, const char *dep)
{
    char path[300];
    const char *end;
    snprintf(path, sizeof(path), "/boot/vmlinuz-%s", version);
    memtree_file(fs, path, 0644, "kernel");
    snprintf(path, sizeof(path), "/usr/lib/modules/%s/modules.dep", version);
    memtree_file(fs, path, 0644, dep);
    snprintf(path, sizeof(path), "/usr/lib/modules/%s/modules.alias.bin",
             version);
    memtree_file(fs, path, 0644, "ALIAS");
    for (const char *p = dep; *p != '\0'; p = end + strcspn(end, "\n") + 1) {
        end = strchr(p, ':');
        snprintf(path, sizeof(path), "/usr/lib/modules/%s/%.*s", version,
                 (int)(end - p), p);
        memtree_file(fs, path, 0644, path);
    }
}

static void
add_initrd(struct h2k_fs *fs, const char *path, enum packing packing)
{
    H2K_AUTO_BUFFER bytes = { 0 };
    make_initrd(&bytes, packing, true, true);
    memtree_bytes(fs, path, 0600, bytes.data, bytes.size);
}

static struct h2k_fs *
make_tree(enum packing packing, uint64_t capacity)
{
    struct h2k_fs *fs = h2k_memfs_new(capacity);
    memtree_link(fs, "/lib", "usr/lib");
    add_kernel(fs, VERSION, modules_dep);
    add_initrd(fs, INITRD, packing);
    memtree_file(fs, "/etc/initramfs-tools/modules", 0644,
                 "# List of modules\n# virtio_blk\nsd-mod\next4");
    return fs;
}

static int
run_edit(struct h2k_fs *fs, struct h2k_fix_result *result)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix fix = { .root = root,
                           .options = &options,
                           .result = result };
    return h2k_fix_run_edits(&fix, edits);
}

static struct h2k_kernels *
read_kernels(struct h2k_fs *fs)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    return h2k_kernels_read(root);
}

static uint64_t
size_of(struct h2k_fs *fs, const char *path)
{
    struct h2k_stat st = { 0 };
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    return h2k_root_stat(root, path, &st) < 0 ? 0 : st.size;
}

static bool
all_in_archive(const struct h2k_kernel *k)
{
    static const enum h2k_driver wanted[] = {
        H2K_DRIVER_VIRTIO,     H2K_DRIVER_VIRTIO_RING, H2K_DRIVER_VIRTIO_PCI,
        H2K_DRIVER_VIRTIO_BLK, H2K_DRIVER_VIRTIO_NET,  H2K_DRIVER_SD_MOD,
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
        if (!k->drivers[wanted[i]].in_initramfs)
            return false;
    return h2k_kernel_in_archive(k, "failover");
}

static void
test_edit(enum packing packing, const char *name)
{
    struct h2k_fix_result first = { 0 }, second = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(packing, 1 << 24);
    H2K_AUTO(h2k_kernels) before = read_kernels(fs);
    ok(before != NULL && before->count == 1 &&
           before->items[0].drivers[H2K_DRIVER_SD_MOD].in_initramfs &&
           !before->items[0].drivers[H2K_DRIVER_VIRTIO_BLK].in_initramfs,
       "%s: virtio is not in it", name);
    ok(run_edit(fs, &first) == 0 && first.change_count == 2 &&
           first.kernels.count == 1 && first.drivers_injected.count == 6,
       "%s: the edit changes two files, adds %zu modules", name,
       first.drivers_injected.count);
    H2K_AUTO(h2k_kernels) after = read_kernels(fs);
    ok(after != NULL && after->items[0].initramfs->problem[0] == '\0' &&
           all_in_archive(&after->items[0]),
       "%s: afterwards it is: %s", name, after->items[0].initramfs->problem);
    const struct h2k_initramfs *i = after->items[0].initramfs;
    ok(h2k_initramfs_find(i, "lib")->target != NULL &&
           h2k_initramfs_find(i, "usr/lib/modules/" VERSION
                                 "/kernel/net/core") != NULL &&
           h2k_initramfs_find(i, "usr/lib/modules/" VERSION
                                 "/modules.alias.bin") != NULL,
       "%s: the link stays, directories and indexes are there", name);
    uint64_t size = size_of(fs, INITRD);
    ok(run_edit(fs, &second) == 0 && second.change_count == 0 &&
           size_of(fs, INITRD) == size,
       "%s: a second run changes nothing", name);
    h2k_fix_result_free(&first);
    h2k_fix_result_free(&second);
}

/* The file is exactly this text, which is shown when it is not. */
static void
file_is(struct h2k_fs *fs, const char *path, const char *expected)
{
    h2k_autofree char *text = memtree_text(fs, path);
    bool same = text != NULL && strcmp(text, expected) == 0;
    if (!ok(same, "%s", path))
        printf("# got: %s\n", text == NULL ? "(none)" : text);
}

static void
test_config(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(ZSTD, 1 << 24);
    memtree_dir(fs, "/etc/dracut.conf.d", 0755);
    memtree_file(fs, "/etc/mkinitcpio.conf", 0644, "MODULES=(virtio_net)\n");
    ok(run_edit(fs, &result) == 0, "three generators");
    file_is(fs, "/etc/initramfs-tools/modules",
            "# List of modules\n# virtio_blk\nsd-mod\next4\n"
            "virtio_pci\nvirtio_blk\nvirtio_net\n");
    file_is(fs, "/etc/dracut.conf.d/hyper2kvm.conf",
            "add_drivers+=\" virtio_pci virtio_blk sd_mod virtio_net \"\n");
    file_is(fs, "/etc/mkinitcpio.conf",
            "MODULES=(virtio_net)\n"
            "MODULES+=(virtio_pci virtio_blk sd_mod)\n");
    h2k_fix_result_free(&result);
}

/* Generators of before: SUSE's mkinitrd, Alpine's mkinitfs. */
static void
test_old_config(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(ZSTD, 1 << 24);
    memtree_file(fs, "/etc/sysconfig/kernel", 0644,
                 "INITRD_MODULES=\"mptspi virtio_blk\"\n");
    memtree_file(fs, "/etc/mkinitfs/mkinitfs.conf", 0644,
                 "features=\"base ext4 scsi\"\n");
    ok(run_edit(fs, &result) == 0, "older generators");
    file_is(fs, "/etc/sysconfig/kernel",
            "INITRD_MODULES=\"mptspi virtio_blk\"\n"
            "INITRD_MODULES=\"$INITRD_MODULES virtio_pci sd_mod "
            "virtio_net\"\n");
    file_is(fs, "/etc/mkinitfs/mkinitfs.conf",
            "features=\"base ext4 scsi\"\nfeatures=\"$features virtio\"\n");
    h2k_fix_result_free(&result);
    result = (struct h2k_fix_result){ 0 };
    ok(run_edit(fs, &result) == 0 && result.change_count == 0,
       "a second time changes nothing");
    h2k_fix_result_free(&result);
}

/* Red Hat's initrd before dracut has its drivers in its script. */
static void
test_nash(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO_BUFFER bytes = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(PLAIN, 1 << 24);
    make_initrd(&bytes, PLAIN, true, false);
    struct h2k_cpio_writer writer = { .out = &bytes };
    h2k_cpio_add_dir(&writer, "bin", 0755);
    h2k_cpio_add_file(&writer, "bin/nash", 0755, 0, "nash", 4);
    h2k_cpio_end(&writer);
    memtree_bytes(fs, INITRD, 0600, bytes.data, bytes.size);
    ok_error(run_edit(fs, &result) < 0, H2K_E_UNFIXABLE, "--with=virtio_blk");
    h2k_fix_result_free(&result);
}

/* mkinitcpio's fallback goes with the same kernel, and comes behind. */
static void
test_fallback(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(ZSTD, 1 << 24);
    add_initrd(fs, "/boot/initramfs-" VERSION ".img", ZSTD);
    add_initrd(fs, "/boot/initramfs-" VERSION "-fallback.img", GZIP);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    ok(h2k_root_unlink(root, INITRD) == 0, "as Arch has it");
    H2K_AUTO(h2k_kernels) kernels = read_kernels(fs);
    if (!ok(kernels->count == 2, "one image with two initramfs"))
        return;
    ok(kernels->items[0].is_default, "the first is the default");
    ok_string(kernels->items[1].initramfs_path,
              "/boot/initramfs-" VERSION "-fallback.img");
    ok(run_edit(fs, &result) == 0 && result.kernels.count == 1,
       "both are extended");
    H2K_AUTO(h2k_kernels) after = read_kernels(fs);
    for (size_t i = 0; i < after->count; i++)
        ok(h2k_kernel_in_archive(&after->items[i], "virtio_blk"),
           "%s has the driver", after->items[i].initramfs_path);
    h2k_fix_result_free(&result);
}

/* The modules of the archive are unpacked, the guest's are .ko.xz: the
 * index that we bring names them so. */
static void
test_renamed(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    add_kernel(fs, VERSION,
               "kernel/drivers/virtio/virtio_pci.ko.xz:\n"
               "kernel/drivers/block/virtio_blk.ko.xz:\n"
               "kernel/drivers/scsi/sd_mod.ko.xz:\n");
    add_initrd(fs, INITRD, GZIP);
    ok(run_edit(fs, &result) == 0, "modules that were unpacked");
    H2K_AUTO(h2k_kernels) after = read_kernels(fs);
    ok(h2k_initramfs_find(after->items[0].initramfs,
                          "usr/lib/modules/" VERSION
                          "/kernel/drivers/scsi/sd_mod.ko.xz") != NULL,
       "are there under the index's name, too");
    ok(!h2k_strings_contain(&result.drivers_injected, "sd_mod"),
       "and are not said to be injected");
    h2k_fix_result_free(&result);
}

static void
test_names_of_interfaces(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(XZ, 1 << 24);
    memtree_file(fs, "/etc/systemd/network/10-a.link", 0644, "[Match]\n");
    memtree_file(fs, "/etc/systemd/network/10-a.network", 0644, "[Match]\n");
    ok(run_edit(fs, &result) == 0, "a .link file");
    H2K_AUTO(h2k_kernels) after = read_kernels(fs);
    const struct h2k_initramfs *i = after->items[0].initramfs;
    ok(h2k_initramfs_find(i, "etc/systemd/network/10-a.link") != NULL &&
           h2k_initramfs_find(i, "etc/systemd/network/10-a.network") == NULL,
       "goes into the archive, a .network does not");
    h2k_fix_result_free(&result);
}

static int
run_network(struct h2k_fs *fs, struct h2k_fix_result *result)
{
    static const struct h2k_edit *const both[] = { &h2k_edit_network,
                                                   &h2k_edit_initramfs, NULL };
    struct h2k_fix_options options = h2k_fix_defaults();
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix fix = { .root = root,
                           .options = &options,
                           .result = result };
    return h2k_fix_run_edits(&fix, both);
}

/* FILE, by which a card keeps its name, is in the archive as well; what was
 * in it already is there once. */
static void
test_kept_name(bool link_files, const char *file)
{
    struct h2k_fix_result first = { 0 }, second = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(ZSTD, 1 << 24);
    memtree_file(fs, "/etc/network/interfaces", 0644,
                 "auto ens192\niface ens192 inet dhcp\n");
    memtree_file(fs, "/usr/lib/udev/rules.d/60-block.rules", 0644, "#\n");
    memtree_file(fs, "/usr/lib/systemd/libsystemd-shared-252.so", 0644, "");
    if (link_files)
        memtree_file(fs, "/usr/lib/udev/rules.d/80-net-setup-link.rules", 0644,
                     "#\n");
    ok(run_network(fs, &first) == 0 && first.name_count == 1 &&
           strcmp(first.names[0].file, file) == 0,
       "%s is made", file);
    H2K_AUTO(h2k_kernels) after = read_kernels(fs);
    ok(h2k_initramfs_find(after->items[0].initramfs, file + 1) != NULL,
       "and is in the initramfs");
    uint64_t size = size_of(fs, INITRD);
    ok(run_network(fs, &second) == 0 && second.change_count == 0 &&
           size_of(fs, INITRD) == size,
       "once");
    h2k_fix_result_free(&first);
    h2k_fix_result_free(&second);
}

static void
test_refusals(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) none = h2k_memfs_new(1 << 20);
    memtree_dir(none, "/boot", 0755);
    ok_error(run_edit(none, &result) < 0, H2K_E_UNFIXABLE, "no kernel found");

    H2K_AUTO(h2k_fs) old = h2k_memfs_new(1 << 20);
    add_kernel(old, "2.6.9", "kernel/drivers/scsi/sd_mod.ko:\n");
    ok_error(run_edit(old, &result) < 0, H2K_E_UNFIXABLE, "no virtio drivers");

    H2K_AUTO(h2k_fs) bare = h2k_memfs_new(1 << 20);
    add_kernel(bare, VERSION, modules_dep);
    ok_error(run_edit(bare, &result) < 0, H2K_E_UNFIXABLE, "no initramfs");

    H2K_AUTO(h2k_fs) lzma = make_tree(LZMA, 1 << 24);
    ok_error(run_edit(lzma, &result) < 0, H2K_E_UNFIXABLE, "lzma");

    H2K_AUTO(h2k_fs) damaged = make_tree(PLAIN, 1 << 24);
    memtree_file(damaged, INITRD, 0644, "what is this\n");
    ok_error(run_edit(damaged, &result) < 0, H2K_E_UNFIXABLE, "unknown");

    H2K_AUTO(h2k_fs) gone = make_tree(ZSTD, 1 << 24);
    H2K_AUTO(h2k_root) root = h2k_root_new(gone);
    h2k_root_unlink(root, "/usr/lib/modules/" VERSION
                          "/kernel/drivers/block/virtio_blk.ko");
    ok_error(run_edit(gone, &result) < 0, H2K_E_UNFIXABLE, "virtio_blk.ko");
    ok(result.change_count == 0, "nothing was changed");
    h2k_fix_result_free(&result);
}

/* Another kernel that will not boot is a warning. */
static void
test_others(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(ZSTD, 1 << 24);
    add_kernel(fs, "2.6.9", "kernel/drivers/scsi/sd_mod.ko:\n");
    add_kernel(fs, "6.1.0-10", modules_dep);
    add_initrd(fs, "/boot/initrd.img-6.1.0-10", GZIP);
    memtree_file(fs, "/boot/vmlinuz-6.1.0-10.old", 0644, "kept");
    H2K_AUTO(h2k_kernels) kernels = read_kernels(fs);
    ok(kernels->count == 3 && kernels->items[0].is_default, "three kernels");
    ok_string(kernels->items[0].version, "6.1.0-10");
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 "menuentry x {\n\tlinux /vmlinuz-6.1.0-1 root=/dev/sda4\n"
                 "\tinitrd /initrd.img-6.1.0-1\n}\n");
    H2K_AUTO(h2k_kernels) chosen = read_kernels(fs);
    ok(chosen->items[1].is_default && !chosen->items[0].is_default,
       "the menu's first entry is the default one");
    ok(run_edit(fs, &result) == 0 && result.kernels.count == 2,
       "two are extended");
    ok(result.warnings.count == 1 &&
           strstr(result.warnings.items[0], "2.6.9") != NULL,
       "the third is named in a warning");
    h2k_fix_result_free(&result);
}

/* Room for one supplement only: it is the default kernel's. */
static void
test_space(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(PLAIN, 96 * 1024);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    uint64_t space = 0;
    h2k_root_space(root, "/boot", &space);
    h2k_autofree char *filler = malloc(space);
    memset(filler, 'x', space);
    memtree_bytes(fs, "/filler", 0644, filler, space - 1024);
    uint64_t size = size_of(fs, INITRD);
    ok_error(run_edit(fs, &result) < 0, H2K_E_UNFIXABLE, "bytes more");
    ok(size_of(fs, INITRD) == size && result.change_count == 0,
       "nothing was written");
    h2k_fix_result_free(&result);
}

/* Leave ROOM bytes. */
static void
fill_but(struct h2k_fs *fs, uint64_t room)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    uint64_t space = 0;
    h2k_root_space(root, "/boot", &space);
    h2k_autofree char *filler = calloc(1, space);
    if (ok(filler != NULL && space > room, "there is room to fill"))
        memtree_bytes(fs, "/filler", 0644, filler, space - room);
}

static struct h2k_fs *
three_kernels(void)
{
    static const char *const versions[] = { "6.1.0-10", "6.1.0-20" };
    struct h2k_fs *fs = make_tree(PLAIN, 1 << 24);
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        add_kernel(fs, versions[i], modules_dep);
        snprintf(path, sizeof(path), "/boot/initrd.img-%s", versions[i]);
        add_initrd(fs, path, PLAIN);
    }
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 "menuentry x {\n linux /vmlinuz-" VERSION "\n initrd "
                 "/initrd.img-" VERSION "\n}\n");
    return fs;
}

/* Room for two of three: the default kernel's and the newest's. */
static void
test_space_for_two(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) wide = three_kernels();
    uint64_t one = size_of(wide, INITRD);
    ok(run_edit(wide, &result) == 0 && result.kernels.count == 3,
       "with room all three are extended");
    h2k_fix_result_free(&result);
    one = size_of(wide, INITRD) - one;

    H2K_AUTO(h2k_fs) narrow = three_kernels();
    fill_but(narrow, 2 * one + one / 2 + 65536);
    ok(run_edit(narrow, &result) == 0 && result.kernels.count == 2,
       "with less, two");
    ok(h2k_strings_contain(&result.kernels, VERSION) &&
           h2k_strings_contain(&result.kernels, "6.1.0-20"),
       "which the menu starts, and the newest");
    ok(result.warnings.count == 1 &&
           strstr(result.warnings.items[0], "6.1.0-10") != NULL &&
           strstr(result.warnings.items[0], "left by the default kernel") !=
               NULL,
       "and what became of the other is said");
    h2k_fix_result_free(&result);
}

/* Another kernel's initramfs to which nothing can be added is a warning, also
 * where there is no room. */
static void
test_lzma_without_room(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(LZMA, 1 << 24);
    add_kernel(fs, "6.1.0-10", modules_dep);
    add_initrd(fs, "/boot/initrd.img-6.1.0-10", GZIP);
    for (int round = 0; round < 2; round++) {
        ok(run_edit(fs, &result) == 0 && result.warnings.count == 1 &&
               strstr(result.warnings.items[0], "lzma") != NULL,
           "lzma is a warning");
        h2k_fix_result_free(&result);
        if (round == 0)
            fill_but(fs, 1024);
    }
}

/* It has what it needs, as far as it can be read. */
static void
test_cut_behind_drivers(void)
{
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_fs) fs = make_tree(PLAIN, 1 << 24);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    ok(run_edit(fs, &result) == 0 && result.warnings.count == 0,
       "it is whole");
    h2k_fix_result_free(&result);
    ok(h2k_root_append(root, INITRD, "\x1f\x8b\x08", 3) == 0, "and cut");
    ok(run_edit(fs, &result) == 0 && result.change_count == 0 &&
           result.warnings.count == 1 &&
           strstr(result.warnings.items[0], INITRD) != NULL,
       "which is said, though it lacks nothing");
    h2k_fix_result_free(&result);
}

int
main(void)
{
    test_packings();
    test_layout();
    test_damage();
    test_bomb();
    test_edit(PLAIN, "plain");
    test_edit(GZIP, "gzip");
    test_edit(ZSTD, "zstd");
    test_edit(XZ, "xz");
    test_edit(LZ4, "lz4");
    test_config();
    test_old_config();
    test_nash();
    test_fallback();
    test_renamed();
    test_names_of_interfaces();
    test_kept_name(true, "/etc/systemd/network/10-hyper2kvm-ens192.link");
    test_kept_name(false, "/etc/udev/rules.d/70-hyper2kvm-net.rules");
    test_refusals();
    test_others();
    test_space();
    test_space_for_two();
    test_lzma_without_room();
    test_cut_behind_drivers();
    return tap_done();
}
