/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/xfs/fork.h"

#include "base/error.h"
#include "fs/xfs/btree.h"
#include "fs/xfs/format-inode.h"

#include <inttypes.h>

static bool
is_tree(const struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork)
{
    return h2k_xfs_fork_format(inode, fork) == H2K_XFS_BTREE;
}

static uint8_t *
list_at(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
        enum h2k_xfs_fork fork, uint64_t index)
{
    uint32_t size;
    return h2k_xfs_fork_area(xfs, inode, fork, &size) +
           index * H2K_XFS_BMBT_REC_SIZE;
}

uint32_t
h2k_xfs_extent_room(const struct h2k_xfs *xfs,
                    const struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork)
{
    uint32_t size = 0;
    h2k_xfs_fork_area(xfs, inode, fork, &size);
    return size / H2K_XFS_BMBT_REC_SIZE;
}

/* Local content has no extents, and is moved out first. */
static int
check_format(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
             enum h2k_xfs_fork fork)
{
    enum h2k_xfs_format format = h2k_xfs_fork_format(inode, fork);
    uint32_t size = 0;
    h2k_xfs_fork_area(xfs, inode, fork, &size);
    if (size == 0 || (format != H2K_XFS_EXTENTS && format != H2K_XFS_BTREE))
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu64 " has no extents there", inode->ino);
    if (format == H2K_XFS_EXTENTS &&
        h2k_xfs_fork_extents(xfs, inode, fork) > size / H2K_XFS_BMBT_REC_SIZE)
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu64
                        " has more extents than room; run xfs_repair first",
                        inode->ino);
    return 0;
}

/* The number of those in a list that begin before BLOCK. */
static uint64_t
list_before(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
            enum h2k_xfs_fork fork, uint64_t block)
{
    uint64_t count = h2k_xfs_fork_extents(xfs, inode, fork), i;
    for (i = 0; i < count; i++) {
        struct h2k_xfs_extent e;
        h2k_xfs_extent_get(list_at(xfs, inode, fork, i), &e);
        if (e.offset >= block)
            break;
    }
    return i;
}

static void
key_of(uint8_t record[H2K_XFS_RECORD_MAX], uint64_t block)
{
    const struct h2k_xfs_extent like = { .offset = block };
    memset(record, 0, H2K_XFS_RECORD_MAX);
    h2k_xfs_extent_put(record, &like);
}

/* It comes from the inode or its tree, and may lie. */
static int
check_extent(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
             const struct h2k_xfs_extent *e)
{
    if (e->count > 0 && e->offset + e->count <= H2K_XFS_EXTENT_OFFSET_END &&
        h2k_xfs_fsb_valid(xfs, e->start) &&
        h2k_range_inside(
            h2k_xfs_fsb_agb(xfs, e->start), e->count,
            h2k_xfs_ag_length(xfs, h2k_xfs_fsb_ag(xfs, e->start))))
        return 1;
    return h2k_fail(H2K_E_CORRUPT,
                    "inode %" PRIu64
                    ": its extents are damaged (one is outside of the "
                    "filesystem); run xfs_repair first",
                    inode->ino);
}

int
h2k_xfs_extent_before(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                      enum h2k_xfs_fork fork, uint64_t block,
                      struct h2k_xfs_extent *out)
{
    uint8_t key[H2K_XFS_RECORD_MAX], record[H2K_XFS_RECORD_MAX];
    if (check_format(xfs, inode, fork) < 0)
        return -1;
    if (is_tree(inode, fork)) {
        const struct h2k_xfs_tree tree =
            h2k_xfs_tree_of_fork(xfs, inode, fork);
        key_of(key, block);
        int rc = h2k_xfs_tree_below(&tree, key, record);
        if (rc <= 0)
            return rc;
        h2k_xfs_extent_get(record, out);
    } else {
        uint64_t before = list_before(xfs, inode, fork, block);
        if (before == 0)
            return 0;
        h2k_xfs_extent_get(list_at(xfs, inode, fork, before - 1), out);
    }
    return check_extent(xfs, inode, out);
}

/* The first that begins at BLOCK or behind it. */
static int
find_behind(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
            enum h2k_xfs_fork fork, uint64_t block, struct h2k_xfs_extent *out)
{
    uint8_t key[H2K_XFS_RECORD_MAX];
    const uint8_t *record;
    if (is_tree(inode, fork)) {
        const struct h2k_xfs_tree tree =
            h2k_xfs_tree_of_fork(xfs, inode, fork);
        struct h2k_xfs_cursor c;
        key_of(key, block);
        if (h2k_xfs_cursor_seek(&c, &tree, key) < 0)
            return -1;
        int rc = h2k_xfs_cursor_get(&c, &record);
        if (rc <= 0)
            return rc;
    } else {
        uint64_t before = list_before(xfs, inode, fork, block);
        if (before == h2k_xfs_fork_extents(xfs, inode, fork))
            return 0;
        record = list_at(xfs, inode, fork, before);
    }
    h2k_xfs_extent_get(record, out);
    return check_extent(xfs, inode, out);
}

int
h2k_xfs_extent_find(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                    enum h2k_xfs_fork fork, uint64_t block,
                    struct h2k_xfs_extent *out)
{
    int rc = h2k_xfs_extent_before(xfs, inode, fork, block, out);
    if (rc < 0 || (rc == 1 && block - out->offset < out->count))
        return rc;
    return find_behind(xfs, inode, fork, block, out);
}

/* ---- Changing ---- */

static bool
is_big(const struct h2k_xfs_inode *inode)
{
    return inode->raw[H2K_XFS_DI_VERSION] == 3 &&
           (h2k_get_be64(inode->raw + H2K_XFS_DI_FLAGS2) &
            H2K_XFS_DIFLAG2_NREXT64) != 0;
}

static int
count_extents(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
              enum h2k_xfs_fork fork, int change)
{
    bool data = fork == H2K_XFS_DATA_FORK;
    uint64_t max = data ? H2K_XFS_NEXTENTS_MAX : H2K_XFS_ANEXTENTS_MAX;
    uint64_t count = h2k_xfs_fork_extents(xfs, inode, fork);
    if (is_big(inode))
        max = data ? H2K_XFS_BIG_NEXTENTS_MAX : H2K_XFS_BIG_ANEXTENTS_MAX;
    if (change > 0 ? count >= max : count == 0)
        return h2k_fail(H2K_E_NOSPACE,
                        "inode %" PRIu64 " can have no more extents",
                        inode->ino);
    count += (uint64_t)(int64_t)change;
    if (data && is_big(inode))
        h2k_put_be64(inode->raw + H2K_XFS_DI_BIG_NEXTENTS, count);
    else if (data)
        h2k_put_be32(inode->raw + H2K_XFS_DI_NEXTENTS, (uint32_t)count);
    else if (is_big(inode))
        h2k_put_be32(inode->raw + H2K_XFS_DI_BIG_ANEXTENTS, (uint32_t)count);
    else
        h2k_put_be16(inode->raw + H2K_XFS_DI_ANEXTENTS, (uint16_t)count);
    return 0;
}

static int
insert(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
       enum h2k_xfs_fork fork, const struct h2k_xfs_extent *extent)
{
    uint8_t record[H2K_XFS_RECORD_MAX];
    uint64_t count = h2k_xfs_fork_extents(xfs, inode, fork);
    h2k_xfs_extent_put(record, extent);
    if (!is_tree(inode, fork) &&
        count >= h2k_xfs_extent_room(xfs, inode, fork) &&
        h2k_xfs_fork_make_tree(xfs, inode, fork) < 0)
        return -1;
    if (count_extents(xfs, inode, fork, 1) < 0)
        return -1;
    if (is_tree(inode, fork)) {
        const struct h2k_xfs_tree tree =
            h2k_xfs_tree_of_fork(xfs, inode, fork);
        return h2k_xfs_tree_insert(&tree, record);
    }
    uint64_t at = list_before(xfs, inode, fork, extent->offset);
    at = h2k_min_u64(at, count); /* one more is counted by now */
    memmove(list_at(xfs, inode, fork, at + 1), list_at(xfs, inode, fork, at),
            (count - at) * H2K_XFS_BMBT_REC_SIZE);
    memcpy(list_at(xfs, inode, fork, at), record, H2K_XFS_BMBT_REC_SIZE);
    return 0;
}

static int
fail_missing(const struct h2k_xfs_inode *inode)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "inode %" PRIu64 ": its extents are damaged (one is "
                    "missing); run xfs_repair first",
                    inode->ino);
}

static int
take_out(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
         enum h2k_xfs_fork fork, const struct h2k_xfs_extent *extent)
{
    uint8_t record[H2K_XFS_RECORD_MAX];
    uint64_t count = h2k_xfs_fork_extents(xfs, inode, fork);
    h2k_xfs_extent_put(record, extent);
    if (is_tree(inode, fork)) {
        const struct h2k_xfs_tree tree =
            h2k_xfs_tree_of_fork(xfs, inode, fork);
        if (h2k_xfs_tree_remove(&tree, record) < 0 ||
            count_extents(xfs, inode, fork, -1) < 0)
            return -1;
        return count - 1 <= h2k_xfs_extent_room(xfs, inode, fork)
                   ? h2k_xfs_fork_make_list(xfs, inode, fork)
                   : 0;
    }
    uint64_t at = list_before(xfs, inode, fork, extent->offset);
    if (at >= count)
        return fail_missing(inode);
    memmove(list_at(xfs, inode, fork, at), list_at(xfs, inode, fork, at + 1),
            (count - at - 1) * H2K_XFS_BMBT_REC_SIZE);
    memset(list_at(xfs, inode, fork, count - 1), 0, H2K_XFS_BMBT_REC_SIZE);
    return count_extents(xfs, inode, fork, -1);
}

int
h2k_xfs_extent_change(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                      enum h2k_xfs_fork fork, const struct h2k_xfs_extent *old,
                      const struct h2k_xfs_extent *new)
{
    uint8_t from[H2K_XFS_RECORD_MAX], to[H2K_XFS_RECORD_MAX];
    if (check_format(xfs, inode, fork) < 0 ||
        h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    if (old->count == 0)
        return new->count == 0 ? 0 : insert(xfs, inode, fork, new);
    if (new->count == 0)
        return take_out(xfs, inode, fork, old);
    h2k_xfs_extent_put(from, old);
    h2k_xfs_extent_put(to, new);
    if (is_tree(inode, fork)) {
        const struct h2k_xfs_tree tree =
            h2k_xfs_tree_of_fork(xfs, inode, fork);
        return h2k_xfs_tree_replace(&tree, from, to);
    }
    uint64_t at = list_before(xfs, inode, fork, old->offset);
    if (at >= h2k_xfs_fork_extents(xfs, inode, fork))
        return fail_missing(inode);
    memcpy(list_at(xfs, inode, fork, at), to, H2K_XFS_BMBT_REC_SIZE);
    return 0;
}

/* B goes on where A ends, and both fit into one record. */
static bool
joins(const struct h2k_xfs *xfs, const struct h2k_xfs_extent *a,
      const struct h2k_xfs_extent *b)
{
    return a->offset + a->count == b->offset &&
           a->start + a->count == b->start && a->unwritten == b->unwritten &&
           a->count + b->count <= H2K_XFS_EXTENT_COUNT_MAX &&
           h2k_xfs_fsb_ag(xfs, a->start) == h2k_xfs_fsb_ag(xfs, b->start);
}

int
h2k_xfs_extent_add(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                   enum h2k_xfs_fork fork, const struct h2k_xfs_extent *extent)
{
    const struct h2k_xfs_extent none = { 0 };
    struct h2k_xfs_extent left, right, whole = *extent;
    int before =
        h2k_xfs_extent_before(xfs, inode, fork, extent->offset, &left);
    int behind = before < 0
                     ? -1
                     : find_behind(xfs, inode, fork, extent->offset, &right);
    if (behind < 0)
        return -1;
    if (behind == 1 && joins(xfs, &whole, &right))
        whole.count += right.count;
    else
        right = none;
    if (before == 1 && joins(xfs, &left, &whole)) {
        whole.offset = left.offset;
        whole.start = left.start;
        whole.count += left.count;
    } else {
        left = none;
    }
    if (left.count > 0 && right.count > 0 &&
        h2k_xfs_extent_change(xfs, inode, fork, &right, &none) < 0)
        return -1;
    return h2k_xfs_extent_change(xfs, inode, fork,
                                 left.count > 0 ? &left : &right, &whole);
}
