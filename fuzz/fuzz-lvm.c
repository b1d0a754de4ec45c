/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A physical volume of LVM2 that is the input, as it is and with its
 * checksums made right; or, where it has no label, the text of a group's
 * metadata, on a volume made for it.  What is made of it is read and
 * written: what a volume was given, it gives back.
 */
#include "block/memory.h"
#include "volume/lvm/label.h"
#include "volume/lvm/lvm.h"

#include "base/view.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define AREA 4096
#define TEXT_SIZE (64u << 10)
#define DISK_SIZE (256u << 10)
#define ID "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds)
        abort();
}

static void
use_place(struct h2k_block *block, uint64_t at)
{
    uint8_t bytes[700], again[700];
    struct h2k_extent extent;
    uint64_t size = h2k_block_size(block), saved = 0;
    size_t count = (size_t)h2k_min_u64(sizeof(bytes), size - at);
    if (count == 0 || h2k_block_pread(block, bytes, count, at) < 0)
        return;
    check(h2k_block_extent(block, at, size - at, &extent) == 0);
    check(extent.offset == at && extent.length <= size - at);
    if (!h2k_block_writable(block))
        return;
    memset(bytes, (int)at | 1, count);
    check(h2k_block_pwrite(block, bytes, count, at) == 0);
    check(h2k_block_pread(block, again, count, at) == 0);
    check(memcmp(bytes, again, count) == 0);
    check(h2k_block_discard(block, at, count, &saved) == 0);
}

static void
open_disks(const uint8_t *data, size_t size, unsigned disks, bool only_whole)
{
    H2K_AUTO(h2k_block) one = h2k_memory_new(data, size);
    const struct h2k_volume_source sources[] = { { "one", one },
                                                 { "two", one } };
    H2K_AUTO(h2k_lvm)
    lvm = one == NULL ? NULL : h2k_lvm_open(sources, disks, only_whole);
    for (size_t i = 0; lvm != NULL && i < lvm->count; i++) {
        struct h2k_lvm_volume *v = &lvm->volumes[i];
        check(v->block != NULL || v->problem[0] != '\0');
        if (v->block == NULL)
            continue;
        check(h2k_block_size(v->block) == v->length);
        for (size_t k = 0; k < v->source_count; k++)
            check(v->sources[k] < disks && lvm->used[v->sources[k]]);
        use_place(v->block, 0);
        use_place(v->block, v->length / 2);
        use_place(v->block, v->length - 1);
    }
    for (size_t i = 0; lvm != NULL && i < lvm->free_count; i++)
        check(
            h2k_range_inside(lvm->free[i].offset, lvm->free[i].length, size));
}

static void
seal_area(uint8_t *disk, size_t size, uint64_t at)
{
    struct h2k_view v = h2k_view_of(disk, size), text;
    if (!h2k_view_has(v, at, SECTOR))
        return;
    uint64_t from = h2k_view_le64(v, at + 40);
    if (from < size &&
        h2k_view_slice(v, at + from, h2k_view_le64(v, at + 48), &text))
        h2k_put_le32(disk + at + 56,
                     h2k_lvm_crc(H2K_LVM_CRC, text.data, text.size));
    h2k_put_le32(disk + at,
                 h2k_lvm_crc(H2K_LVM_CRC, disk + at + 4, SECTOR - 4));
}

static void
seal(uint8_t *disk, size_t size)
{
    if (size < 2 * SECTOR + AREA)
        return;
    seal_area(disk, size, AREA);
    h2k_put_le32(disk + SECTOR + 16,
                 h2k_lvm_crc(H2K_LVM_CRC, disk + SECTOR + 20, SECTOR - 20));
}

/* A volume with one metadata area that holds TEXT. */
static void
wrap(uint8_t *disk, const uint8_t *text, size_t size)
{
    uint8_t *label = disk + SECTOR, *area = disk + AREA;
    memcpy(label, "LABELONE", 8);
    h2k_put_le64(label + 8, 1);
    h2k_put_le32(label + 20, 32);
    memcpy(label + 24, "LVM2 001", 8);
    memcpy(label + 32, ID "A", 32);
    h2k_put_le64(label + 64, DISK_SIZE);
    h2k_put_le64(label + 72, AREA + TEXT_SIZE + SECTOR);
    h2k_put_le64(label + 104, AREA);
    h2k_put_le64(label + 112, TEXT_SIZE + SECTOR);
    memcpy(area + 4, " LVM2 x[5A%r0N*>", 16);
    h2k_put_le32(area + 20, 1);
    h2k_put_le64(area + 24, AREA);
    h2k_put_le64(area + 32, TEXT_SIZE + SECTOR);
    h2k_put_le64(area + 40, SECTOR);
    h2k_put_le64(area + 48, size);
    memcpy(area + SECTOR, text, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool labelled = size >= 1024 && memcmp(data + SECTOR, "LABELONE", 8) == 0;
    if (!labelled && (size == 0 || size > TEXT_SIZE))
        return 0;
    size_t length = labelled ? size : DISK_SIZE;
    uint8_t *disk = calloc(1, length);
    if (disk == NULL)
        return 0;
    if (labelled) {
        memcpy(disk, data, size);
        open_disks(disk, length, 1, false);
    } else {
        wrap(disk, data, size);
    }
    seal(disk, length);
    open_disks(disk, length, 1, false);
    open_disks(disk, length, 1, true);
    open_disks(disk, length, 2, false);
    free(disk);
    return 0;
}
