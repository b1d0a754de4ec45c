/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Attributes in leaves: one is taken out of its leaf, another put into it,
 * and a leaf that is full cut in two. */
#include "fs/xfs/attr-write.h"

#include "base/error.h"

#include <string.h>

/* Where an attribute is, or is to be: a leaf, loaded, and the way there. */
struct spot {
    struct h2k_xfs_da_path path;
    struct h2k_xfs_attr_leaf leaf;
};

static int
load_spot(struct h2k_xfs_da *da, struct spot *spot)
{
    h2k_xfs_attr_leaf_free(&spot->leaf);
    return h2k_xfs_attr_leaf_load(da, h2k_xfs_da_leaf(&spot->path),
                                  &spot->leaf);
}

/* To the first leaf that may take HASH. */
static int
go_to(struct h2k_xfs_da *da, struct spot *spot, uint32_t hash)
{
    if (h2k_xfs_da_descend(da, hash, &spot->path) < 0)
        return -1;
    return load_spot(da, spot);
}

/* 1 and its place in the leaf, when ATTR is there already; else 0, and the
 * spot where it would be. */
static int
find(struct h2k_xfs_da *da, struct spot *spot, const struct h2k_xfs_attr *attr,
     uint32_t *index)
{
    if (go_to(da, spot, attr->hash) < 0)
        return -1;
    for (;;) {
        const struct h2k_xfs_attr_leaf *leaf = &spot->leaf;
        for (*index = 0; *index < leaf->count; ++*index)
            if (h2k_xfs_attr_same(&leaf->attr[*index], attr))
                return 1;
        if (leaf->count == 0 || leaf->attr[leaf->count - 1].hash > attr->hash)
            break;
        int rc = h2k_xfs_da_next(da, &spot->path);
        if (rc == 0)
            break;
        if (rc < 0 || load_spot(da, spot) < 0)
            return -1;
    }
    return go_to(da, spot, attr->hash);
}

/* Into the leaf in memory, which has a place for one more; gives where. */
static uint32_t
insert(struct h2k_xfs_attr_leaf *leaf, const struct h2k_xfs_attr *attr)
{
    uint32_t i = 0;
    while (i < leaf->count && leaf->attr[i].hash <= attr->hash)
        i++;
    memmove(&leaf->attr[i + 1], &leaf->attr[i],
            (leaf->count - i) * sizeof(*leaf->attr));
    leaf->attr[i] = *attr;
    leaf->count++;
    return i;
}

static void
take_out(struct h2k_xfs_attr_leaf *leaf, uint32_t i)
{
    leaf->count--;
    memmove(&leaf->attr[i], &leaf->attr[i + 1],
            (leaf->count - i) * sizeof(*leaf->attr));
}

/* Where to cut, so that both parts fit; the nearest to the middle, or 0. */
static uint32_t
choose_cut(const struct h2k_xfs_da *da, const struct h2k_xfs_attr_leaf *leaf)
{
    uint32_t middle = leaf->count / 2;
    for (uint32_t away = 0; away <= middle; away++)
        for (int side = 0; side < 2; side++) {
            uint32_t cut = side == 0 ? middle - away : middle + away;
            if (cut > 0 && cut < leaf->count &&
                h2k_xfs_attr_leaf_fits(da, leaf->attr, cut) &&
                h2k_xfs_attr_leaf_fits(da, leaf->attr + cut,
                                       leaf->count - cut))
                return cut;
        }
    return 0;
}

static int
split_at(struct h2k_xfs_da *da, struct spot *spot, uint32_t cut)
{
    const struct h2k_xfs_attr_leaf *leaf = &spot->leaf;
    struct h2k_xfs_buf *right = NULL;
    uint64_t at = 0;
    if (h2k_xfs_da_split(da, &spot->path, &right, &at) < 0 ||
        h2k_xfs_attr_leaf_store(da, h2k_xfs_da_leaf(&spot->path), leaf->attr,
                                cut) < 0 ||
        h2k_xfs_attr_leaf_store(da, right, leaf->attr + cut,
                                leaf->count - cut) < 0)
        return -1;
    return h2k_xfs_da_attach(da, &spot->path, right, at);
}

/* ATTR into the spot's leaf, or one beside it. */
static int
put(struct h2k_xfs_da *da, struct spot *spot, const struct h2k_xfs_attr *attr)
{
    for (;;) {
        struct h2k_xfs_attr_leaf *leaf = &spot->leaf;
        uint32_t i = insert(leaf, attr);
        if (h2k_xfs_attr_leaf_fits(da, leaf->attr, leaf->count)) {
            if (h2k_xfs_attr_leaf_store(da, h2k_xfs_da_leaf(&spot->path),
                                        leaf->attr, leaf->count) < 0)
                return -1;
            return h2k_xfs_da_fix_hashes(da, &spot->path);
        }
        uint32_t cut = choose_cut(da, leaf);
        if (cut > 0)
            return split_at(da, spot, cut);
        /* It would not go in beside what is on either side: these are parted
         * first, until it does. */
        take_out(leaf, i);
        if (split_at(da, spot, leaf->count / 2) < 0 ||
            go_to(da, spot, attr->hash) < 0)
            return -1;
    }
}

static int
replace(struct h2k_xfs_da *da, struct spot *spot, struct h2k_xfs_attr *attr)
{
    uint32_t i = 0;
    int rc = find(da, spot, attr, &i);
    if (rc < 0)
        return -1;
    if (rc > 0) {
        struct h2k_xfs_attr old = spot->leaf.attr[i];
        take_out(&spot->leaf, i);
        if (!(old.flags & H2K_XFS_ATTR_LOCAL) &&
            h2k_xfs_attr_remote_drop(da, &old) < 0)
            return -1;
    }
    if (h2k_xfs_attr_is_local(da, attr))
        attr->flags |= H2K_XFS_ATTR_LOCAL;
    else if (h2k_xfs_attr_remote_put(da, attr) < 0)
        return -1;
    return put(da, spot, attr);
}

int
h2k_xfs_attr_tree_set(struct h2k_xfs_da *da, struct h2k_xfs_attr attr)
{
    struct spot spot = { 0 };
    int rc = replace(da, &spot, &attr);
    h2k_xfs_attr_leaf_free(&spot.leaf);
    return rc;
}

static int
by_hash(const void *a, const void *b)
{
    const struct h2k_xfs_attr *x = a, *y = b;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

int
h2k_xfs_attr_short_to_leaf(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode)
{
    struct h2k_xfs_attr_short all;
    struct h2k_xfs_da da;
    if (h2k_xfs_attr_short_load(xfs, inode, &all) < 0 ||
        h2k_xfs_fork_make_extents(xfs, inode, H2K_XFS_ATTR_FORK) < 0)
        return -1;
    qsort(all.attr, all.count, sizeof(all.attr[0]), by_hash);
    for (uint32_t i = 0; i < all.count; i++)
        all.attr[i].flags |= H2K_XFS_ATTR_LOCAL;
    int rc = h2k_xfs_da_open(&da, xfs, inode, H2K_XFS_ATTR_FORK);
    if (rc < 0)
        return -1;
    struct h2k_xfs_buf *buf = h2k_xfs_da_new(&da, 0, H2K_XFS_ATTR_LEAF);
    if (buf == NULL)
        rc = -1;
    else if (!h2k_xfs_attr_leaf_fits(&da, all.attr, all.count))
        rc = h2k_fail(H2K_E_NOSPACE, "more attributes than a leaf takes");
    else
        rc = h2k_xfs_attr_leaf_store(&da, buf, all.attr, all.count);
    h2k_xfs_da_close(&da);
    return rc;
}
