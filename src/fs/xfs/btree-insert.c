/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Putting records into a B+tree: full blocks are split, and a root that was
 * split gets another one above it. */
#include "fs/xfs/btree.h"

#include "base/error.h"

static bool
has_key(struct h2k_xfs_cursor *c, const uint8_t *record)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(&c->tree);
    uint8_t key[H2K_XFS_KEYS_MAX], other[H2K_XFS_KEYS_MAX];
    if (c->at[0].index >= h2k_xfs_node_count(&c->at[0].node))
        return false;
    t->low(record, key);
    t->low(h2k_xfs_node_record(&c->tree, &c->at[0].node, c->at[0].index),
           other);
    return t->compare(key, other) == 0;
}

/* The root in an inode moves out into NEW, and keeps the way there. */
static int
grow_in_inode(struct h2k_xfs_cursor *c, struct h2k_xfs_node *new)
{
    uint32_t level = c->levels - 1;
    struct h2k_xfs_node *root = &c->at[level + 1].node;
    struct h2k_xfs_entry entry;
    uint32_t count = h2k_xfs_node_count(&c->at[level].node);
    *root = c->at[level].node;
    if (h2k_xfs_node_dirty(&c->tree, root) < 0)
        return -1;
    h2k_xfs_node_move(&c->tree, new, 0, root, 0, count);
    h2k_xfs_node_set_count(new, count);
    h2k_put_be16(root->counts, (uint16_t)(level + 1));
    h2k_xfs_node_set_count(root, 0);
    root->level = level + 1;
    h2k_xfs_node_entry(&c->tree, new, &entry);
    h2k_xfs_node_insert(&c->tree, root, 0, &entry);
    c->at[level].node = *new;
    return 0;
}

/* NEW is the root above what was. */
static int
grow_in_ag(struct h2k_xfs_cursor *c, struct h2k_xfs_node *new)
{
    struct h2k_xfs_entry entry;
    h2k_xfs_node_entry(&c->tree, &c->at[c->levels - 1].node, &entry);
    h2k_xfs_node_insert(&c->tree, new, 0, &entry);
    c->at[c->levels].node = *new;
    return h2k_xfs_tree_set_root(&c->tree, new->address, c->levels + 1);
}

int
h2k_xfs_cursor_grow(struct h2k_xfs_cursor *c)
{
    bool in_inode = c->tree.kind == H2K_XFS_BMBT;
    struct h2k_xfs_node *root = &c->at[c->levels - 1].node, new;
    uint64_t near = root->address;
    if (c->levels >= H2K_XFS_BTREE_LEVELS_MAX)
        return h2k_xfs_tree_damaged(&c->tree, "an impossible level");
    if (in_inode)
        near = h2k_xfs_node_pointer(&c->tree, root, 0);
    if (h2k_xfs_node_new(&c->tree, near,
                         in_inode ? root->level : root->level + 1, &new) < 0)
        return -1;
    if ((in_inode ? grow_in_inode(c, &new) : grow_in_ag(c, &new)) < 0)
        return -1;
    c->at[c->levels++].index = 0;
    return 0;
}

/* RIGHT is between NODE and what is right of it. */
static int
link_right(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *node,
           struct h2k_xfs_node *right)
{
    uint64_t beyond = h2k_xfs_node_sibling(tree, node, false);
    h2k_xfs_node_set_sibling(tree, right, false, beyond);
    h2k_xfs_node_set_sibling(tree, right, true, node->address);
    h2k_xfs_node_set_sibling(tree, node, false, right->address);
    if (beyond == UINT64_MAX)
        return 0;
    struct h2k_xfs_node other;
    if (h2k_xfs_node_read(tree, beyond, node->level, &other) < 0 ||
        h2k_xfs_node_dirty(tree, &other) < 0)
        return -1;
    h2k_xfs_node_set_sibling(tree, &other, true, right->address);
    return 0;
}

/* The upper half of a full node, ENTRY's place INDEX among them, moves to a
 * new one at its right; *ENTRY becomes what leads there. */
static int
split(struct h2k_xfs_cursor *c, uint32_t level, uint32_t index,
      struct h2k_xfs_entry *entry)
{
    struct h2k_xfs_node *node = &c->at[level].node, right;
    uint32_t count = h2k_xfs_node_count(node), left = count / 2;
    if (h2k_xfs_node_new(&c->tree, node->address, level, &right) < 0 ||
        h2k_xfs_node_dirty(&c->tree, node) < 0 ||
        link_right(&c->tree, node, &right) < 0)
        return -1;
    left += index <= left ? 0 : count & 1; /* to be even after the insertion */
    h2k_xfs_node_move(&c->tree, &right, 0, node, left, count - left);
    h2k_xfs_node_set_count(&right, count - left);
    h2k_xfs_node_set_count(node, left);
    if (index <= left)
        h2k_xfs_node_insert(&c->tree, node, index, entry);
    else
        h2k_xfs_node_insert(&c->tree, &right, index - left, entry);
    h2k_xfs_node_entry(&c->tree, &right, entry);
    return h2k_xfs_cursor_update_keys(c, level);
}

int
h2k_xfs_tree_insert(const struct h2k_xfs_tree *tree, const uint8_t *record)
{
    struct h2k_xfs_cursor c;
    struct h2k_xfs_entry entry = { .pointer = 0 };
    if (h2k_xfs_cursor_seek(&c, tree, record) < 0)
        return -1;
    if (has_key(&c, record))
        return h2k_xfs_tree_damaged(tree, "it has what it should not");
    memcpy(entry.bytes, record, h2k_xfs_tree_type(tree)->record);
    uint32_t index = c.at[0].index;
    for (uint32_t level = 0;; level++) {
        struct h2k_xfs_node *node = &c.at[level].node;
        bool full = h2k_xfs_node_count(node) >= node->room;
        if (full && level + 1 == c.levels && h2k_xfs_cursor_grow(&c) < 0)
            return -1;
        /* A root that moved out of its inode has more room. */
        if (h2k_xfs_node_count(node) < node->room) {
            if (h2k_xfs_node_dirty(tree, node) < 0)
                return -1;
            h2k_xfs_node_insert(tree, node, index, &entry);
            return h2k_xfs_cursor_update_keys(&c, level);
        }
        if (split(&c, level, index, &entry) < 0)
            return -1;
        index = c.at[level + 1].index + 1;
    }
}

int
h2k_xfs_tree_replace(const struct h2k_xfs_tree *tree, const uint8_t *old,
                     const uint8_t *record)
{
    struct h2k_xfs_cursor c;
    if (h2k_xfs_cursor_seek(&c, tree, old) < 0)
        return -1;
    if (!has_key(&c, old))
        return h2k_xfs_tree_damaged(tree, "it has not what it should");
    if (h2k_xfs_node_dirty(tree, &c.at[0].node) < 0)
        return -1;
    memcpy(h2k_xfs_node_record(tree, &c.at[0].node, c.at[0].index), record,
           h2k_xfs_tree_type(tree)->record);
    return h2k_xfs_cursor_update_keys(&c, 0);
}
