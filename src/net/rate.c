/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "net/rate.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"

#include <pthread.h>
#include <time.h>

#define BURST_MS 250
#define LOOK_MS 200 /* how long a wait may be before the user is asked */

/*
 * The bucket as a moment: when it would be full again.  Each taker moves
 * the moment on by the time that its bytes are worth, and waits until it is
 * no more than a full bucket away.  So takers are served in order, and a
 * piece larger than the bucket just waits longer.
 */
struct h2k_rate {
    pthread_mutex_t lock;
    double bytes_per_ms;
    double full_at; /* in h2k_clock_ms */
};

struct h2k_rate *
h2k_rate_new(uint64_t bytes_per_second)
{
    if (bytes_per_second == 0)
        return h2k_fail_null(H2K_E_RANGE, "a bandwidth of 0 lets nothing by");
    struct h2k_rate *rate = calloc(1, sizeof(*rate));
    if (rate == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    pthread_mutex_init(&rate->lock, NULL);
    rate->bytes_per_ms = (double)bytes_per_second / 1000;
    rate->full_at = (double)h2k_clock_ms();
    return rate;
}

void
h2k_rate_free(struct h2k_rate *rate)
{
    if (rate == NULL)
        return;
    pthread_mutex_destroy(&rate->lock);
    free(rate);
}

int
h2k_rate_take(struct h2k_rate *rate, size_t count)
{
    pthread_mutex_lock(&rate->lock);
    double now = (double)h2k_clock_ms();
    if (rate->full_at < now)
        rate->full_at = now;
    rate->full_at += (double)count / rate->bytes_per_ms;
    double until = rate->full_at - BURST_MS;
    pthread_mutex_unlock(&rate->lock);

    while ((now = (double)h2k_clock_ms()) < until) {
        if (h2k_check_interrupt() < 0)
            return -1;
        double left = until - now < LOOK_MS ? until - now : LOOK_MS;
        nanosleep(&(struct timespec){ .tv_nsec = (long)(left * 1e6) }, NULL);
    }
    return 0;
}
