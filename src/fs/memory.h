/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A filesystem in memory: the guest layer's tests and fuzz targets build
 * their trees in it.  Everything the vtable has but free ranges, and strict:
 * a directory may not change while it is read, and an inode number is used
 * once, so that one kept for too long is found out.  It has no clock: mtime
 * is 0 until it is set.
 */
#ifndef H2K_FS_MEMORY_H
#define H2K_FS_MEMORY_H

#include "fs/fs.h"

/* Empty, writable.  CAPACITY is what `space` starts from, in bytes; file
 * content counts against it and gives H2K_E_NOSPACE. */
struct h2k_fs *h2k_memfs_new(uint64_t capacity);

#endif
