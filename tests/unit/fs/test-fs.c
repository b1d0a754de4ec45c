/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is checked above the drivers, and what is recognised. */
#include "base/endian.h"
#include "block/fault.h"
#include "block/memory.h"
#include "fs/fs.h"
#include "fs/memory.h"

#include "tap.h"

static void
test_names(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    h2k_ino root = h2k_fs_root(fs), ino = 0;
    char name[300];
    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    ok_error(h2k_fs_create(fs, root, name, 0644, &ino) < 0, H2K_E_RANGE,
             "not a file's name");
    name[255] = '\0';
    ok(h2k_fs_create(fs, root, name, 0644, &ino) == 0, "255 bytes are a name");
    static const char *const bad[] = { "", ".", "..", "a/b", "/" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ok_error(h2k_fs_lookup(fs, root, bad[i], &ino) < 0, H2K_E_RANGE,
                 "not a file's name");
}

static void
test_kinds(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    h2k_ino root = h2k_fs_root(fs), file = 0, dir = 0, ino = 0;
    char bytes[8];
    ok(h2k_fs_create(fs, root, "file", 0644, &file) == 0 &&
           h2k_fs_mkdir(fs, root, "dir", 0755, &dir) == 0 &&
           h2k_fs_symlink(fs, root, "link", "file") == 0 &&
           h2k_fs_write(fs, file, "content", 7, 0) == 0,
       "a file, a directory and a link");
    ok_error(h2k_fs_create(fs, root, "dir", 0644, &ino) < 0, H2K_E_EXIST,
             "exists already");
    ok_error(h2k_fs_create(fs, file, "x", 0644, &ino) < 0, H2K_E_NOTDIR,
             "not a directory");
    ok_error(h2k_fs_read(fs, dir, bytes, 1, 0) < 0, H2K_E_ISDIR,
             "not a regular file");
    ok_error(h2k_fs_write(fs, dir, "x", 1, 0) < 0, H2K_E_ISDIR,
             "not a regular file");
    ok_error(h2k_fs_unlink(fs, root, "dir") < 0, H2K_E_ISDIR, "a directory");
    ok_error(h2k_fs_rename(fs, root, "file", root, "dir") < 0, H2K_E_ISDIR,
             "a directory");
    ok_error(h2k_fs_rename(fs, root, "dir", root, "new") < 0, H2K_E_ISDIR,
             "a directory");
    ok(h2k_fs_rename(fs, root, "file", root, "file") == 0 &&
           h2k_fs_lookup(fs, root, "file", &ino) == 0,
       "a name renamed to itself stays");
    ok_error(h2k_fs_readlink(fs, file, bytes, 8) < 0, H2K_E_RANGE,
             "not a symbolic link");
    h2k_fs_lookup(fs, root, "link", &ino);
    ok_error(h2k_fs_readlink(fs, ino, bytes, 4) < 0, H2K_E_RANGE, "too long");
    ok(h2k_fs_readlink(fs, ino, bytes, 5) == 0 && strcmp(bytes, "file") == 0,
       "a target that just fits");
    ok_error(h2k_fs_symlink(fs, root, "empty", "") < 0, H2K_E_RANGE,
             "0 bytes");
}

static void
test_ranges(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    h2k_ino file;
    char bytes[8];
    h2k_fs_create(fs, h2k_fs_root(fs), "file", 0644, &file);
    h2k_fs_write(fs, file, "content", 7, 0);
    ok(h2k_fs_read(fs, file, bytes, 7, 0) == 0 &&
           memcmp(bytes, "content", 7) == 0,
       "a whole file is read");
    ok(h2k_fs_read(fs, file, bytes, 0, 7) == 0, "nothing at its end");
    ok_error(h2k_fs_read(fs, file, bytes, 1, 7) < 0, H2K_E_RANGE, "beyond");
    ok_error(h2k_fs_read(fs, file, bytes, 8, UINT64_MAX - 3) < 0, H2K_E_RANGE,
             "beyond");
    ok_error(h2k_fs_write(fs, file, "x", 1, UINT64_MAX) < 0, H2K_E_RANGE,
             "1 PiB");
    ok_error(h2k_fs_truncate(fs, file, UINT64_MAX) < 0, H2K_E_RANGE, "1 PiB");
}

#define VOLUME_SIZE (256u << 10)

static uint8_t volume[VOLUME_SIZE];

/* What is in VOLUME now. */
static struct h2k_fs_info
probe(void)
{
    struct h2k_fs_info info = { .type = "failed" };
    H2K_AUTO(h2k_block) block = h2k_memory_view(volume, sizeof(volume));
    h2k_fs_probe(block, &info);
    return info;
}

static void
put_swap(void)
{
    memcpy(volume + 4086, "SWAPSPACE2", 10);
    volume[1024] = 1;
    for (uint8_t i = 0; i < 16; i++)
        volume[1036 + i] = (uint8_t)(i + 1);
    memcpy(volume + 1052, "swap label 16 by", 16);
}

static void
put_ntfs(void)
{
    memcpy(volume + 3, "NTFS    ", 8);
    h2k_put_le16(volume + 11, 512);
    volume[13] = 8;
    h2k_put_le64(volume + 48, 4);
    volume[64] = (uint8_t)-10;
    h2k_put_le64(volume + 72, UINT64_C(0x123456789abcdef0));
    uint8_t *record = volume + 4 * 4096 + 3 * 1024;
    memcpy(record, "FILE", 4);
    h2k_put_le16(record + 20, 56);
    h2k_put_le32(record + 56, 0x60);
    h2k_put_le32(record + 60, 48);
    h2k_put_le32(record + 72, 12);
    h2k_put_le16(record + 76, 24);
    /* "Größe" and, beyond 16 bits, a face: two surrogates. */
    static const uint16_t text[] = { 'G', 'r', 0xf6, 0xdf, 0xd83d, 0xde00 };
    for (size_t i = 0; i < 6; i++)
        h2k_put_le16(record + 80 + 2 * i, text[i]);
}

static void
test_probe(void)
{
    ok_string(probe().type, "unknown");
    put_swap();
    ok_string(probe().type, "swap");
    ok_string(probe().uuid, "01020304-0506-0708-090a-0b0c0d0e0f10");
    ok_string(probe().label, "swap label 16 by");
    ok(!probe().mountable, "swap is not mountable");
    /* The kernel writes version 1; anything else is not a swap area. */
    volume[1024] = 7;
    ok_string(probe().type, "unknown");

    memset(volume, 0, sizeof(volume));
    put_ntfs();
    ok_string(probe().type, "ntfs");
    ok_string(probe().uuid, "123456789ABCDEF0");
    ok_string(probe().label, "Gr\303\266\303\237\360\237\230\200");

    /* Inside a member of something larger nothing else counts. */
    memcpy(volume + 512, "LABELONE", 8);
    memcpy(volume + 536, "LVM2 001", 8);
    volume[532] = 32;
    memset(volume + 544, 'x', 32);
    ok_string(probe().type, "LVM2_member");
    ok_string(probe().uuid, "xxxxxx-xxxx-xxxx-xxxx-xxxx-xxxx-xxxxxx");
    h2k_put_le32(volume + 532, 0xffffffff);
    ok_string(probe().uuid, "");
}

static void
test_open(void)
{
    struct h2k_fs_info info;
    memset(volume, 0, sizeof(volume));
    H2K_AUTO(h2k_block) nothing = h2k_memory_view(volume, sizeof(volume));
    ok_error(h2k_fs_open(nothing, false, NULL) == NULL, H2K_E_UNSUPPORTED,
             "no filesystem that we know");
    put_swap();
    ok_error(h2k_fs_open(nothing, false, &info) == NULL, H2K_E_UNSUPPORTED,
             "swap: not read by us");
    ok_string(info.type, "swap");
    struct h2k_fault_plan plan = { .bad_length = 4096, .on_read = true };
    H2K_AUTO(h2k_block) bad = h2k_fault_new(nothing, &plan);
    ok_error(h2k_fs_probe(bad, &info) < 0, H2K_E_IO, "injected");
    H2K_AUTO(h2k_block) tiny = h2k_memory_new("tiny", 4);
    ok(h2k_fs_probe(tiny, &info) == 0 && strcmp(info.type, "unknown") == 0,
       "four bytes are nothing");
}

int
main(void)
{
    test_names();
    test_kinds();
    test_ranges();
    test_probe();
    test_open();
    return tap_done();
}
