/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reading a streamOptimized VMDK as it arrives, without going back (VMware,
 * "Virtual Disk Format 5.0": "Stream-Optimized Compressed Sparse Extents").
 *
 *     header, descriptor …   up to the header's overHead
 *     grain, grain, …        each behind a marker
 *     grain table            a marker, then its sectors; after its grains
 *     …
 *     grain directory        a marker, then its sectors
 *     footer                 a marker, then the header with the directory's
 *                            place
 *     end-of-stream marker
 *
 * A writer that can go back (qemu-img) puts the directory and the tables
 * before overHead instead, and then the grains end the file.
 *
 * Grains are handed out as they come, by their markers.  The tables must say
 * the same in the end: every grain that stands in the file is in its table,
 * at that place, and no other is.  So a stream that was cut, or of which a
 * part is missing, is an error at its end and never a shorter disk.
 *
 * Memory: one compressed grain; the directory; and 16 bytes for each grain
 * table that has grains (32 MiB of the disk, ordinarily), twice.
 */
#ifndef H2K_IMAGE_VMDK_STREAM_H
#define H2K_IMAGE_VMDK_STREAM_H

#include "base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

/* One grain, still compressed: for h2k_vmdk_grain_inflate. */
struct h2k_vmdk_stream_grain {
    uint64_t offset;   /* of the disk, in bytes; a multiple of the size */
    size_t size;       /* of a grain, in bytes */
    size_t needed;     /* of them, less in a disk's last grain only */
    const void *bytes; /* zlib data, valid during the call */
    size_t stored;
};

struct h2k_vmdk_stream_ops {
    /* Once, before the first grain: the disk's size in bytes. */
    int (*begin)(void *opaque, uint64_t capacity, uint32_t grain_size);
    /* Each grain, in ascending order. */
    int (*grain)(void *opaque, const struct h2k_vmdk_stream_grain *grain);
};

struct h2k_vmdk_stream;

/* NULL with H2K_E_NOMEM. */
struct h2k_vmdk_stream *
h2k_vmdk_stream_new(const struct h2k_vmdk_stream_ops *ops, void *opaque);
void h2k_vmdk_stream_free(struct h2k_vmdk_stream *stream);
H2K_DEFINE_AUTO(h2k_vmdk_stream, h2k_vmdk_stream_free)

/*
 * The next COUNT bytes, cut anywhere.  H2K_E_CORRUPT where they break the
 * format's rules; H2K_E_UNSUPPORTED for a VMDK that cannot be read in one
 * pass, though perhaps from a file; or the error of a call of OPS.  After an
 * error only h2k_vmdk_stream_free may follow.
 */
int h2k_vmdk_stream_feed(struct h2k_vmdk_stream *stream, const void *bytes,
                         size_t count);

/* No more bytes come: the disk is whole, or H2K_E_CORRUPT. */
int h2k_vmdk_stream_end(struct h2k_vmdk_stream *stream);

#endif
