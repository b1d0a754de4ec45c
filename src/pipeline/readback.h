/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reading a qcow2 back while it is still written, so that little is left for
 * the end: the clusters of a chunk, by the places that they were given, as
 * soon as they are in the file.
 *
 * What was found good is remembered by a hash of the places.  In the end it
 * counts where the tables have the same places; every other chunk is read
 * then.
 */
#ifndef H2K_PIPELINE_READBACK_H
#define H2K_PIPELINE_READBACK_H

#include "pipeline/chunk.h"

/* Clusters of 4 KiB or more. */
#define H2K_READBACK_CLUSTERS (H2K_SWEEP_CHUNK / 4096)

/* A chunk that was put. */
struct h2k_readback {
    uint64_t offset; /* bytes of the disk */
    size_t length;
    uint32_t cluster; /* bytes */
    bool zstd;
    struct h2k_digest_value digest;
    uint64_t end; /* of its bytes in the file */
    size_t count;
    uint64_t places[H2K_READBACK_CLUSTERS]; /* L2 entries */
};

/* The chunk that was just put.  False where the writer does not tell. */
bool h2k_readback_note(const struct h2k_chunk_writer *w,
                       const struct h2k_chunk *chunk, uint64_t offset,
                       size_t length, bool zstd, struct h2k_readback *out);

/* Reads it from FD; H2K_E_VALIDATION where it is something else.  *PLACES is
 * then the hash to remember, not 0. */
int h2k_readback_check(const struct h2k_readback *r, int fd, const char *path,
                       uint64_t *places);

/* Does DISK, of the qcow2 reader with clusters of CLUSTER bytes, have the
 * chunk at OFFSET where the hash PLACES says? */
bool h2k_readback_holds(struct h2k_block *disk, uint64_t offset,
                        uint32_t cluster, uint64_t places);

#endif
