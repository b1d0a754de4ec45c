/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The stream before overHead: the header, the descriptor and, where they are
 * in front, the grain directory and its tables. */
#include "image/vmdk-stream-state.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>

#define DIRECTORY_SIZE_MAX (UINT64_C(32) << 20)

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
    return h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_MARKER, MARKER_SIZE);
}

int
h2k_vmdk_stream_take_header(struct h2k_vmdk_stream *s)
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
    return s->header.overhead == 1
               ? front_done(s)
               : h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_FRONT, SECTOR);
}

size_t
h2k_vmdk_stream_copy_part(const struct h2k_vmdk_stream *s, uint64_t sector,
                          size_t size, void *out)
{
    uint64_t begin = sector * SECTOR, at = h2k_vmdk_stream_unit_begin(s);
    if (at < begin || at - begin >= size)
        return 0;
    size_t count = (size_t)h2k_min_u64(SECTOR, size - (at - begin));
    memcpy((uint8_t *)out + (at - begin), s->unit, count);
    return count;
}

int
h2k_vmdk_stream_take_entries(struct h2k_vmdk_stream *s)
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
    if (h2k_vmdk_stream_unit_begin(s) != sector * SECTOR + s->table_filled)
        return 0;
    s->table_sector = sector;
    return h2k_vmdk_stream_take_entries(s);
}

int
h2k_vmdk_stream_take_front(struct h2k_vmdk_stream *s)
{
    const struct h2k_vmdk_header *h = &s->header;
    size_t in_text = 0, in_directory = 0;
    bool directory_whole = s->directory_filled == s->directory_size;
    if (h->descriptor_offset != 0)
        in_text = h2k_vmdk_stream_copy_part(s, h->descriptor_offset,
                                            s->text_size, s->text);
    if (s->in_front)
        in_directory = h2k_vmdk_stream_copy_part(
            s, h->directory, s->directory_size, s->directory);
    s->directory_filled += in_directory;
    if (s->in_front && directory_whole && in_text == 0 && in_directory == 0 &&
        take_front_table(s) < 0)
        return -1;
    return s->at == h->overhead * SECTOR
               ? front_done(s)
               : h2k_vmdk_stream_next(s, H2K_VMDK_STREAM_FRONT, SECTOR);
}
