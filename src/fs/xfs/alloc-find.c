/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which free extent of an AG to take. */
#include "fs/xfs/alloc.h"

/* So many free extents behind a place are looked at before any other will
 * do. */
#define NEAR 32

struct search {
    struct h2k_xfs *xfs;
    uint32_t ag;
    const struct h2k_xfs_want *want;
    struct h2k_xfs_run *from, *take;
};

/* 1 when COUNT blocks can be had from RECORD's extent, where they may begin
 * at AT at the earliest. */
static int
fits(const struct search *s, const uint8_t *record, uint64_t at,
     uint32_t count)
{
    const struct h2k_xfs_run free = {
        h2k_get_be32(record + H2K_XFS_ALLOC_START),
        h2k_get_be32(record + H2K_XFS_ALLOC_COUNT),
    };
    uint32_t align = s->want->align;
    uint64_t length = h2k_xfs_ag_length(s->xfs, s->ag);
    uint64_t end = (uint64_t)free.start + free.count;
    uint64_t begin = h2k_max_u64(h2k_max_u64(free.start, s->want->low), at);
    if (end > length) /* damaged */
        return 0;
    end = h2k_min_u64(end, s->want->high);
    begin += (align - begin % align) % align;
    if (begin > end || end - begin < count)
        return 0;
    *s->from = free;
    *s->take = (struct h2k_xfs_run){ (uint32_t)begin, count };
    return 1;
}

/* All that is wanted, at the place itself or soon behind it. */
static int
find_near(const struct search *s)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(s->xfs, H2K_XFS_BNOBT, s->ag);
    uint8_t key[H2K_XFS_RECORD_MAX] = { 0 };
    struct h2k_xfs_cursor c;
    const uint8_t *record;
    h2k_put_be32(key, s->want->near);
    if (h2k_xfs_cursor_seek(&c, &tree, key) < 0)
        return -1;
    int rc = h2k_xfs_cursor_back(&c);
    if (rc < 0)
        return -1;
    for (int i = 0; i < NEAR; i++) {
        rc = h2k_xfs_cursor_get(&c, &record);
        if (rc != 1)
            return rc;
        if (fits(s, record, s->want->near, s->want->max))
            return 1;
        if (h2k_xfs_cursor_next(&c) < 0)
            return -1;
    }
    return 0;
}

/* All of it, in the smallest extent that has it. */
static int
find_best(const struct search *s)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(s->xfs, H2K_XFS_CNTBT, s->ag);
    uint8_t key[H2K_XFS_RECORD_MAX] = { 0 };
    struct h2k_xfs_cursor c;
    const uint8_t *record;
    h2k_put_be32(key + H2K_XFS_ALLOC_COUNT, s->want->max);
    if (h2k_xfs_cursor_seek(&c, &tree, key) < 0)
        return -1;
    for (;;) {
        int rc = h2k_xfs_cursor_get(&c, &record);
        if (rc != 1)
            return rc;
        if (fits(s, record, 0, s->want->max))
            return 1;
        if (h2k_xfs_cursor_next(&c) < 0)
            return -1;
    }
}

/* Less, and the most that there is. */
static int
find_most(const struct search *s)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(s->xfs, H2K_XFS_CNTBT, s->ag);
    struct h2k_xfs_cursor c;
    if (h2k_xfs_cursor_end(&c, &tree) < 0)
        return -1;
    for (;;) {
        const uint8_t *record;
        int rc = h2k_xfs_cursor_back(&c);
        if (rc == 1)
            rc = h2k_xfs_cursor_get(&c, &record);
        if (rc != 1)
            return rc;
        uint32_t size = h2k_get_be32(record + H2K_XFS_ALLOC_COUNT);
        if (size < s->want->min)
            return 0;
        if (fits(s, record, 0, (uint32_t)h2k_min_u64(size, s->want->max)) ||
            fits(s, record, 0, s->want->min))
            return 1;
    }
}

int
h2k_xfs_free_find(struct h2k_xfs *xfs, uint32_t ag,
                  const struct h2k_xfs_want *want, struct h2k_xfs_run *from,
                  struct h2k_xfs_run *take)
{
    const struct search s = { xfs, ag, want, from, take };
    int rc = want->near == 0 ? 0 : find_near(&s);
    if (rc == 0)
        rc = find_best(&s);
    return rc == 0 ? find_most(&s) : rc;
}
