/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A part of a block as a block: a partition, a member of an archive. */
#ifndef H2K_BLOCK_SLICE_H
#define H2K_BLOCK_SLICE_H

#include "block/block.h"

/* [offset, offset + length) of PARENT; writable where PARENT is.
 * H2K_E_RANGE when it does not lie inside. */
struct h2k_block *h2k_slice_new(struct h2k_block *parent, uint64_t offset,
                                uint64_t length);

#endif
