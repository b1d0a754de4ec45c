/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How much fits into a block of metadata. */
#ifndef H2K_FS_XFS_COUNTS_H
#define H2K_FS_XFS_COUNTS_H

#include "fs/xfs/xfs.h"

/* What is wrong about BUF's counts, levels and siblings ("too many
 * records"); NULL when all that it counts is inside of it. */
const char *h2k_xfs_counts_wrong(const struct h2k_xfs *xfs,
                                 const struct h2k_xfs_buf *buf);

/* Of a B+tree's block of LENGTH bytes, header and all: the header's size,
 * and how many records (LEVEL 0) or keys with pointers it has room for. */
uint32_t h2k_xfs_btree_header(const struct h2k_xfs *xfs,
                              enum h2k_xfs_kind kind);
uint32_t h2k_xfs_btree_room(const struct h2k_xfs *xfs, enum h2k_xfs_kind kind,
                            uint32_t length, uint32_t level);

/* Blocks that an AGFL has room for, and where the first stands. */
uint32_t h2k_xfs_agfl_room(const struct h2k_xfs *xfs);
uint32_t h2k_xfs_agfl_begin(const struct h2k_xfs *xfs);

#endif
