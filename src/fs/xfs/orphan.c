/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a machine that was cut off leaves behind, once the log is replayed:
 * files that had lost their last name and were still open ("AG Inode
 * Management", unlinked lists), and blocks for copies that were not finished
 * ("Reference Count B+tree").  The kernel's recovery releases both.
 */
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/chunk.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"

#include <inttypes.h>

/* The first of a list goes. */
static int
release_first(struct h2k_xfs *xfs, uint32_t ag, uint32_t field, uint32_t agino)
{
    struct h2k_xfs_inode inode;
    h2k_ino ino = h2k_xfs_ino(xfs, ag, agino);
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0)
        return -1;
    if (h2k_get_be32(inode.raw + H2K_XFS_DI_NLINK) != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu64
                        " is to be deleted, and has names; run xfs_repair "
                        "first",
                        ino);
    uint32_t next = h2k_get_be32(inode.raw + H2K_XFS_DI_NEXT_UNLINKED);
    if (h2k_xfs_inode_release(xfs, &inode) < 0)
        return -1;
    h2k_put_be32(inode.raw + H2K_XFS_DI_NEXT_UNLINKED, H2K_XFS_NULL32);
    return h2k_xfs_agi_set(xfs, ag, field, next);
}

/* No list goes round: what was released is not there a second time. */
static int
release_list(struct h2k_xfs *xfs, uint32_t ag, uint32_t field)
{
    for (;;) {
        uint32_t agino = 0;
        if (h2k_xfs_agi_get(xfs, ag, field, &agino) < 0)
            return -1;
        if (agino == H2K_XFS_NULL32)
            return 0;
        if (h2k_xfs_op_begin(xfs) < 0 ||
            h2k_xfs_op_end(xfs, release_first(xfs, ag, field, agino)) < 0)
            return h2k_prefix("AG %" PRIu32 ": deleted inode %" PRIu32 ": ",
                              ag, agino);
    }
}

/* 1 and a run of blocks for a copy, released; 0 where there is none. */
static int
release_copy(struct h2k_xfs *xfs, uint32_t ag)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_REFCBT, ag);
    const struct h2k_xfs_owner owner = { .owner = H2K_XFS_OWN_COW };
    uint8_t record[H2K_XFS_RECORD_MAX] = { 0 };
    struct h2k_xfs_cursor c;
    if (h2k_xfs_cursor_end(&c, &tree) < 0)
        return -1;
    const uint8_t *last;
    int rc = h2k_xfs_cursor_back(&c);
    if (rc == 1)
        rc = h2k_xfs_cursor_get(&c, &last);
    if (rc <= 0)
        return rc;
    uint32_t start = h2k_get_be32(last + H2K_XFS_REFC_START);
    struct h2k_xfs_run run = { start & ~H2K_XFS_REFC_COW,
                               h2k_get_be32(last + H2K_XFS_REFC_COUNT) };
    if ((start & H2K_XFS_REFC_COW) == 0)
        return 0;
    if (run.count == 0 ||
        !h2k_range_inside(run.start, run.count, h2k_xfs_ag_length(xfs, ag)))
        return h2k_xfs_tree_damaged(&tree, "an impossible extent");
    memcpy(record, last, H2K_XFS_REFC_SIZE);
    if (h2k_xfs_tree_remove(&tree, record) < 0 ||
        h2k_xfs_release_in_ag(xfs, ag, &run, &owner) < 0)
        return -1;
    return 1;
}

static int
release_copies(struct h2k_xfs *xfs, uint32_t ag)
{
    int rc = 1;
    while (rc == 1) {
        if (h2k_xfs_op_begin(xfs) < 0)
            return -1;
        rc = h2k_xfs_op_end(xfs, release_copy(xfs, ag));
    }
    return rc;
}

int
h2k_xfs_release_orphans(struct h2k_xfs *xfs)
{
    for (uint32_t ag = 0; ag < xfs->geo.ag_count; ag++) {
        for (uint32_t i = 0; i < H2K_XFS_AGI_BUCKETS; i++)
            if (release_list(xfs, ag, H2K_XFS_AGI_UNLINKED + 4 * i) < 0)
                return -1;
        if (xfs->geo.reflink && release_copies(xfs, ag) < 0)
            return -1;
    }
    return 0;
}
