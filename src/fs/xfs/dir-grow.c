/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Directories grow and shrink by a block of names, and grow from one block to
 * several. */
#include "fs/xfs/dir.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/format-inode.h"

#include <inttypes.h>
#include <string.h>

/* The size counts up to the last block of names. */
static int
set_size(struct h2k_xfs_dir *dir)
{
    uint64_t end = 0;
    for (size_t i = 0; i < dir->da.map.count; i++) {
        const struct h2k_xfs_extent *e = &dir->da.map.extents[i];
        if (e->offset < dir->da.root)
            end = h2k_min_u64(e->offset + e->count, dir->da.root);
    }
    uint64_t size = end << dir->xfs->geo.block_log;
    if (h2k_xfs_inode_size(dir->inode) == size)
        return 0;
    if (h2k_xfs_inode_dirty(dir->xfs, dir->inode) < 0)
        return -1;
    h2k_put_be64(dir->inode->raw + H2K_XFS_DI_FILE_SIZE, size);
    return 0;
}

struct h2k_xfs_buf *
h2k_xfs_dir_data_new(struct h2k_xfs_dir *dir, uint64_t *number)
{
    uint64_t at = h2k_xfs_da_hole(&dir->da, 0, dir->da.blocks);
    *number = at / dir->da.blocks;
    if (at >= dir->da.root)
        return h2k_fail_null(H2K_E_NOSPACE,
                             "directory inode %" PRIu64 " is full",
                             dir->inode->ino);
    struct h2k_xfs_buf *buf = h2k_xfs_da_new(&dir->da, at, H2K_XFS_DIR_DATA);
    if (buf == NULL || set_size(dir) < 0)
        return NULL;
    h2k_xfs_dir_data_clear(dir, buf, dir->da.block_size);
    if (h2k_xfs_dir_room_set(dir, *number, h2k_xfs_dir_data_best(dir, buf)) <
        0)
        return NULL;
    return buf;
}

int
h2k_xfs_dir_data_release(struct h2k_xfs_dir *dir, uint64_t number)
{
    if (h2k_xfs_da_punch(&dir->da, number * dir->da.blocks, dir->da.blocks) <
            0 ||
        h2k_xfs_dir_room_drop(dir, number) < 0)
        return -1;
    return set_size(dir);
}

int
h2k_xfs_dir_block_to_leaf(struct h2k_xfs_dir *dir)
{
    struct h2k_xfs_dir_leaf old, leaf;
    struct h2k_xfs_buf *data = h2k_xfs_da_read(&dir->da, 0, H2K_XFS_DIR_BLOCK);
    if (data == NULL)
        return -1;
    h2k_xfs_dir_leaf_load(dir, data, &old);
    struct h2k_xfs_buf *buf =
        h2k_xfs_da_new(&dir->da, dir->da.root, H2K_XFS_DIR_LEAF1);
    if (buf == NULL || h2k_xfs_buf_dirty(dir->xfs, data) < 0)
        return -1;
    h2k_xfs_dir_leaf_load(dir, buf, &leaf);
    /* There is room: both headers are of one size, and so are the tails. */
    if (old.count > leaf.room)
        return h2k_xfs_da_damaged(&dir->da, "a damaged index");
    memcpy(leaf.entries, old.entries,
           (size_t)old.count * H2K_XFS_DL_ENTRY_SIZE);
    leaf.count = old.count;
    leaf.stale = old.stale;
    h2k_xfs_dir_leaf_save(dir, &leaf);
    h2k_xfs_da_set_kind(&dir->da, data, H2K_XFS_DIR_DATA);
    uint32_t end = (uint32_t)(old.entries - data->data);
    if (h2k_xfs_dir_data_free(dir, data, dir->da.block_size, end,
                              dir->da.block_size - end) < 0)
        return -1;
    dir->form = H2K_XFS_DIR_ONE_LEAF;
    return h2k_xfs_dir_room_set(dir, 0, h2k_xfs_dir_data_best(dir, data));
}
