/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * LVM2's physical volumes.  What stands where was checked on volumes that
 * pvcreate(8) has made, and the sizes against pvs(8).
 *
 * The label is in one of the first four sectors of 512 bytes:
 *
 *    0  u8[8]  "LABELONE"
 *    8  u64    the sector that this is
 *   16  u32    checksum of the bytes from 20 to the sector's end
 *   20  u32    where the header is, in bytes from the label's start
 *   24  u8[8]  "LVM2 001"
 *
 * The header:
 *
 *    0  u8[32] UUID, as characters without hyphens
 *   32  u64    size of the volume in bytes
 *   40  {u64 offset, u64 size}[] where data is, to one with offset 0;
 *       then where metadata is, to one with offset 0
 *
 * A metadata area begins with a sector:
 *
 *    0  u32    checksum of the bytes from 4 to the sector's end
 *    4  u8[16] " LVM2 x[5A%r0N*>"
 *   20  u32    version 1
 *   24  u64    where this area is
 *   32  u64    its size
 *   40  {u64 offset, u64 size, u32 checksum, u32 flags}[] the text in force,
 *       then one that is being written; from the area's start
 *
 * The rest of the area is a ring: a text that comes to its end goes on
 * behind the sector.
 */
#include "volume/lvm/label.h"

#include "base/error.h"
#include "base/view.h"
#include "volume/lvm/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#define SECTOR 512
#define LABEL_SECTORS 4
#define AREA_LISTS_MAX 16
#define FLAG_IGNORED 1u

/* The area's place. */
struct area {
    uint64_t offset, size;
};

uint32_t
h2k_lvm_crc(uint32_t crc, const void *bytes, size_t size)
{
    /* The usual CRC-32 without its inversions. */
    return ~libdeflate_crc32(~crc, bytes, size);
}

void
h2k_lvm_format_id(const uint8_t *bytes, char id[H2K_LVM_ID])
{
    static const uint8_t groups[] = { 6, 4, 4, 4, 4, 4, 6 };
    for (size_t g = 0; g < sizeof(groups); g++) {
        for (size_t i = 0; i < groups[g]; i++, bytes++)
            *id++ = isalnum(*bytes) ? (char)*bytes : '?';
        *id++ = '-';
    }
    id[-1] = '\0';
}

void
h2k_lvm_label_drop_copies(struct h2k_lvm_label *label)
{
    while (label->copy_count > 0)
        free(label->copies[--label->copy_count].text);
}

void
h2k_lvm_label_clear(struct h2k_lvm_label *label)
{
    h2k_lvm_label_drop_copies(label);
    *label = (struct h2k_lvm_label){ 0 };
}

/* The first label that says where it is and has its checksum. */
static int
find_label(struct h2k_view head, struct h2k_view *label)
{
    bool seen = false;
    for (uint64_t i = 0; i < LABEL_SECTORS; i++) {
        if (!h2k_view_slice(head, i * SECTOR, SECTOR, label) ||
            !h2k_view_equal(*label, 0, "LABELONE", 8) ||
            !h2k_view_equal(*label, 24, "LVM2 001", 8))
            continue;
        seen = true;
        if (h2k_view_le64(*label, 8) == i &&
            h2k_lvm_crc(H2K_LVM_CRC, label->data + 20, SECTOR - 20) ==
                h2k_view_le32(*label, 16))
            return 0;
    }
    if (!seen)
        return h2k_fail(H2K_E_NOENT, "not a physical volume of LVM2");
    return h2k_fail(H2K_E_CORRUPT, "LVM2's label does not match its checksum");
}

/* The metadata areas that the header lists, behind its data areas. */
static int
list_areas(struct h2k_view label, uint64_t header, struct area *areas,
           size_t *count)
{
    uint64_t at = header + 40;
    bool metadata = false;
    *count = 0;
    for (size_t i = 0; i < AREA_LISTS_MAX; i++, at += 16) {
        if (!h2k_view_has(label, at, 16))
            break;
        struct area area = { h2k_view_le64(label, at),
                             h2k_view_le64(label, at + 8) };
        if (area.offset == 0 && metadata)
            return 0;
        if (area.offset == 0)
            metadata = true;
        else if (metadata && *count < H2K_LVM_AREAS_MAX)
            areas[(*count)++] = area;
    }
    return h2k_fail(H2K_E_CORRUPT, "the lists of areas do not end");
}

static int
check_area(struct h2k_view sector, struct area area, uint64_t volume_size)
{
    if (h2k_lvm_crc(H2K_LVM_CRC, sector.data + 4, SECTOR - 4) !=
        h2k_view_le32(sector, 0))
        return h2k_fail(H2K_E_CORRUPT,
                        "its header does not match its checksum");
    if (!h2k_view_equal(sector, 4, " LVM2 x[5A%r0N*>", 16) ||
        h2k_view_le32(sector, 20) != 1)
        return h2k_fail(H2K_E_CORRUPT, "it has no header of version 1");
    if (h2k_view_le64(sector, 24) != area.offset ||
        h2k_view_le64(sector, 32) <= SECTOR ||
        !h2k_range_inside(area.offset, h2k_view_le64(sector, 32), volume_size))
        return h2k_fail(H2K_E_CORRUPT, "its header is that of another place");
    return 0;
}

/* SIZE bytes of the ring's text at OFFSET, which is inside it. */
static char *
read_ring(struct h2k_block *volume, struct area area, uint64_t offset,
          uint32_t size)
{
    h2k_autofree char *text = malloc(size);
    if (text == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    size_t first = (size_t)h2k_min_u64(size, area.size - offset);
    if (h2k_block_pread(volume, text, first, area.offset + offset) < 0)
        return NULL;
    if (size > first && h2k_block_pread(volume, text + first, size - first,
                                        area.offset + SECTOR) < 0)
        return NULL;
    return h2k_steal(text);
}

/* The text of one area, added to LABEL; nothing where it holds none. */
static int
read_area(struct h2k_block *volume, struct area area,
          struct h2k_lvm_label *label)
{
    uint8_t bytes[SECTOR];
    struct h2k_view sector = h2k_view_of(bytes, sizeof(bytes));
    if (!h2k_range_inside(area.offset, SECTOR, h2k_block_size(volume)))
        return h2k_fail(H2K_E_CORRUPT, "it lies beyond the volume's end");
    if (h2k_block_pread(volume, bytes, sizeof(bytes), area.offset) < 0 ||
        check_area(sector, area, h2k_block_size(volume)) < 0)
        return -1;
    area.size = h2k_view_le64(sector, 32);
    uint64_t offset = h2k_view_le64(sector, 40);
    uint64_t size = h2k_view_le64(sector, 48);
    if (offset == 0 || (h2k_view_le32(sector, 60) & FLAG_IGNORED) != 0)
        return 0;
    if (offset < SECTOR || offset >= area.size || size == 0 ||
        size > area.size - SECTOR || size > H2K_LVM_TEXT_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "its text is %" PRIu64 " bytes at %" PRIu64
                        " of %" PRIu64,
                        size, offset, area.size);
    struct h2k_lvm_copy copy = { .size = (uint32_t)size,
                                 .crc = h2k_view_le32(sector, 56) };
    copy.text = read_ring(volume, area, offset, copy.size);
    if (copy.text == NULL)
        return -1;
    if (h2k_lvm_crc(H2K_LVM_CRC, copy.text, copy.size) != copy.crc) {
        free(copy.text);
        return h2k_fail(H2K_E_CORRUPT, "its text does not match its checksum");
    }
    label->copies[label->copy_count++] = copy;
    return 0;
}

int
h2k_lvm_label_read(struct h2k_block *volume, struct h2k_lvm_label *label)
{
    uint8_t head[LABEL_SECTORS * SECTOR];
    struct area areas[H2K_LVM_AREAS_MAX];
    struct h2k_view sector;
    size_t count;
    *label = (struct h2k_lvm_label){ 0 };
    size_t size = (size_t)h2k_min_u64(sizeof(head), h2k_block_size(volume));
    if (size > 0 && h2k_block_pread(volume, head, size, 0) < 0)
        return -1;
    if (find_label(h2k_view_of(head, size), &sector) < 0)
        return -1;
    uint64_t header = h2k_view_le32(sector, 20);
    if (header < 32 || !h2k_view_has(sector, header, 40))
        return h2k_fail(H2K_E_CORRUPT, "LVM2's label has no header");
    h2k_lvm_format_id(sector.data + header, label->id);
    if (list_areas(sector, header, areas, &count) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (read_area(volume, areas[i], label) == 0)
            continue;
        if (!h2k_error_is_content())
            return -1;
        snprintf(label->problem, sizeof(label->problem),
                 "metadata area %zu is damaged: %.120s", i + 1, h2k_errmsg());
    }
    return 0;
}
