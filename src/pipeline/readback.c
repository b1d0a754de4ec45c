/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/readback.h"

#include "base/checked.h"
#include "base/error.h"
#include "block/file.h"
#include "image/qcow2-places.h"

#include <fcntl.h>
#include <inttypes.h>
#include <xxhash.h>

/* The longest that a place's bytes can be behind where they begin. */
static uint64_t
end_of(uint64_t place, uint32_t cluster)
{
    /* Bits 9 to 55 begin a cluster; a compressed one's low bits are the
     * offset of its first byte, below whatever counts its sectors. */
    unsigned shift = 62 - ((unsigned)__builtin_ctz(cluster) - 8);
    bool compressed = (place >> 62 & 1) != 0;
    uint64_t mask =
        compressed ? (UINT64_C(1) << shift) - 1 : UINT64_C(0x00fffffffffffe00);
    return place == 0 ? 0 : (place & mask) + cluster;
}

static uint64_t
hash_places(const uint64_t *places, size_t count)
{
    return XXH3_64bits(places, count * sizeof(*places)) | 1;
}

bool
h2k_readback_note(const struct h2k_chunk_writer *w,
                  const struct h2k_chunk *chunk, uint64_t offset,
                  size_t length, bool zstd, struct h2k_readback *out)
{
    if (w->ops->place == NULL || w->cluster < 4096)
        return false;
    out->offset = offset;
    out->length = length;
    out->cluster = w->cluster;
    out->zstd = zstd;
    out->digest = h2k_chunk_digest(chunk);
    out->count = (size_t)h2k_div_up(length, w->cluster);
    out->end = 0;
    for (size_t i = 0; i < out->count; i++) {
        uint64_t place = w->ops->place(w->writer, offset / w->cluster + i);
        out->places[i] = place;
        out->end = h2k_max_u64(out->end, end_of(place, w->cluster));
    }
    return true;
}

int
h2k_readback_check(const struct h2k_readback *r, int fd, const char *path,
                   uint64_t *places)
{
    int other = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (other < 0)
        return h2k_fail_errno(H2K_E_IO, "%s", path);
    H2K_AUTO(h2k_block) file = h2k_file_from_fd(other, path, false);
    h2k_autofree uint8_t *bytes = aligned_alloc(4096, H2K_SWEEP_CHUNK);
    if (file == NULL)
        return -1;
    if (bytes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_file_read_directly(file);
    if (h2k_qcow2_read_places(file, r->cluster, r->zstd, r->places, r->count,
                              bytes) < 0) {
        h2k_recode(H2K_E_VALIDATION);
        return h2k_prefix("what was written cannot be read back: ");
    }
    struct h2k_digest_value got = h2k_digest_bytes(bytes, r->length);
    if (got.low != r->digest.low || got.high != r->digest.high)
        return h2k_fail(H2K_E_VALIDATION,
                        "%s: what is read back differs from what was written, "
                        "in the %zu bytes at %" PRIu64
                        " of the disk; check the host's storage and memory",
                        path, r->length, r->offset);
    *places = hash_places(r->places, r->count);
    return 0;
}

bool
h2k_readback_holds(struct h2k_block *disk, uint64_t offset, uint32_t cluster,
                   uint64_t places)
{
    uint64_t found[H2K_READBACK_CLUSTERS];
    uint64_t length =
        h2k_min_u64(H2K_SWEEP_CHUNK, h2k_block_size(disk) - offset);
    size_t count = (size_t)h2k_div_up(length, cluster);
    return places != 0 &&
           h2k_qcow2_places(disk, offset / cluster, count, found) == 0 &&
           hash_places(found, count) == places;
}
