/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * "B-tree": finding items by key, and going from one to the next.
 *
 * On the way down every block must begin with the key that the pointer to it
 * has, and end before the next pointer's.  So no block can be at two places
 * of a tree, and going through a tree ends.
 */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

void
h2k_btrfs_cursor_clear(struct h2k_btrfs_cursor *c)
{
    for (unsigned i = 0; i < H2K_BTRFS_LEVELS; i++) {
        h2k_btrfs_node_put(c->at[i].node);
        c->at[i].node = NULL;
    }
    c->item = (struct h2k_view){ 0 };
}

static int
check_place(const struct h2k_btrfs_node *node,
            const struct h2k_btrfs_key *first, const struct h2k_btrfs_key *end)
{
    struct h2k_btrfs_key low, high;
    if (node->count == 0)
        return first == NULL && node->level == 0
                   ? 0
                   : h2k_fail(H2K_E_CORRUPT,
                              "tree block %" PRIu64 ": is empty",
                              node->logical);
    low = h2k_btrfs_node_key(node, 0);
    high = h2k_btrfs_node_key(node, node->count - 1);
    if ((first == NULL || h2k_btrfs_key_compare(first, &low) == 0) &&
        (end == NULL || h2k_btrfs_key_compare(&high, end) < 0))
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "tree block %" PRIu64 ": its keys are not those of its "
                    "place in tree %" PRIu64,
                    node->logical, node->owner);
}

/* The block at LEVEL becomes the one that EXPECT says. */
static int
enter(struct h2k_btrfs_cursor *c, const struct h2k_btrfs_expect *expect,
      const struct h2k_btrfs_key *first, const struct h2k_btrfs_key *end)
{
    __typeof__(c->at[0]) *at = &c->at[expect->level];
    h2k_btrfs_node_put(at->node);
    at->node = NULL;
    if (h2k_btrfs_node_get(c->fs, expect, &at->node) < 0 ||
        check_place(at->node, first, end) < 0)
        return -1;
    at->slot = 0;
    at->bounded = end != NULL;
    at->end = end != NULL ? *end : (struct h2k_btrfs_key){ 0 };
    return 0;
}

static int
enter_root(struct h2k_btrfs_cursor *c)
{
    const struct h2k_btrfs_expect expect = {
        .logical = c->tree->block,
        .generation = c->tree->generation,
        .tree = c->tree->id,
        .level = c->tree->level,
    };
    h2k_btrfs_cursor_clear(c);
    if (c->tree->block == 0)
        return h2k_fail(H2K_E_CORRUPT, "tree %" PRIu64 " is missing",
                        c->tree->id);
    return enter(c, &expect, NULL, NULL);
}

/* "Node": the block that the slot at LEVEL points to. */
static int
enter_child(struct h2k_btrfs_cursor *c, unsigned level)
{
    const __typeof__(c->at[0]) *at = &c->at[level];
    const uint8_t *pointer = at->node->bytes + H2K_BTRFS_HEADER_SIZE +
                             (size_t)at->slot * H2K_BTRFS_POINTER_SIZE;
    const struct h2k_btrfs_expect expect = {
        .logical = h2k_get_le64(pointer + H2K_BTRFS_KEY_SIZE),
        .generation = h2k_get_le64(pointer + H2K_BTRFS_KEY_SIZE + 8),
        .tree = c->tree->id,
        .level = level - 1,
    };
    struct h2k_btrfs_key first = h2k_btrfs_node_key(at->node, at->slot);
    struct h2k_btrfs_key end = at->end;
    bool bounded = at->bounded;
    if (at->slot + 1 < at->node->count) {
        end = h2k_btrfs_node_key(at->node, at->slot + 1);
        bounded = true;
    }
    return enter(c, &expect, &first, bounded ? &end : NULL);
}

static int
take_item(struct h2k_btrfs_cursor *c)
{
    const struct h2k_btrfs_node *leaf = c->at[0].node;
    uint32_t slot = c->at[0].slot;
    const uint8_t *at = leaf->bytes + H2K_BTRFS_HEADER_SIZE +
                        (size_t)slot * H2K_BTRFS_ITEM_SIZE;
    c->key = h2k_btrfs_key_get(at);
    c->item = h2k_view_of(leaf->bytes + H2K_BTRFS_HEADER_SIZE +
                              h2k_get_le32(at + H2K_BTRFS_KEY_SIZE),
                          h2k_get_le32(at + H2K_BTRFS_KEY_SIZE + 4));
    return 1;
}

/* The first item below the slot at LEVEL. */
static int
go_down(struct h2k_btrfs_cursor *c, unsigned level)
{
    for (; level > 0; level--)
        if (enter_child(c, level) < 0)
            return -1;
    return c->at[0].node->count == 0 ? 0 : take_item(c);
}

/* How many keys of NODE are not behind KEY. */
static uint32_t
count_up_to(const struct h2k_btrfs_node *node, const struct h2k_btrfs_key *key)
{
    uint32_t low = 0, high = node->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct h2k_btrfs_key at = h2k_btrfs_node_key(node, middle);
        if (h2k_btrfs_key_compare(&at, key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* As h2k_btrfs_seek_before; where it gives 0, the cursor is in the root. */
static int
descend(struct h2k_btrfs_cursor *c, const struct h2k_btrfs_key *key)
{
    if (enter_root(c) < 0)
        return -1;
    for (unsigned level = c->tree->level;; level--) {
        uint32_t n = count_up_to(c->at[level].node, key);
        if (n == 0)
            return 0;
        c->at[level].slot = n - 1;
        if (level == 0)
            return take_item(c);
        if (enter_child(c, level) < 0)
            return -1;
    }
}

int
h2k_btrfs_seek_before(struct h2k_btrfs_cursor *c, struct h2k_btrfs_key key)
{
    return descend(c, &key);
}

int
h2k_btrfs_seek(struct h2k_btrfs_cursor *c, struct h2k_btrfs_key key)
{
    int rc = descend(c, &key);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return go_down(c, c->tree->level);
    return h2k_btrfs_key_compare(&c->key, &key) == 0 ? 1 : h2k_btrfs_next(c);
}

int
h2k_btrfs_find(struct h2k_btrfs_cursor *c, struct h2k_btrfs_key key)
{
    int rc = descend(c, &key);
    return rc > 0 ? h2k_btrfs_key_compare(&c->key, &key) == 0 : rc;
}

int
h2k_btrfs_next(struct h2k_btrfs_cursor *c)
{
    for (unsigned level = 0; level <= c->tree->level; level++) {
        if (c->at[level].slot + 1 >= c->at[level].node->count)
            continue;
        c->at[level].slot++;
        return go_down(c, level);
    }
    return 0;
}
