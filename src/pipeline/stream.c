/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Each stream has a ring of slots with room for one chunk.  Feeding fills one
 * slot after the other, and queues each that is full; the pool's threads
 * take them in any order.  Whoever finds a stream's oldest slot done, and
 * nobody at it, puts it and those behind it into the file.
 *
 * A thread that finds no slot reads back a chunk that is in the file by then.
 *
 * One lock guards the queue and the slots' states.  What is in a slot is
 * whose turn it is: the feeder's, a thread's, or the one's who puts it.
 */
#include "pipeline/stream.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "block/file.h"
#include "image/qcow2-rw.h"
#include "image/vmdk-sparse.h"
#include "image/vmdk-stream.h"
#include "pipeline/chunk.h"
#include "pipeline/readback.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define CHUNK H2K_SWEEP_CHUNK
#define THREADS_MAX 16u
/* One is filled, one is in work, one waits for its turn: 8 MiB. */
#define SLOTS 3u
/* Chunks that wait to be read back; when they are more, the oldest is left for
 * the end. */
#define READBACKS 64u
/* VMDK's least grain is 4 KiB. */
#define GRAINS_MAX (CHUNK / 4096)

enum slot_state { SLOT_FREE, SLOT_FILLING, SLOT_QUEUED, SLOT_DONE };

struct grain {
    size_t at;     /* in the chunk */
    size_t size;   /* room for it */
    size_t needed; /* bytes of it that are the disk's */
    size_t in;     /* where its zlib data is */
    size_t stored;
};

struct slot {
    struct h2k_stream *stream;
    struct slot *next; /* in the queue */
    enum slot_state state;
    uint64_t offset; /* of the chunk, bytes of the disk */
    size_t length, filled;
    struct grain grains[GRAINS_MAX];
    size_t grain_count;
    uint8_t *in; /* zlib data, one after the other */
    size_t in_size, in_capacity;
    uint8_t *bytes; /* the chunk */
    struct h2k_chunk *chunk;
    struct h2k_image_encoder *encoder;
};

struct h2k_stream_pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct slot *queue, **queue_end;
    struct h2k_stream *streams; /* that can have something to read back */
    bool stop;
    pthread_t threads[THREADS_MAX];
    unsigned thread_count;
};

struct h2k_stream {
    struct h2k_stream_pool *pool;
    struct h2k_stream_request request;
    char *path;
    struct h2k_stream_content content;
    struct h2k_vmdk_stream *decoder; /* NULL: flat */
    struct h2k_chunk_writer writer;
    bool begun; /* the disk's size is known, the writer is there */
    bool ended;
    uint64_t arrived;     /* bytes */
    struct slot *current; /* that is filled, or NULL */

    pthread_cond_t changed; /* with the pool's lock */
    uint64_t head, tail;    /* slots given out; slots put */
    bool putting, failed;
    struct h2k_saved_error error;
    struct slot slots[SLOTS];

    /* What is to be read back, a ring; with the pool's lock. */
    struct h2k_stream *next; /* in the pool */
    struct h2k_readback *readbacks;
    uint64_t noted, read_back;
    uint64_t flushed;  /* bytes of the file that are written */
    unsigned checking; /* threads that read back */
};

/* ---- Reading back, when there is nothing else to do ---- */

/* By the one who puts, without the lock: what was put into SLOT's place. */
static bool
note(struct h2k_stream *s, const struct slot *slot, struct h2k_readback *r)
{
    return s->readbacks != NULL && s->content.places != NULL &&
           h2k_readback_note(
               &s->writer, slot->chunk, slot->offset, slot->length,
               s->request.options.compression == H2K_COMPRESS_ZSTD, r);
}

/* With the lock held. */
static void
queue_readback(struct h2k_stream *s, const struct h2k_readback *r)
{
    s->flushed = s->writer.ops->flushed(s->writer.writer);
    if (s->noted - s->read_back == READBACKS)
        s->read_back++;
    s->readbacks[s->noted++ % READBACKS] = *r;
    pthread_cond_signal(&s->pool->work);
}

/* With the lock held: a chunk that can be read back now, into *R. */
static struct h2k_stream *
take_readback(struct h2k_stream_pool *pool, struct h2k_readback *r)
{
    for (struct h2k_stream *s = pool->streams; s != NULL; s = s->next) {
        if (s->failed || s->read_back == s->noted ||
            s->readbacks[s->read_back % READBACKS].end > s->flushed)
            continue;
        *r = s->readbacks[s->read_back++ % READBACKS];
        s->checking++;
        return s;
    }
    return NULL;
}

/* ---- The threads ---- */

static int
inflate_grains(struct slot *slot)
{
    size_t at = 0;
    for (size_t i = 0; i < slot->grain_count; i++) {
        const struct grain *g = &slot->grains[i];
        memset(slot->bytes + at, 0, g->at - at);
        if (h2k_vmdk_grain_inflate(slot->in + g->in, g->stored, g->needed,
                                   slot->bytes + g->at, g->size) < 0)
            return h2k_prefix("grain of sector %" PRIu64 ": ",
                              (slot->offset + g->at) / H2K_VMDK_SECTOR);
        at = g->at + g->needed;
    }
    if (slot->stream->decoder != NULL)
        memset(slot->bytes + at, 0, slot->length - at);
    return 0;
}

static int
process(struct slot *slot)
{
    return inflate_grains(slot) < 0
               ? -1
               : h2k_chunk_encode(&slot->stream->writer, slot->encoder,
                                  slot->chunk, slot->bytes, slot->length);
}

/* With the lock held: remember the calling thread's error, once. */
static void
fail(struct h2k_stream *s)
{
    if (!s->failed)
        h2k_error_save(&s->error);
    s->failed = true;
    pthread_cond_broadcast(&s->changed);
}

/* With the lock held, which is given up for it. */
static void
put_slot(struct h2k_stream *s, struct slot *slot)
{
    struct h2k_readback readback;
    pthread_mutex_unlock(&s->pool->lock);
    int rc = h2k_chunk_put(&s->writer, slot->chunk, slot->bytes, slot->length,
                           slot->offset);
    bool noted = rc == 0 && note(s, slot, &readback);
    pthread_mutex_lock(&s->pool->lock);
    if (rc < 0)
        fail(s);
    if (noted)
        queue_readback(s, &readback);
}

/* With the lock held: put every slot that is next and done.  After an error
 * they are only freed. */
static void
drain(struct h2k_stream *s)
{
    if (s->putting)
        return;
    s->putting = true;
    while (s->tail < s->head) {
        struct slot *slot = &s->slots[s->tail % SLOTS];
        if (slot->state != SLOT_DONE)
            break;
        if (!s->failed)
            put_slot(s, slot);
        slot->state = SLOT_FREE;
        s->tail++;
        pthread_cond_broadcast(&s->changed);
    }
    s->putting = false;
    pthread_cond_broadcast(&s->changed);
}

/* With the lock held, which is given up for it. */
static void
work_on(struct h2k_stream_pool *pool, struct slot *slot)
{
    pool->queue = slot->next;
    if (pool->queue == NULL)
        pool->queue_end = &pool->queue;
    bool wanted = !slot->stream->failed;
    pthread_mutex_unlock(&pool->lock);
    int rc = wanted ? process(slot) : 0;
    pthread_mutex_lock(&pool->lock);
    slot->state = SLOT_DONE;
    if (rc < 0)
        fail(slot->stream);
    drain(slot->stream);
}

/* The same. */
static void
check(struct h2k_stream *s, const struct h2k_readback *r)
{
    uint64_t places = 0;
    pthread_mutex_unlock(&s->pool->lock);
    int rc = h2k_readback_check(r, h2k_output_fd(s->content.output), s->path,
                                &places);
    pthread_mutex_lock(&s->pool->lock);
    if (rc < 0)
        fail(s);
    s->content.places[r->offset / CHUNK] = places;
    s->checking--;
    pthread_cond_broadcast(&s->changed);
}

static void *
worker(void *opaque)
{
    struct h2k_stream_pool *pool = opaque;
    struct h2k_readback readback;
    struct h2k_stream *s = NULL;
    pthread_mutex_lock(&pool->lock);
    while (pool->queue != NULL || !pool->stop) {
        if (pool->queue != NULL)
            work_on(pool, pool->queue);
        else if ((s = take_readback(pool, &readback)) != NULL)
            check(s, &readback);
        else
            pthread_cond_wait(&pool->work, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

struct h2k_stream_pool *
h2k_stream_pool_new(unsigned threads)
{
    struct h2k_stream_pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (threads == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = processors > 0 ? (unsigned)processors : 1;
    }
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->queue_end = &pool->queue;
    while (pool->thread_count < threads &&
           pthread_create(&pool->threads[pool->thread_count], NULL, worker,
                          pool) == 0)
        pool->thread_count++;
    if (pool->thread_count == 0) {
        h2k_stream_pool_free(pool);
        return h2k_fail_null(H2K_E_FAILED, "cannot start a thread");
    }
    return pool;
}

void
h2k_stream_pool_free(struct h2k_stream_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---- Slots, from the feeder's side ---- */

/* The next slot, for the chunk with OFFSET, into s->current. */
static int
take_slot(struct h2k_stream *s, uint64_t offset)
{
    uint64_t size = s->content.converted.virtual_size;
    pthread_mutex_lock(&s->pool->lock);
    while (!s->failed && s->head - s->tail == SLOTS)
        pthread_cond_wait(&s->changed, &s->pool->lock);
    bool failed = s->failed;
    struct slot *slot = &s->slots[s->head % SLOTS];
    if (!failed) {
        s->head++;
        slot->state = SLOT_FILLING;
    }
    pthread_mutex_unlock(&s->pool->lock);
    if (failed)
        return h2k_error_restore(&s->error);
    slot->offset = offset;
    slot->length = (size_t)h2k_min_u64(CHUNK, size - offset);
    slot->filled = slot->grain_count = slot->in_size = 0;
    s->current = slot;
    return 0;
}

static void
submit(struct h2k_stream *s)
{
    struct h2k_stream_pool *pool = s->pool;
    struct slot *slot = s->current;
    s->current = NULL;
    if (slot == NULL)
        return;
    slot->next = NULL;
    pthread_mutex_lock(&pool->lock);
    slot->state = SLOT_QUEUED;
    *pool->queue_end = slot;
    pool->queue_end = &slot->next;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

/* Until all that was submitted is put, or an error was found.  A slot that
 * is being filled is given back. */
static int
settle(struct h2k_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    if (s->current != NULL) {
        s->current->state = SLOT_FREE;
        s->current = NULL;
        s->head--;
    }
    while (s->tail < s->head || s->putting)
        pthread_cond_wait(&s->changed, &s->pool->lock);
    s->read_back = s->noted; /* the rest is read at the end */
    while (s->checking > 0)
        pthread_cond_wait(&s->changed, &s->pool->lock);
    bool failed = s->failed;
    pthread_mutex_unlock(&s->pool->lock);
    return failed ? h2k_error_restore(&s->error) : 0;
}

static int
has_failed(struct h2k_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    bool failed = s->failed;
    pthread_mutex_unlock(&s->pool->lock);
    return failed ? h2k_error_restore(&s->error) : 0;
}

static void
free_slots(struct h2k_stream *s)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->encoder != NULL)
            s->writer.ops->encoder_free(slot->encoder);
        free(slot->in);
        free(slot->bytes);
        free(slot->chunk);
        *slot = (struct slot){ .stream = s };
    }
}

static int
make_slots(struct h2k_stream *s)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *slot = &s->slots[i];
        slot->bytes = aligned_alloc(4096, CHUNK);
        slot->chunk = calloc(1, h2k_chunk_size(&s->writer));
        if (slot->bytes == NULL || slot->chunk == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        slot->encoder = s->writer.ops->encoder_new(s->writer.writer);
        if (slot->encoder == NULL)
            return -1;
    }
    return 0;
}

/* ---- What arrives ---- */

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
    s->readbacks = calloc(READBACKS, sizeof(*s->readbacks));
    if (s->request.format->place != NULL)
        s->content.places =
            calloc((size_t)h2k_div_up(size, CHUNK), sizeof(uint64_t));
    return make_slots(s);
}

static int
vmdk_begin(void *opaque, uint64_t capacity, uint32_t grain_size)
{
    if (grain_size > CHUNK)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "grains of %" PRIu32
                        " bytes: store it as a file first",
                        grain_size);
    return begin_disk(opaque, capacity);
}

static int
keep_bytes(struct slot *slot, const void *bytes, size_t count)
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
    uint64_t chunk = h2k_align_down(g->offset, CHUNK);
    if (s->current != NULL && s->current->offset != chunk)
        submit(s);
    if (s->current == NULL && take_slot(s, chunk) < 0)
        return -1;
    struct slot *slot = s->current;
    slot->grains[slot->grain_count++] =
        (struct grain){ .at = (size_t)(g->offset - chunk),
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
        if (s->current == NULL && take_slot(s, at) < 0)
            return -1;
        struct slot *slot = s->current;
        size_t n = (size_t)h2k_min_u64(count, slot->length - slot->filled);
        memcpy(slot->bytes + slot->filled, bytes, n);
        slot->filled += n;
        at += n;
        bytes += n;
        count -= n;
        if (slot->filled == slot->length)
            submit(s);
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
    settle(s);
    free_slots(s);
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

static void
join_pool(struct h2k_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    s->next = s->pool->streams;
    s->pool->streams = s;
    pthread_mutex_unlock(&s->pool->lock);
}

static void
leave_pool(struct h2k_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    struct h2k_stream **at = &s->pool->streams;
    while (*at != NULL && *at != s)
        at = &(*at)->next;
    if (*at != NULL)
        *at = s->next;
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
    for (unsigned i = 0; i < SLOTS; i++)
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
    join_pool(s);
    return h2k_steal(s);
}

int
h2k_stream_feed(struct h2k_stream *stream, const void *bytes, size_t count)
{
    struct h2k_stream *s = stream;
    if (h2k_check_interrupt() < 0 || has_failed(s) < 0)
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
    if (has_failed(s) < 0)
        return -1;
    if (size != s->arrived)
        return h2k_fail(H2K_E_FAILED,
                        "%" PRIu64 " bytes have arrived and %" PRIu64
                        " were converted",
                        size, s->arrived);
    if (check_whole(s) < 0)
        return -1;
    submit(s);
    if (settle(s) < 0 ||
        h2k_chunk_writer_finish(&s->writer, &c->converted.bytes_written) < 0)
        return -1;
    free_slots(s);
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
    leave_pool(stream);
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
