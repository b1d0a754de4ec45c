/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a disk's content was when it was written, for comparing it with what
 * is read back: one 128-bit sum for each of at most 1,048,576 parts of the
 * disk, of a hash (XXH3) of each of the part's chunks and their places.  So
 * its memory is bounded, 16 MiB for a disk of any size, and what of it stands
 * for zeros takes none; chunks come in any order; and one that is changed
 * later can be replaced.
 *
 * It finds damage, not forgery: source and output are both ours.
 * (Integrity of the source, which somebody else sent, is SHA-256.)
 */
#ifndef H2K_PIPELINE_DIGEST_H
#define H2K_PIPELINE_DIGEST_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_digest_value {
    uint64_t low, high; /* both 0: all zeros */
};

struct h2k_digest;

/* For a disk of SIZE bytes, all zeros so far. */
struct h2k_digest *h2k_digest_new(uint64_t size);
void h2k_digest_free(struct h2k_digest *digest);
H2K_DEFINE_AUTO(h2k_digest, h2k_digest_free)

/* The value of a chunk's bytes; any thread, any order. */
struct h2k_digest_value h2k_digest_bytes(const void *bytes, size_t size);

/* Put the value of the chunk at OFFSET, a multiple of the sweep's chunk size.
 * Each chunk is put once, in any order; one of zeros may be left out, with
 * the same result. */
void h2k_digest_put(struct h2k_digest *digest, uint64_t offset,
                    struct h2k_digest_value value);

/* The chunk at OFFSET, which had the value WAS, now has NOW.  Where WAS is
 * not what was put, the digest is wrong from then on: damage is not hidden. */
void h2k_digest_replace(struct h2k_digest *digest, uint64_t offset,
                        struct h2k_digest_value was,
                        struct h2k_digest_value now);

/* The chunk at OFFSET is all zeros now.  False where that cannot be done
 * without the value it had: then replace it. */
bool h2k_digest_forget(struct h2k_digest *digest, uint64_t offset);

/* Put what FROM, of a disk of the same size, has for the chunk at OFFSET.
 * False where FROM does not know it alone. */
bool h2k_digest_copy(struct h2k_digest *digest, const struct h2k_digest *from,
                     uint64_t offset);

/* True when both disks' contents are the same.  Else [*OFFSET, *OFFSET +
 * *LENGTH) is the first part that differs. */
bool h2k_digest_equal(const struct h2k_digest *a, const struct h2k_digest *b,
                      uint64_t *offset, uint64_t *length);

#endif
