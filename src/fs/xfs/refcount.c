/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blocks that more than one file has ("Reference Count B+tree"): a record
 * for each run of them with as many owners; those with one have none. */
#include "fs/xfs/alloc.h"

#include "base/error.h"

struct refs {
    uint32_t start, count, refs;
};

static struct h2k_xfs_tree
tree_of(struct h2k_xfs *xfs, uint32_t ag)
{
    return h2k_xfs_tree_of_ag(xfs, H2K_XFS_REFCBT, ag);
}

static void
put(uint8_t *record, const struct refs *r)
{
    h2k_put_be32(record + H2K_XFS_REFC_START, r->start);
    h2k_put_be32(record + H2K_XFS_REFC_COUNT, r->count);
    h2k_put_be32(record + H2K_XFS_REFC_REFS, r->refs);
}

/* Those behind the shared ones are copy-on-write in progress. */
static int
get(const struct h2k_xfs_tree *tree, const uint8_t *record, struct refs *out)
{
    *out = (struct refs){
        h2k_get_be32(record + H2K_XFS_REFC_START),
        h2k_get_be32(record + H2K_XFS_REFC_COUNT),
        h2k_get_be32(record + H2K_XFS_REFC_REFS),
    };
    if ((out->start & H2K_XFS_REFC_COW) != 0)
        return 0;
    if (out->count == 0 || out->refs < 2 ||
        !h2k_range_inside(out->start, out->count,
                          h2k_xfs_ag_length(tree->xfs, tree->ag)))
        return h2k_xfs_tree_damaged(tree, "an impossible count");
    return 1;
}

/* 1 and the record that has AT, or the first behind it; or 0. */
static int
find(const struct h2k_xfs_tree *tree, uint32_t at, struct refs *out)
{
    const struct refs like = { .start = at };
    uint8_t key[H2K_XFS_RECORD_MAX], record[H2K_XFS_RECORD_MAX];
    put(key, &like);
    int rc = h2k_xfs_tree_below(tree, key, record);
    if (rc == 1)
        rc = get(tree, record, out);
    if (rc < 0 || (rc == 1 && at - out->start < out->count))
        return rc;
    rc = h2k_xfs_tree_get(tree, key, record);
    if (rc == 0)
        rc = h2k_xfs_tree_above(tree, key, record);
    return rc == 1 ? get(tree, record, out) : rc;
}

int
h2k_xfs_shared_find(struct h2k_xfs *xfs, uint32_t ag,
                    const struct h2k_xfs_run *run, struct h2k_xfs_run *shared)
{
    const struct h2k_xfs_tree tree = tree_of(xfs, ag);
    uint64_t end = (uint64_t)run->start + run->count;
    struct refs r;
    *shared = (struct h2k_xfs_run){ 0, 0 };
    if (!xfs->geo.reflink)
        return 0;
    int rc = find(&tree, run->start, &r);
    if (rc <= 0)
        return rc;
    uint64_t from = h2k_max_u64(r.start, run->start);
    uint64_t to = h2k_min_u64((uint64_t)r.start + r.count, end);
    if (from < to)
        *shared =
            (struct h2k_xfs_run){ (uint32_t)from, (uint32_t)(to - from) };
    return 0;
}

static int
insert(const struct h2k_xfs_tree *tree, uint32_t start, uint64_t end,
       uint32_t refs)
{
    const struct refs r = { start, (uint32_t)(end - start), refs };
    uint8_t record[H2K_XFS_RECORD_MAX];
    put(record, &r);
    return r.count == 0 || refs < 2 ? 0 : h2k_xfs_tree_insert(tree, record);
}

static int
remove_record(const struct h2k_xfs_tree *tree, const struct refs *r)
{
    uint8_t record[H2K_XFS_RECORD_MAX];
    put(record, r);
    return h2k_xfs_tree_remove(tree, record);
}

/* What meets at AT and has as many owners becomes one. */
static int
join(const struct h2k_xfs_tree *tree, uint32_t at)
{
    struct refs left, right;
    int rc = at == 0 ? 0 : find(tree, at - 1, &left);
    if (rc <= 0 || left.start >= at)
        return rc < 0 ? -1 : 0;
    rc = find(tree, at, &right);
    if (rc <= 0 || right.start != at || left.refs != right.refs)
        return rc < 0 ? -1 : 0;
    if (remove_record(tree, &right) < 0 || remove_record(tree, &left) < 0)
        return -1;
    return insert(tree, left.start, (uint64_t)right.start + right.count,
                  left.refs);
}

/* [at, end) of R have one owner less. */
static int
drop_part(const struct h2k_xfs_tree *tree, const struct refs *r, uint32_t at,
          uint64_t end)
{
    if (r->refs == UINT32_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "more files share a block than can be counted");
    if (remove_record(tree, r) < 0 ||
        insert(tree, r->start, at, r->refs) < 0 ||
        insert(tree, at, end, r->refs - 1) < 0 ||
        insert(tree, (uint32_t)end, (uint64_t)r->start + r->count, r->refs) <
            0)
        return -1;
    return join(tree, at) < 0 ? -1 : join(tree, (uint32_t)end);
}

int
h2k_xfs_shared_drop(struct h2k_xfs *xfs, uint32_t ag,
                    const struct h2k_xfs_run *run, h2k_xfs_run_fn fn,
                    void *opaque)
{
    const struct h2k_xfs_tree tree = tree_of(xfs, ag);
    uint64_t at = run->start, end = at + run->count;
    while (at < end) {
        struct refs r;
        int rc = find(&tree, (uint32_t)at, &r);
        if (rc < 0)
            return -1;
        uint64_t from = rc == 0 ? end : h2k_min_u64(r.start, end);
        if (from > at) {
            const struct h2k_xfs_run own = { (uint32_t)at,
                                             (uint32_t)(from - at) };
            if (fn(opaque, &own) < 0)
                return -1;
            at = from;
            continue;
        }
        uint64_t to = h2k_min_u64((uint64_t)r.start + r.count, end);
        if (drop_part(&tree, &r, (uint32_t)at, to) < 0)
            return -1;
        at = to;
    }
    return 0;
}
