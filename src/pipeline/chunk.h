/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A chunk of a disk on its way into an image: its digest and its clusters,
 * encoded, on any thread; then put into the writer, in order.
 */
#ifndef H2K_PIPELINE_CHUNK_H
#define H2K_PIPELINE_CHUNK_H

#include "base/output.h"
#include "image/writer.h"
#include "pipeline/digest.h"
#include "pipeline/sweep.h"

/* An image that is being written. */
struct h2k_chunk_writer {
    const struct h2k_image_writer_ops *ops;
    struct h2k_image_writer *writer; /* owned */
    struct h2k_output *output;       /* the caller's */
    uint32_t cluster;                /* bytes */
    uint64_t written_back;
    struct h2k_digest *digest; /* the caller's */
};

/* For a disk of SIZE bytes.  After a failure as well, _clear. */
int h2k_chunk_writer_init(struct h2k_chunk_writer *w,
                          const struct h2k_image_writer_ops *ops,
                          const struct h2k_writer_options *options,
                          struct h2k_output *output, uint64_t size,
                          struct h2k_digest *digest);
void h2k_chunk_writer_clear(struct h2k_chunk_writer *w);

struct h2k_chunk;

/* Memory for one chunk's clusters: so many bytes, of zeros at first. */
size_t h2k_chunk_size(const struct h2k_chunk_writer *w);

/* LENGTH bytes of a chunk, encoded into CHUNK.  BYTES must stay until the
 * chunk was put. */
int h2k_chunk_encode(const struct h2k_chunk_writer *w,
                     struct h2k_image_encoder *encoder,
                     struct h2k_chunk *chunk, const uint8_t *bytes,
                     size_t length);

struct h2k_digest_value h2k_chunk_digest(const struct h2k_chunk *chunk);

/* Put it where it belongs, OFFSET bytes into the disk, behind all before. */
int h2k_chunk_put(struct h2k_chunk_writer *w, const struct h2k_chunk *chunk,
                  const uint8_t *bytes, size_t length, uint64_t offset);

/* The image is whole; *WRITTEN is how many bytes of file it took. */
int h2k_chunk_writer_finish(struct h2k_chunk_writer *w, uint64_t *written);

#endif
