/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Inodes of an AG: which there are, and which of them are free ("AG Inode
 * B+trees"). */
#ifndef H2K_FS_XFS_CHUNK_H
#define H2K_FS_XFS_CHUNK_H

#include "fs/xfs/xfs.h"

/* 64 inodes; those of HOLES are not there ("Sparse Inodes"). */
struct h2k_xfs_chunk {
    uint32_t start; /* inode of the AG */
    uint16_t holes; /* a bit for 4 inodes */
    uint32_t count; /* that are there */
    uint32_t free_count;
    uint64_t free; /* a bit for each; those of holes are set */
};

/* Of INO. */
uint32_t h2k_xfs_ino_ag(const struct h2k_xfs *xfs, h2k_ino ino);
uint32_t h2k_xfs_ino_agino(const struct h2k_xfs *xfs, h2k_ino ino);
h2k_ino h2k_xfs_ino(const struct h2k_xfs *xfs, uint32_t ag, uint32_t agino);

/* Those of CHUNK that are there and free. */
uint64_t h2k_xfs_chunk_free(const struct h2k_xfs_chunk *chunk);
/* 1 and the chunk that AGINO is in; 0 where none is. */
int h2k_xfs_chunk_find(struct h2k_xfs *xfs, uint32_t ag, uint32_t agino,
                       struct h2k_xfs_chunk *out);
/* 1 and a chunk with free inodes, at AGINO or soon behind it if there is one;
 * or 0. */
int h2k_xfs_chunk_find_free(struct h2k_xfs *xfs, uint32_t ag, uint32_t agino,
                            struct h2k_xfs_chunk *out);
/* OLD, which is there unless it is NULL, becomes NEW, in both btrees; the
 * counters of AGI and superblock follow. */
int h2k_xfs_chunk_change(struct h2k_xfs *xfs, uint32_t ag,
                         const struct h2k_xfs_chunk *old,
                         const struct h2k_xfs_chunk *new);

/* chunk-new.c: 1, and AG has more inodes, near its inode NEAR; 0 where it has
 * no room for them. */
int h2k_xfs_chunk_make(struct h2k_xfs *xfs, uint32_t ag, uint32_t near);

#endif
