/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Changing directories ("Directories").
 *
 * A directory grows from one form to the next: names in the inode; one block
 * of names with their index at its end; blocks of names, with one block of
 * index; with a tree of index blocks, and blocks that tell how much room the
 * blocks of names have.  Blocks without names are given back, and names that
 * have room in the inode go there again.
 */
#ifndef H2K_FS_XFS_DIR_H
#define H2K_FS_XFS_DIR_H

#include "fs/xfs/da.h"
#include "fs/xfs/dir-entry.h"

enum h2k_xfs_dir_form {
    H2K_XFS_DIR_IN_INODE,
    H2K_XFS_DIR_ONE_BLOCK,
    H2K_XFS_DIR_ONE_LEAF,
    H2K_XFS_DIR_TREE,
};

struct h2k_xfs_dir {
    struct h2k_xfs *xfs;
    struct h2k_xfs_inode *inode;
    enum h2k_xfs_dir_form form;
    struct h2k_xfs_da da;
    uint32_t data_header; /* bytes of a data block before its names */
};

/* A name, and what it is for. */
struct h2k_xfs_name {
    const uint8_t *bytes;
    uint32_t length, hash;
    h2k_ino ino;
    uint8_t type; /* H2K_XFS_FT_… */
};
struct h2k_xfs_name h2k_xfs_name_of(const char *name, h2k_ino ino,
                                    uint32_t mode);

int h2k_xfs_dir_open(struct h2k_xfs_dir *dir, struct h2k_xfs *xfs,
                     struct h2k_xfs_inode *inode);
void h2k_xfs_dir_close(struct h2k_xfs_dir *dir);

/* The number that NAME has in INODE, a directory; H2K_E_NOENT.  For use
 * within a change: buffers stay. */
int h2k_xfs_dir_get(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                    const char *name, h2k_ino *out);

/* ---- Names in the inode: dir-short.c ---- */

/* All three give 1, or 0: no such name, or no room for it. */
int h2k_xfs_dir_short_add(struct h2k_xfs_dir *dir,
                          const struct h2k_xfs_name *name);
int h2k_xfs_dir_short_remove(struct h2k_xfs_dir *dir,
                             const struct h2k_xfs_name *name);
int h2k_xfs_dir_short_replace(struct h2k_xfs_dir *dir,
                              const struct h2k_xfs_name *name);
/* To a directory of one block. */
int h2k_xfs_dir_short_to_block(struct h2k_xfs_dir *dir);
/* The opposite, from any form: 1, or 0 where the inode has no room for all.
 * The kernel takes only a directory in its inode for empty. */
int h2k_xfs_dir_block_to_short(struct h2k_xfs_dir *dir);

/* ---- Blocks of names: dir-data.c.  END is where the names end: the
 * block's end, or its index. ---- */

/* A new block's names: none. */
void h2k_xfs_dir_data_clear(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                            uint32_t end);
/* Where room for NAME is, or 0: none. */
int h2k_xfs_dir_data_room(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                          uint32_t end, const struct h2k_xfs_name *name,
                          uint32_t *offset);
int h2k_xfs_dir_data_put(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                         uint32_t end, const struct h2k_xfs_name *name,
                         uint32_t offset);
int h2k_xfs_dir_data_drop(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                          uint32_t end, uint32_t offset);
/* Bytes at [offset, offset + length) become unused room. */
int h2k_xfs_dir_data_free(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                          uint32_t end, uint32_t offset, uint32_t length);
/* The last piece before END: its length where it is unused, or else 0. */
int h2k_xfs_dir_data_tail(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                          uint32_t end, uint32_t *length);
/* The unused room before END becomes LENGTH bytes shorter. */
int h2k_xfs_dir_data_cut(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                         uint32_t end, uint32_t length);
/* 1 where the entry at OFFSET has NAME. */
int h2k_xfs_dir_data_match(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                           uint32_t end, uint32_t offset,
                           const struct h2k_xfs_name *name);
/* The entry's number and type become those of NAME. */
void h2k_xfs_dir_data_set(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                          uint32_t offset, const struct h2k_xfs_name *name);
uint32_t h2k_xfs_dir_data_best(const struct h2k_xfs_dir *dir,
                               const struct h2k_xfs_buf *buf);

/* ---- Arrays of hashes: dir-leaf.c ---- */

struct h2k_xfs_dir_leaf {
    struct h2k_xfs_buf *buf;
    uint8_t *entries;
    uint32_t count, stale;
    uint32_t room; /* entries that fit */
};
/* Reading BUF has checked what it counts. */
void h2k_xfs_dir_leaf_load(const struct h2k_xfs_dir *dir,
                           struct h2k_xfs_buf *buf,
                           struct h2k_xfs_dir_leaf *leaf);
/* The first entry whose hash is not smaller. */
uint32_t h2k_xfs_dir_leaf_find(const struct h2k_xfs_dir_leaf *leaf,
                               uint32_t hash);
/* There is room: a stale entry, or one at the end. */
int h2k_xfs_dir_leaf_insert(struct h2k_xfs_dir *dir,
                            struct h2k_xfs_dir_leaf *leaf, uint32_t hash,
                            uint32_t address);
int h2k_xfs_dir_leaf_mark_stale(struct h2k_xfs_dir *dir,
                                struct h2k_xfs_dir_leaf *leaf, uint32_t i);
static inline uint32_t
h2k_xfs_dir_leaf_hash(const struct h2k_xfs_dir_leaf *leaf, uint32_t i)
{
    return h2k_get_be32(leaf->entries + (size_t)i * 8);
}
static inline uint32_t
h2k_xfs_dir_leaf_address(const struct h2k_xfs_dir_leaf *leaf, uint32_t i)
{
    return h2k_get_be32(leaf->entries + (size_t)i * 8 + 4);
}
/* Counts from LEAF into its buffer, dirty. */
void h2k_xfs_dir_leaf_save(struct h2k_xfs_dir *dir,
                           const struct h2k_xfs_dir_leaf *leaf);

/* ---- How much room blocks of names have: dir-room.c ---- */

/* 1 and the number of a block that has NEED bytes in one piece, or 0. */
int h2k_xfs_dir_room_find(struct h2k_xfs_dir *dir, uint32_t need,
                          uint64_t *number);
/* Block NUMBER has BEST bytes now.  In a leaf, there is room for it. */
int h2k_xfs_dir_room_set(struct h2k_xfs_dir *dir, uint64_t number,
                         uint32_t best);
/* Block NUMBER is there no more. */
int h2k_xfs_dir_room_drop(struct h2k_xfs_dir *dir, uint64_t number);

/* ---- From form to form: dir-grow.c ---- */

int h2k_xfs_dir_block_to_leaf(struct h2k_xfs_dir *dir);
int h2k_xfs_dir_leaf_to_tree(struct h2k_xfs_dir *dir);
/* A block of names more, empty, and known to have room. */
struct h2k_xfs_buf *h2k_xfs_dir_data_new(struct h2k_xfs_dir *dir,
                                         uint64_t *number);
/* A block of names without any is given back: there must be none. */
int h2k_xfs_dir_data_release(struct h2k_xfs_dir *dir, uint64_t number);

/* ---- Finding and adding in blocks: dir-index.c ---- */

struct h2k_xfs_dir_spot {
    struct h2k_xfs_buf *data, *leaf;
    uint64_t number;      /* of the block of names */
    uint32_t offset, end; /* in it */
    uint32_t index;       /* in the leaf */
};
/* 1 and where NAME is, or 0. */
int h2k_xfs_dir_find(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name,
                     struct h2k_xfs_dir_spot *spot);
/* 1, or 0 where the form has no room. */
int h2k_xfs_dir_block_add(struct h2k_xfs_dir *dir,
                          const struct h2k_xfs_name *name);
int h2k_xfs_dir_leaf_add(struct h2k_xfs_dir *dir,
                         const struct h2k_xfs_name *name);
int h2k_xfs_dir_tree_add(struct h2k_xfs_dir *dir,
                         const struct h2k_xfs_name *name);

#endif
