/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A long file by several connections at once, each fetching the next piece
 * of it, for servers that give one connection little. */
#ifndef H2K_NET_RANGES_H
#define H2K_NET_RANGES_H

#include "net/http.h"

#define H2K_RANGES_PIECE ((size_t)1 << 20) /* bytes of one request */
#define H2K_RANGES_WINDOW 8                /* pieces in memory at most */

struct h2k_ranges_plan {
    uint64_t first;    /* the byte to begin with: going on where an earlier
                          download ended */
    uint64_t size;     /* of the whole file, where it is known: a server that
                          says another one is refused.  UINT64_MAX: not. */
    unsigned parallel; /* connections, 1 to 8 */
    unsigned retries;  /* attempts more for each piece; 0: 5 */
};

/*
 * The bytes of URL from plan->first to its end.  The sink, which is called
 * in this thread, gets them in order, once.  A piece that failed is tried
 * again by itself, from where it broke.
 *
 * A server that gives no ranges is asked for the whole with one plain GET,
 * which is repeated only while nothing of it came; where plan->first is not
 * 0 that is a failure of status (200).
 *
 * Returns 0; or -1, and REPLY (not NULL; { 0 } or of an earlier request)
 * tells about the request that failed.
 */
int h2k_ranges_get(struct h2k_http *http, const char *url,
                   const struct h2k_ranges_plan *plan,
                   const struct h2k_http_sink *sink,
                   struct h2k_http_reply *reply);

#endif
