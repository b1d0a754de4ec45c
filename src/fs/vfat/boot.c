/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The boot sector and FSInfo (fatgen103, "Boot Sector and BPB", "FAT Type
 * Determination", "FAT32 FSInfo Sector Structure"). */
#include "fs/vfat/vfat.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>

#define BOOT_SIZE 512u

/* Fewer clusters than these: FAT12, FAT16. */
#define FAT12_LIMIT 4085u
#define FAT16_LIMIT 65525u
#define FAT32_LIMIT UINT32_C(0x0ffffff5)

#define INFO_LEAD UINT32_C(0x41615252)
#define INFO_STRUCT UINT32_C(0x61417272)

static int
damaged(const char *what)
{
    return h2k_fail(H2K_E_CORRUPT, "boot sector: %s; run fsck.fat on it first",
                    what);
}

static int
read_sizes(struct h2k_view boot, uint64_t volume_size,
           struct h2k_vfat_shape *s, uint64_t *sector)
{
    uint32_t cluster_sectors = h2k_view_u8(boot, 13);
    *sector = h2k_view_le16(boot, 11);
    if (*sector < 512 || *sector > 4096 || !h2k_is_power_of_two(*sector))
        return damaged("sectors are of 512 to 4096 bytes, and not here");
    if (!h2k_is_power_of_two(cluster_sectors))
        return damaged("a cluster's sectors are not a power of two");
    s->cluster_size = cluster_sectors * (uint32_t)*sector;
    uint64_t total = h2k_view_le16(boot, 19);
    if (total == 0)
        total = h2k_view_le32(boot, 32);
    s->size = total * *sector;
    if (s->size > volume_size)
        return h2k_fail(H2K_E_CORRUPT,
                        "boot sector: a filesystem of %" PRIu64
                        " bytes in a volume of %" PRIu64,
                        s->size, volume_size);
    return 0;
}

/* The table's copies, then the root directory, then the clusters. */
static int
read_places(struct h2k_view boot, uint64_t sector, struct h2k_vfat_shape *s)
{
    uint64_t reserved = h2k_view_le16(boot, 14);
    uint64_t table = h2k_view_le16(boot, 22);
    bool fat32 = table == 0;
    if (fat32)
        table = h2k_view_le32(boot, 36);
    s->fats = h2k_view_u8(boot, 16);
    s->root_entries = h2k_view_le16(boot, 17);
    if (reserved == 0 || table == 0 || s->fats == 0 || s->fats > 4)
        return damaged("it has no allocation table");
    if (fat32 != (s->root_entries == 0))
        return damaged("the root directory's size is not that of its kind");
    s->fat_offset = reserved * sector;
    s->fat_size = table * sector;
    s->root_offset = s->fat_offset + s->fats * s->fat_size;
    s->data_offset =
        s->root_offset +
        h2k_align_up((uint64_t)s->root_entries * H2K_VFAT_ENTRY, sector);
    if (s->data_offset >= s->size)
        return damaged("there is no room for a cluster");
    s->bits = fat32 ? 32 : 0;
    return 0;
}

/* So many clusters are there, and described by the table. */
static int
count_clusters(struct h2k_vfat_shape *s)
{
    uint64_t clusters = (s->size - s->data_offset) / s->cluster_size;
    if (s->bits != 32)
        s->bits = clusters < FAT12_LIMIT ? 12 : 16;
    uint64_t entries = s->fat_size * 8 / s->bits;
    if (clusters == 0 || entries <= 2)
        return damaged("there is no room for a cluster");
    clusters = h2k_min_u64(clusters, entries - 2);
    if (clusters >= (s->bits == 32 ? FAT32_LIMIT : FAT16_LIMIT))
        return damaged("there are more clusters than its kind can have");
    s->clusters = (uint32_t)clusters;
    return 0;
}

static int
read_fat32(struct h2k_view boot, uint64_t sector, struct h2k_vfat_shape *s)
{
    uint32_t flags = h2k_view_le16(boot, 40);
    if (h2k_view_le16(boot, 42) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "FAT32 of a version other than 0.0 is not read");
    s->root_cluster = h2k_view_le32(boot, 44);
    if (s->root_cluster < 2 || s->root_cluster - 2 >= s->clusters)
        return damaged("the root directory is outside of the clusters");
    s->mirrored = (flags & 0x80) == 0;
    s->active = s->mirrored ? 0 : flags & 0x0f;
    if (s->active >= s->fats)
        return damaged("the table in use is not there");
    uint64_t info = h2k_view_le16(boot, 48) * sector;
    if (info != 0 && info + BOOT_SIZE <= s->fat_offset)
        s->info_offset = info;
    return 0;
}

static int
check_info(struct h2k_block *volume, struct h2k_vfat_shape *s)
{
    uint8_t bytes[BOOT_SIZE];
    if (s->info_offset == 0)
        return 0;
    if (h2k_block_pread(volume, bytes, sizeof(bytes), s->info_offset) < 0)
        return -1;
    if (h2k_get_le32(bytes) != INFO_LEAD ||
        h2k_get_le32(bytes + 484) != INFO_STRUCT)
        s->info_offset = 0; /* something else; it is a hint, at most */
    return 0;
}

int
h2k_vfat_read_shape(struct h2k_block *volume, struct h2k_vfat_shape *s)
{
    uint8_t bytes[BOOT_SIZE];
    uint64_t sector = 0;
    *s = (struct h2k_vfat_shape){ .mirrored = true };
    if (h2k_block_size(volume) < sizeof(bytes))
        return damaged("the volume is too small for one");
    if (h2k_block_pread(volume, bytes, sizeof(bytes), 0) < 0)
        return -1;
    struct h2k_view boot = h2k_view_of(bytes, sizeof(bytes));
    if (read_sizes(boot, h2k_block_size(volume), s, &sector) < 0 ||
        read_places(boot, sector, s) < 0 || count_clusters(s) < 0)
        return -1;
    /* BS_Reserved1's lowest bit: Linux and Windows set it while it is
     * mounted. */
    s->dirty = (h2k_view_u8(boot, s->bits == 32 ? 65 : 37) & 1) != 0;
    if (s->bits == 32 && read_fat32(boot, sector, s) < 0)
        return -1;
    return check_info(volume, s);
}

int
h2k_vfat_write_info(struct h2k_vfat *v)
{
    uint8_t bytes[8];
    if (v->shape.info_offset == 0)
        return 0;
    if (h2k_vfat_count(v) < 0)
        return -1;
    h2k_put_le32(bytes, v->free_clusters);
    h2k_put_le32(bytes + 4, v->next);
    return h2k_vfat_pwrite(v, bytes, sizeof(bytes),
                           v->shape.info_offset + 488);
}
