/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Finding records in a B+tree, and walking over them. */
#include "fs/xfs/btree.h"

#include "base/error.h"

static uint32_t
count_at(const struct h2k_xfs_cursor *c, uint32_t level)
{
    return h2k_xfs_node_count(&c->at[level].node);
}

/* The first record of a leaf that is not below KEY. */
static uint32_t
find_record(const struct h2k_xfs_tree *tree, const struct h2k_xfs_node *leaf,
            const uint8_t *key)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(tree);
    uint32_t low = 0, high = h2k_xfs_node_count(leaf);
    while (low < high) {
        uint8_t here[H2K_XFS_KEYS_MAX];
        uint32_t middle = low + (high - low) / 2;
        t->low(h2k_xfs_node_record(tree, leaf, middle), here);
        if (t->compare(here, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The child in which KEY is, if anywhere: the last that begins not above
 * it. */
static uint32_t
find_child(const struct h2k_xfs_tree *tree, const struct h2k_xfs_node *node,
           const uint8_t *key)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(tree);
    uint32_t low = 0, high = h2k_xfs_node_count(node);
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (t->compare(h2k_xfs_node_keys(tree, node, middle), key) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* at[LEVEL - 1] becomes the child that at[LEVEL] is at. */
static int
descend(struct h2k_xfs_cursor *c, uint32_t level)
{
    if (c->at[level].index >= count_at(c, level))
        return h2k_xfs_tree_damaged(&c->tree, "a node without records");
    uint64_t child =
        h2k_xfs_node_pointer(&c->tree, &c->at[level].node, c->at[level].index);
    return h2k_xfs_node_read(&c->tree, child, level - 1,
                             &c->at[level - 1].node);
}

static int
start(struct h2k_xfs_cursor *c, const struct h2k_xfs_tree *tree)
{
    struct h2k_xfs_node root;
    c->tree = *tree;
    if (h2k_xfs_node_read_root(tree, &root) < 0)
        return -1;
    c->levels = root.level + 1;
    c->at[root.level].node = root;
    c->at[root.level].index = 0;
    return 0;
}

int
h2k_xfs_cursor_seek(struct h2k_xfs_cursor *c, const struct h2k_xfs_tree *tree,
                    const uint8_t *record)
{
    uint8_t key[H2K_XFS_KEYS_MAX] = { 0 };
    if (start(c, tree) < 0)
        return -1;
    if (record != NULL)
        h2k_xfs_tree_type(tree)->low(record, key);
    for (uint32_t level = c->levels - 1; level > 0; level--) {
        c->at[level].index = find_child(tree, &c->at[level].node, key);
        if (descend(c, level) < 0)
            return -1;
    }
    c->at[0].index = find_record(tree, &c->at[0].node, key);
    return 0;
}

int
h2k_xfs_cursor_end(struct h2k_xfs_cursor *c, const struct h2k_xfs_tree *tree)
{
    if (start(c, tree) < 0)
        return -1;
    for (uint32_t level = c->levels - 1; level > 0; level--) {
        c->at[level].index = count_at(c, level) - 1;
        if (descend(c, level) < 0)
            return -1;
    }
    c->at[0].index = count_at(c, 0);
    return 0;
}

/* 1 and to the first record of the next leaf, 0 where there is none. */
static int
next_leaf(struct h2k_xfs_cursor *c)
{
    uint32_t level = 1;
    while (level < c->levels && c->at[level].index + 1 >= count_at(c, level))
        level++;
    if (level >= c->levels)
        return 0;
    c->at[level].index++;
    for (; level > 0; level--) {
        if (descend(c, level) < 0)
            return -1;
        c->at[level - 1].index = 0;
    }
    return 1;
}

int
h2k_xfs_cursor_get(struct h2k_xfs_cursor *c, const uint8_t **record)
{
    if (c->at[0].index >= count_at(c, 0)) {
        int rc = next_leaf(c);
        if (rc <= 0)
            return rc;
        if (count_at(c, 0) == 0)
            return h2k_xfs_tree_damaged(&c->tree, "a leaf without records");
    }
    *record = h2k_xfs_node_record(&c->tree, &c->at[0].node, c->at[0].index);
    return 1;
}

int
h2k_xfs_cursor_next(struct h2k_xfs_cursor *c)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(&c->tree);
    uint8_t before[H2K_XFS_KEYS_MAX], key[H2K_XFS_KEYS_MAX];
    const uint8_t *record;
    int rc = h2k_xfs_cursor_get(c, &record);
    if (rc <= 0)
        return rc;
    t->low(record, before);
    c->at[0].index++;
    rc = h2k_xfs_cursor_get(c, &record);
    if (rc <= 0)
        return rc;
    t->low(record, key);
    if (t->compare(before, key) >= 0)
        return h2k_xfs_tree_damaged(&c->tree, "its records are not in order");
    return 0;
}

/* 1 and to the last record of the leaf before, 0 where there is none. */
static int
previous_leaf(struct h2k_xfs_cursor *c)
{
    uint32_t level = 1;
    while (level < c->levels && c->at[level].index == 0)
        level++;
    if (level >= c->levels)
        return 0;
    c->at[level].index--;
    for (; level > 0; level--) {
        if (descend(c, level) < 0)
            return -1;
        if (count_at(c, level - 1) == 0)
            return h2k_xfs_tree_damaged(&c->tree, "a leaf without records");
        c->at[level - 1].index = count_at(c, level - 1) - 1;
    }
    return 1;
}

int
h2k_xfs_cursor_back(struct h2k_xfs_cursor *c)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(&c->tree);
    uint8_t after[H2K_XFS_KEYS_MAX], key[H2K_XFS_KEYS_MAX];
    const struct h2k_xfs_node *leaf = &c->at[0].node;
    bool at_end = c->at[0].index >= count_at(c, 0);
    int rc = 1;
    if (!at_end)
        t->low(h2k_xfs_node_record(&c->tree, leaf, c->at[0].index), after);
    if (c->at[0].index > 0)
        c->at[0].index--;
    else
        rc = previous_leaf(c);
    if (rc != 1 || at_end)
        return rc;
    t->low(h2k_xfs_node_record(&c->tree, leaf, c->at[0].index), key);
    return t->compare(key, after) < 0
               ? 1
               : h2k_xfs_tree_damaged(&c->tree,
                                      "its records are not in order");
}

/* ---- Single records ---- */

static int
copy_here(struct h2k_xfs_cursor *c, uint8_t *out)
{
    const uint8_t *record;
    int rc = h2k_xfs_cursor_get(c, &record);
    if (rc == 1)
        memcpy(out, record, h2k_xfs_tree_type(&c->tree)->record);
    return rc;
}

static int
compare_records(const struct h2k_xfs_tree *tree, const uint8_t *a,
                const uint8_t *b)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(tree);
    uint8_t key_a[H2K_XFS_KEYS_MAX], key_b[H2K_XFS_KEYS_MAX];
    t->low(a, key_a);
    t->low(b, key_b);
    return t->compare(key_a, key_b);
}

int
h2k_xfs_tree_get(const struct h2k_xfs_tree *tree, const uint8_t *record,
                 uint8_t *out)
{
    struct h2k_xfs_cursor c;
    if (h2k_xfs_cursor_seek(&c, tree, record) < 0)
        return -1;
    int rc = copy_here(&c, out);
    return rc == 1 ? compare_records(tree, record, out) == 0 : rc;
}

int
h2k_xfs_tree_below(const struct h2k_xfs_tree *tree, const uint8_t *record,
                   uint8_t *out)
{
    struct h2k_xfs_cursor c;
    if (h2k_xfs_cursor_seek(&c, tree, record) < 0)
        return -1;
    int rc = h2k_xfs_cursor_back(&c);
    return rc == 1 ? copy_here(&c, out) : rc;
}

int
h2k_xfs_tree_above(const struct h2k_xfs_tree *tree, const uint8_t *record,
                   uint8_t *out)
{
    struct h2k_xfs_cursor c;
    if (h2k_xfs_cursor_seek(&c, tree, record) < 0)
        return -1;
    int rc = copy_here(&c, out);
    if (rc != 1 || compare_records(tree, record, out) < 0)
        return rc;
    if (h2k_xfs_cursor_next(&c) < 0)
        return -1;
    return copy_here(&c, out);
}

/* ---- Overlapping records ---- */

/* The blocks that KEYS, a low and a high one, lead to. */
static bool
keys_touch(const struct h2k_xfs_tree_type *t, const uint8_t *keys,
           uint64_t start, uint64_t end)
{
    return h2k_get_be32(keys) < end && h2k_get_be32(keys + t->key) >= start;
}

static bool
record_touches(const struct h2k_xfs_tree_type *t, const uint8_t *record,
               uint64_t start, uint64_t end)
{
    uint8_t keys[H2K_XFS_KEYS_MAX];
    t->low(record, keys);
    t->high(record, keys + t->key);
    return keys_touch(t, keys, start, end);
}

/* All of a leaf. */
static int
touching_leaf(struct h2k_xfs_cursor *c, uint64_t from, uint64_t end,
              h2k_xfs_record_fn fn, void *opaque)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(&c->tree);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < count_at(c, 0); i++) {
        const uint8_t *r = h2k_xfs_node_record(&c->tree, &c->at[0].node, i);
        if (record_touches(t, r, from, end))
            rc = fn(opaque, r);
    }
    return rc;
}

/* Nodes of one level have different children and levels fall, so that this
 * ends; in a damaged tree too, where it may take as long as reading it all.
 * VISITS bounds that. */
int
h2k_xfs_tree_touching(const struct h2k_xfs_tree *tree, uint32_t from,
                      uint32_t count, h2k_xfs_record_fn fn, void *opaque)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(tree);
    uint64_t end = (uint64_t)from + count;
    uint32_t visits = h2k_xfs_ag_length(tree->xfs, tree->ag), level;
    struct h2k_xfs_cursor c;
    if (start(&c, tree) < 0)
        return -1;
    if (c.levels == 1)
        return touching_leaf(&c, from, end, fn, opaque);
    for (level = c.levels - 1; level < c.levels;) {
        uint32_t i = c.at[level].index;
        int rc = 0;
        if (i >= count_at(&c, level)) {
            level++;
            continue;
        }
        const uint8_t *keys = h2k_xfs_node_keys(tree, &c.at[level].node, i);
        if (keys_touch(t, keys, from, end)) {
            if (visits-- == 0)
                return h2k_xfs_tree_damaged(tree, "it goes round");
            if (descend(&c, level) < 0)
                return -1;
            c.at[level - 1].index = 0;
            if (level > 1) {
                c.at[level--].index++;
                continue;
            }
            rc = touching_leaf(&c, from, end, fn, opaque);
        }
        if (rc != 0)
            return rc;
        c.at[level].index++;
    }
    return 0;
}

int
h2k_xfs_cursor_update_keys(struct h2k_xfs_cursor *c, uint32_t level)
{
    int rc = 1;
    for (; rc > 0 && level + 1 < c->levels; level++) {
        struct h2k_xfs_entry entry;
        h2k_xfs_node_entry(&c->tree, &c->at[level].node, &entry);
        rc = h2k_xfs_node_set_keys(&c->tree, &c->at[level + 1].node,
                                   c->at[level + 1].index, &entry);
    }
    return rc < 0 ? -1 : 0;
}
