/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blocks of directories and attribute forks: making and giving back. */
#include "fs/xfs/da.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/verify.h"

static int
load_map(struct h2k_xfs_da *da)
{
    h2k_xfs_map_free(&da->map);
    return h2k_xfs_map_read(da->xfs, da->inode, da->fork, &da->map);
}

uint64_t
h2k_xfs_da_hole(const struct h2k_xfs_da *da, uint64_t from, uint32_t count)
{
    for (;;) {
        const struct h2k_xfs_extent *e = h2k_xfs_map_find(&da->map, from);
        if (e == NULL || from + count <= e->offset)
            return from;
        from +=
            h2k_div_up(e->offset + e->count - from, da->blocks) * da->blocks;
    }
}

int
h2k_xfs_da_dirty(struct h2k_xfs_da *da, struct h2k_xfs_buf *buf)
{
    return h2k_xfs_buf_dirty(da->xfs, buf);
}

void
h2k_xfs_da_set_kind(struct h2k_xfs_da *da, struct h2k_xfs_buf *buf,
                    enum h2k_xfs_kind kind)
{
    buf->kind = kind;
    h2k_xfs_stamp(da->xfs, buf);
}

int
h2k_xfs_da_fill(struct h2k_xfs_da *da, uint64_t at, uint32_t count,
                bool contiguous)
{
    if (h2k_xfs_fork_fill(da->xfs, da->inode, da->fork, at, count,
                          contiguous) < 0)
        return -1;
    return load_map(da);
}

struct h2k_xfs_buf *
h2k_xfs_da_new_at(struct h2k_xfs_da *da, uint64_t at, enum h2k_xfs_kind kind)
{
    const struct h2k_xfs_extent *e = h2k_xfs_map_find(&da->map, at);
    if (e == NULL || e->offset > at)
        return h2k_xfs_da_damaged(da, "a block that was made is not there"),
               NULL;
    struct h2k_xfs_buf *buf = h2k_xfs_buf_new(
        da->xfs, h2k_xfs_fsb_offset(da->xfs, e->start + (at - e->offset)),
        da->block_size, kind, da->inode->ino);
    if (buf != NULL)
        h2k_xfs_stamp(da->xfs, buf);
    return buf;
}

struct h2k_xfs_buf *
h2k_xfs_da_new(struct h2k_xfs_da *da, uint64_t at, enum h2k_xfs_kind kind)
{
    return h2k_xfs_da_fill(da, at, da->blocks, true) < 0
               ? NULL
               : h2k_xfs_da_new_at(da, at, kind);
}

void
h2k_xfs_da_copy(struct h2k_xfs_da *da, struct h2k_xfs_buf *to,
                const struct h2k_xfs_buf *from)
{
    memcpy(to->data, from->data, da->block_size);
    to->kind = from->kind;
    h2k_xfs_stamp(da->xfs, to);
}

int
h2k_xfs_da_punch(struct h2k_xfs_da *da, uint64_t at, uint64_t count)
{
    if (h2k_xfs_fork_punch(da->xfs, da->inode, da->fork, at, count) < 0)
        return -1;
    return load_map(da);
}
