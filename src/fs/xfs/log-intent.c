/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Intents ("Journaling Log", Extent Freeing Intent and the like): what one
 * transaction promises, and another one, nearly always in the same commit,
 * has done.  What was not done when the machine stopped is still to do.
 */
#include "base/error.h"
#include "fs/xfs/log-replay.h"

#include <string.h>

/* All of them, and what says that they are done, have their number here. */
#define INTENT_ID 8
#define INTENT_SIZE 16

/* Their place in the list, 1 for the first, by number and type: numbers are
 * used again. */
static uint32_t *
place_of(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    struct h2k_view v = h2k_xlog_region(item, 0);
    if (v.size < INTENT_SIZE) {
        h2k_xlog_item_fail(r, "an intent is damaged");
        return NULL;
    }
    /* Intents have even types; what says that one is done has the next. */
    return h2k_xlog_table_count(&r->intent_places, h2k_view_le64(v, INTENT_ID),
                                item->type & ~1u);
}

static int
grow(struct h2k_xlog_intents *intents)
{
    if (intents->count < intents->capacity)
        return 0;
    size_t capacity = intents->capacity == 0 ? 64 : intents->capacity * 2;
    struct h2k_xlog_intent *list =
        capacity > UINT32_MAX / sizeof(*list)
            ? NULL
            : realloc(intents->list, capacity * sizeof(*list));
    if (list == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    intents->list = list;
    intents->capacity = capacity;
    return 0;
}

/* The one at PLACE, if any, is no more to be done. */
static void
done(struct h2k_xlog_intents *intents, uint32_t *place)
{
    if (*place == 0)
        return;
    struct h2k_xlog_intent *intent = &intents->list[*place - 1];
    free(intent->data);
    intent->data = NULL;
    intents->open--;
    *place = 0;
}

int
h2k_xlog_intent_check(struct h2k_xlog_replay *r,
                      const struct h2k_xlog_item *item)
{
    struct h2k_view v = h2k_xlog_region(item, 0);
    uint32_t *place = place_of(r, item);
    if (place == NULL || grow(&r->intents) < 0)
        return -1;
    done(&r->intents, place);
    uint8_t *data = malloc(v.size);
    if (data == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    memcpy(data, v.data, v.size);
    r->intents.list[r->intents.count++] = (struct h2k_xlog_intent){
        .type = item->type,
        .data = data,
        .size = (uint32_t)v.size,
    };
    r->intents.open++;
    *place = (uint32_t)r->intents.count;
    return 0;
}

int
h2k_xlog_done_check(struct h2k_xlog_replay *r,
                    const struct h2k_xlog_item *item)
{
    uint32_t *place = place_of(r, item);
    if (place == NULL)
        return -1;
    done(&r->intents, place);
    return 0;
}

void
h2k_xlog_intents_free(struct h2k_xlog_intents *intents)
{
    for (size_t i = 0; i < intents->count; i++)
        free(intents->list[i].data);
    free(intents->list);
    *intents = (struct h2k_xlog_intents){ 0 };
}
