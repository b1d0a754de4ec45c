/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names as they lie in directories, for reading. */
#ifndef H2K_FS_XFS_DIR_ENTRY_H
#define H2K_FS_XFS_DIR_ENTRY_H

#include "base/view.h"
#include "fs/xfs/xfs.h"

struct h2k_xfs_dir_entry {
    h2k_ino ino;
    const uint8_t *name; /* in the block */
    uint32_t length;     /* bytes of it, 1 to 255 */
    uint32_t size;       /* bytes of the whole entry */
    bool unused;         /* no name: room */
};

/* Bytes of an entry in a block, for a name of LENGTH. */
uint32_t h2k_xfs_dir_entry_size(const struct h2k_xfs *xfs, uint32_t length);
/* The entry at OFFSET of V; false where there cannot be one. */
bool h2k_xfs_dir_entry_get(const struct h2k_xfs *xfs, struct h2k_view v,
                           uint32_t offset, struct h2k_xfs_dir_entry *out);
/* The one at *AT of a directory in an inode, whose content is V, and *AT
 * behind it. */
bool h2k_xfs_dir_short_get_next(const struct h2k_xfs *xfs, struct h2k_view v,
                                uint32_t *at, struct h2k_xfs_dir_entry *out);
/* Where the first of these is; 0 for a header that cannot be. */
uint32_t h2k_xfs_dir_short_begin(struct h2k_view v);

/* Of a block of names: where they begin and end. */
uint32_t h2k_xfs_dir_names_begin(const struct h2k_xfs *xfs);
uint32_t h2k_xfs_dir_names_end(const struct h2k_xfs_buf *buf);

#endif
