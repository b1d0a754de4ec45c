/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a block of metadata says of itself. */
#ifndef H2K_FS_XFS_VERIFY_H
#define H2K_FS_XFS_VERIFY_H

#include "fs/xfs/xfs.h"

/* "directory leaf", for messages. */
const char *h2k_xfs_kind_name(enum h2k_xfs_kind kind);

/* BUF's bytes begin as such a block of this version does. */
bool h2k_xfs_has_magic(const struct h2k_xfs *xfs,
                       const struct h2k_xfs_buf *buf, enum h2k_xfs_kind kind);

/*
 * BUF, as it was read: its magic, CRC, UUID, address and owner are right,
 * and what its header counts is inside of it, so that who walks it need not
 * look again.  H2K_E_CORRUPT.  Of clusters of inodes nothing is looked at.
 */
int h2k_xfs_verify(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf);
/* The owner alone, where the block says one; OWNER 0 is any. */
int h2k_xfs_verify_owner(const struct h2k_xfs *xfs,
                         const struct h2k_xfs_buf *buf, uint64_t owner);

/* The CRC of RAW, an inode of version 3. */
bool h2k_xfs_inode_sum_right(const struct h2k_xfs *xfs, const uint8_t *raw);
/* Those of all inodes of a cluster, before it is changed and sealed. */
int h2k_xfs_verify_cluster(const struct h2k_xfs *xfs,
                           const struct h2k_xfs_buf *buf);

/* BUF, new, says what it is: magic, UUID, address and owner.  What else its
 * header has is left alone. */
void h2k_xfs_stamp(const struct h2k_xfs *xfs, struct h2k_xfs_buf *buf);

/* Every CRC in BUF is made right. */
void h2k_xfs_seal(const struct h2k_xfs *xfs, struct h2k_xfs_buf *buf);

#endif
