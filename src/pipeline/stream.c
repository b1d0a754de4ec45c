/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A stream: what arrives, into slots. */
#include "pipeline/stream-internal.h"

#include "base/checked.h"
#include "base/interrupt.h"
#include "block/file.h"
#include "image/qcow2-rw.h"
#include "image/vmdk-sparse.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* The disk has SIZE bytes: its output begins. */
static int
begin_disk(struct h2k_stream *s, uint64_t size)
{
    struct h2k_convert_result *converted = &s->content.converted;
    uint64_t expected = s->request.capacity;
    if (size == 0 || size > H2K_BLOCK_SIZE_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "a disk of %" PRIu64 " bytes",
                        size);
    if (expected != 0 && expected != size)
        return h2k_fail(H2K_E_CORRUPT,
                        "the disk that arrives has %" PRIu64
                        " bytes, where %" PRIu64 " were announced",
                        size, expected);
    *converted = (struct h2k_convert_result){ .virtual_size = size };
    converted->digest = h2k_digest_new(size);
    if (converted->digest == NULL)
        return -1;
    s->begun = true;
    if (h2k_chunk_writer_init(&s->writer, s->request.format,
                              &s->request.options, s->content.output, size,
                              converted->digest) < 0)
        return -1;
    s->content.cluster = s->writer.cluster;
    /* Without this memory all is read at the end. */
    s->readbacks = calloc(H2K_STREAM_READBACKS, sizeof(*s->readbacks));
    if (s->request.format->place != NULL)
        s->content.places = calloc((size_t)h2k_div_up(size, H2K_SWEEP_CHUNK),
                                   sizeof(uint64_t));
    return h2k_stream_make_slots(s);
}

static int
vmdk_begin(void *opaque, uint64_t capacity, uint32_t grain_size)
{
    if (grain_size > H2K_SWEEP_CHUNK)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "grains of %" PRIu32
                        " bytes: store it as a file first",
                        grain_size);
    return begin_disk(opaque, capacity);
}

static int
keep_bytes(struct h2k_stream_slot *slot, const void *bytes, size_t count)
{
    if (count > slot->in_capacity - slot->in_size) {
        size_t capacity = slot->in_size + count + (128u << 10);
        uint8_t *in = realloc(slot->in, capacity);
        if (in == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        slot->in = in;
        slot->in_capacity = capacity;
    }
    memcpy(slot->in + slot->in_size, bytes, count);
    slot->in_size += count;
    return 0;
}

static int
vmdk_grain(void *opaque, const struct h2k_vmdk_stream_grain *g)
{
    struct h2k_stream *s = opaque;
    uint64_t chunk = h2k_align_down(g->offset, H2K_SWEEP_CHUNK);
    if (s->current != NULL && s->current->offset != chunk)
        h2k_stream_submit(s);
    if (s->current == NULL && h2k_stream_take_slot(s, chunk) < 0)
        return -1;
    struct h2k_stream_slot *slot = s->current;
    slot->grains[slot->grain_count++] =
        (struct h2k_stream_grain){ .at = (size_t)(g->offset - chunk),
                                   .size = g->size,
                                   .needed = g->needed,
                                   .in = slot->in_size,
                                   .stored = g->stored };
    s->content.converted.bytes_read += g->needed;
    return keep_bytes(slot, g->bytes, g->stored);
}

static int
feed_flat(struct h2k_stream *s, const uint8_t *bytes, size_t count)
{
    uint64_t at = s->arrived, size = s->content.converted.virtual_size;
    if (count > size - at)
        return h2k_fail(H2K_E_CORRUPT,
                        "more bytes arrive than the disk's %" PRIu64, size);
    s->content.converted.bytes_read += count;
    while (count > 0) {
        if (s->current == NULL && h2k_stream_take_slot(s, at) < 0)
            return -1;
        struct h2k_stream_slot *slot = s->current;
        size_t n = (size_t)h2k_min_u64(count, slot->length - slot->filled);
        memcpy(slot->bytes + slot->filled, bytes, n);
        slot->filled += n;
        at += n;
        bytes += n;
        count -= n;
        if (slot->filled == slot->length)
            h2k_stream_submit(s);
    }
    return 0;
}

static int
start(struct h2k_stream *s)
{
    static const struct h2k_vmdk_stream_ops ops = { vmdk_begin, vmdk_grain };
    if (s->request.kind == H2K_STREAM_FLAT)
        return begin_disk(s, s->request.capacity);
    s->decoder = h2k_vmdk_stream_new(&ops, s);
    return s->decoder == NULL ? -1 : 0;
}

/* As it was before anything arrived. */
static void
clear(struct h2k_stream *s)
{
    h2k_stream_settle(s);
    h2k_stream_free_slots(s);
    if (s->begun)
        h2k_chunk_writer_clear(&s->writer);
    h2k_convert_result_clear(&s->content.converted);
    free(s->content.places);
    free(s->readbacks);
    s->content.places = NULL;
    s->readbacks = NULL;
    h2k_vmdk_stream_free(s->decoder);
    s->decoder = NULL;
    s->begun = s->ended = false;
    s->arrived = 0;
    pthread_mutex_lock(&s->pool->lock);
    s->failed = false;
    s->head = s->tail = 0;
    s->noted = s->read_back = s->flushed = 0;
    pthread_mutex_unlock(&s->pool->lock);
}

struct h2k_stream *
h2k_stream_new(struct h2k_stream_pool *pool,
               const struct h2k_stream_request *request)
{
    H2K_AUTO(h2k_stream) s = calloc(1, sizeof(*s));
    if (s == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    s->pool = pool;
    s->request = *request;
    pthread_cond_init(&s->changed, NULL);
    for (unsigned i = 0; i < H2K_STREAM_SLOTS; i++)
        s->slots[i].stream = s;
    s->path = strdup(request->path);
    if (s->path == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    s->content.path = s->path;
    s->content.format = request->format;
    s->content.compressed = request->options.compression != H2K_COMPRESS_NONE;
    s->content.output = h2k_output_new(s->path);
    if (s->content.output == NULL || start(s) < 0)
        return NULL;
    h2k_stream_join_pool(s);
    return h2k_steal(s);
}

int
h2k_stream_feed(struct h2k_stream *stream, const void *bytes, size_t count)
{
    struct h2k_stream *s = stream;
    if (h2k_check_interrupt() < 0 || h2k_stream_has_failed(s) < 0)
        return -1;
    int rc = s->decoder == NULL
                 ? feed_flat(s, bytes, count)
                 : h2k_vmdk_stream_feed(s->decoder, bytes, count);
    s->arrived += count;
    return rc;
}

int
h2k_stream_restart(struct h2k_stream *stream, enum h2k_stream_kind kind,
                   uint64_t capacity)
{
    struct h2k_stream *s = stream;
    clear(s);
    s->request.kind = kind;
    s->request.capacity = capacity;
    if (ftruncate(h2k_output_fd(s->content.output), 0) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s", s->path);
    return start(s);
}

static int
check_whole(struct h2k_stream *s)
{
    if (s->decoder != NULL)
        return h2k_vmdk_stream_end(s->decoder);
    uint64_t size = s->content.converted.virtual_size;
    if (s->arrived != size)
        return h2k_fail(H2K_E_CORRUPT,
                        "cut short at byte %" PRIu64 " of the disk's %" PRIu64,
                        s->arrived, size);
    return 0;
}

int
h2k_stream_end(struct h2k_stream *stream,
               const char sha256[H2K_SHA256_HEX_SIZE], uint64_t size)
{
    struct h2k_stream *s = stream;
    struct h2k_stream_content *c = &s->content;
    if (h2k_stream_has_failed(s) < 0)
        return -1;
    if (size != s->arrived)
        return h2k_fail(H2K_E_FAILED,
                        "%" PRIu64 " bytes have arrived and %" PRIu64
                        " were converted",
                        size, s->arrived);
    if (check_whole(s) < 0)
        return -1;
    h2k_stream_submit(s);
    if (h2k_stream_settle(s) < 0 ||
        h2k_chunk_writer_finish(&s->writer, &c->converted.bytes_written) < 0)
        return -1;
    h2k_stream_free_slots(s);
    free(s->readbacks); /* settled: nobody looks into it any more */
    s->readbacks = NULL;
    /* Advice: so that making it durable finds less to do. */
    sync_file_range(h2k_output_fd(c->output), 0, 0, SYNC_FILE_RANGE_WRITE);
    c->kind = s->request.kind;
    c->arrived = size;
    memcpy(c->sha256, sha256, sizeof(c->sha256));
    s->ended = true;
    return 0;
}

void
h2k_stream_free(struct h2k_stream *stream)
{
    if (stream == NULL)
        return;
    clear(stream);
    h2k_stream_leave_pool(stream);
    h2k_output_free(stream->content.output);
    pthread_cond_destroy(&stream->changed);
    free(stream->path);
    free(stream);
}

struct h2k_stream_content *
h2k_stream_content(struct h2k_stream *stream)
{
    if (!stream->ended || stream->content.output == NULL)
        return h2k_fail_null(H2K_E_FAILED, "%s: its disk has not arrived",
                             stream->path);
    return &stream->content;
}

struct h2k_block *
h2k_stream_open(const struct h2k_stream_content *content)
{
    int fd = h2k_output_fd(content->output);
    if (content->format == &h2k_writer_qcow2)
        return h2k_qcow2_rw_open(fd, content->path);
    int other = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (other < 0) {
        h2k_fail_errno(H2K_E_IO, "%s", content->path);
        return NULL;
    }
    return h2k_file_from_fd(other, content->path, true);
}
