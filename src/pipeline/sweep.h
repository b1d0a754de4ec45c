/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reading a whole disk once, on several threads, with the results in order.
 *
 * The disk is cut into chunks of H2K_SWEEP_CHUNK bytes.  Chunks that hold no
 * data are skipped without being read.  For each other one a worker thread
 * reads its bytes and calls `work`, in any order and many at once; then
 * `ordered` is called, for one chunk at a time in ascending order.
 *
 * Memory is a fixed number of chunks, whatever the disk's size.
 */
#ifndef H2K_PIPELINE_SWEEP_H
#define H2K_PIPELINE_SWEEP_H

#include "block/block.h"

#define H2K_SWEEP_CHUNK (UINT64_C(1) << 20)

struct h2k_sweep_item {
    uint64_t offset; /* bytes into the disk, a multiple of the chunk size */
    size_t length;   /* bytes: a chunk, or less at the disk's end */
    uint8_t *bytes;  /* aligned to 4096; the sweep's */
    void *result;    /* from work to ordered: result_size bytes, reused */
};

struct h2k_sweep_ops {
    size_t result_size;
    /* A thread's own state, or NULL with an error; both may be NULL. */
    void *(*thread_new)(void *opaque);
    void (*thread_free)(void *opaque, void *thread);
    int (*work)(void *opaque, void *thread, struct h2k_sweep_item *item);
    int (*ordered)(void *opaque, struct h2k_sweep_item *item);
};

/* How far it is: DONE of TOTAL bytes of data (not of the disk's size).
 * Called from worker threads, one at a time. */
typedef void (*h2k_progress_fn)(void *opaque, uint64_t done, uint64_t total);

struct h2k_progress {
    h2k_progress_fn fn; /* or NULL */
    void *opaque;
};

/* The number of bytes in data extents of DISK: what a sweep reads. */
int h2k_sweep_total(struct h2k_block *disk, uint64_t *total);

/* THREADS of 0 is one for each processor.  0, or -1 with the first error
 * (H2K_E_INTERRUPTED among them); all threads have ended when it returns. */
int h2k_sweep(struct h2k_block *disk, unsigned threads,
              const struct h2k_sweep_ops *ops, void *opaque,
              const struct h2k_progress *progress);

#endif
