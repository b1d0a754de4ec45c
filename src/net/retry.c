/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "net/retry.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <sys/random.h>
#include <time.h>

#define LOOK_MS 200
/* A server that wants us to come back later than this is not waited for. */
#define PATIENCE_S 600

static bool
is_passing(const struct h2k_http_reply *reply)
{
    switch (reply->failure) {
    case H2K_HTTP_REFUSED:
    case H2K_HTTP_BROKEN:
        return true;
    case H2K_HTTP_STATUS:
        return reply->status == 408 || reply->status == 429 ||
               reply->status == 500 || reply->status == 502 ||
               reply->status == 503 || reply->status == 504;
    default:
        return false;
    }
}

/* Between 0 and the bound, which doubles each time: clients that failed
 * together do not come back together. */
static uint64_t
jitter_ms(const struct h2k_retry *retry)
{
    uint64_t bound = retry->base_ms;
    for (unsigned i = 0; i < retry->done && bound < retry->longest_ms; i++)
        bound *= 2;
    if (bound > retry->longest_ms)
        bound = retry->longest_ms;
    uint32_t random = 0;
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = (uint32_t)h2k_clock_ms() * UINT32_C(2654435761);
    return bound * random >> 32;
}

static bool
is_over(const struct h2k_retry *retry)
{
    return h2k_interrupted() ||
           (retry->stop != NULL && atomic_load(retry->stop));
}

static bool
wait_ms(const struct h2k_retry *retry, uint64_t ms)
{
    uint64_t now = h2k_clock_ms(), end = now + ms;
    for (; now < end && !is_over(retry); now = h2k_clock_ms()) {
        uint64_t left = end - now < LOOK_MS ? end - now : LOOK_MS;
        nanosleep(&(struct timespec){ .tv_nsec = (long)left * 1000000 }, NULL);
    }
    return !is_over(retry);
}

bool
h2k_retry_again(struct h2k_retry *retry, const struct h2k_http_reply *reply)
{
    if (!is_passing(reply) || retry->done >= retry->limit ||
        reply->retry_after_s > PATIENCE_S || is_over(retry))
        return false;
    uint64_t wait = jitter_ms(retry) + (uint64_t)reply->retry_after_s * 1000;
    retry->done++;
    h2k_log(H2K_LOG_INFO, "%s; attempt %u of %u more in %.1f s", h2k_errmsg(),
            retry->done, retry->limit, (double)wait / 1000);
    return wait_ms(retry, wait);
}

void
h2k_retry_reset(struct h2k_retry *retry)
{
    retry->done = 0;
}
