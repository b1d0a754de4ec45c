/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Replaying the log ("Journaling Log"), in two passes, as the kernel makes
 * them: what was cancelled later on, and writing the rest to where it
 * belongs.
 *
 * The second one cannot know beforehand whether what is on disk lets it come
 * to its end.  So it writes to an overlay of its own, and the volume is
 * written to only when all of it is there: a replay that is refused leaves
 * everything to others.
 */
#include "fs/xfs/log-replay.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "block/overlay.h"

#include <inttypes.h>

/* What the overlay is put into the volume by. */
#define MERGE_PIECE (UINT64_C(16) * H2K_OVERLAY_CHUNK)

/* "Journaling Log", Log Items: promises, by their types; what tells that one
 * was kept has the next.  The lower ones are for extents, reverse maps,
 * reference counts, file maps, attributes and exchanges, and those for
 * realtime volumes are above. */
static const struct {
    uint16_t first, last;
} intents[] = {
    { 0x1236, 0x1237 },
    { 0x1240, 0x124f },
};

static const struct h2k_xlog_item_type *const types[] = {
    &h2k_xlog_buffer_item, &h2k_xlog_inode_item,    &h2k_xlog_icreate_item,
    &h2k_xlog_dquot_item,  &h2k_xlog_quotaoff_item,
};

static const struct h2k_xlog_item_type intent_type = {
    .check = h2k_xlog_intent_check,
};
static const struct h2k_xlog_item_type done_type = {
    .check = h2k_xlog_done_check,
};

const struct h2k_xlog_item_type *
h2k_xlog_item_type_of(const struct h2k_xlog_item *item)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i]->type == item->type)
            return types[i];
    for (size_t i = 0; i < sizeof(intents) / sizeof(intents[0]); i++)
        if (item->type >= intents[i].first && item->type <= intents[i].last)
            return item->type % 2 == 0 ? &intent_type : &done_type;
    return NULL;
}

int
h2k_xlog_item_fail(const struct h2k_xlog_replay *r, const char *what)
{
    return h2k_xlog_fail(r->lsn, what);
}

bool
h2k_xlog_place_good(const struct h2k_xlog_replay *r, uint64_t sector,
                    uint32_t count)
{
    uint64_t size = h2k_block_size(r->target) / H2K_XLOG_SECTOR;
    uint64_t log = r->log.start / H2K_XLOG_SECTOR;
    return count > 0 && h2k_range_inside(sector, count, size) &&
           (sector + count <= log || sector >= log + r->log.sectors);
}

bool
h2k_xlog_is_cancelled(const struct h2k_xlog_replay *r, uint64_t sector,
                      uint32_t count)
{
    const uint32_t *cancels =
        h2k_xlog_table_find(&r->cancelled, sector, count);
    return cancels != NULL && *cancels > 0;
}

/* ---- The passes ---- */

static int
check_trans(void *opaque, const struct h2k_xlog_trans *trans)
{
    struct h2k_xlog_replay *r = opaque;
    r->lsn = trans->lsn;
    for (size_t i = 0; i < trans->count; i++) {
        const struct h2k_xlog_item_type *type =
            h2k_xlog_item_type_of(&trans->items[i]);
        if (type == NULL)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "has items of an unknown type (0x%" PRIx16 ")",
                            trans->items[i].type);
        if (type->check(r, &trans->items[i]) < 0)
            return -1;
    }
    return 0;
}

static int
apply_trans(void *opaque, const struct h2k_xlog_trans *trans)
{
    struct h2k_xlog_replay *r = opaque;
    if (r->lsn != trans->lsn)
        h2k_xlog_table_clear(&r->changed);
    r->lsn = trans->lsn;
    for (unsigned phase = 0; phase < H2K_XLOG_PHASES; phase++)
        for (size_t i = 0; i < trans->count; i++) {
            const struct h2k_xlog_item *item = &trans->items[i];
            const struct h2k_xlog_item_type *type =
                h2k_xlog_item_type_of(item);
            if (type == NULL || type->apply == NULL ||
                (type->phase == NULL ? H2K_XLOG_ITEMS : type->phase(item)) !=
                    phase)
                continue;
            if (h2k_check_interrupt() < 0 || type->apply(r, item) < 0)
                return -1;
        }
    return 0;
}

static int
replay(struct h2k_xlog_replay *r)
{
    if (h2k_xlog_find(&r->log) < 0)
        return -1;
    if (r->log.head == r->log.tail)
        return 0;
    if (h2k_xlog_walk(&r->log, check_trans, r) < 0 ||
        h2k_xlog_walk(&r->log, apply_trans, r) < 0 || h2k_xlog_count(r) < 0 ||
        h2k_xlog_intents_finish(r) < 0)
        return -1;
    return h2k_xlog_empty(r);
}

/* What was written to the overlay, to VOLUME. */
static int
merge(struct h2k_block *overlay, struct h2k_block *volume)
{
    h2k_autofree uint8_t *buffer = malloc(MERGE_PIECE);
    uint64_t size = h2k_block_size(volume);
    if (buffer == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint64_t at = 0; at < size;) {
        uint64_t run = 0;
        enum h2k_overlay_kind kind =
            h2k_overlay_at(overlay, at, size - at, &run);
        uint64_t end = at + run;
        for (; kind == H2K_OVERLAY_WRITTEN && at < end;) {
            size_t some = (size_t)h2k_min_u64(MERGE_PIECE, end - at);
            if (h2k_block_pread(overlay, buffer, some, at) < 0 ||
                h2k_block_pwrite(volume, buffer, some, at) < 0)
                return -1;
            at += some;
        }
        at = end;
    }
    return 0;
}

static int
replay_over(struct h2k_xlog_replay *r, struct h2k_block *volume)
{
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(volume, NULL);
    if (overlay == NULL)
        return -1;
    r->target = overlay;
    r->buffer = malloc(H2K_XLOG_BUF_MAX);
    if (r->buffer == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    int rc = replay(r);
    free(r->buffer);
    return rc < 0 ? -1 : merge(overlay, volume);
}

int
h2k_xfs_log_replay(struct h2k_xfs *xfs)
{
    struct h2k_xlog_replay r = { .xfs = xfs };
    int rc = h2k_xlog_open(&r.log, xfs);
    if (rc == 0)
        rc = replay_over(&r, xfs->volume);
    h2k_xlog_table_free(&r.cancelled);
    h2k_xlog_table_free(&r.intent_places);
    h2k_xlog_intents_free(&r.intents);
    h2k_xlog_table_free(&r.changed);
    h2k_xlog_close(&r.log);
    return rc < 0 ? h2k_prefix("log: ") : 0;
}
