/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The extents of a fork, one by one: a list in the inode ("Extent List") or
 * a B+tree, whichever they need. */
#ifndef H2K_FS_XFS_FORK_H
#define H2K_FS_XFS_FORK_H

#include "fs/xfs/xfs.h"

/* fork-records.c: 1 and the extent that BLOCK is in, or else the next; 0
 * where there is none. */
int h2k_xfs_extent_find(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                        enum h2k_xfs_fork fork, uint64_t block,
                        struct h2k_xfs_extent *out);
/* 1 and the last extent that begins before BLOCK, or 0. */
int h2k_xfs_extent_before(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                          enum h2k_xfs_fork fork, uint64_t block,
                          struct h2k_xfs_extent *out);
/* OLD, which is there if it has a count, becomes NEW, which stays if it has
 * one.  List and tree follow; the blocks are the caller's. */
int h2k_xfs_extent_change(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                          enum h2k_xfs_fork fork,
                          const struct h2k_xfs_extent *old,
                          const struct h2k_xfs_extent *new);
/* A new one, which becomes one with its neighbours where it can. */
int h2k_xfs_extent_add(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                       enum h2k_xfs_fork fork,
                       const struct h2k_xfs_extent *extent);
/* How many the inode has room for. */
uint32_t h2k_xfs_extent_room(const struct h2k_xfs *xfs,
                             const struct h2k_xfs_inode *inode,
                             enum h2k_xfs_fork fork);

/* fork-format.c: from list to tree; and back, where all fit. */
int h2k_xfs_fork_make_tree(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                           enum h2k_xfs_fork fork);
int h2k_xfs_fork_make_list(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                           enum h2k_xfs_fork fork);

/* Of an inode's fork, for the reverse map. */
struct h2k_xfs_owner h2k_xfs_fork_owner(const struct h2k_xfs_inode *inode,
                                        enum h2k_xfs_fork fork,
                                        uint64_t offset);

/* fork-written.c: what of [offset, offset + count) is unwritten is written
 * from now on. */
int h2k_xfs_fork_set_written(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                             uint64_t offset, uint64_t count);

#endif
