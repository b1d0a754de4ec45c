/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The SHA-256, or another sum, of a source file's bytes, beside the work on
 * them.
 *
 * A thread reads the file from start to end while INSPECT, FIX and CONVERT
 * read what they need of it.  It runs ahead of CONVERT, so that what one of
 * them reads from the disk the other one finds in memory.
 */
#ifndef H2K_PIPELINE_HASHER_H
#define H2K_PIPELINE_HASHER_H

#include "base/hash.h"
#include "block/block.h"

struct h2k_hasher;

/* Starts at once.  FILE is referenced. */
struct h2k_hasher *h2k_hasher_start(struct h2k_block *file,
                                    enum h2k_hash_kind kind);

/* Waits for the end: the digest's digits, the hasher's own.  NULL with the
 * error that stopped it. */
const char *h2k_hasher_wait(struct h2k_hasher *hasher);

/* Stops it where it is. */
void h2k_hasher_free(struct h2k_hasher *hasher);
H2K_DEFINE_AUTO(h2k_hasher, h2k_hasher_free)

#endif
