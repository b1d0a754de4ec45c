/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The log's records put together to transactions ("Journaling Log", Log
 * Operations): pieces in any number of records, in between those of others,
 * of items, each of one or more regions.
 */
#ifndef H2K_FS_XFS_LOG_TRANS_H
#define H2K_FS_XFS_LOG_TRANS_H

#include "fs/xfs/log.h"

struct h2k_xlog_region {
    uint8_t *data; /* owned */
    uint32_t size;
};

/* Every first region begins with these two; the machine's byte order. */
#define H2K_XLOG_ITEM_TYPE 0
#define H2K_XLOG_ITEM_REGIONS 2

struct h2k_xlog_item {
    uint16_t type;
    uint32_t total, count; /* regions: that it should have, and has */
    struct h2k_xlog_region *regions; /* owned; TOTAL of them */
};

struct h2k_xlog_trans {
    struct h2k_xlog_trans *next;
    uint32_t tid;
    uint64_t lsn; /* of the record that it began in */
    uint8_t header[16];
    uint32_t header_size;
    struct h2k_xlog_item *items; /* owned */
    size_t count, capacity;
};

/* Region INDEX; an empty view where there is none. */
struct h2k_view h2k_xlog_region(const struct h2k_xlog_item *item,
                                uint32_t index);

/* A transaction that was committed, with whole items; 0 to go on. */
typedef int (*h2k_xlog_trans_fn)(void *opaque,
                                 const struct h2k_xlog_trans *trans);

/* Every transaction that was committed in [tail, head), in their order. */
int h2k_xlog_walk(struct h2k_xlog *log, h2k_xlog_trans_fn fn, void *opaque);

/* H2K_E_CORRUPT, with the transaction's place in the log. */
int h2k_xlog_fail(uint64_t lsn, const char *what) __attribute__((cold));

#endif
