/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The threads that all streams share. */
#include "pipeline/stream-internal.h"

#include "base/output.h"
#include "image/vmdk-sparse.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* ---- Reading back, when there is nothing else to do ---- */

/* By the one who puts, without the lock: what was put into SLOT's place. */
static bool
note(struct h2k_stream *s, const struct h2k_stream_slot *slot,
     struct h2k_readback *r)
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
    if (s->noted - s->read_back == H2K_STREAM_READBACKS)
        s->read_back++;
    s->readbacks[s->noted++ % H2K_STREAM_READBACKS] = *r;
    pthread_cond_signal(&s->pool->work);
}

/* With the lock held: a chunk that can be read back now, into *R. */
static struct h2k_stream *
take_readback(struct h2k_stream_pool *pool, struct h2k_readback *r)
{
    for (struct h2k_stream *s = pool->streams; s != NULL; s = s->next) {
        if (s->failed || s->read_back == s->noted ||
            s->readbacks[s->read_back % H2K_STREAM_READBACKS].end > s->flushed)
            continue;
        *r = s->readbacks[s->read_back++ % H2K_STREAM_READBACKS];
        s->checking++;
        return s;
    }
    return NULL;
}

/* ---- The threads ---- */

static int
inflate_grains(struct h2k_stream_slot *slot)
{
    size_t at = 0;
    for (size_t i = 0; i < slot->grain_count; i++) {
        const struct h2k_stream_grain *g = &slot->grains[i];
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
process(struct h2k_stream_slot *slot)
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
put_slot(struct h2k_stream *s, struct h2k_stream_slot *slot)
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
        struct h2k_stream_slot *slot = &s->slots[s->tail % H2K_STREAM_SLOTS];
        if (slot->state != H2K_SLOT_DONE)
            break;
        if (!s->failed)
            put_slot(s, slot);
        slot->state = H2K_SLOT_FREE;
        s->tail++;
        pthread_cond_broadcast(&s->changed);
    }
    s->putting = false;
    pthread_cond_broadcast(&s->changed);
}

/* With the lock held, which is given up for it. */
static void
work_on(struct h2k_stream_pool *pool, struct h2k_stream_slot *slot)
{
    pool->queue = slot->next;
    if (pool->queue == NULL)
        pool->queue_end = &pool->queue;
    bool wanted = !slot->stream->failed;
    pthread_mutex_unlock(&pool->lock);
    int rc = wanted ? process(slot) : 0;
    pthread_mutex_lock(&pool->lock);
    slot->state = H2K_SLOT_DONE;
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
    s->content.places[r->offset / H2K_SWEEP_CHUNK] = places;
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
    if (threads > H2K_STREAM_THREADS_MAX)
        threads = H2K_STREAM_THREADS_MAX;
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

void
h2k_stream_join_pool(struct h2k_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    s->next = s->pool->streams;
    s->pool->streams = s;
    pthread_mutex_unlock(&s->pool->lock);
}

void
h2k_stream_leave_pool(struct h2k_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    struct h2k_stream **at = &s->pool->streams;
    while (*at != NULL && *at != s)
        at = &(*at)->next;
    if (*at != NULL)
        *at = s->next;
    pthread_mutex_unlock(&s->pool->lock);
}
