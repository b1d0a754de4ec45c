/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The superblock, looked at by us before libext2fs sizes its tables by it,
 * and what its features allow ("super.rst").
 */
#include "fs/ext/ext.h"

#include "base/error.h"
#include "base/view.h"
#include "fs/probe.h"

#include <inttypes.h>
#include <stdio.h>

#define SUPER_OFFSET 1024
#define SUPER_SIZE 1024

/* 128 TiB of 4 KiB blocks; every group costs memory when opening. */
#define GROUPS_MAX (UINT64_C(1) << 20)

struct feature {
    uint32_t bit;
    const char *name;
};

/* Features that change what can be read, as mke2fs(8) names them. */
static const struct feature unreadable[] = {
    { EXT2_FEATURE_INCOMPAT_COMPRESSION, "compression" },
    { EXT3_FEATURE_INCOMPAT_JOURNAL_DEV, "journal_dev" },
    { EXT4_FEATURE_INCOMPAT_DIRDATA, "dirdata" },
};
static const uint32_t readable =
    EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_RECOVER |
    EXT2_FEATURE_INCOMPAT_META_BG | EXT3_FEATURE_INCOMPAT_EXTENTS |
    EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_MMP |
    EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_EA_INODE |
    EXT4_FEATURE_INCOMPAT_CSUM_SEED | EXT4_FEATURE_INCOMPAT_LARGEDIR |
    EXT4_FEATURE_INCOMPAT_INLINE_DATA | EXT4_FEATURE_INCOMPAT_ENCRYPT |
    EXT4_FEATURE_INCOMPAT_CASEFOLD;

/* Read without them, but not written: quota's own files would no longer
 * tell the truth, a shared block would change for all who share it … */
static const struct feature unwritable[] = {
    { EXT4_FEATURE_RO_COMPAT_HAS_SNAPSHOT, "snapshot" },
    { EXT4_FEATURE_RO_COMPAT_QUOTA, "quota" },
    { EXT4_FEATURE_RO_COMPAT_BIGALLOC, "bigalloc" },
    { EXT4_FEATURE_RO_COMPAT_REPLICA, "replica" },
    { EXT4_FEATURE_RO_COMPAT_READONLY, "read-only" },
    { EXT4_FEATURE_RO_COMPAT_PROJECT, "project" },
    { EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, "shared_blocks" },
};
static const uint32_t writable =
    EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
    EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |
    EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |
    EXT4_FEATURE_RO_COMPAT_METADATA_CSUM | EXT4_FEATURE_RO_COMPAT_VERITY |
    EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT;

/* ext3 is ext2 with a journal; everything else makes it ext4, as blkid(8)
 * tells them apart. */
static const char *
type_name(const struct h2k_ext_super *s)
{
    const uint32_t incompat3 = EXT2_FEATURE_INCOMPAT_FILETYPE |
                               EXT3_FEATURE_INCOMPAT_RECOVER |
                               EXT2_FEATURE_INCOMPAT_META_BG;
    const uint32_t ro_compat3 = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |
                                EXT2_FEATURE_RO_COMPAT_LARGE_FILE | 4;
    if (s->incompat & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV)
        return "jbd";
    if ((s->incompat & ~incompat3) != 0 || (s->ro_compat & ~ro_compat3) != 0)
        return "ext4";
    return s->compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL ? "ext3" : "ext2";
}

static int
check_checksum(struct h2k_view v, const struct h2k_ext_super *s)
{
    if ((s->ro_compat & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM) == 0 ||
        ext2fs_crc32c_le(~0u, v.data, SUPER_SIZE - 4) ==
            h2k_view_le32(v, SUPER_SIZE - 4))
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "the superblock's checksum is wrong; e2fsck can restore "
                    "it from a backup");
}

/* What inodes have behind their first 128 bytes fits into them.  libext2fs
 * believes what new attributes are to leave free. */
static bool
extra_fits(struct h2k_view v)
{
    uint32_t size = h2k_view_le32(v, 0x4c) == EXT2_GOOD_OLD_REV
                        ? EXT2_GOOD_OLD_INODE_SIZE
                        : h2k_view_le16(v, 0x58);
    uint32_t least = h2k_view_le16(v, 0x15c);
    uint32_t wanted = h2k_view_le16(v, 0x15e);
    return size >= EXT2_GOOD_OLD_INODE_SIZE && wanted % 4 == 0 &&
           least <= size - EXT2_GOOD_OLD_INODE_SIZE &&
           wanted <= size - EXT2_GOOD_OLD_INODE_SIZE;
}

/* The numbers that libext2fs allocates by. */
static int
check_geometry(struct h2k_view v, const struct h2k_ext_super *s,
               uint64_t volume_size)
{
    uint64_t blocks_per_group = h2k_view_le32(v, 0x20);
    uint64_t inodes_per_group = h2k_view_le32(v, 0x28);
    uint64_t first = h2k_view_le32(v, 0x14), bytes = 0;
    if (blocks_per_group < 8 || inodes_per_group == 0 ||
        inodes_per_group > 8 * (uint64_t)s->block_size || first > 1 ||
        s->blocks <= first || !extra_fits(v))
        return h2k_fail(H2K_E_CORRUPT,
                        "the superblock is damaged; e2fsck can restore it "
                        "from a backup");
    if (ckd_mul(&bytes, s->blocks, (uint64_t)s->block_size) ||
        bytes > volume_size)
        return h2k_fail(H2K_E_CORRUPT,
                        "the filesystem has %" PRIu64 " blocks of %" PRIu32
                        " bytes, more than the volume's %" PRIu64
                        " bytes: it was cut short, or its superblock is "
                        "damaged",
                        s->blocks, s->block_size, volume_size);
    if (h2k_div_up(s->blocks - first, blocks_per_group) > GROUPS_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "more than %" PRIu64 " block groups", GROUPS_MAX);
    return 0;
}

static void
describe(struct h2k_view v, const struct h2k_ext_super *s,
         struct h2k_fs_info *info)
{
    info->type = type_name(s);
    h2k_probe_uuid(info, v.data + 0x68);
    h2k_probe_label(info, v.data + 0x78, 16);
    info->clean = !h2k_ext_needs_recovery(s) && !h2k_ext_has_orphans(s) &&
                  (s->state & EXT2_VALID_FS) != 0 &&
                  (s->state & EXT2_ERROR_FS) == 0;
}

int
h2k_ext_super_read(struct h2k_block *volume, struct h2k_ext_super *super,
                   struct h2k_fs_info *info)
{
    uint8_t bytes[SUPER_SIZE];
    if (h2k_block_size(volume) < SUPER_OFFSET + SUPER_SIZE)
        return 0;
    if (h2k_block_pread(volume, bytes, SUPER_SIZE, SUPER_OFFSET) < 0)
        return -1;
    struct h2k_view v = h2k_view_of(bytes, SUPER_SIZE);
    if (h2k_view_le16(v, 0x38) != EXT2_SUPER_MAGIC)
        return 0;
    *super = (struct h2k_ext_super){
        .compat = h2k_view_le32(v, 0x5c),
        .incompat = h2k_view_le32(v, 0x60),
        .ro_compat = h2k_view_le32(v, 0x64),
        .state = h2k_view_le16(v, 0x3a),
        .last_orphan = h2k_view_le32(v, 0xe8),
        .journal_inode = h2k_view_le32(v, 0xe0),
        .blocks = h2k_view_le32(v, 0x04),
    };
    if (super->incompat & EXT4_FEATURE_INCOMPAT_64BIT)
        super->blocks |= (uint64_t)h2k_view_le32(v, 0x150) << 32;
    describe(v, super, info);
    uint32_t shift = h2k_view_le32(v, 0x18);
    if (shift > 6)
        return h2k_fail(H2K_E_CORRUPT,
                        "a block size of 2^%" PRIu64
                        " bytes: the superblock is damaged; e2fsck can "
                        "restore it from a backup",
                        (uint64_t)shift + 10);
    super->block_size = UINT32_C(1024) << shift;
    if (check_checksum(v, super) < 0)
        return -1;
    if ((super->incompat & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV) == 0 &&
        check_geometry(v, super, h2k_block_size(volume)) < 0)
        return -1;
    info->size = super->blocks * super->block_size;
    return 1;
}

bool
h2k_ext_needs_recovery(const struct h2k_ext_super *super)
{
    return (super->compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL) != 0 &&
           (super->incompat & EXT3_FEATURE_INCOMPAT_RECOVER) != 0;
}

bool
h2k_ext_has_orphans(const struct h2k_ext_super *super)
{
    return super->last_orphan != 0 ||
           (super->ro_compat & EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT) != 0;
}

static int
fail_feature(const struct feature *table, size_t count, uint32_t bits,
             const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (bits & table[i].bit)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "has the feature '%s', and is not %s by us",
                            table[i].name, what);
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "has unknown features (0x%" PRIx32
                    "), and is not %s by us",
                    bits, what);
}

int
h2k_ext_check_readable(const struct h2k_ext_super *super)
{
    uint32_t bits = super->incompat & ~readable;
    if (bits == 0)
        return 0;
    return fail_feature(unreadable, sizeof(unreadable) / sizeof(unreadable[0]),
                        bits, "read");
}

int
h2k_ext_check_writable(const struct h2k_ext_super *super)
{
    static const struct feature ea_inode = { EXT4_FEATURE_INCOMPAT_EA_INODE,
                                             "ea_inode" };
    uint32_t bits = super->ro_compat & ~writable;
    if (bits != 0)
        return fail_feature(unwritable,
                            sizeof(unwritable) / sizeof(unwritable[0]), bits,
                            "written");
    if (super->incompat & ea_inode.bit)
        return fail_feature(&ea_inode, 1, super->incompat & ea_inode.bit,
                            "written");
    if (super->state & EXT2_ERROR_FS)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "its kernel noted errors in it; it is not written "
                        "before e2fsck has repaired it");
    if ((super->state & EXT2_VALID_FS) == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "was not unmounted cleanly and has no journal; it is "
                        "not written before e2fsck has checked it");
    return 0;
}
