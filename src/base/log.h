/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the library tells while it works.  It never prints: a program gives
 * a sink, and without one nothing is said.  Thread-safe; the sink is called
 * under a lock, one message at a time, without a newline.
 */
#ifndef H2K_BASE_LOG_H
#define H2K_BASE_LOG_H

enum h2k_log_level {
    H2K_LOG_WARNING,
    H2K_LOG_INFO,
    H2K_LOG_VERBOSE,
    H2K_LOG_DEBUG,
};

typedef void (*h2k_log_sink)(void *opaque, enum h2k_log_level level,
                             const char *message);

/* Set before other threads start.  Messages above LEVEL are not formatted. */
void h2k_log_set(h2k_log_sink sink, void *opaque, enum h2k_log_level level);
void h2k_log(enum h2k_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
