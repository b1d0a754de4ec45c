/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/convert.h"

#include "base/checked.h"
#include "base/error.h"

#include <fcntl.h>
#include <string.h>

/* Start writing out after so many new bytes, so that making the file durable
 * at the end finds little left to do. */
#define WRITEBACK_STEP (UINT64_C(16) << 20)

struct convert {
    const struct h2k_convert_request *request;
    const struct h2k_image_writer_ops *ops;
    struct h2k_image_writer *writer;
    uint32_t cluster;
    uint64_t written_back;
    struct h2k_convert_result *result;
};

/* A chunk's clusters, encoded.  `store` holds compressed ones, since the
 * encoder's own memory is used again for the next. */
struct chunk {
    struct h2k_digest_value digest;
    size_t stored;
    uint8_t store[H2K_SWEEP_CHUNK];
    struct h2k_encoded clusters[];
};

static void *
convert_thread_new(void *opaque)
{
    struct convert *c = opaque;
    return c->ops->encoder_new(c->writer);
}

static void
convert_thread_free(void *opaque, void *thread)
{
    struct convert *c = opaque;
    c->ops->encoder_free(thread);
}

/* A compressed cluster is smaller than the cluster it came from, so the
 * store has room for all of a chunk's. */
static int
keep(struct chunk *chunk, struct h2k_encoded *encoded)
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

static int
convert_work(void *opaque, void *thread, struct h2k_sweep_item *item)
{
    struct convert *c = opaque;
    struct chunk *chunk = item->result;
    chunk->digest = h2k_digest_bytes(item->bytes, item->length);
    chunk->stored = 0;
    struct h2k_encoded *encoded = chunk->clusters;
    for (size_t at = 0; at < item->length; at += c->cluster, encoded++) {
        size_t count = (size_t)h2k_min_u64(c->cluster, item->length - at);
        if (c->ops->encode(thread, item->bytes + at, count, encoded) < 0 ||
            keep(chunk, encoded) < 0)
            return -1;
    }
    return 0;
}

/* Clusters that are stored as they are go out together, up to the next one
 * that is not. */
static int
put_clusters(struct convert *c, const struct h2k_sweep_item *item)
{
    const struct h2k_encoded *encoded =
        ((const struct chunk *)item->result)->clusters;
    uint64_t first = item->offset / c->cluster;
    size_t count = (size_t)h2k_div_up(item->length, c->cluster), i = 0;
    while (i < count) {
        size_t run = i;
        while (run < count && !encoded[run].zero && !encoded[run].compressed)
            run++;
        size_t begin = i * c->cluster;
        size_t end = (size_t)h2k_min_u64((uint64_t)run * c->cluster,
                                         item->length);
        int rc = 0;
        if (run > i)
            rc = c->ops->put_run(c->writer, first + i, item->bytes + begin,
                                 end - begin);
        else if (!encoded[i].zero)
            rc = c->ops->put(c->writer, first + i, &encoded[i]);
        if (rc < 0)
            return -1;
        i = run > i ? run : i + 1;
    }
    return 0;
}

static int
convert_ordered(void *opaque, struct h2k_sweep_item *item)
{
    struct convert *c = opaque;
    const struct chunk *chunk = item->result;
    h2k_digest_put(c->result->digest, item->offset, chunk->digest);
    if (put_clusters(c, item) < 0)
        return -1;
    uint64_t written = c->ops->written(c->writer);
    if (written - c->written_back >= WRITEBACK_STEP) {
        /* Advice only: where it is not supported, fsync does it all. */
        sync_file_range(h2k_output_fd(c->request->output),
                        (off_t)c->written_back,
                        (off_t)(written - c->written_back),
                        SYNC_FILE_RANGE_WRITE);
        c->written_back = written;
    }
    return 0;
}

static int
convert_run(struct convert *c)
{
    const struct h2k_convert_request *request = c->request;
    if (c->cluster > H2K_SWEEP_CHUNK)
        return h2k_fail(H2K_E_UNSUPPORTED, "clusters larger than 1 MiB");
    struct h2k_sweep_ops ops = {
        .result_size = sizeof(struct chunk) + H2K_SWEEP_CHUNK / c->cluster *
                                                  sizeof(struct h2k_encoded),
        .thread_new = convert_thread_new,
        .thread_free = convert_thread_free,
        .work = convert_work,
        .ordered = convert_ordered,
    };
    if (h2k_sweep(request->disk, request->threads, &ops, c,
                  &request->progress) < 0 ||
        c->ops->finish(c->writer) < 0)
        return -1;
    c->result->bytes_written = c->ops->written(c->writer);
    return 0;
}

int
h2k_convert(const struct h2k_convert_request *request,
            struct h2k_convert_result *result)
{
    uint64_t size = h2k_block_size(request->disk);
    *result = (struct h2k_convert_result){ .virtual_size = size };
    struct convert c = { .request = request,
                         .ops = request->format,
                         .result = result };
    result->digest = h2k_digest_new(size);
    if (result->digest == NULL ||
        h2k_sweep_total(request->disk, &result->bytes_read) < 0)
        return -1;
    c.writer = c.ops->create(h2k_output_fd(request->output), size,
                             &request->options);
    if (c.writer == NULL)
        return h2k_prefix("%s: ", h2k_output_path(request->output));
    c.cluster = c.ops->cluster_size(c.writer);
    int rc = convert_run(&c);
    c.ops->free(c.writer);
    if (rc < 0 && h2k_errcode() == H2K_E_OUTPUT)
        h2k_prefix("%s: ", h2k_output_path(request->output));
    return rc;
}

void
h2k_convert_result_clear(struct h2k_convert_result *result)
{
    h2k_digest_free(result->digest);
    result->digest = NULL;
}
