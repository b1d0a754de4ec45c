/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The bytes are gathered into units, each as long as the state wants it:
 * a sector, a marker, a grain.  A whole unit is taken, and tells what comes
 * next.
 */
#include "image/vmdk-stream-state.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/zero.h"

#include <inttypes.h>
#include <string.h>

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
want(struct h2k_vmdk_stream *s, enum h2k_vmdk_stream_state state,
     size_t wanted)
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

int
h2k_vmdk_stream_next(struct h2k_vmdk_stream *s,
                     enum h2k_vmdk_stream_state state, size_t wanted)
{
    s->filled = 0;
    return want(s, state, wanted);
}

uint64_t
h2k_vmdk_stream_unit_begin(const struct h2k_vmdk_stream *s)
{
    return s->at - s->filled;
}

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
    if (h2k_vmdk_stream_unit_begin(s) / SECTOR > UINT32_MAX)
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
    uint32_t place = (uint32_t)(h2k_vmdk_stream_unit_begin(s) / SECTOR);
    s->next_grain = number + 1;
    if (h2k_vmdk_sums_add(&s->expected, number / s->header.table_entries,
                          h2k_vmdk_entry_hash(index, place)) < 0 ||
        s->ops->grain(s->opaque, &grain) < 0)
        return -1;
    size_t rest = (size_t)(h2k_align_up(s->at, SECTOR) - s->at);
    return rest > 0
               ? h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_PADDING, rest)
               : h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_MARKER, MARKER_SIZE);
}

static int
take_marker(struct h2k_vmdk_stream *s)
{
    uint32_t stored = h2k_get_le32(s->unit + 8);
    if (stored == 0)
        return want(s, H2K_VMDK_STREAM_METADATA, SECTOR);
    if (check_grain(s, h2k_get_le64(s->unit), stored) < 0)
        return -1;
    size_t whole = H2K_VMDK_GRAIN_MARKER_SIZE + (size_t)stored;
    return whole <= MARKER_SIZE ? take_grain(s)
                                : want(s, H2K_VMDK_STREAM_GRAIN, whole);
}

static int
misplaced(const struct h2k_vmdk_stream *s, const char *what, uint64_t sectors)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "a marker of a %s of %" PRIu64
                    " sectors, where none can be, at byte %" PRIu64,
                    what, sectors, h2k_vmdk_stream_unit_begin(s));
}

static int
begin_table(struct h2k_vmdk_stream *s, uint64_t sectors)
{
    if (s->directory_sector != 0 ||
        sectors != h2k_div_up(s->table_size, SECTOR))
        return misplaced(s, "grain table", sectors);
    s->table_sector = s->at / SECTOR;
    s->sectors_left = sectors;
    return h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_TABLE, SECTOR);
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
    return sectors == 0
               ? h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_MARKER, MARKER_SIZE)
               : h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_DIRECTORY, SECTOR);
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
        return h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_FOOTER, SECTOR);
    case H2K_VMDK_MARKER_END:
        if (sectors != 0 || (at_end && !s->footer))
            return misplaced(s, "stream's end", sectors);
        return h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_END, SECTOR);
    default:
        return h2k_fail(H2K_E_CORRUPT,
                        "a marker of the unknown type %" PRIu32
                        ", at byte %" PRIu64,
                        type, h2k_vmdk_stream_unit_begin(s));
    }
}

static int
take_table(struct h2k_vmdk_stream *s)
{
    if (h2k_vmdk_stream_take_entries(s) < 0)
        return -1;
    return --s->sectors_left > 0
               ? h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_TABLE, SECTOR)
               : h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_MARKER, MARKER_SIZE);
}

static int
take_directory(struct h2k_vmdk_stream *s)
{
    s->directory_filled += h2k_vmdk_stream_copy_part(
        s, s->directory_sector, s->directory_size, s->directory);
    return --s->sectors_left > 0
               ? h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_DIRECTORY, SECTOR)
               : h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_MARKER, MARKER_SIZE);
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
    return h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_MARKER, MARKER_SIZE);
}

static int
take_unit(struct h2k_vmdk_stream *s)
{
    switch (s->state) {
    case H2K_VMDK_STREAM_HEADER:
        return h2k_vmdk_stream_take_header(s);
    case H2K_VMDK_STREAM_FRONT:
        return h2k_vmdk_stream_take_front(s);
    case H2K_VMDK_STREAM_MARKER:
        return take_marker(s);
    case H2K_VMDK_STREAM_GRAIN:
        return take_grain(s);
    case H2K_VMDK_STREAM_PADDING:
        return h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_MARKER, MARKER_SIZE);
    case H2K_VMDK_STREAM_METADATA:
        return take_metadata(s);
    case H2K_VMDK_STREAM_TABLE:
        return take_table(s);
    case H2K_VMDK_STREAM_DIRECTORY:
        return take_directory(s);
    case H2K_VMDK_STREAM_FOOTER:
        return take_footer(s);
    case H2K_VMDK_STREAM_END:
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
        if (s->state == H2K_VMDK_STREAM_END)
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
    bool between = (s->state == H2K_VMDK_STREAM_MARKER && s->filled == 0) ||
                   s->state == H2K_VMDK_STREAM_PADDING;
    if (s->state != H2K_VMDK_STREAM_END && (at_end || !between))
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
