/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/slice.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>

struct slice {
    struct h2k_block *parent;
    uint64_t offset;
};

static void
slice_close(void *state)
{
    struct slice *slice = state;
    h2k_block_unref(slice->parent);
    free(slice);
}

static int
slice_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct slice *slice = state;
    return h2k_block_pread(slice->parent, buffer, count,
                           slice->offset + offset);
}

static int
slice_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    struct slice *slice = state;
    return h2k_block_pwrite(slice->parent, buffer, count,
                            slice->offset + offset);
}

static int
slice_zero(void *state, uint64_t offset, uint64_t length)
{
    struct slice *slice = state;
    return h2k_block_zero(slice->parent, slice->offset + offset, length);
}

static int
slice_extent(void *state, uint64_t offset, uint64_t length,
             struct h2k_extent *out)
{
    struct slice *slice = state;
    if (h2k_block_extent(slice->parent, slice->offset + offset, length, out) <
        0)
        return -1;
    out->offset = offset;
    return 0;
}

static int
slice_discard(void *state, uint64_t offset, uint64_t length, uint64_t *bytes)
{
    struct slice *slice = state;
    return h2k_block_discard(slice->parent, slice->offset + offset, length,
                             bytes);
}

static int
slice_flush(void *state)
{
    struct slice *slice = state;
    return h2k_block_flush(slice->parent);
}

static const struct h2k_block_ops slice_ops = {
    .name = "slice",
    .close = slice_close,
    .pread = slice_pread,
    .pwrite = slice_pwrite,
    .zero = slice_zero,
    .extent = slice_extent,
    .discard = slice_discard,
    .flush = slice_flush,
};

struct h2k_block *
h2k_slice_new(struct h2k_block *parent, uint64_t offset, uint64_t length)
{
    if (!h2k_range_inside(offset, length, h2k_block_size(parent)))
        return h2k_fail_null(H2K_E_RANGE,
                             "bytes %" PRIu64 " to %" PRIu64
                             " lie outside the %" PRIu64 " bytes of the disk",
                             offset, offset + length, h2k_block_size(parent));
    struct slice *slice = malloc(sizeof(*slice));
    if (slice == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    *slice =
        (struct slice){ .parent = h2k_block_ref(parent), .offset = offset };
    return h2k_block_new(&slice_ops, slice, length,
                         h2k_block_writable(parent));
}
