/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays of hashes and where their names are ("Leaf Directories",
 * xfs_dir2_leaf_entry), sorted, wherever they are: at the end of a directory
 * of one block, or in leaves.  One whose name was removed stays, stale, until
 * another takes its place. */
#include "fs/xfs/dir.h"

#include "base/error.h"

#include <string.h>

static uint8_t *
entry_at(const struct h2k_xfs_dir_leaf *leaf, uint32_t i)
{
    return leaf->entries + (size_t)i * H2K_XFS_DL_ENTRY_SIZE;
}

static void
load_block(const struct h2k_xfs_dir *dir, struct h2k_xfs_dir_leaf *leaf)
{
    uint32_t end = dir->da.block_size - H2K_XFS_DBT_SIZE;
    const uint8_t *tail = leaf->buf->data + end;
    leaf->count = h2k_get_be32(tail + H2K_XFS_DBT_COUNT);
    leaf->stale = h2k_get_be32(tail + H2K_XFS_DBT_STALE);
    leaf->room = (end - dir->data_header) / H2K_XFS_DL_ENTRY_SIZE;
    leaf->entries =
        leaf->buf->data + end - leaf->count * H2K_XFS_DL_ENTRY_SIZE;
}

/* LEAF1 shares its block with the table of room. */
static void
load_leaf(const struct h2k_xfs_dir *dir, struct h2k_xfs_dir_leaf *leaf)
{
    const uint8_t *data = leaf->buf->data;
    uint32_t room = dir->da.block_size - dir->da.entries;
    leaf->count = h2k_get_be16(data + dir->da.counts);
    leaf->stale = h2k_get_be16(data + dir->da.counts + 2);
    leaf->entries = leaf->buf->data + dir->da.entries;
    if (leaf->buf->kind == H2K_XFS_DIR_LEAF1)
        room -=
            H2K_XFS_DL_TAIL_SIZE +
            2 * h2k_get_be32(data + dir->da.block_size - H2K_XFS_DL_TAIL_SIZE);
    leaf->room = room / H2K_XFS_DL_ENTRY_SIZE;
}

void
h2k_xfs_dir_leaf_load(const struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                      struct h2k_xfs_dir_leaf *leaf)
{
    *leaf = (struct h2k_xfs_dir_leaf){ .buf = buf };
    if (buf->kind == H2K_XFS_DIR_BLOCK)
        load_block(dir, leaf);
    else
        load_leaf(dir, leaf);
}

void
h2k_xfs_dir_leaf_save(struct h2k_xfs_dir *dir,
                      const struct h2k_xfs_dir_leaf *leaf)
{
    uint8_t *data = leaf->buf->data;
    if (leaf->buf->kind == H2K_XFS_DIR_BLOCK) {
        data += dir->da.block_size - H2K_XFS_DBT_SIZE;
        h2k_put_be32(data + H2K_XFS_DBT_COUNT, leaf->count);
        h2k_put_be32(data + H2K_XFS_DBT_STALE, leaf->stale);
        return;
    }
    h2k_put_be16(data + dir->da.counts, (uint16_t)leaf->count);
    h2k_put_be16(data + dir->da.counts + 2, (uint16_t)leaf->stale);
}

uint32_t
h2k_xfs_dir_leaf_find(const struct h2k_xfs_dir_leaf *leaf, uint32_t hash)
{
    uint32_t low = 0, high = leaf->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (h2k_xfs_dir_leaf_hash(leaf, middle) < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The stale entry nearest to I: the fewest others move. */
static int
nearest_stale(struct h2k_xfs_dir *dir, const struct h2k_xfs_dir_leaf *leaf,
              uint32_t i, uint32_t *found)
{
    for (uint32_t away = 0; away < leaf->count; away++) {
        if (i + away < leaf->count &&
            h2k_xfs_dir_leaf_address(leaf, i + away) ==
                H2K_XFS_DIR_STALE_ADDRESS)
            return *found = i + away, 0;
        if (away < i && h2k_xfs_dir_leaf_address(leaf, i - 1 - away) ==
                            H2K_XFS_DIR_STALE_ADDRESS)
            return *found = i - 1 - away, 0;
    }
    return h2k_xfs_da_damaged(&dir->da, "an index without the stale entries "
                                        "that it counts");
}

int
h2k_xfs_dir_leaf_insert(struct h2k_xfs_dir *dir, struct h2k_xfs_dir_leaf *leaf,
                        uint32_t hash, uint32_t address)
{
    uint32_t i = h2k_xfs_dir_leaf_find(leaf, hash), hole = leaf->count;
    if (leaf->stale > 0 && nearest_stale(dir, leaf, i, &hole) < 0)
        return -1;
    if (h2k_xfs_buf_dirty(dir->xfs, leaf->buf) < 0)
        return -1;
    if (leaf->stale > 0)
        leaf->stale--;
    else
        leaf->count++;
    if (hole < i) {
        i--;
        memmove(entry_at(leaf, hole), entry_at(leaf, hole + 1),
                (size_t)(i - hole) * H2K_XFS_DL_ENTRY_SIZE);
    } else
        memmove(entry_at(leaf, i + 1), entry_at(leaf, i),
                (size_t)(hole - i) * H2K_XFS_DL_ENTRY_SIZE);
    h2k_put_be32(entry_at(leaf, i), hash);
    h2k_put_be32(entry_at(leaf, i) + 4, address);
    h2k_xfs_dir_leaf_save(dir, leaf);
    return 0;
}

int
h2k_xfs_dir_leaf_mark_stale(struct h2k_xfs_dir *dir,
                            struct h2k_xfs_dir_leaf *leaf, uint32_t i)
{
    if (h2k_xfs_buf_dirty(dir->xfs, leaf->buf) < 0)
        return -1;
    h2k_put_be32(entry_at(leaf, i) + 4, H2K_XFS_DIR_STALE_ADDRESS);
    leaf->stale++;
    h2k_xfs_dir_leaf_save(dir, leaf);
    return 0;
}
