/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A file of a guest as a block, read-only: an initramfs, a program. */
#ifndef H2K_GUEST_FILE_BLOCK_H
#define H2K_GUEST_FILE_BLOCK_H

#include "block/block.h"
#include "fs/root.h"

/* PATH in ROOT, links followed; ROOT must outlive it.  H2K_E_NOENT,
 * H2K_E_ISDIR for what is no regular file. */
struct h2k_block *h2k_file_block_open(struct h2k_root *root, const char *path);

#endif
