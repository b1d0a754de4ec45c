/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of the stream share: where it is, and its units. */
#ifndef H2K_IMAGE_VMDK_STREAM_STATE_H
#define H2K_IMAGE_VMDK_STREAM_STATE_H

#include "image/vmdk-stream-tables.h"
#include "image/vmdk-stream.h"

#define SECTOR ((size_t)H2K_VMDK_SECTOR)
/* Of a marker, what tells a grain from metadata. */
#define MARKER_SIZE ((size_t)16)

enum h2k_vmdk_stream_state {
    H2K_VMDK_STREAM_HEADER,
    H2K_VMDK_STREAM_FRONT, /* a sector before overHead */
    H2K_VMDK_STREAM_MARKER,
    H2K_VMDK_STREAM_GRAIN,
    H2K_VMDK_STREAM_PADDING, /* behind a grain, up to a whole sector */
    H2K_VMDK_STREAM_METADATA,
    H2K_VMDK_STREAM_TABLE,
    H2K_VMDK_STREAM_DIRECTORY,
    H2K_VMDK_STREAM_FOOTER,
    H2K_VMDK_STREAM_END,
};

struct h2k_vmdk_stream {
    const struct h2k_vmdk_stream_ops *ops;
    void *opaque;
    uint64_t at; /* bytes that came */

    enum h2k_vmdk_stream_state state;
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

/* The next unit begins, of WANTED bytes. */
int h2k_vmdk_stream_next(struct h2k_vmdk_stream *s,
                         enum h2k_vmdk_stream_state state, size_t wanted);
/* Where the unit began. */
uint64_t h2k_vmdk_stream_unit_begin(const struct h2k_vmdk_stream *s);

/* vmdk-stream-front.c: what is before overHead. */
int h2k_vmdk_stream_take_header(struct h2k_vmdk_stream *s);
int h2k_vmdk_stream_take_front(struct h2k_vmdk_stream *s);

/* The part of [sector, sector + size bytes) that the unit is goes to OUT. */
size_t h2k_vmdk_stream_copy_part(const struct h2k_vmdk_stream *s,
                                 uint64_t sector, size_t size, void *out);
/* The unit is the next sector of the table that passes. */
int h2k_vmdk_stream_take_entries(struct h2k_vmdk_stream *s);

#endif
