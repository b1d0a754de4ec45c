/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Changing the bytes of a file.
 *
 * Contents are written to the volume at once, and metadata is undone when a
 * change fails; so the order is:
 *
 *  1. prepare: blocks are allocated, and what is new is written to them;
 *  2. apply: the file gets them, and what it had instead is released;
 *  3. finish: what stays in its place is overwritten.
 *
 * Nothing that was the file's, or that was released in the same change, is
 * overwritten before nothing can fail any more.
 */
#ifndef H2K_FS_XFS_CONTENT_H
#define H2K_FS_XFS_CONTENT_H

#include "fs/xfs/fork.h"

enum h2k_xfs_piece_kind {
    H2K_XFS_HOLE,
    H2K_XFS_UNWRITTEN,
    H2K_XFS_SHARED, /* with other files: copied before it is changed */
    H2K_XFS_PLACE,
};

/* Blocks of a file to be written to. */
struct h2k_xfs_file_piece {
    enum h2k_xfs_piece_kind kind;
    uint64_t block, count; /* of the file */
    uint64_t start;        /* where it is: filesystem block */
};

struct h2k_xfs_pieces {
    struct h2k_xfs_file_piece *list; /* owned */
    size_t count, room;
};

/* Bytes [from, to) of a file: zeros up to DATA_AT, and then DATA. */
struct h2k_xfs_content {
    struct h2k_xfs *xfs;
    struct h2k_xfs_inode *inode;
    uint64_t from, to, data_at;
    const uint8_t *data;
    uint64_t size;   /* of the file before: what is behind it is not kept */
    bool keep_holes; /* zeros need not be written where zeros are read */
    struct h2k_xfs_pieces pieces, copies;
};

int h2k_xfs_content_prepare(struct h2k_xfs_content *content);
int h2k_xfs_content_apply(struct h2k_xfs_content *content);
int h2k_xfs_content_finish(struct h2k_xfs_content *content);
void h2k_xfs_content_free(struct h2k_xfs_content *content);
#define H2K_XFS_AUTO_CONTENT \
    __attribute__((cleanup(h2k_xfs_content_free))) struct h2k_xfs_content

#endif
