/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the kernel sets aside in each AG at a mount, so that the btrees that
 * grow with what files do never find it full.  Who leaves less makes it
 * mount with a warning, and fail later.
 */
#include "fs/xfs/alloc.h"
#include "fs/xfs/counts.h"

/* Kept beside it: for splits of the free space btrees. */
#define MARGIN 8u

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

int
h2k_xfs_reserved(struct h2k_xfs *xfs, uint32_t ag, uint64_t *out)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint64_t blocks = blocks_without_log(xfs, ag);
    uint32_t used = 0;
    *out = MARGIN;
    if (g->rmapbt) {
        if (h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_RMAP_BLOCKS, &used) < 0)
            return -1;
        *out += beyond(
            h2k_max_u64(blocks / 100, tree_size(xfs, H2K_XFS_RMAPBT, blocks)),
            used);
    }
    if (g->reflink) {
        if (h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_REFC_BLOCKS, &used) < 0)
            return -1;
        *out += beyond(tree_size(xfs, H2K_XFS_REFCBT, blocks), used);
    }
    if (g->finobt) {
        used = 1;
        if (g->inobtcount &&
            h2k_xfs_agi_get(xfs, ag, H2K_XFS_AGI_FBLOCKS, &used) < 0)
            return -1;
        *out += beyond(tree_size(xfs, H2K_XFS_FINOBT,
                                 (blocks << g->inodes_per_block_log) /
                                     H2K_XFS_CHUNK_INODES),
                       used);
    }
    return 0;
}
