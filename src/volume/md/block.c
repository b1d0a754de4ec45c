/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* An array's bytes. */
#include "volume/md/map.h"

#include "base/error.h"

static void
md_close(void *state)
{
    h2k_md_map_free(state);
}

/* The first copy that is in sync: an array that was not shut down takes the
 * others from it. */
static const struct h2k_md_copy *
choose(const struct h2k_md_map *map, const struct h2k_md_copy *copies,
       size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (map->members[copies[i].member].readable)
            return &copies[i];
    return NULL; /* not reached: the map is complete */
}

static int
md_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    const struct h2k_md_map *map = state;
    struct h2k_md_copy copies[H2K_MD_COPIES_MAX];
    uint8_t *to = buffer;
    while (count > 0) {
        uint64_t n = count;
        size_t found = h2k_md_locate(map, offset, &n, copies);
        const struct h2k_md_copy *copy = choose(map, copies, found);
        if (copy == NULL)
            return h2k_fail(H2K_E_CORRUPT, "no member has it");
        if (h2k_block_pread(map->members[copy->member].block, to, (size_t)n,
                            copy->offset) < 0)
            return -1;
        to += n;
        offset += n;
        count -= (size_t)n;
    }
    return 0;
}

/* One change of a range: bytes, or zeros where BYTES is NULL.  All members
 * that are there get it, those that are being rebuilt too. */
static int
change(const struct h2k_md_map *map, const uint8_t *bytes, uint64_t count,
       uint64_t offset)
{
    struct h2k_md_copy copies[H2K_MD_COPIES_MAX];
    while (count > 0) {
        uint64_t n = count;
        size_t found = h2k_md_locate(map, offset, &n, copies);
        for (size_t i = 0; i < found; i++) {
            struct h2k_block *block = map->members[copies[i].member].block;
            if (block == NULL)
                continue;
            int rc = bytes == NULL ? h2k_block_zero(block, copies[i].offset, n)
                                   : h2k_block_pwrite(block, bytes, (size_t)n,
                                                      copies[i].offset);
            if (rc < 0)
                return -1;
        }
        bytes = bytes == NULL ? NULL : bytes + n;
        offset += n;
        count -= n;
    }
    return 0;
}

static int
md_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    return change(state, buffer, count, offset);
}

static int
md_zero(void *state, uint64_t offset, uint64_t length)
{
    return change(state, NULL, length, offset);
}

static int
md_extent(void *state, uint64_t offset, uint64_t length,
          struct h2k_extent *out)
{
    const struct h2k_md_map *map = state;
    struct h2k_md_copy copies[H2K_MD_COPIES_MAX];
    size_t found = h2k_md_locate(map, offset, &length, copies);
    const struct h2k_md_copy *copy = choose(map, copies, found);
    if (copy == NULL)
        return h2k_fail(H2K_E_CORRUPT, "no member has it");
    if (h2k_block_extent(map->members[copy->member].block, copy->offset,
                         length, out) < 0)
        return -1;
    out->offset = offset;
    return 0;
}

static int
md_discard(void *state, uint64_t offset, uint64_t length, uint64_t *bytes)
{
    const struct h2k_md_map *map = state;
    struct h2k_md_copy copies[H2K_MD_COPIES_MAX];
    while (length > 0) {
        uint64_t n = length;
        size_t found = h2k_md_locate(map, offset, &n, copies);
        for (size_t i = 0; i < found; i++) {
            struct h2k_block *block = map->members[copies[i].member].block;
            if (block != NULL &&
                h2k_block_discard(block, copies[i].offset, n, bytes) < 0)
                return -1;
        }
        offset += n;
        length -= n;
    }
    return 0;
}

static int
md_flush(void *state)
{
    const struct h2k_md_map *map = state;
    for (uint32_t i = 0; i < map->member_count; i++)
        if (map->members[i].block != NULL &&
            h2k_block_flush(map->members[i].block) < 0)
            return -1;
    return 0;
}

static const struct h2k_block_ops md_ops = {
    .name = "md",
    .close = md_close,
    .pread = md_pread,
    .pwrite = md_pwrite,
    .zero = md_zero,
    .extent = md_extent,
    .discard = md_discard,
    .flush = md_flush,
};

struct h2k_block *
h2k_md_block_new(struct h2k_md_map *map, bool writable)
{
    return h2k_block_new(&md_ops, map, map->length, writable);
}
