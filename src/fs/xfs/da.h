/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The blocks of a directory or of an attribute fork, and the tree of hashes
 * over them ("Directories", "Extended Attributes").
 *
 * A block's number is where it begins in the fork, in filesystem blocks:
 * a directory's may be larger than one of those.  Trees keep their root at
 * a fixed number, whatever becomes of them.
 */
#ifndef H2K_FS_XFS_DA_H
#define H2K_FS_XFS_DA_H

#include "fs/xfs/format.h"
#include "fs/xfs/xfs.h"

struct h2k_xfs_da {
    struct h2k_xfs *xfs;
    struct h2k_xfs_inode *inode;
    enum h2k_xfs_fork fork;
    enum h2k_xfs_kind leaf; /* H2K_XFS_DIR_LEAFN or H2K_XFS_ATTR_LEAF */
    uint32_t block_size;    /* bytes */
    uint32_t blocks;        /* filesystem blocks in each */
    uint32_t root;          /* number of the tree's root */
    uint32_t counts;        /* offsets in nodes and directories' leaves: the */
    uint32_t entries;       /* number of entries, and the entries */
    uint32_t attr_entries;  /* the same in attributes' leaves */
    struct h2k_xfs_map map;
};

/* All of it but the map, for a fork that is in the inode so far. */
void h2k_xfs_da_shape(struct h2k_xfs_da *da, struct h2k_xfs *xfs,
                      struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork);
int h2k_xfs_da_open(struct h2k_xfs_da *da, struct h2k_xfs *xfs,
                    struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork);
void
h2k_xfs_da_close(struct h2k_xfs_da *da); /* its map; never opened: zeros */

/* H2K_E_CORRUPT, saying which inode it is about. */
int h2k_xfs_da_damaged(const struct h2k_xfs_da *da, const char *what);

bool h2k_xfs_da_mapped(const struct h2k_xfs_da *da, uint64_t at);

/* The block AT, one of KINDS (ended by H2K_XFS_KINDS). */
struct h2k_xfs_buf *h2k_xfs_da_read_any(struct h2k_xfs_da *da, uint64_t at,
                                        const enum h2k_xfs_kind *kinds);
struct h2k_xfs_buf *h2k_xfs_da_read(struct h2k_xfs_da *da, uint64_t at,
                                    enum h2k_xfs_kind kind);
static inline uint32_t
h2k_xfs_da_count(const struct h2k_xfs_da *da, const struct h2k_xfs_buf *buf)
{
    return h2k_get_be16(buf->data + da->counts);
}

/* ---- The tree: da-tree.c ---- */

/* Entries of eight bytes each, hash first, are what nodes and directories'
 * leaves consist of: so many fit. */
static inline uint32_t
h2k_xfs_da_room(const struct h2k_xfs_da *da)
{
    return (da->block_size - da->entries) / 8;
}

/* The blocks from the root (level 0) to a leaf (level DEPTH), and which entry
 * of each node leads to the next. */
struct h2k_xfs_da_path {
    uint32_t depth;
    uint64_t steps; /* from leaf to leaf */
    struct {
        struct h2k_xfs_buf *buf;
        uint64_t at;
        uint32_t index;
    } level[H2K_XFS_DA_LEVELS_MAX];
};

static inline struct h2k_xfs_buf *
h2k_xfs_da_leaf(const struct h2k_xfs_da_path *path)
{
    return path->level[path->depth].buf;
}

/* To the first leaf in which HASH may be, or the last one where all hashes
 * are smaller. */
int h2k_xfs_da_descend(struct h2k_xfs_da *da, uint32_t hash,
                       struct h2k_xfs_da_path *path);
/* To the leaf behind it: 1, or 0 where that was the last. */
int h2k_xfs_da_next(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path);
/* The hash of BUF's last entry, the greatest. */
int h2k_xfs_da_last_hash(const struct h2k_xfs_da *da,
                         const struct h2k_xfs_buf *buf, uint32_t *hash);
#endif
