/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The superblock, before there is a driver's state. */
#ifndef H2K_FS_XFS_SUPER_H
#define H2K_FS_XFS_SUPER_H

#include "fs/xfs/xfs.h"

/* 1 and GEO and INFO (but mountable and clean) filled when VOLUME holds one,
 * 0 when not, -1 when it does and cannot be read by us: H2K_E_CORRUPT,
 * H2K_E_UNSUPPORTED.  SUMS: its CRC is checked. */
int h2k_xfs_super_read(struct h2k_block *volume, bool sums,
                       struct h2k_xfs_geometry *geo, struct h2k_fs_info *info);

/* Features that are read and keep from writing, by name:
 * H2K_E_UNSUPPORTED. */
int h2k_xfs_super_check_writable(const struct h2k_xfs_geometry *geo);

#endif
