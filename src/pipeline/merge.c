/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Chunk by chunk, as the digest counts them.  A chunk that changes is read
 * before and after, so that the digest's old share of it goes and the new
 * one comes; what the disk gave wrongly before then shows when the output is
 * verified.
 */
#include "pipeline/merge.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/zero.h"
#include "block/overlay.h"
#include "pipeline/sweep.h"

#include <string.h>

#define CHUNK H2K_SWEEP_CHUNK

enum fate { KEEP, WRITE, DROP };

struct merge {
    const struct h2k_merge_request *request;
    struct h2k_merge_result *result;
    uint64_t size;   /* of the disk */
    size_t unit;     /* a cluster, or a chunk of the overlay */
    uint8_t *before; /* a chunk */
    uint8_t *after;
};

/* What becomes of [offset, offset + length), a unit. */
static enum fate
fate_of(struct merge *m, uint64_t offset, size_t length)
{
    bool dropped = true;
    for (size_t at = 0; at < length;) {
        uint64_t run = 0;
        switch (h2k_overlay_at(m->request->overlay, offset + at, length - at,
                               &run)) {
        case H2K_OVERLAY_WRITTEN:
            return WRITE;
        case H2K_OVERLAY_PARENT:
            dropped = false;
            break;
        case H2K_OVERLAY_DISCARDED:
            break;
        }
        at += (size_t)run;
    }
    return dropped ? DROP : KEEP;
}

static size_t
unit_length(const struct merge *m, size_t at, size_t length)
{
    return (size_t)h2k_min_u64(m->unit, length - at);
}

static int
drop(struct merge *m, uint64_t offset, uint64_t length)
{
    for (uint64_t at = 0; at < length;) {
        struct h2k_extent e;
        if (h2k_block_extent(m->request->disk, offset + at, length - at, &e) <
            0)
            return -1;
        if (e.kind == H2K_EXTENT_DATA)
            m->result->dropped += e.length;
        at += e.length;
    }
    return h2k_block_zero(m->request->disk, offset, length);
}

/* The chunk goes as a whole. */
static int
drop_chunk(struct merge *m, uint64_t offset, size_t length, bool *done)
{
    *done = false;
    for (size_t at = 0; at < length; at += m->unit)
        if (fate_of(m, offset + at, unit_length(m, at, length)) != DROP)
            return 0;
    *done = h2k_digest_forget(m->request->digest, offset);
    return *done ? drop(m, offset, length) : 0;
}

static int
change_unit(struct merge *m, uint64_t offset, size_t at, size_t count)
{
    uint8_t *after = m->after + at;
    if (memcmp(m->before + at, after, count) == 0)
        return 0;
    if (h2k_is_zero(after, count))
        return h2k_block_zero(m->request->disk, offset + at, count);
    m->result->written += count;
    return h2k_block_pwrite(m->request->disk, after, count, offset + at);
}

static int
merge_unit(struct merge *m, uint64_t offset, size_t at, size_t count)
{
    switch (fate_of(m, offset + at, count)) {
    case KEEP:
        return 0;
    case WRITE:
        if (h2k_block_pread(m->request->overlay, m->after + at, count,
                            offset + at) < 0)
            return -1;
        return change_unit(m, offset, at, count);
    case DROP:
        memset(m->after + at, 0, count);
        return drop(m, offset + at, count);
    }
    return 0;
}

static int
merge_chunk(struct merge *m, uint64_t offset)
{
    size_t length = (size_t)h2k_min_u64(CHUNK, m->size - offset);
    bool done = false;
    if (m->request->places != NULL)
        m->request->places[offset / CHUNK] = 0;
    if (h2k_check_interrupt() < 0 || drop_chunk(m, offset, length, &done) < 0)
        return -1;
    if (done)
        return 0;
    if (h2k_block_pread(m->request->disk, m->before, length, offset) < 0)
        return -1;
    memcpy(m->after, m->before, length);
    for (size_t at = 0; at < length; at += m->unit)
        if (merge_unit(m, offset, at, unit_length(m, at, length)) < 0)
            return -1;
    h2k_digest_replace(m->request->digest, offset,
                       h2k_digest_bytes(m->before, length),
                       h2k_digest_bytes(m->after, length));
    return 0;
}

/* Is there nothing to do at OFFSET, and for how long: as below, or discarded
 * where nothing is. */
static int
untouched(struct merge *m, uint64_t offset, uint64_t *length)
{
    uint64_t run = 0;
    *length = 0;
    enum h2k_overlay_kind kind =
        h2k_overlay_at(m->request->overlay, offset, m->size - offset, &run);
    if (kind == H2K_OVERLAY_PARENT)
        *length = run;
    if (kind != H2K_OVERLAY_DISCARDED)
        return 0;
    struct h2k_extent e;
    if (h2k_block_extent(m->request->disk, offset, run, &e) < 0)
        return -1;
    if (e.kind != H2K_EXTENT_DATA)
        *length = e.length;
    return 0;
}

static int
merge_all(struct merge *m)
{
    uint64_t at = 0, length = 0;
    while (at < m->size) {
        if (untouched(m, at, &length) < 0)
            return -1;
        if (length == 0) {
            uint64_t chunk = h2k_align_down(at, CHUNK);
            if (merge_chunk(m, chunk) < 0)
                return -1;
            length = chunk + CHUNK - at;
        }
        /* An extent can end inside a chunk of the overlay. */
        at =
            h2k_min_u64(h2k_align_up(at + length, H2K_OVERLAY_CHUNK), m->size);
    }
    return h2k_block_flush(m->request->disk);
}

int
h2k_merge(const struct h2k_merge_request *request,
          struct h2k_merge_result *result)
{
    struct merge m = {
        .request = request,
        .result = result,
        .size = h2k_block_size(request->disk),
        .unit = (size_t)h2k_max_u64(request->cluster, H2K_OVERLAY_CHUNK),
        .before = malloc(CHUNK),
        .after = malloc(CHUNK),
    };
    *result = (struct h2k_merge_result){ 0 };
    int rc = m.before == NULL || m.after == NULL
                 ? h2k_fail(H2K_E_NOMEM, "out of memory")
                 : merge_all(&m);
    free(m.before);
    free(m.after);
    return rc;
}
