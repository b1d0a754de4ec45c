/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edits of an overlay into the disk below it, and what was discarded out
 * of it. */
#ifndef H2K_PIPELINE_MERGE_H
#define H2K_PIPELINE_MERGE_H

#include "block/block.h"
#include "pipeline/digest.h"

struct h2k_merge_request {
    struct h2k_block *overlay;
    struct h2k_block *disk;    /* the one below it, writable */
    struct h2k_digest *digest; /* of DISK's content, kept up with it */
    uint32_t cluster; /* bytes, at most a chunk of a sweep: what was discarded
                         is left out where it is a whole one */
    uint64_t *places; /* or NULL: for each chunk what readback.h remembers,
                         which is forgotten for those that change */
};

struct h2k_merge_result {
    uint64_t written; /* bytes */
    uint64_t dropped; /* bytes that were data, and are no more */
};

/* Afterwards DISK reads as OVERLAY does, but for clusters of which only a
 * part was discarded: they stay.  It is flushed. */
int h2k_merge(const struct h2k_merge_request *request,
              struct h2k_merge_result *result);

#endif
