/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Taking records out of a B+tree: a block that is less than half full is
 * filled up from its neighbour or joined with it, and a root of one child
 * goes. */
#include "fs/xfs/btree.h"

#include "base/error.h"

/* A root of one child in an inode: the child's entries move into it, if they
 * have room there. */
static int
shrink_in_inode(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *root)
{
    struct h2k_xfs_node child;
    while (root->level > 1 && h2k_xfs_node_count(root) == 1) {
        if (h2k_xfs_node_read(tree, h2k_xfs_node_pointer(tree, root, 0),
                              root->level - 1, &child) < 0)
            return -1;
        uint32_t count = h2k_xfs_node_count(&child);
        if (count > root->room)
            return 0;
        if (h2k_xfs_node_dirty(tree, root) < 0)
            return -1;
        root->level--;
        h2k_put_be16(root->counts, (uint16_t)root->level);
        h2k_xfs_node_move(tree, root, 0, &child, 0, count);
        h2k_xfs_node_set_count(root, count);
        if (h2k_xfs_node_release(tree, &child) < 0)
            return -1;
    }
    return 0;
}

static int
shrink(struct h2k_xfs_cursor *c)
{
    struct h2k_xfs_node root = c->at[c->levels - 1].node, child;
    if (c->tree.kind == H2K_XFS_BMBT)
        return shrink_in_inode(&c->tree, &root);
    while (root.level > 0 && h2k_xfs_node_count(&root) == 1) {
        uint64_t only = h2k_xfs_node_pointer(&c->tree, &root, 0);
        if (h2k_xfs_node_read(&c->tree, only, root.level - 1, &child) < 0 ||
            h2k_xfs_tree_set_root(&c->tree, only, root.level) < 0 ||
            h2k_xfs_node_release(&c->tree, &root) < 0)
            return -1;
        root = child;
    }
    return 0;
}

/* RIGHT, all of whose entries moved to LEFT, is left out of its level. */
static int
unlink_right(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *left,
             struct h2k_xfs_node *right)
{
    struct h2k_xfs_node other;
    uint64_t beyond = h2k_xfs_node_sibling(tree, right, false);
    h2k_xfs_node_set_sibling(tree, left, false, beyond);
    if (beyond != UINT64_MAX) {
        if (h2k_xfs_node_read(tree, beyond, left->level, &other) < 0 ||
            h2k_xfs_node_dirty(tree, &other) < 0)
            return -1;
        h2k_xfs_node_set_sibling(tree, &other, true, left->address);
    }
    return h2k_xfs_node_release(tree, right);
}

/* Some of the fuller one's entries move, so that both have half. */
static void
balance(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *left,
        struct h2k_xfs_node *right)
{
    uint32_t have = h2k_xfs_node_count(left);
    uint32_t other = h2k_xfs_node_count(right), want = (have + other) / 2;
    if (have < want) {
        uint32_t n = want - have;
        h2k_xfs_node_move(tree, left, have, right, 0, n);
        h2k_xfs_node_move(tree, right, 0, right, n, other - n);
    } else {
        uint32_t n = have - want;
        h2k_xfs_node_move(tree, right, n, right, 0, other);
        h2k_xfs_node_move(tree, right, 0, left, want, n);
    }
    h2k_xfs_node_set_count(left, want);
    h2k_xfs_node_set_count(right, have + other - want);
}

/* at[LEVEL] and its neighbour under the same parent, the left one of which
 * is the parent's entry FIRST. */
static int
read_pair(struct h2k_xfs_cursor *c, uint32_t level, uint32_t first,
          struct h2k_xfs_node pair[2])
{
    struct h2k_xfs_node *parent = &c->at[level + 1].node;
    for (uint32_t i = 0; i < 2; i++)
        if (h2k_xfs_node_read(
                &c->tree, h2k_xfs_node_pointer(&c->tree, parent, first + i),
                level, &pair[i]) < 0 ||
            h2k_xfs_node_dirty(&c->tree, &pair[i]) < 0)
            return -1;
    if (pair[0].address == pair[1].address)
        return h2k_xfs_tree_damaged(&c->tree, "a block is in it twice");
    return 0;
}

/* at[LEVEL] has too few entries: 1 when an entry of at[LEVEL + 1] went with
 * a block that was joined, 0 when nothing more is to be done there. */
static int
fill_up(struct h2k_xfs_cursor *c, uint32_t level)
{
    struct h2k_xfs_node *parent = &c->at[level + 1].node, pair[2];
    struct h2k_xfs_entry entry;
    uint32_t index = c->at[level + 1].index;
    uint32_t first = index > 0 ? index - 1 : 0;
    if (h2k_xfs_node_count(parent) < 2)
        return h2k_xfs_node_count(&c->at[level].node) > 0
                   ? h2k_xfs_cursor_update_keys(c, level)
                   : h2k_xfs_tree_damaged(&c->tree, "a node of one child");
    if (read_pair(c, level, first, pair) < 0)
        return -1;
    uint32_t left = h2k_xfs_node_count(&pair[0]);
    uint32_t right = h2k_xfs_node_count(&pair[1]);
    bool join = left + right <= pair[0].room;
    if (join) {
        h2k_xfs_node_move(&c->tree, &pair[0], left, &pair[1], 0, right);
        h2k_xfs_node_set_count(&pair[0], left + right);
    } else {
        balance(&c->tree, &pair[0], &pair[1]);
        h2k_xfs_node_entry(&c->tree, &pair[1], &entry);
        if (h2k_xfs_node_set_keys(&c->tree, parent, first + 1, &entry) < 0)
            return -1;
    }
    c->at[level].node = pair[0];
    c->at[level + 1].index = first;
    h2k_xfs_node_entry(&c->tree, &pair[0], &entry);
    if (h2k_xfs_node_set_keys(&c->tree, parent, first, &entry) < 0)
        return -1;
    if (!join)
        return h2k_xfs_cursor_update_keys(c, level + 1);
    if (unlink_right(&c->tree, &pair[0], &pair[1]) < 0 ||
        h2k_xfs_node_dirty(&c->tree, parent) < 0)
        return -1;
    h2k_xfs_node_remove(&c->tree, parent, first + 1);
    return 1;
}

int
h2k_xfs_tree_remove(const struct h2k_xfs_tree *tree, const uint8_t *record)
{
    struct h2k_xfs_cursor c;
    uint8_t found[H2K_XFS_RECORD_MAX];
    int rc = h2k_xfs_tree_get(tree, record, found);
    if (rc == 0)
        return h2k_xfs_tree_damaged(tree, "it has not what it should");
    if (rc < 0 || h2k_xfs_cursor_seek(&c, tree, record) < 0)
        return -1;
    struct h2k_xfs_node *leaf = &c.at[0].node;
    if (c.at[0].index >= h2k_xfs_node_count(leaf))
        return h2k_xfs_tree_damaged(tree, "its keys are wrong");
    if (h2k_xfs_node_dirty(tree, leaf) < 0)
        return -1;
    h2k_xfs_node_remove(tree, leaf, c.at[0].index);
    for (uint32_t level = 0; level + 1 < c.levels; level++) {
        struct h2k_xfs_node *node = &c.at[level].node;
        if (h2k_xfs_node_count(node) >= node->room / 2 &&
            h2k_xfs_node_count(node) > 0)
            return h2k_xfs_cursor_update_keys(&c, level);
        rc = fill_up(&c, level);
        if (rc <= 0)
            return rc;
    }
    return shrink(&c);
}
