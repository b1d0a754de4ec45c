/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/guestfs/watch.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#define LOOK_MS 100

struct h2k_watch {
    struct h2k_nbd_server *server;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool watching, late, stopping;
    uint64_t until;
};

/* Wait for LOOK_MS, or until something changes. */
static void
look_again(struct h2k_watch *watch)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += LOOK_MS * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&watch->changed, &watch->lock, &at);
}

static void *
run(void *opaque)
{
    struct h2k_watch *watch = opaque;
    pthread_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        if (!watch->watching) {
            pthread_cond_wait(&watch->changed, &watch->lock);
            continue;
        }
        watch->late = watch->late || h2k_clock_ms() >= watch->until;
        if (watch->late || h2k_interrupted())
            h2k_nbd_server_kill_clients(watch->server);
        look_again(watch);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

static void
destroy(struct h2k_watch *watch)
{
    pthread_mutex_destroy(&watch->lock);
    pthread_cond_destroy(&watch->changed);
    free(watch);
}

/* Signals are the owner's. */
static int
start_thread(struct h2k_watch *watch)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&watch->thread, NULL, run, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

struct h2k_watch *
h2k_watch_new(struct h2k_nbd_server *server)
{
    pthread_condattr_t monotonic;
    struct h2k_watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    watch->server = server;
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int rc = start_thread(watch);
    if (rc == 0)
        return watch;
    destroy(watch);
    errno = rc;
    h2k_fail_errno(H2K_E_FAILED, "cannot start a thread");
    return NULL;
}

void
h2k_watch_free(struct h2k_watch *watch)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->stopping = true;
    pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    destroy(watch);
}

void
h2k_watch_begin(struct h2k_watch *watch, uint64_t limit)
{
    pthread_mutex_lock(&watch->lock);
    watch->until = h2k_clock_ms() + limit;
    watch->late = false;
    watch->watching = true;
    pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
}

bool
h2k_watch_end(struct h2k_watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    bool late = watch->late;
    watch->watching = false;
    pthread_mutex_unlock(&watch->lock);
    return late;
}
