/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Who owns what ("Reverse-Mapping B+tree"): a record for each extent of each
 * owner, extents that go on in blocks and in the file being one.  Where
 * files share blocks records overlap, so that the one that is looked for
 * need not be beside its key.
 */
#include "fs/xfs/alloc.h"

#include "base/error.h"

struct rmap {
    uint32_t start, count;
    uint64_t owner, offset; /* with its bits */
};

static void
put(uint8_t *record, const struct rmap *r)
{
    h2k_put_be32(record + H2K_XFS_RMAP_START, r->start);
    h2k_put_be32(record + H2K_XFS_RMAP_COUNT, r->count);
    h2k_put_be64(record + H2K_XFS_RMAP_OWNER, r->owner);
    h2k_put_be64(record + H2K_XFS_RMAP_OFFSET, r->offset);
}

static struct rmap
get(const uint8_t *record)
{
    return (struct rmap){
        h2k_get_be32(record + H2K_XFS_RMAP_START),
        h2k_get_be32(record + H2K_XFS_RMAP_COUNT),
        h2k_get_be64(record + H2K_XFS_RMAP_OWNER),
        h2k_get_be64(record + H2K_XFS_RMAP_OFFSET),
    };
}

static struct rmap
rmap_of(const struct h2k_xfs_run *run, const struct h2k_xfs_owner *owner,
        bool unwritten)
{
    struct rmap r = { run->start, run->count, owner->owner, 0 };
    if ((int64_t)owner->owner < 0)
        return r;
    if (!owner->bmbt_block)
        r.offset = owner->offset;
    else
        r.offset = H2K_XFS_RMAP_BMBT_BLOCK;
    if (owner->attr_fork)
        r.offset |= H2K_XFS_RMAP_ATTR_FORK;
    if (unwritten)
        r.offset |= H2K_XFS_RMAP_UNWRITTEN;
    return r;
}

/* Has it places in a file? */
static bool
has_offset(const struct rmap *r)
{
    return (int64_t)r->owner >= 0 &&
           (r->offset & H2K_XFS_RMAP_BMBT_BLOCK) == 0;
}

/* What R would be with its first COUNT blocks left out. */
static struct rmap
behind(const struct rmap *r, uint32_t count)
{
    struct rmap rest = *r;
    rest.start += count;
    rest.count -= count;
    if (has_offset(r))
        rest.offset += count;
    return rest;
}

/* B goes on where A ends. */
static bool
follows(const struct rmap *a, const struct rmap *b)
{
    struct rmap end = behind(a, a->count);
    return a->count > 0 && b->count > 0 && end.start == b->start &&
           end.owner == b->owner && end.offset == b->offset;
}

/* IN holds all of R, for the same owner at the same place in the file. */
static bool
holds(const struct rmap *in, const struct rmap *r)
{
    if (in->start > r->start || r->count > in->count ||
        r->start - in->start > in->count - r->count || in->owner != r->owner)
        return false;
    struct rmap from = behind(in, r->start - in->start);
    return ((from.offset ^ r->offset) & ~H2K_XFS_RMAP_UNWRITTEN) == 0;
}

/* ---- Finding ---- */

struct find {
    const struct rmap *like;
    bool before; /* what LIKE follows, else what holds it */
    struct rmap found;
};

static bool
is_it(struct find *f, const uint8_t *record)
{
    f->found = get(record);
    return f->before ? follows(&f->found, f->like) : holds(&f->found, f->like);
}

static int
look_at(void *opaque, const uint8_t *record)
{
    return is_it(opaque, record);
}

/* 1 and F->FOUND, or 0. */
static int
find(const struct h2k_xfs_tree *tree, struct find *f)
{
    uint8_t key[H2K_XFS_RECORD_MAX], record[H2K_XFS_RECORD_MAX];
    put(key, f->like);
    int rc = f->before ? 0 : h2k_xfs_tree_get(tree, key, record);
    if (rc == 0)
        rc = h2k_xfs_tree_below(tree, key, record);
    if (rc < 0 || (rc == 1 && is_it(f, record)))
        return rc;
    if (!tree->xfs->geo.reflink || f->like->start < f->before)
        return 0;
    return h2k_xfs_tree_touching(tree, f->like->start - f->before, 1, look_at,
                                 f);
}

/* ---- Changing ---- */

/* The record OLD becomes NEW, either of which may be nothing (count 0).  One
 * that begins elsewhere may have another place among those it overlaps. */
static int
change(const struct h2k_xfs_tree *tree, const struct rmap *old,
       const struct rmap *new)
{
    uint8_t from[H2K_XFS_RECORD_MAX], to[H2K_XFS_RECORD_MAX];
    put(from, old);
    put(to, new);
    if (old->count > 0 && new->count > 0 && old->start == new->start)
        return h2k_xfs_tree_replace(tree, from, to);
    if (old->count > 0 && h2k_xfs_tree_remove(tree, from) < 0)
        return -1;
    return new->count > 0 ? h2k_xfs_tree_insert(tree, to) : 0;
}

int
h2k_xfs_rmap_add(struct h2k_xfs *xfs, uint32_t ag,
                 const struct h2k_xfs_run *run,
                 const struct h2k_xfs_owner *owner, bool unwritten)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_RMAPBT, ag);
    const struct rmap r = rmap_of(run, owner, unwritten), none = { 0 };
    const struct rmap end = behind(&r, r.count);
    struct find f = { .like = &r, .before = true };
    uint8_t key[H2K_XFS_RECORD_MAX], record[H2K_XFS_RECORD_MAX];
    struct rmap left = none, right = none, whole = r;
    if (!xfs->geo.rmapbt)
        return 0;
    int rc = find(&tree, &f);
    if (rc < 0)
        return -1;
    if (rc == 1)
        left = f.found;
    put(key, &end);
    rc = h2k_xfs_tree_get(&tree, key, record);
    if (rc < 0)
        return -1;
    if (rc == 1)
        right = get(record);
    if (!follows(&r, &right))
        right = none;
    if (right.count > 0 && change(&tree, &right, &none) < 0)
        return -1;
    whole.count += right.count;
    if (left.count > 0) {
        whole = left;
        whole.count += r.count + right.count;
    }
    return change(&tree, &left, &whole);
}

int
h2k_xfs_rmap_remove(struct h2k_xfs *xfs, uint32_t ag,
                    const struct h2k_xfs_run *run,
                    const struct h2k_xfs_owner *owner)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_RMAPBT, ag);
    const struct rmap r = rmap_of(run, owner, false), none = { 0 };
    struct find f = { .like = &r };
    if (!xfs->geo.rmapbt)
        return 0;
    int rc = find(&tree, &f);
    if (rc <= 0)
        return rc < 0
                   ? -1
                   : h2k_xfs_tree_damaged(&tree, "it has not what a file has");
    struct rmap left = f.found;
    left.count = r.start - left.start;
    const struct rmap right = behind(&f.found, left.count + r.count);
    if (change(&tree, &f.found, left.count > 0 ? &left : &right) < 0)
        return -1;
    return left.count > 0 ? change(&tree, &none, &right) : 0;
}
