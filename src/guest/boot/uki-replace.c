/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * New content for a section of a unified kernel image.
 *
 * Firmware loads each section of the table to its own address, and
 * systemd-stub finds them by name, so one may move: in the file behind
 * everything else, in memory behind the highest address.  Its line of the
 * table then becomes the last, so that addresses stay in ascending order.
 */
#include "base/checked.h"
#include "base/error.h"
#include "base/view.h"
#include "guest/boot/uki.h"

#include <stdlib.h>
#include <string.h>

#define AT_IMAGE_SIZE 56 /* in the optional header */
#define AT_CHECKSUM 64

struct layout {
    uint64_t raw_offset, raw_size; /* in the file */
    uint64_t address;              /* in memory */
    uint64_t image_size;
    bool moves; /* in memory */
};

/* Does the file end with SECTION, so that it can grow where it is? */
static bool
is_last_in_file(const struct h2k_uki *uki,
                const struct h2k_uki_section *section)
{
    return section->raw_size > 0 &&
           (uint64_t)section->raw_offset + section->raw_size == uki->size;
}

/* Does what SECTION has in the file belong to anything else too?  Only a
 * hostile image does that. */
static bool
is_shared(const struct h2k_uki *uki, const struct h2k_uki_section *section)
{
    uint64_t start = section->raw_offset, end = start + section->raw_size;
    uint64_t headers =
        uki->section_table + uki->section_count * H2K_UKI_SECTION_HEADER;
    if (start < headers)
        return true;
    for (size_t i = 0; i < uki->section_count; i++) {
        const struct h2k_uki_section *s = &uki->sections[i];
        if (s != section && s->raw_size > 0 && s->raw_offset < end &&
            start < (uint64_t)s->raw_offset + s->raw_size)
            return true;
    }
    return false;
}

/* The lowest address above SECTION's, or the end of all addresses. */
static uint64_t
next_address(const struct h2k_uki *uki, const struct h2k_uki_section *section)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < uki->section_count; i++)
        if (uki->sections[i].address > section->address &&
            uki->sections[i].address < next)
            next = uki->sections[i].address;
    return next;
}

static uint64_t
end_of_addresses(const struct h2k_uki *uki)
{
    uint64_t end = uki->image_size;
    for (size_t i = 0; i < uki->section_count; i++) {
        const struct h2k_uki_section *s = &uki->sections[i];
        uint64_t size = h2k_max_u64(s->virtual_size, s->raw_size);
        end = h2k_max_u64(end, s->address + size);
    }
    return end;
}

static struct layout
plan(const struct h2k_uki *uki, const struct h2k_uki_section *section,
     uint64_t size)
{
    uint64_t step = uki->section_alignment, unit = uki->file_alignment;
    struct layout out = { .raw_offset = section->raw_offset,
                          .raw_size = section->raw_size,
                          .address = section->address };
    bool shared = is_shared(uki, section);
    if (size > out.raw_size || shared) {
        if (!is_last_in_file(uki, section) || shared)
            out.raw_offset = h2k_align_up(uki->size, unit);
        out.raw_size = h2k_align_up(size, unit);
    }
    uint64_t room = h2k_max_u64(size, out.raw_size);
    if (next_address(uki, section) - section->address < room) {
        out.moves = true;
        out.address = h2k_align_up(end_of_addresses(uki), step);
    }
    out.image_size = h2k_align_up(
        h2k_max_u64(end_of_addresses(uki), out.address + room), step);
    return out;
}

uint64_t
h2k_uki_growth(const struct h2k_uki *uki,
               const struct h2k_uki_section *section, uint64_t size)
{
    struct layout layout = plan(uki, section, size);
    uint64_t end = layout.raw_offset + layout.raw_size;
    return end > uki->size ? end - uki->size : 0;
}

/* The table with the new line: INDEX changed, or moved to the end. */
static void
change_table(uint8_t *table, size_t count, size_t index,
             const struct layout *layout, uint64_t size)
{
    uint8_t line[H2K_UKI_SECTION_HEADER];
    uint8_t *at = table + index * sizeof(line);
    memcpy(line, at, sizeof(line));
    h2k_put_le32(line + 8, (uint32_t)size);
    h2k_put_le32(line + 12, (uint32_t)layout->address);
    h2k_put_le32(line + 16, (uint32_t)layout->raw_size);
    h2k_put_le32(line + 20, (uint32_t)layout->raw_offset);
    if (layout->moves) {
        memmove(at, at + sizeof(line), (count - index - 1) * sizeof(line));
        at = table + (count - 1) * sizeof(line);
    }
    memcpy(at, line, sizeof(line));
}

static int
write_headers(const struct h2k_place *place, const struct h2k_uki *uki,
              size_t index, const struct layout *layout, uint64_t size)
{
    uint8_t table[H2K_UKI_SECTIONS_MAX * H2K_UKI_SECTION_HEADER];
    uint8_t image_size[4], checksum[4] = { 0 }; /* 0: none was made */
    size_t bytes = uki->section_count * H2K_UKI_SECTION_HEADER;
    if (h2k_fs_read(place->fs, place->ino, table, bytes, uki->section_table) <
        0)
        return -1;
    change_table(table, uki->section_count, index, layout, size);
    h2k_put_le32(image_size, (uint32_t)layout->image_size);
    return h2k_fs_write(place->fs, place->ino, table, bytes,
                        uki->section_table) < 0 ||
                   h2k_fs_write(place->fs, place->ino, image_size, 4,
                                uki->optional_header + AT_IMAGE_SIZE) < 0 ||
                   h2k_fs_write(place->fs, place->ino, checksum, 4,
                                uki->optional_header + AT_CHECKSUM) < 0
               ? -1
               : 0;
}

/* DATA, and zeros to the end of what is the section's. */
static int
write_content(const struct h2k_place *place, const struct h2k_uki *uki,
              const struct layout *layout, const void *data, size_t size)
{
    static const uint8_t zeros[4096];
    uint64_t at = layout->raw_offset + size;
    uint64_t end = layout->raw_offset + layout->raw_size;
    if (end > uki->size && h2k_fs_truncate(place->fs, place->ino, end) < 0)
        return -1;
    if (size > 0 && h2k_fs_write(place->fs, place->ino, data, size,
                                 layout->raw_offset) < 0)
        return -1;
    while (at < end) {
        size_t step = (size_t)h2k_min_u64(sizeof(zeros), end - at);
        if (h2k_fs_write(place->fs, place->ino, zeros, step, at) < 0)
            return -1;
        at += step;
    }
    return 0;
}

int
h2k_uki_replace(struct h2k_root *root, const char *path,
                const struct h2k_uki *uki,
                const struct h2k_uki_section *section, const void *data,
                size_t size)
{
    struct layout layout = plan(uki, section, size);
    struct h2k_place place;
    if (uki->has_profiles || uki->is_signed)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "%s: a unified kernel image that is signed or has "
                        "profiles stays as it is",
                        path);
    if (layout.image_size > UINT32_MAX ||
        layout.raw_offset + layout.raw_size > UINT32_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "%s: a unified kernel image of more than 4 GiB", path);
    if (h2k_root_lookup(root, path, &place) < 0 ||
        write_content(&place, uki, &layout, data, size) < 0)
        return h2k_prefix("%s: ", path);
    if (write_headers(&place, uki, (size_t)(section - uki->sections), &layout,
                      size) < 0)
        return h2k_prefix("%s: ", path);
    return 0;
}
