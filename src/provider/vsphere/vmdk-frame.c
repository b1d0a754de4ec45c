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
    HEADER_CAPACITY = 12,  /* sectors */
    HEADER_GD_OFFSET = 56, /* in the header: all ones, it is in the footer */
};
/* Offsets in a marker. */
enum {
    MARKER_SIZE = 8, /* 0: of metadata, not a grain */
    MARKER_TYPE = 12,
};

void
h2k_vmdk_frame_add(struct h2k_vmdk_frame *frame, const void *bytes,
                   size_t count)
{
    if (frame->size < sizeof(frame->head)) {
        size_t n = sizeof(frame->head) - (size_t)frame->size;
        memcpy(frame->head + frame->size, bytes, n < count ? n : count);
    }
    frame->size += count;
    size_t tail = sizeof(frame->tail);
    if (count >= tail) {
        memcpy(frame->tail, (const uint8_t *)bytes + (count - tail), tail);
    } else {
        memmove(frame->tail, frame->tail + count, tail - count);
        memcpy(frame->tail + (tail - count), bytes, count);
    }
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
    /* A writer that knew where its directory would be may have no footer. */
    if (h2k_view_le64(head, HEADER_GD_OFFSET) != UINT64_MAX)
        return 0;
    return check_tail(h2k_view_of(frame->tail, sizeof(frame->tail)));
}
