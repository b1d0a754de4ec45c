/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The tree of hashes grows: leaves and nodes are split, and the root, which
 * stays where it is, gets a level below it. */
#include "fs/xfs/da.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

static uint8_t *
node_entry(const struct h2k_xfs_da *da, struct h2k_xfs_buf *buf, uint32_t i)
{
    return buf->data + da->entries + (size_t)i * 8;
}

int
h2k_xfs_da_fix_hashes(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path)
{
    for (uint32_t level = path->depth; level-- > 0;) {
        struct h2k_xfs_buf *node = path->level[level].buf;
        uint8_t *entry = node_entry(da, node, path->level[level].index);
        uint32_t hash = 0;
        if (h2k_xfs_da_last_hash(da, path->level[level + 1].buf, &hash) < 0)
            return -1;
        if (h2k_get_be32(entry) == hash)
            continue;
        if (h2k_xfs_da_dirty(da, node) < 0)
            return -1;
        h2k_put_be32(entry, hash);
    }
    return 0;
}

static struct h2k_xfs_buf *
new_block(struct h2k_xfs_da *da, enum h2k_xfs_kind kind, uint64_t *at)
{
    *at = h2k_xfs_da_hole(da, da->root, da->blocks);
    return h2k_xfs_da_new(da, *at, kind);
}

/* RIGHT, new, goes behind LEFT into the chain of its level. */
static int
chain_behind(struct h2k_xfs_da *da, struct h2k_xfs_buf *left, uint64_t left_at,
             struct h2k_xfs_buf *right, uint64_t right_at)
{
    uint32_t next = h2k_get_be32(left->data + H2K_XFS_DA_FORW);
    h2k_put_be32(right->data + H2K_XFS_DA_FORW, next);
    h2k_put_be32(right->data + H2K_XFS_DA_BACK, (uint32_t)left_at);
    h2k_put_be32(left->data + H2K_XFS_DA_FORW, (uint32_t)right_at);
    if (next == 0)
        return 0;
    struct h2k_xfs_buf *third = h2k_xfs_da_read(da, next, left->kind);
    if (third == NULL || h2k_xfs_da_dirty(da, third) < 0)
        return -1;
    if (h2k_get_be32(third->data + H2K_XFS_DA_BACK) != left_at)
        return h2k_xfs_da_damaged(da, "two blocks' links do not agree");
    h2k_put_be32(third->data + H2K_XFS_DA_BACK, (uint32_t)right_at);
    return 0;
}

/* An entry for the block AT in NODE, which has room, at place I. */
static void
insert_entry(struct h2k_xfs_da *da, struct h2k_xfs_buf *node, uint32_t i,
             uint32_t hash, uint64_t at)
{
    uint8_t *entry = node_entry(da, node, i);
    uint32_t count = h2k_xfs_da_count(da, node);
    memmove(entry + 8, entry, (size_t)(count - i) * 8);
    h2k_put_be32(entry, hash);
    h2k_put_be32(entry + 4, (uint32_t)at);
    h2k_xfs_da_set_count(da, node, count + 1);
}

/* What the root holds moves into a block of its own, its only child. */
static int
lower_root(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path)
{
    struct h2k_xfs_buf *root = path->level[0].buf;
    uint32_t hash = 0;
    uint64_t at = 0;
    if (path->depth + 2 > H2K_XFS_DA_LEVELS_MAX)
        return h2k_fail(H2K_E_NOSPACE,
                        "inode %" PRIu64 ": its index is as deep as it may be",
                        da->inode->ino);
    struct h2k_xfs_buf *child = new_block(da, root->kind, &at);
    if (child == NULL || h2k_xfs_da_last_hash(da, root, &hash) < 0 ||
        h2k_xfs_da_dirty(da, root) < 0)
        return -1;
    h2k_xfs_da_copy(da, child, root);
    memmove(&path->level[1], &path->level[0],
            sizeof(path->level[0]) * (path->depth + 1));
    path->level[1].buf = child;
    path->level[1].at = at;
    path->level[0].index = 0;
    path->depth++;
    h2k_xfs_da_set_kind(da, root, H2K_XFS_DA_NODE);
    memset(root->data + da->counts, 0, da->block_size - da->counts);
    h2k_put_be16(root->data + da->counts + 2, (uint16_t)path->depth);
    insert_entry(da, root, 0, hash, at);
    return 0;
}

/* The node at LEVEL is cut in two; the one above it has room. */
static int
split_node(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path, uint32_t level)
{
    struct h2k_xfs_buf *left = path->level[level].buf;
    struct h2k_xfs_buf *above = path->level[level - 1].buf;
    uint32_t count = h2k_xfs_da_count(da, left), half = count / 2;
    uint32_t left_hash = h2k_get_be32(node_entry(da, left, half - 1));
    uint32_t right_hash = h2k_get_be32(node_entry(da, left, count - 1));
    uint64_t at = 0;
    struct h2k_xfs_buf *right = new_block(da, H2K_XFS_DA_NODE, &at);
    if (right == NULL || h2k_xfs_da_dirty(da, left) < 0 ||
        h2k_xfs_da_dirty(da, above) < 0 ||
        chain_behind(da, left, path->level[level].at, right, at) < 0)
        return -1;
    memcpy(node_entry(da, right, 0), node_entry(da, left, half),
           (size_t)(count - half) * 8);
    memset(node_entry(da, left, half), 0, (size_t)(count - half) * 8);
    h2k_xfs_da_set_count(da, right, count - half);
    h2k_xfs_da_set_count(da, left, half);
    h2k_put_be16(right->data + da->counts + 2,
                 h2k_get_be16(left->data + da->counts + 2));
    uint32_t *index = &path->level[level - 1].index;
    h2k_put_be32(node_entry(da, above, *index), left_hash);
    insert_entry(da, above, *index + 1, right_hash, at);
    if (path->level[level].index >= half) {
        path->level[level].index -= half;
        path->level[level].buf = right;
        path->level[level].at = at;
        (*index)++;
    }
    return 0;
}

/* The node above the leaf gets room for an entry more. */
static int
make_room(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path)
{
    uint32_t full = path->depth; /* this level and those below it, to the
                                    leaf, are full */
    while (full > 0 && h2k_xfs_da_count(da, path->level[full - 1].buf) ==
                           h2k_xfs_da_room(da))
        full--;
    if (full == 0) {
        if (lower_root(da, path) < 0)
            return -1;
        full = 1;
    }
    for (; full < path->depth; full++)
        if (split_node(da, path, full) < 0)
            return -1;
    return 0;
}

int
h2k_xfs_da_split(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path,
                 struct h2k_xfs_buf **right, uint64_t *right_at)
{
    if (make_room(da, path) < 0)
        return -1;
    struct h2k_xfs_buf *left = h2k_xfs_da_leaf(path);
    *right = new_block(da, da->leaf, right_at);
    if (*right == NULL || h2k_xfs_da_dirty(da, left) < 0)
        return -1;
    return chain_behind(da, left, path->level[path->depth].at, *right,
                        *right_at);
}

int
h2k_xfs_da_attach(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path,
                  struct h2k_xfs_buf *right, uint64_t right_at)
{
    struct h2k_xfs_buf *above = path->level[path->depth - 1].buf;
    uint32_t index = path->level[path->depth - 1].index;
    uint32_t left_hash = 0, right_hash = 0;
    if (h2k_xfs_da_last_hash(da, h2k_xfs_da_leaf(path), &left_hash) < 0 ||
        h2k_xfs_da_last_hash(da, right, &right_hash) < 0 ||
        h2k_xfs_da_dirty(da, above) < 0)
        return -1;
    h2k_put_be32(node_entry(da, above, index), left_hash);
    insert_entry(da, above, index + 1, right_hash, right_at);
    /* What is now the last in its node may not be what its hash was. */
    path->level[path->depth - 1].index = index + 1;
    path->level[path->depth].buf = right;
    path->level[path->depth].at = right_at;
    return h2k_xfs_da_fix_hashes(da, path);
}
