/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bytes in memory as a block: for tests, fuzzing and small members. */
#ifndef H2K_BLOCK_MEMORY_H
#define H2K_BLOCK_MEMORY_H

#include "block/block.h"

/* SIZE bytes that are a copy of DATA (zeros where DATA is NULL), writable. */
struct h2k_block *h2k_memory_new(const void *data, size_t size);

/* The caller's bytes, not copied, read-only; they must outlive the block. */
struct h2k_block *h2k_memory_view(const void *data, size_t size);

#endif
