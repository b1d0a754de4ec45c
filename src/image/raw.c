/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Raw images: the file's bytes are the disk's, in whole sectors.  A file
 * that ends inside a sector is a disk whose last sector ends in zeros, as
 * QEMU reads it too. */
#include "image/image.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

#define SECTOR UINT64_C(512)

static void
padded_close(void *state)
{
    h2k_block_unref(state);
}

static int
padded_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    uint64_t size = h2k_block_size(state);
    uint64_t there = offset < size ? h2k_min_u64(count, size - offset) : 0;
    memset((uint8_t *)buffer + there, 0, count - (size_t)there);
    return there == 0 ? 0
                      : h2k_block_pread(state, buffer, (size_t)there, offset);
}

static int
padded_extent(void *state, uint64_t offset, uint64_t length,
              struct h2k_extent *out)
{
    uint64_t size = h2k_block_size(state);
    if (offset >= size) {
        out->kind = H2K_EXTENT_ZERO;
        return 0;
    }
    return h2k_block_extent(state, offset, h2k_min_u64(length, size - offset),
                            out);
}

static const struct h2k_block_ops padded_ops = {
    .name = "raw",
    .close = padded_close,
    .pread = padded_pread,
    .extent = padded_extent,
};

static struct h2k_block *
raw_open(struct h2k_block *file, const struct h2k_image_options *options,
         struct h2k_image_info *info)
{
    (void)options;
    uint64_t size = h2k_block_size(file);
    if (size > H2K_BLOCK_SIZE_MAX)
        return h2k_fail_null(H2K_E_UNSUPPORTED, "larger than 1 PiB");
    *info = (struct h2k_image_info){
        .format = "raw",
        .variant = "",
        .virtual_size = h2k_align_up(size, SECTOR),
        .file_size = size,
        .granularity = 512,
    };
    if (size % SECTOR == 0)
        return h2k_block_ref(file);
    return h2k_block_new(&padded_ops, h2k_block_ref(file), info->virtual_size,
                         false);
}

const struct h2k_image_format h2k_image_raw = {
    .name = "raw",
    .open = raw_open,
};
