/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The types of filesystem that open.c tries, each from its own file. */
#ifndef H2K_FS_TYPES_H
#define H2K_FS_TYPES_H

#include "fs/fs.h"

/* ext2, ext3 and ext4: ext.c. */
extern const struct h2k_fs_type h2k_ext_type;

/* FAT12, FAT16 and FAT32: vfat.c. */
extern const struct h2k_fs_type h2k_vfat_type;

/* XFS: xfs.c. */
extern const struct h2k_fs_type h2k_xfs_type;

/* btrfs, for reading: btrfs.c. */
extern const struct h2k_fs_type h2k_btrfs_type;

/* Parts of something larger (LVM2, LUKS, RAID) and other filesystems, which
 * are recognised and not read by us: probe.c. */
extern const struct h2k_fs_type h2k_member_type;
extern const struct h2k_fs_type h2k_foreign_type;

#endif
