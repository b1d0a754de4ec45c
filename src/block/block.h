/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A block: a disk made of bytes, numbered from 0 to its size.
 *
 * Everything that holds a disk's bytes is one of these, made from another:
 * a file, a VMDK in a file, an overlay over the VMDK, a partition in the
 * overlay.  A layer knows only the block below it.
 *
 * Thread-safety: any number of threads may read one block at a time
 * (h2k_block_pread, h2k_block_extent).  Writing, zeroing and flushing need
 * that no other thread uses the block or one that shares its parents.
 *
 * Ownership: blocks are counted.  A constructor that takes a parent takes
 * its own reference of it, and the caller keeps (and releases) the one that
 * it had.
 */
#ifndef H2K_BLOCK_BLOCK_H
#define H2K_BLOCK_BLOCK_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest disk that we read or write: VMDK's and VHDX's own limit is
 * 64 TiB; 1 PiB keeps every sum of two offsets far from overflow. */
#define H2K_BLOCK_SIZE_MAX (UINT64_C(1) << 50)

struct h2k_block;

enum h2k_extent_kind {
    H2K_EXTENT_DATA,   /* bytes are stored; they may be zero all the same */
    H2K_EXTENT_ZERO,   /* says that it reads as zeros */
    H2K_EXTENT_ABSENT, /* never written; reads as zeros */
};

/* [offset, offset + length) in bytes, of one kind throughout. */
struct h2k_extent {
    uint64_t offset;
    uint64_t length;
    enum h2k_extent_kind kind;
};

/*
 * What a driver does.  All requests are valid when they arrive: inside the
 * block, not empty, the block open for writing.  Every call but `close`
 * returns 0, or -1 with the error set; an error names the place in the
 * driver's own terms ("grain table 12 at 0x3400") and the caller adds the
 * file.
 */
struct h2k_block_ops {
    /* What messages call it: "file", "vmdk", "overlay". */
    const char *name;

    /* Release everything, the parents' references included. */
    void (*close)(void *state);

    /* All COUNT bytes at OFFSET, or an error; never fewer. */
    int (*pread)(void *state, void *buffer, size_t count, uint64_t offset);

    /* All COUNT bytes.  NULL when the driver cannot write. */
    int (*pwrite)(void *state, const void *buffer, size_t count,
                  uint64_t offset);

    /* Make [offset, offset + length) read as zeros.  NULL: pwrite is used. */
    int (*zero)(void *state, uint64_t offset, uint64_t length);

    /* The kind of the bytes at OFFSET, and for how many bytes from there on,
     * at most LENGTH, it is surely the same.  out->offset is OFFSET and
     * out->length is from 1 to LENGTH.  NULL: everything is data. */
    int (*extent)(void *state, uint64_t offset, uint64_t length,
                  struct h2k_extent *out);

    /* [offset, offset + length) need not be kept; how many bytes of data are
     * left out for it is added to *BYTES.  NULL: all is kept. */
    int (*discard)(void *state, uint64_t offset, uint64_t length,
                   uint64_t *bytes);

    /* Bytes written before are durable when it returns.  NULL: nothing to
     * do. */
    int (*flush)(void *state);
};

/*
 * A block of SIZE bytes with STATE, which it owns from now on: on failure
 * (NULL) ops->close has been called.  WRITABLE needs ops->pwrite.
 */
struct h2k_block *h2k_block_new(const struct h2k_block_ops *ops, void *state,
                                uint64_t size, bool writable);
struct h2k_block *h2k_block_ref(struct h2k_block *block); /* returns BLOCK */
void h2k_block_unref(struct h2k_block *block);            /* NULL is fine */

H2K_DEFINE_AUTO(h2k_block, h2k_block_unref)

uint64_t h2k_block_size(const struct h2k_block *block);
bool h2k_block_writable(const struct h2k_block *block);
const char *h2k_block_name(const struct h2k_block *block);

/* Read or write exactly COUNT bytes.  Outside the block: H2K_E_RANGE. */
int h2k_block_pread(struct h2k_block *block, void *buffer, size_t count,
                    uint64_t offset);
int h2k_block_pwrite(struct h2k_block *block, const void *buffer, size_t count,
                     uint64_t offset);
int h2k_block_zero(struct h2k_block *block, uint64_t offset, uint64_t length);
int h2k_block_flush(struct h2k_block *block);

/* [offset, offset + length) need not be kept: what it reads as from now on
 * is not defined.  An overlay below leaves it out, in whole chunks.  How many
 * bytes of data that saves is added to *BYTES. */
int h2k_block_discard(struct h2k_block *block, uint64_t offset,
                      uint64_t length, uint64_t *bytes);

/* The extent that starts at OFFSET, at most LENGTH (> 0) bytes long. */
int h2k_block_extent(struct h2k_block *block, uint64_t offset, uint64_t length,
                     struct h2k_extent *out);

/* For a driver's own calls beside the vtable: the state of BLOCK, which must
 * have been made with OPS (a programming error otherwise: it aborts). */
void *h2k_block_state(struct h2k_block *block,
                      const struct h2k_block_ops *ops);

/* COUNT bytes at OFFSET in memory that the caller frees, at most LIMIT:
 * H2K_E_CORRUPT when COUNT is more.  WHAT names them in the message ("grain
 * directory").  For tables whose size an image declares. */
void *h2k_block_read_alloc(struct h2k_block *block, uint64_t offset,
                           uint64_t count, uint64_t limit, const char *what);

#endif
