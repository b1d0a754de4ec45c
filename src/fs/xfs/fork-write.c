/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Giving blocks to a fork, and taking them away. */
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/fork.h"

#include <inttypes.h>

struct h2k_xfs_owner
h2k_xfs_fork_owner(const struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork,
                   uint64_t offset)
{
    return (struct h2k_xfs_owner){
        .owner = inode->ino,
        .offset = offset,
        .attr_fork = fork == H2K_XFS_ATTR_FORK,
    };
}

/* Where blocks for OFFSET would best be: behind what comes before it, or
 * where the inode is. */
static int
place_near(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
           enum h2k_xfs_fork fork, uint64_t offset, uint64_t *near)
{
    struct h2k_xfs_extent e;
    int rc = h2k_xfs_extent_before(xfs, inode, fork, offset, &e);
    if (rc < 0)
        return -1;
    *near = rc == 1 ? e.start + (offset - e.offset)
                    : inode->ino >> xfs->geo.inodes_per_block_log;
    if (!h2k_xfs_fsb_valid(xfs, *near))
        *near = inode->ino >> xfs->geo.inodes_per_block_log;
    return 0;
}

int
h2k_xfs_fork_fill(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                  enum h2k_xfs_fork fork, uint64_t offset, uint32_t count,
                  bool contiguous)
{
    uint64_t end, near = 0;
    struct h2k_xfs_extent e;
    if (ckd_add(&end, offset, (uint64_t)count) ||
        end > H2K_XFS_EXTENT_OFFSET_END)
        return h2k_fail(H2K_E_RANGE, "a file cannot be so large");
    int rc = h2k_xfs_extent_find(xfs, inode, fork, offset, &e);
    if (rc < 0)
        return -1;
    if (rc == 1 && e.offset < end)
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu64 " has blocks where it should not",
                        inode->ino);
    if (place_near(xfs, inode, fork, offset, &near) < 0)
        return -1;
    while (offset < end) {
        const struct h2k_xfs_owner owner =
            h2k_xfs_fork_owner(inode, fork, offset);
        uint32_t max =
            (uint32_t)h2k_min_u64(end - offset, H2K_XFS_EXTENT_COUNT_MAX);
        uint32_t got = 0;
        e = (struct h2k_xfs_extent){ .offset = offset };
        if (h2k_xfs_alloc(xfs, near, contiguous ? max : 1, max, 1, &owner,
                          &e.start, &got) < 0)
            return -1;
        e.count = got;
        if (h2k_xfs_extent_add(xfs, inode, fork, &e) < 0 ||
            h2k_xfs_inode_blocks(xfs, inode, got) < 0)
            return -1;
        offset += got;
        near = e.start + got;
    }
    return 0;
}

/* [from, to) of E, which is the fork's, go. */
static int
punch_part(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
           enum h2k_xfs_fork fork, const struct h2k_xfs_extent *e,
           uint64_t from, uint64_t to)
{
    const struct h2k_xfs_extent none = { 0 };
    struct h2k_xfs_extent left = *e, right = *e;
    const struct h2k_xfs_owner owner = h2k_xfs_fork_owner(inode, fork, from);
    uint64_t skip = from - e->offset, count = to - from;
    left.count = skip;
    right.offset = to;
    right.start += skip + count;
    right.count -= skip + count;
    bool both = left.count > 0 && right.count > 0;
    if (h2k_xfs_extent_change(xfs, inode, fork, e,
                              left.count > 0 ? &left : &right) < 0 ||
        (both && h2k_xfs_extent_change(xfs, inode, fork, &none, &right) < 0) ||
        h2k_xfs_release(xfs, e->start + skip, (uint32_t)count, &owner) < 0)
        return -1;
    return h2k_xfs_inode_blocks(xfs, inode, -(int64_t)count);
}

int
h2k_xfs_fork_punch(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                   enum h2k_xfs_fork fork, uint64_t offset, uint64_t count)
{
    uint64_t end = count < UINT64_MAX - offset ? offset + count : UINT64_MAX;
    for (;;) {
        struct h2k_xfs_extent e;
        int rc = h2k_xfs_extent_find(xfs, inode, fork, offset, &e);
        if (rc <= 0 || e.offset >= end)
            return rc < 0 ? -1 : 0;
        uint64_t from = h2k_max_u64(e.offset, offset);
        uint64_t to = h2k_min_u64(e.offset + e.count, end);
        if (punch_part(xfs, inode, fork, &e, from, to) < 0)
            return -1;
        offset = to;
    }
}
