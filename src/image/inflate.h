/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Decompressing deflate (RFC 1951), bare or in zlib's wrapping (RFC 1950). */
#ifndef H2K_IMAGE_INFLATE_H
#define H2K_IMAGE_INFLATE_H

#include <stddef.h>

enum h2k_inflate_wrapping {
    H2K_INFLATE_RAW,  /* deflate alone, as in qcow2 */
    H2K_INFLATE_ZLIB, /* with header and Adler-32, as in VMDK */
};

/*
 * One whole stream from IN into OUT, which has room for CAPACITY bytes;
 * *PRODUCED is how many it came to.  Bytes behind the stream's end are
 * ignored: images pad.  The Adler-32 of a zlib stream is checked.
 *
 * H2K_E_CORRUPT when the stream is invalid, ends early, or inflates to more
 * than CAPACITY bytes; the message says which, and the caller puts the
 * place before it.  OUT's bytes are then undefined.  Any number of threads.
 */
int h2k_inflate(enum h2k_inflate_wrapping wrapping, const void *in,
                size_t in_size, void *out, size_t capacity, size_t *produced);

#endif
