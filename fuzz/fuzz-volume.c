/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A partition table on a disk that is the input: read as it is, and again
 * with the checksums of both GPT copies made right, so that what stands
 * behind them is reached.  What is believed must hold.
 */
#include "block/memory.h"
#include "volume/volume.h"

#include "base/view.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds)
        abort();
}

static void
check_table(const struct h2k_partition_table *table, uint64_t size)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct h2k_partition *p = &table->partitions[i];
        check(p->length > 0 && h2k_range_inside(p->offset, p->length, size));
        check(p->number > 0);
        check(strnlen(p->label, sizeof(p->label)) < sizeof(p->label));
        for (size_t j = 0; j < i; j++) {
            const struct h2k_partition *q = &table->partitions[j];
            check(p->number > q->number);
            check(p->offset >= q->offset + q->length ||
                  q->offset >= p->offset + p->length);
        }
    }
}

static void
read_table(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_block) disk = h2k_memory_view(data, size);
    H2K_AUTO(h2k_partition_table)
    table = disk == NULL ? NULL : h2k_partition_table_read(disk);
    if (table != NULL)
        check_table(table, size);
}

/* The header of one copy, where there is one. */
static void
seal(uint8_t *data, size_t size, uint32_t sector_size, uint64_t lba)
{
    struct h2k_view disk = h2k_view_of(data, size), header, entries;
    if (!h2k_view_slice(disk, lba * sector_size, sector_size, &header) ||
        memcmp(header.data, "EFI PART", 8) != 0)
        return;
    uint8_t *bytes = data + lba * sector_size;
    uint64_t at = h2k_view_le64(header, 72);
    uint64_t length =
        (uint64_t)h2k_view_le32(header, 80) * h2k_view_le32(header, 84);
    if (at < size && h2k_view_slice(disk, at * sector_size, length, &entries))
        h2k_put_le32(bytes + 88,
                     libdeflate_crc32(0, entries.data, entries.size));
    uint32_t header_size = h2k_view_le32(header, 12);
    if (header_size < 92 || header_size > sector_size)
        return;
    h2k_put_le32(bytes + 16, 0);
    h2k_put_le32(bytes + 16, libdeflate_crc32(0, bytes, header_size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t sector_sizes[] = { 512, 4096 };
    read_table(data, size);
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    for (size_t i = 0; i < 2; i++) {
        uint64_t sectors = size / sector_sizes[i];
        if (sectors < 2)
            continue;
        /* The backup first: with both at one place, the first counts. */
        seal(copy, size, sector_sizes[i], sectors - 1);
        seal(copy, size, sector_sizes[i], 1);
    }
    read_table(copy, size);
    free(copy);
    return 0;
}
