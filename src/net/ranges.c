/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "net/ranges.h"

#include "base/checked.h"
#include "base/error.h"
#include "net/http-internal.h"
#include "net/retry.h"

#include <inttypes.h>
#include <string.h>

#define PARALLEL_MAX 8
#define RETRIES 5

/*
 * Workers take the next piece each, as long as it is inside the window that
 * begins at the piece to be delivered next.  Piece N lies in slot N %
 * WINDOW.
 */
struct slot {
    char *bytes;
    size_t got;
    bool full;
};

struct ranges {
    struct h2k_http *http;
    const char *url;
    const char *shown; /* for messages */
    uint64_t first, end;
    uint64_t pieces;
    unsigned retries;
    atomic_bool stop; /* something failed: all end */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    uint64_t next;      /* piece to be fetched */
    uint64_t delivered; /* pieces */
    struct slot slots[H2K_RANGES_WINDOW];
    bool failed; /* with: */
    struct h2k_saved_error error;
    struct h2k_http_reply reply;
};

static void
ranges_free(struct ranges *r)
{
    for (size_t i = 0; i < H2K_RANGES_WINDOW; i++)
        free(r->slots[i].bytes);
    h2k_http_reply_clear(&r->reply);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->changed);
}

/* The first failure is the one to tell; those of the others follow from it. */
static void
ranges_fail(struct ranges *r, struct h2k_http_reply *reply)
{
    pthread_mutex_lock(&r->lock);
    if (!r->failed) {
        r->failed = true;
        h2k_error_save(&r->error);
        r->reply = *reply;
        *reply = (struct h2k_http_reply){ 0 };
    }
    atomic_store(&r->stop, true);
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

/* ---- One piece ---- */

static uint64_t
piece_first(const struct ranges *r, uint64_t piece)
{
    return r->first + piece * H2K_RANGES_PIECE;
}

static size_t
piece_size(const struct ranges *r, uint64_t piece)
{
    return (size_t)h2k_min_u64(H2K_RANGES_PIECE,
                               r->end - piece_first(r, piece));
}

struct piece {
    const struct ranges *ranges;
    struct slot *slot;
    size_t size;
};

/* The server gives what was asked for, or less where its file ends: then it
 * is not the file that it was. */
static int
piece_begin(void *opaque, uint64_t size)
{
    const struct piece *piece = opaque;
    if (size == piece->size - piece->slot->got)
        return 0;
    return h2k_fail(H2K_E_SOURCE, "%s: it became shorter while it was read",
                    piece->ranges->shown);
}

static int
piece_data(void *opaque, const void *bytes, size_t count)
{
    const struct piece *piece = opaque;
    struct slot *slot = piece->slot;
    memcpy(slot->bytes + slot->got, bytes, count);
    slot->got += count;
    return 0;
}

static int
piece_fetch(struct ranges *r, uint64_t number, struct h2k_http_reply *reply)
{
    struct slot *slot = &r->slots[number % H2K_RANGES_WINDOW];
    struct piece piece = { r, slot, piece_size(r, number) };
    struct h2k_http_sink sink = { piece_begin, piece_data, &piece };
    struct h2k_retry retry = H2K_RETRY(r->retries);
    retry.stop = &r->stop;
    slot->got = 0;
    if (slot->bytes == NULL)
        slot->bytes = malloc(H2K_RANGES_PIECE);
    if (slot->bytes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    int rc;
    do {
        rc = h2k_http_get_until(
            r->http, r->url, piece_first(r, number) + slot->got,
            piece.size - slot->got, &sink, &r->stop, reply);
    } while (rc < 0 && slot->got < piece.size &&
             h2k_retry_again(&retry, reply));
    return slot->got == piece.size ? 0 : rc;
}

/* ---- The workers ---- */

/* The next piece to fetch, or false when there is none for this worker. */
static bool
worker_take(struct ranges *r, uint64_t *piece)
{
    pthread_mutex_lock(&r->lock);
    while (!atomic_load(&r->stop) && r->next < r->pieces &&
           r->next >= r->delivered + H2K_RANGES_WINDOW)
        pthread_cond_wait(&r->changed, &r->lock);
    bool have = !atomic_load(&r->stop) && r->next < r->pieces;
    if (have)
        *piece = r->next++;
    pthread_mutex_unlock(&r->lock);
    return have;
}

static void *
worker_run(void *opaque)
{
    struct ranges *r = opaque;
    H2K_AUTO_REPLY reply = { 0 };
    uint64_t piece;
    while (worker_take(r, &piece)) {
        if (piece_fetch(r, piece, &reply) < 0) {
            ranges_fail(r, &reply);
            break;
        }
        pthread_mutex_lock(&r->lock);
        r->slots[piece % H2K_RANGES_WINDOW].full = true;
        pthread_cond_broadcast(&r->changed);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

/* ---- The caller's thread ---- */

/* Give the pieces to the sink as they become ready, in order. */
static int
deliver(struct ranges *r, const struct h2k_http_sink *sink)
{
    for (uint64_t piece = 0; piece < r->pieces; piece++) {
        struct slot *slot = &r->slots[piece % H2K_RANGES_WINDOW];
        pthread_mutex_lock(&r->lock);
        while (!slot->full && !r->failed)
            pthread_cond_wait(&r->changed, &r->lock);
        bool full = slot->full;
        pthread_mutex_unlock(&r->lock);
        if (!full)
            return -1; /* the error is in R */
        if (sink->data(sink->opaque, slot->bytes, slot->got) < 0) {
            ranges_fail(r,
                        &(struct h2k_http_reply){ .failure = H2K_HTTP_LOCAL });
            return -1;
        }
        pthread_mutex_lock(&r->lock);
        slot->full = false;
        r->delivered++;
        pthread_cond_broadcast(&r->changed);
        pthread_mutex_unlock(&r->lock);
    }
    return 0;
}

static int
ranges_run(struct ranges *r, unsigned parallel,
           const struct h2k_http_sink *sink)
{
    pthread_t threads[PARALLEL_MAX];
    unsigned started = 0;
    while (started < parallel &&
           pthread_create(&threads[started], NULL, worker_run, r) == 0)
        started++;
    int rc = started > 0 ? deliver(r, sink)
                         : h2k_fail(H2K_E_FAILED, "cannot start a thread");
    atomic_store(&r->stop, true);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return rc;
}

/* ---- Is it to be had in pieces? ---- */

struct job {
    struct h2k_http *http;
    const char *url;
    const char *shown; /* for messages */
    struct h2k_ranges_plan plan;
    const struct h2k_http_sink *sink;
    struct h2k_http_reply *reply;
    bool begun; /* the sink got bytes of the whole */
};

static int
whole_begin(void *opaque, uint64_t size)
{
    struct job *job = opaque;
    return job->sink->begin == NULL
               ? 0
               : job->sink->begin(job->sink->opaque, size);
}

static int
whole_data(void *opaque, const void *bytes, size_t count)
{
    struct job *job = opaque;
    job->begun = true;
    return job->sink->data(job->sink->opaque, bytes, count);
}

/* All of it by one request. */
static int
get_whole(struct job *job)
{
    struct h2k_http_sink sink = { whole_begin, whole_data, job };
    struct h2k_retry retry = H2K_RETRY(job->plan.retries);
    int rc;
    do
        rc = h2k_http_get(job->http, job->url, job->plan.first, UINT64_MAX,
                          &sink, job->reply);
    while (rc < 0 && !job->begun && h2k_retry_again(&retry, job->reply));
    return rc;
}

/* The file's size into *SIZE, UINT64_MAX where nobody knows it. */
static int
find_size(struct job *job, uint64_t *size)
{
    struct h2k_retry retry = H2K_RETRY(job->plan.retries);
    uint64_t expected = job->plan.size;
    bool offered;
    int rc;
    do
        rc = h2k_http_head(job->http, job->url, size, &offered, job->reply);
    while (rc < 0 && h2k_retry_again(&retry, job->reply));
    if (rc < 0) { /* some servers have no HEAD */
        *size = expected;
        return job->reply->status == 405 || job->reply->status == 501 ? 0 : -1;
    }
    if (expected == UINT64_MAX || *size == UINT64_MAX) {
        *size = h2k_min_u64(*size, expected);
        return 0;
    }
    if (*size == expected)
        return 0;
    job->reply->failure = H2K_HTTP_STATUS;
    return h2k_fail(H2K_E_SOURCE,
                    "%s: it has %" PRIu64 " bytes, where %" PRIu64
                    " were expected",
                    job->shown, *size, expected);
}

/* The first piece is here; the others follow. */
static int
get_others(struct job *job, struct ranges *r)
{
    const struct h2k_http_sink *sink = job->sink;
    r->slots[0].full = true;
    r->next = 1;
    int rc = 0;
    if (sink->begin != NULL)
        rc = sink->begin(sink->opaque, r->end - r->first);
    if (rc == 0)
        rc = ranges_run(r, job->plan.parallel, sink);
    job->reply->failure = rc == 0 ? H2K_HTTP_OK : H2K_HTTP_LOCAL;
    if (r->failed) {
        h2k_http_reply_clear(job->reply);
        *job->reply = r->reply;
        r->reply = (struct h2k_http_reply){ 0 };
        h2k_error_restore(&r->error);
    }
    return rc;
}

static int
get_pieces(struct job *job, uint64_t size)
{
    struct ranges r = { .http = job->http,
                        .url = job->url,
                        .shown = job->shown,
                        .first = job->plan.first,
                        .end = size,
                        .pieces = h2k_div_up(size - job->plan.first,
                                             H2K_RANGES_PIECE),
                        .retries = job->plan.retries };
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.changed, NULL);
    /* The first one shows whether the server gives ranges at all. */
    int rc = piece_fetch(&r, 0, job->reply);
    if (rc == 0)
        rc = get_others(job, &r);
    else if (job->reply->status == 200 && job->plan.first == 0)
        rc = get_whole(job);
    ranges_free(&r);
    return rc;
}

static int
job_run(struct job *job)
{
    uint64_t size;
    if (find_size(job, &size) < 0)
        return -1;
    if (size == UINT64_MAX || size == 0)
        return get_whole(job);
    if (job->plan.first > size) {
        job->reply->failure = H2K_HTTP_LOCAL;
        return h2k_fail(H2K_E_SOURCE,
                        "%s: there is no byte %" PRIu64 ", it has %" PRIu64,
                        job->shown, job->plan.first, size);
    }
    if (job->plan.first == size)
        return whole_begin(job, 0);
    return get_pieces(job, size);
}

int
h2k_ranges_get(struct h2k_http *http, const char *url,
               const struct h2k_ranges_plan *plan,
               const struct h2k_http_sink *sink, struct h2k_http_reply *reply)
{
    H2K_AUTO_URL parsed = { 0 };
    h2k_http_reply_clear(reply);
    reply->failure = H2K_HTTP_LOCAL;
    if (h2k_url_parse(url, &parsed) < 0)
        return -1;
    struct job job = { .http = http,
                       .url = url,
                       .shown = parsed.shown,
                       .plan = *plan,
                       .sink = sink,
                       .reply = reply };
    if (job.plan.retries == 0)
        job.plan.retries = RETRIES;
    if (job.plan.parallel == 0)
        job.plan.parallel = 1;
    if (job.plan.parallel > PARALLEL_MAX)
        job.plan.parallel = PARALLEL_MAX;
    return job_run(&job);
}
