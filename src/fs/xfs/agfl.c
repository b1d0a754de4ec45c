/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The blocks that an AG keeps aside ("AG Free List"): the btrees of free
 * space and of the reverse map grow from them and shrink into them, since
 * they cannot allocate while they are changed.  A ring in a sector.
 */
#include "fs/xfs/alloc.h"

#include "base/error.h"
#include "fs/xfs/counts.h"
#include "fs/xfs/format.h"

#include <inttypes.h>

/* So many above what is enough may stay. */
#define SLACK 16u

static const struct h2k_xfs_owner owner_ag = { .owner = H2K_XFS_OWN_AG };

struct ring {
    struct h2k_xfs_buf *agf, *agfl;
    uint8_t *places;
    uint32_t room, first, last, count;
};

static int
read_ring(struct h2k_xfs *xfs, uint32_t ag, struct ring *out)
{
    out->agf = h2k_xfs_agf(xfs, ag);
    out->agfl = h2k_xfs_agfl(xfs, ag);
    if (out->agf == NULL || out->agfl == NULL)
        return -1;
    out->places = out->agfl->data + h2k_xfs_agfl_begin(xfs);
    out->room = h2k_xfs_agfl_room(xfs);
    out->first = h2k_get_be32(out->agf->data + H2K_XFS_AGF_FLFIRST);
    out->last = h2k_get_be32(out->agf->data + H2K_XFS_AGF_FLLAST);
    out->count = h2k_get_be32(out->agf->data + H2K_XFS_AGF_FLCOUNT);
    return 0;
}

/* Some kernels disagreed about the ring's length by one; what they left then
 * is made anew by the next mount. */
int
h2k_xfs_agfl_check(struct h2k_xfs *xfs, uint32_t ag)
{
    struct ring r;
    if (read_ring(xfs, ag, &r) < 0)
        return -1;
    if (r.first >= r.room || r.last >= r.room || r.count > r.room ||
        (r.count > 0 && (r.first + r.count - 1) % r.room != r.last))
        return h2k_fail(H2K_E_CORRUPT,
                        "AG %" PRIu32
                        ": its free list is not in order; mount it once, or "
                        "run xfs_repair",
                        ag);
    for (uint32_t i = 0; i < r.count; i++) {
        uint32_t agb = h2k_get_be32(r.places + 4 * ((r.first + i) % r.room));
        if (agb == 0 || !h2k_xfs_agb_valid(xfs, ag, agb))
            return h2k_fail(H2K_E_CORRUPT,
                            "AG %" PRIu32
                            ": its free list leads outside; run xfs_repair",
                            ag);
    }
    return 0;
}

static int
dirty_ring(struct h2k_xfs *xfs, const struct ring *r)
{
    if (h2k_xfs_buf_dirty(xfs, r->agf) < 0)
        return -1;
    return h2k_xfs_buf_dirty(xfs, r->agfl);
}

static void
write_ring(const struct ring *r)
{
    h2k_put_be32(r->agf->data + H2K_XFS_AGF_FLFIRST, r->first);
    h2k_put_be32(r->agf->data + H2K_XFS_AGF_FLLAST, r->last);
    h2k_put_be32(r->agf->data + H2K_XFS_AGF_FLCOUNT, r->count);
}

static int
pop(struct h2k_xfs *xfs, uint32_t ag, uint32_t *agb)
{
    struct ring r;
    if (h2k_xfs_agfl_check(xfs, ag) < 0 || read_ring(xfs, ag, &r) < 0)
        return -1;
    if (r.count == 0)
        return h2k_fail(H2K_E_NOSPACE,
                        "the filesystem is full: AG %" PRIu32
                        " has no block for its btrees",
                        ag);
    if (dirty_ring(xfs, &r) < 0)
        return -1;
    *agb = h2k_get_be32(r.places + 4 * r.first);
    r.first = (r.first + 1) % r.room;
    r.count--;
    write_ring(&r);
    return 0;
}

static int
push(struct h2k_xfs *xfs, uint32_t ag, uint32_t agb)
{
    struct ring r;
    if (read_ring(xfs, ag, &r) < 0)
        return -1;
    if (r.count >= r.room)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "AG %" PRIu32 ": its free list is full", ag);
    if (dirty_ring(xfs, &r) < 0)
        return -1;
    r.last = (r.last + 1) % r.room;
    r.count++;
    h2k_put_be32(r.places + 4 * r.last, agb);
    write_ring(&r);
    return h2k_xfs_buf_forget(xfs, h2k_xfs_agb_offset(xfs, ag, agb),
                              xfs->geo.block_size);
}

/* Without lazy-count, old kernels did not count the btrees' blocks. */
static int
count_block(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind,
            int change)
{
    uint32_t blocks = 0;
    if (h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_BTREEBLKS, &blocks) < 0)
        return -1;
    if ((xfs->geo.lazy_count || change > 0 || blocks > 0) &&
        h2k_xfs_agf_add(xfs, ag, H2K_XFS_AGF_BTREEBLKS, change) < 0)
        return -1;
    if (kind != H2K_XFS_RMAPBT)
        return 0;
    return h2k_xfs_agf_add(xfs, ag, H2K_XFS_AGF_RMAP_BLOCKS, change);
}

int
h2k_xfs_agfl_take(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind,
                  uint32_t *agb)
{
    return pop(xfs, ag, agb) < 0 ? -1 : count_block(xfs, ag, kind, 1);
}

int
h2k_xfs_agfl_give(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind,
                  uint32_t agb)
{
    return push(xfs, ag, agb) < 0 ? -1 : count_block(xfs, ag, kind, -1);
}

/* One change of free space puts at most one record more into the btree by
 * place and two into that by size, and changes the reverse map twice; each
 * may split every level and add one. */
static int
enough(struct h2k_xfs *xfs, uint32_t ag, uint32_t *blocks)
{
    uint32_t bno = 0, cnt = 0, rmap = 0;
    if (h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_BNO_LEVEL, &bno) < 0 ||
        h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_CNT_LEVEL, &cnt) < 0 ||
        (xfs->geo.rmapbt &&
         h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_RMAP_LEVEL, &rmap) < 0))
        return -1;
    *blocks = bno + 1 + 2 * (cnt + 1);
    if (xfs->geo.rmapbt)
        *blocks += 2 * (rmap + 1);
    *blocks = (uint32_t)h2k_min_u64(*blocks, h2k_xfs_agfl_room(xfs) / 2);
    return 0;
}

/* Up to MAX free blocks move to the list: their number, or -1. */
static int
move_some(struct h2k_xfs *xfs, uint32_t ag, uint32_t max)
{
    const struct h2k_xfs_want want = { 1, max, 1,
                                       0, 0,   h2k_xfs_ag_length(xfs, ag) };
    struct h2k_xfs_run from, run;
    int rc = h2k_xfs_free_find(xfs, ag, &want, &from, &run);
    if (rc <= 0)
        return rc;
    if (h2k_xfs_free_take(xfs, ag, &from, &run) < 0)
        return -1;
    for (uint32_t i = 0; i < run.count; i++)
        if (push(xfs, ag, run.start + i) < 0)
            return -1;
    if (h2k_xfs_rmap_add(xfs, ag, &run, &owner_ag, false) < 0)
        return -1;
    return (int)run.count;
}

int
h2k_xfs_agfl_fill(struct h2k_xfs *xfs, uint32_t ag)
{
    for (uint32_t rounds = h2k_xfs_agfl_room(xfs); rounds > 0; rounds--) {
        uint32_t have = 0, need = 0;
        if (h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_FLCOUNT, &have) < 0 ||
            enough(xfs, ag, &need) < 0)
            return -1;
        if (have >= need)
            return 0;
        int rc = move_some(xfs, ag, need - have);
        if (rc <= 0)
            return rc;
    }
    return 0;
}

int
h2k_xfs_agfl_trim(struct h2k_xfs *xfs, uint32_t ag)
{
    for (uint32_t rounds = h2k_xfs_agfl_room(xfs); rounds > 0; rounds--) {
        uint32_t have = 0, need = 0;
        struct h2k_xfs_run run = { 0, 1 };
        if (h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_FLCOUNT, &have) < 0 ||
            enough(xfs, ag, &need) < 0)
            return -1;
        if (have <= need + SLACK)
            return 0;
        if (pop(xfs, ag, &run.start) < 0 ||
            h2k_xfs_rmap_remove(xfs, ag, &run, &owner_ag) < 0 ||
            h2k_xfs_free_give(xfs, ag, &run) < 0)
            return -1;
    }
    return 0;
}
