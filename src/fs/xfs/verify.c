/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Self-Describing Metadata": magics, CRCs, UUIDs, addresses, owners. */
#include "fs/xfs/verify.h"

#include "base/crc32c.h"
#include "base/error.h"
#include "fs/xfs/counts.h"
#include "fs/xfs/format-attr.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format-dir.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"

#include <inttypes.h>

/* Of one kind of block.  Places are in its header of version 5; 0 where it
 * has no such thing. */
struct format {
    const char *name;
    uint32_t magic, magic_v5; /* 0: no header at all */
    uint8_t magic_at;
    uint8_t magic_size; /* bytes */
    uint16_t crc, uuid, blkno;
    uint16_t owner; /* 64 bits: an inode */
    uint16_t ag;    /* 32 bits: the AG's number */
};

#define SHORT_BTREE(text, v4, v5)                                   \
    {                                                               \
        .name = text, .magic = v4, .magic_v5 = v5, .magic_size = 4, \
        .crc = H2K_XFS_BB_CRC, .uuid = H2K_XFS_BB_UUID,             \
        .blkno = H2K_XFS_BB_BLKNO, .ag = H2K_XFS_BB_OWNER           \
    }
#define DIR_DATA(text, v4, v5)                                      \
    {                                                               \
        .name = text, .magic = v4, .magic_v5 = v5, .magic_size = 4, \
        .crc = H2K_XFS_DD_CRC, .uuid = H2K_XFS_DD_UUID,             \
        .blkno = H2K_XFS_DD_BLKNO, .owner = H2K_XFS_DD_OWNER        \
    }
#define DA_BLOCK(text, v4, v5)                               \
    {                                                        \
        .name = text, .magic = v4, .magic_v5 = v5,           \
        .magic_at = H2K_XFS_DA_MAGICNUM, .magic_size = 2,    \
        .crc = H2K_XFS_DA_CRC, .uuid = H2K_XFS_DA_UUID,      \
        .blkno = H2K_XFS_DA_BLKNO, .owner = H2K_XFS_DA_OWNER \
    }
#define REMOTE(text, v5)                                                      \
    {                                                                         \
        .name = text, .magic_v5 = v5, .magic_size = 4, .crc = H2K_XFS_RM_CRC, \
        .uuid = H2K_XFS_RM_UUID, .blkno = H2K_XFS_RM_BLKNO,                   \
        .owner = H2K_XFS_RM_OWNER                                             \
    }

static const struct format formats[H2K_XFS_KINDS] = {
    [H2K_XFS_SB] = { .name = "superblock",
                     .magic = H2K_XFS_SB_MAGIC,
                     .magic_v5 = H2K_XFS_SB_MAGIC,
                     .magic_size = 4,
                     .crc = H2K_XFS_SB_CRC },
    [H2K_XFS_AGF] = { .name = "header of an AG's free space",
                      .magic = H2K_XFS_AGF_MAGIC,
                      .magic_v5 = H2K_XFS_AGF_MAGIC,
                      .magic_size = 4,
                      .crc = H2K_XFS_AGF_CRC,
                      .uuid = H2K_XFS_AGF_UUID,
                      .ag = H2K_XFS_AGF_SEQNO },
    [H2K_XFS_AGI] = { .name = "header of an AG's inodes",
                      .magic = H2K_XFS_AGI_MAGIC,
                      .magic_v5 = H2K_XFS_AGI_MAGIC,
                      .magic_size = 4,
                      .crc = H2K_XFS_AGI_CRC,
                      .uuid = H2K_XFS_AGI_UUID,
                      .ag = H2K_XFS_AGI_SEQNO },
    [H2K_XFS_AGFL] = { .name = "free list of an AG",
                       .magic_v5 = H2K_XFS_AGFL_MAGIC,
                       .magic_size = 4,
                       .crc = H2K_XFS_AGFL_CRC,
                       .uuid = H2K_XFS_AGFL_UUID,
                       .ag = H2K_XFS_AGFL_SEQNO },
    [H2K_XFS_BNOBT] = SHORT_BTREE("free space B+tree block",
                                  H2K_XFS_BNOBT_MAGIC, H2K_XFS_BNOBT_MAGIC_V5),
    [H2K_XFS_CNTBT] = SHORT_BTREE("free space B+tree block (by size)",
                                  H2K_XFS_CNTBT_MAGIC, H2K_XFS_CNTBT_MAGIC_V5),
    [H2K_XFS_INOBT] = SHORT_BTREE("inode B+tree block", H2K_XFS_INOBT_MAGIC,
                                  H2K_XFS_INOBT_MAGIC_V5),
    [H2K_XFS_FINOBT] =
        SHORT_BTREE("free inode B+tree block", H2K_XFS_FINOBT_MAGIC_V5,
                    H2K_XFS_FINOBT_MAGIC_V5),
    [H2K_XFS_RMAPBT] =
        SHORT_BTREE("reverse map B+tree block", H2K_XFS_RMAPBT_MAGIC_V5,
                    H2K_XFS_RMAPBT_MAGIC_V5),
    [H2K_XFS_REFCBT] =
        SHORT_BTREE("reference count B+tree block", H2K_XFS_REFCBT_MAGIC_V5,
                    H2K_XFS_REFCBT_MAGIC_V5),
    [H2K_XFS_BMBT] = { .name = "extent B+tree block",
                       .magic = H2K_XFS_BMBT_MAGIC,
                       .magic_v5 = H2K_XFS_BMBT_MAGIC_V5,
                       .magic_size = 4,
                       .crc = H2K_XFS_BBL_CRC,
                       .uuid = H2K_XFS_BBL_UUID,
                       .blkno = H2K_XFS_BBL_BLKNO,
                       .owner = H2K_XFS_BBL_OWNER },
    [H2K_XFS_INODES] = { .name = "cluster of inodes" },
    [H2K_XFS_DIR_BLOCK] = DIR_DATA("directory block", H2K_XFS_DIR_BLOCK_MAGIC,
                                   H2K_XFS_DIR_BLOCK_MAGIC_V5),
    [H2K_XFS_DIR_DATA] =
        DIR_DATA("directory data block", H2K_XFS_DIR_DATA_MAGIC,
                 H2K_XFS_DIR_DATA_MAGIC_V5),
    [H2K_XFS_DIR_LEAF1] = DA_BLOCK("directory leaf", H2K_XFS_DIR_LEAF1_MAGIC,
                                   H2K_XFS_DIR_LEAF1_MAGIC_V5),
    [H2K_XFS_DIR_LEAFN] = DA_BLOCK("directory leaf", H2K_XFS_DIR_LEAFN_MAGIC,
                                   H2K_XFS_DIR_LEAFN_MAGIC_V5),
    [H2K_XFS_DIR_FREE] =
        DIR_DATA("directory free index", H2K_XFS_DIR_FREE_MAGIC,
                 H2K_XFS_DIR_FREE_MAGIC_V5),
    [H2K_XFS_DA_NODE] =
        DA_BLOCK("directory or attribute node", H2K_XFS_DA_NODE_MAGIC,
                 H2K_XFS_DA_NODE_MAGIC_V5),
    [H2K_XFS_ATTR_LEAF] = DA_BLOCK("attribute leaf", H2K_XFS_ATTR_LEAF_MAGIC,
                                   H2K_XFS_ATTR_LEAF_MAGIC_V5),
    [H2K_XFS_ATTR_REMOTE] =
        REMOTE("attribute value", H2K_XFS_ATTR_REMOTE_MAGIC),
    [H2K_XFS_SYMLINK] = REMOTE("symbolic link", H2K_XFS_SYMLINK_MAGIC),
};

const char *
h2k_xfs_kind_name(enum h2k_xfs_kind kind)
{
    return formats[kind].name;
}

static int
fail_damaged(const struct h2k_xfs_buf *buf, const char *what)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "the %s at byte %" PRIu64
                    " is damaged (%s); run xfs_repair on it first",
                    h2k_xfs_kind_name(buf->kind), buf->offset, what);
}

bool
h2k_xfs_has_magic(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf,
                  enum h2k_xfs_kind kind)
{
    const struct format *f = &formats[kind];
    struct h2k_view v = h2k_view_of(buf->data, buf->length);
    uint32_t magic = xfs->geo.v5 ? f->magic_v5 : f->magic;
    if (magic == 0)
        return true;
    return magic == (f->magic_size == 2 ? h2k_view_be16(v, f->magic_at)
                                        : h2k_view_be32(v, f->magic_at));
}

/* Of LENGTH bytes, as if those at PLACE were zero. */
static uint32_t
sum_of(const uint8_t *bytes, uint32_t length, uint32_t place)
{
    static const uint8_t zero[4];
    uint32_t sum = h2k_crc32c(0, bytes, place);
    sum = h2k_crc32c(sum, zero, sizeof(zero));
    return h2k_crc32c(sum, bytes + place + 4, length - place - 4);
}

int
h2k_xfs_verify_owner(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf,
                     uint64_t owner)
{
    const struct format *f = &formats[buf->kind];
    if (!xfs->geo.v5 || owner == 0 || f->owner == 0 ||
        h2k_get_be64(buf->data + f->owner) == owner)
        return 0;
    return fail_damaged(buf, "it belongs to another inode");
}

/* The AG that BUF lies in. */
static uint32_t
ag_of(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    return (uint32_t)((buf->offset >> xfs->geo.block_log) /
                      xfs->geo.ag_blocks);
}

static int
verify_header(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    const struct format *f = &formats[buf->kind];
    const uint8_t *d = buf->data;
    if (f->uuid != 0 && memcmp(d + f->uuid, xfs->geo.meta_uuid, 16) != 0)
        return fail_damaged(buf, "it belongs to another filesystem");
    if (f->blkno != 0 &&
        h2k_get_be64(d + f->blkno) != buf->offset / H2K_XFS_SECTOR)
        return fail_damaged(buf, "it belongs elsewhere");
    if (f->ag != 0 && h2k_get_be32(d + f->ag) != ag_of(xfs, buf))
        return fail_damaged(buf, "it belongs to another AG");
    return 0;
}

int
h2k_xfs_verify(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    const struct format *f = &formats[buf->kind];
    bool header = (xfs->geo.v5 ? f->magic_v5 : f->magic) != 0;
    const char *wrong;
    if (!header && buf->kind != H2K_XFS_AGFL)
        return 0;
    if (!h2k_xfs_has_magic(xfs, buf, buf->kind))
        return fail_damaged(buf, "its magic is wrong");
    if (xfs->geo.v5 && !xfs->ignore_sums &&
        sum_of(buf->data, buf->length, f->crc) !=
            h2k_get_le32(buf->data + f->crc))
        return fail_damaged(buf, "its checksum is wrong");
    if (xfs->geo.v5 && verify_header(xfs, buf) < 0)
        return -1;
    wrong = h2k_xfs_counts_wrong(xfs, buf);
    if (wrong != NULL)
        return fail_damaged(buf, wrong);
    return h2k_xfs_verify_owner(xfs, buf, buf->owner);
}

bool
h2k_xfs_inode_sum_right(const struct h2k_xfs *xfs, const uint8_t *raw)
{
    return xfs->ignore_sums ||
           sum_of(raw, xfs->geo.inode_size, H2K_XFS_DI_CRC) ==
               h2k_get_le32(raw + H2K_XFS_DI_CRC);
}

static bool
has_sum(const uint8_t *raw)
{
    return h2k_get_be16(raw) == H2K_XFS_DI_MAGIC &&
           raw[H2K_XFS_DI_VERSION] == 3;
}

int
h2k_xfs_verify_cluster(const struct h2k_xfs *xfs,
                       const struct h2k_xfs_buf *buf)
{
    for (uint32_t at = 0; xfs->geo.v5 && at < buf->length;
         at += xfs->geo.inode_size)
        if (has_sum(buf->data + at) &&
            !h2k_xfs_inode_sum_right(xfs, buf->data + at))
            return fail_damaged(buf, "an inode's checksum is wrong");
    return 0;
}

void
h2k_xfs_stamp(const struct h2k_xfs *xfs, struct h2k_xfs_buf *buf)
{
    const struct format *f = &formats[buf->kind];
    uint32_t magic = xfs->geo.v5 ? f->magic_v5 : f->magic;
    uint8_t *d = buf->data;
    if (f->magic_size == 2)
        h2k_put_be16(d + f->magic_at, (uint16_t)magic);
    else if (magic != 0)
        h2k_put_be32(d + f->magic_at, magic);
    if (!xfs->geo.v5)
        return;
    if (f->uuid != 0)
        memcpy(d + f->uuid, xfs->geo.meta_uuid, sizeof(xfs->geo.meta_uuid));
    if (f->blkno != 0)
        h2k_put_be64(d + f->blkno, buf->offset / H2K_XFS_SECTOR);
    if (f->owner != 0)
        h2k_put_be64(d + f->owner, buf->owner);
    if (f->ag != 0)
        h2k_put_be32(d + f->ag, ag_of(xfs, buf));
}

void
h2k_xfs_seal(const struct h2k_xfs *xfs, struct h2k_xfs_buf *buf)
{
    const struct format *f = &formats[buf->kind];
    uint32_t size = xfs->geo.inode_size;
    if (!xfs->geo.v5)
        return;
    if (f->crc != 0)
        h2k_put_le32(buf->data + f->crc,
                     sum_of(buf->data, buf->length, f->crc));
    if (buf->kind != H2K_XFS_INODES)
        return;
    for (uint32_t at = 0; at < buf->length; at += size)
        if (has_sum(buf->data + at))
            h2k_put_le32(buf->data + at + H2K_XFS_DI_CRC,
                         sum_of(buf->data + at, size, H2K_XFS_DI_CRC));
}
