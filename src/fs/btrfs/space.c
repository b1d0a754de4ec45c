/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What is free: "Extent tree", "Device tree".
 *
 * Of a device, what no chunk has, and of a chunk, what no extent has.  It is
 * believed only where everything agrees: the chunks with the devices' own
 * extents, the extents with the number of bytes that the superblock has in
 * use, and nothing was being moved or waits in a log.
 */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

/* ---- Gaps in a chunk ---- */

typedef int (*gap_fn)(void *opaque, const struct h2k_btrfs_chunk *chunk,
                      uint64_t begin, uint64_t end); /* in the chunk */

static bool
take_extent(const struct h2k_btrfs_cursor *c, uint64_t *length)
{
    *length = c->key.type == H2K_BTRFS_EXTENT_ITEM ? c->key.offset
                                                   : c->fs->super.node_size;
    return c->key.type == H2K_BTRFS_EXTENT_ITEM ||
           c->key.type == H2K_BTRFS_METADATA_ITEM;
}

/* Every gap, ascending; *USED is what is between them. */
static int
each_gap(struct h2k_btrfs *fs, const struct h2k_btrfs_chunk *chunk, gap_fn fn,
         void *opaque, uint64_t *used)
{
    uint64_t at = 0, begin, length;
    H2K_BTRFS_CURSOR(c, fs, &fs->extent_tree);
    const struct h2k_btrfs_key key = { chunk->logical, 0, 0 };
    int rc = h2k_btrfs_seek(&c, key), told = 0;
    *used = 0;
    for (; rc > 0 && c.key.object - chunk->logical < chunk->length;
         rc = h2k_btrfs_next(&c)) {
        if (!take_extent(&c, &length))
            continue;
        begin = c.key.object - chunk->logical;
        if (begin < at || !h2k_range_inside(begin, length, chunk->length))
            return h2k_fail(H2K_E_CORRUPT,
                            "extent %" PRIu64 " of %" PRIu64
                            " bytes is over another, or leaves its chunk",
                            c.key.object, length);
        if (begin > at && (told = fn(opaque, chunk, at, begin)) != 0)
            return told;
        at = begin + length;
        *used += length;
    }
    if (rc < 0)
        return -1;
    return at < chunk->length ? fn(opaque, chunk, at, chunk->length) : 0;
}

static int
pass_over(void *opaque, const struct h2k_btrfs_chunk *chunk, uint64_t begin,
          uint64_t end)
{
    (void)opaque;
    (void)chunk;
    (void)begin;
    (void)end;
    return 0;
}

/* ---- Chunks on a device ---- */

struct part {
    uint64_t begin, end; /* bytes of the device */
    const struct h2k_btrfs_chunk *chunk;
    unsigned column;
};

struct parts {
    struct part *list; /* by place */
    size_t count;
};

static int
by_place(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* How many of a chunk's first BYTES are on this column. */
static uint64_t
on_column(const struct h2k_btrfs_chunk *chunk, unsigned column, uint64_t bytes)
{
    uint64_t row = H2K_BTRFS_STRIPE * chunk->columns;
    uint64_t before = H2K_BTRFS_STRIPE * column, rest = bytes % row;
    if (chunk->columns == 1)
        return bytes;
    uint64_t part = rest < before ? 0 : rest - before;
    return bytes / row * H2K_BTRFS_STRIPE +
           h2k_min_u64(part, H2K_BTRFS_STRIPE);
}

static size_t
count_parts(const struct h2k_btrfs *fs, size_t device)
{
    size_t count = 0;
    for (size_t i = 0; i < fs->chunks.count; i++)
        for (unsigned k = 0; k < fs->chunks.list[i].count; k++)
            count += fs->chunks.list[i].stripes[k].device == device;
    return count;
}

static int
find_parts(const struct h2k_btrfs *fs, size_t device, struct parts *out)
{
    out->list = calloc(count_parts(fs, device) + 1, sizeof(*out->list));
    out->count = 0;
    if (out->list == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < fs->chunks.count; i++) {
        const struct h2k_btrfs_chunk *chunk = &fs->chunks.list[i];
        for (unsigned k = 0; k < chunk->count; k++) {
            if (chunk->stripes[k].device != device)
                continue;
            unsigned column = k / chunk->copies;
            uint64_t begin = chunk->stripes[k].offset;
            out->list[out->count++] = (struct part){
                .begin = begin,
                .end = begin + on_column(chunk, column, chunk->length),
                .chunk = chunk,
                .column = column,
            };
        }
    }
    if (out->count > 1)
        qsort(out->list, out->count, sizeof(*out->list), by_place);
    return 0;
}

static void
parts_clear(struct parts *parts)
{
    free(parts->list);
}
#define AUTO_PARTS __attribute__((cleanup(parts_clear))) struct parts

/* ---- Whether to believe it ---- */

static int
refuse(const char *why)
{
    return h2k_fail(H2K_E_UNSUPPORTED, "btrfs: %s, so what is free is unknown",
                    why);
}

/* Is there an item with this object and type in TREE? */
static int
has_item(struct h2k_btrfs *fs, const struct h2k_btrfs_tree *tree,
         uint64_t object, uint8_t type)
{
    H2K_BTRFS_CURSOR(c, fs, tree);
    const struct h2k_btrfs_key key = { object, type, 0 };
    int rc = h2k_btrfs_seek(&c, key);
    return rc > 0 ? c.key.object == object && c.key.type == type : rc;
}

/* "Device replace item": its state is 1 or 4 while it is being done. */
static int
is_replacing(struct h2k_btrfs *fs)
{
    H2K_BTRFS_CURSOR(c, fs, &fs->dev_tree);
    const struct h2k_btrfs_key key = { 0, H2K_BTRFS_DEV_REPLACE, 0 };
    int rc = h2k_btrfs_find(&c, key);
    uint64_t state = rc > 0 ? h2k_view_le64(c.item, 32) : 0;
    return rc < 0 ? -1 : state == 1 || state == 4;
}

static int
check_quiet(struct h2k_btrfs *fs)
{
    if (fs->super.log_root != 0)
        return refuse("was not unmounted");
    if ((fs->super.compat_ro & ~H2K_BTRFS_COMPAT_RO_KNOWN) != 0 ||
        (fs->super.flags & H2K_BTRFS_FLAG_SEEDING) != 0)
        return refuse("has features that we do not know, or is a seed");
    for (size_t i = 0; i < fs->device_count; i++)
        if (fs->devices[i].block == NULL || fs->devices[i].stale)
            return refuse("a device is missing, or older than the others");
    int balance = has_item(fs, &fs->root_tree, H2K_BTRFS_BALANCE,
                           H2K_BTRFS_TEMPORARY_ITEM);
    int moving = balance < 0
                     ? -1
                     : has_item(fs, &fs->root_tree, H2K_BTRFS_TREE_RELOC,
                                H2K_BTRFS_ROOT_ITEM);
    int replacing = moving < 0 ? -1 : is_replacing(fs);
    if (replacing < 0)
        return -1;
    return balance > 0 || moving > 0 || replacing > 0
               ? refuse("a balance or replacement of a device has not ended")
               : 0;
}

/* "Device extent item": each is the part of a chunk, and the other way
 * round. */
static int
check_device(struct h2k_btrfs *fs, size_t device)
{
    const struct h2k_btrfs_device *d = &fs->devices[device];
    AUTO_PARTS parts = { 0 };
    size_t i = 0;
    H2K_BTRFS_CURSOR(c, fs, &fs->dev_tree);
    const struct h2k_btrfs_key key = { d->id, H2K_BTRFS_DEV_EXTENT, 0 };
    if (find_parts(fs, device, &parts) < 0)
        return -1;
    int rc = h2k_btrfs_seek(&c, key);
    for (;
         rc > 0 && c.key.object == d->id && c.key.type == H2K_BTRFS_DEV_EXTENT;
         rc = h2k_btrfs_next(&c), i++) {
        const struct part *part = &parts.list[i];
        if (i == parts.count || part->begin != c.key.offset ||
            part->chunk->logical != h2k_view_le64(c.item, 16) ||
            part->end - part->begin != h2k_view_le64(c.item, 24) ||
            (i > 0 && part->begin < part[-1].end) || part->end > d->size)
            return refuse("chunks and extents of devices disagree");
    }
    if (rc < 0)
        return -1;
    return i == parts.count ? 0
                            : refuse("chunks and extents of devices disagree");
}

static int
check_used(struct h2k_btrfs *fs)
{
    uint64_t used, total = 0;
    for (size_t i = 0; i < fs->chunks.count; i++) {
        if (each_gap(fs, &fs->chunks.list[i], pass_over, NULL, &used) < 0)
            return -1;
        total += used;
    }
    return total == fs->super.bytes_used
               ? 0
               : refuse("extents and the superblock disagree");
}

static int
check_all(struct h2k_btrfs *fs)
{
    if (fs->trusted)
        return 0;
    if (check_quiet(fs) < 0)
        return -1;
    for (size_t i = 0; i < fs->device_count; i++)
        if (check_device(fs, i) < 0)
            return -1;
    if (check_used(fs) < 0)
        return -1;
    fs->trusted = true;
    return 0;
}

/* ---- Telling ---- */

struct telling {
    const struct part *part; /* that gaps are in */
    uint64_t size;           /* of the device */
    h2k_free_fn fn;
    void *opaque;
};

/* [begin, end) of the device, without what is reserved in it. */
static int
tell(struct telling *t, uint64_t begin, uint64_t end)
{
    begin = h2k_max_u64(begin, H2K_BTRFS_RESERVED);
    end = h2k_min_u64(end, t->size);
    for (unsigned i = 1; i < H2K_BTRFS_SUPER_COPIES && begin < end; i++) {
        uint64_t copy = h2k_btrfs_super_place(i);
        uint64_t behind = copy + H2K_BTRFS_STRIPE;
        if (behind <= begin || copy >= end)
            continue;
        if (copy > begin) {
            int rc = t->fn(t->opaque, begin, copy - begin);
            if (rc != 0)
                return rc;
        }
        begin = behind;
    }
    return begin < end ? t->fn(t->opaque, begin, end - begin) : 0;
}

static int
tell_gap(void *opaque, const struct h2k_btrfs_chunk *chunk, uint64_t begin,
         uint64_t end)
{
    struct telling *t = opaque;
    const struct part *part = t->part;
    return tell(t, part->begin + on_column(chunk, part->column, begin),
                part->begin + on_column(chunk, part->column, end));
}

static int
tell_device(struct h2k_btrfs *fs, const struct parts *parts, struct telling *t)
{
    uint64_t at = 0, used;
    for (size_t i = 0; i < parts->count; i++) {
        t->part = &parts->list[i];
        int rc = tell(t, at, t->part->begin);
        if (rc == 0)
            rc = each_gap(fs, t->part->chunk, tell_gap, t, &used);
        if (rc != 0)
            return rc;
        at = t->part->end;
    }
    return tell(t, at, t->size);
}

int
h2k_btrfs_each_free_on(void *state, size_t member, h2k_free_fn fn,
                       void *opaque)
{
    struct h2k_btrfs *fs = state;
    AUTO_PARTS parts = { 0 };
    size_t device = 0;
    while (device < fs->device_count && (fs->devices[device].block == NULL ||
                                         fs->devices[device].member != member))
        device++;
    if (device == fs->device_count)
        return h2k_fail(H2K_E_RANGE, "btrfs: no member %zu", member);
    if (check_all(fs) < 0)
        return h2k_errcode() == H2K_E_CORRUPT ? h2k_recode(H2K_E_UNSUPPORTED)
                                              : -1;
    if (find_parts(fs, device, &parts) < 0)
        return -1;
    struct telling t = {
        .size = fs->devices[device].size,
        .fn = fn,
        .opaque = opaque,
    };
    return tell_device(fs, &parts, &t);
}

int
h2k_btrfs_each_free(void *state, h2k_free_fn fn, void *opaque)
{
    return h2k_btrfs_each_free_on(state, 0, fn, opaque);
}

/* ---- Counting ---- */

/* What DATA chunks of the profile of CHUNK could still be made of: on every
 * device the least that one has left, since copies are on different ones. */
static uint64_t
count_unallocated(const struct h2k_btrfs *fs,
                  const struct h2k_btrfs_chunk *chunk)
{
    uint64_t total = 0, least = UINT64_MAX;
    for (size_t i = 0; i < fs->device_count; i++) {
        uint64_t used = H2K_BTRFS_RESERVED, left = 0;
        for (size_t k = 0; k < fs->chunks.count; k++)
            for (unsigned s = 0; s < fs->chunks.list[k].count; s++)
                if (fs->chunks.list[k].stripes[s].device == i)
                    used +=
                        fs->chunks.list[k].length / fs->chunks.list[k].columns;
        if (fs->devices[i].size > used)
            left = fs->devices[i].size - used;
        total += left;
        least = h2k_min_u64(least, left);
    }
    if (chunk->columns > 1 ||
        (chunk->copies > 1 && (chunk->type & H2K_BTRFS_DUP) == 0))
        total = least * fs->device_count;
    return total / chunk->copies;
}

static int
count_free(struct h2k_btrfs *fs, uint64_t *bytes)
{
    const struct h2k_btrfs_chunk *data = NULL;
    uint64_t used;
    *bytes = 0;
    for (size_t i = 0; i < fs->chunks.count; i++) {
        const struct h2k_btrfs_chunk *chunk = &fs->chunks.list[i];
        if ((chunk->type & H2K_BTRFS_DATA) == 0)
            continue;
        if (each_gap(fs, chunk, pass_over, NULL, &used) < 0)
            return h2k_prefix("btrfs: ");
        *bytes += chunk->length - used;
        data = chunk;
    }
    if (data != NULL)
        *bytes += count_unallocated(fs, data);
    return 0;
}

int
h2k_btrfs_space(void *state, uint64_t *free_bytes)
{
    struct h2k_btrfs *fs = state;
    if (!fs->counted && count_free(fs, &fs->free_bytes) < 0)
        return -1;
    fs->counted = true;
    *free_bytes = fs->free_bytes;
    return 0;
}
