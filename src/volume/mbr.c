/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * MBR partition tables, see mbr.h, with the logical partitions of extended
 * ones.  An extended partition begins with a sector of the same form: one
 * entry is a logical partition, counted from this sector, and one the link
 * to the next such sector, counted from the extended partition's start.
 * Numbers are given as Linux does: an entry's own, 1 to 4, then from 5 along
 * the chain.
 */
#include "volume/mbr.h"

#include "base/error.h"
#include "volume/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Disks with an MBR tell nothing else, and VMware's have this. */
#define SECTOR_SIZE 512
#define FIRST_LOGICAL 5
/* As many as Linux gives names to. */
#define LOGICAL_MAX 256

struct mbr {
    struct h2k_block *disk;
    struct h2k_partition_table *table;
    uint32_t signature;
    uint32_t next_logical;         /* its number */
    uint64_t visited[LOGICAL_MAX]; /* sectors of the chain */
    size_t visited_count;
    struct h2k_table_range logical[LOGICAL_MAX]; /* of one extended
                                                    partition */
    size_t logical_count;
};

bool
h2k_mbr_is_protective(struct h2k_view sector)
{
    bool found = false;
    for (unsigned i = 0; i < H2K_MBR_ENTRIES; i++) {
        struct h2k_mbr_entry entry = h2k_mbr_entry(sector, i);
        found |= entry.type == H2K_MBR_GPT_PROTECTIVE && entry.count > 0;
    }
    return found && h2k_mbr_has_signature(sector);
}

static bool
is_extended(struct h2k_mbr_entry entry)
{
    return entry.type == 0x05 || entry.type == 0x0f || entry.type == 0x85;
}

/* The boot sector of a FAT, exFAT, NTFS or BitLocker volume ends with the
 * same two bytes as an MBR, and has code or text where its entries are.
 * Where each writes its name: FAT specification, section 3.1; exFAT's, 3.1;
 * NTFS and BitLocker have theirs where exFAT has. */
static bool
is_volume_boot_record(struct h2k_view sector)
{
    static const struct {
        uint16_t offset;
        char text[9];
    } names[] = {
        { 3, "NTFS    " },  { 3, "EXFAT   " },  { 3, "-FVE-FS-" },
        { 54, "FAT12   " }, { 54, "FAT16   " }, { 54, "FAT     " },
        { 82, "FAT32   " },
    };
    uint8_t jump = h2k_view_u8(sector, 0);
    if (jump != 0xeb && jump != 0xe9)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (h2k_view_equal(sector, names[i].offset, names[i].text, 8))
            return true;
    return false;
}

/* Is this sector an MBR with something in it? */
static bool
is_table(struct h2k_view sector)
{
    unsigned used = 0;
    if (!h2k_mbr_has_signature(sector) || is_volume_boot_record(sector))
        return false;
    for (unsigned i = 0; i < H2K_MBR_ENTRIES; i++) {
        struct h2k_mbr_entry entry = h2k_mbr_entry(sector, i);
        if (entry.status != 0x00 && entry.status != 0x80)
            return false;
        used += entry.count > 0;
    }
    return used > 0;
}

static int
add_partition(struct mbr *mbr, struct h2k_mbr_entry entry,
              struct h2k_table_range range)
{
    struct h2k_partition p = {
        .number = range.number,
        .offset = range.offset,
        .length = range.length,
        .logical = range.number >= FIRST_LOGICAL,
        .bootable = entry.status == 0x80,
    };
    /* blkid gives none where the disk has no signature, and the same one
     * on every such disk would name nothing. */
    if (mbr->signature != 0)
        snprintf(p.uuid, sizeof(p.uuid), "%08" PRIx32 "-%02" PRIx32,
                 mbr->signature, p.number);
    snprintf(p.type, sizeof(p.type), "0x%x", entry.type);
    return h2k_table_add(mbr->table, &p);
}

/* ENTRY's range, its first sector counted from sector BASE. */
static struct h2k_table_range
range_of(struct h2k_mbr_entry entry, uint64_t base, uint32_t number)
{
    return (struct h2k_table_range){
        .offset = (base + entry.first) * SECTOR_SIZE,
        .length = (uint64_t)entry.count * SECTOR_SIZE,
        .number = number,
    };
}

/* Remember that the chain came through sector LBA. */
static int
visit(struct mbr *mbr, uint64_t lba)
{
    for (size_t i = 0; i < mbr->visited_count; i++)
        if (mbr->visited[i] == lba)
            return h2k_fail(H2K_E_CORRUPT,
                            "the chain of logical partitions comes back to "
                            "sector %" PRIu64 " before partition %" PRIu32,
                            lba, mbr->next_logical);
    if (mbr->visited_count == LOGICAL_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "the chain of logical partitions has more than %d "
                        "links",
                        LOGICAL_MAX);
    mbr->visited[mbr->visited_count++] = lba;
    return 0;
}

/* One link of the chain: the sector LBA of the extended partition at sector
 * START.  *NEXT is the next sector, 0 at the end. */
static int
read_link(struct mbr *mbr, uint64_t start, uint64_t lba, uint64_t *next)
{
    uint8_t bytes[H2K_MBR_SIZE];
    struct h2k_view sector = h2k_view_of(bytes, sizeof(bytes));
    bool found = false;
    *next = 0;
    if (visit(mbr, lba) < 0 || h2k_block_pread(mbr->disk, bytes, sizeof(bytes),
                                               lba * SECTOR_SIZE) < 0)
        return -1;
    if (!h2k_mbr_has_signature(sector)) {
        /* Linux ends here too, so the guest has seen no more than this. */
        h2k_table_problem(mbr->table,
                          "logical partitions end at sector %" PRIu64
                          ", which has no signature",
                          lba);
        return 0;
    }
    for (unsigned i = 0; i < H2K_MBR_ENTRIES; i++) {
        struct h2k_mbr_entry entry = h2k_mbr_entry(sector, i);
        if (entry.count == 0)
            continue;
        if (is_extended(entry)) {
            if (*next == 0)
                *next = start + entry.first;
        } else if (!found) {
            struct h2k_table_range range =
                range_of(entry, lba, mbr->next_logical++);
            found = true;
            mbr->logical[mbr->logical_count++] = range;
            if (add_partition(mbr, entry, range) < 0)
                return -1;
        }
    }
    return 0;
}

static int
read_extended(struct mbr *mbr, struct h2k_table_range extended)
{
    uint64_t start = extended.offset / SECTOR_SIZE;
    uint64_t sectors = extended.length / SECTOR_SIZE;
    mbr->logical_count = 0;
    for (uint64_t lba = start, next; lba != 0; lba = next) {
        if (!h2k_range_inside(lba - start, 1, sectors))
            return h2k_fail(H2K_E_CORRUPT,
                            "the chain of logical partitions leaves extended "
                            "partition %" PRIu32 " for sector %" PRIu64
                            " before partition %" PRIu32,
                            extended.number, lba, mbr->next_logical);
        if (read_link(mbr, start, lba, &next) < 0)
            return -1;
    }
    /* The extended partition's first sector is the chain's. */
    return h2k_table_check_ranges(
        mbr->logical, mbr->logical_count, extended.offset + SECTOR_SIZE,
        extended.offset + extended.length, "the extended partition");
}

/* The four entries: checked all together first, so that what an extended
 * one holds lies on the disk. */
static int
read_entries(struct mbr *mbr, struct h2k_view sector)
{
    struct h2k_table_range ranges[H2K_MBR_ENTRIES];
    size_t count = 0;
    for (unsigned i = 0; i < H2K_MBR_ENTRIES; i++) {
        struct h2k_mbr_entry entry = h2k_mbr_entry(sector, i);
        if (entry.count > 0)
            ranges[count++] = range_of(entry, 0, i + 1);
    }
    if (h2k_table_check_ranges(ranges, count, SECTOR_SIZE,
                               h2k_block_size(mbr->disk), "the disk") < 0)
        return -1;
    for (unsigned i = 0; i < H2K_MBR_ENTRIES; i++) {
        struct h2k_mbr_entry entry = h2k_mbr_entry(sector, i);
        if (entry.count > 0 && !is_extended(entry) &&
            add_partition(mbr, entry, range_of(entry, 0, i + 1)) < 0)
            return -1;
    }
    for (unsigned i = 0; i < H2K_MBR_ENTRIES; i++) {
        struct h2k_mbr_entry entry = h2k_mbr_entry(sector, i);
        if (entry.count > 0 && is_extended(entry) &&
            read_extended(mbr, range_of(entry, 0, i + 1)) < 0)
            return -1;
    }
    return 0;
}

struct h2k_partition_table *
h2k_mbr_read(struct h2k_block *disk)
{
    uint8_t bytes[H2K_MBR_SIZE];
    struct h2k_view sector = h2k_view_of(bytes, sizeof(bytes));
    if (h2k_block_size(disk) < sizeof(bytes))
        return h2k_fail_null(H2K_E_NOENT, "no partition table");
    if (h2k_block_pread(disk, bytes, sizeof(bytes), 0) < 0)
        return NULL;
    if (!is_table(sector))
        return h2k_fail_null(H2K_E_NOENT, "no partition table");
    H2K_AUTO(h2k_partition_table) table = h2k_table_new("mbr", SECTOR_SIZE);
    if (table == NULL)
        return NULL;
    struct mbr mbr = { .disk = disk,
                       .table = table,
                       .signature = h2k_view_le32(sector, 440),
                       .next_logical = FIRST_LOGICAL };
    snprintf(table->id, sizeof(table->id), "0x%08" PRIx32, mbr.signature);
    if (read_entries(&mbr, sector) < 0) {
        h2k_prefix("MBR partition table: ");
        return NULL;
    }
    return h2k_steal(table);
}
