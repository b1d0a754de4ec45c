/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* libext2fs's way to the disk: an io_manager over a block. */
#ifndef H2K_FS_EXT_IO_H
#define H2K_FS_EXT_IO_H

#include "block/block.h"

#include <ext2fs/ext2fs.h>

/* What ext2fs_open2 needs to open a channel on BLOCK, which must outlive the
 * channel.  The name stands for the block itself. */
#define H2K_EXT_IO_NAME 32
io_manager h2k_ext_io_manager(void);
void h2k_ext_io_name(struct h2k_block *block, char name[H2K_EXT_IO_NAME]);

/*
 * Metadata can be damaged so that libext2fs walks in circles (an extent
 * tree whose nodes share children).  From here on until h2k_ext_io_end no
 * more blocks are read than looking through all of a filesystem's metadata
 * a few times can need; those after that fail.  What is known to need more,
 * such as mapping a file block by block, says so.  Calls nest; the outermost
 * counts.
 */
void h2k_ext_io_begin(io_channel channel);
void h2k_ext_io_allow(io_channel channel, uint64_t more);
void h2k_ext_io_end(io_channel channel);

/* How many requests went to the block, those that the cache answered left
 * out: for tests and for measuring. */
uint64_t h2k_ext_io_requests(io_channel channel);

#endif
