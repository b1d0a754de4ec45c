/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the driver knows of a filesystem's files: libguestfs works with
 * paths, and our vtable with numbers.
 *
 * A file is known by its device and inode in the appliance, so two names of
 * one file are one number; devices (btrfs has one for each subvolume) are
 * told apart by the directory that each begins with, since their numbers
 * change with every mount.  Nobody else changes the filesystem, so what was
 * read once holds.
 */
#ifndef H2K_FS_GUESTFS_TREE_H
#define H2K_FS_GUESTFS_TREE_H

#include "fs/guestfs/map.h"
#include "fs/guestfs/ops.h"

/* What a hostile filesystem can make us hold. */
#define H2K_GUESTFS_NODES_MAX (UINT64_C(1) << 22)

/* A name in a directory; node 0: what it is could not be told. */
struct h2k_guestfs_entry {
    char *name; /* owned */
    size_t node;
};

struct h2k_guestfs_node {
    size_t parent; /* the directory by whose path it was found last; 0: none,
                      for the root and for what lost its name */
    char *name;    /* in it; owned */
    uint64_t volume;
    struct h2k_guestfs_stat stat;
    bool fresh; /* `stat` is as it is now */
    bool listed;
    struct h2k_guestfs_entry *entries; /* by name */
    size_t count, allocated;
};

/* Node N is nodes[N]; 0 is none, and 1 the root. */
#define H2K_GUESTFS_ROOT 1

struct h2k_guestfs_tree {
    struct h2k_guestfs_node *nodes;
    size_t count, allocated;
    struct h2k_map by_inode; /* volume, inode to node */
};

/* The tree of a filesystem whose root is ROOT. */
int h2k_guestfs_tree_init(struct h2k_guestfs_tree *tree,
                          const struct h2k_guestfs_stat *root);
void h2k_guestfs_tree_clear(struct h2k_guestfs_tree *tree);

/* NULL with H2K_E_RANGE for a number that was never given. */
struct h2k_guestfs_node *h2k_guestfs_tree_node(struct h2k_guestfs_tree *tree,
                                               h2k_ino ino);

/* The path of node INO below the mount point, which TEXT (of
 * 2 * H2K_PATH_MAX bytes) begins with; H2K_E_NOENT for one that lost its
 * name, H2K_E_RANGE for one too long. */
#define H2K_GUESTFS_PATH (2 * H2K_PATH_MAX)
int h2k_guestfs_tree_path(struct h2k_guestfs_tree *tree, h2k_ino ino,
                          const char *point, char text[H2K_GUESTFS_PATH]);

/* What was found as NAME in DIR, whose own device is DEVICE now: the node
 * that it is, new or known; 0 with an error. */
size_t h2k_guestfs_tree_take(struct h2k_guestfs_tree *tree, size_t dir,
                             uint64_t device, const char *name,
                             const struct h2k_guestfs_stat *stat);

/* The entry of a listed directory, or NULL. */
struct h2k_guestfs_entry *h2k_guestfs_tree_find(struct h2k_guestfs_tree *tree,
                                                size_t dir, const char *name);
/* NAME in DIR is NODE from now on. */
int h2k_guestfs_tree_set(struct h2k_guestfs_tree *tree, size_t dir,
                         const char *name, size_t node);
/* There is no NAME in DIR any more. */
void h2k_guestfs_tree_remove(struct h2k_guestfs_tree *tree, size_t dir,
                             const char *name);
/* A name of NODE is gone, and with the last one, so is the file. */
void h2k_guestfs_tree_unlinked(struct h2k_guestfs_tree *tree, size_t node,
                               size_t dir, const char *name);
/* NODE was found as NAME in DIR. */
int h2k_guestfs_tree_name(struct h2k_guestfs_tree *tree, size_t node,
                          size_t dir, const char *name);

#endif
