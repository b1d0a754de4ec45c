/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Free extents, kept in two btrees: by place and by size ("AG Free Space
 * B+trees"). */
#include "fs/xfs/alloc.h"

#include "base/error.h"
#include "fs/xfs/format.h"

static void
put(uint8_t *record, const struct h2k_xfs_run *run)
{
    h2k_put_be32(record + H2K_XFS_ALLOC_START, run->start);
    h2k_put_be32(record + H2K_XFS_ALLOC_COUNT, run->count);
}

static struct h2k_xfs_run
get(const uint8_t *record)
{
    return (struct h2k_xfs_run){
        h2k_get_be32(record + H2K_XFS_ALLOC_START),
        h2k_get_be32(record + H2K_XFS_ALLOC_COUNT),
    };
}

/* What AGF says of it follows. */
static int
count_free(struct h2k_xfs *xfs, uint32_t ag, int64_t change)
{
    const struct h2k_xfs_tree by_size =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_CNTBT, ag);
    struct h2k_xfs_cursor c;
    const uint8_t *record;
    uint32_t longest = 0;
    if (h2k_xfs_cursor_end(&c, &by_size) < 0)
        return -1;
    int rc = h2k_xfs_cursor_back(&c);
    if (rc == 1)
        rc = h2k_xfs_cursor_get(&c, &record);
    if (rc < 0)
        return -1;
    if (rc == 1)
        longest = get(record).count;
    if (h2k_xfs_agf_set(xfs, ag, H2K_XFS_AGF_LONGEST, longest) < 0)
        return -1;
    return h2k_xfs_agf_add(xfs, ag, H2K_XFS_AGF_FREEBLKS, change);
}

/* FROM, which is there when it has a count, becomes TO, which stays if it has
 * one. */
static int
change_place(struct h2k_xfs *xfs, uint32_t ag, const struct h2k_xfs_run *from,
             const struct h2k_xfs_run *to)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_BNOBT, ag);
    uint8_t old[H2K_XFS_RECORD_MAX], new[H2K_XFS_RECORD_MAX];
    put(old, from);
    put(new, to);
    if (from->count == 0)
        return to->count == 0 ? 0 : h2k_xfs_tree_insert(&tree, new);
    return to->count == 0 ? h2k_xfs_tree_remove(&tree, old)
                          : h2k_xfs_tree_replace(&tree, old, new);
}

static int
change_size(struct h2k_xfs *xfs, uint32_t ag, const struct h2k_xfs_run *run,
            bool add)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_CNTBT, ag);
    uint8_t record[H2K_XFS_RECORD_MAX];
    put(record, run);
    if (run->count == 0)
        return 0;
    return add ? h2k_xfs_tree_insert(&tree, record)
               : h2k_xfs_tree_remove(&tree, record);
}

int
h2k_xfs_free_take(struct h2k_xfs *xfs, uint32_t ag,
                  const struct h2k_xfs_run *from,
                  const struct h2k_xfs_run *take)
{
    const struct h2k_xfs_run none = { 0, 0 };
    const struct h2k_xfs_run left = { from->start, take->start - from->start };
    const struct h2k_xfs_run right = {
        take->start + take->count, from->count - left.count - take->count
    };
    bool has_left = left.count > 0;
    if (change_place(xfs, ag, from, has_left ? &left : &right) < 0 ||
        (has_left && change_place(xfs, ag, &none, &right) < 0) ||
        change_size(xfs, ag, from, false) < 0 ||
        change_size(xfs, ag, &left, true) < 0 ||
        change_size(xfs, ag, &right, true) < 0)
        return -1;
    return count_free(xfs, ag, -(int64_t)take->count);
}

/* The free extents beside RUN; count 0 where it does not touch them. */
static int
find_beside(struct h2k_xfs *xfs, uint32_t ag, const struct h2k_xfs_run *run,
            struct h2k_xfs_run *left, struct h2k_xfs_run *right)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_BNOBT, ag);
    uint8_t key[H2K_XFS_RECORD_MAX], found[H2K_XFS_RECORD_MAX];
    uint64_t end = (uint64_t)run->start + run->count;
    put(key, run);
    *left = *right = (struct h2k_xfs_run){ 0, 0 };
    int rc = h2k_xfs_tree_get(&tree, key, found);
    if (rc != 0)
        return rc < 0 ? -1
                      : h2k_xfs_tree_damaged(&tree, "what is used is free");
    rc = h2k_xfs_tree_below(&tree, key, found);
    if (rc == 1)
        *left = get(found);
    if (rc < 0 || (rc = h2k_xfs_tree_above(&tree, key, found)) < 0)
        return -1;
    if (rc == 1)
        *right = get(found);
    uint64_t left_end = (uint64_t)left->start + left->count;
    if (left_end > run->start || (right->count > 0 && right->start < end))
        return h2k_xfs_tree_damaged(&tree, "what is used is free");
    if (left_end != run->start)
        left->count = 0;
    if (right->start != end)
        right->count = 0;
    return 0;
}

int
h2k_xfs_free_give(struct h2k_xfs *xfs, uint32_t ag,
                  const struct h2k_xfs_run *run)
{
    const struct h2k_xfs_run none = { 0, 0 };
    struct h2k_xfs_run left, right, whole = *run;
    if (find_beside(xfs, ag, run, &left, &right) < 0)
        return -1;
    if (left.count > 0)
        whole.start = left.start;
    whole.count += left.count + right.count;
    const struct h2k_xfs_run *grown = left.count > 0 ? &left : &right;
    if ((left.count > 0 && right.count > 0 &&
         change_place(xfs, ag, &right, &none) < 0) ||
        change_place(xfs, ag, grown, &whole) < 0 ||
        change_size(xfs, ag, &left, false) < 0 ||
        change_size(xfs, ag, &right, false) < 0 ||
        change_size(xfs, ag, &whole, true) < 0)
        return -1;
    return count_free(xfs, ag, run->count);
}
