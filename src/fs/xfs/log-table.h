/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Counts by a pair of numbers, for a replay: buffers that were cancelled,
 * intents that are unfinished. */
#ifndef H2K_FS_XFS_LOG_TABLE_H
#define H2K_FS_XFS_LOG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_xlog_entry {
    uint64_t key;
    uint32_t kind;
    uint32_t count;
    bool used;
};

/* Initialise with { 0 }. */
struct h2k_xlog_table {
    struct h2k_xlog_entry *entries; /* owned; CAPACITY of them */
    size_t used, capacity;
};

/* The count of KEY and KIND, which may be changed; made, with 0, where there
 * is none.  Valid until the next call.  NULL with H2K_E_NOMEM, or
 * H2K_E_UNSUPPORTED beyond what a log of a real filesystem holds. */
uint32_t *h2k_xlog_table_count(struct h2k_xlog_table *table, uint64_t key,
                               uint32_t kind);
/* The same, NULL without an error where there is none. */
uint32_t *h2k_xlog_table_find(const struct h2k_xlog_table *table, uint64_t key,
                              uint32_t kind);
/* Empty, its memory kept. */
void h2k_xlog_table_clear(struct h2k_xlog_table *table);
void h2k_xlog_table_free(struct h2k_xlog_table *table);

#endif
