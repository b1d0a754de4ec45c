/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A stream's slots, from the feeder's side. */
#include "pipeline/stream-internal.h"

#include "base/checked.h"

/* The next slot, for the chunk with OFFSET, into s->current. */
int
h2k_stream_take_slot(struct h2k_stream *s, uint64_t offset)
{
    uint64_t size = s->content.converted.virtual_size;
    pthread_mutex_lock(&s->pool->lock);
    while (!s->failed && s->head - s->tail == H2K_STREAM_SLOTS)
        pthread_cond_wait(&s->changed, &s->pool->lock);
    bool failed = s->failed;
    struct h2k_stream_slot *slot = &s->slots[s->head % H2K_STREAM_SLOTS];
    if (!failed) {
        s->head++;
        slot->state = H2K_SLOT_FILLING;
    }
    pthread_mutex_unlock(&s->pool->lock);
    if (failed)
        return h2k_error_restore(&s->error);
    slot->offset = offset;
    slot->length = (size_t)h2k_min_u64(H2K_SWEEP_CHUNK, size - offset);
    slot->filled = slot->grain_count = slot->in_size = 0;
    s->current = slot;
    return 0;
}

void
h2k_stream_submit(struct h2k_stream *s)
{
    struct h2k_stream_pool *pool = s->pool;
    struct h2k_stream_slot *slot = s->current;
    s->current = NULL;
    if (slot == NULL)
        return;
    slot->next = NULL;
    pthread_mutex_lock(&pool->lock);
    slot->state = H2K_SLOT_QUEUED;
    *pool->queue_end = slot;
    pool->queue_end = &slot->next;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

/* Until all that was submitted is put, or an error was found.  A slot that
 * is being filled is given back. */
int
h2k_stream_settle(struct h2k_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    if (s->current != NULL) {
        s->current->state = H2K_SLOT_FREE;
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

int
h2k_stream_has_failed(struct h2k_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    bool failed = s->failed;
    pthread_mutex_unlock(&s->pool->lock);
    return failed ? h2k_error_restore(&s->error) : 0;
}

void
h2k_stream_free_slots(struct h2k_stream *s)
{
    for (unsigned i = 0; i < H2K_STREAM_SLOTS; i++) {
        struct h2k_stream_slot *slot = &s->slots[i];
        if (slot->encoder != NULL)
            s->writer.ops->encoder_free(slot->encoder);
        free(slot->in);
        free(slot->bytes);
        free(slot->chunk);
        *slot = (struct h2k_stream_slot){ .stream = s };
    }
}

int
h2k_stream_make_slots(struct h2k_stream *s)
{
    for (unsigned i = 0; i < H2K_STREAM_SLOTS; i++) {
        struct h2k_stream_slot *slot = &s->slots[i];
        slot->bytes = aligned_alloc(4096, H2K_SWEEP_CHUNK);
        slot->chunk = calloc(1, h2k_chunk_size(&s->writer));
        if (slot->bytes == NULL || slot->chunk == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        slot->encoder = s->writer.ops->encoder_new(s->writer.writer);
        if (slot->encoder == NULL)
            return -1;
    }
    return 0;
}
