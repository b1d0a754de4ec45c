/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The workers share a ring of slots, each with room for one chunk.  A worker
 * takes the next chunk that has data together with the next slot, works on
 * it, and marks it done.  Whoever finds the oldest slot done, and nobody at
 * it, calls `ordered` for it and for those behind it: there is no writer
 * thread to wait for, and no chunk waits for a thread to wake up.
 */
#include "pipeline/sweep.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/interrupt.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define CHUNK H2K_SWEEP_CHUNK
#define THREADS_MAX 16u

enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_DONE };

struct slot {
    struct h2k_sweep_item item;
    enum slot_state state;
    uint64_t data; /* bytes of it that are data, for the progress */
};

struct sweep {
    struct h2k_block *disk;
    const struct h2k_sweep_ops *ops;
    void *opaque;
    const struct h2k_progress *progress;
    uint64_t size, done, total;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t position;   /* where the next chunk is looked for */
    uint64_t head, tail; /* slots given out; slots ordered */
    unsigned slot_count;
    struct slot *slots;
    bool ordering; /* a thread is in `ordered` */
    bool stop;     /* an error, or the end of the disk */
    bool failed;
    struct h2k_saved_error error;
};

int
h2k_sweep_total(struct h2k_block *disk, uint64_t *total)
{
    uint64_t size = h2k_block_size(disk), at = 0;
    *total = 0;
    while (at < size) {
        struct h2k_extent e;
        if (h2k_block_extent(disk, at, size - at, &e) < 0)
            return -1;
        if (e.kind == H2K_EXTENT_DATA)
            *total += e.length;
        at += e.length;
    }
    return 0;
}

/* With the lock held: the offset of the next chunk that holds data into
 * *OFFSET; 0 when the disk is at its end. */
static int
next_chunk(struct sweep *s, uint64_t *offset)
{
    while (s->position < s->size) {
        struct h2k_extent e;
        if (h2k_block_extent(s->disk, s->position, s->size - s->position, &e) <
            0)
            return -1;
        if (e.kind == H2K_EXTENT_DATA) {
            *offset = h2k_align_down(s->position, CHUNK);
            s->position = h2k_min_u64(*offset + CHUNK, s->size);
            return 1;
        }
        s->position += e.length;
    }
    return 0;
}

/* The chunk's data, with zeros where it has none. */
static int
read_chunk(struct sweep *s, struct slot *slot)
{
    uint64_t at = 0, length = slot->item.length;
    slot->data = 0;
    while (at < length) {
        struct h2k_extent e;
        uint64_t offset = slot->item.offset + at;
        if (h2k_block_extent(s->disk, offset, length - at, &e) < 0)
            return -1;
        if (e.kind != H2K_EXTENT_DATA)
            memset(slot->item.bytes + at, 0, (size_t)e.length);
        else if (h2k_block_pread(s->disk, slot->item.bytes + at,
                                 (size_t)e.length, offset) < 0)
            return -1;
        else
            slot->data += e.length;
        at += e.length;
    }
    return 0;
}

/* With the lock held: remember the calling thread's error, once. */
static void
fail(struct sweep *s)
{
    if (!s->failed)
        h2k_error_save(&s->error);
    s->failed = true;
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
}

/* With the lock held: call `ordered` for every slot that is next and done. */
static void
drain(struct sweep *s)
{
    if (s->ordering)
        return;
    s->ordering = true;
    while (!s->failed && s->tail < s->head) {
        struct slot *slot = &s->slots[s->tail % s->slot_count];
        if (slot->state != SLOT_DONE)
            break;
        pthread_mutex_unlock(&s->lock);
        int rc = s->ops->ordered(s->opaque, &slot->item);
        if (rc == 0) {
            s->done += slot->data;
            if (s->progress != NULL && s->progress->fn != NULL)
                s->progress->fn(s->progress->opaque, s->done, s->total);
        }
        pthread_mutex_lock(&s->lock);
        if (rc < 0) {
            fail(s);
            break;
        }
        slot->state = SLOT_FREE;
        s->tail++;
        pthread_cond_broadcast(&s->changed);
    }
    s->ordering = false;
}

/* With the lock held: a slot with the next chunk's place in it, or NULL when
 * there is nothing left to do. */
static struct slot *
take(struct sweep *s)
{
    while (!s->stop && s->head - s->tail == s->slot_count)
        pthread_cond_wait(&s->changed, &s->lock);
    if (s->stop)
        return NULL;
    uint64_t offset = 0;
    int rc = h2k_check_interrupt() < 0 ? -1 : next_chunk(s, &offset);
    if (rc < 0)
        fail(s);
    if (rc <= 0) {
        s->stop = true;
        pthread_cond_broadcast(&s->changed);
        return NULL;
    }
    struct slot *slot = &s->slots[s->head % s->slot_count];
    s->head++;
    slot->state = SLOT_BUSY;
    slot->item.offset = offset;
    slot->item.length = (size_t)h2k_min_u64(CHUNK, s->size - offset);
    return slot;
}

static void
work_all(struct sweep *s, void *thread)
{
    pthread_mutex_lock(&s->lock);
    for (struct slot *slot = take(s); slot != NULL; slot = take(s)) {
        pthread_mutex_unlock(&s->lock);
        int rc = read_chunk(s, slot);
        if (rc == 0)
            rc = s->ops->work(s->opaque, thread, &slot->item);
        pthread_mutex_lock(&s->lock);
        slot->state = SLOT_DONE;
        if (rc < 0)
            fail(s);
        drain(s);
    }
    pthread_mutex_unlock(&s->lock);
}

static void *
worker(void *opaque)
{
    struct sweep *s = opaque;
    void *thread = NULL;
    if (s->ops->thread_new != NULL &&
        (thread = s->ops->thread_new(s->opaque)) == NULL) {
        pthread_mutex_lock(&s->lock);
        fail(s);
        pthread_mutex_unlock(&s->lock);
        return NULL;
    }
    work_all(s, thread);
    if (thread != NULL)
        s->ops->thread_free(s->opaque, thread);
    return NULL;
}

static int
make_slots(struct sweep *s, unsigned threads)
{
    s->slot_count = 2 * threads + 2;
    s->slots = calloc(s->slot_count, sizeof(*s->slots));
    for (unsigned i = 0; s->slots != NULL && i < s->slot_count; i++) {
        struct h2k_sweep_item *item = &s->slots[i].item;
        item->bytes = aligned_alloc(4096, CHUNK);
        item->result =
            calloc(1, s->ops->result_size > 0 ? s->ops->result_size : 1);
        if (item->bytes == NULL || item->result == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return s->slots != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

static void
free_slots(struct sweep *s)
{
    for (unsigned i = 0; s->slots != NULL && i < s->slot_count; i++) {
        free(s->slots[i].item.bytes);
        free(s->slots[i].item.result);
    }
    free(s->slots);
}

static int
run_threads(struct sweep *s, unsigned threads)
{
    pthread_t ids[THREADS_MAX];
    unsigned started = 0;
    while (started < threads &&
           pthread_create(&ids[started], NULL, worker, s) == 0)
        started++;
    if (started == 0)
        return h2k_fail(H2K_E_FAILED, "cannot start a thread");
    for (unsigned i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    return s->failed ? h2k_error_restore(&s->error) : 0;
}

int
h2k_sweep(struct h2k_block *disk, unsigned threads,
          const struct h2k_sweep_ops *ops, void *opaque,
          const struct h2k_progress *progress)
{
    struct sweep s = { .disk = disk,
                       .ops = ops,
                       .opaque = opaque,
                       .progress = progress,
                       .size = h2k_block_size(disk),
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .changed = PTHREAD_COND_INITIALIZER };
    if (threads == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = processors > 0 ? (unsigned)processors : 1;
    }
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    int rc = h2k_sweep_total(disk, &s.total);
    if (rc == 0)
        rc = make_slots(&s, threads);
    if (rc == 0)
        rc = run_threads(&s, threads);
    free_slots(&s);
    return rc;
}
