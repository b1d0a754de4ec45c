/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Is what came from its first to its last byte a streamOptimized VMDK?  A
 * lease says neither how long a disk will be nor, at the end of a connection,
 * whether that was all.  The format tells: it begins with a header that has
 * the capacity, and ends with a footer and an end-of-stream marker (VMware's
 * "Virtual Disk Format 5.0", "Stream-Optimized Compressed Sparse Extents").
 *
 * Writers that can seek, as qemu-img, put the grain tables in front instead
 * and write no footer.  There the tables tell where the last grain is, and
 * that says how long it is.
 */
#ifndef H2K_PROVIDER_VSPHERE_VMDK_FRAME_H
#define H2K_PROVIDER_VSPHERE_VMDK_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define H2K_VMDK_FRAME_HEAD 512
#define H2K_VMDK_FRAME_TAIL 1536 /* footer's marker, footer, end of stream */

/* What was seen; begins as { 0 }. */
struct h2k_vmdk_frame {
    uint64_t size;
    uint8_t head[H2K_VMDK_FRAME_HEAD]; /* the first bytes */
    uint8_t tail[H2K_VMDK_FRAME_TAIL]; /* the last ones, so many as came, at
                                          the array's end */
    uint32_t entry;                    /* the table entry that is under way */
    uint32_t last;     /* the largest sector in the tables in front */
    uint8_t grain[12]; /* the marker of the grain there */
};

/* The next COUNT bytes. */
void h2k_vmdk_frame_add(struct h2k_vmdk_frame *frame, const void *bytes,
                        size_t count);
/* All came, of a disk of CAPACITY bytes.  -1 with H2K_E_CORRUPT. */
int h2k_vmdk_frame_check(const struct h2k_vmdk_frame *frame,
                         uint64_t capacity);

#endif
