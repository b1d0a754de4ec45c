/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Items that make inodes, free ones ("Journaling Log", Inode Creation). */
#include "base/error.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"
#include "fs/xfs/log-replay.h"

#include <string.h>

/* xfs_icreate_log; big-endian, but for what all items have. */
enum format {
    ICL_AG = 4,
    ICL_BLOCK = 8,
    ICL_COUNT = 12, /* inodes */
    ICL_INODE_SIZE = 16,
    ICL_LENGTH = 20, /* blocks */
    ICL_GENERATION = 24,
    ICL_SIZE = 28,
};

struct chunk {
    uint32_t ag, block, count, length, generation;
};

static struct chunk
parse(const struct h2k_xlog_item *item)
{
    struct h2k_view v = h2k_xlog_region(item, 0);
    return (struct chunk){
        .ag = h2k_view_be32(v, ICL_AG),
        .block = h2k_view_be32(v, ICL_BLOCK),
        .count = h2k_view_be32(v, ICL_COUNT),
        .length = h2k_view_be32(v, ICL_LENGTH),
        .generation = h2k_view_be32(v, ICL_GENERATION),
    };
}

static enum h2k_xlog_phase
icreate_phase(const struct h2k_xlog_item *item)
{
    (void)item;
    return H2K_XLOG_BUFFERS_FIRST;
}

/* The sector of 512 bytes that BLOCK of the chunk begins at.  The AG may be
 * one that this log adds, so the superblock's count says nothing. */
static uint64_t
sector_of(const struct h2k_xlog_replay *r, const struct chunk *c,
          uint32_t block)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    uint64_t at = (uint64_t)c->ag * geo->ag_blocks + c->block + block;
    return at * (geo->block_size / H2K_XLOG_SECTOR);
}

static int
icreate_check(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    struct h2k_view v = h2k_xlog_region(item, 0);
    struct chunk c = parse(item);
    uint32_t per_block = 1u << geo->inodes_per_block_log;
    uint32_t most =
        per_block > H2K_XFS_CHUNK_INODES ? per_block : H2K_XFS_CHUNK_INODES;
    if (v.size < ICL_SIZE ||
        h2k_view_be32(v, ICL_INODE_SIZE) != geo->inode_size || c.count == 0 ||
        c.count > most || (uint64_t)c.length * per_block != c.count ||
        c.block == 0 || c.block >= geo->ag_blocks ||
        !h2k_xlog_place_good(r, sector_of(r, &c, 0),
                             c.length * (geo->block_size / H2K_XLOG_SECTOR)))
        return h2k_xlog_item_fail(r, "new inodes are damaged");
    return 0;
}

/* Nothing that was written later is to be overwritten: one of its buffers
 * given up means that all were. */
static bool
chunk_cancelled(const struct h2k_xlog_replay *r, const struct chunk *c)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    uint32_t step = geo->cluster_blocks > 0 ? geo->cluster_blocks : 1;
    uint32_t sectors = step * (geo->block_size / H2K_XLOG_SECTOR);
    for (uint32_t block = 0; block < c->length; block += step)
        if (h2k_xlog_is_cancelled(r, sector_of(r, c, block), sectors))
            return true;
    return false;
}

static void
make_inode(const struct h2k_xlog_replay *r, const struct chunk *c,
           uint32_t number, uint8_t *raw)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    memset(raw, 0, geo->inode_size);
    h2k_put_be16(raw + H2K_XFS_DI_MAGICNUM, H2K_XFS_DI_MAGIC);
    raw[H2K_XFS_DI_VERSION] = geo->v5 ? 3 : 2;
    h2k_put_be32(raw + H2K_XFS_DI_GEN, c->generation);
    h2k_put_be32(raw + H2K_XFS_DI_NEXT_UNLINKED, H2K_XFS_NULL32);
    if (!geo->v5)
        return;
    uint64_t ino = ((uint64_t)c->ag << geo->ag_block_log | c->block)
                       << geo->inodes_per_block_log |
                   0;
    h2k_put_be64(raw + H2K_XFS_DI_INO, ino + number);
    memcpy(raw + H2K_XFS_DI_UUID, geo->meta_uuid, 16);
    h2k_xlog_seal_inode(r, raw);
}

static int
icreate_apply(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    struct chunk c = parse(item);
    uint32_t per_block = 1u << geo->inodes_per_block_log;
    if (chunk_cancelled(r, &c))
        return 0;
    for (uint32_t block = 0; block < c.length; block++) {
        for (uint32_t i = 0; i < per_block; i++)
            make_inode(r, &c, block * per_block + i,
                       r->buffer + (size_t)i * geo->inode_size);
        if (h2k_block_pwrite(r->target, r->buffer, geo->block_size,
                             sector_of(r, &c, block) * H2K_XLOG_SECTOR) < 0)
            return -1;
    }
    return 0;
}

const struct h2k_xlog_item_type h2k_xlog_icreate_item = {
    .type = 0x123f,
    .phase = icreate_phase,
    .check = icreate_check,
    .apply = icreate_apply,
};
