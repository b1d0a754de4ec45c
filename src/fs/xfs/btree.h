/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * B+trees that are changed: those of an AG ("Short Format Btrees") and that
 * of a fork's extents ("Long Format Btrees"), by one code.
 *
 * Records are bytes as they stand on disk.  Which tree has which is in
 * btree-node.c.  All changes are within h2k_xfs_op_begin and _end.
 */
#ifndef H2K_FS_XFS_BTREE_H
#define H2K_FS_XFS_BTREE_H

#include "fs/xfs/format-btree.h"
#include "fs/xfs/xfs.h"

#define H2K_XFS_RECORD_MAX 24u /* bytes */
#define H2K_XFS_KEYS_MAX 40u   /* bytes: a low and a high one */

/* One tree.  Cheap: made where it is used. */
struct h2k_xfs_tree {
    struct h2k_xfs *xfs;
    enum h2k_xfs_kind kind;
    uint32_t ag;                 /* of all but H2K_XFS_BMBT */
    struct h2k_xfs_inode *inode; /* of H2K_XFS_BMBT, whose root it holds */
    enum h2k_xfs_fork fork;
};
struct h2k_xfs_tree h2k_xfs_tree_of_ag(struct h2k_xfs *xfs,
                                       enum h2k_xfs_kind kind, uint32_t ag);
struct h2k_xfs_tree h2k_xfs_tree_of_fork(struct h2k_xfs *xfs,
                                         struct h2k_xfs_inode *inode,
                                         enum h2k_xfs_fork fork);

/* A block of it, or the root in an inode. */
struct h2k_xfs_node {
    struct h2k_xfs_buf *buf; /* NULL: in the inode */
    uint64_t address;        /* AG or filesystem block; 0: in the inode */
    uint8_t *counts;         /* level and number of records, 16 bits each */
    uint8_t *body;           /* records, or keys and then pointers */
    uint32_t level;          /* 0: a leaf */
    uint32_t room;           /* for so many records or keys */
};

/* A place in a tree: a record and the way to it. */
struct h2k_xfs_cursor {
    struct h2k_xfs_tree tree;
    uint32_t levels; /* the root is at[levels - 1] */
    struct {
        struct h2k_xfs_node node;
        uint32_t index; /* at 0 it may be behind the last */
    } at[H2K_XFS_BTREE_LEVELS_MAX];
};

/* ---- What is in a tree ---- */

/* To the first record that is not below the one with RECORD's key (NULL: the
 * first of all). */
int h2k_xfs_cursor_seek(struct h2k_xfs_cursor *cursor,
                        const struct h2k_xfs_tree *tree,
                        const uint8_t *record);
/* 1 and the record there, 0 at the end, or -1.  The record is the buffer's:
 * any change ends it. */
int h2k_xfs_cursor_get(struct h2k_xfs_cursor *cursor, const uint8_t **record);
/* On, where _get gave 1; -1 with H2K_E_CORRUPT where the next record is not
 * above this one, so that no walk goes round. */
int h2k_xfs_cursor_next(struct h2k_xfs_cursor *cursor);
/* 1 and back by one record, 0 at the first, or -1, as for _next. */
int h2k_xfs_cursor_back(struct h2k_xfs_cursor *cursor);
/* Behind the last record. */
int h2k_xfs_cursor_end(struct h2k_xfs_cursor *cursor,
                       const struct h2k_xfs_tree *tree);

/* For rmapbt, whose records overlap: FN is called with every record from
 * which to find those that touch the AG's blocks [start, start + count); it
 * returns as h2k_readdir_fn does. */
typedef int (*h2k_xfs_record_fn)(void *opaque, const uint8_t *record);
int h2k_xfs_tree_touching(const struct h2k_xfs_tree *tree, uint32_t start,
                          uint32_t count, h2k_xfs_record_fn fn, void *opaque);

/* 1 and *OUT (H2K_XFS_RECORD_MAX bytes) the record with RECORD's key, or the
 * last below it, or the first above it; 0 where there is none. */
int h2k_xfs_tree_get(const struct h2k_xfs_tree *tree, const uint8_t *record,
                     uint8_t *out);
int h2k_xfs_tree_below(const struct h2k_xfs_tree *tree, const uint8_t *record,
                       uint8_t *out);
int h2k_xfs_tree_above(const struct h2k_xfs_tree *tree, const uint8_t *record,
                       uint8_t *out);

/* ---- Changes ---- */

/* H2K_E_CORRUPT where there is one with its key already. */
int h2k_xfs_tree_insert(const struct h2k_xfs_tree *tree,
                        const uint8_t *record);
/* H2K_E_CORRUPT where there is none with RECORD's key. */
int h2k_xfs_tree_remove(const struct h2k_xfs_tree *tree,
                        const uint8_t *record);
/* The record with OLD's key becomes RECORD; its neighbours stay below and
 * above it. */
int h2k_xfs_tree_replace(const struct h2k_xfs_tree *tree, const uint8_t *old,
                         const uint8_t *record);

/* ---- For the files of the tree ---- */

struct h2k_xfs_tree_type {
    uint32_t magic, magic_v5;
    uint8_t record, key, pointer; /* bytes; of one key */
    bool overlapping;             /* nodes have a high key for each low one */
    int (*compare)(const uint8_t *a, const uint8_t *b); /* keys */
    void (*low)(const uint8_t *record, uint8_t *key);
    void (*high)(const uint8_t *record, uint8_t *key); /* or NULL */
};
const struct h2k_xfs_tree_type *
h2k_xfs_tree_type(const struct h2k_xfs_tree *tree);
/* H2K_E_CORRUPT, -1. */
int h2k_xfs_tree_damaged(const struct h2k_xfs_tree *tree, const char *what);

/* One entry of a node: a record, or keys and a pointer. */
struct h2k_xfs_entry {
    uint8_t bytes[H2K_XFS_KEYS_MAX];
    uint64_t pointer;
};

/* btree-node.c */
uint32_t h2k_xfs_node_count(const struct h2k_xfs_node *node);
void h2k_xfs_node_set_count(struct h2k_xfs_node *node, uint32_t count);
uint8_t *h2k_xfs_node_record(const struct h2k_xfs_tree *tree,
                             const struct h2k_xfs_node *node, uint32_t index);
uint8_t *h2k_xfs_node_keys(const struct h2k_xfs_tree *tree,
                           const struct h2k_xfs_node *node, uint32_t index);
uint64_t h2k_xfs_node_pointer(const struct h2k_xfs_tree *tree,
                              const struct h2k_xfs_node *node, uint32_t index);
/* Which is LEFT ? the left : the right neighbour; UINT64_MAX: none. */
uint64_t h2k_xfs_node_sibling(const struct h2k_xfs_tree *tree,
                              const struct h2k_xfs_node *node, bool left);
void h2k_xfs_node_set_sibling(const struct h2k_xfs_tree *tree,
                              struct h2k_xfs_node *node, bool left,
                              uint64_t address);
/* Before NODE's bytes are changed. */
int h2k_xfs_node_dirty(const struct h2k_xfs_tree *tree,
                       struct h2k_xfs_node *node);
/* The entry by which a parent knows NODE, which is not empty. */
void h2k_xfs_node_entry(const struct h2k_xfs_tree *tree,
                        const struct h2k_xfs_node *node,
                        struct h2k_xfs_entry *out);
/* COUNT entries from one place to another, in one node or two of one level;
 * the counts are the caller's. */
void h2k_xfs_node_move(const struct h2k_xfs_tree *tree,
                       struct h2k_xfs_node *to, uint32_t to_index,
                       const struct h2k_xfs_node *from, uint32_t from_index,
                       uint32_t count);
/* NODE is dirty and, for _insert, has room. */
void h2k_xfs_node_insert(const struct h2k_xfs_tree *tree,
                         struct h2k_xfs_node *node, uint32_t index,
                         const struct h2k_xfs_entry *entry);
void h2k_xfs_node_remove(const struct h2k_xfs_tree *tree,
                         struct h2k_xfs_node *node, uint32_t index);
/* The entry INDEX of NODE gets other keys: 1 where they differ from before,
 * 0 where not, or -1. */
int h2k_xfs_node_set_keys(const struct h2k_xfs_tree *tree,
                          struct h2k_xfs_node *node, uint32_t index,
                          const struct h2k_xfs_entry *entry);

/* btree-block.c: the node at ADDRESS, checked, and of LEVEL. */
int h2k_xfs_node_read(const struct h2k_xfs_tree *tree, uint64_t address,
                      uint32_t level, struct h2k_xfs_node *out);
/* The root. */
int h2k_xfs_node_read_root(const struct h2k_xfs_tree *tree,
                           struct h2k_xfs_node *out);
/* A new block, empty and without siblings, near NEAR; dirty. */
int h2k_xfs_node_new(const struct h2k_xfs_tree *tree, uint64_t near,
                     uint32_t level, struct h2k_xfs_node *out);
/* NODE's block is given back. */
int h2k_xfs_node_release(const struct h2k_xfs_tree *tree,
                         const struct h2k_xfs_node *node);
/* Not for H2K_XFS_BMBT: the root is another block. */
int h2k_xfs_tree_set_root(const struct h2k_xfs_tree *tree, uint64_t address,
                          uint32_t levels);

/* btree-cursor.c: the keys that lead to at[LEVEL] are right again, all the
 * way up. */
int h2k_xfs_cursor_update_keys(struct h2k_xfs_cursor *cursor, uint32_t level);

/* btree-insert.c: the root, which may be full, is a level higher and has one
 * entry. */
int h2k_xfs_cursor_grow(struct h2k_xfs_cursor *cursor);

#endif
