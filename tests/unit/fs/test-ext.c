/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The ext driver where e2fsprogs' tools are no judge: what it says of damage,
 * what it refuses, and how much it reads.  Its filesystems are made by
 * libext2fs through the driver's own io_manager.
 */
#include "block/block.h"
#include "block/fault.h"
#include "block/memory.h"
#include "fs/ext/io.h"
#include "fs/ext/revoke.h"
#include "fs/fs.h"

#include "tap.h"

#include <sys/stat.h>

#define BLOCKS 2048u
#define BLOCK 1024u

/* An empty filesystem of 2 MiB, with these features beside extents. */
static struct h2k_block *
make_fs(uint32_t ro_compat)
{
    struct h2k_block *volume = h2k_memory_new(NULL, (size_t)BLOCKS * BLOCK);
    struct ext2_super_block super;
    ext2_filsys fs = NULL;
    char name[H2K_EXT_IO_NAME];
    memset(&super, 0, sizeof(super));
    super.s_blocks_count = BLOCKS;
    super.s_inodes_count = 64;
    super.s_rev_level = EXT2_DYNAMIC_REV;
    super.s_inode_size = 256;
    super.s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR;
    super.s_feature_incompat =
        EXT3_FEATURE_INCOMPAT_EXTENTS | EXT2_FEATURE_INCOMPAT_FILETYPE;
    super.s_feature_ro_compat = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |
                                EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE | ro_compat;
    h2k_ext_io_name(volume, name);
    if (ext2fs_initialize(name, EXT2_FLAG_64BITS | EXT2_FLAG_RW, &super,
                          h2k_ext_io_manager(), &fs) != 0)
        abort();
    fs->now = 1700000000;
    fs->super->s_checksum_type = EXT2_CRC32C_CHKSUM;
    memset(fs->super->s_uuid, 0x5a, 16);
    ext2fs_init_csum_seed(fs);
    if (ext2fs_allocate_tables(fs) != 0)
        abort();
    for (ext2_ino_t i = 1; i < EXT2_FIRST_INODE(fs->super); i++)
        if (i != EXT2_ROOT_INO)
            ext2fs_inode_alloc_stats2(fs, i, +1, 0);
    if (ext2fs_mkdir(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, NULL) != 0)
        abort();
    ext2fs_inode_alloc_stats2(fs, EXT2_ROOT_INO, +1, 1);
    fs->super->s_state = EXT2_VALID_FS;
    if (ext2fs_flush(fs) != 0)
        abort();
    ext2fs_free(fs);
    return volume;
}

static uint8_t *
image_of(struct h2k_block *volume)
{
    static uint8_t image[BLOCKS * BLOCK];
    if (h2k_block_pread(volume, image, sizeof(image), 0) < 0)
        abort();
    return image;
}

/* Change COUNT bytes of the superblock; there is no checksum unless asked
 * for. */
static void
set_super(struct h2k_block *volume, uint64_t offset, const void *bytes,
          size_t count)
{
    if (h2k_block_pwrite(volume, bytes, count, 1024 + offset) < 0)
        abort();
}

static void
test_basics(void)
{
    H2K_AUTO(h2k_block) volume = make_fs(EXT4_FEATURE_RO_COMPAT_METADATA_CSUM);
    struct h2k_fs_info info;
    struct h2k_stat st = { 0 };
    h2k_ino ino = 0, again = 0;
    char text[32] = "";
    {
        H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, true, &info);
        ok(fs != NULL && strcmp(info.type, "ext4") == 0 && info.clean,
           "what libext2fs made is opened");
        ok_string(info.uuid, "5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a");
        ok(h2k_fs_create(fs, h2k_fs_root(fs), "file", 0640, &ino) == 0 &&
               h2k_fs_write(fs, ino, "content", 7, 5000) == 0 &&
               h2k_fs_set_mtime(fs, ino, INT64_C(5000000000)) == 0 &&
               h2k_fs_chown(fs, ino, 100000, 200000) == 0 &&
               h2k_fs_flush(fs) == 0,
           "a file is made");
    }
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, false, &info);
    ok(h2k_fs_lookup(fs, h2k_fs_root(fs), "file", &again) == 0 &&
           again == ino && h2k_fs_stat(fs, ino, &st) == 0 && st.size == 5007 &&
           st.mode == (S_IFREG | 0640) && st.uid == 100000 &&
           st.gid == 200000 && st.mtime == INT64_C(5000000000),
       "and is there when opened again");
    ok(h2k_fs_read(fs, ino, text, 9, 4998) == 0 &&
           memcmp(text, "\0\0content", 9) == 0,
       "with a hole before its content");
    ok_error(h2k_fs_create(fs, h2k_fs_root(fs), "x", 0644, &ino) < 0,
             H2K_E_READONLY, "read-only");
}

static int
count_free(void *opaque, uint64_t offset, uint64_t length)
{
    (void)offset;
    *(uint64_t *)opaque += length;
    return 0;
}

static void
test_free(void)
{
    H2K_AUTO(h2k_block) volume = make_fs(0);
    uint64_t space = 0, sum = 0, count = 0;
    {
        H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, false, NULL);
        ok(h2k_fs_space(fs, &space) == 0 && space > 1 << 20 &&
               h2k_fs_each_free(fs, count_free, &sum) == 0 && sum == space,
           "free ranges sum up to what is free");
    }
    /* A bit less in the bitmap than the group's descriptor says, and no
     * checksum to tell: block 2 is the descriptors', byte 0 names it. */
    uint8_t *image = image_of(volume);
    uint64_t bitmap = image[2 * BLOCK] * (uint64_t)BLOCK;
    uint8_t byte = image[bitmap + 200] ^ 1;
    h2k_block_pwrite(volume, &byte, 1, bitmap + 200);
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, false, NULL);
    ok_error(h2k_fs_each_free(fs, count_free, &count) < 0, H2K_E_UNSUPPORTED,
             "count of free blocks differ");
    ok(count == 0, "and nothing was called free");
}

static void
test_refused(void)
{
    static const uint16_t error = EXT2_VALID_FS | EXT2_ERROR_FS, unclean = 0;
    static const uint32_t unknown = 0x40000000, huge = 0x7fffffff;
    struct h2k_fs_info info;
    H2K_AUTO(h2k_block) volume = make_fs(0);
    set_super(volume, 0x3a, &error, 2);
    ok_error(h2k_fs_open(volume, true, &info) == NULL, H2K_E_UNSUPPORTED,
             "its kernel noted errors");
    set_super(volume, 0x3a, &unclean, 2);
    ok_error(h2k_fs_open(volume, true, &info) == NULL, H2K_E_UNSUPPORTED,
             "was not unmounted cleanly and has no journal");
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, false, &info);
    ok(fs != NULL && !info.clean, "for reading it is opened, as unclean");

    H2K_AUTO(h2k_block) other = make_fs(0);
    set_super(other, 0x64, &unknown, 4);
    ok_error(h2k_fs_open(other, true, &info) == NULL, H2K_E_UNSUPPORTED,
             "unknown features (0x40000000), and is not written");
    H2K_AUTO(h2k_fs) reading = h2k_fs_open(other, false, &info);
    ok(reading != NULL, "which does not keep it from being read");
    set_super(other, 0x60, &unknown, 4);
    ok_error(h2k_fs_open(other, false, &info) == NULL, H2K_E_UNSUPPORTED,
             "unknown features (0x40000000), and is not read");

    H2K_AUTO(h2k_block) large = make_fs(0);
    set_super(large, 4, &huge, 4);
    ok_error(h2k_fs_open(large, false, &info) == NULL, H2K_E_UNSUPPORTED,
             "more than the volume's");
    ok_string(info.type, "ext4");
    set_super(large, 0x18, &huge, 4);
    ok_error(h2k_fs_open(large, false, &info) == NULL, H2K_E_UNSUPPORTED,
             "superblock is damaged; e2fsck can restore it");
}

/* Set flags of the inode that FILE is, in the table: 256 bytes each. */
static void
set_flags(struct h2k_block *volume, h2k_ino ino, uint32_t flags)
{
    uint8_t *image = image_of(volume);
    uint64_t table = image[2 * BLOCK + 8] * (uint64_t)BLOCK;
    h2k_block_pwrite(volume, &flags, 4, table + (ino - 1) * 256 + 32);
}

static void
test_flags(void)
{
    H2K_AUTO(h2k_block) volume = make_fs(0);
    h2k_ino ino = 0;
    char text[8];
    {
        H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, true, NULL);
        h2k_fs_create(fs, h2k_fs_root(fs), "file", 0644, &ino);
        h2k_fs_write(fs, ino, "content", 7, 0);
        h2k_fs_flush(fs);
    }
    set_flags(volume, ino, EXT4_EXTENTS_FL | EXT2_IMMUTABLE_FL);
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, true, NULL);
    h2k_ino root = h2k_fs_root(fs);
    ok(h2k_fs_read(fs, ino, text, 7, 0) == 0, "an immutable file is read");
    ok_error(h2k_fs_write(fs, ino, "x", 1, 0) < 0, H2K_E_UNSUPPORTED,
             "immutable (chattr +i)");
    ok_error(h2k_fs_unlink(fs, root, "file") < 0, H2K_E_UNSUPPORTED,
             "immutable (chattr +i)");
    ok_error(h2k_fs_rename(fs, root, "file", root, "other") < 0,
             H2K_E_UNSUPPORTED, "immutable (chattr +i)");
    set_flags(volume, ino, EXT4_EXTENTS_FL | EXT4_ENCRYPT_FL);
    H2K_AUTO(h2k_fs) locked = h2k_fs_open(volume, false, NULL);
    ok_error(h2k_fs_read(locked, ino, text, 7, 0) < 0, H2K_E_UNSUPPORTED,
             "is encrypted");
}

/* A tree of extents whose root leads back to itself four times, five
 * times over: 4^5 leaves for one block. */
static void
test_circles(void)
{
    H2K_AUTO(h2k_block) volume = make_fs(0);
    h2k_ino ino = 0;
    uint8_t node[BLOCK] = { 0 }, byte;
    {
        H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, true, NULL);
        h2k_fs_create(fs, h2k_fs_root(fs), "file", 0644, &ino);
        h2k_fs_write(fs, ino, node, sizeof(node), 0);
        h2k_fs_flush(fs);
    }
    /* "ifork.rst", Extent Tree: a header of 12 bytes, then entries of 12. */
    uint8_t *image = image_of(volume);
    uint64_t table = image[2 * BLOCK + 8] * (uint64_t)BLOCK;
    uint8_t *inode = image + table + (ino - 1) * 256;
    uint8_t *tree = inode + 40;
    uint32_t block;
    memcpy(&block, tree + 12 + 8, 4);
    for (unsigned depth = 5; depth > 0; depth--) {
        uint8_t *at = depth == 5 ? tree : node;
        memcpy(at, tree, 2);
        at[2] = depth == 5 ? 4 : 84;
        at[4] = depth == 5 ? 4 : 84;
        at[6] = (uint8_t)depth;
        for (unsigned i = 0; i < at[2]; i++) {
            memset(at + 12 + 12 * i, 0, 12);
            at[12 + 12 * i] = (uint8_t)i;
            memcpy(at + 12 + 12 * i + 4, &block, 4);
        }
    }
    h2k_block_pwrite(volume, tree, 60, table + (ino - 1) * 256 + 40);
    h2k_block_pwrite(volume, node, BLOCK, (uint64_t)block * BLOCK);
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, true, NULL);
    ok(h2k_fs_read(fs, ino, &byte, 1, 1023) < 0 &&
           h2k_errcode() == H2K_E_CORRUPT,
       "a tree that leads back to itself is damage: %s", h2k_errmsg());
    ok(h2k_fs_unlink(fs, h2k_fs_root(fs), "file") < 0, "for removing, too");
}

static void
test_faults(void)
{
    H2K_AUTO(h2k_block) volume = make_fs(0);
    h2k_ino ino = 0;
    int failed = 0, flushed = 0;
    static const uint8_t data[20000];
    /* Whichever write fails: the call says so, and after it nothing is
     * flushed as if it were whole. */
    for (uint64_t n = 1; n < 40; n++) {
        H2K_AUTO(h2k_block)
        copy = h2k_memory_new(image_of(volume), (size_t)BLOCKS * BLOCK);
        struct h2k_fault_plan plan = { .writes_before_failure = n };
        H2K_AUTO(h2k_block) bad = h2k_fault_new(copy, &plan);
        H2K_AUTO(h2k_fs) fs = h2k_fs_open(bad, true, NULL);
        int rc = h2k_fs_create(fs, h2k_fs_root(fs), "file", 0644, &ino) < 0 ||
                 h2k_fs_write(fs, ino, data, sizeof(data), 0) < 0 ||
                 h2k_fs_symlink(fs, h2k_fs_root(fs), "link", "file") < 0;
        failed += rc;
        flushed += rc && h2k_fs_flush(fs) == 0;
    }
    ok(failed > 10, "%d writes that failed were noticed", failed);
    ok(flushed == 0, "and the filesystem was not called whole");

    /* Whichever read fails is said to be a read, not damage. */
    int good = 0, io = 0, other = 0;
    for (uint64_t n = 1; n < 40; n++) {
        H2K_AUTO(h2k_block)
        copy = h2k_memory_new(image_of(volume), (size_t)BLOCKS * BLOCK);
        struct h2k_fault_plan plan = { .reads_before_failure = n };
        H2K_AUTO(h2k_block) bad = h2k_fault_new(copy, &plan);
        H2K_AUTO(h2k_fs) fs = h2k_fs_open(bad, true, NULL);
        if (fs != NULL &&
            h2k_fs_create(fs, h2k_fs_root(fs), "file", 0644, &ino) == 0)
            good++;
        else if (h2k_errcode() == H2K_E_IO)
            io++;
        else
            other++;
    }
    ok(good > 0 && io > 5 && other == 0,
       "a read that fails: %d unneeded, %d said so, %d not", good, io, other);
}

/* A block that counts what it is asked for. */
struct counter {
    struct h2k_block *parent;
    int reads;
};

static void
counter_close(void *state)
{
    (void)state;
}

static int
counter_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct counter *counter = state;
    counter->reads++;
    return h2k_block_pread(counter->parent, buffer, count, offset);
}

static void
test_cache(void)
{
    static const struct h2k_block_ops ops = { .name = "counter",
                                              .close = counter_close,
                                              .pread = counter_pread };
    H2K_AUTO(h2k_block) volume = make_fs(0);
    h2k_ino ino = 0;
    {
        H2K_AUTO(h2k_fs) fs = h2k_fs_open(volume, true, NULL);
        for (int i = 0; i < 20; i++) {
            char name[80];
            snprintf(name, sizeof(name), "%070d", i);
            h2k_fs_create(fs, h2k_fs_root(fs), name, 0644, &ino);
        }
        static const uint8_t data[300000];
        h2k_fs_write(fs, ino, data, sizeof(data), 0);
        h2k_fs_flush(fs);
    }
    struct counter counter = { .parent = volume };
    H2K_AUTO(h2k_block)
    counted = h2k_block_new(&ops, &counter, h2k_block_size(volume), false);
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(counted, false, NULL);
    ok(counter.reads <= 16, "opening needs %d reads", counter.reads);
    counter.reads = 0;
    bool found = true;
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < 20; i++) {
            char name[80];
            struct h2k_stat st;
            snprintf(name, sizeof(name), "%070d", i);
            found = found &&
                    h2k_fs_lookup(fs, h2k_fs_root(fs), name, &ino) == 0 &&
                    h2k_fs_stat(fs, ino, &st) == 0;
        }
    ok(found && counter.reads <= 10, "200 names are found in %d reads",
       counter.reads);
    static uint8_t data[300000];
    counter.reads = 0;
    int rc = h2k_fs_read(fs, ino, data, sizeof(data), 0);
    ok(rc == 0 && counter.reads >= 1 && counter.reads <= 4,
       "293 blocks of a file are read in %d", counter.reads);
}

static void
test_revoke(void)
{
    struct h2k_revoke_table table = { 0 };
    bool good = !h2k_revoke_has(&table, 5, 0);
    for (uint64_t i = 0; i < 10000; i++)
        good = good && h2k_revoke_add(&table, i * 7, (uint32_t)i) == 0;
    for (uint64_t i = 0; i < 10000; i++)
        good = good && h2k_revoke_has(&table, i * 7, (uint32_t)i) &&
               !h2k_revoke_has(&table, i * 7, (uint32_t)i + 1) &&
               !h2k_revoke_has(&table, i * 7 + 1, 0);
    ok(good, "10000 blocks are revoked, and no others");
    h2k_revoke_add(&table, 7, 0);
    ok(h2k_revoke_has(&table, 7, 1),
       "an earlier one does not replace a later");
    h2k_revoke_add(&table, 1, UINT32_MAX - 1);
    h2k_revoke_add(&table, 1, 2);
    ok(h2k_revoke_has(&table, 1, UINT32_MAX) && h2k_revoke_has(&table, 1, 2) &&
           !h2k_revoke_has(&table, 1, 3),
       "numbers wrap");
    h2k_revoke_free(&table);
}

int
main(void)
{
    test_basics();
    test_free();
    test_refused();
    test_flags();
    test_circles();
    test_faults();
    test_cache();
    test_revoke();
    return tap_done();
}
