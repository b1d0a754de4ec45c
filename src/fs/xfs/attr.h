/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Extended attributes as they lie in inodes and blocks. */
#ifndef H2K_FS_XFS_ATTR_H
#define H2K_FS_XFS_ATTR_H

#include "base/buffer.h"
#include "fs/xfs/da.h"
#include "fs/xfs/format-attr.h"

/* A name as it is on the disk. */
struct h2k_xfs_attr_name {
    const char *bytes;
    size_t length;  /* 1 to 255 */
    uint32_t flags; /* the namespace: H2K_XFS_ATTR_ROOT, _SECURE, or 0 */
    bool acl;       /* its value has another form outside: acl.h */
};

/* That of NAME ("user.x"), into which it may point; false for what XFS
 * cannot have. */
bool h2k_xfs_attr_name_of(const char *name, struct h2k_xfs_attr_name *out);

/* One attribute, in the cache's memory. */
struct h2k_xfs_attr {
    uint32_t hash;
    const uint8_t *name;
    uint32_t name_length;
    uint32_t flags;
    const uint8_t *value;  /* NULL: elsewhere, in blocks of the fork */
    uint32_t value_length; /* at most 64 KiB */
    uint32_t value_block;
};

struct h2k_xfs_attrs {
    struct h2k_xfs_inode inode;
    struct h2k_xfs_da da;
};

/* An inode's; close it only after success.  It points into itself. */
int h2k_xfs_attrs_open(struct h2k_xfs *xfs, h2k_ino ino,
                       struct h2k_xfs_attrs *attrs);
void h2k_xfs_attrs_close(struct h2k_xfs_attrs *attrs);

/* Return 0 to go on, anything else to stop with that. */
typedef int (*h2k_xfs_attr_fn)(void *opaque, const struct h2k_xfs_attr *attr);
/* All of them but incomplete ones, or in a tree those from the leaf on in
 * which HASH may be. */
int h2k_xfs_attr_each(struct h2k_xfs_attrs *attrs, uint32_t hash,
                      h2k_xfs_attr_fn fn, void *opaque);
/* Entry I of a leaf, V; false for one that cannot be right. */
bool h2k_xfs_attr_leaf_get(const struct h2k_xfs_da *da, struct h2k_view v,
                           uint32_t i, struct h2k_xfs_attr *out);
/* A value in memory that the caller frees. */
void *h2k_xfs_attr_value(struct h2k_xfs_attrs *attrs,
                         const struct h2k_xfs_attr *attr);

#endif
