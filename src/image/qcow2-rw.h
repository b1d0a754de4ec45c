/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Changing a qcow2 that our own writer has finished, before it gets its
 * name: small edits, and dropping what is free.
 *
 * A cluster that is stored as it is, is written in place; one that is
 * compressed or absent gets a new place.  Zeroing a whole cluster drops it:
 * nothing maps it any more, and where it was the file gets a hole.  New
 * clusters are never compressed.
 *
 * Between the first write and h2k_block_flush the file is no valid image;
 * after a flush it is one again, and can be changed further.
 */
#ifndef H2K_IMAGE_QCOW2_RW_H
#define H2K_IMAGE_QCOW2_RW_H

#include "block/block.h"

/*
 * The disk of the qcow2 that FD is, open for reading and writing; FD is
 * duplicated, PATH is for messages.  Any number of threads may read.
 *
 * H2K_E_UNSUPPORTED for a qcow2 that our writer does not make: another
 * version, refcount width, snapshots, a backing file, extended L2 entries,
 * and so on.
 */
struct h2k_block *h2k_qcow2_rw_open(int fd, const char *path);

#endif
