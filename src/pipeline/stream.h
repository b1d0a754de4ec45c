/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Converting disks while their bytes arrive: for each disk a stream, which
 * is fed the export's bytes in order and writes the output, not yet under
 * its name.
 *
 *     feed ─ decode ─ queue ─┬─ threads, shared by all disks: inflate,
 *                            │  digest, find zeros, encode
 *                            └─ in order: partial file
 *
 * A disk whose bytes have all arrived is whole: its partial file is an image
 * with the disk as it was sent.  A job with these streams (job.h, `streams`)
 * then inspects it, fixes it, leaves out free space, verifies it and gives it
 * its name.
 *
 *     pool = h2k_stream_pool_new(threads)
 *     each disk:  s = h2k_stream_new(pool, &request)
 *                 h2k_stream_feed(s, …) as bytes arrive
 *                 h2k_stream_restart(s, …) when it begins again
 *                 h2k_stream_end(s, sha256, size)
 *     at the end: settings.streams = …; h2k_job_run(manifest, &settings, …)
 *     always:     h2k_stream_free for each, then h2k_stream_pool_free
 *
 * Calls for one stream come one after another, from any thread; calls for
 * different streams may come at once.  After a call has failed only
 * h2k_stream_restart and h2k_stream_free may follow.
 *
 * Memory: at most 8 MiB of bytes and clusters in work for each disk, beside
 * what the formats' own tables take.
 */
#ifndef H2K_PIPELINE_STREAM_H
#define H2K_PIPELINE_STREAM_H

#include "base/hash.h"
#include "pipeline/convert.h"

/* What arrives. */
enum h2k_stream_kind {
    H2K_STREAM_VMDK, /* a streamOptimized VMDK from its first byte */
    H2K_STREAM_FLAT, /* the virtual disk itself */
};

struct h2k_stream;
struct h2k_stream_pool; /* the threads */

/* THREADS of 0 is one for each processor. */
struct h2k_stream_pool *h2k_stream_pool_new(unsigned threads);
/* After its streams. */
void h2k_stream_pool_free(struct h2k_stream_pool *pool); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_stream_pool, h2k_stream_pool_free)

struct h2k_stream_request {
    /* Where the output goes in the end, in a directory that exists; copied.
     * Files that killed runs left there are swept by h2k_output_sweep_stale,
     * which the caller does before it makes streams. */
    const char *path;
    const struct h2k_image_writer_ops *format; /* h2k_writer_find */
    struct h2k_writer_options options;
    enum h2k_stream_kind kind;
    /* Of the virtual disk, in bytes.  0: as the VMDK's header says; else
     * another size there is an error. */
    uint64_t capacity;
};

/* H2K_E_OUTPUT as h2k_output_new, H2K_E_UNSUPPORTED as the format's create. */
struct h2k_stream *h2k_stream_new(struct h2k_stream_pool *pool,
                                  const struct h2k_stream_request *request);

/* The next COUNT bytes, which are the caller's again when it returns.  Blocks
 * while the disk's queue is full.  -1 also with errors that earlier bytes
 * caused: H2K_E_CORRUPT, H2K_E_UNSUPPORTED, H2K_E_OUTPUT, H2K_E_INTERRUPTED.
 */
int h2k_stream_feed(struct h2k_stream *stream, const void *bytes,
                    size_t count);

/* What came before is void: the disk begins again from its first byte, as
 * KIND, of CAPACITY bytes. */
int h2k_stream_restart(struct h2k_stream *stream, enum h2k_stream_kind kind,
                       uint64_t capacity);

/* All arrived: SIZE bytes with that SHA-256, which the job compares with the
 * manifest's.  Waits until all is written.  H2K_E_CORRUPT where the bytes end
 * too early, or do not agree with their own tables. */
int h2k_stream_end(struct h2k_stream *stream,
                   const char sha256[H2K_SHA256_HEX_SIZE], uint64_t size);

/* Ends it at any time.  The partial file goes, unless a job gave it its name.
 * NULL is fine. */
void h2k_stream_free(struct h2k_stream *stream);
H2K_DEFINE_AUTO(h2k_stream, h2k_stream_free)

/* What has arrived, for the job.  The stream's; the job takes `output` and
 * `converted` out of it when it goes on with them. */
struct h2k_stream_content {
    const char *path;
    const struct h2k_image_writer_ops *format;
    bool compressed;
    enum h2k_stream_kind kind;
    uint64_t arrived; /* bytes */
    char sha256[H2K_SHA256_HEX_SIZE];
    uint32_t cluster; /* bytes, of the output */
    uint64_t *places; /* the stream's: see readback.h; or NULL */
    struct h2k_output *output;
    struct h2k_convert_result converted;
};

/* NULL with H2K_E_FAILED where the stream has not ended well. */
struct h2k_stream_content *h2k_stream_content(struct h2k_stream *stream);

/* The output's disk, to be read and written; flushed it is an image again. */
struct h2k_block *h2k_stream_open(const struct h2k_stream_content *content);

#endif
