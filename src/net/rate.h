/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A limit of bytes a second that any number of downloads share: a token
 * bucket of a quarter second.  Thread-safe. */
#ifndef H2K_NET_RATE_H
#define H2K_NET_RATE_H

#include "base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct h2k_rate;
struct h2k_rate *h2k_rate_new(uint64_t bytes_per_second); /* > 0 */
/* Waits until COUNT bytes more are within the limit.  -1 with
 * H2K_E_INTERRUPTED. */
int h2k_rate_take(struct h2k_rate *rate, size_t count);
void h2k_rate_free(struct h2k_rate *rate); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_rate, h2k_rate_free)

#endif
