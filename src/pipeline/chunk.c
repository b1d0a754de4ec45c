/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/chunk.h"

#include "base/checked.h"
#include "base/error.h"

#include <fcntl.h>
#include <string.h>

/* Start writing out after so many new bytes, so that making the file durable
 * at the end finds little left to do. */
#define WRITEBACK_STEP (UINT64_C(16) << 20)

/* `store` holds compressed clusters, since the encoder's own memory is used
 * again for the next. */
struct h2k_chunk {
    struct h2k_digest_value digest;
    size_t stored;
    uint8_t store[H2K_SWEEP_CHUNK];
    struct h2k_encoded clusters[];
};

int
h2k_chunk_writer_init(struct h2k_chunk_writer *w,
                      const struct h2k_image_writer_ops *ops,
                      const struct h2k_writer_options *options,
                      struct h2k_output *output, uint64_t size,
                      struct h2k_digest *digest)
{
    *w = (struct h2k_chunk_writer){ .ops = ops,
                                    .output = output,
                                    .digest = digest };
    w->writer = ops->create(h2k_output_fd(output), size, options);
    if (w->writer == NULL)
        return h2k_prefix("%s: ", h2k_output_path(output));
    w->cluster = ops->cluster_size(w->writer);
    if (w->cluster > H2K_SWEEP_CHUNK)
        return h2k_fail(H2K_E_UNSUPPORTED, "clusters larger than 1 MiB");
    return 0;
}

void
h2k_chunk_writer_clear(struct h2k_chunk_writer *w)
{
    if (w->writer != NULL)
        w->ops->free(w->writer);
    w->writer = NULL;
}

size_t
h2k_chunk_size(const struct h2k_chunk_writer *w)
{
    return sizeof(struct h2k_chunk) +
           H2K_SWEEP_CHUNK / w->cluster * sizeof(struct h2k_encoded);
}

/* A compressed cluster is smaller than the cluster it came from, so the
 * store has room for all of a chunk's. */
static int
keep(struct h2k_chunk *chunk, struct h2k_encoded *encoded)
{
    if (!encoded->compressed)
        return 0;
    if (encoded->size > sizeof(chunk->store) - chunk->stored)
        return h2k_fail(H2K_E_FAILED, "a compressed cluster has grown");
    memcpy(chunk->store + chunk->stored, encoded->data, encoded->size);
    encoded->data = chunk->store + chunk->stored;
    chunk->stored += encoded->size;
    return 0;
}

int
h2k_chunk_encode(const struct h2k_chunk_writer *w,
                 struct h2k_image_encoder *encoder, struct h2k_chunk *chunk,
                 const uint8_t *bytes, size_t length)
{
    chunk->digest = h2k_digest_bytes(bytes, length);
    chunk->stored = 0;
    struct h2k_encoded *encoded = chunk->clusters;
    for (size_t at = 0; at < length; at += w->cluster, encoded++) {
        size_t count = (size_t)h2k_min_u64(w->cluster, length - at);
        if (w->ops->encode(encoder, bytes + at, count, encoded) < 0 ||
            keep(chunk, encoded) < 0)
            return -1;
    }
    return 0;
}

struct h2k_digest_value
h2k_chunk_digest(const struct h2k_chunk *chunk)
{
    return chunk->digest;
}

/* Clusters that are stored as they are go out together, up to the next one
 * that is not. */
static int
put_clusters(struct h2k_chunk_writer *w, const struct h2k_chunk *chunk,
             const uint8_t *bytes, size_t length, uint64_t offset)
{
    const struct h2k_encoded *encoded = chunk->clusters;
    uint64_t first = offset / w->cluster;
    size_t count = (size_t)h2k_div_up(length, w->cluster), i = 0;
    while (i < count) {
        size_t run = i;
        while (run < count && !encoded[run].zero && !encoded[run].compressed)
            run++;
        size_t begin = i * w->cluster;
        size_t end = (size_t)h2k_min_u64((uint64_t)run * w->cluster, length);
        int rc = 0;
        if (run > i)
            rc = w->ops->put_run(w->writer, first + i, bytes + begin,
                                 end - begin);
        else if (!encoded[i].zero)
            rc = w->ops->put(w->writer, first + i, &encoded[i]);
        if (rc < 0)
            return -1;
        i = run > i ? run : i + 1;
    }
    return 0;
}

static int
put(struct h2k_chunk_writer *w, const struct h2k_chunk *chunk,
    const uint8_t *bytes, size_t length, uint64_t offset)
{
    h2k_digest_put(w->digest, offset, chunk->digest);
    if (put_clusters(w, chunk, bytes, length, offset) < 0)
        return -1;
    uint64_t written = w->ops->written(w->writer);
    if (written - w->written_back >= WRITEBACK_STEP) {
        /* Advice only: where it is not supported, fsync does it all. */
        sync_file_range(h2k_output_fd(w->output), (off_t)w->written_back,
                        (off_t)(written - w->written_back),
                        SYNC_FILE_RANGE_WRITE);
        w->written_back = written;
    }
    return 0;
}

/* The file that the message is about. */
static int
name_output(const struct h2k_chunk_writer *w, int rc)
{
    if (rc < 0 && h2k_errcode() == H2K_E_OUTPUT)
        h2k_prefix("%s: ", h2k_output_path(w->output));
    return rc;
}

int
h2k_chunk_put(struct h2k_chunk_writer *w, const struct h2k_chunk *chunk,
              const uint8_t *bytes, size_t length, uint64_t offset)
{
    return name_output(w, put(w, chunk, bytes, length, offset));
}

int
h2k_chunk_writer_finish(struct h2k_chunk_writer *w, uint64_t *written)
{
    int rc = w->ops->finish(w->writer);
    *written = w->ops->written(w->writer);
    return name_output(w, rc);
}
