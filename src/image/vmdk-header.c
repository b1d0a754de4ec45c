/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The header of a sparse extent, and the footer of a stream. */
#include "image/vmdk.h"

#include "base/error.h"
#include "base/view.h"

#include <inttypes.h>

#define SECTOR H2K_VMDK_SECTOR

/* SparseExtentHeader ("Hosted Sparse Extents"): packed, little-endian. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_FLAGS = 8,
    AT_CAPACITY = 12,
    AT_GRAIN_SIZE = 20,
    AT_DESCRIPTOR_OFFSET = 28,
    AT_DESCRIPTOR_SIZE = 36,
    AT_TABLE_ENTRIES = 44,
    AT_REDUNDANT_DIRECTORY = 48,
    AT_DIRECTORY = 56,
    AT_OVERHEAD = 64,
    AT_UNCLEAN = 72,
    AT_NEWLINES = 73,
    AT_ALGORITHM = 77,
};

#define MAGIC UINT32_C(0x564d444b) /* "KDMV" in the file */
#define DIRECTORY_AT_END H2K_VMDK_DIRECTORY_AT_END

#define FLAG_NEWLINES UINT32_C(0x1)
#define FLAG_REDUNDANT UINT32_C(0x2)
#define FLAG_ZEROED UINT32_C(0x4)
#define FLAG_COMPRESSED UINT32_C(0x10000)
#define FLAG_MARKERS UINT32_C(0x20000)

#define ALGORITHM_NONE 0
#define ALGORITHM_DEFLATE 1

/* The specification has grains of 64 KiB and allows other powers of two from
 * 4 KiB on; tables have 512 entries.  The upper bounds are ours: they keep a
 * decoded grain and a table small. */
#define GRAIN_SECTORS_MIN 8
#define GRAIN_SECTORS_MAX (UINT64_C(16) << 11)
#define TABLE_ENTRIES_MAX 4096

static int
check_kind(struct h2k_view v, const char *what)
{
    if (h2k_view_le32(v, AT_MAGIC) != MAGIC)
        return h2k_fail(H2K_E_CORRUPT, "no VMDK %s", what);
    uint32_t version = h2k_view_le32(v, AT_VERSION);
    if (version < 1 || version > 3)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "VMDK version %" PRIu32 " in its %s: 1 to 3 are known",
                        version, what);
    uint32_t flags = h2k_view_le32(v, AT_FLAGS);
    if ((flags & FLAG_NEWLINES) != 0 &&
        !h2k_view_equal(v, AT_NEWLINES, "\n \r\n", 4))
        return h2k_fail(H2K_E_CORRUPT,
                        "the %s's line ends were rewritten: it was copied in "
                        "text mode; copy it again in binary mode",
                        what);
    return 0;
}

static int
check_compression(struct h2k_view v, struct h2k_vmdk_header *h)
{
    uint32_t flags = h2k_view_le32(v, AT_FLAGS);
    uint16_t algorithm = h2k_view_le16(v, AT_ALGORITHM);
    h->compressed = (flags & FLAG_COMPRESSED) != 0;
    if (algorithm != ALGORITHM_NONE && algorithm != ALGORITHM_DEFLATE)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "VMDK compression algorithm %u: only deflate (1) is "
                        "known",
                        algorithm);
    if (h->compressed != (algorithm == ALGORITHM_DEFLATE))
        return h2k_fail(H2K_E_CORRUPT,
                        "the header says both that grains are compressed and "
                        "that they are not (flags %#" PRIx32 ", algorithm %u)",
                        flags, algorithm);
    if (h->compressed && (flags & FLAG_MARKERS) == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "compressed grains without markers");
    return 0;
}

static int
check_geometry(const struct h2k_vmdk_header *h)
{
    if (h->capacity > H2K_BLOCK_SIZE_MAX / SECTOR)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "a capacity of %" PRIu64 " sectors: more than 1 PiB",
                        h->capacity);
    if (!h2k_is_power_of_two(h->grain_size) ||
        h->grain_size < GRAIN_SECTORS_MIN || h->grain_size > GRAIN_SECTORS_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "a grain size of %" PRIu64 " sectors: a power of two "
                        "from %d to %" PRIu64 " is expected",
                        h->grain_size, GRAIN_SECTORS_MIN, GRAIN_SECTORS_MAX);
    if (!h2k_is_power_of_two(h->table_entries) ||
        h->table_entries > TABLE_ENTRIES_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "grain tables of %" PRIu32
                        " entries: 512 are expected",
                        h->table_entries);
    return 0;
}

static int
check_descriptor(const struct h2k_vmdk_header *h, uint64_t file_size)
{
    if (h->descriptor_offset == 0)
        return 0;
    if (h->descriptor_size > H2K_VMDK_DESCRIPTOR_MAX / SECTOR)
        return h2k_fail(H2K_E_CORRUPT,
                        "an embedded descriptor of %" PRIu64
                        " sectors: %d are allowed",
                        h->descriptor_size, H2K_VMDK_DESCRIPTOR_MAX / SECTOR);
    if (!h2k_range_inside(h->descriptor_offset, h->descriptor_size,
                          file_size / SECTOR))
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64
                        ": the embedded descriptor, at sector %" PRIu64
                        ", lies beyond it",
                        file_size, h->descriptor_offset);
    return 0;
}

int
h2k_vmdk_header_parse(struct h2k_view v, const char *what, uint64_t file_size,
                      struct h2k_vmdk_header *h)
{
    if (check_kind(v, what) < 0)
        return -1;
    uint32_t flags = h2k_view_le32(v, AT_FLAGS);
    *h = (struct h2k_vmdk_header){
        .version = h2k_view_le32(v, AT_VERSION),
        .capacity = h2k_view_le64(v, AT_CAPACITY),
        .grain_size = h2k_view_le64(v, AT_GRAIN_SIZE),
        .descriptor_offset = h2k_view_le64(v, AT_DESCRIPTOR_OFFSET),
        .descriptor_size = h2k_view_le64(v, AT_DESCRIPTOR_SIZE),
        .table_entries = h2k_view_le32(v, AT_TABLE_ENTRIES),
        .directory = h2k_view_le64(v, AT_DIRECTORY),
        .overhead = h2k_view_le64(v, AT_OVERHEAD),
        .zeroed_grains = (flags & FLAG_ZEROED) != 0,
        .unclean = h2k_view_u8(v, AT_UNCLEAN) != 0,
    };
    if ((flags & FLAG_REDUNDANT) != 0)
        h->redundant_directory = h2k_view_le64(v, AT_REDUNDANT_DIRECTORY);
    if (check_compression(v, h) < 0 || check_geometry(h) < 0 ||
        check_descriptor(h, file_size) < 0)
        return -1;
    return 0;
}

static bool
is_marker(struct h2k_view v, uint64_t at, uint64_t sectors, uint32_t type)
{
    return h2k_view_le64(v, at) == sectors && h2k_view_le32(v, at + 8) == 0 &&
           h2k_view_le32(v, at + 12) == type;
}

int
h2k_vmdk_footer_check(const struct h2k_vmdk_header *header,
                      const struct h2k_vmdk_header *footer)
{
    if (footer->capacity != header->capacity ||
        footer->grain_size != header->grain_size ||
        footer->table_entries != header->table_entries ||
        footer->compressed != header->compressed)
        return h2k_fail(H2K_E_CORRUPT, "footer and header do not agree");
    if (footer->directory == DIRECTORY_AT_END)
        return h2k_fail(H2K_E_CORRUPT,
                        "neither header nor footer says where the grain "
                        "directory is");
    return 0;
}

/* A stream ends with three sectors: the footer's marker, the footer, which is
 * the header again with the directory's place filled in, and the
 * end-of-stream marker. */
static int
footer_read(struct h2k_block *file, struct h2k_vmdk_header *h)
{
    uint8_t end[3 * SECTOR];
    struct h2k_view v = h2k_view_of(end, sizeof(end)), footer;
    struct h2k_vmdk_header first = *h;
    uint64_t size = h2k_block_size(file);
    if (size < SECTOR + sizeof(end))
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64 ", before its footer",
                        size);
    if (h2k_block_pread(file, end, sizeof(end), size - sizeof(end)) < 0)
        return h2k_prefix("footer: ");
    if (!is_marker(v, 0, 1, H2K_VMDK_MARKER_FOOTER) ||
        !is_marker(v, 2 * SECTOR, 0, H2K_VMDK_MARKER_END))
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64
                        ": a streamOptimized image ends with a footer, and "
                        "there is none; export or copy it again",
                        size);
    h2k_view_slice(v, SECTOR, SECTOR, &footer);
    if (h2k_vmdk_header_parse(footer, "footer", size, h) < 0)
        return -1;
    if (h2k_vmdk_footer_check(&first, h) < 0)
        return -1;
    h->descriptor_offset = first.descriptor_offset;
    h->descriptor_size = first.descriptor_size;
    h->footer = true;
    return 0;
}

int
h2k_vmdk_header_read(struct h2k_block *file, struct h2k_vmdk_header *h)
{
    uint8_t sector[SECTOR];
    uint64_t size = h2k_block_size(file);
    if (size < SECTOR)
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64 ", inside its header",
                        size);
    if (h2k_block_pread(file, sector, SECTOR, 0) < 0)
        return h2k_prefix("header: ");
    struct h2k_view v = h2k_view_of(sector, SECTOR);
    if (h2k_vmdk_header_parse(v, "header", size, h) < 0)
        return -1;
    return h->directory == DIRECTORY_AT_END ? footer_read(file, h) : 0;
}
