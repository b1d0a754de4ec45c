/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the log's transactions promise, for a replay. */
#ifndef H2K_FS_XFS_LOG_INTENT_H
#define H2K_FS_XFS_LOG_INTENT_H

#include "base/view.h"

/* "Journaling Log", Log Items: promises, by their types. */
enum h2k_xlog_intent_type {
    H2K_XLOG_EFI = 0x1236, /* extents to free */
    H2K_XLOG_RUI = 0x1240, /* changes of the reverse map */
    H2K_XLOG_CUI = 0x1242, /* changes of reference counts */
};

struct h2k_xlog_intent {
    uint16_t type;
    uint8_t *data; /* owned; what was logged.  NULL: it was done */
    uint32_t size;
};

/* Initialise with { 0 }.  In the order of the log. */
struct h2k_xlog_intents {
    struct h2k_xlog_intent *list; /* owned; CAPACITY of them */
    size_t count, capacity;
    size_t open; /* that were not done */
};

void h2k_xlog_intents_free(struct h2k_xlog_intents *intents);

#endif
