/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The qcow2 reader and the structure check on any bytes.  What holds for
 * every image that opens: extents cover the disk, what is not data reads as
 * zeros, and a byte is the same however it is read. */
#include "block/memory.h"
#include "image/image.h"
#include "image/qcow2-check.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define EXTENTS_MAX 200
#define READ_MAX ((size_t)64 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool what)
{
    if (!what)
        abort();
}

static void
compare_pieces(struct h2k_block *disk, uint64_t offset, size_t count,
               const uint8_t *whole)
{
    static uint8_t piece[READ_MAX];
    size_t step = count / 3 + 1;
    for (size_t at = 0; at < count; at += step) {
        size_t n = h2k_min_u64(step, count - at);
        expect(h2k_block_pread(disk, piece, n, offset + at) == 0);
        expect(memcmp(piece, whole + at, n) == 0);
    }
}

static void
read_extent(struct h2k_block *disk, const struct h2k_extent *e)
{
    static uint8_t whole[READ_MAX];
    size_t count = h2k_min_u64(e->length, READ_MAX);
    int rc = h2k_block_pread(disk, whole, count, e->offset);
    if (rc < 0) {
        expect(e->kind == H2K_EXTENT_DATA);
        return;
    }
    for (size_t i = 0; i < count && e->kind != H2K_EXTENT_DATA; i++)
        expect(whole[i] == 0);
    if (e->kind == H2K_EXTENT_DATA)
        compare_pieces(disk, e->offset, count, whole);
}

static void
walk(struct h2k_block *disk)
{
    uint64_t size = h2k_block_size(disk), at = 0;
    for (int i = 0; i < EXTENTS_MAX && at < size; i++) {
        struct h2k_extent e;
        if (h2k_block_extent(disk, at, size - at, &e) < 0)
            return;
        expect(e.offset == at && e.length > 0 && e.length <= size - at);
        read_extent(disk, &e);
        at += e.length;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_image_options options = { .dirfd = -1 };
    struct h2k_image_info info;
    struct h2k_qcow2_check result;
    H2K_AUTO(h2k_block) file = h2k_memory_view(data, size);
    H2K_AUTO(h2k_block)
    disk = h2k_image_qcow2.open(file, &options, &info);
    if (disk != NULL)
        walk(disk);
    h2k_qcow2_check(file, &result);
    return 0;
}
