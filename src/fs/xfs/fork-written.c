/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blocks that were allocated and never written, which read as zeros, and
 * are written now. */
#include "fs/xfs/alloc.h"
#include "fs/xfs/fork.h"

/* [from, to) of E is written; what is left of it stays as it was. */
static int
convert(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
        const struct h2k_xfs_extent *e, uint64_t from, uint64_t to)
{
    const enum h2k_xfs_fork fork = H2K_XFS_DATA_FORK;
    const struct h2k_xfs_extent none = { 0 };
    const struct h2k_xfs_owner owner = h2k_xfs_fork_owner(inode, fork, from);
    struct h2k_xfs_extent left = *e, middle = *e, right = *e;
    uint64_t skip = from - e->offset, count = to - from;
    left.count = skip;
    middle.offset = from;
    middle.start += skip;
    middle.count = count;
    middle.unwritten = false;
    right.offset = to;
    right.start += skip + count;
    right.count -= skip + count;
    const struct h2k_xfs_run run = { h2k_xfs_fsb_agb(xfs, middle.start),
                                     (uint32_t)count };
    uint32_t ag = h2k_xfs_fsb_ag(xfs, middle.start);
    bool both = left.count > 0 && right.count > 0;
    if (h2k_xfs_extent_change(xfs, inode, fork, e,
                              left.count > 0 ? &left : &right) < 0 ||
        (both && h2k_xfs_extent_change(xfs, inode, fork, &none, &right) < 0) ||
        h2k_xfs_extent_add(xfs, inode, fork, &middle) < 0 ||
        h2k_xfs_agfl_fill(xfs, ag) < 0 ||
        h2k_xfs_rmap_remove(xfs, ag, &run, &owner) < 0)
        return -1;
    return h2k_xfs_rmap_add(xfs, ag, &run, &owner, false);
}

int
h2k_xfs_fork_set_written(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                         uint64_t offset, uint64_t count)
{
    uint64_t end = offset + count;
    while (offset < end) {
        struct h2k_xfs_extent e;
        int rc =
            h2k_xfs_extent_find(xfs, inode, H2K_XFS_DATA_FORK, offset, &e);
        if (rc <= 0 || e.offset >= end)
            return rc < 0 ? -1 : 0;
        uint64_t from = h2k_max_u64(e.offset, offset);
        offset = h2k_min_u64(e.offset + e.count, end);
        if (e.unwritten && convert(xfs, inode, &e, from, offset) < 0)
            return -1;
    }
    return 0;
}
