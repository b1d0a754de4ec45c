/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* Times in a guest's filesystem are 34 bits wide. */
#define LATEST (INT64_C(1) << 33)

int64_t
h2k_clock_now(void)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    errno = 0;
    long long epoch = text == NULL ? -1 : strtoll(text, &end, 10);
    if (errno == 0 && end != NULL && end != text && *end == '\0' &&
        epoch >= 0 && epoch < LATEST)
        return epoch;
    return time(NULL);
}

uint64_t
h2k_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
