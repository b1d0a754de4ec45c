/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The driver's calls that make, replace and remove names. */
#include "fs/xfs/symlink.h"

#include "base/error.h"
#include "fs/xfs/dir.h"
#include "fs/xfs/format-inode.h"

#include <sys/stat.h>

/* A new inode of MODE, with a name in PARENT and LINKS to it. */
static int
make_inode(struct h2k_xfs *xfs, struct h2k_xfs_inode *parent, const char *name,
           uint32_t mode, struct h2k_xfs_inode *out)
{
    if (h2k_xfs_inode_alloc(xfs, parent->ino, mode, out) < 0 ||
        h2k_xfs_inode_links(xfs, out, S_ISDIR(mode) ? 2 : 1) < 0 ||
        h2k_xfs_dir_add(xfs, parent, name, out->ino, mode) < 0)
        return -1;
    return h2k_xfs_inode_touch(xfs, parent, true);
}

static int
create(struct h2k_xfs *xfs, h2k_ino dir, const char *name, uint32_t mode,
       h2k_ino *out)
{
    struct h2k_xfs_inode parent, file;
    if (h2k_xfs_inode_read(xfs, dir, &parent) < 0 ||
        make_inode(xfs, &parent, name, S_IFREG | mode, &file) < 0)
        return -1;
    *out = file.ino;
    return 0;
}

int
h2k_xfs_create(void *state, h2k_ino dir, const char *name, uint32_t mode,
               h2k_ino *out)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, create(xfs, dir, name, mode, out));
}

static int
make_dir(struct h2k_xfs *xfs, h2k_ino dir, const char *name, uint32_t mode,
         h2k_ino *out)
{
    struct h2k_xfs_inode parent, below;
    if (h2k_xfs_inode_read(xfs, dir, &parent) < 0 ||
        make_inode(xfs, &parent, name, S_IFDIR | mode, &below) < 0 ||
        h2k_xfs_dir_init(xfs, &below, dir) < 0 ||
        h2k_xfs_inode_links(xfs, &parent, 1) < 0)
        return -1;
    *out = below.ino;
    return 0;
}

int
h2k_xfs_mkdir(void *state, h2k_ino dir, const char *name, uint32_t mode,
              h2k_ino *out)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, make_dir(xfs, dir, name, mode, out));
}

static int
make_link(struct h2k_xfs *xfs, h2k_ino dir, const char *name,
          const char *target)
{
    struct h2k_xfs_inode parent, link;
    if (h2k_xfs_inode_read(xfs, dir, &parent) < 0 ||
        make_inode(xfs, &parent, name, S_IFLNK | 0777, &link) < 0)
        return -1;
    return h2k_xfs_symlink_put(xfs, &link, target);
}

int
h2k_xfs_symlink(void *state, h2k_ino dir, const char *name, const char *target)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, make_link(xfs, dir, name, target));
}

static uint32_t
link_count(const struct h2k_xfs_inode *inode)
{
    return inode->raw[H2K_XFS_DI_VERSION] == 1
               ? h2k_get_be16(inode->raw + H2K_XFS_DI_ONLINK)
               : h2k_get_be32(inode->raw + H2K_XFS_DI_NLINK);
}

/* INO has a name less, and goes with its last. */
static int
drop_link(struct h2k_xfs *xfs, h2k_ino ino)
{
    struct h2k_xfs_inode inode;
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0 ||
        h2k_xfs_inode_links(xfs, &inode, -1) < 0)
        return -1;
    if (link_count(&inode) == 0)
        return h2k_xfs_inode_release(xfs, &inode);
    return h2k_xfs_inode_touch(xfs, &inode, false);
}

static int
unlink_name(struct h2k_xfs *xfs, h2k_ino dir, const char *name)
{
    struct h2k_xfs_inode parent;
    h2k_ino ino = 0;
    if (h2k_xfs_inode_read(xfs, dir, &parent) < 0 ||
        h2k_xfs_dir_get(xfs, &parent, name, &ino) < 0 ||
        h2k_xfs_dir_remove(xfs, &parent, name) < 0 ||
        h2k_xfs_inode_touch(xfs, &parent, true) < 0)
        return -1;
    return drop_link(xfs, ino);
}

int
h2k_xfs_unlink(void *state, h2k_ino dir, const char *name)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, unlink_name(xfs, dir, name));
}

/* INODE gets NAME in DIR, whoever had it before. */
static int
take_name(struct h2k_xfs *xfs, struct h2k_xfs_inode *dir, const char *name,
          const struct h2k_xfs_inode *inode)
{
    h2k_ino before = 0;
    uint32_t mode = h2k_xfs_inode_mode(inode);
    if (h2k_xfs_dir_get(xfs, dir, name, &before) < 0)
        return h2k_errcode() == H2K_E_NOENT
                   ? h2k_xfs_dir_add(xfs, dir, name, inode->ino, mode)
                   : -1;
    if (h2k_xfs_dir_replace(xfs, dir, name, inode->ino, mode) < 0)
        return -1;
    return drop_link(xfs, before);
}

static int
rename_name(struct h2k_xfs *xfs, h2k_ino old_dir, const char *old_name,
            h2k_ino new_dir, const char *new_name)
{
    struct h2k_xfs_inode from, to, inode;
    h2k_ino ino = 0;
    /* FROM and TO may be one: both mean its bytes where they are. */
    if (h2k_xfs_inode_read(xfs, old_dir, &from) < 0 ||
        h2k_xfs_dir_get(xfs, &from, old_name, &ino) < 0 ||
        h2k_xfs_inode_read(xfs, ino, &inode) < 0 ||
        h2k_xfs_inode_read(xfs, new_dir, &to) < 0 ||
        take_name(xfs, &to, new_name, &inode) < 0 ||
        h2k_xfs_dir_remove(xfs, &from, old_name) < 0 ||
        h2k_xfs_inode_touch(xfs, &from, true) < 0 ||
        h2k_xfs_inode_touch(xfs, &to, true) < 0)
        return -1;
    return h2k_xfs_inode_touch(xfs, &inode, false);
}

int
h2k_xfs_rename(void *state, h2k_ino old_dir, const char *old_name,
               h2k_ino new_dir, const char *new_name)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(
        xfs, rename_name(xfs, old_dir, old_name, new_dir, new_name));
}
