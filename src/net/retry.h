/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Trying again, later each time: exponential backoff with full jitter, a
 * server's Retry-After honoured, waiting cut short by an interruption.
 *
 *     struct h2k_retry retry = H2K_RETRY(5);
 *     do
 *         rc = attempt(&reply);
 *     while (rc < 0 && h2k_retry_again(&retry, &reply));
 *
 * Not thread-safe; one loop's own.
 */
#ifndef H2K_NET_RETRY_H
#define H2K_NET_RETRY_H

#include "net/http.h"

#include <stdatomic.h>

struct h2k_retry {
    unsigned limit; /* attempts more */
    unsigned done;
    unsigned base_ms; /* the first wait's upper bound */
    unsigned longest_ms;
    const atomic_bool *stop; /* when it becomes true no wait goes on; or
                                NULL */
};
#define H2K_RETRY(count)                                      \
    {                                                         \
        .limit = (count), .base_ms = 500, .longest_ms = 30000 \
    }

/* May another attempt help (REFUSED, BROKEN, 408, 429, 500 for downloads,
 * 502, 503, 504), and is one left?  Then it has waited when it returns true;
 * the failure is logged as information.  The thread's error stays. */
bool h2k_retry_again(struct h2k_retry *retry,
                     const struct h2k_http_reply *reply);
/* Progress was made: the count starts anew. */
void h2k_retry_reset(struct h2k_retry *retry);

#endif
