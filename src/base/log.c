/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    h2k_log_sink sink;
    void *opaque;
    enum h2k_log_level level;
} log_to;

void
h2k_log_set(h2k_log_sink sink, void *opaque, enum h2k_log_level level)
{
    log_to.sink = sink;
    log_to.opaque = opaque;
    log_to.level = level;
}

void
h2k_log(enum h2k_log_level level, const char *format, ...)
{
    if (log_to.sink == NULL || level > log_to.level)
        return;
    char message[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(message, sizeof(message), format, ap);
    va_end(ap);
    pthread_mutex_lock(&lock);
    log_to.sink(log_to.opaque, level, message);
    pthread_mutex_unlock(&lock);
}
