/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names in blocks, by the index of their hashes: finding and adding. */
#include "fs/xfs/dir.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

/* ---- Finding ---- */

/* The entry that an address of the index means. */
static int
spot_of(struct h2k_xfs_dir *dir, struct h2k_xfs_dir_leaf *leaf, uint32_t i,
        struct h2k_xfs_dir_spot *spot)
{
    uint64_t at = (uint64_t)h2k_xfs_dir_leaf_address(leaf, i) * 8;
    *spot = (struct h2k_xfs_dir_spot){
        .leaf = leaf->buf,
        .index = i,
        .number = at / dir->da.block_size,
        .offset = (uint32_t)(at % dir->da.block_size),
        .end = dir->da.block_size,
    };
    if (at >= H2K_XFS_DIR_LEAF_OFFSET ||
        (dir->form == H2K_XFS_DIR_ONE_BLOCK && spot->number != 0))
        return h2k_xfs_da_damaged(&dir->da, "an index that leads nowhere");
    if (dir->form == H2K_XFS_DIR_ONE_BLOCK) {
        spot->data = leaf->buf;
        spot->end = (uint32_t)(leaf->entries - leaf->buf->data);
        return 0;
    }
    spot->data = h2k_xfs_da_read(&dir->da, spot->number * dir->da.blocks,
                                 H2K_XFS_DIR_DATA);
    return spot->data == NULL ? -1 : 0;
}

/* 1 and where NAME is, by this leaf, or 0.  *MORE: it may be in the next. */
static int
find_in_leaf(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
             const struct h2k_xfs_name *name, struct h2k_xfs_dir_spot *spot,
             bool *more)
{
    struct h2k_xfs_dir_leaf leaf;
    *more = false;
    h2k_xfs_dir_leaf_load(dir, buf, &leaf);
    uint32_t i = h2k_xfs_dir_leaf_find(&leaf, name->hash);
    for (; i < leaf.count; i++) {
        if (h2k_xfs_dir_leaf_hash(&leaf, i) != name->hash)
            return 0;
        if (h2k_xfs_dir_leaf_address(&leaf, i) == H2K_XFS_DIR_STALE_ADDRESS)
            continue;
        if (spot_of(dir, &leaf, i, spot) < 0)
            return -1;
        int rc = h2k_xfs_dir_data_match(dir, spot->data, spot->end,
                                        spot->offset, name);
        if (rc != 0)
            return rc;
    }
    *more = true;
    return 0;
}

static int
find_in_tree(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name,
             struct h2k_xfs_dir_spot *spot)
{
    struct h2k_xfs_da_path path;
    bool more = false;
    int rc = h2k_xfs_da_descend(&dir->da, name->hash, &path);
    if (rc < 0)
        return -1;
    do {
        rc = find_in_leaf(dir, h2k_xfs_da_leaf(&path), name, spot, &more);
        if (rc != 0 || !more)
            return rc;
        rc = h2k_xfs_da_next(&dir->da, &path);
    } while (rc > 0);
    return rc;
}

static struct h2k_xfs_buf *
read_root(struct h2k_xfs_dir *dir)
{
    if (dir->form == H2K_XFS_DIR_ONE_BLOCK)
        return h2k_xfs_da_read(&dir->da, 0, H2K_XFS_DIR_BLOCK);
    return h2k_xfs_da_read(&dir->da, dir->da.root, H2K_XFS_DIR_LEAF1);
}

int
h2k_xfs_dir_find(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name,
                 struct h2k_xfs_dir_spot *spot)
{
    bool more;
    if (dir->form == H2K_XFS_DIR_TREE)
        return find_in_tree(dir, name, spot);
    struct h2k_xfs_buf *root = read_root(dir);
    return root == NULL ? -1 : find_in_leaf(dir, root, name, spot, &more);
}

/* ---- Adding ---- */

/* The index of a directory of one block grows downwards, to where names
 * were.  Gives 1, or 0 where it cannot. */
static int
lower_entries(struct h2k_xfs_dir *dir, struct h2k_xfs_dir_leaf *leaf)
{
    uint32_t end = (uint32_t)(leaf->entries - leaf->buf->data), tail = 0;
    if (h2k_xfs_dir_data_tail(dir, leaf->buf, end, &tail) < 0)
        return -1;
    if (tail < H2K_XFS_DL_ENTRY_SIZE)
        return 0;
    if (h2k_xfs_dir_data_cut(dir, leaf->buf, end, H2K_XFS_DL_ENTRY_SIZE) < 0)
        return -1;
    memmove(leaf->entries - H2K_XFS_DL_ENTRY_SIZE, leaf->entries,
            (size_t)leaf->count * H2K_XFS_DL_ENTRY_SIZE);
    leaf->entries -= H2K_XFS_DL_ENTRY_SIZE;
    return 1;
}

static int
raise_entries(struct h2k_xfs_dir *dir, struct h2k_xfs_dir_leaf *leaf)
{
    uint32_t end = (uint32_t)(leaf->entries - leaf->buf->data);
    memmove(leaf->entries + H2K_XFS_DL_ENTRY_SIZE, leaf->entries,
            (size_t)leaf->count * H2K_XFS_DL_ENTRY_SIZE);
    leaf->entries += H2K_XFS_DL_ENTRY_SIZE;
    return h2k_xfs_dir_data_free(dir, leaf->buf, end + H2K_XFS_DL_ENTRY_SIZE,
                                 end, H2K_XFS_DL_ENTRY_SIZE);
}

int
h2k_xfs_dir_block_add(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name)
{
    struct h2k_xfs_dir_leaf leaf;
    uint32_t offset = 0;
    struct h2k_xfs_buf *buf = read_root(dir);
    if (buf == NULL)
        return -1;
    h2k_xfs_dir_leaf_load(dir, buf, &leaf);
    bool lowered = leaf.stale == 0;
    int rc = lowered ? lower_entries(dir, &leaf) : 1;
    if (rc <= 0)
        return rc;
    uint32_t end = (uint32_t)(leaf.entries - buf->data);
    if (h2k_xfs_dir_data_room(dir, buf, end, name, &offset) < 0)
        return -1;
    if (offset == 0)
        return lowered ? raise_entries(dir, &leaf) : 0;
    if (h2k_xfs_dir_data_put(dir, buf, end, name, offset) < 0 ||
        h2k_xfs_dir_leaf_insert(dir, &leaf, name->hash, offset / 8) < 0)
        return -1;
    return 1;
}

/* Put NAME into a block of names that has room, by the table, or a new one.
 * *ADDRESS is what the index says of it. */
static int
add_data(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name,
         uint32_t *address)
{
    uint64_t number = 0;
    uint32_t need = h2k_xfs_dir_entry_size(dir->xfs, name->length);
    uint32_t offset = 0, end = dir->da.block_size;
    int rc = h2k_xfs_dir_room_find(dir, need, &number);
    if (rc < 0)
        return -1;
    struct h2k_xfs_buf *buf =
        rc == 0 ? h2k_xfs_dir_data_new(dir, &number)
                : h2k_xfs_da_read(&dir->da, number * dir->da.blocks,
                                  H2K_XFS_DIR_DATA);
    if (buf == NULL || h2k_xfs_dir_data_room(dir, buf, end, name, &offset) < 0)
        return -1;
    if (offset == 0)
        return h2k_xfs_da_damaged(&dir->da, "a table of room that is not");
    if (h2k_xfs_dir_data_put(dir, buf, end, name, offset) < 0)
        return -1;
    *address = (uint32_t)((number * dir->da.block_size + offset) / 8);
    return h2k_xfs_dir_room_set(dir, number, h2k_xfs_dir_data_best(dir, buf));
}

/* A directory's single leaf has room for an entry, and for a block's room
 * where the name needs a new one. */
static int
leaf_has_room(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name)
{
    struct h2k_xfs_dir_leaf leaf;
    uint64_t number;
    struct h2k_xfs_buf *buf = read_root(dir);
    if (buf == NULL)
        return -1;
    h2k_xfs_dir_leaf_load(dir, buf, &leaf);
    int rc = h2k_xfs_dir_room_find(
        dir, h2k_xfs_dir_entry_size(dir->xfs, name->length), &number);
    if (rc < 0)
        return -1;
    /* An entry's bytes are enough for a best's, whatever the remainder. */
    uint32_t need = (leaf.stale == 0) + (rc == 0);
    return leaf.room - leaf.count >= need;
}

int
h2k_xfs_dir_leaf_add(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name)
{
    struct h2k_xfs_dir_leaf leaf;
    uint32_t address = 0;
    int rc = leaf_has_room(dir, name);
    if (rc <= 0)
        return rc;
    if (add_data(dir, name, &address) < 0)
        return -1;
    struct h2k_xfs_buf *buf = read_root(dir);
    if (buf == NULL)
        return -1;
    h2k_xfs_dir_leaf_load(dir, buf, &leaf);
    return h2k_xfs_dir_leaf_insert(dir, &leaf, name->hash, address) < 0 ? -1
                                                                        : 1;
}

/* The upper half of a full leaf moves to a new one. */
static int
split_leaf(struct h2k_xfs_dir *dir, struct h2k_xfs_da_path *path,
           struct h2k_xfs_dir_leaf *left)
{
    struct h2k_xfs_dir_leaf right;
    struct h2k_xfs_buf *buf = NULL;
    uint64_t at = 0;
    uint32_t half = left->count / 2, rest = left->count - half;
    if (h2k_xfs_da_split(&dir->da, path, &buf, &at) < 0)
        return -1;
    h2k_xfs_dir_leaf_load(dir, buf, &right);
    h2k_xfs_dir_leaf_load(dir, h2k_xfs_da_leaf(path), left);
    uint8_t *moved = left->entries + (size_t)half * H2K_XFS_DL_ENTRY_SIZE;
    memcpy(right.entries, moved, (size_t)rest * H2K_XFS_DL_ENTRY_SIZE);
    memset(moved, 0, (size_t)rest * H2K_XFS_DL_ENTRY_SIZE);
    right.count = rest;
    left->count = half;
    h2k_xfs_dir_leaf_save(dir, &right);
    h2k_xfs_dir_leaf_save(dir, left);
    return h2k_xfs_da_attach(&dir->da, path, buf, at);
}

int
h2k_xfs_dir_tree_add(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name)
{
    struct h2k_xfs_da_path path;
    struct h2k_xfs_dir_leaf leaf;
    uint32_t address = 0;
    if (add_data(dir, name, &address) < 0)
        return -1;
    for (int tries = 0; tries < 2; tries++) {
        if (h2k_xfs_da_descend(&dir->da, name->hash, &path) < 0)
            return -1;
        h2k_xfs_dir_leaf_load(dir, h2k_xfs_da_leaf(&path), &leaf);
        if (leaf.stale == 0 && leaf.count == leaf.room) {
            if (split_leaf(dir, &path, &leaf) < 0)
                return -1;
            continue;
        }
        if (h2k_xfs_dir_leaf_insert(dir, &leaf, name->hash, address) < 0 ||
            h2k_xfs_da_fix_hashes(&dir->da, &path) < 0)
            return -1;
        return 1;
    }
    return h2k_xfs_da_damaged(&dir->da, "an index that does not take a name");
}
