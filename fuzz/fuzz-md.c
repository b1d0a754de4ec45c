/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Members of RAID arrays: each 512 bytes of the input are the head of a
 * superblock, of version 1.2, or of version 0.90 where the byte before says
 * so, whose place and checksum are made right.  What is made of them is read
 * and written: what an array was given, it gives back.
 */
#include "block/memory.h"
#include "volume/md/md.h"

#include "base/view.h"

#include <stdlib.h>
#include <string.h>

#define DISK_SIZE (192u << 10)
#define HEAD 512
#define DISKS 6
#define SUPER_1 4096
#define SUPER_0 (128u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds)
        abort();
}

/* The sum of COUNT words and 2 bytes more where ODD, folded. */
static uint32_t
sum_words(const uint8_t *bytes, size_t count, bool odd)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += h2k_get_le32(bytes + 4 * i);
    if (odd)
        sum += h2k_get_le16(bytes + 4 * count);
    return (uint32_t)(sum & UINT32_MAX) + (uint32_t)(sum >> 32);
}

static void
seal_1(uint8_t *super)
{
    uint32_t roles = h2k_get_le32(super + 220) % 128;
    h2k_put_le32(super, UINT32_C(0xa92b4efc));
    h2k_put_le32(super + 4, 1);
    h2k_put_le64(super + 144, SUPER_1 / 512);
    h2k_put_le32(super + 220, roles);
    h2k_put_le32(super + 216, 0);
    h2k_put_le32(super + 216,
                 sum_words(super, 64 + roles / 2, roles % 2 != 0));
}

/* The first devices stand at 512; this one's own at the end. */
static void
seal_0(uint8_t *super, uint32_t number)
{
    h2k_put_le32(super, UINT32_C(0xa92b4efc));
    h2k_put_le32(super + 4, 0);
    h2k_put_le32(super + 8, 90);
    for (uint32_t i = 0; i < DISKS; i++) {
        h2k_put_le32(super + 512 + 128 * i, i);
        h2k_put_le32(super + 512 + 128 * i + 12, super[64 + i]);
        h2k_put_le32(super + 512 + 128 * i + 16, super[80 + i]);
    }
    h2k_put_le32(super + 4 * 992, number);
    h2k_put_le32(super + 4 * 38, 0);
    h2k_put_le32(super + 4 * 38, sum_words(super, 1024, false));
}

static void
use_place(struct h2k_block *block, uint64_t at)
{
    uint8_t bytes[700], again[700];
    struct h2k_extent extent;
    uint64_t size = h2k_block_size(block), saved = 0;
    size_t count = (size_t)h2k_min_u64(sizeof(bytes), size - at);
    if (h2k_block_pread(block, bytes, count, at) < 0)
        return;
    check(h2k_block_extent(block, at, size - at, &extent) == 0);
    check(extent.offset == at && extent.length <= size - at);
    if (!h2k_block_writable(block))
        return;
    memset(bytes, (int)at | 1, count);
    if (h2k_block_pwrite(block, bytes, count, at) < 0)
        return;
    check(h2k_block_pread(block, again, count, at) == 0);
    check(memcmp(bytes, again, count) == 0);
    check(h2k_block_discard(block, at, count, &saved) == 0);
}

static void
use_arrays(const struct h2k_volume_source *sources, size_t count,
           bool only_whole)
{
    H2K_AUTO(h2k_md) md = h2k_md_open(sources, count, only_whole);
    for (size_t i = 0; md != NULL && i < md->count; i++) {
        struct h2k_md_array *a = &md->arrays[i];
        check(a->block != NULL || a->problem[0] != '\0');
        for (size_t k = 0; k < a->source_count; k++)
            check(a->sources[k] < count && md->used[a->sources[k]]);
        if (a->block == NULL)
            continue;
        check(h2k_block_size(a->block) == a->length && a->length > 0);
        use_place(a->block, 0);
        use_place(a->block, a->length / 2);
        use_place(a->block, a->length - 1);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_volume_source sources[DISKS] = { 0 };
    size_t count = size / (HEAD + 1);
    count = count < DISKS ? count : DISKS;
    uint8_t *disk = malloc(DISK_SIZE);
    if (disk == NULL)
        return 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *head = data + i * (HEAD + 1);
        bool old = (head[0] & 1) != 0;
        memset(disk, 0, DISK_SIZE);
        memcpy(disk + (old ? SUPER_0 : SUPER_1), head + 1, HEAD);
        if (old)
            seal_0(disk + SUPER_0, (uint32_t)i);
        else
            seal_1(disk + SUPER_1);
        sources[i] =
            (struct h2k_volume_source){ "disk",
                                        h2k_memory_new(disk, DISK_SIZE) };
        check(sources[i].block != NULL);
    }
    free(disk);
    use_arrays(sources, count, true);
    use_arrays(sources, count, false);
    for (size_t i = 0; i < count; i++)
        h2k_block_unref(sources[i].block);
    return 0;
}
