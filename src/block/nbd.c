/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/nbd.h"

#include "base/checked.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"

#include <inttypes.h>
#include <libnbd.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 200
#define CONNECT_MS 30000
#define ANSWER_MS 120000
#define CONNECTIONS 4
#define ATTEMPTS 3
/* One request, where the server does not want it smaller. */
#define REQUEST_MAX (UINT64_C(4) << 20)
/* One question about extents, and how many of them are kept. */
#define STATUS_MAX (UINT64_C(1) << 30)
#define STATUS_KEPT 4096

/* States of base:allocation (the NBD protocol's document, "Metadata
 * context"). */
#define STATE_HOLE 1u
#define STATE_ZERO 2u

/* What the server said last about the bytes from FIRST to END. */
struct status {
    uint64_t first, end;
    size_t count;
    struct {
        uint64_t end;
        enum h2k_extent_kind kind;
    } runs[STATUS_KEPT];
};

struct nbd {
    char *uri;
    uint64_t size;
    uint64_t minimum; /* alignment and size that the server wants */
    uint64_t maximum; /* of one request; a multiple of it */
    bool many;        /* connections */
    bool extents;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t freed;
    struct nbd_handle *idle[CONNECTIONS];
    unsigned idle_count;
    unsigned open_count; /* those that are in use, too */

    pthread_mutex_t status_lock;
    struct status status;
};

/* ---- A connection ---- */

/* The server's or libnbd's words for the last error of this thread. */
static const char *
last_words(void)
{
    const char *words = nbd_get_error();
    return words == NULL ? "no reason given" : words;
}

/* Let HANDLE work for a moment.  -1 when it may not go on. */
static int
handle_wait(struct nbd_handle *handle, const struct nbd *nbd, uint64_t until)
{
    if (h2k_check_interrupt() < 0)
        return -1;
    if (h2k_clock_ms() >= until)
        return h2k_fail(H2K_E_IO, "%s: the server does not answer", nbd->uri);
    if (nbd_poll(handle, LOOK_MS) < 0)
        return h2k_fail(H2K_E_IO, "%s: %s", nbd->uri, last_words());
    return 0;
}

static struct nbd_handle *
connect_failed(struct nbd_handle *handle)
{
    nbd_close(handle);
    return NULL;
}

static struct nbd_handle *
handle_connect(const struct nbd *nbd)
{
    struct nbd_handle *handle = nbd_create();
    if (handle == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "libnbd: %s", last_words());
    if (nbd_add_meta_context(handle, LIBNBD_CONTEXT_BASE_ALLOCATION) < 0 ||
        nbd_aio_connect_uri(handle, nbd->uri) < 0) {
        int code = nbd_get_errno() == EINVAL ? H2K_E_USAGE : H2K_E_SOURCE;
        h2k_fail((enum h2k_errcode)code, "%s: %s", nbd->uri, last_words());
        return connect_failed(handle);
    }
    uint64_t until = h2k_clock_ms() + CONNECT_MS;
    while (nbd_aio_is_connecting(handle) == 1)
        if (handle_wait(handle, nbd, until) < 0) {
            h2k_recode(H2K_E_SOURCE);
            return connect_failed(handle);
        }
    if (nbd_aio_is_ready(handle) != 1) {
        h2k_fail(H2K_E_SOURCE, "%s: the server ended the connection",
                 nbd->uri);
        return connect_failed(handle);
    }
    return handle;
}

/* ---- The pool ---- */

/* A connection that no other thread uses. */
static struct nbd_handle *
pool_get(struct nbd *nbd)
{
    struct nbd_handle *handle = NULL;
    unsigned limit = nbd->many ? CONNECTIONS : 1;
    pthread_mutex_lock(&nbd->lock);
    while (nbd->idle_count == 0 && nbd->open_count >= limit)
        pthread_cond_wait(&nbd->freed, &nbd->lock);
    if (nbd->idle_count > 0)
        handle = nbd->idle[--nbd->idle_count];
    else
        nbd->open_count++;
    pthread_mutex_unlock(&nbd->lock);
    if (handle != NULL)
        return handle;
    handle = handle_connect(nbd);
    if (handle != NULL)
        return handle;
    pthread_mutex_lock(&nbd->lock);
    nbd->open_count--;
    pthread_cond_signal(&nbd->freed);
    pthread_mutex_unlock(&nbd->lock);
    return NULL;
}

/* BUSY: a request is under way on it, which must not write to its buffer any
 * more. */
static void
pool_put(struct nbd *nbd, struct nbd_handle *handle, bool busy)
{
    bool keep = !busy && nbd_aio_is_ready(handle) == 1;
    if (!keep)
        nbd_close(handle);
    pthread_mutex_lock(&nbd->lock);
    if (keep)
        nbd->idle[nbd->idle_count++] = handle;
    else
        nbd->open_count--;
    pthread_cond_signal(&nbd->freed);
    pthread_mutex_unlock(&nbd->lock);
}

/* ---- One request ---- */

struct request {
    void *buffer; /* NULL: a question about extents */
    uint64_t offset, count;
    struct status *status;
};

enum outcome { DONE, FAILED, LOST /* the connection broke */ };

static int
on_status(void *opaque, const char *context, uint64_t offset,
          uint32_t *entries, size_t count, int *error)
{
    struct status *status = opaque;
    (void)error;
    if (strcmp(context, LIBNBD_CONTEXT_BASE_ALLOCATION) != 0 ||
        offset != status->first)
        return 0;
    uint64_t end = offset;
    status->count = 0;
    for (size_t i = 0; i + 1 < count && status->count < STATUS_KEPT; i += 2) {
        uint32_t state = entries[i + 1] & (STATE_HOLE | STATE_ZERO);
        end += entries[i];
        status->runs[status->count].end = end;
        status->runs[status->count++].kind =
            state == (STATE_HOLE | STATE_ZERO) ? H2K_EXTENT_ABSENT
            : state == STATE_ZERO              ? H2K_EXTENT_ZERO
                                               : H2K_EXTENT_DATA;
    }
    status->end = end;
    return 0;
}

static int64_t
request_start(struct nbd_handle *handle, const struct request *request)
{
    if (request->buffer != NULL)
        return nbd_aio_pread(handle, request->buffer, request->count,
                             request->offset, NBD_NULL_COMPLETION, 0);
    nbd_extent_callback extents = { .callback = on_status,
                                    .user_data = request->status };
    return nbd_aio_block_status(handle, request->count, request->offset,
                                extents, NBD_NULL_COMPLETION, 0);
}

/* *BUSY tells whether it is still under way. */
static enum outcome
request_run(const struct nbd *nbd, struct nbd_handle *handle,
            const struct request *request, bool *busy)
{
    uint64_t until = h2k_clock_ms() + ANSWER_MS;
    int64_t cookie = request_start(handle, request);
    int done = cookie < 0 ? -1 : 0;
    *busy = cookie >= 0;
    while (done == 0) {
        done = nbd_aio_command_completed(handle, (uint64_t)cookie);
        if (done == 0 && handle_wait(handle, nbd, until) < 0)
            return nbd_aio_is_ready(handle) == 1 ||
                           nbd_aio_is_processing(handle) == 1 ||
                           h2k_interrupted()
                       ? FAILED
                       : LOST;
    }
    *busy = false;
    if (done > 0)
        return DONE;
    h2k_fail(H2K_E_IO, "%s: at byte %" PRIu64 ": %s", nbd->uri,
             request->offset, last_words());
    return nbd_aio_is_dead(handle) == 1 || nbd_aio_is_closed(handle) == 1
               ? LOST
               : FAILED;
}

static int
request_do(struct nbd *nbd, const struct request *request)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        bool busy = false;
        struct nbd_handle *handle = pool_get(nbd);
        if (handle == NULL)
            return -1;
        enum outcome outcome = request_run(nbd, handle, request, &busy);
        pool_put(nbd, handle, busy);
        if (outcome == DONE)
            return 0;
        if (outcome == FAILED)
            return -1;
    }
    return -1;
}

/* ---- The block ---- */

/* The bytes of a request that is aligned as the server wants. */
static int
read_aligned(struct nbd *nbd, uint8_t *at, uint64_t count, uint64_t offset)
{
    while (count > 0) {
        uint64_t some = h2k_min_u64(count, nbd->maximum);
        struct request request = { .buffer = at,
                                   .offset = offset,
                                   .count = some };
        if (request_do(nbd, &request) < 0)
            return -1;
        at += some;
        offset += some;
        count -= some;
    }
    return 0;
}

static int
nbd_block_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct nbd *nbd = state;
    uint64_t first = h2k_align_down(offset, nbd->minimum);
    uint64_t end =
        h2k_min_u64(h2k_align_up(offset + count, nbd->minimum), nbd->size);
    if (first == offset && end == offset + count)
        return read_aligned(nbd, buffer, count, offset);
    h2k_autofree uint8_t *whole = malloc(end - first);
    if (whole == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (read_aligned(nbd, whole, end - first, first) < 0)
        return -1;
    memcpy(buffer, whole + (offset - first), count);
    return 0;
}

/* Ask about what lies at OFFSET, unless the last answer tells. */
static int
status_fetch(struct nbd *nbd, uint64_t offset, uint64_t length)
{
    struct status *status = &nbd->status;
    if (offset >= status->first && offset < status->end)
        return 0;
    uint64_t first = h2k_align_down(offset, nbd->minimum);
    uint64_t end = h2k_min_u64(
        h2k_align_up(offset + h2k_min_u64(length, STATUS_MAX), nbd->minimum),
        nbd->size);
    status->first = first;
    status->end = first;
    status->count = 0;
    struct request request = { .offset = first,
                               .count = end - first,
                               .status = status };
    return request_do(nbd, &request);
}

static int
nbd_block_extent(void *state, uint64_t offset, uint64_t length,
                 struct h2k_extent *out)
{
    struct nbd *nbd = state;
    if (!nbd->extents)
        return 0; /* all of it is data */
    pthread_mutex_lock(&nbd->status_lock);
    int rc = status_fetch(nbd, offset, length);
    const struct status *status = &nbd->status;
    for (size_t i = 0; rc == 0 && i < status->count; i++)
        if (status->runs[i].end > offset) {
            out->kind = status->runs[i].kind;
            out->length = h2k_min_u64(length, status->runs[i].end - offset);
            break;
        }
    pthread_mutex_unlock(&nbd->status_lock);
    return rc;
}

static void
nbd_block_close(void *state)
{
    struct nbd *nbd = state;
    for (unsigned i = 0; i < nbd->idle_count; i++) {
        nbd_aio_disconnect(nbd->idle[i], 0);
        nbd_close(nbd->idle[i]);
    }
    pthread_mutex_destroy(&nbd->lock);
    pthread_mutex_destroy(&nbd->status_lock);
    pthread_cond_destroy(&nbd->freed);
    free(nbd->uri);
    free(nbd);
}

static const struct h2k_block_ops nbd_ops = {
    .name = "nbd",
    .close = nbd_block_close,
    .pread = nbd_block_pread,
    .extent = nbd_block_extent,
};

/* What the server told when the connection was made. */
static int
nbd_learn(struct nbd *nbd, struct nbd_handle *handle)
{
    int64_t size = nbd_get_size(handle);
    if (size < 0)
        return h2k_fail(H2K_E_SOURCE, "%s: %s", nbd->uri, last_words());
    int64_t minimum = nbd_get_block_size(handle, LIBNBD_SIZE_MINIMUM);
    int64_t maximum = nbd_get_block_size(handle, LIBNBD_SIZE_MAXIMUM);
    nbd->size = (uint64_t)size;
    nbd->minimum = minimum > 0 ? (uint64_t)minimum : 1;
    nbd->maximum = maximum > 0 ? h2k_min_u64((uint64_t)maximum, REQUEST_MAX)
                               : REQUEST_MAX;
    if (!h2k_is_power_of_two(nbd->minimum) || nbd->minimum > nbd->maximum)
        return h2k_fail(H2K_E_SOURCE,
                        "%s: the server wants requests of %" PRIu64
                        " to %" PRIu64 " bytes, which cannot be",
                        nbd->uri, nbd->minimum, nbd->maximum);
    nbd->maximum = h2k_align_down(nbd->maximum, nbd->minimum);
    nbd->many = nbd_can_multi_conn(handle) == 1;
    nbd->extents =
        nbd_can_meta_context(handle, LIBNBD_CONTEXT_BASE_ALLOCATION) == 1;
    return 0;
}

struct h2k_block *
h2k_nbd_open(const char *uri)
{
    struct nbd *nbd = calloc(1, sizeof(*nbd));
    if (nbd == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    pthread_mutex_init(&nbd->lock, NULL);
    pthread_mutex_init(&nbd->status_lock, NULL);
    pthread_cond_init(&nbd->freed, NULL);
    nbd->uri = strdup(uri);
    if (nbd->uri == NULL)
        h2k_fail(H2K_E_NOMEM, "out of memory");
    struct nbd_handle *handle = nbd->uri == NULL ? NULL : pool_get(nbd);
    int rc = handle == NULL ? -1 : nbd_learn(nbd, handle);
    if (handle != NULL)
        pool_put(nbd, handle, false);
    if (rc < 0) {
        nbd_block_close(nbd);
        return NULL;
    }
    return h2k_block_new(&nbd_ops, nbd, nbd->size, false);
}
