/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A VMDK of any bytes, as it arrives in pieces: what is accepted to its end
 * is the disk that the other reader finds by its tables, where that accepts
 * it too.
 */
#include "block/memory.h"
#include "image/image.h"
#include "image/vmdk-sparse.h"
#include "image/vmdk-stream.h"

#include <stdlib.h>
#include <string.h>

#define GRAIN_MAX ((size_t)1 << 20)
#define GRAINS_MAX 2000
#define EXTENTS_MAX 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct both {
    struct h2k_block *disk; /* by random access; NULL: not accepted */
    uint64_t capacity, bytes;
    unsigned grains;
    bool refused; /* a grain that the stream cannot decode */
    bool differs;
};

static int
begin(void *opaque, uint64_t capacity, uint32_t grain_size)
{
    struct both *both = opaque;
    (void)grain_size;
    both->capacity = capacity;
    both->differs =
        both->disk != NULL && h2k_block_size(both->disk) != capacity;
    return 0;
}

static int
grain(void *opaque, const struct h2k_vmdk_stream_grain *g)
{
    static uint8_t ours[GRAIN_MAX], theirs[GRAIN_MAX];
    struct both *both = opaque;
    if (g->offset % g->size != 0 || g->needed > g->size || g->needed == 0 ||
        g->offset + g->needed > both->capacity)
        abort();
    both->bytes += g->needed;
    if (g->size > GRAIN_MAX || both->grains++ > GRAINS_MAX) {
        both->refused = true;
        return 0;
    }
    if (h2k_vmdk_grain_inflate(g->bytes, g->stored, g->needed, ours, g->size) <
        0) {
        both->refused = true;
        return 0;
    }
    if (both->disk == NULL || both->differs)
        return 0;
    both->differs =
        h2k_block_pread(both->disk, theirs, g->needed, g->offset) < 0 ||
        memcmp(ours, theirs, g->needed) != 0;
    return 0;
}

/* Bytes of data by the tables; false: too many extents, or an error. */
static bool
count_data(struct h2k_block *disk, uint64_t *bytes)
{
    uint64_t at = 0, end = h2k_block_size(disk);
    *bytes = 0;
    for (int i = 0; at < end; i++) {
        struct h2k_extent e;
        if (i == EXTENTS_MAX || h2k_block_extent(disk, at, end - at, &e) < 0)
            return false;
        if (e.kind == H2K_EXTENT_DATA)
            *bytes += e.length;
        at += e.length;
    }
    return true;
}

static int
decode(const uint8_t *data, size_t size, struct both *both)
{
    static const struct h2k_vmdk_stream_ops ops = { begin, grain };
    H2K_AUTO(h2k_vmdk_stream) s = h2k_vmdk_stream_new(&ops, both);
    size_t step = 1 + size * 7919 % 3000;
    while (size > 0) {
        size_t n = size < step ? size : step;
        if (h2k_vmdk_stream_feed(s, data, n) < 0)
            return -1;
        data += n;
        size -= n;
        step = 1 + step * 31 % 3000;
    }
    return h2k_vmdk_stream_end(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct h2k_image_options options = { .dirfd = -1 };
    struct h2k_image_info info;
    H2K_AUTO(h2k_block) file = h2k_memory_view(data, size);
    H2K_AUTO(h2k_block) disk = h2k_image_vmdk.open(file, &options, &info);
    struct both both = { .disk = disk };
    uint64_t bytes;
    if (decode(data, size, &both) < 0 || disk == NULL || both.refused)
        return 0;
    if (both.differs || (count_data(disk, &bytes) && bytes != both.bytes))
        abort();
    return 0;
}
