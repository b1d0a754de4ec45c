/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/lease-keeper.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>
#include <time.h>

#define BEAT_MOST_MS 60000 /* between two, however long the timeout */
#define CHANGE_MS 2000     /* between two for a change of per cent */
#define CALL_MOST_MS 30000

/* ---- The state of a lease ---- */

int
h2k_lease_state_read(const struct h2k_object *lease)
{
    const char *state = h2k_object_text(lease, "state");
    const xmlNode *error = h2k_object_get(lease, "error");
    if (state == NULL)
        return h2k_fail(H2K_E_CORRUPT, "the lease has no state");
    if (strcmp(state, "initializing") == 0)
        return 2;
    if (strcmp(state, "ready") == 0)
        return 0;
    if (strcmp(state, "done") == 0)
        return 1;
    if (error == NULL)
        return h2k_fail(H2K_E_SOURCE, "the server ended the lease");
    h2k_soap_fail_method_fault(error);
    return h2k_prefix("the server ended the lease: ");
}

int
h2k_lease_state(struct h2k_vsphere *vs, const char *id, bool *answered)
{
    static const char *const paths[] = { "state", "error", NULL };
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_object lease;
    *answered = true;
    if (h2k_vsphere_get(vs, "HttpNfcLease", id, paths, &reply, &lease) == 0)
        return h2k_lease_state_read(&lease);
    if (h2k_errcode() == H2K_E_NOENT)
        return h2k_fail(H2K_E_SOURCE, "the server ended the lease: it is "
                                      "gone");
    *answered = false;
    return -1;
}

/* ---- The thread ---- */

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* 0 when the lease was prolonged; 1 when the server said that it is no more,
 * with the error; -1 when there was no answer. */
static int
beat(struct h2k_lease_keeper *keeper, unsigned percent)
{
    H2K_AUTO_REQUEST request = {
        .undo = true,
        .timeout_ms = least(keeper->timeout_ms, CALL_MOST_MS),
        .stop = &keeper->stop,
    };
    H2K_AUTO_SOAP reply = { 0 };
    bool answered;
    h2k_soap_begin(&request, "HttpNfcLeaseProgress", "HttpNfcLease",
                   keeper->id);
    h2k_soap_number(&request, "percent", percent);
    if (h2k_vsphere_call(keeper->vs, &request, &reply) == 0)
        return 0;
    if (reply.fault == NULL || atomic_load(&keeper->stop))
        return -1;
    struct h2k_saved_error refused;
    h2k_error_save(&refused);
    int state = h2k_lease_state(keeper->vs, keeper->id, &answered);
    if (state < 0)
        return answered ? 1 : -1;
    h2k_error_restore(&refused);
    return state == 0 ? -1 : 1;
}

static void
keeper_die(struct h2k_lease_keeper *keeper)
{
    keeper->dead = true;
    h2k_error_save(&keeper->why);
    h2k_log(H2K_LOG_VERBOSE, "lease %s: %s", keeper->id, keeper->why.message);
}

/* Until UNTIL, a change that may be told, or the end; the lock is held. */
static void
keeper_wait(struct h2k_lease_keeper *keeper, uint64_t last, uint64_t until)
{
    while (!atomic_load(&keeper->stop)) {
        uint64_t now = h2k_clock_ms(), at = until;
        if (keeper->percent != keeper->told && last + CHANGE_MS < until)
            at = last + CHANGE_MS;
        if (now >= at)
            return;
        struct timespec when;
        clock_gettime(CLOCK_MONOTONIC, &when);
        when.tv_sec += (time_t)((at - now) / 1000);
        when.tv_nsec += (long)((at - now) % 1000) * 1000000;
        when.tv_sec += when.tv_nsec / 1000000000;
        when.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&keeper->wake, &keeper->lock, &when);
    }
}

/* One beat; the lock is held but during the call.  GOOD: h2k_clock_ms of the
 * last one that the server took. */
static void
keeper_beat(struct h2k_lease_keeper *keeper, uint64_t *good)
{
    unsigned percent = keeper->percent;
    uint64_t began = h2k_clock_ms();
    pthread_mutex_unlock(&keeper->lock);
    int rc = beat(keeper, percent);
    if (rc == 0 && keeper->beaten != NULL)
        keeper->beaten(keeper->opaque);
    pthread_mutex_lock(&keeper->lock);
    if (rc == 0) {
        *good = began;
        keeper->told = percent;
    } else if (rc > 0) {
        keeper_die(keeper);
    } else if (!atomic_load(&keeper->stop) &&
               h2k_clock_ms() - *good > keeper->timeout_ms) {
        h2k_prefix("the lease could not be prolonged for %u s: ",
                   keeper->timeout_ms / 1000);
        keeper_die(keeper);
    }
}

static void *
keeper_run(void *opaque)
{
    struct h2k_lease_keeper *keeper = opaque;
    unsigned every = least(keeper->timeout_ms / 3, BEAT_MOST_MS);
    uint64_t good = h2k_clock_ms(), last = good, next = good + every / 2;
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->dead) {
        keeper_wait(keeper, last, next);
        if (atomic_load(&keeper->stop))
            break;
        uint64_t before = good;
        last = h2k_clock_ms();
        keeper_beat(keeper, &good);
        /* Sooner after one that failed. */
        next = last + (good != before ? every : every / 4);
        if (next < h2k_clock_ms() + 100 && good == before)
            next = h2k_clock_ms() + 100;
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

/* ---- For others ---- */

int
h2k_lease_keeper_start(struct h2k_lease_keeper *keeper, struct h2k_vsphere *vs,
                       const char *id, unsigned timeout_ms)
{
    pthread_condattr_t attr;
    keeper->vs = vs;
    keeper->id = id;
    keeper->timeout_ms = timeout_ms;
    atomic_init(&keeper->stop, false);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->wake, &attr);
    pthread_condattr_destroy(&attr);
    keeper->runs =
        pthread_create(&keeper->thread, NULL, keeper_run, keeper) == 0;
    keeper->ready = true;
    return keeper->runs
               ? 0
               : h2k_fail(H2K_E_FAILED, "no thread to keep the lease");
}

void
h2k_lease_keeper_tell(struct h2k_lease_keeper *keeper, unsigned percent)
{
    pthread_mutex_lock(&keeper->lock);
    if (keeper->percent != least(percent, 100)) {
        keeper->percent = least(percent, 100);
        pthread_cond_signal(&keeper->wake);
    }
    pthread_mutex_unlock(&keeper->lock);
}

int
h2k_lease_keeper_check(struct h2k_lease_keeper *keeper)
{
    struct h2k_saved_error why;
    pthread_mutex_lock(&keeper->lock);
    bool dead = keeper->dead;
    why = keeper->why;
    pthread_mutex_unlock(&keeper->lock);
    return dead ? h2k_error_restore(&why) : 0;
}

void
h2k_lease_keeper_stop(struct h2k_lease_keeper *keeper)
{
    if (!keeper->runs)
        return;
    pthread_mutex_lock(&keeper->lock);
    atomic_store(&keeper->stop, true);
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    keeper->runs = false;
}

void
h2k_lease_keeper_clear(struct h2k_lease_keeper *keeper)
{
    h2k_lease_keeper_stop(keeper);
    if (!keeper->ready)
        return;
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
    keeper->ready = false;
}
