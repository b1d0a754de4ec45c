/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The grain directory and the grain tables of a sparse extent. */
#include "image/vmdk-sparse.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/log.h"

#include <inttypes.h>
#include <string.h>

#define SECTOR H2K_VMDK_SECTOR

/* 8 Mi tables: 256 TiB in grains of 64 KiB. */
#define DIRECTORY_SIZE_MAX (UINT64_C(32) << 20)
/* How many tables without a grain are passed when the last grain is looked
 * for on opening. */
#define LAST_TABLES_MAX 64

static bool
overlap(uint64_t begin, uint64_t end, uint64_t offset, uint64_t length)
{
    return begin < offset + length && offset < end;
}

/* Does [begin, end) of the file touch what stands at a fixed place?  Nothing
 * touches the header: its sector, 0, stands for none. */
static bool
in_metadata(const struct h2k_vmdk_sparse *s, uint64_t begin, uint64_t end)
{
    const struct h2k_vmdk_header *h = &s->header;
    return overlap(begin, end, h->descriptor_offset * SECTOR,
                   h->descriptor_size * SECTOR) ||
           overlap(begin, end, h->directory * SECTOR,
                   s->directory_count * H2K_VMDK_ENTRY_SIZE);
}

/* How long a compressed grain is stands in its marker. */
int
h2k_vmdk_entry_check(const struct h2k_vmdk_sparse *s, uint64_t number,
                     uint32_t entry)
{
    uint64_t begin = (uint64_t)entry * SECTOR;
    uint64_t end =
        begin + (s->header.compressed ? 1 : h2k_vmdk_grain_needed(s, number));
    if (end > s->file_size)
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64 ": the grain of sector "
                        "%" PRIu64 " lies beyond it, at byte %" PRIu64,
                        s->file_size, number * s->header.grain_size, begin);
    if (in_metadata(s, begin, end))
        return h2k_fail(H2K_E_CORRUPT,
                        "the grain of sector %" PRIu64 ", at byte %" PRIu64
                        ", overlaps the image's own tables",
                        number * s->header.grain_size, begin);
    return 0;
}

/* How many entries of table NUMBER stand for a part of the disk. */
static uint64_t
table_used(const struct h2k_vmdk_sparse *s, uint64_t number)
{
    uint64_t first = number * s->header.table_entries;
    uint64_t grains = h2k_div_up(s->size, s->grain_size);
    return h2k_min_u64(s->header.table_entries, grains - first);
}

static bool
table_good(const struct h2k_vmdk_sparse *s, uint64_t number,
           const uint8_t *table)
{
    uint64_t first = number * s->header.table_entries;
    uint64_t used = table_used(s, number);
    for (uint64_t i = 0; i < used; i++) {
        uint32_t entry = h2k_vmdk_entry(table, i);
        if (h2k_vmdk_entry_kind(s, entry) == H2K_EXTENT_DATA &&
            h2k_vmdk_entry_check(s, first + i, entry) < 0)
            return false;
    }
    return true;
}

static int
check_table_place(const struct h2k_vmdk_sparse *s, uint64_t number,
                  uint32_t entry)
{
    uint64_t offset = (uint64_t)entry * SECTOR;
    if (!h2k_range_inside(offset, s->table_size, s->file_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64 ": grain table %" PRIu64
                        " lies beyond it, at byte %" PRIu64,
                        s->file_size, number, offset);
    if (in_metadata(s, offset, offset + s->table_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "grain table %" PRIu64 ", at byte %" PRIu64
                        ", overlaps the image's header or directory",
                        number, offset);
    return 0;
}

/* Table NUMBER of the redundant directory, when it is whole and good. */
static int
redundant_table_read(const struct h2k_vmdk_sparse *s, uint64_t number,
                     void *table)
{
    uint8_t entry[H2K_VMDK_ENTRY_SIZE];
    uint64_t at = s->redundant * SECTOR + number * H2K_VMDK_ENTRY_SIZE;
    if (s->redundant == 0 ||
        !h2k_range_inside(at, H2K_VMDK_ENTRY_SIZE, s->file_size) ||
        h2k_block_pread(s->file, entry, H2K_VMDK_ENTRY_SIZE, at) < 0)
        return -1;
    uint32_t sector = h2k_get_le32(entry);
    if (sector == H2K_VMDK_ENTRY_NONE ||
        check_table_place(s, number, sector) < 0 ||
        h2k_block_pread(s->file, table, s->table_size,
                        (uint64_t)sector * SECTOR) < 0)
        return -1;
    return table_good(s, number, table) ? 0 : -1;
}

/* The table as the directory has it; where that one is damaged the redundant
 * one, if that is good.  If neither is, the entries that are good still
 * serve, and the others fail where they are used. */
static int
table_fill(void *opaque, uint64_t number, void *table)
{
    struct h2k_vmdk_sparse *s = opaque;
    uint64_t offset = (uint64_t)h2k_vmdk_entry(s->directory, number) * SECTOR;
    int rc = h2k_block_pread(s->file, table, s->table_size, offset);
    if (rc == 0 && table_good(s, number, table))
        return 0;
    struct h2k_saved_error error;
    h2k_error_save(&error);
    h2k_autofree uint8_t *other = malloc(s->table_size);
    if (other != NULL && redundant_table_read(s, number, other) == 0) {
        h2k_log(H2K_LOG_WARNING,
                "vmdk: grain table %" PRIu64
                " is damaged: using its redundant copy",
                number);
        memcpy(table, other, s->table_size);
        return 0;
    }
    if (rc == 0)
        return 0;
    h2k_error_restore(&error);
    return h2k_prefix("grain table %" PRIu64 ": ", number);
}

const struct h2k_cache_entry *
h2k_vmdk_table_get(struct h2k_vmdk_sparse *s, uint64_t number)
{
    return h2k_cache_get(s->tables, number, table_fill, s);
}

/* Load the directory at SECTOR and check where its tables are. */
static int
directory_load(struct h2k_vmdk_sparse *s, uint64_t sector)
{
    if (sector == 0 || sector > s->file_size / SECTOR)
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64
                        ", or damaged: the grain directory is at sector "
                        "%" PRIu64,
                        s->file_size, sector);
    h2k_autofree uint8_t *directory = h2k_block_read_alloc(
        s->file, sector * SECTOR, s->directory_count * H2K_VMDK_ENTRY_SIZE,
        DIRECTORY_SIZE_MAX, "grain directory");
    if (directory == NULL)
        return -1;
    s->header.directory = sector;
    for (uint64_t i = 0; i < s->directory_count; i++) {
        uint32_t entry = h2k_vmdk_entry(directory, i);
        if (entry != H2K_VMDK_ENTRY_NONE && check_table_place(s, i, entry) < 0)
            return -1;
    }
    s->directory = h2k_steal(directory);
    return 0;
}

static int
directory_load_either(struct h2k_vmdk_sparse *s)
{
    struct h2k_saved_error error;
    if (directory_load(s, s->header.directory) == 0) {
        s->redundant = s->header.redundant_directory;
        if (s->redundant > s->file_size / SECTOR)
            s->redundant = 0;
        return 0;
    }
    h2k_error_save(&error);
    if (s->header.redundant_directory == 0 ||
        directory_load(s, s->header.redundant_directory) < 0)
        return h2k_error_restore(&error);
    h2k_log(H2K_LOG_WARNING,
            "vmdk: using the redundant grain directory, for the first is "
            "damaged: %s",
            error.message);
    return 0;
}

/* Writers append, so a file that was cut short mostly misses its last grains:
 * better to know before hours of copying.  False in *ANY: table NUMBER has no
 * grain. */
static int
check_grains_of(struct h2k_vmdk_sparse *s, uint64_t number, bool *any)
{
    uint64_t first = number * s->header.table_entries;
    uint64_t used = table_used(s, number);
    const struct h2k_cache_entry *table = h2k_vmdk_table_get(s, number);
    if (table == NULL)
        return -1;
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && i < used; i++) {
        uint32_t entry = h2k_vmdk_entry(table->data, i);
        if (h2k_vmdk_entry_kind(s, entry) != H2K_EXTENT_DATA)
            continue;
        *any = true;
        rc = h2k_vmdk_entry_check(s, first + i, entry);
    }
    h2k_cache_release(s->tables, table);
    return rc;
}

static int
check_last_grains(struct h2k_vmdk_sparse *s)
{
    bool any = false;
    unsigned seen = 0;
    for (uint64_t i = s->directory_count;
         i-- > 0 && !any && seen < LAST_TABLES_MAX;) {
        if (h2k_vmdk_entry(s->directory, i) == H2K_VMDK_ENTRY_NONE)
            continue;
        seen++;
        if (check_grains_of(s, i, &any) < 0)
            return -1;
    }
    return 0;
}

int
h2k_vmdk_tables_load(struct h2k_vmdk_sparse *s)
{
    return directory_load_either(s) < 0 ? -1 : check_last_grains(s);
}
