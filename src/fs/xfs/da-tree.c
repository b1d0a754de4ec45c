/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Going through the tree of hashes ("Leaf Directories", "Node Directories",
 * xfs_da_intnode). */
#include "fs/xfs/da.h"

#include "base/error.h"

/* A node's entry: the greatest hash below, and the block's number. */
static uint8_t *
node_entry(const struct h2k_xfs_da *da, struct h2k_xfs_buf *buf, uint32_t i)
{
    return buf->data + da->entries + (size_t)i * 8;
}

static int
read_level(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path, uint32_t level,
           uint64_t at)
{
    const enum h2k_xfs_kind kinds[] = { H2K_XFS_DA_NODE, da->leaf,
                                        H2K_XFS_KINDS };
    struct h2k_xfs_buf *buf = h2k_xfs_da_read_any(da, at, kinds);
    if (buf == NULL)
        return -1;
    path->level[level].buf = buf;
    path->level[level].at = at;
    path->level[level].index = 0;
    if (buf->kind == da->leaf) {
        if (level > 0 && path->depth != level)
            return h2k_xfs_da_damaged(da, "a leaf where a node belongs");
        path->depth = level;
        return 0;
    }
    /* A node's own level counts from the leaves, which are 0. */
    uint32_t height = h2k_get_be16(buf->data + da->counts + 2);
    uint32_t count = h2k_xfs_da_count(da, buf);
    if (count == 0 || count > h2k_xfs_da_room(da) || height == 0 ||
        height >= H2K_XFS_DA_LEVELS_MAX ||
        (level > 0 && path->depth != level + height))
        return h2k_xfs_da_damaged(da, "a node that cannot be right");
    path->depth = level + height;
    return 0;
}

int
h2k_xfs_da_descend(struct h2k_xfs_da *da, uint32_t hash,
                   struct h2k_xfs_da_path *path)
{
    uint64_t at = da->root;
    *path = (struct h2k_xfs_da_path){ 0 };
    for (uint32_t level = 0;; level++) {
        if (read_level(da, path, level, at) < 0)
            return -1;
        if (level == path->depth)
            return 0;
        struct h2k_xfs_buf *buf = path->level[level].buf;
        uint32_t i = 0, count = h2k_xfs_da_count(da, buf);
        while (i + 1 < count && h2k_get_be32(node_entry(da, buf, i)) < hash)
            i++;
        path->level[level].index = i;
        at = h2k_get_be32(node_entry(da, buf, i) + 4);
    }
}

int
h2k_xfs_da_next(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path)
{
    uint32_t level = path->depth;
    uint64_t leaves = 0;
    for (size_t i = 0; i < da->map.count; i++)
        leaves += da->map.extents[i].count / da->blocks + 1;
    if (++path->steps > leaves)
        return h2k_xfs_da_damaged(da, "an index that does not end");
    do {
        if (level-- == 0)
            return 0;
    } while (++path->level[level].index ==
             h2k_xfs_da_count(da, path->level[level].buf));
    for (; level < path->depth; level++) {
        uint64_t at = h2k_get_be32(
            node_entry(da, path->level[level].buf, path->level[level].index) +
            4);
        if (read_level(da, path, level + 1, at) < 0)
            return -1;
    }
    return 1;
}

int
h2k_xfs_da_last_hash(const struct h2k_xfs_da *da,
                     const struct h2k_xfs_buf *buf, uint32_t *hash)
{
    uint32_t count = h2k_xfs_da_count(da, buf);
    uint32_t entries =
        buf->kind == H2K_XFS_ATTR_LEAF ? da->attr_entries : da->entries;
    if (count == 0 || count > (da->block_size - entries) / 8)
        return h2k_xfs_da_damaged(da, "a leaf of no entries, or too many");
    *hash = h2k_get_be32(buf->data + entries + (size_t)(count - 1) * 8);
    return 0;
}
