/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a disk's content was when it was written, for comparing it with what
 * is read back: one XXH3-128 for each of at most 65,536 parts of the disk,
 * so its memory is bounded (1 MiB) for a disk of any size.
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

/* Put the value of the chunk at OFFSET behind the ones before, ascending.
 * A chunk of zeros may be put or left out, with the same result. */
void h2k_digest_put(struct h2k_digest *digest, uint64_t offset,
                    struct h2k_digest_value value);

/* True when both disks' contents are the same.  Else [*OFFSET, *OFFSET +
 * *LENGTH) is the first part that differs. */
bool h2k_digest_equal(const struct h2k_digest *a, const struct h2k_digest *b,
                      uint64_t *offset, uint64_t *length);

#endif
