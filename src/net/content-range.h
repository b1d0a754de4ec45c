/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Content-Range header of a 206 (RFC 9110, 14.4). */
#ifndef H2K_NET_CONTENT_RANGE_H
#define H2K_NET_CONTENT_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct h2k_content_range {
    uint64_t first;
    uint64_t last;  /* inclusive, not below first */
    uint64_t total; /* above last; UINT64_MAX where it is "*" */
};

/* "bytes first-last/total"; false when TEXT is anything else. */
bool h2k_content_range_parse(const char *text, struct h2k_content_range *out);

/* Is it what a request for LENGTH bytes (UINT64_MAX: to the end) from FIRST
 * gets: all of them, or those that there are? */
bool h2k_content_range_answers(const struct h2k_content_range *range,
                               uint64_t first, uint64_t length);

#endif
