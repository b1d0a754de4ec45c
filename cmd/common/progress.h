/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * How far the work is, and what it tells, on standard error.  On a terminal
 * a bar with rate and time left for every disk that is under way, finished
 * ones and messages scrolling off above; elsewhere a line every ten per
 * cent; with --json-progress an object a line, messages too.
 *
 * It is the library's log sink from new to end.  Thread-safe.
 */
#ifndef H2K_CMD_PROGRESS_H
#define H2K_CMD_PROGRESS_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

struct progress_settings {
    bool quiet; /* nothing but warnings */
    bool json;
    int verbose;          /* 0, 1, 2: how much of the log is shown */
    const char *log_file; /* every message is appended; or NULL */
};

struct progress;
/* NULL with H2K_E_OUTPUT where the log file cannot be written. */
struct progress *progress_new(const struct progress_settings *settings);
void progress_free(struct progress *progress); /* ends it; NULL is fine */
H2K_DEFINE_AUTO(progress, progress_free)

/* ITEM (a disk) has DONE of TOTAL in STAGE: an h2k_job_progress_fn, with the
 * progress as OPAQUE.  What was at its end and comes again begins anew. */
void progress_update(void *opaque, const char *stage, const char *item,
                     uint64_t done, uint64_t total);

/* A line for a person. */
void progress_message(struct progress *progress, bool warning,
                      const char *text);

/* Something else is going to be printed: what is not at its end stays as it
 * stands, and bars that follow begin below. */
void progress_settle(struct progress *progress);

/* The last line is ended, the log is nobody's any more.  NULL is fine. */
void progress_end(struct progress *progress);

#endif
