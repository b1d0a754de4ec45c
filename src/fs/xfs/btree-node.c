/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Records, keys and pointers of each kind of tree, and moving them about in
 * a node. */
#include "fs/xfs/btree.h"

#include "base/error.h"
#include "fs/xfs/format.h"
#include "fs/xfs/verify.h"

#include <inttypes.h>

/* ---- Keys ---- */

static int
order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int
compare_32(const uint8_t *a, const uint8_t *b)
{
    return order(h2k_get_be32(a), h2k_get_be32(b));
}

static int
compare_64(const uint8_t *a, const uint8_t *b)
{
    return order(h2k_get_be64(a), h2k_get_be64(b));
}

/* "By size": the larger are behind, and among equals the later ones. */
static int
compare_size(const uint8_t *a, const uint8_t *b)
{
    int by_size = compare_32(a + H2K_XFS_ALLOC_COUNT, b + H2K_XFS_ALLOC_COUNT);
    return by_size != 0 ? by_size : compare_32(a, b);
}

/* Places in a key of the reverse map, which leaves out the count. */
enum { RMAP_KEY_OWNER = 4, RMAP_KEY_OFFSET = 12, RMAP_KEY = 20 };

static int
compare_rmap(const uint8_t *a, const uint8_t *b)
{
    int by = compare_32(a, b);
    if (by == 0)
        by = compare_64(a + RMAP_KEY_OWNER, b + RMAP_KEY_OWNER);
    if (by != 0)
        return by;
    return order(h2k_get_be64(a + RMAP_KEY_OFFSET) & ~H2K_XFS_RMAP_UNWRITTEN,
                 h2k_get_be64(b + RMAP_KEY_OFFSET) & ~H2K_XFS_RMAP_UNWRITTEN);
}

static void
low_32(const uint8_t *record, uint8_t *key)
{
    memcpy(key, record, 4);
}

static void
low_alloc(const uint8_t *record, uint8_t *key)
{
    memcpy(key, record, H2K_XFS_ALLOC_SIZE);
}

static void
low_extent(const uint8_t *record, uint8_t *key)
{
    h2k_put_be64(key,
                 h2k_get_be64(record) >> 9 & (H2K_XFS_EXTENT_OFFSET_END - 1));
}

static void
low_rmap(const uint8_t *record, uint8_t *key)
{
    uint64_t offset = h2k_get_be64(record + H2K_XFS_RMAP_OFFSET);
    memcpy(key, record, 4);
    memcpy(key + RMAP_KEY_OWNER, record + H2K_XFS_RMAP_OWNER, 8);
    h2k_put_be64(key + RMAP_KEY_OFFSET, offset & ~H2K_XFS_RMAP_UNWRITTEN);
}

/* The key of the record's last block. */
static void
high_rmap(const uint8_t *record, uint8_t *key)
{
    uint32_t more = h2k_get_be32(record + H2K_XFS_RMAP_COUNT) - 1;
    uint64_t owner = h2k_get_be64(record + H2K_XFS_RMAP_OWNER);
    uint64_t offset = h2k_get_be64(record + H2K_XFS_RMAP_OFFSET);
    low_rmap(record, key);
    h2k_put_be32(key, h2k_get_be32(record) + more);
    if ((int64_t)owner < 0 || (offset & H2K_XFS_RMAP_BMBT_BLOCK) != 0)
        return;
    offset = h2k_get_be64(key + RMAP_KEY_OFFSET);
    h2k_put_be64(key + RMAP_KEY_OFFSET,
                 ((offset + more) & (H2K_XFS_EXTENT_OFFSET_END - 1)) |
                     (offset & H2K_XFS_RMAP_ATTR_FORK));
}

/* ---- Trees ---- */

static const struct h2k_xfs_tree_type types[H2K_XFS_KINDS] = {
    [H2K_XFS_BNOBT] = { H2K_XFS_BNOBT_MAGIC, H2K_XFS_BNOBT_MAGIC_V5,
                        H2K_XFS_ALLOC_SIZE, H2K_XFS_ALLOC_SIZE,
                        H2K_XFS_SHORT_PTR_SIZE, false, compare_32, low_alloc,
                        NULL },
    [H2K_XFS_CNTBT] = { H2K_XFS_CNTBT_MAGIC, H2K_XFS_CNTBT_MAGIC_V5,
                        H2K_XFS_ALLOC_SIZE, H2K_XFS_ALLOC_SIZE,
                        H2K_XFS_SHORT_PTR_SIZE, false, compare_size, low_alloc,
                        NULL },
    [H2K_XFS_INOBT] = { H2K_XFS_INOBT_MAGIC, H2K_XFS_INOBT_MAGIC_V5,
                        H2K_XFS_INO_SIZE, H2K_XFS_INO_KEY_SIZE,
                        H2K_XFS_SHORT_PTR_SIZE, false, compare_32, low_32,
                        NULL },
    [H2K_XFS_FINOBT] = { H2K_XFS_FINOBT_MAGIC_V5, H2K_XFS_FINOBT_MAGIC_V5,
                         H2K_XFS_INO_SIZE, H2K_XFS_INO_KEY_SIZE,
                         H2K_XFS_SHORT_PTR_SIZE, false, compare_32, low_32,
                         NULL },
    [H2K_XFS_RMAPBT] = { H2K_XFS_RMAPBT_MAGIC_V5, H2K_XFS_RMAPBT_MAGIC_V5,
                         H2K_XFS_RMAP_SIZE, RMAP_KEY, H2K_XFS_SHORT_PTR_SIZE,
                         true, compare_rmap, low_rmap, high_rmap },
    [H2K_XFS_REFCBT] = { H2K_XFS_REFCBT_MAGIC_V5, H2K_XFS_REFCBT_MAGIC_V5,
                         H2K_XFS_REFC_SIZE, H2K_XFS_REFC_KEY_SIZE,
                         H2K_XFS_SHORT_PTR_SIZE, false, compare_32, low_32,
                         NULL },
    [H2K_XFS_BMBT] = { H2K_XFS_BMBT_MAGIC, H2K_XFS_BMBT_MAGIC_V5,
                       H2K_XFS_BMBT_REC_SIZE, H2K_XFS_BMBT_KEY_SIZE,
                       H2K_XFS_LONG_PTR_SIZE, false, compare_64, low_extent,
                       NULL },
};

const struct h2k_xfs_tree_type *
h2k_xfs_tree_type(const struct h2k_xfs_tree *tree)
{
    return &types[tree->kind];
}

struct h2k_xfs_tree
h2k_xfs_tree_of_ag(struct h2k_xfs *xfs, enum h2k_xfs_kind kind, uint32_t ag)
{
    return (struct h2k_xfs_tree){ .xfs = xfs, .kind = kind, .ag = ag };
}

struct h2k_xfs_tree
h2k_xfs_tree_of_fork(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                     enum h2k_xfs_fork fork)
{
    return (struct h2k_xfs_tree){
        .xfs = xfs, .kind = H2K_XFS_BMBT, .inode = inode, .fork = fork
    };
}

int
h2k_xfs_tree_damaged(const struct h2k_xfs_tree *tree, const char *what)
{
    if (tree->kind == H2K_XFS_BMBT)
        return h2k_fail(H2K_E_CORRUPT,
                        "the extents of inode %" PRIu64
                        " are damaged (%s); run xfs_repair first",
                        tree->inode->ino, what);
    return h2k_fail(H2K_E_CORRUPT,
                    "AG %" PRIu32 ": %s is damaged (%s); run xfs_repair first",
                    tree->ag, h2k_xfs_kind_name(tree->kind), what);
}

/* ---- Entries of a node ---- */

uint32_t
h2k_xfs_node_count(const struct h2k_xfs_node *node)
{
    return h2k_get_be16(node->counts + 2);
}

void
h2k_xfs_node_set_count(struct h2k_xfs_node *node, uint32_t count)
{
    h2k_put_be16(node->counts + 2, (uint16_t)count);
}

/* Of all keys that stand together. */
static uint32_t
keys_size(const struct h2k_xfs_tree *tree)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(tree);
    return t->overlapping ? 2u * t->key : t->key;
}

uint8_t *
h2k_xfs_node_record(const struct h2k_xfs_tree *tree,
                    const struct h2k_xfs_node *node, uint32_t index)
{
    return node->body + index * h2k_xfs_tree_type(tree)->record;
}

uint8_t *
h2k_xfs_node_keys(const struct h2k_xfs_tree *tree,
                  const struct h2k_xfs_node *node, uint32_t index)
{
    return node->body + index * keys_size(tree);
}

static uint8_t *
pointer_at(const struct h2k_xfs_tree *tree, const struct h2k_xfs_node *node,
           uint32_t index)
{
    return node->body + node->room * keys_size(tree) +
           index * h2k_xfs_tree_type(tree)->pointer;
}

uint64_t
h2k_xfs_node_pointer(const struct h2k_xfs_tree *tree,
                     const struct h2k_xfs_node *node, uint32_t index)
{
    const uint8_t *p = pointer_at(tree, node, index);
    return tree->kind == H2K_XFS_BMBT ? h2k_get_be64(p) : h2k_get_be32(p);
}

uint64_t
h2k_xfs_node_sibling(const struct h2k_xfs_tree *tree,
                     const struct h2k_xfs_node *node, bool left)
{
    if (node->buf == NULL)
        return UINT64_MAX;
    const uint8_t *d = node->buf->data;
    if (tree->kind == H2K_XFS_BMBT)
        return h2k_get_be64(
            d + (left ? H2K_XFS_BBL_LEFTSIB : H2K_XFS_BBL_RIGHTSIB));
    uint32_t agb =
        h2k_get_be32(d + (left ? H2K_XFS_BB_LEFTSIB : H2K_XFS_BB_RIGHTSIB));
    return agb == H2K_XFS_NULL32 ? UINT64_MAX : agb;
}

void
h2k_xfs_node_set_sibling(const struct h2k_xfs_tree *tree,
                         struct h2k_xfs_node *node, bool left,
                         uint64_t address)
{
    uint8_t *d = node->buf->data;
    if (tree->kind == H2K_XFS_BMBT)
        h2k_put_be64(d + (left ? H2K_XFS_BBL_LEFTSIB : H2K_XFS_BBL_RIGHTSIB),
                     address);
    else
        h2k_put_be32(d + (left ? H2K_XFS_BB_LEFTSIB : H2K_XFS_BB_RIGHTSIB),
                     (uint32_t)address);
}

int
h2k_xfs_node_dirty(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *node)
{
    return node->buf != NULL ? h2k_xfs_buf_dirty(tree->xfs, node->buf)
                             : h2k_xfs_inode_dirty(tree->xfs, tree->inode);
}

static void
raise(const struct h2k_xfs_tree_type *t, uint8_t *highest, const uint8_t *key)
{
    if (t->compare(key, highest) > 0)
        memcpy(highest, key, t->key);
}

void
h2k_xfs_node_entry(const struct h2k_xfs_tree *tree,
                   const struct h2k_xfs_node *node, struct h2k_xfs_entry *out)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(tree);
    uint8_t *high = out->bytes + t->key, key[H2K_XFS_KEYS_MAX];
    out->pointer = node->address;
    if (node->level == 0)
        t->low(h2k_xfs_node_record(tree, node, 0), out->bytes);
    else
        memcpy(out->bytes, h2k_xfs_node_keys(tree, node, 0), t->key);
    if (!t->overlapping)
        return;
    memcpy(high, out->bytes, t->key);
    for (uint32_t i = 0; i < h2k_xfs_node_count(node); i++) {
        if (node->level == 0)
            t->high(h2k_xfs_node_record(tree, node, i), key);
        else
            memcpy(key, h2k_xfs_node_keys(tree, node, i) + t->key, t->key);
        raise(t, high, key);
    }
}

void
h2k_xfs_node_move(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *to,
                  uint32_t to_index, const struct h2k_xfs_node *from,
                  uint32_t from_index, uint32_t count)
{
    const struct h2k_xfs_tree_type *t = h2k_xfs_tree_type(tree);
    if (count == 0)
        return;
    if (to->level == 0) {
        memmove(h2k_xfs_node_record(tree, to, to_index),
                h2k_xfs_node_record(tree, from, from_index),
                (size_t)count * t->record);
        return;
    }
    memmove(h2k_xfs_node_keys(tree, to, to_index),
            h2k_xfs_node_keys(tree, from, from_index),
            (size_t)count * keys_size(tree));
    memmove(pointer_at(tree, to, to_index), pointer_at(tree, from, from_index),
            (size_t)count * t->pointer);
}

void
h2k_xfs_node_insert(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *node,
                    uint32_t index, const struct h2k_xfs_entry *entry)
{
    uint32_t count = h2k_xfs_node_count(node);
    h2k_xfs_node_move(tree, node, index + 1, node, index, count - index);
    h2k_xfs_node_set_count(node, count + 1);
    if (node->level == 0) {
        memcpy(h2k_xfs_node_record(tree, node, index), entry->bytes,
               h2k_xfs_tree_type(tree)->record);
        return;
    }
    memcpy(h2k_xfs_node_keys(tree, node, index), entry->bytes,
           keys_size(tree));
    uint8_t *p = pointer_at(tree, node, index);
    if (tree->kind == H2K_XFS_BMBT)
        h2k_put_be64(p, entry->pointer);
    else
        h2k_put_be32(p, (uint32_t)entry->pointer);
}

void
h2k_xfs_node_remove(const struct h2k_xfs_tree *tree, struct h2k_xfs_node *node,
                    uint32_t index)
{
    uint32_t count = h2k_xfs_node_count(node);
    h2k_xfs_node_move(tree, node, index, node, index + 1, count - index - 1);
    h2k_xfs_node_set_count(node, count - 1);
}

int
h2k_xfs_node_set_keys(const struct h2k_xfs_tree *tree,
                      struct h2k_xfs_node *node, uint32_t index,
                      const struct h2k_xfs_entry *entry)
{
    uint8_t *keys = h2k_xfs_node_keys(tree, node, index);
    if (memcmp(keys, entry->bytes, keys_size(tree)) == 0)
        return 0;
    if (h2k_xfs_node_dirty(tree, node) < 0)
        return -1;
    memcpy(keys, entry->bytes, keys_size(tree));
    return 1;
}
