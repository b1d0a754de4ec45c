/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The bytes are gathered into units, each as long as the state wants it:
 * a sector, a marker, a grain.  A whole unit is taken, and tells what comes
 * next.
 */
#include "image/vmdk-stream.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/zero.h"
#include "image/vmdk-stream-tables.h"

#include <inttypes.h>
#include <string.h>

#define SECTOR ((size_t)H2K_VMDK_SECTOR)
/* Of a marker, what tells a grain from metadata. */
#define MARKER_SIZE ((size_t)16)
#define DIRECTORY_SIZE_MAX (UINT64_C(32) << 20)

enum state {
    STATE_HEADER,
    STATE_FRONT, /* a sector before overHead */
    STATE_MARKER,
    STATE_GRAIN,
    STATE_PADDING, /* behind a grain, up to a whole sector */
    STATE_METADATA,
    STATE_TABLE,
    STATE_DIRECTORY,
    STATE_FOOTER,
    STATE_END,
};

struct h2k_vmdk_stream {
    const struct h2k_vmdk_stream_ops *ops;
    void *opaque;
    uint64_t at; /* bytes that came */

    enum state state;
    uint8_t *unit;
    size_t capacity, filled, wanted;

    struct h2k_vmdk_header header;
    uint64_t size;     /* of the disk, in bytes */
    size_t grain_size; /* bytes */
    size_t table_size; /* bytes */
    char *text;        /* the descriptor */
    size_t text_size;

    uint8_t *directory; /* as in the file */
    uint64_t directory_count;
    size_t directory_size, directory_filled; /* bytes */
    uint64_t directory_sector;               /* where it stood; 0: not yet */
    bool in_front; /* directory and tables are before overHead */

    /* The table that passes: its sector, its bytes that have passed, and the
     * sum of its entries.  In front, also its number. */
    uint64_t table_sector, table_number;
    size_t table_filled;
    uint64_t table_sum;
    uint64_t sectors_left; /* of a table or directory behind its marker */

    uint64_t next_grain; /* the lowest number that may come */
    bool footer;
    struct h2k_vmdk_sums expected, found;
};

struct h2k_vmdk_stream *
h2k_vmdk_stream_new(const struct h2k_vmdk_stream_ops *ops, void *opaque)
{
    struct h2k_vmdk_stream *s = calloc(1, sizeof(*s));
    if (s != NULL)
        s->unit = malloc(SECTOR);
    if (s == NULL || s->unit == NULL) {
        free(s);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    s->ops = ops;
    s->opaque = opaque;
    s->capacity = s->wanted = SECTOR;
    return s;
}

void
h2k_vmdk_stream_free(struct h2k_vmdk_stream *stream)
{
    if (stream == NULL)
        return;
    free(stream->unit);
    free(stream->text);
    free(stream->directory);
    free(stream->expected.items);
    free(stream->found.items);
    free(stream);
}

/* The next unit begins, or the one that is there goes on: it is WANTED bytes
 * long. */
static int
want(struct h2k_vmdk_stream *s, enum state state, size_t wanted)
{
    s->state = state;
    s->wanted = wanted;
    if (wanted <= s->capacity)
        return 0;
    uint8_t *unit = realloc(s->unit, wanted);
    if (unit == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    s->unit = unit;
    s->capacity = wanted;
    return 0;
}

static int
next_unit(struct h2k_vmdk_stream *s, enum state state, size_t wanted)
{
    s->filled = 0;
    return want(s, state, wanted);
}

/* Where the unit began. */
static uint64_t
unit_begin(const struct h2k_vmdk_stream *s)
{
    return s->at - s->filled;
}

/* ---- Before overHead ---- */

static bool
in_front(const struct h2k_vmdk_stream *s, uint64_t sector, uint64_t bytes)
{
    return sector >= 1 && sector <= s->header.overhead &&
           h2k_div_up(bytes, SECTOR) <= s->header.overhead - sector;
}

static int
check_front(const struct h2k_vmdk_stream *s)
{
    const struct h2k_vmdk_header *h = &s->header;
    if (h->overhead == 0 || h->overhead > UINT32_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "its header says that the grains begin at sector "
                        "%" PRIu64,
                        h->overhead);
    if (h->descriptor_offset != 0 &&
        !in_front(s, h->descriptor_offset, h->descriptor_size * SECTOR))
        return h2k_fail(H2K_E_CORRUPT,
                        "its descriptor, at sector %" PRIu64
                        ", is not before the grains",
                        h->descriptor_offset);
    if (s->in_front && !in_front(s, h->directory, s->directory_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "its grain directory, at sector %" PRIu64
                        ", runs into the grains",
                        h->directory);
    return 0;
}

static int
take_sizes(struct h2k_vmdk_stream *s)
{
    const struct h2k_vmdk_header *h = &s->header;
    s->size = h->capacity * SECTOR;
    s->grain_size = (size_t)h->grain_size * SECTOR;
    s->table_size = (size_t)h->table_entries * H2K_VMDK_ENTRY_SIZE;
    s->directory_count =
        h2k_div_up(s->size, (uint64_t)s->grain_size * h->table_entries);
    uint64_t size = s->directory_count * H2K_VMDK_ENTRY_SIZE;
    if (size > DIRECTORY_SIZE_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "a grain directory of %" PRIu64 " bytes is too large",
                        size);
    s->directory_size = (size_t)size;
    s->in_front = h->directory < h->overhead;
    s->text_size =
        h->descriptor_offset == 0 ? 0 : (size_t)h->descriptor_size * SECTOR;
    s->text = calloc(1, s->text_size + 1);
    s->directory = calloc(1, s->directory_size + 1);
    if (s->text == NULL || s->directory == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}

static int
front_done(struct h2k_vmdk_stream *s)
{
    H2K_AUTO(h2k_vmdk_descriptor) d = NULL;
    if (h2k_vmdk_embedded_parse(&s->header, s->text, s->text_size, &d) < 0)
        return -1;
    if (s->in_front) {
        while (s->table_number < s->directory_count &&
               h2k_vmdk_entry(s->directory, s->table_number) ==
                   H2K_VMDK_ENTRY_NONE)
            s->table_number++;
        if (s->table_number < s->directory_count)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "grain table %" PRIu64
                            " is not where a disk that is read in one pass "
                            "must have it: store it as a file first",
                            s->table_number);
        s->directory_sector = s->header.directory;
    }
    if (s->ops->begin(s->opaque, s->size, (uint32_t)s->grain_size) < 0)
        return -1;
    return next_unit(s, STATE_MARKER, MARKER_SIZE);
}

static int
take_header(struct h2k_vmdk_stream *s)
{
    struct h2k_view v = h2k_view_of(s->unit, SECTOR);
    if (!h2k_view_equal(v, 0, "KDMV", 4))
        return h2k_fail(H2K_E_CORRUPT,
                        "what arrives is no VMDK: it begins with other bytes");
    if (h2k_vmdk_header_parse(v, "header", UINT64_MAX, &s->header) < 0)
        return -1;
    if (!s->header.compressed)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "what arrives is a VMDK, but not a streamOptimized "
                        "one: store it as a file first");
    if (take_sizes(s) < 0 || check_front(s) < 0)
        return -1;
    return s->header.overhead == 1 ? front_done(s)
                                   : next_unit(s, STATE_FRONT, SECTOR);
}

/* The part of [sector, sector + size bytes) that the unit is goes to OUT. */
static size_t
copy_part(const struct h2k_vmdk_stream *s, uint64_t sector, size_t size,
          void *out)
{
    uint64_t begin = sector * SECTOR, at = unit_begin(s);
    if (at < begin || at - begin >= size)
        return 0;
    size_t count = (size_t)h2k_min_u64(SECTOR, size - (at - begin));
    memcpy((uint8_t *)out + (at - begin), s->unit, count);
    return count;
}

/* The unit is the next sector of the table that passes. */
static int
take_entries(struct h2k_vmdk_stream *s)
{
    size_t count =
        (size_t)h2k_min_u64(SECTOR, s->table_size - s->table_filled);
    uint64_t first = s->table_filled / H2K_VMDK_ENTRY_SIZE;
    for (uint64_t i = 0; i < count / H2K_VMDK_ENTRY_SIZE; i++) {
        uint32_t entry = h2k_vmdk_entry(s->unit, i);
        if (entry != H2K_VMDK_ENTRY_NONE &&
            !(entry == H2K_VMDK_ENTRY_ZEROED && s->header.zeroed_grains))
            s->table_sum += h2k_vmdk_entry_hash(first + i, entry);
    }
    s->table_filled += count;
    if (s->table_filled < s->table_size)
        return 0;
    s->table_filled = 0;
    uint64_t sum = s->table_sum;
    s->table_sum = 0;
    if (s->in_front)
        s->table_number++;
    return s->in_front && sum == 0
               ? 0
               : h2k_vmdk_sums_add(&s->found, s->table_sector, sum);
}

/* Tables stand in the directory's order. */
static int
take_front_table(struct h2k_vmdk_stream *s)
{
    while (s->table_number < s->directory_count &&
           h2k_vmdk_entry(s->directory, s->table_number) ==
               H2K_VMDK_ENTRY_NONE)
        s->table_number++;
    if (s->table_number == s->directory_count)
        return 0;
    uint64_t sector = h2k_vmdk_entry(s->directory, s->table_number);
    if (unit_begin(s) != sector * SECTOR + s->table_filled)
        return 0;
    s->table_sector = sector;
    return take_entries(s);
}

static int
take_front(struct h2k_vmdk_stream *s)
{
    const struct h2k_vmdk_header *h = &s->header;
    size_t in_text = 0, in_directory = 0;
    bool directory_whole = s->directory_filled == s->directory_size;
    if (h->descriptor_offset != 0)
        in_text = copy_part(s, h->descriptor_offset, s->text_size, s->text);
    if (s->in_front)
        in_directory =
            copy_part(s, h->directory, s->directory_size, s->directory);
    s->directory_filled += in_directory;
    if (s->in_front && directory_whole && in_text == 0 && in_directory == 0 &&
        take_front_table(s) < 0)
        return -1;
    return s->at == h->overhead * SECTOR ? front_done(s)
                                         : next_unit(s, STATE_FRONT, SECTOR);
}

/* ---- Behind overHead ---- */

static int
check_grain(const struct h2k_vmdk_stream *s, uint64_t sector, uint32_t stored)
{
    uint64_t number = sector / s->header.grain_size;
    if (sector >= s->header.capacity || sector % s->header.grain_size != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "a grain of sector %" PRIu64
                        ", where the disk can have none",
                        sector);
    if (stored > h2k_vmdk_stored_size_max(s->grain_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "the grain of sector %" PRIu64
                        " says that it has %" PRIu32 " bytes",
                        sector, stored);
    if (unit_begin(s) / SECTOR > UINT32_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "a grain beyond what its tables can name");
    if (s->footer || (s->directory_sector != 0 && !s->in_front))
        return h2k_fail(H2K_E_CORRUPT, "a grain behind the grain directory");
    if (number < s->next_grain)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the grain of sector %" PRIu64
                        " comes late, or twice: a disk that is read in one "
                        "pass must have its grains in order; store it as a "
                        "file first",
                        sector);
    return 0;
}

static int
take_grain(struct h2k_vmdk_stream *s)
{
    uint64_t sector = h2k_get_le64(s->unit);
    uint64_t number = sector / s->header.grain_size;
    uint64_t index = number % s->header.table_entries;
    struct h2k_vmdk_stream_grain grain = {
        .offset = sector * SECTOR,
        .size = s->grain_size,
        .needed =
            (size_t)h2k_min_u64(s->grain_size, s->size - sector * SECTOR),
        .bytes = s->unit + H2K_VMDK_GRAIN_MARKER_SIZE,
        .stored = h2k_get_le32(s->unit + 8),
    };
    uint32_t place = (uint32_t)(unit_begin(s) / SECTOR);
    s->next_grain = number + 1;
    if (h2k_vmdk_sums_add(&s->expected, number / s->header.table_entries,
                          h2k_vmdk_entry_hash(index, place)) < 0 ||
        s->ops->grain(s->opaque, &grain) < 0)
        return -1;
    size_t rest = (size_t)(h2k_align_up(s->at, SECTOR) - s->at);
    return rest > 0 ? next_unit(s, STATE_PADDING, rest)
                    : next_unit(s, STATE_MARKER, MARKER_SIZE);
}

static int
take_marker(struct h2k_vmdk_stream *s)
{
    uint32_t stored = h2k_get_le32(s->unit + 8);
    if (stored == 0)
        return want(s, STATE_METADATA, SECTOR);
    if (check_grain(s, h2k_get_le64(s->unit), stored) < 0)
        return -1;
    size_t whole = H2K_VMDK_GRAIN_MARKER_SIZE + (size_t)stored;
    return whole <= MARKER_SIZE ? take_grain(s) : want(s, STATE_GRAIN, whole);
}

static int
misplaced(const struct h2k_vmdk_stream *s, const char *what, uint64_t sectors)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "a marker of a %s of %" PRIu64
                    " sectors, where none can be, at byte %" PRIu64,
                    what, sectors, unit_begin(s));
}

static int
begin_table(struct h2k_vmdk_stream *s, uint64_t sectors)
{
    if (s->directory_sector != 0 ||
        sectors != h2k_div_up(s->table_size, SECTOR))
        return misplaced(s, "grain table", sectors);
    s->table_sector = s->at / SECTOR;
    s->sectors_left = sectors;
    return next_unit(s, STATE_TABLE, SECTOR);
}

static int
begin_directory(struct h2k_vmdk_stream *s, uint64_t sectors)
{
    uint64_t needed = h2k_div_up(s->directory_size, SECTOR);
    if (s->directory_sector != 0 || sectors < needed ||
        sectors > needed + 1024)
        return misplaced(s, "grain directory", sectors);
    s->directory_sector = s->at / SECTOR;
    s->sectors_left = sectors;
    return sectors == 0 ? next_unit(s, STATE_MARKER, MARKER_SIZE)
                        : next_unit(s, STATE_DIRECTORY, SECTOR);
}

static int
take_metadata(struct h2k_vmdk_stream *s)
{
    uint64_t sectors = h2k_get_le64(s->unit);
    uint32_t type = h2k_get_le32(s->unit + 12);
    bool at_end = s->header.directory == H2K_VMDK_DIRECTORY_AT_END;
    switch (type) {
    case H2K_VMDK_MARKER_TABLE:
        return begin_table(s, sectors);
    case H2K_VMDK_MARKER_DIRECTORY:
        return begin_directory(s, sectors);
    case H2K_VMDK_MARKER_FOOTER:
        if (s->directory_sector == 0 || s->footer || sectors != 1)
            return misplaced(s, "footer", sectors);
        return next_unit(s, STATE_FOOTER, SECTOR);
    case H2K_VMDK_MARKER_END:
        if (sectors != 0 || (at_end && !s->footer))
            return misplaced(s, "stream's end", sectors);
        return next_unit(s, STATE_END, SECTOR);
    default:
        return h2k_fail(H2K_E_CORRUPT,
                        "a marker of the unknown type %" PRIu32
                        ", at byte %" PRIu64,
                        type, unit_begin(s));
    }
}

static int
take_table(struct h2k_vmdk_stream *s)
{
    if (take_entries(s) < 0)
        return -1;
    return --s->sectors_left > 0 ? next_unit(s, STATE_TABLE, SECTOR)
                                 : next_unit(s, STATE_MARKER, MARKER_SIZE);
}

static int
take_directory(struct h2k_vmdk_stream *s)
{
    s->directory_filled +=
        copy_part(s, s->directory_sector, s->directory_size, s->directory);
    return --s->sectors_left > 0 ? next_unit(s, STATE_DIRECTORY, SECTOR)
                                 : next_unit(s, STATE_MARKER, MARKER_SIZE);
}

static int
take_footer(struct h2k_vmdk_stream *s)
{
    struct h2k_vmdk_header footer;
    struct h2k_view v = h2k_view_of(s->unit, SECTOR);
    if (h2k_vmdk_header_parse(v, "footer", UINT64_MAX, &footer) < 0 ||
        h2k_vmdk_footer_check(&s->header, &footer) < 0)
        return -1;
    if (footer.directory != s->directory_sector)
        return h2k_fail(H2K_E_CORRUPT,
                        "the footer has the grain directory at sector "
                        "%" PRIu64 ", and it is at %" PRIu64,
                        footer.directory, s->directory_sector);
    s->footer = true;
    return next_unit(s, STATE_MARKER, MARKER_SIZE);
}

static int
take_unit(struct h2k_vmdk_stream *s)
{
    switch (s->state) {
    case STATE_HEADER:
        return take_header(s);
    case STATE_FRONT:
        return take_front(s);
    case STATE_MARKER:
        return take_marker(s);
    case STATE_GRAIN:
        return take_grain(s);
    case STATE_PADDING:
        return next_unit(s, STATE_MARKER, MARKER_SIZE);
    case STATE_METADATA:
        return take_metadata(s);
    case STATE_TABLE:
        return take_table(s);
    case STATE_DIRECTORY:
        return take_directory(s);
    case STATE_FOOTER:
        return take_footer(s);
    case STATE_END:
        break;
    }
    return 0;
}

/* A writer that goes back may have made room for a last grain that it did not
 * need. */
static int
take_rest(struct h2k_vmdk_stream *s, const uint8_t *bytes, size_t count)
{
    if (!s->in_front || !h2k_is_zero(bytes, count))
        return h2k_fail(H2K_E_CORRUPT,
                        "bytes come behind the stream's end, at byte "
                        "%" PRIu64,
                        s->at);
    s->at += count;
    return 0;
}

int
h2k_vmdk_stream_feed(struct h2k_vmdk_stream *stream, const void *bytes,
                     size_t count)
{
    struct h2k_vmdk_stream *s = stream;
    const uint8_t *at = bytes;
    while (count > 0) {
        if (s->state == STATE_END)
            return take_rest(s, at, count);
        size_t n = (size_t)h2k_min_u64(count, s->wanted - s->filled);
        memcpy(s->unit + s->filled, at, n);
        s->filled += n;
        s->at += n;
        at += n;
        count -= n;
        if (s->filled == s->wanted && take_unit(s) < 0)
            return -1;
    }
    return 0;
}

int
h2k_vmdk_stream_end(struct h2k_vmdk_stream *stream)
{
    struct h2k_vmdk_stream *s = stream;
    bool at_end = s->header.directory == H2K_VMDK_DIRECTORY_AT_END;
    bool between = (s->state == STATE_MARKER && s->filled == 0) ||
                   s->state == STATE_PADDING;
    if (s->state != STATE_END && (at_end || !between))
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64
                        ": a streamOptimized VMDK goes on there",
                        s->at);
    if (s->directory_sector == 0 ||
        (!at_end && s->directory_sector != s->header.directory))
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64
                        ", or damaged: its grain directory has not come",
                        s->at);
    return h2k_vmdk_sums_compare(s->directory, s->directory_count,
                                 &s->expected, &s->found, !s->in_front);
}
