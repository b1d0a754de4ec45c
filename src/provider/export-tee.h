/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One disk's bytes on their way: each is hashed, stored and handed to the
 * consumer, by a thread for each of the three, so that the slowest alone
 * sets the pace.
 *
 *     transport ─▶ ring of four MiB ─┬─▶ SHA-256
 *                                    ├─▶ file, or member of an OVA
 *                                    └─▶ consumer
 *
 * The ring is all the memory there is: whoever brings bytes waits for the
 * slowest.  All calls of one tee are made by one thread.
 */
#ifndef H2K_PROVIDER_EXPORT_TEE_H
#define H2K_PROVIDER_EXPORT_TEE_H

#include "base/hash.h"
#include "base/output.h"
#include "provider/export.h"
#include "provider/ova.h"

#include <stdatomic.h>

struct h2k_tee_target {
    /* The file, or the OVA, or neither; not owned. */
    struct h2k_output *output;
    struct h2k_ova *ova;
    const struct h2k_export_consumer *consumer; /* or NULL */
    size_t disk;                                /* the consumer's number */
    enum h2k_export_bytes what;                 /* flat: holes for zeros */
    uint64_t capacity;                          /* of the disk */
    char *sha1; /* gets the SHA-1's 40 digits and a NUL, for servers that
                   know no better one; "" for an OVA's member; or NULL */
    atomic_bool *cancelled; /* true: the next call fails; or NULL */
    /* DONE bytes were brought; the caller's thread, every MiB.  May be
     * NULL. */
    void (*progress)(void *opaque, uint64_t done);
    void *opaque;
};

struct h2k_tee;
struct h2k_tee *h2k_tee_new(const struct h2k_tee_target *target);

/*
 * Before the first byte, and again when the disk starts again.  The first
 * KEPT bytes of the output are from an earlier run and right; they are read
 * from there, for the hash and the consumer, and all behind them is cut off.
 */
int h2k_tee_begin(struct h2k_tee *tee, uint64_t kept);
/* The next COUNT bytes, or zeros that need not be brought. */
int h2k_tee_data(struct h2k_tee *tee, const void *bytes, size_t count);
int h2k_tee_zeros(struct h2k_tee *tee, uint64_t count);
/* How many came since begin, what was kept among them. */
uint64_t h2k_tee_size(const struct h2k_tee *tee);

/* All came and all is stored, if not yet durable.  FILE: its size and
 * SHA-256 are set. */
int h2k_tee_finish(struct h2k_tee *tee, uint64_t *size,
                   char sha256[H2K_SHA256_HEX_SIZE]);
/* Ends the threads where they are. */
void h2k_tee_free(struct h2k_tee *tee);
H2K_DEFINE_AUTO(h2k_tee, h2k_tee_free)

#endif
