/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blocks of directories and attribute forks: finding and reading. */
#include "fs/xfs/da.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/format-attr.h"

#include <inttypes.h>

/* Of the filesystem's blocks in a directory's block: 64 KiB of 512 bytes. */
#define PIECES_MAX 128

static int
load_map(struct h2k_xfs_da *da)
{
    h2k_xfs_map_free(&da->map);
    return h2k_xfs_map_read(da->xfs, da->inode, da->fork, &da->map);
}

void
h2k_xfs_da_shape(struct h2k_xfs_da *da, struct h2k_xfs *xfs,
                 struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork)
{
    bool attr = fork == H2K_XFS_ATTR_FORK;
    const struct h2k_xfs_geometry *geo = &xfs->geo;
    *da = (struct h2k_xfs_da){
        .xfs = xfs,
        .inode = inode,
        .fork = fork,
        .leaf = attr ? H2K_XFS_ATTR_LEAF : H2K_XFS_DIR_LEAFN,
        .block_size = attr ? geo->block_size : geo->dir_block_size,
        .root =
            attr ? 0 : (uint32_t)(H2K_XFS_DIR_LEAF_OFFSET >> geo->block_log),
        .counts = geo->v5 ? H2K_XFS_DN_COUNT : H2K_XFS_DN_COUNT_V4,
        .attr_entries = geo->v5 ? H2K_XFS_AL_SIZE : H2K_XFS_AL_SIZE_V4,
        .entries = geo->v5 ? H2K_XFS_DN_SIZE : H2K_XFS_DN_SIZE_V4,
    };
    da->blocks = da->block_size >> geo->block_log;
}

int
h2k_xfs_da_open(struct h2k_xfs_da *da, struct h2k_xfs *xfs,
                struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork)
{
    h2k_xfs_da_shape(da, xfs, inode, fork);
    return load_map(da);
}

void
h2k_xfs_da_close(struct h2k_xfs_da *da)
{
    h2k_xfs_map_free(&da->map);
}

int
h2k_xfs_da_damaged(const struct h2k_xfs_da *da, const char *what)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "inode %" PRIu64 ": %s; run xfs_repair on it first",
                    da->inode->ino, what);
}

bool
h2k_xfs_da_mapped(const struct h2k_xfs_da *da, uint64_t at)
{
    const struct h2k_xfs_extent *e = h2k_xfs_map_find(&da->map, at);
    return e != NULL && e->offset <= at;
}

/* Where the block AT lies in the volume. */
static int
place(const struct h2k_xfs_da *da, uint64_t at,
      struct h2k_xfs_piece pieces[PIECES_MAX], uint32_t *count)
{
    const struct h2k_xfs_extent *e = h2k_xfs_map_find(&da->map, at);
    const struct h2k_xfs_extent *end = da->map.extents + da->map.count;
    uint64_t from = at, n;
    for (*count = 0; from < at + da->blocks; e++, from += n) {
        if (e == NULL || e == end || e->offset > from || e->unwritten)
            return h2k_xfs_da_damaged(da,
                                      "a block that is needed is not there");
        n = h2k_min_u64(at + da->blocks - from, e->offset + e->count - from);
        pieces[(*count)++] = (struct h2k_xfs_piece){
            .offset =
                h2k_xfs_fsb_offset(da->xfs, e->start + (from - e->offset)),
            .length = (uint32_t)(n << da->xfs->geo.block_log),
        };
    }
    return 0;
}

struct h2k_xfs_buf *
h2k_xfs_da_read_any(struct h2k_xfs_da *da, uint64_t at,
                    const enum h2k_xfs_kind *kinds)
{
    struct h2k_xfs_piece pieces[PIECES_MAX];
    uint32_t count = 0;
    if (place(da, at, pieces, &count) < 0)
        return NULL;
    return h2k_xfs_buf_read_pieces(da->xfs, pieces, count, kinds,
                                   da->inode->ino);
}

struct h2k_xfs_buf *
h2k_xfs_da_read(struct h2k_xfs_da *da, uint64_t at, enum h2k_xfs_kind kind)
{
    const enum h2k_xfs_kind kinds[] = { kind, H2K_XFS_KINDS };
    return h2k_xfs_da_read_any(da, at, kinds);
}
