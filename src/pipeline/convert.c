/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/convert.h"

#include "base/error.h"
#include "pipeline/chunk.h"

static void *
convert_thread_new(void *opaque)
{
    const struct h2k_chunk_writer *w = opaque;
    return w->ops->encoder_new(w->writer);
}

static void
convert_thread_free(void *opaque, void *thread)
{
    const struct h2k_chunk_writer *w = opaque;
    w->ops->encoder_free(thread);
}

static int
convert_work(void *opaque, void *thread, struct h2k_sweep_item *item)
{
    return h2k_chunk_encode(opaque, thread, item->result, item->bytes,
                            item->length);
}

static int
convert_ordered(void *opaque, struct h2k_sweep_item *item)
{
    return h2k_chunk_put(opaque, item->result, item->bytes, item->length,
                         item->offset);
}

static int
convert_run(const struct h2k_convert_request *request,
            struct h2k_chunk_writer *writer, struct h2k_convert_result *result)
{
    struct h2k_sweep_ops ops = {
        .result_size = h2k_chunk_size(writer),
        .thread_new = convert_thread_new,
        .thread_free = convert_thread_free,
        .work = convert_work,
        .ordered = convert_ordered,
    };
    if (h2k_sweep(request->disk, request->threads, &ops, writer,
                  &request->progress) < 0)
        return -1;
    return h2k_chunk_writer_finish(writer, &result->bytes_written);
}

int
h2k_convert(const struct h2k_convert_request *request,
            struct h2k_convert_result *result)
{
    struct h2k_chunk_writer writer;
    uint64_t size = h2k_block_size(request->disk);
    *result = (struct h2k_convert_result){ .virtual_size = size };
    result->digest = h2k_digest_new(size);
    if (result->digest == NULL ||
        h2k_sweep_total(request->disk, &result->bytes_read) < 0)
        return -1;
    int rc = h2k_chunk_writer_init(&writer, request->format, &request->options,
                                   request->output, size, result->digest);
    if (rc == 0)
        rc = convert_run(request, &writer, result);
    h2k_chunk_writer_clear(&writer);
    return rc;
}

void
h2k_convert_result_clear(struct h2k_convert_result *result)
{
    h2k_digest_free(result->digest);
    result->digest = NULL;
}
