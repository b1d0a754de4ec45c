/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * GUID partition tables: UEFI Specification 2.10, section 5.3.
 *
 * The table stands on the disk twice: a header in sector 1 with its array of
 * entries behind it, and the same in the other order at the disk's end.  A
 * header (section 5.3.2), numbers little-endian, LBAs in sectors:
 *
 *    0  u8[8]  "EFI PART"
 *    8  u32    revision
 *   12  u32    size of this header, 92 to a sector
 *   16  u32    CRC-32 of that many bytes, with this field as zero
 *   20  u32    reserved
 *   24  u64    the LBA of this header
 *   32  u64    the LBA of the other one
 *   40  u64    the first LBA that a partition may use
 *   48  u64    the last one, inclusive
 *   56  u8[16] the disk's GUID
 *   72  u64    the LBA of the array of entries
 *   80  u32    number of entries
 *   84  u32    size of an entry: 128 * 2^n bytes
 *   88  u32    CRC-32 of the array
 *
 * An entry (section 5.3.3):
 *
 *    0  u8[16] type, zero for an unused entry
 *   16  u8[16] the partition's own GUID
 *   32  u64    first LBA
 *   40  u64    last LBA, inclusive
 *   48  u64    attributes
 *   56  u16[36] name in UTF-16
 *
 * As in Linux, the table is believed only where the MBR says that it is the
 * disk's (section 5.2.3): one without is what an earlier use has left.
 */
#include "volume/table.h"

#include "base/error.h"
#include "base/view.h"
#include "volume/mbr.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#define GPT_SIGNATURE "EFI PART"
#define GPT_HEADER_SIZE 92
#define GPT_ENTRY_SIZE 128
#define GPT_NAME_UNITS 36
#define GPT_LEGACY_BOOTABLE (UINT64_C(1) << 2)
#define GPT_ARRAY_MAX (UINT64_C(1) << 20)
#define SECTOR_SIZE_MAX 4096

/* Sector sizes that disks have; a table tells its own by where it stands. */
static const uint32_t sector_sizes[] = { 512, 4096 };
#define SECTOR_SIZES (sizeof(sector_sizes) / sizeof(sector_sizes[0]))

/* One of the two copies, once it can be believed. */
struct gpt_copy {
    bool seen; /* there is a header, good or not */
    uint32_t sector_size;
    uint64_t lba, other_lba;
    uint64_t first_usable, last_usable;
    uint64_t entries_lba;
    uint32_t count, entry_size, entries_crc;
    uint8_t guid[16];
    bool cut_short;   /* the disk that it describes was larger */
    uint8_t *entries; /* owned */
};

static void
copy_free(struct gpt_copy *copy)
{
    free(copy->entries);
    *copy = (struct gpt_copy){ 0 };
}

#define AUTO_COPY __attribute__((cleanup(copy_free))) struct gpt_copy

/* The first three fields are stored little-endian (Appendix A). */
static void
format_guid(const uint8_t *guid, char text[H2K_UUID_TEXT])
{
    snprintf(text, H2K_UUID_TEXT,
             "%08" PRIx32 "-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             h2k_get_le32(guid), h2k_get_le16(guid + 4),
             h2k_get_le16(guid + 6), guid[8], guid[9], guid[10], guid[11],
             guid[12], guid[13], guid[14], guid[15]);
}

static bool
is_zero_guid(const uint8_t *guid)
{
    static const uint8_t zero[16];
    return memcmp(guid, zero, sizeof(zero)) == 0;
}

/* The header's CRC counts its own field as zero. */
static bool
header_crc_is_right(struct h2k_view header, uint32_t size)
{
    static const uint8_t zero[4];
    uint32_t crc = libdeflate_crc32(0, header.data, 16);
    crc = libdeflate_crc32(crc, zero, sizeof(zero));
    crc = libdeflate_crc32(crc, header.data + 20, size - 20);
    return crc == h2k_view_le32(header, 16);
}

/* The order of checks is the specification's: nothing is believed before
 * the CRC. */
static int
parse_header(struct h2k_view header, uint64_t lba, struct gpt_copy *copy)
{
    uint32_t size = h2k_view_le32(header, 12);
    copy->seen = h2k_view_equal(header, 0, GPT_SIGNATURE, 8);
    if (!copy->seen)
        return h2k_fail(H2K_E_CORRUPT, "no header in sector %" PRIu64, lba);
    if (size < GPT_HEADER_SIZE || size > header.size)
        return h2k_fail(H2K_E_CORRUPT,
                        "the header in sector %" PRIu64 " says it has %" PRIu32
                        " bytes",
                        lba, size);
    if (!header_crc_is_right(header, size))
        return h2k_fail(H2K_E_CORRUPT,
                        "the header in sector %" PRIu64
                        " does not match its checksum",
                        lba);
    if (h2k_view_le64(header, 24) != lba)
        return h2k_fail(H2K_E_CORRUPT,
                        "the header in sector %" PRIu64
                        " is that of sector %" PRIu64,
                        lba, h2k_view_le64(header, 24));
    copy->sector_size = (uint32_t)header.size;
    copy->lba = lba;
    copy->other_lba = h2k_view_le64(header, 32);
    copy->first_usable = h2k_view_le64(header, 40);
    copy->last_usable = h2k_view_le64(header, 48);
    memcpy(copy->guid, header.data + 56, sizeof(copy->guid));
    copy->entries_lba = h2k_view_le64(header, 72);
    copy->count = h2k_view_le32(header, 80);
    copy->entry_size = h2k_view_le32(header, 84);
    copy->entries_crc = h2k_view_le32(header, 88);
    return 0;
}

static int
check_usable(struct gpt_copy *copy, uint64_t sectors)
{
    copy->cut_short = copy->last_usable >= sectors;
    if (copy->cut_short)
        return h2k_fail(H2K_E_CORRUPT,
                        "the header in sector %" PRIu64
                        " is for a disk of more than %" PRIu64
                        " sectors, and this one ends at %" PRIu64
                        ": the image is cut short",
                        copy->lba, copy->last_usable, sectors);
    if (copy->first_usable > copy->last_usable)
        return h2k_fail(H2K_E_CORRUPT,
                        "the header in sector %" PRIu64
                        " leaves no room for partitions",
                        copy->lba);
    return 0;
}

static int
load_entries(struct h2k_block *disk, struct gpt_copy *copy)
{
    uint64_t size = (uint64_t)copy->count * copy->entry_size;
    uint64_t offset;
    if (copy->entry_size < GPT_ENTRY_SIZE ||
        !h2k_is_power_of_two(copy->entry_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "the header in sector %" PRIu64
                        " says an entry has %" PRIu32 " bytes",
                        copy->lba, copy->entry_size);
    if (ckd_mul(&offset, copy->entries_lba, (uint64_t)copy->sector_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "the header in sector %" PRIu64
                        " has its entries at sector %" PRIu64,
                        copy->lba, copy->entries_lba);
    copy->entries = h2k_block_read_alloc(disk, offset, size, GPT_ARRAY_MAX,
                                         "array of entries");
    if (copy->entries == NULL)
        return -1;
    if (libdeflate_crc32(0, copy->entries, (size_t)size) != copy->entries_crc)
        return h2k_fail(H2K_E_CORRUPT,
                        "the entries at sector %" PRIu64
                        " do not match their checksum",
                        copy->entries_lba);
    return 0;
}

/* The copy whose header is in sector LBA, or H2K_E_CORRUPT with the
 * reason; *COPY is to be freed in any case. */
static int
read_copy(struct h2k_block *disk, uint32_t sector_size, uint64_t lba,
          struct gpt_copy *copy)
{
    uint8_t sector[SECTOR_SIZE_MAX];
    uint64_t sectors = h2k_block_size(disk) / sector_size;
    copy_free(copy);
    if (lba >= sectors)
        return h2k_fail(H2K_E_CORRUPT,
                        "sector %" PRIu64 " is beyond the end of the disk",
                        lba);
    if (h2k_block_pread(disk, sector, sector_size, lba * sector_size) < 0 ||
        parse_header(h2k_view_of(sector, sector_size), lba, copy) < 0 ||
        check_usable(copy, sectors) < 0)
        return -1;
    return load_entries(disk, copy);
}

/* The sector that a damaged first header names for the other: a hint, for
 * the disk that has grown since. */
static int
read_hint(struct h2k_block *disk, uint32_t sector_size, uint64_t *lba)
{
    uint8_t header[GPT_HEADER_SIZE];
    *lba = 0;
    if (h2k_block_size(disk) < 2 * (uint64_t)sector_size)
        return 0;
    if (h2k_block_pread(disk, header, sizeof(header), sector_size) < 0)
        return -1;
    *lba = h2k_get_le64(header + 32);
    return 0;
}

/* 1 with the first copy, 0 when it is damaged with the reason in REASON, and
 * CUT_SHORT when that is all that is wrong with it. */
static int
find_first(struct h2k_block *disk, struct gpt_copy *copy,
           struct h2k_saved_error *reason, bool *cut_short)
{
    *cut_short = false;
    for (size_t i = 0; i < SECTOR_SIZES; i++) {
        if (read_copy(disk, sector_sizes[i], 1, copy) == 0)
            return 1;
        if (h2k_errcode() != H2K_E_CORRUPT)
            return -1;
        if (i == 0 || copy->seen)
            h2k_error_save(reason);
        *cut_short |= copy->cut_short;
    }
    return 0;
}

/* The same with the copy at the end. */
static int
find_backup(struct h2k_block *disk, struct gpt_copy *copy,
            struct h2k_saved_error *reason)
{
    for (size_t i = 0; i < SECTOR_SIZES; i++) {
        uint64_t lbas[2] = { h2k_block_size(disk) / sector_sizes[i], 0 };
        lbas[0] -= lbas[0] > 0;
        if (read_hint(disk, sector_sizes[i], &lbas[1]) < 0)
            return -1;
        for (size_t j = 0; j < 2; j++) {
            if (lbas[j] < 2)
                continue;
            if (read_copy(disk, sector_sizes[i], lbas[j], copy) == 0)
                return 1;
            if (h2k_errcode() != H2K_E_CORRUPT)
                return -1;
            if ((i == 0 && j == 0) || copy->seen)
                h2k_error_save(reason);
        }
    }
    return 0;
}

/* The first copy is good; is the second, and is it the same? */
static int
check_backup(struct h2k_block *disk, const struct gpt_copy *first,
             struct h2k_partition_table *table)
{
    AUTO_COPY backup = { 0 };
    if (read_copy(disk, first->sector_size, first->other_lba, &backup) < 0) {
        if (h2k_errcode() != H2K_E_CORRUPT)
            return -1;
        h2k_table_problem(table, "the backup is damaged: %s", h2k_errmsg());
    } else if (backup.entries_crc != first->entries_crc ||
               memcmp(backup.guid, first->guid, sizeof(backup.guid)) != 0) {
        h2k_table_problem(table, "the backup differs; the first is used");
    }
    return 0;
}

/* One code point of UTF-16 at UNITS[*AT], of COUNT; U+FFFD for a surrogate
 * without its other half. */
static uint32_t
next_code_point(struct h2k_view units, size_t *at)
{
    uint32_t high = h2k_view_le16(units, *at);
    uint32_t low = h2k_view_le16(units, *at + 2);
    *at += 2;
    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *at += 2;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static char *
put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *out++ = (char)(((0xff00u >> (more + 1)) & 0xff) | (c >> (6 * more)));
    while (more-- > 0)
        *out++ = (char)(0x80 | ((c >> (6 * more)) & 0x3f));
    return out;
}

/* A name of UTF-16 units, to its end or the first zero. */
static void
format_name(struct h2k_view units, char *out)
{
    for (size_t at = 0; at < units.size;) {
        uint32_t c = next_code_point(units, &at);
        if (c == 0)
            break;
        out = put_utf8(out, c);
    }
    *out = '\0';
}

/* Entry INDEX into *P.  One that ends before it begins has 0 bytes, and
 * what does not fit is the largest number, for the check of ranges to
 * find. */
static void
parse_entry(const struct gpt_copy *copy, struct h2k_view entry, uint32_t index,
            struct h2k_partition *p)
{
    uint64_t first = h2k_view_le64(entry, 32);
    uint64_t last = h2k_view_le64(entry, 40);
    struct h2k_view name;
    *p = (struct h2k_partition){ .number = index + 1 };
    p->bootable = (h2k_view_le64(entry, 48) & GPT_LEGACY_BOOTABLE) != 0;
    format_guid(entry.data, p->type);
    format_guid(entry.data + 16, p->uuid);
    h2k_view_slice(entry, 56, 2 * GPT_NAME_UNITS, &name);
    format_name(name, p->label);
    if (ckd_mul(&p->offset, first, (uint64_t)copy->sector_size))
        p->offset = UINT64_MAX;
    if (last < first)
        p->length = 0;
    else if (ckd_add(&p->length, last - first, 1) ||
             ckd_mul(&p->length, p->length, (uint64_t)copy->sector_size))
        p->length = UINT64_MAX;
}

static int
check_entries(const struct gpt_copy *copy,
              const struct h2k_partition_table *table)
{
    h2k_autofree struct h2k_table_range *ranges =
        malloc((table->count + 1) * sizeof(*ranges));
    if (ranges == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < table->count; i++)
        ranges[i] = (struct h2k_table_range){
            .offset = table->partitions[i].offset,
            .length = table->partitions[i].length,
            .number = table->partitions[i].number,
        };
    return h2k_table_check_ranges(
        ranges, table->count, copy->first_usable * copy->sector_size,
        (copy->last_usable + 1) * copy->sector_size,
        "the part of the disk that the table gives to partitions");
}

static struct h2k_partition_table *
table_of(const struct gpt_copy *copy)
{
    H2K_AUTO(h2k_partition_table)
    table = h2k_table_new("gpt", copy->sector_size);
    if (table == NULL)
        return NULL;
    format_guid(copy->guid, table->id);
    struct h2k_view array =
        h2k_view_of(copy->entries, (size_t)copy->count * copy->entry_size);
    for (uint32_t i = 0; i < copy->count; i++) {
        struct h2k_view entry;
        struct h2k_partition p;
        if (!h2k_view_slice(array, (uint64_t)i * copy->entry_size,
                            GPT_ENTRY_SIZE, &entry) ||
            is_zero_guid(entry.data))
            continue;
        parse_entry(copy, entry, i, &p);
        if (h2k_table_add(table, &p) < 0)
            return NULL;
    }
    if (check_entries(copy, table) < 0)
        return NULL;
    return h2k_steal(table);
}

/* Does the MBR give the disk to a GPT?  1, 0, or -1. */
static int
is_protected(struct h2k_block *disk)
{
    uint8_t sector[H2K_MBR_SIZE];
    if (h2k_block_size(disk) < sizeof(sector))
        return 0;
    if (h2k_block_pread(disk, sector, sizeof(sector), 0) < 0)
        return -1;
    return h2k_mbr_is_protective(h2k_view_of(sector, sizeof(sector)));
}

static struct h2k_partition_table *
read_believed(struct h2k_block *disk)
{
    AUTO_COPY copy = { 0 };
    struct h2k_saved_error first, backup = { .message = "not there" };
    bool cut_short = false;
    int rc = find_first(disk, &copy, &first, &cut_short);
    if (rc < 0)
        return NULL;
    bool used_backup = rc == 0;
    if (used_backup) {
        rc = find_backup(disk, &copy, &backup);
        if (rc < 0)
            return NULL;
        if (rc == 0 && cut_short)
            return h2k_fail_null(H2K_E_SOURCE, "%s; export or copy it again",
                                 first.message);
        if (rc == 0)
            return h2k_fail_null(H2K_E_CORRUPT,
                                 "no copy can be trusted; the first: "
                                 "%.300s; the backup: %.300s",
                                 first.message, backup.message);
    }
    H2K_AUTO(h2k_partition_table) table = table_of(&copy);
    if (table == NULL)
        return NULL;
    table->used_backup = used_backup;
    if (used_backup)
        h2k_table_problem(table, "the backup is used: %s", first.message);
    else if (check_backup(disk, &copy, table) < 0)
        return NULL;
    return h2k_steal(table);
}

struct h2k_partition_table *
h2k_gpt_read(struct h2k_block *disk)
{
    int rc = is_protected(disk);
    if (rc == 0)
        return h2k_fail_null(H2K_E_NOENT, "no GUID partition table");
    struct h2k_partition_table *table = rc < 0 ? NULL : read_believed(disk);
    if (table == NULL)
        h2k_prefix("GUID partition table: ");
    return table;
}
