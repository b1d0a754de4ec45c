/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * "Chunk item" and "Chunk tree": all other addresses are logical, and a
 * chunk says where in which devices a range of them is.  The superblock has
 * those chunks in which the chunk tree is, for a beginning.
 */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

void
h2k_btrfs_chunks_free(struct h2k_btrfs_chunks *chunks)
{
    for (size_t i = 0; i < chunks->count; i++)
        free(chunks->list[i].stripes);
    free(chunks->list);
    *chunks = (struct h2k_btrfs_chunks){ 0 };
}

/* Copies and columns of a profile with COUNT stripes. */
static int
take_profile(struct h2k_btrfs_chunk *chunk, unsigned sub_stripes)
{
    static const struct {
        uint64_t profile;
        unsigned copies;
    } profiles[] = {
        { 0, 1 },
        { H2K_BTRFS_DUP, 2 },
        { H2K_BTRFS_RAID1, 2 },
        { H2K_BTRFS_RAID1C3, 3 },
        { H2K_BTRFS_RAID1C4, 4 },
    };
    uint64_t profile = chunk->type & H2K_BTRFS_PROFILES;
    for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
        if (profile == profiles[i].profile) {
            chunk->copies = profiles[i].copies;
            chunk->columns = 1;
        }
    if (profile == H2K_BTRFS_RAID0) {
        chunk->copies = 1;
        chunk->columns = chunk->count;
    } else if (profile == H2K_BTRFS_RAID10 && sub_stripes == 2) {
        chunk->copies = 2;
        chunk->columns = chunk->count / 2;
    }
    if (chunk->count == 0 || chunk->copies * chunk->columns != chunk->count)
        return h2k_fail(H2K_E_CORRUPT,
                        "%u stripes are not its profile's (type 0x%" PRIx64
                        ")",
                        chunk->count, chunk->type);
    return 0;
}

static int
check_chunk(const struct h2k_btrfs *fs, const struct h2k_btrfs_chunk *chunk,
            uint64_t stripe_length)
{
    const uint64_t known = H2K_BTRFS_DATA | H2K_BTRFS_SYSTEM |
                           H2K_BTRFS_METADATA | H2K_BTRFS_PROFILES;
    uint64_t end;
    if ((chunk->type & H2K_BTRFS_RAID56) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is of RAID 5 or 6, which is not read by us");
    if ((chunk->type & ~known) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED, "is of the unknown type 0x%" PRIx64,
                        chunk->type);
    if (stripe_length != H2K_BTRFS_STRIPE || chunk->length == 0 ||
        chunk->length % fs->super.sector_size != 0 ||
        chunk->logical % fs->super.sector_size != 0 ||
        ckd_add(&end, chunk->logical, chunk->length) || end > INT64_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "%" PRIu64 " bytes in stripes of %" PRIu64,
                        chunk->length, stripe_length);
    return 0;
}

static int
take_stripes(struct h2k_btrfs *fs, struct h2k_view item,
             struct h2k_btrfs_chunk *chunk)
{
    chunk->stripes = calloc(chunk->count, sizeof(*chunk->stripes));
    if (chunk->stripes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (unsigned i = 0; i < chunk->count; i++) {
        struct h2k_view v;
        struct h2k_btrfs_stripe *stripe = &chunk->stripes[i];
        if (!h2k_view_slice(item,
                            H2K_BTRFS_CHUNK_SIZE +
                                (uint64_t)i * H2K_BTRFS_STRIPE_SIZE,
                            H2K_BTRFS_STRIPE_SIZE, &v))
            return h2k_fail(H2K_E_CORRUPT, "its stripes are cut off");
        stripe->offset = h2k_view_le64(v, 8);
        if (stripe->offset > H2K_BLOCK_SIZE_MAX)
            return h2k_fail(H2K_E_CORRUPT, "a stripe at %" PRIu64,
                            stripe->offset);
        if (h2k_btrfs_device_find(fs, h2k_view_le64(v, 0), v.data + 16,
                                  &stripe->device) < 0)
            return -1;
    }
    return 0;
}

static int
grow_chunks(struct h2k_btrfs_chunks *chunks)
{
    if (chunks->count < chunks->allocated)
        return 0;
    if (chunks->count >= H2K_BTRFS_CHUNKS_MAX)
        return h2k_fail(H2K_E_CORRUPT, "more than %u chunks",
                        H2K_BTRFS_CHUNKS_MAX);
    size_t more = chunks->allocated == 0 ? 16 : chunks->allocated * 2;
    struct h2k_btrfs_chunk *list =
        reallocarray(chunks->list, more, sizeof(*list));
    if (list == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    chunks->list = list;
    chunks->allocated = more;
    return 0;
}

/* Chunks come in the order of their keys, and are behind one another. */
static int
add_chunk(struct h2k_btrfs *fs, struct h2k_btrfs_chunks *chunks,
          uint64_t logical, struct h2k_view item)
{
    if (grow_chunks(chunks) < 0)
        return -1;
    struct h2k_btrfs_chunk *chunk = &chunks->list[chunks->count];
    *chunk = (struct h2k_btrfs_chunk){
        .logical = logical,
        .length = h2k_view_le64(item, H2K_BTRFS_CHUNK_LENGTH),
        .type = h2k_view_le64(item, H2K_BTRFS_CHUNK_TYPE),
        .count = h2k_view_le16(item, H2K_BTRFS_CHUNK_STRIPES),
    };
    chunks->count++;
    if (check_chunk(fs, chunk,
                    h2k_view_le64(item, H2K_BTRFS_CHUNK_STRIPE_LENGTH)) < 0 ||
        take_profile(chunk, h2k_view_le16(item, H2K_BTRFS_CHUNK_SUB_STRIPES)) <
            0 ||
        take_stripes(fs, item, chunk) < 0)
        return h2k_prefix("chunk %" PRIu64 ": ", logical);
    if (chunks->count > 1 && logical - chunk[-1].logical < chunk[-1].length)
        return h2k_fail(H2K_E_CORRUPT,
                        "chunk %" PRIu64 " begins inside another", logical);
    return 0;
}

static int
by_logical(const void *a, const void *b)
{
    const struct h2k_btrfs_chunk *x = a, *y = b;
    return x->logical < y->logical ? -1 : x->logical > y->logical;
}

/* The array has keys, each with a chunk item behind it, in any order. */
int
h2k_btrfs_chunks_bootstrap(struct h2k_btrfs *fs)
{
    struct h2k_view all = h2k_view_of(fs->super.bytes, H2K_BTRFS_SUPER_SIZE);
    struct h2k_view array, item;
    uint64_t size = h2k_view_le32(all, H2K_BTRFS_SUPER_SYSTEM_SIZE);
    if (size > H2K_BTRFS_SUPER_SYSTEM_MAX ||
        !h2k_view_slice(all, H2K_BTRFS_SUPER_SYSTEM, size, &array))
        return h2k_fail(H2K_E_CORRUPT,
                        "the superblock's chunks have %" PRIu64 " bytes",
                        size);
    for (uint64_t at = 0; at < size; at += item.size) {
        const uint8_t *bytes = h2k_view_bytes(array, at, H2K_BTRFS_KEY_SIZE);
        at += H2K_BTRFS_KEY_SIZE;
        uint64_t length =
            H2K_BTRFS_CHUNK_SIZE +
            (uint64_t)H2K_BTRFS_STRIPE_SIZE *
                h2k_view_le16(array, at + H2K_BTRFS_CHUNK_STRIPES);
        if (bytes == NULL || !h2k_view_slice(array, at, length, &item) ||
            bytes[8] != H2K_BTRFS_CHUNK_ITEM)
            return h2k_fail(H2K_E_CORRUPT,
                            "the superblock's chunks are cut off");
        /* Alone in its list, for they are in no order. */
        struct h2k_btrfs_chunks one = { 0 };
        if (add_chunk(fs, &one, h2k_btrfs_key_get(bytes).offset, item) < 0 ||
            grow_chunks(&fs->chunks) < 0) {
            h2k_btrfs_chunks_free(&one);
            return -1;
        }
        fs->chunks.list[fs->chunks.count++] = one.list[0];
        free(one.list);
    }
    if (fs->chunks.count > 1)
        qsort(fs->chunks.list, fs->chunks.count, sizeof(*fs->chunks.list),
              by_logical);
    return 0;
}

static int
load_device(struct h2k_btrfs *fs, struct h2k_view item)
{
    size_t index;
    const uint8_t *uuid = h2k_view_bytes(item, H2K_BTRFS_DEVICE_UUID, 16);
    if (uuid == NULL)
        return h2k_fail(H2K_E_CORRUPT, "a device item of %zu bytes",
                        item.size);
    return h2k_btrfs_device_find(fs, h2k_view_le64(item, H2K_BTRFS_DEVICE_ID),
                                 uuid, &index);
}

static int
load_all(struct h2k_btrfs *fs, struct h2k_btrfs_chunks *chunks)
{
    H2K_BTRFS_CURSOR(c, fs, &fs->chunk_tree);
    int rc = h2k_btrfs_seek(&c, (struct h2k_btrfs_key){ 0 });
    for (; rc > 0; rc = h2k_btrfs_next(&c)) {
        if (c.key.type == H2K_BTRFS_DEV_ITEM && load_device(fs, c.item) < 0)
            return -1;
        if (c.key.type == H2K_BTRFS_CHUNK_ITEM &&
            add_chunk(fs, chunks, c.key.offset, c.item) < 0)
            return -1;
    }
    return rc;
}

/* Nothing can be read of a chunk of which some column is nowhere. */
static bool
is_readable(const struct h2k_btrfs *fs, const struct h2k_btrfs_chunk *chunk)
{
    for (unsigned column = 0; column < chunk->columns; column++) {
        unsigned there = 0;
        for (unsigned i = 0; i < chunk->copies; i++)
            there +=
                fs->devices[chunk->stripes[column * chunk->copies + i].device]
                    .block != NULL;
        if (there == 0)
            return false;
    }
    return true;
}

int
h2k_btrfs_chunks_load(struct h2k_btrfs *fs)
{
    struct h2k_btrfs_chunks chunks = { 0 };
    char missing[200];
    if (load_all(fs, &chunks) < 0) {
        h2k_btrfs_chunks_free(&chunks);
        return -1;
    }
    h2k_btrfs_chunks_free(&fs->chunks);
    fs->chunks = chunks;
    h2k_btrfs_devices_missing(fs, missing, sizeof(missing));
    for (size_t i = 0; i < chunks.count; i++)
        if (!is_readable(fs, &chunks.list[i]))
            return h2k_fail(H2K_E_NOENT,
                            "%s: missing, and what is on it has no copy; add "
                            "its disk",
                            missing);
    return 0;
}

int
h2k_btrfs_chunk_find(const struct h2k_btrfs *fs, uint64_t logical,
                     const struct h2k_btrfs_chunk **out)
{
    const struct h2k_btrfs_chunk *list = fs->chunks.list;
    size_t low = 0, high = fs->chunks.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (logical < list[middle].logical)
            high = middle;
        else if (logical - list[middle].logical >= list[middle].length)
            low = middle + 1;
        else {
            *out = &list[middle];
            return 0;
        }
    }
    return h2k_fail(H2K_E_CORRUPT, "address %" PRIu64 " is in no chunk",
                    logical);
}

/* How likely is what DEVICE has to be there and right? */
static int
rank(const struct h2k_btrfs_device *device)
{
    return device->block == NULL ? 2 : device->stale ? 1 : 0;
}

/* The stripe with copy COPY of COLUMN, the best ones first. */
static const struct h2k_btrfs_stripe *
pick(const struct h2k_btrfs *fs, const struct h2k_btrfs_chunk *chunk,
     unsigned column, unsigned copy)
{
    const struct h2k_btrfs_stripe *stripes =
        &chunk->stripes[column * chunk->copies];
    for (int wanted = 0; wanted <= 2; wanted++)
        for (unsigned i = 0; i < chunk->copies; i++)
            if (rank(&fs->devices[stripes[i].device]) == wanted && copy-- == 0)
                return &stripes[i];
    return stripes;
}

/* COUNT bytes that are behind one another on their device. */
static int
read_piece(struct h2k_btrfs *fs, void *buffer, size_t count,
           const struct h2k_btrfs_stripe *stripe, uint64_t offset)
{
    const struct h2k_btrfs_device *device = &fs->devices[stripe->device];
    uint64_t place;
    if (device->block == NULL)
        return h2k_fail(H2K_E_NOENT, "device %" PRIu64 " is missing",
                        device->id);
    if (ckd_add(&place, stripe->offset, offset) ||
        !h2k_range_inside(place, count, h2k_block_size(device->block)))
        return h2k_fail(H2K_E_CORRUPT,
                        "device %" PRIu64 ": %zu bytes at %" PRIu64
                        " are beyond its end",
                        device->id, count, place);
    return h2k_block_pread(device->block, buffer, count, place);
}

int
h2k_btrfs_pread(struct h2k_btrfs *fs, void *buffer, size_t count,
                uint64_t logical, unsigned copy)
{
    const struct h2k_btrfs_chunk *chunk;
    uint8_t *to = buffer;
    if (h2k_btrfs_chunk_find(fs, logical, &chunk) < 0)
        return -1;
    uint64_t offset = logical - chunk->logical;
    if (!h2k_range_inside(offset, count, chunk->length))
        return h2k_fail(H2K_E_CORRUPT,
                        "%zu bytes at %" PRIu64 " leave their chunk", count,
                        logical);
    if (chunk->columns == 1)
        return read_piece(fs, to, count, pick(fs, chunk, 0, copy), offset);
    for (size_t n; count > 0; to += n, offset += n, count -= n) {
        uint64_t inside = offset % H2K_BTRFS_STRIPE;
        uint64_t number = offset / H2K_BTRFS_STRIPE;
        uint64_t column = number % chunk->columns;
        n = (size_t)h2k_min_u64(count, H2K_BTRFS_STRIPE - inside);
        if (read_piece(fs, to, n, pick(fs, chunk, (unsigned)column, copy),
                       number / chunk->columns * H2K_BTRFS_STRIPE + inside) <
            0)
            return -1;
    }
    return 0;
}
