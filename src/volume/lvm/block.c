/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "volume/lvm/block.h"

#include "base/checked.h"
#include "base/error.h"

void
h2k_lvm_map_free(struct h2k_lvm_map *map)
{
    if (map == NULL)
        return;
    for (size_t i = 0; i < map->count; i++) {
        for (size_t j = 0; j < map->pieces[i].part_count; j++)
            h2k_block_unref(map->pieces[i].parts[j].block);
        free(map->pieces[i].parts);
    }
    free(map->pieces);
    free(map);
}

static void
lvm_close(void *state)
{
    h2k_lvm_map_free(state);
}

static const struct h2k_lvm_piece *
find_piece(const struct h2k_lvm_map *map, uint64_t offset)
{
    size_t low = 0, high = map->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (map->pieces[middle].begin <= offset)
            low = middle;
        else
            high = middle;
    }
    return &map->pieces[low];
}

/* Where the volume's byte OFFSET is in PIECE's parts, and for how many bytes
 * from there on, at most LENGTH. */
static uint64_t
locate(const struct h2k_lvm_piece *piece, uint64_t offset, uint64_t length,
       size_t *part, uint64_t *within)
{
    uint64_t at = offset - piece->begin;
    *part = piece->source;
    *within = at;
    length = h2k_min_u64(length, piece->length - at);
    if (piece->stripe == 0)
        return length;
    uint64_t number = at / piece->stripe, rest = at % piece->stripe;
    *part = (size_t)(number % piece->part_count);
    *within = number / piece->part_count * piece->stripe + rest;
    return h2k_min_u64(length, piece->stripe - rest);
}

static int
lvm_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    uint8_t *to = buffer;
    while (count > 0) {
        const struct h2k_lvm_piece *piece = find_piece(state, offset);
        size_t i;
        uint64_t within;
        size_t n = (size_t)locate(piece, offset, count, &i, &within);
        const struct h2k_lvm_part *part = &piece->parts[i];
        if (h2k_block_pread(part->block, to, n, part->offset + within) < 0)
            return -1;
        to += n;
        offset += n;
        count -= n;
    }
    return 0;
}

/* One change of a range: bytes, or zeros where BYTES is NULL. */
static int
change_part(const struct h2k_lvm_part *part, const uint8_t *bytes,
            uint64_t count, uint64_t within)
{
    return bytes == NULL
               ? h2k_block_zero(part->block, part->offset + within, count)
               : h2k_block_pwrite(part->block, bytes, (size_t)count,
                                  part->offset + within);
}

static int
change(struct h2k_lvm_map *map, const uint8_t *bytes, uint64_t count,
       uint64_t offset)
{
    while (count > 0) {
        const struct h2k_lvm_piece *piece = find_piece(map, offset);
        size_t first;
        uint64_t within;
        uint64_t n = locate(piece, offset, count, &first, &within);
        size_t end = piece->mirrored ? piece->part_count : first + 1;
        for (size_t i = piece->mirrored ? 0 : first; i < end; i++)
            if (change_part(&piece->parts[i], bytes, n, within) < 0)
                return -1;
        bytes = bytes == NULL ? NULL : bytes + n;
        offset += n;
        count -= n;
    }
    return 0;
}

static int
lvm_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    return change(state, buffer, count, offset);
}

static int
lvm_zero(void *state, uint64_t offset, uint64_t length)
{
    return change(state, NULL, length, offset);
}

static int
lvm_extent(void *state, uint64_t offset, uint64_t length,
           struct h2k_extent *out)
{
    const struct h2k_lvm_piece *piece = find_piece(state, offset);
    size_t i;
    uint64_t within;
    uint64_t n = locate(piece, offset, length, &i, &within);
    const struct h2k_lvm_part *part = &piece->parts[i];
    if (h2k_block_extent(part->block, part->offset + within, n, out) < 0)
        return -1;
    out->offset = offset;
    return 0;
}

static int
lvm_discard(void *state, uint64_t offset, uint64_t length, uint64_t *bytes)
{
    while (length > 0) {
        const struct h2k_lvm_piece *piece = find_piece(state, offset);
        size_t first;
        uint64_t within;
        uint64_t n = locate(piece, offset, length, &first, &within);
        size_t end = piece->mirrored ? piece->part_count : first + 1;
        for (size_t i = piece->mirrored ? 0 : first; i < end; i++) {
            const struct h2k_lvm_part *part = &piece->parts[i];
            if (h2k_block_discard(part->block, part->offset + within, n,
                                  bytes) < 0)
                return -1;
        }
        offset += n;
        length -= n;
    }
    return 0;
}

static int
lvm_flush(void *state)
{
    const struct h2k_lvm_map *map = state;
    for (size_t i = 0; i < map->count; i++)
        for (size_t j = 0; j < map->pieces[i].part_count; j++)
            if (map->pieces[i].parts[j].block != NULL &&
                h2k_block_flush(map->pieces[i].parts[j].block) < 0)
                return -1;
    return 0;
}

static const struct h2k_block_ops lvm_ops = {
    .name = "lvm",
    .close = lvm_close,
    .pread = lvm_pread,
    .pwrite = lvm_pwrite,
    .zero = lvm_zero,
    .extent = lvm_extent,
    .discard = lvm_discard,
    .flush = lvm_flush,
};

struct h2k_block *
h2k_lvm_block_new(struct h2k_lvm_map *map, bool writable)
{
    const struct h2k_lvm_piece *last = &map->pieces[map->count - 1];
    return h2k_block_new(&lvm_ops, map, last->begin + last->length, writable);
}
