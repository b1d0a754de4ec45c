/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The time that edits of a guest bear, and the time that waits are measured
 * by. */
#ifndef H2K_BASE_CLOCK_H
#define H2K_BASE_CLOCK_H

#include <stdint.h>

/* Seconds since 1970: SOURCE_DATE_EPOCH of the environment, where it is set
 * to a number, so that two runs make the same bytes (the specification of
 * that name, 1.1, at reproducible-builds.org); the clock otherwise. */
int64_t h2k_clock_now(void);

/* Milliseconds since some moment in the past, by a clock that nobody sets. */
uint64_t h2k_clock_ms(void);

#endif
