/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Free space of an AG, who owns what is not free, and counters: what the
 * files that allocate share. */
#ifndef H2K_FS_XFS_ALLOC_H
#define H2K_FS_XFS_ALLOC_H

#include "fs/xfs/btree.h"

/* ---- agfl.c: the blocks set aside for an AG's own btrees ("AG Free
 * List") ---- */

/* One of them for the btree KIND, which counts it; H2K_E_NOSPACE. */
int h2k_xfs_agfl_take(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind,
                      uint32_t *agb);
int h2k_xfs_agfl_give(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind,
                      uint32_t agb);
/* There are enough of them for the splits of one allocation or release, as
 * far as there is free space.  Before each. */
int h2k_xfs_agfl_fill(struct h2k_xfs *xfs, uint32_t ag);
/* Those that are more than enough become free space; after releasing. */
int h2k_xfs_agfl_trim(struct h2k_xfs *xfs, uint32_t ag);
/* Is its ring in order?  H2K_E_CORRUPT. */
int h2k_xfs_agfl_check(struct h2k_xfs *xfs, uint32_t ag);

/* ---- alloc-free.c: free extents, in both btrees, and AGF's counters.  The
 * superblock's are the caller's. ---- */

struct h2k_xfs_run {
    uint32_t start, count; /* blocks of an AG */
};
/* [take.start, +take.count) of the free extent FROM is free no more. */
int h2k_xfs_free_take(struct h2k_xfs *xfs, uint32_t ag,
                      const struct h2k_xfs_run *from,
                      const struct h2k_xfs_run *take);
/* It is free, and one with its neighbours.  H2K_E_CORRUPT where some of it
 * was already. */
int h2k_xfs_free_give(struct h2k_xfs *xfs, uint32_t ag,
                      const struct h2k_xfs_run *run);

/* ---- alloc-find.c ---- */

/* What is wanted of an AG. */
struct h2k_xfs_want {
    uint32_t min, max, align; /* blocks; align: 1 for none */
    uint32_t near;            /* AG block, 0 for anywhere */
    uint32_t low, high;       /* only in [low, high) */
};
/* 1, the free extent *FROM and what of it to take; 0 where nothing fits. */
int h2k_xfs_free_find(struct h2k_xfs *xfs, uint32_t ag,
                      const struct h2k_xfs_want *want,
                      struct h2k_xfs_run *from, struct h2k_xfs_run *take);

/* ---- alloc.c ---- */

/* In one AG: 1 and *RUN allocated, 0 where it has no room.  METADATA may use
 * what is reserved for the AG's btrees. */
int h2k_xfs_alloc_in_ag(struct h2k_xfs *xfs, uint32_t ag,
                        const struct h2k_xfs_want *want,
                        const struct h2k_xfs_owner *owner, bool metadata,
                        struct h2k_xfs_run *run);
/* Not shared blocks, of one AG, become free.  OWNER is NULL where the reverse
 * map has nothing of them any more. */
int h2k_xfs_release_in_ag(struct h2k_xfs *xfs, uint32_t ag,
                          const struct h2k_xfs_run *run,
                          const struct h2k_xfs_owner *owner);

/* ---- reserve.c: "Per-AG reservations" ---- */

/* Blocks of AG that files and inodes may have, beyond what the kernel keeps
 * for its btrees. */
int h2k_xfs_available_in(struct h2k_xfs *xfs, uint32_t ag, uint64_t *blocks);

/* ---- rmap.c: the reverse map; nothing where there is none. ---- */

int h2k_xfs_rmap_add(struct h2k_xfs *xfs, uint32_t ag,
                     const struct h2k_xfs_run *run,
                     const struct h2k_xfs_owner *owner, bool unwritten);
int h2k_xfs_rmap_remove(struct h2k_xfs *xfs, uint32_t ag,
                        const struct h2k_xfs_run *run,
                        const struct h2k_xfs_owner *owner);

/* ---- refcount.c: blocks that several files share. ---- */

/* The first part of RUN that is shared, in *SHARED; its count is 0 where none
 * is. */
int h2k_xfs_shared_find(struct h2k_xfs *xfs, uint32_t ag,
                        const struct h2k_xfs_run *run,
                        struct h2k_xfs_run *shared);
/* One reference less of each block of RUN.  FN is called for each part that
 * has none any more. */
typedef int (*h2k_xfs_run_fn)(void *opaque, const struct h2k_xfs_run *run);
int h2k_xfs_shared_drop(struct h2k_xfs *xfs, uint32_t ag,
                        const struct h2k_xfs_run *run, h2k_xfs_run_fn fn,
                        void *opaque);

/* ---- sums.c: counters of headers ---- */

/* A field of the AGF or AGI, of 32 bits, becomes more or less; H2K_E_CORRUPT
 * where it cannot. */
int h2k_xfs_agf_add(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                    int64_t change);
int h2k_xfs_agi_add(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                    int64_t change);
int h2k_xfs_agf_get(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                    uint32_t *value);
int h2k_xfs_agf_set(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                    uint32_t value);
int h2k_xfs_agi_get(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                    uint32_t *value);
int h2k_xfs_agi_set(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                    uint32_t value);
/* One of the superblock, of 64 bits. */
int h2k_xfs_sb_add(struct h2k_xfs *xfs, uint32_t field, int64_t change);
/* The quotas' counts are wrong from now on: the kernel is told to count
 * again ("Quota Inodes"). */
int h2k_xfs_quota_stale(struct h2k_xfs *xfs);
/* An inode's own count of blocks. */
int h2k_xfs_inode_blocks(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                         int64_t change);

#endif
