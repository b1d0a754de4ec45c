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

#include "fs/xfs/format-dir.h"
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
/* The first COUNT filesystem blocks at or after FROM that are all holes, and
 * where a block may begin, as one does at FROM. */
uint64_t h2k_xfs_da_hole(const struct h2k_xfs_da *da, uint64_t from,
                         uint32_t count);

/* The block AT, one of KINDS (ended by H2K_XFS_KINDS). */
struct h2k_xfs_buf *h2k_xfs_da_read_any(struct h2k_xfs_da *da, uint64_t at,
                                        const enum h2k_xfs_kind *kinds);
struct h2k_xfs_buf *h2k_xfs_da_read(struct h2k_xfs_da *da, uint64_t at,
                                    enum h2k_xfs_kind kind);
/* A block in a hole: allocated, zeros but for its header. */
struct h2k_xfs_buf *h2k_xfs_da_new(struct h2k_xfs_da *da, uint64_t at,
                                   enum h2k_xfs_kind kind);
int h2k_xfs_da_dirty(struct h2k_xfs_da *da, struct h2k_xfs_buf *buf);
/* BUF, dirty, becomes a block of another kind of the same size of header. */
void h2k_xfs_da_set_kind(struct h2k_xfs_da *da, struct h2k_xfs_buf *buf,
                         enum h2k_xfs_kind kind);
/* The same for one that is allocated already. */
struct h2k_xfs_buf *h2k_xfs_da_new_at(struct h2k_xfs_da *da, uint64_t at,
                                      enum h2k_xfs_kind kind);
/* COUNT filesystem blocks from AT on, in a hole, are allocated. */
int h2k_xfs_da_fill(struct h2k_xfs_da *da, uint64_t at, uint32_t count,
                    bool contiguous);
/* TO, new, gets what FROM holds, and its kind. */
void h2k_xfs_da_copy(struct h2k_xfs_da *da, struct h2k_xfs_buf *to,
                     const struct h2k_xfs_buf *from);
/* [at, at + count) filesystem blocks of the fork are given back. */
int h2k_xfs_da_punch(struct h2k_xfs_da *da, uint64_t at, uint64_t count);

static inline uint32_t
h2k_xfs_da_count(const struct h2k_xfs_da *da, const struct h2k_xfs_buf *buf)
{
    return h2k_get_be16(buf->data + da->counts);
}

/* ---- The tree: da-tree.c, da-split.c ---- */

static inline void
h2k_xfs_da_set_count(const struct h2k_xfs_da *da, struct h2k_xfs_buf *buf,
                     uint32_t count)
{
    h2k_put_be16(buf->data + da->counts, (uint16_t)count);
}

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
/* After the leaf's last hash may have changed: all the way up. */
int h2k_xfs_da_fix_hashes(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path);
/* The leaf gets a right neighbour, new and empty, with room for it in the
 * nodes above.  The caller moves entries into it, then attaches it.
 * H2K_E_NOSPACE when the tree is as deep as one may be. */
int h2k_xfs_da_split(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path,
                     struct h2k_xfs_buf **right, uint64_t *right_at);
int h2k_xfs_da_attach(struct h2k_xfs_da *da, struct h2k_xfs_da_path *path,
                      struct h2k_xfs_buf *right, uint64_t right_at);

#endif
