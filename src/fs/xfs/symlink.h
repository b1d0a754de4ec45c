/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Writing targets of symbolic links. */
#ifndef H2K_FS_XFS_SYMLINK_H
#define H2K_FS_XFS_SYMLINK_H

#include "fs/xfs/xfs.h"

/* LINK, new, gets its target.  H2K_E_RANGE for one that is too long. */
int h2k_xfs_symlink_put(struct h2k_xfs *xfs, struct h2k_xfs_inode *link,
                        const char *target);
/* A target in the inode moves to a block, so that attributes have room. */
int h2k_xfs_symlink_move_out(struct h2k_xfs *xfs, struct h2k_xfs_inode *link);

#endif
