/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What is free, by the two B+trees of each AG ("AG Free Space B+trees"): one
 * in order of place, one in order of size.  They must agree with each other
 * and with the AG's counters before anything is believed of them.
 *
 * The blocks of the AG's free list are in neither: they are kept for the
 * trees' own growth.
 */
#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/counts.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format.h"
#include "fs/xfs/xfs.h"

#include <inttypes.h>

int
h2k_xfs_space(void *state, uint64_t *free_bytes)
{
    struct h2k_xfs *xfs = state;
    uint64_t blocks;
    h2k_xfs_read_begin(xfs);
    if (h2k_xfs_available(xfs, &blocks) < 0)
        return h2k_prefix("xfs: ");
    *free_bytes = blocks << xfs->geo.block_log;
    return 0;
}

struct walk {
    struct h2k_xfs *xfs;
    uint32_t ag;
    enum h2k_xfs_kind kind;
    h2k_free_fn fn; /* or NULL: to check alone */
    void *opaque;
    uint64_t blocks;       /* free, so far */
    uint32_t start, count; /* of the record before */
    uint32_t longest;
    uint32_t last[H2K_XFS_BTREE_LEVELS_MAX]; /* block seen on each level */
    uint32_t next[H2K_XFS_BTREE_LEVELS_MAX]; /* and what should follow */
};

static int
distrust(const struct walk *w, const char *what)
{
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "xfs: AG %" PRIu32
                    ": its free space cannot be trusted (%s); run xfs_repair "
                    "on it first",
                    w->ag, what);
}

/* Each record is behind the one before it, so that none is seen twice. */
static bool
in_order(const struct walk *w, uint32_t start, uint32_t count)
{
    if (w->blocks == 0)
        return true;
    if (w->kind == H2K_XFS_BNOBT)
        return start > (uint64_t)w->start + w->count;
    return count > w->count || (count == w->count && start > w->start);
}

static int
take_record(struct walk *w, const uint8_t *record)
{
    uint32_t log = w->xfs->geo.block_log;
    uint32_t start = h2k_get_be32(record + H2K_XFS_ALLOC_START);
    uint32_t count = h2k_get_be32(record + H2K_XFS_ALLOC_COUNT);
    if (count == 0 ||
        !h2k_range_inside(start, count, h2k_xfs_ag_length(w->xfs, w->ag)) ||
        (uint64_t)start << log < 4 * (uint64_t)w->xfs->geo.sector_size)
        return distrust(w, "a part is outside of it");
    if (!in_order(w, start, count))
        return distrust(w, "parts out of order");
    w->blocks += count;
    w->start = start;
    w->count = count;
    if (count > w->longest)
        w->longest = count;
    if (w->fn == NULL)
        return 0;
    return w->fn(w->opaque, h2k_xfs_agb_offset(w->xfs, w->ag, start),
                 (uint64_t)count << log);
}

static struct h2k_xfs_buf *
read_block(struct walk *w, uint32_t agb, uint32_t level)
{
    if (!h2k_xfs_agb_valid(w->xfs, w->ag, agb)) {
        distrust(w, "a tree leaves it");
        return NULL;
    }
    struct h2k_xfs_buf *buf =
        h2k_xfs_buf_read(w->xfs, h2k_xfs_agb_offset(w->xfs, w->ag, agb),
                         w->xfs->geo.block_size, w->kind, 0);
    if (buf == NULL) {
        h2k_recode(H2K_E_UNSUPPORTED);
        return NULL;
    }
    if (h2k_get_be16(buf->data + H2K_XFS_BB_LEVEL) != level ||
        h2k_get_be32(buf->data + H2K_XFS_BB_LEFTSIB) != w->last[level] ||
        (w->last[level] != H2K_XFS_NULL32 && w->next[level] != agb)) {
        distrust(w, "a tree's blocks do not belong together");
        return NULL;
    }
    w->last[level] = agb;
    w->next[level] = h2k_get_be32(buf->data + H2K_XFS_BB_RIGHTSIB);
    return buf;
}

/* All records below AGB.  The levels go down, and every leaf but that of an
 * empty tree has records, all in order: it ends. */
static int
walk_below(struct walk *w, uint32_t agb, uint32_t level, bool root)
{
    struct h2k_xfs_buf *buf = read_block(w, agb, level);
    if (buf == NULL)
        return -1;
    uint32_t count = h2k_get_be16(buf->data + H2K_XFS_BB_NUMRECS);
    const uint8_t *at = buf->data + h2k_xfs_btree_header(w->xfs, w->kind);
    const uint8_t *pointers =
        at + (size_t)H2K_XFS_ALLOC_SIZE *
                 h2k_xfs_btree_room(w->xfs, w->kind, buf->length, level);
    if (count == 0 && !root)
        return distrust(w, "an empty block in a tree");
    for (uint32_t i = 0; i < count; i++) {
        int rc =
            level == 0
                ? take_record(w, at + (size_t)i * H2K_XFS_ALLOC_SIZE)
                : walk_below(w,
                             h2k_get_be32(pointers +
                                          (size_t)i * H2K_XFS_SHORT_PTR_SIZE),
                             level - 1, false);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* One tree of AG, each record told to FN. */
static int
walk_tree(struct walk *w, h2k_free_fn fn, void *opaque)
{
    struct h2k_xfs_buf *agf = h2k_xfs_agf(w->xfs, w->ag);
    if (agf == NULL)
        return h2k_recode(H2K_E_UNSUPPORTED);
    bool by_place = w->kind == H2K_XFS_BNOBT;
    uint32_t root = h2k_get_be32(
        agf->data + (by_place ? H2K_XFS_AGF_BNO_ROOT : H2K_XFS_AGF_CNT_ROOT));
    uint32_t levels =
        h2k_get_be32(agf->data + (by_place ? H2K_XFS_AGF_BNO_LEVEL
                                           : H2K_XFS_AGF_CNT_LEVEL));
    w->fn = fn;
    w->opaque = opaque;
    for (uint32_t i = 0; i < H2K_XFS_BTREE_LEVELS_MAX; i++)
        w->last[i] = w->next[i] = H2K_XFS_NULL32;
    return walk_below(w, root, levels - 1, true);
}

/* Both trees and the counters say the same. */
static int
check_ag(struct h2k_xfs *xfs, uint32_t ag)
{
    struct walk place = { .xfs = xfs, .ag = ag, .kind = H2K_XFS_BNOBT };
    struct walk size = { .xfs = xfs, .ag = ag, .kind = H2K_XFS_CNTBT };
    h2k_xfs_read_begin(xfs);
    if (walk_tree(&place, NULL, NULL) < 0 || walk_tree(&size, NULL, NULL) < 0)
        return -1;
    struct h2k_xfs_buf *agf = h2k_xfs_agf(xfs, ag);
    if (agf == NULL)
        return h2k_recode(H2K_E_UNSUPPORTED);
    if (place.blocks != size.blocks ||
        place.blocks != h2k_get_be32(agf->data + H2K_XFS_AGF_FREEBLKS) ||
        place.longest != h2k_get_be32(agf->data + H2K_XFS_AGF_LONGEST))
        return distrust(&place, "its trees and counters differ");
    return 0;
}

/* A range to be told when the walk that finds it holds no buffer. */
struct ranges {
    uint64_t (*list)[2];
    size_t count, room;
};

static int
add_range(void *opaque, uint64_t offset, uint64_t length)
{
    struct ranges *r = opaque;
    if (r->count == r->room) {
        size_t room = r->room == 0 ? 64 : 2 * r->room;
        void *more = realloc(r->list, room * sizeof(*r->list));
        if (more == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        r->list = more;
        r->room = room;
    }
    r->list[r->count][0] = offset;
    r->list[r->count][1] = length;
    r->count++;
    return 0;
}

static int
tell_ag(struct h2k_xfs *xfs, uint32_t ag, h2k_free_fn fn, void *opaque)
{
    struct walk place = { .xfs = xfs, .ag = ag, .kind = H2K_XFS_BNOBT };
    struct ranges ranges = { 0 };
    h2k_xfs_read_begin(xfs);
    int rc = walk_tree(&place, add_range, &ranges);
    for (size_t i = 0; rc == 0 && i < ranges.count; i++)
        rc = fn(opaque, ranges.list[i][0], ranges.list[i][1]);
    free(ranges.list);
    return rc;
}

int
h2k_xfs_each_free(void *state, h2k_free_fn fn, void *opaque)
{
    struct h2k_xfs *xfs = state;
    if (xfs->broken || !xfs->clean)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "xfs: what is free cannot be trusted: an earlier "
                        "write failed half-way, or its log is elsewhere");
    for (uint32_t ag = 0; ag < xfs->geo.ag_count; ag++)
        if (check_ag(xfs, ag) < 0)
            return -1;
    for (uint32_t ag = 0; ag < xfs->geo.ag_count; ag++) {
        int rc = tell_ag(xfs, ag, fn, opaque);
        if (rc != 0)
            return rc;
    }
    return 0;
}
