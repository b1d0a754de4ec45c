/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The SHA-256 of a source file's bytes, beside the work on them.
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
struct h2k_hasher *h2k_hasher_start(struct h2k_block *file);

/* Waits for the end.  HEX receives the digest's 64 digits. */
int h2k_hasher_wait(struct h2k_hasher *hasher, char hex[H2K_SHA256_HEX_SIZE]);

/* Stops it where it is. */
void h2k_hasher_free(struct h2k_hasher *hasher);
H2K_DEFINE_AUTO(h2k_hasher, h2k_hasher_free)

#endif
