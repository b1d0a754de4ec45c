/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names in directories of every form: adding, removing, replacing. */
#include "fs/xfs/dir.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/format-inode.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static uint8_t
type_of(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return H2K_XFS_FT_REG;
    case S_IFDIR:
        return H2K_XFS_FT_DIR;
    case S_IFCHR:
        return H2K_XFS_FT_CHR;
    case S_IFBLK:
        return H2K_XFS_FT_BLK;
    case S_IFIFO:
        return H2K_XFS_FT_FIFO;
    case S_IFSOCK:
        return H2K_XFS_FT_SOCK;
    case S_IFLNK:
        return H2K_XFS_FT_LNK;
    }
    return H2K_XFS_FT_UNKNOWN;
}

struct h2k_xfs_name
h2k_xfs_name_of(const char *name, h2k_ino ino, uint32_t mode)
{
    size_t length = strlen(name);
    return (struct h2k_xfs_name){
        .bytes = (const uint8_t *)name,
        .length = (uint32_t)length,
        .hash = h2k_xfs_hash(name, length),
        .ino = ino,
        .type = type_of(mode),
    };
}

/* What a directory in blocks is: its size and the root of its index say. */
static int
find_form(struct h2k_xfs_dir *dir)
{
    static const enum h2k_xfs_kind roots[] = {
        H2K_XFS_DIR_LEAF1, H2K_XFS_DIR_LEAFN, H2K_XFS_DA_NODE, H2K_XFS_KINDS
    };
    if (!h2k_xfs_da_mapped(&dir->da, dir->da.root)) {
        dir->form = H2K_XFS_DIR_ONE_BLOCK;
        if (h2k_xfs_inode_size(dir->inode) != dir->da.block_size)
            return h2k_xfs_da_damaged(&dir->da,
                                      "a directory without an index");
        return 0;
    }
    struct h2k_xfs_buf *root =
        h2k_xfs_da_read_any(&dir->da, dir->da.root, roots);
    if (root == NULL)
        return -1;
    dir->form = root->kind == H2K_XFS_DIR_LEAF1 ? H2K_XFS_DIR_ONE_LEAF
                                                : H2K_XFS_DIR_TREE;
    return 0;
}

int
h2k_xfs_dir_open(struct h2k_xfs_dir *dir, struct h2k_xfs *xfs,
                 struct h2k_xfs_inode *inode)
{
    *dir = (struct h2k_xfs_dir){
        .xfs = xfs,
        .inode = inode,
        .form = H2K_XFS_DIR_IN_INODE,
        .data_header = h2k_xfs_dir_names_begin(xfs),
    };
    if (!S_ISDIR(h2k_xfs_inode_mode(inode)))
        return h2k_fail(H2K_E_NOTDIR, "inode %" PRIu64 " is not a directory",
                        inode->ino);
    if (h2k_xfs_fork_format(inode, H2K_XFS_DATA_FORK) == H2K_XFS_LOCAL) {
        h2k_xfs_da_shape(&dir->da, xfs, inode, H2K_XFS_DATA_FORK);
        return 0;
    }
    if (h2k_xfs_da_open(&dir->da, xfs, inode, H2K_XFS_DATA_FORK) == 0 &&
        find_form(dir) == 0)
        return 0;
    h2k_xfs_dir_close(dir);
    return -1;
}

void
h2k_xfs_dir_close(struct h2k_xfs_dir *dir)
{
    h2k_xfs_da_close(&dir->da);
}

static int
no_name(const struct h2k_xfs_inode *inode, const char *name)
{
    return h2k_fail(H2K_E_NOENT, "no name '%s' in directory inode %" PRIu64,
                    name, inode->ino);
}

int
h2k_xfs_dir_init(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                 h2k_ino parent)
{
    uint32_t room = 0, large = parent > UINT32_MAX;
    uint8_t *area = h2k_xfs_fork_area(xfs, inode, H2K_XFS_DATA_FORK, &room);
    if (h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    area[H2K_XFS_SF_COUNT] = 0;
    area[H2K_XFS_SF_I8COUNT] = (uint8_t)large;
    if (large)
        h2k_put_be64(area + H2K_XFS_SF_PARENT, parent);
    else
        h2k_put_be32(area + H2K_XFS_SF_PARENT, (uint32_t)parent);
    h2k_put_be64(inode->raw + H2K_XFS_DI_FILE_SIZE,
                 H2K_XFS_SF_PARENT + (large ? 8 : 4));
    return 0;
}

/* To the next form. */
static int
grow(struct h2k_xfs_dir *dir)
{
    switch (dir->form) {
    case H2K_XFS_DIR_IN_INODE:
        return h2k_xfs_dir_short_to_block(dir);
    case H2K_XFS_DIR_ONE_BLOCK:
        return h2k_xfs_dir_block_to_leaf(dir);
    case H2K_XFS_DIR_ONE_LEAF:
        return h2k_xfs_dir_leaf_to_tree(dir);
    case H2K_XFS_DIR_TREE:
        break;
    }
    return h2k_xfs_da_damaged(&dir->da, "a directory that takes no name");
}

static int
add(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name)
{
    switch (dir->form) {
    case H2K_XFS_DIR_IN_INODE:
        return h2k_xfs_dir_short_add(dir, name);
    case H2K_XFS_DIR_ONE_BLOCK:
        return h2k_xfs_dir_block_add(dir, name);
    case H2K_XFS_DIR_ONE_LEAF:
        return h2k_xfs_dir_leaf_add(dir, name);
    case H2K_XFS_DIR_TREE:
        break;
    }
    return h2k_xfs_dir_tree_add(dir, name);
}

int
h2k_xfs_dir_add(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                const char *text, h2k_ino ino, uint32_t mode)
{
    struct h2k_xfs_name name = h2k_xfs_name_of(text, ino, mode);
    struct h2k_xfs_dir dir;
    if (h2k_xfs_dir_open(&dir, xfs, inode) < 0)
        return -1;
    int rc = add(&dir, &name);
    while (rc == 0)
        rc = grow(&dir) < 0 ? -1 : add(&dir, &name);
    h2k_xfs_dir_close(&dir);
    return rc < 0 ? -1 : 0;
}

/* A block of names has lost one. */
static int
settle_block(struct h2k_xfs_dir *dir, const struct h2k_xfs_dir_spot *spot)
{
    uint32_t best = h2k_xfs_dir_data_best(dir, spot->data);
    if (dir->form == H2K_XFS_DIR_ONE_BLOCK)
        return 0;
    if (best == dir->da.block_size - dir->data_header)
        return h2k_xfs_dir_data_release(dir, spot->number);
    return h2k_xfs_dir_room_set(dir, spot->number, best);
}

static int
remove_name(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name)
{
    struct h2k_xfs_dir_spot spot;
    struct h2k_xfs_dir_leaf leaf;
    if (dir->form == H2K_XFS_DIR_IN_INODE)
        return h2k_xfs_dir_short_remove(dir, name);
    int rc = h2k_xfs_dir_find(dir, name, &spot);
    if (rc <= 0)
        return rc;
    h2k_xfs_dir_leaf_load(dir, spot.leaf, &leaf);
    if (h2k_xfs_dir_leaf_mark_stale(dir, &leaf, spot.index) < 0 ||
        h2k_xfs_dir_data_drop(dir, spot.data, spot.end, spot.offset) < 0 ||
        settle_block(dir, &spot) < 0 || h2k_xfs_dir_block_to_short(dir) < 0)
        return -1;
    return 1;
}

int
h2k_xfs_dir_remove(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                   const char *text)
{
    struct h2k_xfs_name name = h2k_xfs_name_of(text, 0, 0);
    struct h2k_xfs_dir dir;
    if (h2k_xfs_dir_open(&dir, xfs, inode) < 0)
        return -1;
    int rc = remove_name(&dir, &name);
    h2k_xfs_dir_close(&dir);
    if (rc == 0)
        return no_name(inode, text);
    return rc < 0 ? -1 : 0;
}

static int
replace_name(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name)
{
    struct h2k_xfs_dir_spot spot;
    if (dir->form == H2K_XFS_DIR_IN_INODE)
        return h2k_xfs_dir_short_replace(dir, name);
    int rc = h2k_xfs_dir_find(dir, name, &spot);
    if (rc <= 0)
        return rc;
    if (h2k_xfs_buf_dirty(dir->xfs, spot.data) < 0)
        return -1;
    h2k_xfs_dir_data_set(dir, spot.data, spot.offset, name);
    return 1;
}

int
h2k_xfs_dir_replace(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                    const char *text, h2k_ino ino, uint32_t mode)
{
    struct h2k_xfs_name name = h2k_xfs_name_of(text, ino, mode);
    struct h2k_xfs_dir dir;
    if (h2k_xfs_dir_open(&dir, xfs, inode) < 0)
        return -1;
    int rc = replace_name(&dir, &name);
    h2k_xfs_dir_close(&dir);
    if (rc == 0)
        return no_name(inode, text);
    return rc < 0 ? -1 : 0;
}
