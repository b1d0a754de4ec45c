/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a byte reads as, in this order: the overlay's own chunk if it was
 * written, zero if it was discarded, else the parent's.
 *
 * A two-level table maps a chunk's number to the slot that holds it: one
 * leaf of 512 slot numbers covers 2 MiB of disk, and exists once something
 * in it was written.  Slots are numbered in the order of first writing; the
 * first MEMORY_SLOTS are in memory, the others in the spill file.
 */
#include "block/overlay.h"

#include "base/checked.h"
#include "base/error.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK H2K_OVERLAY_CHUNK
#define LEAF_CHUNKS 512
#define ARENA_SLOTS 64u         /* 256 KiB at a time */
#define MEMORY_SLOTS (8u << 10) /* 32 MiB, then the spill file */

struct leaf {
    uint32_t slot[LEAF_CHUNKS]; /* slot number + 1; 0: not written */
};

struct range {
    uint64_t begin, end; /* in chunks, half open */
};

struct overlay {
    struct h2k_block *parent;
    uint64_t size;
    uint64_t leaf_count;
    struct leaf **leaves;
    uint8_t *arenas[MEMORY_SLOTS / ARENA_SLOTS];
    uint32_t slots; /* in use */
    char *spill_dir;
    int spill_fd;
    struct range *discarded; /* sorted, disjoint, not touching */
    size_t discarded_count, discarded_capacity;
    atomic_bool unread; /* the parent could not be read, by READ_ERROR */
    struct h2k_saved_error read_error;
};

static void
overlay_clear(struct overlay *o)
{
    for (uint64_t i = 0; i < o->leaf_count && o->slots > 0; i++) {
        free(o->leaves[i]);
        o->leaves[i] = NULL;
    }
    for (size_t i = 0; i < sizeof(o->arenas) / sizeof(o->arenas[0]); i++) {
        free(o->arenas[i]);
        o->arenas[i] = NULL;
    }
    o->slots = 0;
    o->discarded_count = 0;
    if (o->spill_fd >= 0)
        close(o->spill_fd);
    o->spill_fd = -1;
}

static void
overlay_close(void *state)
{
    struct overlay *o = state;
    overlay_clear(o);
    free(o->leaves);
    free(o->discarded);
    free(o->spill_dir);
    h2k_block_unref(o->parent);
    free(o);
}

/* The slot that holds CHUNK, or -1. */
static int64_t
slot_of(const struct overlay *o, uint64_t chunk)
{
    const struct leaf *leaf = o->leaves[chunk / LEAF_CHUNKS];
    return leaf == NULL ? -1 : (int64_t)leaf->slot[chunk % LEAF_CHUNKS] - 1;
}

/* The first chunk in [CHUNK, LIMIT) that was written (or, with WRITTEN
 * false, that was not); LIMIT when there is none. */
static uint64_t
find_chunk(const struct overlay *o, uint64_t chunk, uint64_t limit,
           bool written)
{
    while (chunk < limit) {
        if (!written || o->leaves[chunk / LEAF_CHUNKS] != NULL) {
            if ((slot_of(o, chunk) >= 0) == written)
                return chunk;
            chunk++;
        } else {
            chunk = (chunk / LEAF_CHUNKS + 1) * LEAF_CHUNKS;
        }
    }
    return limit;
}

/* The index of the first discarded range that ends after CHUNK. */
static size_t
find_discarded(const struct overlay *o, uint64_t chunk)
{
    size_t low = 0, high = o->discarded_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->discarded[middle].end > chunk)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int
spill_transfer(struct overlay *o, uint32_t slot, uint32_t within, void *buffer,
               size_t count, bool write)
{
    off_t at = (off_t)((uint64_t)(slot - MEMORY_SLOTS) * CHUNK + within);
    uint8_t *p = buffer;
    while (count > 0) {
        ssize_t n = write ? pwrite(o->spill_fd, p, count, at)
                          : pread(o->spill_fd, p, count, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return h2k_fail_errno(
                H2K_E_OUTPUT, "temporary file of edits in %s", o->spill_dir);
        p += n;
        at += n;
        count -= (size_t)n;
    }
    return 0;
}

static uint8_t *
slot_memory(struct overlay *o, uint32_t slot)
{
    return o->arenas[slot / ARENA_SLOTS] + (slot % ARENA_SLOTS) * CHUNK;
}

static int
read_slot(struct overlay *o, uint32_t slot, uint32_t within, void *buffer,
          size_t count)
{
    if (slot >= MEMORY_SLOTS)
        return spill_transfer(o, slot, within, buffer, count, false);
    memcpy(buffer, slot_memory(o, slot) + within, count);
    return 0;
}

static int
write_slot(struct overlay *o, uint32_t slot, uint32_t within,
           const void *buffer, size_t count)
{
    if (slot >= MEMORY_SLOTS)
        return spill_transfer(o, slot, within, (void *)(uintptr_t)buffer,
                              count, true);
    memcpy(slot_memory(o, slot) + within, buffer, count);
    return 0;
}

static int
open_spill(struct overlay *o)
{
    if (o->spill_fd >= 0)
        return 0;
    o->spill_fd = open(o->spill_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (o->spill_fd >= 0)
        return 0;
    /* A filesystem without O_TMPFILE. */
    h2k_autofree char *name = NULL;
    if (asprintf(&name, "%s/.hyper2kvm-edits.XXXXXX", o->spill_dir) < 0) {
        name = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    o->spill_fd = mkostemp(name, O_CLOEXEC);
    if (o->spill_fd < 0)
        return h2k_fail_errno(
            H2K_E_OUTPUT, "cannot make a temporary file in %s", o->spill_dir);
    unlink(name);
    return 0;
}

/* A slot with room for a chunk, not yet in the table. */
static int
new_slot(struct overlay *o, uint32_t *slot)
{
    if (o->slots == UINT32_MAX - 1)
        return h2k_fail(H2K_E_NOMEM, "more than 16 TiB of edits");
    if (o->slots >= MEMORY_SLOTS) {
        if (open_spill(o) < 0)
            return -1;
    } else if (o->arenas[o->slots / ARENA_SLOTS] == NULL) {
        uint8_t *arena = malloc(ARENA_SLOTS * CHUNK);
        if (arena == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        o->arenas[o->slots / ARENA_SLOTS] = arena;
    }
    *slot = o->slots++;
    return 0;
}

static int
ensure_leaf(struct overlay *o, uint64_t chunk)
{
    struct leaf **leaf = &o->leaves[chunk / LEAF_CHUNKS];
    if (*leaf == NULL && (*leaf = calloc(1, sizeof(**leaf))) == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}

/* [offset, offset + count) lies in one discarded range, in none, or is cut
 * so that it does.  Gives how much of COUNT that is. */
static uint64_t
same_discard(const struct overlay *o, uint64_t offset, uint64_t count,
             bool *discarded)
{
    *discarded = false;
    size_t i = find_discarded(o, offset / CHUNK);
    if (i == o->discarded_count)
        return count;
    uint64_t begin = o->discarded[i].begin * CHUNK;
    uint64_t end = o->discarded[i].end * CHUNK;
    if (begin > offset)
        return h2k_min_u64(count, begin - offset);
    *discarded = true;
    return h2k_min_u64(count, end - offset);
}

/* Always -1. */
static int
parent_failed(struct overlay *o)
{
    switch (h2k_errcode()) {
    case H2K_E_INTERRUPTED:
    case H2K_E_NOMEM:
        return -1;
    default:
        h2k_recode(H2K_E_IO);
        if (!atomic_exchange(&o->unread, true))
            h2k_error_save(&o->read_error);
        return -1;
    }
}

/* What is below the written chunks: the parent, less what was discarded. */
static int
read_below(struct overlay *o, uint8_t *buffer, uint64_t count, uint64_t offset)
{
    while (count > 0) {
        bool discarded = false;
        uint64_t n = same_discard(o, offset, count, &discarded);
        if (discarded)
            memset(buffer, 0, (size_t)n);
        else if (h2k_block_pread(o->parent, buffer, (size_t)n, offset) < 0)
            return parent_failed(o);
        buffer += n;
        offset += n;
        count -= n;
    }
    return 0;
}

static int
overlay_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct overlay *o = state;
    uint8_t *at = buffer;
    uint64_t end = offset + count;
    while (offset < end) {
        uint64_t chunk = offset / CHUNK;
        int64_t slot = slot_of(o, chunk);
        uint64_t n;
        if (slot >= 0) {
            uint32_t within = (uint32_t)(offset % CHUNK);
            n = h2k_min_u64(end - offset, CHUNK - within);
            if (read_slot(o, (uint32_t)slot, within, at, (size_t)n) < 0)
                return -1;
        } else {
            uint64_t next = find_chunk(o, chunk, h2k_div_up(end, CHUNK), true);
            n = h2k_min_u64(end, next * CHUNK) - offset;
            if (read_below(o, at, n, offset) < 0)
                return -1;
        }
        at += n;
        offset += n;
    }
    return 0;
}

/* The first write to a chunk: what is below it, with the new bytes. */
static int
write_first(struct overlay *o, uint64_t chunk, uint32_t within,
            const void *bytes, size_t count)
{
    uint8_t copy[CHUNK];
    uint64_t begin = chunk * CHUNK;
    uint64_t there = h2k_min_u64(CHUNK, o->size - begin);
    memset(copy, 0, sizeof(copy));
    if (count < there && read_below(o, copy, there, begin) < 0)
        return -1;
    memcpy(copy + within, bytes, count);
    uint32_t slot = 0;
    if (ensure_leaf(o, chunk) < 0 || new_slot(o, &slot) < 0)
        return -1;
    if (write_slot(o, slot, 0, copy, CHUNK) < 0) {
        o->slots--;
        return -1;
    }
    o->leaves[chunk / LEAF_CHUNKS]->slot[chunk % LEAF_CHUNKS] = slot + 1;
    return 0;
}

static int
overlay_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    struct overlay *o = state;
    const uint8_t *at = buffer;
    while (count > 0) {
        uint64_t chunk = offset / CHUNK;
        uint32_t within = (uint32_t)(offset % CHUNK);
        size_t n = (size_t)h2k_min_u64(count, CHUNK - within);
        int64_t slot = slot_of(o, chunk);
        int rc = slot >= 0 ? write_slot(o, (uint32_t)slot, within, at, n)
                           : write_first(o, chunk, within, at, n);
        if (rc < 0)
            return -1;
        at += n;
        offset += n;
        count -= n;
    }
    return 0;
}

static int
overlay_extent(void *state, uint64_t offset, uint64_t length,
               struct h2k_extent *out)
{
    struct overlay *o = state;
    uint64_t chunk = offset / CHUNK;
    uint64_t limit = h2k_div_up(offset + length, CHUNK);
    bool written = slot_of(o, chunk) >= 0;
    uint64_t next = find_chunk(o, chunk, limit, !written);
    length = h2k_min_u64(length, next * CHUNK - offset);
    out->length = length;
    if (written) {
        out->kind = H2K_EXTENT_DATA;
        return 0;
    }
    bool discarded = false;
    length = same_discard(o, offset, length, &discarded);
    if (!discarded)
        return h2k_block_extent(o->parent, offset, length, out) < 0
                   ? parent_failed(o)
                   : 0;
    out->length = length;
    out->kind = H2K_EXTENT_ABSENT;
    return 0;
}

/* Room for one more range at INDEX. */
static int
insert_range(struct overlay *o, size_t index, struct range range)
{
    if (o->discarded_count == o->discarded_capacity) {
        size_t capacity = o->discarded_capacity * 2 + 64;
        struct range *more =
            reallocarray(o->discarded, capacity, sizeof(*more));
        if (more == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        o->discarded = more;
        o->discarded_capacity = capacity;
    }
    memmove(o->discarded + index + 1, o->discarded + index,
            (o->discarded_count - index) * sizeof(*o->discarded));
    o->discarded[index] = range;
    o->discarded_count++;
    return 0;
}

/* The whole chunks inside a range. */
static int
drop(struct overlay *o, uint64_t offset, uint64_t length)
{
    struct range range = { .begin = h2k_div_up(offset, CHUNK),
                           .end = (offset + length) / CHUNK };
    if (range.begin >= range.end)
        return 0;

    /* Swallow every range that the new one meets. */
    size_t first = find_discarded(o, range.begin);
    if (first > 0 && o->discarded[first - 1].end == range.begin)
        first--;
    size_t last = first;
    while (last < o->discarded_count &&
           o->discarded[last].begin <= range.end) {
        range.begin = h2k_min_u64(range.begin, o->discarded[last].begin);
        range.end = h2k_max_u64(range.end, o->discarded[last].end);
        last++;
    }
    if (first == last)
        return insert_range(o, first, range);
    o->discarded[first] = range;
    memmove(o->discarded + first + 1, o->discarded + last,
            (o->discarded_count - last) * sizeof(*o->discarded));
    o->discarded_count -= last - first - 1;
    return 0;
}

static int
overlay_discard(void *state, uint64_t offset, uint64_t length, uint64_t *bytes)
{
    uint64_t at = h2k_align_up(offset, CHUNK);
    uint64_t end = h2k_align_down(offset + length, CHUNK);
    while (at < end) {
        struct h2k_extent extent;
        if (overlay_extent(state, at, end - at, &extent) < 0)
            return -1;
        if (extent.kind == H2K_EXTENT_DATA)
            *bytes += extent.length;
        at += extent.length;
    }
    return drop(state, offset, length);
}

static const struct h2k_block_ops overlay_ops = {
    .name = "overlay",
    .close = overlay_close,
    .pread = overlay_pread,
    .pwrite = overlay_pwrite,
    .extent = overlay_extent,
    .discard = overlay_discard,
};

struct h2k_block *
h2k_overlay_new(struct h2k_block *parent, const char *spill_dir)
{
    struct overlay *o = calloc(1, sizeof(*o));
    if (o == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (spill_dir == NULL)
        spill_dir = getenv("TMPDIR");
    o->spill_fd = -1;
    o->size = h2k_block_size(parent);
    o->parent = h2k_block_ref(parent);
    o->leaf_count = h2k_div_up(o->size, CHUNK * LEAF_CHUNKS);
    o->leaves =
        calloc(o->leaf_count > 0 ? o->leaf_count : 1, sizeof(*o->leaves));
    o->spill_dir = strdup(spill_dir == NULL ? "/var/tmp" : spill_dir);
    if (o->leaves == NULL || o->spill_dir == NULL) {
        overlay_close(o);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    return h2k_block_new(&overlay_ops, o, o->size, true);
}

static struct overlay *
overlay_of(struct h2k_block *block)
{
    return h2k_block_state(block, &overlay_ops);
}

int
h2k_overlay_discard(struct h2k_block *overlay, uint64_t offset,
                    uint64_t length)
{
    struct overlay *o = overlay_of(overlay);
    if (!h2k_range_inside(offset, length, o->size))
        return h2k_fail(H2K_E_RANGE, "discard outside the disk");
    return drop(o, offset, length);
}

int
h2k_overlay_check_reads(struct h2k_block *overlay)
{
    const struct overlay *o = overlay_of(overlay);
    return atomic_load(&o->unread) ? h2k_error_restore(&o->read_error) : 0;
}

uint64_t
h2k_overlay_dirty(struct h2k_block *overlay)
{
    return overlay_of(overlay)->slots * CHUNK;
}

enum h2k_overlay_kind
h2k_overlay_at(struct h2k_block *overlay, uint64_t offset, uint64_t length,
               uint64_t *run)
{
    const struct overlay *o = overlay_of(overlay);
    uint64_t chunk = offset / CHUNK,
             limit = h2k_div_up(offset + length, CHUNK);
    bool written = slot_of(o, chunk) >= 0, discarded = false;
    uint64_t next = find_chunk(o, chunk, limit, !written);
    *run = h2k_min_u64(length, next * CHUNK - offset);
    if (written)
        return H2K_OVERLAY_WRITTEN;
    *run = same_discard(o, offset, *run, &discarded);
    return discarded ? H2K_OVERLAY_DISCARDED : H2K_OVERLAY_PARENT;
}

void
h2k_overlay_reset(struct h2k_block *overlay)
{
    overlay_clear(overlay_of(overlay));
}
