/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/digest.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/zero.h"
#include "pipeline/sweep.h"

#include <xxhash.h>

#define PARTS_MAX UINT64_C(1048576)

struct h2k_digest {
    uint64_t size, part_size;
    size_t count;
    struct h2k_digest_value parts[];
};

struct h2k_digest *
h2k_digest_new(uint64_t size)
{
    uint64_t part_size = H2K_SWEEP_CHUNK;
    while (h2k_div_up(size, part_size) > PARTS_MAX)
        part_size *= 2;
    size_t count = (size_t)h2k_div_up(size, part_size);
    struct h2k_digest *digest =
        calloc(1, sizeof(*digest) + count * sizeof(digest->parts[0]));
    if (digest == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    digest->size = size;
    digest->part_size = part_size;
    digest->count = count;
    return digest;
}

void
h2k_digest_free(struct h2k_digest *digest)
{
    free(digest);
}

struct h2k_digest_value
h2k_digest_bytes(const void *bytes, size_t size)
{
    if (h2k_is_zero(bytes, size))
        return (struct h2k_digest_value){ 0 };
    XXH128_hash_t hash = XXH3_128bits(bytes, size);
    /* 0 means zeros; data that hashes to it is told apart. */
    return (struct h2k_digest_value){
        .low = hash.low64 | (hash.low64 == 0 && hash.high64 == 0),
        .high = hash.high64,
    };
}

/* A chunk's share of its part's sum: nothing for zeros. */
static unsigned __int128
share(uint64_t offset, struct h2k_digest_value value)
{
    uint64_t placed[3] = { offset, value.low, value.high };
    if (value.low == 0 && value.high == 0)
        return 0;
    XXH128_hash_t hash = XXH3_128bits(placed, sizeof(placed));
    return (unsigned __int128)hash.high64 << 64 | hash.low64;
}

static void
add(struct h2k_digest *digest, uint64_t offset, unsigned __int128 what)
{
    struct h2k_digest_value *part = &digest->parts[offset / digest->part_size];
    unsigned __int128 sum =
        ((unsigned __int128)part->high << 64 | part->low) + what;
    part->low = (uint64_t)sum;
    part->high = (uint64_t)(sum >> 64);
}

void
h2k_digest_put(struct h2k_digest *digest, uint64_t offset,
               struct h2k_digest_value value)
{
    if (value.low != 0 || value.high != 0)
        add(digest, offset, share(offset, value));
}

void
h2k_digest_replace(struct h2k_digest *digest, uint64_t offset,
                   struct h2k_digest_value was, struct h2k_digest_value now)
{
    add(digest, offset, share(offset, now) - share(offset, was));
}

bool
h2k_digest_forget(struct h2k_digest *digest, uint64_t offset)
{
    if (digest->part_size != H2K_SWEEP_CHUNK)
        return false;
    digest->parts[offset / digest->part_size] = (struct h2k_digest_value){ 0 };
    return true;
}

bool
h2k_digest_copy(struct h2k_digest *digest, const struct h2k_digest *from,
                uint64_t offset)
{
    if (from->part_size != H2K_SWEEP_CHUNK || digest->size != from->size)
        return false;
    size_t part = (size_t)(offset / H2K_SWEEP_CHUNK);
    digest->parts[part] = from->parts[part];
    return true;
}

bool
h2k_digest_equal(const struct h2k_digest *a, const struct h2k_digest *b,
                 uint64_t *offset, uint64_t *length)
{
    *offset = 0;
    *length = a->size;
    if (a->size != b->size)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->parts[i].low == b->parts[i].low &&
            a->parts[i].high == b->parts[i].high)
            continue;
        *offset = i * a->part_size;
        *length = h2k_min_u64(a->part_size, a->size - *offset);
        return false;
    }
    return true;
}
