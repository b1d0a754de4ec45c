/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Intents ("Journaling Log", Extent Freeing Intent and the like): what one
 * transaction promises, and another one, nearly always in the same commit,
 * has done.  What was not done when the machine stopped is still to do.
 */
#include "base/error.h"
#include "fs/xfs/log-replay.h"

/* All of them, and what says that they are done, have their number here. */
#define INTENT_ID 8
#define INTENT_SIZE 16

/* Intents have even types; what says that one is done has the next. */
static uint32_t *
state_of(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    struct h2k_view v = h2k_xlog_region(item, 0);
    if (v.size < INTENT_SIZE) {
        h2k_xlog_item_fail(r, "an intent is damaged");
        return NULL;
    }
    return h2k_xlog_table_count(&r->intents, h2k_view_le64(v, INTENT_ID),
                                item->type & ~1u);
}

int
h2k_xlog_intent_check(struct h2k_xlog_replay *r,
                      const struct h2k_xlog_item *item)
{
    uint32_t *state = state_of(r, item);
    if (state == NULL)
        return -1;
    *state = 1;
    return 0;
}

int
h2k_xlog_done_check(struct h2k_xlog_replay *r,
                    const struct h2k_xlog_item *item)
{
    uint32_t *state = state_of(r, item);
    if (state == NULL)
        return -1;
    *state = 0;
    return 0;
}

int
h2k_xlog_intents_finish(struct h2k_xlog_replay *r)
{
    unsigned open = 0;
    for (size_t i = 0; i < r->intents.capacity; i++)
        if (r->intents.entries[i].used && r->intents.entries[i].count > 0)
            open++;
    if (open == 0)
        return 0;
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "it was cut off in the middle of %u changes, which we "
                    "cannot finish",
                    open);
}
