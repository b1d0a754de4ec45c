/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Compressed grains ("Stream-Optimized Compressed Sparse Extents"). */
#include "image/vmdk-sparse.h"

#include "base/checked.h"
#include "base/endian.h"
#include "base/error.h"
#include "image/inflate.h"

#include <inttypes.h>

#define MARKER_SIZE H2K_VMDK_GRAIN_MARKER_SIZE

static bool
window_has(const struct h2k_vmdk_window *w, uint64_t offset, size_t size)
{
    return offset >= w->offset &&
           h2k_range_inside(offset - w->offset, size, w->size);
}

/* SIZE bytes at OFFSET, which lie inside the file.  Where they are not held,
 * up to AHEAD bytes are read. */
static const uint8_t *
window_get(struct h2k_block *file, struct h2k_vmdk_window *w, uint64_t offset,
           size_t size, uint64_t ahead)
{
    if (window_has(w, offset, size))
        return w->data + (offset - w->offset);
    uint64_t left = h2k_block_size(file) - offset;
    size_t count = (size_t)h2k_max_u64(size, h2k_min_u64(ahead, left));
    if (count > w->capacity) {
        uint8_t *grown = malloc(count);
        if (grown == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        free(w->data);
        w->data = grown;
        w->capacity = count;
    }
    /* What is bad behind the bytes asked for must not fail them. */
    w->size = 0;
    if (h2k_block_pread(file, w->data, count, offset) < 0) {
        count = size;
        if (h2k_block_pread(file, w->data, count, offset) < 0)
            return NULL;
    }
    w->offset = offset;
    w->size = count;
    return w->data;
}

static int
check_marker(const struct h2k_vmdk_grain *grain, const uint8_t *marker,
             uint64_t file_size)
{
    uint64_t sector = h2k_get_le64(marker);
    uint32_t stored = h2k_get_le32(marker + 8);
    if (sector != grain->sector)
        return h2k_fail(H2K_E_CORRUPT,
                        "its marker says that it is sector %" PRIu64
                        " of the disk",
                        sector);
    if (stored == 0 || stored > h2k_vmdk_stored_size_max(grain->size))
        return h2k_fail(H2K_E_CORRUPT,
                        "its marker says that it has %" PRIu32 " bytes",
                        stored);
    if (!h2k_range_inside(grain->offset + MARKER_SIZE, stored, file_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "its %" PRIu32
                        " bytes reach beyond the end of the file, at byte "
                        "%" PRIu64 ": cut short or damaged",
                        stored, file_size);
    return 0;
}

int
h2k_vmdk_grain_inflate(const void *bytes, size_t stored, size_t needed,
                       void *out, size_t size)
{
    size_t produced = 0;
    if (h2k_inflate(H2K_INFLATE_ZLIB, bytes, stored, out, size, &produced) < 0)
        return -1;
    if (produced < needed)
        return h2k_fail(H2K_E_CORRUPT,
                        "it inflates to %zu bytes only, not %zu", produced,
                        needed);
    return 0;
}

static int
grain_read(struct h2k_block *file, struct h2k_vmdk_window *window,
           const struct h2k_vmdk_grain *grain, void *out)
{
    uint64_t file_size = h2k_block_size(file);
    if (!h2k_range_inside(grain->offset, MARKER_SIZE, file_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "it lies beyond the end of the file, at byte "
                        "%" PRIu64 ": cut short or damaged",
                        file_size);
    const uint8_t *bytes =
        window_get(file, window, grain->offset, MARKER_SIZE, grain->ahead);
    if (bytes == NULL || check_marker(grain, bytes, file_size) < 0)
        return -1;
    uint32_t stored = h2k_get_le32(bytes + 8);
    bytes =
        window_get(file, window, grain->offset + MARKER_SIZE, stored, stored);
    return bytes == NULL ? -1
                         : h2k_vmdk_grain_inflate(bytes, stored, grain->needed,
                                                  out, grain->size);
}

int
h2k_vmdk_grain_read(struct h2k_block *file, struct h2k_vmdk_window *window,
                    const struct h2k_vmdk_grain *grain, void *out)
{
    if (grain_read(file, window, grain, out) == 0)
        return 0;
    return h2k_prefix("grain of sector %" PRIu64 ", at byte %" PRIu64
                      " of the file: ",
                      grain->sector, grain->offset);
}
