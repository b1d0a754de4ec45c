/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Setting extended attributes ("Extended Attributes").
 *
 * They are in the inode while they have room there, then in a leaf, then in
 * leaves below a tree of hashes; values too large for a leaf have blocks of
 * their own.  They are not brought back to a smaller form.
 */
#ifndef H2K_FS_XFS_ATTR_WRITE_H
#define H2K_FS_XFS_ATTR_WRITE_H

#include "fs/xfs/attr.h"

/* Same namespace and name, and not one that was left half made. */
bool h2k_xfs_attr_same(const struct h2k_xfs_attr *a,
                       const struct h2k_xfs_attr *b);

/* ---- attr-short.c: in the inode ---- */

#define H2K_XFS_ATTR_SHORT_MAX 255
struct h2k_xfs_attr_short {
    uint32_t count;
    struct h2k_xfs_attr attr[H2K_XFS_ATTR_SHORT_MAX + 1];
    uint32_t used;
    uint8_t bytes[2048]; /* what they point into */
};
int h2k_xfs_attr_short_load(struct h2k_xfs *xfs,
                            const struct h2k_xfs_inode *inode,
                            struct h2k_xfs_attr_short *out);
/* The attribute fork becomes one in the inode, without attributes. */
int h2k_xfs_attr_short_init(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode);
/* 1, or 0 where it has no room. */
int h2k_xfs_attr_short_set(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                           const struct h2k_xfs_attr *attr);
/* Bytes that it takes in the inode. */
uint32_t h2k_xfs_attr_short_size(const struct h2k_xfs_attr *attr);

/* ---- attr-leaf.c: a leaf, read whole, written whole ---- */

struct h2k_xfs_attr_leaf {
    struct h2k_xfs_attr *attr; /* ascending hashes; room for one more */
    uint32_t count;
    uint8_t *bytes; /* what they point into */
};
int h2k_xfs_attr_leaf_load(struct h2k_xfs_da *da,
                           const struct h2k_xfs_buf *buf,
                           struct h2k_xfs_attr_leaf *leaf);
void h2k_xfs_attr_leaf_free(struct h2k_xfs_attr_leaf *leaf);
/* COUNT attributes, which fit, become BUF's content. */
int h2k_xfs_attr_leaf_store(struct h2k_xfs_da *da, struct h2k_xfs_buf *buf,
                            const struct h2k_xfs_attr *attr, uint32_t count);
bool h2k_xfs_attr_leaf_fits(const struct h2k_xfs_da *da,
                            const struct h2k_xfs_attr *attr, uint32_t count);
/* Whether a leaf takes ATTR's value, too. */
bool h2k_xfs_attr_is_local(const struct h2k_xfs_da *da,
                           const struct h2k_xfs_attr *attr);

/* ---- attr-tree.c ---- */

int h2k_xfs_attr_tree_set(struct h2k_xfs_da *da, struct h2k_xfs_attr attr);
/* Attributes move from the inode to a leaf. */
int h2k_xfs_attr_short_to_leaf(struct h2k_xfs *xfs,
                               struct h2k_xfs_inode *inode);

/* ---- attr-remote.c ---- */

/* ATTR's value goes to blocks of its own. */
int h2k_xfs_attr_remote_put(struct h2k_xfs_da *da, struct h2k_xfs_attr *attr);
/* The blocks of its value are given back. */
int h2k_xfs_attr_remote_drop(struct h2k_xfs_da *da,
                             const struct h2k_xfs_attr *attr);

#endif
