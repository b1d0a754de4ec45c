/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Setting an extended attribute: the driver's call. */
#include "fs/xfs/attr-write.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "fs/xfs/acl.h"
#include "fs/xfs/dir.h"
#include "fs/xfs/symlink.h"

#include <inttypes.h>
#include <sys/stat.h>

/* What is in the inode moves to blocks. */
static int
move_content_out(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode)
{
    struct h2k_xfs_dir dir;
    if (S_ISLNK(h2k_xfs_inode_mode(inode)))
        return h2k_xfs_symlink_move_out(xfs, inode);
    if (h2k_xfs_dir_open(&dir, xfs, inode) < 0)
        return -1;
    int rc = h2k_xfs_dir_short_to_block(&dir);
    h2k_xfs_dir_close(&dir);
    return rc;
}

/* A first attribute: the fork gets room for it, where there is so much. */
static int
make_fork(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
          const struct h2k_xfs_attr *attr)
{
    uint32_t wanted = H2K_XFS_ASF_SIZE;
    if (attr->value_length <= UINT8_MAX)
        wanted += h2k_xfs_attr_short_size(attr);
    if (h2k_xfs_attr_fork_make(xfs, inode, wanted) == 0)
        return 0;
    if (h2k_errcode() != H2K_E_NOSPACE ||
        h2k_xfs_fork_format(inode, H2K_XFS_DATA_FORK) != H2K_XFS_LOCAL ||
        move_content_out(xfs, inode) < 0)
        return -1;
    return h2k_xfs_attr_fork_make(xfs, inode, wanted);
}

static int
set_in_blocks(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
              const struct h2k_xfs_attr *attr)
{
    struct h2k_xfs_da da;
    if (h2k_xfs_da_open(&da, xfs, inode, H2K_XFS_ATTR_FORK) < 0)
        return -1;
    int rc = h2k_xfs_attr_tree_set(&da, *attr);
    h2k_xfs_da_close(&da);
    return rc;
}

static int
set(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
    const struct h2k_xfs_attr *attr)
{
    uint32_t room = 0;
    h2k_xfs_fork_area(xfs, inode, H2K_XFS_ATTR_FORK, &room);
    if (room == 0 && make_fork(xfs, inode, attr) < 0)
        return -1;
    /* A fork that has lost its attributes is one without extents. */
    if (h2k_xfs_fork_format(inode, H2K_XFS_ATTR_FORK) == H2K_XFS_EXTENTS &&
        h2k_xfs_fork_extents(xfs, inode, H2K_XFS_ATTR_FORK) == 0 &&
        h2k_xfs_attr_short_init(xfs, inode) < 0)
        return -1;
    if (h2k_xfs_fork_format(inode, H2K_XFS_ATTR_FORK) == H2K_XFS_LOCAL) {
        int rc = h2k_xfs_attr_short_set(xfs, inode, attr);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        if (h2k_xfs_attr_short_to_leaf(xfs, inode) < 0)
            return -1;
    }
    return set_in_blocks(xfs, inode, attr);
}

static int
set_and_touch(struct h2k_xfs *xfs, h2k_ino ino,
              const struct h2k_xfs_attr *attr)
{
    struct h2k_xfs_inode inode;
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0 ||
        set(xfs, &inode, attr) < 0 ||
        h2k_xfs_inode_touch(xfs, &inode, false) < 0)
        return h2k_prefix("inode %" PRIu64 ": ", ino);
    return 0;
}

/* What NAME and VALUE are on the disk.  *OWN is memory for it, if it needs
 * any. */
static int
item_of(const char *name, const void *value, size_t size,
        struct h2k_xfs_attr *item, void **own)
{
    struct h2k_xfs_attr_name stored;
    if (!h2k_xfs_attr_name_of(name, &stored))
        return h2k_fail(H2K_E_RANGE, "'%.300s' is not an attribute's name",
                        name);
    if (stored.acl) {
        value = *own = h2k_xfs_acl_to_disk(value, size, &size);
        if (value == NULL)
            return -1;
    }
    if (size > H2K_XFS_ATTR_VALUE_MAX)
        return h2k_fail(H2K_E_RANGE,
                        "attribute '%s': %zu bytes; %u are the most here",
                        name, size, H2K_XFS_ATTR_VALUE_MAX);
    *item = (struct h2k_xfs_attr){
        .flags = stored.flags,
        .name_length = (uint32_t)stored.length,
        .hash = h2k_xfs_hash(stored.bytes, stored.length),
        .name = (const uint8_t *)stored.bytes,
        .value_length = (uint32_t)size,
        .value = value,
    };
    return 0;
}

int
h2k_xfs_setxattr(void *state, h2k_ino ino, const char *name, const void *value,
                 size_t size)
{
    struct h2k_xfs *xfs = state;
    h2k_autofree void *own = NULL;
    struct h2k_xfs_attr item;
    if (item_of(name, value, size, &item, &own) < 0)
        return h2k_prefix("xfs: ");
    return H2K_XFS_CALL(xfs, set_and_touch(xfs, ino, &item));
}
