/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the kernel sets aside at a mount: in each AG, so that the btrees that
 * grow with what files do never find it full, and of all, so that deleting
 * can always begin.  Who leaves less makes it mount with a warning, and fail
 * later.
 */
#include "fs/xfs/alloc.h"
#include "fs/xfs/counts.h"
#include "fs/xfs/format.h"

/* Kept beside it in each AG, for its free list and the btrees of free space,
 * which grow as that falls to pieces. */
#define AG_MARGIN 8u
#define AG_MARGIN_PARTS 128u
#define AG_MARGIN_MAX 1024u
/* Blocks of all that the kernel keeps for what must not fail. */
#define POOL_PARTS 20u
#define POOL_MAX 8192u

/* The blocks of a tree of so many records when all are half full. */
static uint64_t
tree_size(const struct h2k_xfs *xfs, enum h2k_xfs_kind kind, uint64_t records)
{
    uint32_t leaf = h2k_xfs_btree_room(xfs, kind, xfs->geo.block_size, 0) / 2;
    uint32_t node = h2k_xfs_btree_room(xfs, kind, xfs->geo.block_size, 1) / 2;
    uint64_t blocks = h2k_div_up(records, leaf), all = blocks;
    while (blocks > 1) {
        blocks = h2k_div_up(blocks, node);
        all += blocks;
    }
    return all;
}

static uint64_t
beyond(uint64_t wanted, uint32_t used)
{
    return wanted > used ? wanted - used : 0;
}

/* The log is not given to anybody else. */
static uint64_t
blocks_without_log(const struct h2k_xfs *xfs, uint32_t ag)
{
    uint64_t blocks = h2k_xfs_ag_length(xfs, ag);
    if (xfs->geo.log_start == 0 ||
        h2k_xfs_fsb_ag(xfs, xfs->geo.log_start) != ag)
        return blocks;
    return blocks > xfs->geo.log_blocks ? blocks - xfs->geo.log_blocks : 0;
}

/* What is kept of an AG's blocks. */
struct kept {
    uint64_t in_ag;  /* of those that AGF says are free */
    uint64_t hidden; /* of those that the superblock says are free, among
                        which are the blocks of rmapbt, bnobt and cntbt */
};

static int
keep_for(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind,
         uint64_t wanted, struct kept *kept)
{
    uint32_t used = 1;
    if (kind == H2K_XFS_RMAPBT
            ? h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_RMAP_BLOCKS, &used) < 0
        : kind == H2K_XFS_REFCBT
            ? h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_REFC_BLOCKS, &used) < 0
            : xfs->geo.inobtcount &&
                  h2k_xfs_agi_get(xfs, ag, H2K_XFS_AGI_FBLOCKS, &used) < 0)
        return -1;
    kept->in_ag += beyond(wanted, used);
    kept->hidden += kind == H2K_XFS_RMAPBT ? wanted : beyond(wanted, used);
    return 0;
}

static int
keep(struct h2k_xfs *xfs, uint32_t ag, struct kept *kept)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint64_t blocks = blocks_without_log(xfs, ag);
    uint64_t chunks =
        (blocks << g->inodes_per_block_log) / H2K_XFS_CHUNK_INODES;
    uint32_t trees = 0, rmap = 0;
    kept->in_ag =
        AG_MARGIN + h2k_min_u64(blocks / AG_MARGIN_PARTS, AG_MARGIN_MAX);
    kept->hidden = AG_MARGIN;
    if ((g->rmapbt &&
         (keep_for(xfs, ag, H2K_XFS_RMAPBT,
                   h2k_max_u64(blocks / 100,
                               tree_size(xfs, H2K_XFS_RMAPBT, blocks)),
                   kept) < 0 ||
          h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_RMAP_BLOCKS, &rmap) < 0)) ||
        (g->reflink &&
         keep_for(xfs, ag, H2K_XFS_REFCBT,
                  tree_size(xfs, H2K_XFS_REFCBT, blocks), kept) < 0) ||
        (g->finobt &&
         keep_for(xfs, ag, H2K_XFS_FINOBT,
                  tree_size(xfs, H2K_XFS_FINOBT, chunks), kept) < 0) ||
        h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_BTREEBLKS, &trees) < 0)
        return -1;
    kept->hidden += beyond(trees, rmap);
    return 0;
}

/* What of the whole is free and not kept. */
int
h2k_xfs_available(struct h2k_xfs *xfs, uint64_t *blocks)
{
    struct h2k_xfs_buf *sb = h2k_xfs_sb(xfs);
    uint64_t kept = h2k_min_u64(xfs->geo.blocks / POOL_PARTS, POOL_MAX);
    if (sb == NULL)
        return -1;
    uint64_t free = h2k_get_be64(sb->data + H2K_XFS_SB_FDBLOCKS);
    if (free > xfs->geo.blocks)
        free = 0;
    for (uint32_t ag = 0; kept < free && ag < xfs->geo.ag_count; ag++) {
        struct kept of_ag;
        if (keep(xfs, ag, &of_ag) < 0)
            return -1;
        kept += of_ag.hidden;
    }
    *blocks = free > kept ? free - kept : 0;
    return 0;
}

int
h2k_xfs_available_in(struct h2k_xfs *xfs, uint32_t ag, uint64_t *blocks)
{
    uint64_t all;
    uint32_t free = 0;
    struct kept kept;
    *blocks = 0;
    if (h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_FREEBLKS, &free) < 0 ||
        keep(xfs, ag, &kept) < 0 || h2k_xfs_available(xfs, &all) < 0)
        return -1;
    if (free > kept.in_ag)
        *blocks = h2k_min_u64(free - kept.in_ag, all);
    return 0;
}
