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
#ifndef H2K_PIPELINE_STREAM_INTERNAL_H
#define H2K_PIPELINE_STREAM_INTERNAL_H

#include "pipeline/stream.h"

#include "base/error.h"
#include "image/vmdk-stream.h"
#include "pipeline/chunk.h"
#include "pipeline/readback.h"

#include <pthread.h>

#define H2K_STREAM_THREADS_MAX 16u
/* One is filled, one is in work, one waits for its turn: 8 MiB. */
#define H2K_STREAM_SLOTS 3u
/* Chunks that wait to be read back; when they are more, the oldest is left for
 * the end. */
#define H2K_STREAM_READBACKS 64u
/* VMDK's least grain is 4 KiB. */
#define H2K_STREAM_GRAINS (H2K_SWEEP_CHUNK / 4096)

enum h2k_slot_state {
    H2K_SLOT_FREE,
    H2K_SLOT_FILLING,
    H2K_SLOT_QUEUED,
    H2K_SLOT_DONE
};

struct h2k_stream_grain {
    size_t at;     /* in the chunk */
    size_t size;   /* room for it */
    size_t needed; /* bytes of it that are the disk's */
    size_t in;     /* where its zlib data is */
    size_t stored;
};

struct h2k_stream_slot {
    struct h2k_stream *stream;
    struct h2k_stream_slot *next; /* in the queue */
    enum h2k_slot_state state;
    uint64_t offset; /* of the chunk, bytes of the disk */
    size_t length, filled;
    struct h2k_stream_grain grains[H2K_STREAM_GRAINS];
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
    struct h2k_stream_slot *queue, **queue_end;
    struct h2k_stream *streams; /* that can have something to read back */
    bool stop;
    pthread_t threads[H2K_STREAM_THREADS_MAX];
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
    uint64_t arrived;                /* bytes */
    struct h2k_stream_slot *current; /* that is filled, or NULL */

    pthread_cond_t changed; /* with the pool's lock */
    uint64_t head, tail;    /* slots given out; slots put */
    bool putting, failed;
    struct h2k_saved_error error;
    struct h2k_stream_slot slots[H2K_STREAM_SLOTS];

    /* What is to be read back, a ring; with the pool's lock. */
    struct h2k_stream *next; /* in the pool */
    struct h2k_readback *readbacks;
    uint64_t noted, read_back;
    uint64_t flushed;  /* bytes of the file that are written */
    unsigned checking; /* threads that read back */
};

/* ---- stream-pool.c ---- */

/* The pool's threads may read back what STREAM wrote, from join to leave. */
void h2k_stream_join_pool(struct h2k_stream *s);
void h2k_stream_leave_pool(struct h2k_stream *s);

/* ---- stream-slots.c: slots, from the feeder's side ---- */

int h2k_stream_make_slots(struct h2k_stream *s);
void h2k_stream_free_slots(struct h2k_stream *s);
/* The next slot, for the chunk with OFFSET, into s->current.  Waits until
 * there is one; -1 with the stream's error. */
int h2k_stream_take_slot(struct h2k_stream *s, uint64_t offset);
/* s->current goes to the threads. */
void h2k_stream_submit(struct h2k_stream *s);
/* Until all that was submitted is put, or an error was found.  A slot that
 * is being filled is given back. */
int h2k_stream_settle(struct h2k_stream *s);
/* 0, or -1 with the stream's error. */
int h2k_stream_has_failed(struct h2k_stream *s);

#endif
