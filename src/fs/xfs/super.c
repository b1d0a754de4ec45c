/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The superblock and what its features allow ("Superblocks"). */
#include "fs/xfs/super.h"

#include "base/checked.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "fs/probe.h"
#include "fs/xfs/format.h"

#include <inttypes.h>
#include <stdio.h>

#define BLOCK_MAX 65536u
#define SECTOR_MAX 32768u
#define AG_BLOCKS_MIN 64u
#define REPAIR "xfs_repair can restore it from a copy"

struct feature {
    uint32_t bit;
    const char *name;
};

#define INCOMPAT_READ                                        \
    (H2K_XFS_INCOMPAT_FTYPE | H2K_XFS_INCOMPAT_SPARSE |      \
     H2K_XFS_INCOMPAT_META_UUID | H2K_XFS_INCOMPAT_BIGTIME | \
     H2K_XFS_INCOMPAT_NREXT64 | H2K_XFS_INCOMPAT_EXCHRANGE | \
     H2K_XFS_INCOMPAT_PARENT)
#define RO_COMPAT_WRITTEN                                         \
    (H2K_XFS_RO_FINOBT | H2K_XFS_RO_RMAPBT | H2K_XFS_RO_REFLINK | \
     H2K_XFS_RO_INOBTCOUNT)
#define FEATURES2_KNOWN                                     \
    (H2K_XFS_FEATURE2_LAZY_COUNT | H2K_XFS_FEATURE2_ATTR2 | \
     H2K_XFS_FEATURE2_PROJID32 | H2K_XFS_FEATURE2_CRC |     \
     H2K_XFS_FEATURE2_FTYPE)

static const struct feature unread[] = {
    { H2K_XFS_INCOMPAT_NEEDSREPAIR, "needsrepair" },
    { H2K_XFS_INCOMPAT_METADIR, "metadir" },
    { H2K_XFS_INCOMPAT_ZONED, "zoned" },
};

static int
fail_feature(uint32_t bits, const char *mask, const char *what)
{
    for (size_t i = 0; i < sizeof(unread) / sizeof(unread[0]); i++)
        if (strcmp(mask, "incompat") == 0 && (bits & unread[i].bit) != 0)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "has the feature '%s', and is not %s by us",
                            unread[i].name, what);
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "has unknown features (%s 0x%" PRIx32
                    "), and is not %s by us",
                    mask, bits, what);
}

int
h2k_xfs_super_check_writable(const struct h2k_xfs_geometry *geo)
{
    uint32_t bits = geo->ro_compat & ~RO_COMPAT_WRITTEN;
    if (bits != 0)
        return fail_feature(bits, "ro_compat", "written");
    if (geo->log_incompat != 0)
        return fail_feature(geo->log_incompat, "log_incompat", "written");
    if (geo->log_start == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "its log is on another device; it is not written by "
                        "us");
    if (geo->realtime)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has a realtime device; it is not written by us");
    if (geo->parent)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has parent pointers; it is not written by us");
    if (geo->ascii_ci)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has names that ignore case; it is not written by us");
    return 0;
}

/* needsrepair is said in its own words. */
static int
check_readable(struct h2k_view v, const struct h2k_xfs_geometry *geo)
{
    uint32_t bits = geo->incompat & ~INCOMPAT_READ;
    if (geo->incompat & H2K_XFS_INCOMPAT_NEEDSREPAIR)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is marked as in need of repair; run xfs_repair on "
                        "it first");
    if (bits != 0)
        return fail_feature(bits, "incompat", "read");
    if (h2k_view_u8(v, H2K_XFS_SB_INPROGRESS) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is marked as in the making: mkfs.xfs or xfs_copy "
                        "was interrupted");
    return 0;
}

static int
check_sum(struct h2k_view v)
{
    static const uint8_t zero[4];
    uint32_t sector = h2k_view_be16(v, H2K_XFS_SB_SECTSIZE);
    if (sector < H2K_XFS_SECTOR || sector > v.size)
        return h2k_fail(H2K_E_CORRUPT, "the superblock is damaged; " REPAIR);
    uint32_t sum = h2k_crc32c(0, v.data, H2K_XFS_SB_CRC);
    sum = h2k_crc32c(sum, zero, 4);
    sum = h2k_crc32c(sum, v.data + H2K_XFS_SB_CRC + 4,
                     sector - H2K_XFS_SB_CRC - 4);
    if (sum == h2k_view_le32(v, H2K_XFS_SB_CRC))
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "the superblock's checksum is wrong; " REPAIR);
}

/* Version 4's features stand in two words, the second of which some kernels
 * wrote in the wrong place. */
static int
features_v4(struct h2k_view v, struct h2k_xfs_geometry *geo)
{
    uint32_t bits = h2k_view_be16(v, H2K_XFS_SB_VERSIONNUM);
    uint32_t more = 0;
    if (bits & H2K_XFS_VERSION_MOREBITS)
        more = h2k_view_be32(v, H2K_XFS_SB_FEATURES2) |
               h2k_view_be32(v, H2K_XFS_SB_BAD_FEATURES2);
    if ((bits & H2K_XFS_VERSION_DIRV2) == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has directories of version 1, and is not read by us");
    if ((bits & H2K_XFS_VERSION_SHARED) != 0 || (more & ~FEATURES2_KNOWN) != 0)
        return fail_feature((more & ~FEATURES2_KNOWN) |
                                (bits & H2K_XFS_VERSION_SHARED),
                            "version 4", "read");
    geo->attr = bits & H2K_XFS_VERSION_ATTR;
    geo->align = bits & H2K_XFS_VERSION_ALIGN;
    geo->ascii_ci = bits & H2K_XFS_VERSION_BORG;
    geo->lazy_count = more & H2K_XFS_FEATURE2_LAZY_COUNT;
    geo->attr2 = more & H2K_XFS_FEATURE2_ATTR2;
    geo->projid32 = more & H2K_XFS_FEATURE2_PROJID32;
    geo->ftype = more & H2K_XFS_FEATURE2_FTYPE;
    return 0;
}

static void
features_v5(struct h2k_view v, struct h2k_xfs_geometry *geo)
{
    uint32_t ro = h2k_view_be32(v, H2K_XFS_SB_RO_COMPAT);
    uint32_t in = h2k_view_be32(v, H2K_XFS_SB_INCOMPAT);
    geo->compat = h2k_view_be32(v, H2K_XFS_SB_COMPAT);
    geo->ro_compat = ro;
    geo->incompat = in;
    geo->log_incompat = h2k_view_be32(v, H2K_XFS_SB_LOG_INCOMPAT);
    geo->attr = true;
    geo->attr2 = true;
    geo->align = true;
    geo->lazy_count = true;
    geo->projid32 = true;
    geo->ascii_ci =
        h2k_view_be16(v, H2K_XFS_SB_VERSIONNUM) & H2K_XFS_VERSION_BORG;
    geo->finobt = ro & H2K_XFS_RO_FINOBT;
    geo->rmapbt = ro & H2K_XFS_RO_RMAPBT;
    geo->reflink = ro & H2K_XFS_RO_REFLINK;
    geo->inobtcount = ro & H2K_XFS_RO_INOBTCOUNT;
    geo->ftype = in & H2K_XFS_INCOMPAT_FTYPE;
    geo->sparse = in & H2K_XFS_INCOMPAT_SPARSE;
    geo->bigtime = in & H2K_XFS_INCOMPAT_BIGTIME;
    geo->nrext64 = in & H2K_XFS_INCOMPAT_NREXT64;
    geo->parent = in & H2K_XFS_INCOMPAT_PARENT;
    if (in & H2K_XFS_INCOMPAT_META_UUID)
        memcpy(geo->meta_uuid, v.data + H2K_XFS_SB_META_UUID, 16);
}

static int
read_features(struct h2k_view v, struct h2k_xfs_geometry *geo)
{
    uint32_t version =
        h2k_view_be16(v, H2K_XFS_SB_VERSIONNUM) & H2K_XFS_VERSION_MASK;
    memcpy(geo->uuid, v.data + H2K_XFS_SB_UUID, 16);
    memcpy(geo->meta_uuid, geo->uuid, 16);
    geo->v5 = version == 5;
    geo->realtime = h2k_view_be64(v, H2K_XFS_SB_RBLOCKS) != 0;
    geo->quota = h2k_view_be16(v, H2K_XFS_SB_QFLAGS) != 0;
    if (version != 4 && version != 5)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is of version %" PRIu32 ", and is not read by us",
                        version);
    if (version == 4)
        return features_v4(v, geo);
    features_v5(v, geo);
    return 0;
}

static bool
is_log(uint32_t value, uint32_t log)
{
    return log < 32 && value == UINT32_C(1) << log;
}

/* Sizes, each a power of two, and each said twice. */
static bool
read_sizes(struct h2k_view v, struct h2k_xfs_geometry *geo)
{
    uint32_t dir_log = h2k_view_u8(v, H2K_XFS_SB_DIRBLKLOG);
    geo->block_size = h2k_view_be32(v, H2K_XFS_SB_BLOCKSIZE);
    geo->block_log = h2k_view_u8(v, H2K_XFS_SB_BLOCKLOG);
    geo->sector_size = h2k_view_be16(v, H2K_XFS_SB_SECTSIZE);
    geo->inode_size = h2k_view_be16(v, H2K_XFS_SB_INODESIZE);
    geo->inode_log = h2k_view_u8(v, H2K_XFS_SB_INODELOG);
    geo->inodes_per_block_log = h2k_view_u8(v, H2K_XFS_SB_INOPBLOG);
    if (!is_log(geo->block_size, geo->block_log) ||
        !is_log(geo->sector_size, h2k_view_u8(v, H2K_XFS_SB_SECTLOG)) ||
        !is_log(geo->inode_size, geo->inode_log) ||
        geo->block_size < H2K_XFS_SECTOR || geo->block_size > BLOCK_MAX ||
        geo->sector_size < H2K_XFS_SECTOR || geo->sector_size > SECTOR_MAX ||
        geo->sector_size > geo->block_size || geo->inode_size < 256 ||
        geo->inode_size > 2048 || geo->inode_size > geo->block_size ||
        (geo->v5 && geo->inode_size < 512) ||
        geo->inodes_per_block_log != geo->block_log - geo->inode_log ||
        h2k_view_be16(v, H2K_XFS_SB_INOPBLOCK) !=
            UINT32_C(1) << geo->inodes_per_block_log ||
        dir_log > 7 || geo->block_log + dir_log > 16)
        return false;
    geo->dir_block_size = geo->block_size << dir_log;
    return true;
}

/* Where everything is, and that it is inside. */
static bool
read_places(struct h2k_view v, struct h2k_xfs_geometry *geo)
{
    uint64_t low, high, log_ag, log_agb;
    geo->blocks = h2k_view_be64(v, H2K_XFS_SB_DBLOCKS);
    geo->ag_count = h2k_view_be32(v, H2K_XFS_SB_AGCOUNT);
    geo->ag_blocks = h2k_view_be32(v, H2K_XFS_SB_AGBLOCKS);
    geo->ag_block_log = h2k_view_u8(v, H2K_XFS_SB_AGBLKLOG);
    geo->log_start = h2k_view_be64(v, H2K_XFS_SB_LOGSTART);
    geo->log_blocks = h2k_view_be32(v, H2K_XFS_SB_LOGBLOCKS);
    geo->root_ino = h2k_view_be64(v, H2K_XFS_SB_ROOTINO);
    geo->inode_align = h2k_view_be32(v, H2K_XFS_SB_INOALIGNMT);
    geo->sparse_align =
        geo->sparse ? h2k_view_be32(v, H2K_XFS_SB_SPINO_ALIGN) : 0;
    if (geo->ag_count == 0 || geo->ag_blocks < AG_BLOCKS_MIN ||
        geo->ag_block_log > 31 ||
        geo->ag_blocks > UINT64_C(1) << geo->ag_block_log ||
        geo->ag_blocks <= (UINT64_C(1) << geo->ag_block_log) / 2)
        return false;
    low = (uint64_t)(geo->ag_count - 1) * geo->ag_blocks;
    high = low + geo->ag_blocks;
    if (geo->blocks < low + AG_BLOCKS_MIN || geo->blocks > high)
        return false;
    if (geo->log_start == 0)
        return true;
    log_ag = geo->log_start >> geo->ag_block_log;
    log_agb = geo->log_start & ((UINT64_C(1) << geo->ag_block_log) - 1);
    return log_ag < geo->ag_count && geo->log_blocks > 0 &&
           h2k_range_inside(log_agb, geo->log_blocks, geo->ag_blocks) &&
           h2k_range_inside(log_ag * geo->ag_blocks + log_agb, geo->log_blocks,
                            geo->blocks);
}

/* Inodes are read in clusters as the kernel's are, where the place of every
 * chunk is a multiple of that ("Inode Numbers"); else block by block. */
static void
set_cluster(struct h2k_xfs_geometry *geo)
{
    uint32_t bytes = 8192;
    if (geo->v5 && geo->inode_align >= (bytes * (geo->inode_size / 256)) >>
                       geo->block_log)
        bytes *= geo->inode_size / 256;
    uint32_t blocks = bytes >> geo->block_log;
    geo->cluster_blocks = 1;
    if (geo->align && blocks > 1 && geo->inode_align % blocks == 0 &&
        geo->inode_align > 0 &&
        (!geo->sparse ||
         (geo->sparse_align > 0 && geo->sparse_align % blocks == 0)))
        geo->cluster_blocks = blocks;
}

static int
read_geometry(struct h2k_view v, uint64_t volume_size,
              struct h2k_xfs_geometry *geo)
{
    uint64_t bytes = 0;
    if (!read_sizes(v, geo) || !read_places(v, geo))
        return h2k_fail(H2K_E_CORRUPT, "the superblock is damaged; " REPAIR);
    if (ckd_mul(&bytes, geo->blocks, (uint64_t)geo->block_size) ||
        bytes > volume_size)
        return h2k_fail(H2K_E_CORRUPT,
                        "the filesystem has %" PRIu64 " blocks of %" PRIu32
                        " bytes, more than the volume's %" PRIu64
                        " bytes: it was cut short, or its superblock is "
                        "damaged",
                        geo->blocks, geo->block_size, volume_size);
    set_cluster(geo);
    return 0;
}

int
h2k_xfs_super_read(struct h2k_block *volume, bool sums,
                   struct h2k_xfs_geometry *geo, struct h2k_fs_info *info)
{
    uint64_t size = h2k_min_u64(h2k_block_size(volume), SECTOR_MAX);
    uint8_t magic[4];
    if (size < H2K_XFS_SECTOR)
        return 0;
    if (h2k_block_pread(volume, magic, sizeof(magic), 0) < 0)
        return -1;
    if (h2k_get_be32(magic) != H2K_XFS_SB_MAGIC)
        return 0;
    h2k_autofree uint8_t *bytes =
        h2k_block_read_alloc(volume, 0, size, SECTOR_MAX, "superblock");
    if (bytes == NULL)
        return -1;
    struct h2k_view v = h2k_view_of(bytes, (size_t)size);
    *geo = (struct h2k_xfs_geometry){ 0 };
    info->type = "xfs";
    h2k_probe_uuid(info, v.data + H2K_XFS_SB_UUID);
    h2k_probe_label(info, v.data + H2K_XFS_SB_FNAME, 12);
    info->size = h2k_block_size(volume);
    if (read_features(v, geo) < 0 || (geo->v5 && sums && check_sum(v) < 0) ||
        check_readable(v, geo) < 0 ||
        read_geometry(v, h2k_block_size(volume), geo) < 0)
        return -1;
    info->size = geo->blocks * geo->block_size;
    return 1;
}

/* ---- Addresses ---- */

uint32_t
h2k_xfs_ag_length(const struct h2k_xfs *xfs, uint32_t ag)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    if (ag + 1 < g->ag_count)
        return g->ag_blocks;
    return (uint32_t)(g->blocks - (uint64_t)ag * g->ag_blocks);
}

bool
h2k_xfs_agb_valid(const struct h2k_xfs *xfs, uint32_t ag, uint32_t agb)
{
    return ag < xfs->geo.ag_count && agb < h2k_xfs_ag_length(xfs, ag);
}

bool
h2k_xfs_fsb_valid(const struct h2k_xfs *xfs, uint64_t fsb)
{
    return fsb >> xfs->geo.ag_block_log < xfs->geo.ag_count &&
           h2k_xfs_agb_valid(xfs, h2k_xfs_fsb_ag(xfs, fsb),
                             h2k_xfs_fsb_agb(xfs, fsb));
}

uint64_t
h2k_xfs_agb_offset(const struct h2k_xfs *xfs, uint32_t ag, uint32_t agb)
{
    return ((uint64_t)ag * xfs->geo.ag_blocks + agb) << xfs->geo.block_log;
}

uint64_t
h2k_xfs_fsb_offset(const struct h2k_xfs *xfs, uint64_t fsb)
{
    return h2k_xfs_agb_offset(xfs, h2k_xfs_fsb_ag(xfs, fsb),
                              h2k_xfs_fsb_agb(xfs, fsb));
}
