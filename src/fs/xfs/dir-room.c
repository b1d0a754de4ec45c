/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How much room each block of names has in one piece: at the end of a single
 * leaf ("Leaf Directories"), or in blocks of their own ("Node Directories",
 * xfs_dir2_free). */
#include "fs/xfs/dir.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

/* ---- In the leaf ---- */

/* Its COUNT entries end where the count of them is. */
static uint8_t *
leaf_bests(const struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
           uint32_t count)
{
    return buf->data + dir->da.block_size - H2K_XFS_DL_TAIL_SIZE - count * 2;
}

static uint32_t
leaf_best_count(const struct h2k_xfs_dir *dir, const struct h2k_xfs_buf *buf)
{
    return h2k_get_be32(buf->data + dir->da.block_size - H2K_XFS_DL_TAIL_SIZE);
}

static struct h2k_xfs_buf *
leaf_read(struct h2k_xfs_dir *dir)
{
    return h2k_xfs_da_read(&dir->da, dir->da.root, H2K_XFS_DIR_LEAF1);
}

static int
leaf_room_find(struct h2k_xfs_dir *dir, uint32_t need, uint64_t *number)
{
    struct h2k_xfs_buf *buf = leaf_read(dir);
    if (buf == NULL)
        return -1;
    uint32_t count = leaf_best_count(dir, buf);
    const uint8_t *bests = leaf_bests(dir, buf, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t best = h2k_get_be16(bests + (size_t)i * 2);
        if (best == H2K_XFS_DIR_NO_BEST || best < need)
            continue;
        *number = i;
        return 1;
    }
    return 0;
}

/* The table gets COUNT entries, the new ones about no block. */
static int
leaf_extend(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf, uint64_t count)
{
    struct h2k_xfs_dir_leaf leaf;
    uint32_t old = leaf_best_count(dir, buf);
    uint8_t *bests = leaf_bests(dir, buf, old);
    h2k_xfs_dir_leaf_load(dir, buf, &leaf);
    size_t used = (size_t)leaf.count * H2K_XFS_DL_ENTRY_SIZE;
    size_t more = (size_t)(count - old) * 2;
    if (more > (size_t)(bests - leaf.entries) - used)
        return h2k_xfs_da_damaged(&dir->da, "an index without room");
    memmove(bests - more, bests, (size_t)old * 2);
    memset(bests - more + (size_t)old * 2, 0xff, more);
    h2k_put_be32(buf->data + dir->da.block_size - H2K_XFS_DL_TAIL_SIZE,
                 (uint32_t)count);
    return 0;
}

static int
leaf_room_set(struct h2k_xfs_dir *dir, uint64_t number, uint32_t best)
{
    struct h2k_xfs_buf *buf = leaf_read(dir);
    if (buf == NULL || h2k_xfs_buf_dirty(dir->xfs, buf) < 0)
        return -1;
    if (number >= leaf_best_count(dir, buf) &&
        leaf_extend(dir, buf, number + 1) < 0)
        return -1;
    uint32_t count = leaf_best_count(dir, buf);
    h2k_put_be16(leaf_bests(dir, buf, count) + number * 2, (uint16_t)best);
    return 0;
}

/* Block NUMBER is gone, and with it the end of the table that is not about
 * any. */
static int
leaf_room_drop(struct h2k_xfs_dir *dir, uint64_t number)
{
    struct h2k_xfs_buf *buf = leaf_read(dir);
    if (buf == NULL || h2k_xfs_buf_dirty(dir->xfs, buf) < 0)
        return -1;
    uint32_t count = leaf_best_count(dir, buf), left = count;
    uint8_t *bests = leaf_bests(dir, buf, count);
    if (number >= count)
        return h2k_xfs_da_damaged(&dir->da, "a table that lacks a block");
    h2k_put_be16(bests + number * 2, H2K_XFS_DIR_NO_BEST);
    while (left > 0 &&
           h2k_get_be16(bests + (size_t)(left - 1) * 2) == H2K_XFS_DIR_NO_BEST)
        left--;
    memmove(leaf_bests(dir, buf, left), bests, (size_t)left * 2);
    memset(bests, 0, (size_t)(count - left) * 2);
    h2k_put_be32(buf->data + dir->da.block_size - H2K_XFS_DL_TAIL_SIZE, left);
    return 0;
}

/* ---- In blocks of their own ---- */

struct table {
    struct h2k_xfs_buf *buf;
    uint8_t *header; /* first block, valid ones, used ones */
    uint8_t *bests;
    uint32_t valid, used;
};

static uint32_t
header_size(const struct h2k_xfs_dir *dir)
{
    return dir->xfs->geo.v5 ? H2K_XFS_DF_SIZE : H2K_XFS_DF_SIZE_V4;
}

/* Blocks of names that one table is for. */
static uint32_t
table_room(const struct h2k_xfs_dir *dir)
{
    return (dir->da.block_size - header_size(dir)) / 2;
}

static uint64_t
table_place(const struct h2k_xfs_dir *dir, uint64_t table)
{
    return (H2K_XFS_DIR_FREE_OFFSET >> dir->xfs->geo.block_log) +
           table * dir->da.blocks;
}

static void
table_of(const struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
         struct table *t)
{
    t->buf = buf;
    t->header = buf->data + (dir->xfs->geo.v5 ? H2K_XFS_DF_FIRSTDB
                                              : H2K_XFS_DF_FIRSTDB_V4);
    t->bests = buf->data + header_size(dir);
    t->valid = h2k_get_be32(t->header + 4);
    t->used = h2k_get_be32(t->header + 8);
}

static void
table_save(struct table *t)
{
    h2k_put_be32(t->header + 4, t->valid);
    h2k_put_be32(t->header + 8, t->used);
}

static int
table_read(struct h2k_xfs_dir *dir, uint64_t table, struct table *t)
{
    struct h2k_xfs_buf *buf =
        h2k_xfs_da_read(&dir->da, table_place(dir, table), H2K_XFS_DIR_FREE);
    if (buf == NULL)
        return -1;
    table_of(dir, buf, t);
    if (h2k_get_be32(t->header) != table * table_room(dir))
        return h2k_xfs_da_damaged(&dir->da, "a damaged table of free room");
    return 0;
}

static int
table_make(struct h2k_xfs_dir *dir, uint64_t table, struct table *t)
{
    struct h2k_xfs_buf *buf =
        h2k_xfs_da_new(&dir->da, table_place(dir, table), H2K_XFS_DIR_FREE);
    if (buf == NULL)
        return -1;
    table_of(dir, buf, t);
    h2k_put_be32(t->header, (uint32_t)(table * table_room(dir)));
    return 0;
}

static int
tree_room_find(struct h2k_xfs_dir *dir, uint32_t need, uint64_t *number)
{
    uint64_t blocks =
        h2k_div_up(h2k_xfs_inode_size(dir->inode), dir->da.block_size);
    for (uint64_t i = 0; i * table_room(dir) < blocks; i++) {
        struct table t;
        if (!h2k_xfs_da_mapped(&dir->da, table_place(dir, i)))
            continue;
        if (table_read(dir, i, &t) < 0)
            return -1;
        for (uint32_t k = 0; k < t.valid; k++) {
            uint32_t best = h2k_get_be16(t.bests + (size_t)k * 2);
            if (best == H2K_XFS_DIR_NO_BEST || best < need)
                continue;
            *number = i * table_room(dir) + k;
            return 1;
        }
    }
    return 0;
}

static int
tree_room_set(struct h2k_xfs_dir *dir, uint64_t number, uint32_t best)
{
    struct table t;
    uint64_t which = number / table_room(dir);
    uint32_t i = (uint32_t)(number % table_room(dir));
    int rc = h2k_xfs_da_mapped(&dir->da, table_place(dir, which))
                 ? table_read(dir, which, &t)
                 : table_make(dir, which, &t);
    if (rc < 0 || h2k_xfs_buf_dirty(dir->xfs, t.buf) < 0)
        return -1;
    for (; t.valid <= i; t.valid++)
        h2k_put_be16(t.bests + (size_t)t.valid * 2, H2K_XFS_DIR_NO_BEST);
    if (h2k_get_be16(t.bests + (size_t)i * 2) == H2K_XFS_DIR_NO_BEST)
        t.used++;
    h2k_put_be16(t.bests + (size_t)i * 2, (uint16_t)best);
    table_save(&t);
    return 0;
}

/* The same; a table that is about none goes as well. */
static int
tree_room_drop(struct h2k_xfs_dir *dir, uint64_t number)
{
    struct table t;
    uint64_t which = number / table_room(dir);
    uint32_t i = (uint32_t)(number % table_room(dir));
    if (table_read(dir, which, &t) < 0 ||
        h2k_xfs_buf_dirty(dir->xfs, t.buf) < 0)
        return -1;
    if (i >= t.valid || t.used == 0)
        return h2k_xfs_da_damaged(&dir->da, "a table that lacks a block");
    h2k_put_be16(t.bests + (size_t)i * 2, H2K_XFS_DIR_NO_BEST);
    while (t.valid > 0 && h2k_get_be16(t.bests + (size_t)(t.valid - 1) * 2) ==
                              H2K_XFS_DIR_NO_BEST)
        t.valid--;
    t.used--;
    table_save(&t);
    if (t.used > 0)
        return 0;
    return h2k_xfs_da_punch(&dir->da, table_place(dir, which), dir->da.blocks);
}

/* ---- Either ---- */

int
h2k_xfs_dir_room_find(struct h2k_xfs_dir *dir, uint32_t need, uint64_t *number)
{
    return dir->form == H2K_XFS_DIR_TREE ? tree_room_find(dir, need, number)
                                         : leaf_room_find(dir, need, number);
}

int
h2k_xfs_dir_room_set(struct h2k_xfs_dir *dir, uint64_t number, uint32_t best)
{
    return dir->form == H2K_XFS_DIR_TREE ? tree_room_set(dir, number, best)
                                         : leaf_room_set(dir, number, best);
}

int
h2k_xfs_dir_room_drop(struct h2k_xfs_dir *dir, uint64_t number)
{
    return dir->form == H2K_XFS_DIR_TREE ? tree_room_drop(dir, number)
                                         : leaf_room_drop(dir, number);
}

int
h2k_xfs_dir_leaf_to_tree(struct h2k_xfs_dir *dir)
{
    struct h2k_xfs_dir_leaf leaf;
    struct table t;
    struct h2k_xfs_buf *buf = leaf_read(dir);
    if (buf == NULL)
        return -1;
    uint32_t count = leaf_best_count(dir, buf);
    uint8_t *bests = leaf_bests(dir, buf, count);
    if (table_make(dir, 0, &t) < 0 || h2k_xfs_buf_dirty(dir->xfs, buf) < 0)
        return -1;
    memcpy(t.bests, bests, (size_t)count * 2);
    t.valid = count;
    for (uint32_t i = 0; i < count; i++)
        t.used += h2k_get_be16(bests + (size_t)i * 2) != H2K_XFS_DIR_NO_BEST;
    table_save(&t);
    h2k_xfs_dir_leaf_load(dir, buf, &leaf);
    uint8_t *rest = leaf.entries + (size_t)leaf.count * H2K_XFS_DL_ENTRY_SIZE;
    memset(rest, 0, (size_t)(buf->data + dir->da.block_size - rest));
    h2k_xfs_da_set_kind(&dir->da, buf, H2K_XFS_DIR_LEAFN);
    dir->form = H2K_XFS_DIR_TREE;
    return 0;
}
