/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/vmdk-frame.h"

#include "base/error.h"
#include "base/view.h"
#include "base/zero.h"

#include <inttypes.h>
#include <string.h>

#define SECTOR 512
#define MAGIC 0x564d444bu /* "KDMV" */
#define MARKER_FOOTER 3
/* Servers give capacities in KiB, and round disks to their grains. */
#define ROUNDING ((uint64_t)1 << 20)

/* Offsets in SparseExtentHeader, which the footer repeats. */
enum {
    HEADER_MAGIC = 0,
    HEADER_CAPACITY = 12,   /* sectors */
    HEADER_RGD_OFFSET = 48, /* sectors, of the redundant directory; or 0 */
    HEADER_GD_OFFSET = 56,  /* sectors; all ones: it is in the footer */
    HEADER_OVERHEAD = 64,   /* sectors before the first grain */
};
/* Offsets in a marker. */
enum {
    MARKER_SIZE = 8, /* of a grain's bytes behind; 0: of metadata */
    MARKER_TYPE = 12,
};

static uint64_t
min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Where the directories and tables in front begin, in bytes. */
static uint64_t
tables_start(const struct h2k_vmdk_frame *frame)
{
    struct h2k_view head = h2k_view_of(frame->head, sizeof(frame->head));
    uint64_t sector = h2k_view_le64(head, HEADER_GD_OFFSET), start;
    uint64_t other = h2k_view_le64(head, HEADER_RGD_OFFSET);
    if (other > 0 && other < sector)
        sector = other;
    if (ckd_mul(&start, sector, (uint64_t)SECTOR))
        return UINT64_MAX;
    return start < sizeof(frame->head) ? sizeof(frame->head) : start;
}

/* Where they end; 0 where there are none. */
static uint64_t
tables_end(const struct h2k_vmdk_frame *frame)
{
    struct h2k_view head = h2k_view_of(frame->head, sizeof(frame->head));
    uint64_t end;
    if (h2k_view_le64(head, HEADER_GD_OFFSET) == UINT64_MAX ||
        ckd_mul(&end, h2k_view_le64(head, HEADER_OVERHEAD), (uint64_t)SECTOR))
        return 0;
    return end;
}

/* Of [at, at + count) of the stream, that is BYTES, what lies in
 * [from, to): gives where it begins, and how much in *LENGTH. */
static const uint8_t *
overlap(const uint8_t *bytes, uint64_t at, size_t count, uint64_t from,
        uint64_t to, uint64_t *first, size_t *length)
{
    *first = at > from ? at : from;
    uint64_t end = min_u64(at + count, to);
    *length = end > *first ? (size_t)(end - *first) : 0;
    return *length > 0 ? bytes + (*first - at) : bytes;
}

/* Directories have smaller sectors than tables have, so that the largest
 * number in both is the last grain's. */
static void
look_at_tables(struct h2k_vmdk_frame *frame, const uint8_t *bytes,
               size_t count)
{
    uint64_t first, end = tables_end(frame);
    size_t length;
    bytes = overlap(bytes, frame->size, count, tables_start(frame), end,
                    &first, &length);
    for (size_t i = 0; i < length; i++) {
        unsigned shift = 8 * (unsigned)((first + i) % 4);
        frame->entry |= (uint32_t)bytes[i] << shift;
        if (shift != 24)
            continue;
        if (frame->entry > frame->last)
            frame->last = frame->entry;
        frame->entry = 0;
    }
}

static void
look_at_last_grain(struct h2k_vmdk_frame *frame, const uint8_t *bytes,
                   size_t count)
{
    uint64_t first, from = (uint64_t)frame->last * SECTOR;
    size_t length;
    if (frame->last == 0 || from < tables_end(frame))
        return;
    bytes = overlap(bytes, frame->size, count, from,
                    from + sizeof(frame->grain), &first, &length);
    if (length > 0)
        memcpy(frame->grain + (first - from), bytes, length);
}

static void
keep_tail(struct h2k_vmdk_frame *frame, const uint8_t *bytes, size_t count)
{
    size_t tail = sizeof(frame->tail);
    if (count >= tail) {
        memcpy(frame->tail, bytes + (count - tail), tail);
    } else {
        memmove(frame->tail, frame->tail + count, tail - count);
        memcpy(frame->tail + (tail - count), bytes, count);
    }
}

void
h2k_vmdk_frame_add(struct h2k_vmdk_frame *frame, const void *bytes,
                   size_t count)
{
    if (frame->size < sizeof(frame->head)) {
        size_t n = sizeof(frame->head) - (size_t)frame->size;
        memcpy(frame->head + frame->size, bytes, n < count ? n : count);
    }
    if (frame->size + count > sizeof(frame->head)) {
        if (frame->size < tables_end(frame))
            look_at_tables(frame, bytes, count);
        look_at_last_grain(frame, bytes, count);
    }
    keep_tail(frame, bytes, count);
    frame->size += count;
}

static int
check_head(struct h2k_view head, uint64_t capacity)
{
    if (h2k_view_le32(head, HEADER_MAGIC) != MAGIC)
        return h2k_fail(H2K_E_CORRUPT, "no VMDK (it does not begin as one)");
    uint64_t bytes;
    if (ckd_mul(&bytes, h2k_view_le64(head, HEADER_CAPACITY),
                (uint64_t)SECTOR) ||
        bytes / ROUNDING > capacity / ROUNDING + 1 ||
        capacity / ROUNDING > bytes / ROUNDING + 1)
        return h2k_fail(H2K_E_CORRUPT,
                        "a VMDK of %" PRIu64 " sectors, and the VM's disk has "
                        "%" PRIu64,
                        h2k_view_le64(head, HEADER_CAPACITY),
                        capacity / SECTOR);
    return 0;
}

static int
check_tail(struct h2k_view tail)
{
    if (h2k_view_le32(tail, MARKER_SIZE) == 0 &&
        h2k_view_le32(tail, MARKER_TYPE) == MARKER_FOOTER &&
        h2k_view_le32(tail, SECTOR + HEADER_MAGIC) == MAGIC &&
        h2k_is_zero(tail.data + (size_t)2 * SECTOR, SECTOR))
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "a VMDK that is cut off (it has no end-of-stream marker)");
}

/* Behind the tables in front: is all of the last grain there? */
static int
check_last_grain(const struct h2k_vmdk_frame *frame)
{
    struct h2k_view grain = h2k_view_of(frame->grain, sizeof(frame->grain));
    uint64_t end = tables_end(frame);
    if (frame->last > 0)
        end = (uint64_t)frame->last * SECTOR + sizeof(frame->grain) +
              h2k_view_le32(grain, MARKER_SIZE);
    if (frame->size >= end)
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "a VMDK that is cut off (its last grain ends at byte "
                    "%" PRIu64 ", and %" PRIu64 " came)",
                    end, frame->size);
}

int
h2k_vmdk_frame_check(const struct h2k_vmdk_frame *frame, uint64_t capacity)
{
    struct h2k_view head = h2k_view_of(frame->head, sizeof(frame->head));
    if (frame->size < sizeof(frame->head) + sizeof(frame->tail))
        return h2k_fail(H2K_E_CORRUPT,
                        "%" PRIu64 " bytes, which is too few for a VMDK",
                        frame->size);
    if (check_head(head, capacity) < 0)
        return -1;
    if (h2k_view_le64(head, HEADER_GD_OFFSET) != UINT64_MAX)
        return check_last_grain(frame);
    return check_tail(h2k_view_of(frame->tail, sizeof(frame->tail)));
}
