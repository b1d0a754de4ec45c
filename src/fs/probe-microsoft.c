/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* FAT, exFAT and NTFS: their labels stand in a directory or a file. */
#include "fs/probe.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A directory's first part is all that is searched for the label: the tools
 * that make one put it first. */
#define DIRECTORY_PART (32u << 10)

static void
set_serial(struct h2k_fs_info *info, uint32_t serial)
{
    if (serial != 0)
        snprintf(info->uuid, sizeof(info->uuid), "%04X-%04X", serial >> 16,
                 serial & 0xffff);
}

/* At most DIRECTORY_PART bytes of VOLUME at OFFSET, *SIZE of them; NULL and
 * no error when the place is outside. */
static uint8_t *
read_part(struct h2k_block *volume, uint64_t offset, uint64_t length,
          size_t *size, int *error)
{
    uint64_t end = h2k_block_size(volume);
    *error = 0;
    *size = 0;
    if (offset >= end || length == 0)
        return NULL;
    length = h2k_min_u64(h2k_min_u64(length, DIRECTORY_PART), end - offset);
    uint8_t *part = h2k_block_read_alloc(volume, offset, length,
                                         DIRECTORY_PART, "root directory");
    *error = part == NULL ? -1 : 0;
    *size = (size_t)length;
    return part;
}

/* fatgen103, "FAT Directory Structure": entries of 32 bytes; the volume's
 * label has attribute 0x08, a part of a long name 0x0f. */
static void
fat_label(struct h2k_fs_info *info, struct h2k_view directory)
{
    for (uint64_t at = 0; h2k_view_has(directory, at, 32); at += 32) {
        uint8_t first = h2k_view_u8(directory, at);
        uint8_t attributes = h2k_view_u8(directory, at + 11);
        if (first == 0)
            return;
        if (first != 0xe5 && (attributes & 0x18) == 0x08 &&
            (attributes & 0x3f) != 0x0f) {
            h2k_probe_label(info, directory.data + at, 11);
            if (first == 0x05) /* stands for 0xe5 */
                info->label[0] = (char)0xe5;
            return;
        }
    }
}

/* The BIOS parameter block (fatgen103, "Boot Sector and BPB"). */
struct bpb {
    uint32_t sector_size, cluster_sectors, reserved, fats, root_entries;
    uint32_t fat_sectors, root_cluster;
    uint64_t total_sectors;
    bool fat32;
};

static bool
bpb_read(struct h2k_view head, struct bpb *b)
{
    b->sector_size = h2k_view_le16(head, 11);
    b->cluster_sectors = h2k_view_u8(head, 13);
    b->reserved = h2k_view_le16(head, 14);
    b->fats = h2k_view_u8(head, 16);
    b->root_entries = h2k_view_le16(head, 17);
    b->total_sectors = h2k_view_le16(head, 19);
    b->fat_sectors = h2k_view_le16(head, 22);
    uint8_t media = h2k_view_u8(head, 21);
    if (b->total_sectors == 0)
        b->total_sectors = h2k_view_le32(head, 32);
    b->fat32 = b->fat_sectors == 0;
    if (b->fat32) {
        b->fat_sectors = h2k_view_le32(head, 36);
        b->root_cluster = h2k_view_le32(head, 44);
    }
    return (head.data[0] == 0xeb || head.data[0] == 0xe9) &&
           b->sector_size >= 512 && b->sector_size <= 4096 &&
           h2k_is_power_of_two(b->sector_size) &&
           h2k_is_power_of_two(b->cluster_sectors) && b->reserved > 0 &&
           b->fats > 0 && b->fats <= 4 && b->fat_sectors > 0 &&
           b->total_sectors > 0 && (media >= 0xf8 || media == 0xf0) &&
           b->fat32 == (b->root_entries == 0);
}

int
h2k_probe_fat(struct h2k_block *volume, struct h2k_view head,
              struct h2k_fs_info *info)
{
    struct bpb b = { 0 };
    if (!bpb_read(head, &b))
        return 0;
    uint64_t fats = (uint64_t)b.fats * b.fat_sectors;
    uint64_t sector = b.reserved + fats;
    uint64_t length = (uint64_t)b.root_entries * 32;
    if (b.fat32) {
        if (b.root_cluster < 2)
            return 0;
        sector += (uint64_t)(b.root_cluster - 2) * b.cluster_sectors;
        length = (uint64_t)b.cluster_sectors * b.sector_size;
    }
    set_serial(info, h2k_view_le32(head, b.fat32 ? 67 : 39));

    int error = 0;
    size_t size = 0;
    h2k_autofree uint8_t *part =
        read_part(volume, sector * b.sector_size, length, &size, &error);
    if (error < 0)
        return -1;
    fat_label(info, h2k_view_of(part, size));
    return 1;
}

/* exFAT specification, 3.1 (boot sector) and 7.3 (the label's entry). */
int
h2k_probe_exfat(struct h2k_block *volume, struct h2k_view head,
                struct h2k_fs_info *info)
{
    uint32_t sector_shift = h2k_view_u8(head, 108);
    uint32_t cluster_shift = h2k_view_u8(head, 109);
    uint64_t root = h2k_view_le32(head, 96);
    if (sector_shift < 9 || sector_shift > 12 ||
        cluster_shift > 25 - sector_shift || root < 2)
        return 0;
    set_serial(info, h2k_view_le32(head, 100));

    uint64_t at = (h2k_view_le32(head, 88) + ((root - 2) << cluster_shift))
                  << sector_shift;
    int error = 0;
    size_t size = 0;
    h2k_autofree uint8_t *part =
        read_part(volume, at, UINT64_C(1) << (sector_shift + cluster_shift),
                  &size, &error);
    if (error < 0)
        return -1;
    struct h2k_view v = h2k_view_of(part, size);
    for (at = 0; h2k_view_has(v, at, 32) && h2k_view_u8(v, at) != 0; at += 32)
        if (h2k_view_u8(v, at) == 0x83 && h2k_view_u8(v, at + 1) <= 11)
            h2k_probe_label_utf16(info, v.data + at + 2,
                                  h2k_view_u8(v, at + 1) * 2u);
    return 1;
}

/* The value of the attribute $VOLUME_NAME (0x60), which is always resident,
 * in an MFT record. */
static void
ntfs_label(struct h2k_fs_info *info, struct h2k_view record)
{
    if (!h2k_view_equal(record, 0, "FILE", 4))
        return;
    uint64_t at = h2k_view_le16(record, 20);
    while (h2k_view_has(record, at, 24)) {
        uint32_t type = h2k_view_le32(record, at);
        uint32_t length = h2k_view_le32(record, at + 4);
        struct h2k_view value;
        if (type == UINT32_MAX || length < 24)
            return;
        if (type == 0x60 &&
            h2k_view_slice(record, at + h2k_view_le16(record, at + 20),
                           h2k_view_le32(record, at + 16), &value))
            h2k_probe_label_utf16(info, value.data, value.size);
        at += length;
    }
}

int
h2k_probe_ntfs(struct h2k_block *volume, struct h2k_view head,
               struct h2k_fs_info *info)
{
    uint64_t sector = h2k_view_le16(head, 11);
    uint64_t cluster = h2k_view_u8(head, 13);
    if (sector < 256 || sector > 4096 || !h2k_is_power_of_two(sector))
        return 0;
    /* Above 128 it is a negative power of two: 2^(256 - n) sectors. */
    if (cluster > 128)
        cluster = cluster < 244 ? 0 : UINT64_C(1) << (256 - cluster);
    if (!h2k_is_power_of_two(cluster))
        return 0;
    cluster *= sector;
    int8_t size_code = (int8_t)h2k_view_u8(head, 64);
    uint64_t record = size_code > 0 ? (uint64_t)size_code * cluster
                      : size_code <= -9 && size_code >= -16
                          ? UINT64_C(1) << -size_code
                          : 0;
    uint64_t mft = h2k_view_le64(head, 48), at = 0;
    snprintf(info->uuid, sizeof(info->uuid), "%016" PRIX64,
             h2k_view_le64(head, 72));
    if (record < 512 || ckd_mul(&at, mft, cluster) ||
        ckd_add(&at, at, 3 * record))
        return 1;

    int error = 0;
    size_t size = 0;
    h2k_autofree uint8_t *part = read_part(volume, at, record, &size, &error);
    if (error < 0)
        return -1;
    ntfs_label(info, h2k_view_of(part, size));
    return 1;
}
