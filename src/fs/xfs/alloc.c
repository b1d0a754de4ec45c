/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Allocating and releasing blocks, over all AGs. */
#include "fs/xfs/alloc.h"

#include "base/error.h"
#include "fs/xfs/format.h"

#include <inttypes.h>

/* How many blocks of AG there are to be had in one piece.  METADATA may have
 * what is kept for it. */
static int
available(struct h2k_xfs *xfs, uint32_t ag, bool metadata, uint32_t *blocks)
{
    uint32_t longest = 0;
    uint64_t free = UINT32_MAX;
    if (h2k_xfs_agf_get(xfs, ag, H2K_XFS_AGF_LONGEST, &longest) < 0 ||
        (!metadata && h2k_xfs_available_in(xfs, ag, &free) < 0))
        return -1;
    *blocks = (uint32_t)h2k_min_u64(longest, free);
    return 0;
}

int
h2k_xfs_alloc_in_ag(struct h2k_xfs *xfs, uint32_t ag,
                    const struct h2k_xfs_want *want,
                    const struct h2k_xfs_owner *owner, bool metadata,
                    struct h2k_xfs_run *run)
{
    struct h2k_xfs_want possible = *want;
    struct h2k_xfs_run from;
    uint32_t blocks = 0;
    if (available(xfs, ag, metadata, &blocks) < 0)
        return -1;
    if (blocks < want->min)
        return 0;
    /* Filling the list takes some of them. */
    if (h2k_xfs_agfl_fill(xfs, ag) < 0 ||
        available(xfs, ag, metadata, &blocks) < 0)
        return -1;
    if (blocks < want->min)
        return 0;
    possible.max = (uint32_t)h2k_min_u64(want->max, blocks);
    int rc = h2k_xfs_free_find(xfs, ag, &possible, &from, run);
    if (rc <= 0)
        return rc;
    if (h2k_xfs_free_take(xfs, ag, &from, run) < 0 ||
        h2k_xfs_rmap_add(xfs, ag, run, owner, false) < 0 ||
        h2k_xfs_sb_add(xfs, H2K_XFS_SB_FDBLOCKS, -(int64_t)run->count) < 0)
        return -1;
    return 1;
}

int
h2k_xfs_alloc(struct h2k_xfs *xfs, uint64_t near, uint32_t min, uint32_t max,
              uint32_t align, const struct h2k_xfs_owner *owner,
              uint64_t *start, uint32_t *count)
{
    uint32_t ags = xfs->geo.ag_count;
    uint32_t first =
        h2k_xfs_fsb_valid(xfs, near) ? h2k_xfs_fsb_ag(xfs, near) : 0;
    struct h2k_xfs_want want = { .max = max, .align = align };
    /* In one piece wherever it is, before in pieces. */
    for (int pass = min < max ? 0 : 1; pass < 2; pass++)
        for (uint32_t i = 0; i < ags; i++) {
            uint32_t ag = (uint32_t)(((uint64_t)first + i) % ags);
            struct h2k_xfs_run run = { 0, 0 };
            want.min = pass == 0 ? max : min;
            want.near = i == 0 && near != 0 ? h2k_xfs_fsb_agb(xfs, near) : 0;
            want.high = h2k_xfs_ag_length(xfs, ag);
            int rc = h2k_xfs_alloc_in_ag(xfs, ag, &want, owner, false, &run);
            if (rc < 0)
                return -1;
            if (rc == 0)
                continue;
            *start = h2k_xfs_fsb(xfs, ag, run.start);
            *count = run.count;
            return 0;
        }
    return h2k_fail(H2K_E_NOSPACE, "the filesystem is full");
}

/* ---- Releasing ---- */

struct release {
    struct h2k_xfs *xfs;
    uint32_t ag;
};

static int
free_run(void *opaque, const struct h2k_xfs_run *run)
{
    const struct release *r = opaque;
    struct h2k_xfs *xfs = r->xfs;
    uint32_t shift = xfs->geo.block_log;
    if (h2k_xfs_agfl_fill(xfs, r->ag) < 0 ||
        h2k_xfs_free_give(xfs, r->ag, run) < 0 ||
        h2k_xfs_sb_add(xfs, H2K_XFS_SB_FDBLOCKS, run->count) < 0 ||
        h2k_xfs_buf_forget(xfs, h2k_xfs_agb_offset(xfs, r->ag, run->start),
                           (uint64_t)run->count << shift) < 0)
        return -1;
    return h2k_xfs_agfl_trim(xfs, r->ag);
}

int
h2k_xfs_release_in_ag(struct h2k_xfs *xfs, uint32_t ag,
                      const struct h2k_xfs_run *run,
                      const struct h2k_xfs_owner *owner)
{
    struct release r = { xfs, ag };
    if (h2k_xfs_agfl_fill(xfs, ag) < 0 ||
        (owner != NULL && h2k_xfs_rmap_remove(xfs, ag, run, owner) < 0))
        return -1;
    return free_run(&r, run);
}

/* Only what a file has in its data fork is shared. */
static bool
can_be_shared(const struct h2k_xfs *xfs, const struct h2k_xfs_owner *owner)
{
    return xfs->geo.reflink && (int64_t)owner->owner >= 0 &&
           !owner->attr_fork && !owner->bmbt_block;
}

int
h2k_xfs_release(struct h2k_xfs *xfs, uint64_t start, uint32_t count,
                const struct h2k_xfs_owner *owner)
{
    struct release r = { xfs, h2k_xfs_fsb_ag(xfs, start) };
    const struct h2k_xfs_run run = { h2k_xfs_fsb_agb(xfs, start), count };
    if (count == 0 || !h2k_xfs_fsb_valid(xfs, start) ||
        !h2k_range_inside(run.start, count, h2k_xfs_ag_length(xfs, r.ag)))
        return h2k_fail(H2K_E_CORRUPT,
                        "an extent is outside of the filesystem; run "
                        "xfs_repair first");
    if (!can_be_shared(xfs, owner))
        return h2k_xfs_release_in_ag(xfs, r.ag, &run, owner);
    if (h2k_xfs_agfl_fill(xfs, r.ag) < 0 ||
        h2k_xfs_rmap_remove(xfs, r.ag, &run, owner) < 0)
        return -1;
    return h2k_xfs_shared_drop(xfs, r.ag, &run, free_run, &r);
}
