/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A VMDK of any bytes: opened, its extents walked, its first bytes read whole
 * and in pieces that need not agree with the grains. */
#include "block/memory.h"
#include "image/image.h"

#include <stdint.h>
#include <string.h>

#define READ_MAX (UINT64_C(1) << 20)
#define EXTENTS_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk_extents(struct h2k_block *disk)
{
    uint64_t at = 0, end = h2k_block_size(disk);
    for (int i = 0; i < EXTENTS_MAX && at < end; i++) {
        struct h2k_extent e;
        if (h2k_block_extent(disk, at, end - at, &e) < 0)
            return;
        if (e.offset != at || e.length == 0 || e.length > end - at)
            __builtin_trap();
        at += e.length;
    }
}

/* A grain that reads well must read the same when it is cut. */
static void
read_twice(struct h2k_block *disk)
{
    static uint8_t whole[READ_MAX];
    uint8_t piece[3000];
    uint64_t end = h2k_block_size(disk);
    end = end < READ_MAX ? end : READ_MAX;
    if (h2k_block_pread(disk, whole, (size_t)end, 0) < 0)
        return;
    for (uint64_t at = 0; at < end; at += sizeof(piece) * 16) {
        size_t count = end - at < sizeof(piece) ? end - at : sizeof(piece);
        if (h2k_block_pread(disk, piece, count, at) < 0 ||
            memcmp(piece, whole + at, count) != 0)
            __builtin_trap();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct h2k_image_options options = { .dirfd = -1 };
    struct h2k_image_info info;
    H2K_AUTO(h2k_block) file = h2k_memory_view(data, size);
    H2K_AUTO(h2k_block) disk = h2k_image_vmdk.open(file, &options, &info);
    if (disk == NULL)
        return 0;
    walk_extents(disk);
    read_twice(disk);
    uint64_t end = h2k_block_size(disk);
    uint8_t last[700];
    if (end >= sizeof(last))
        (void)!h2k_block_pread(disk, last, sizeof(last), end - sizeof(last));
    return 0;
}
