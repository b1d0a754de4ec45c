/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the fallback's files share: its numbers, and the paths behind. */
#ifndef H2K_FS_GUESTFS_FALLBACK_TREE_H
#define H2K_FS_GUESTFS_FALLBACK_TREE_H

#include "fs/guestfs/fallback.h"
#include "fs/guestfs/map.h"

#include <stddef.h>

/* What a hostile filesystem can make us hold. */
#define H2K_FALLBACK_NODES_MAX (UINT64_C(1) << 23)
/* Directories in one another, in a path of H2K_PATH_MAX bytes. */
#define H2K_FALLBACK_DEPTH_MAX (H2K_PATH_MAX / 2)

/* A file that was told of. */
struct h2k_fallback_node {
    size_t parent;       /* its directory; 0: none */
    char *name;          /* in it, or, without a parent, the path from the top
                            that a subvolume is at; NULL: it lost its name */
    unsigned generation; /* of the side that `ino` is of */
    h2k_ino ino;
    bool read_only; /* a subvolume that is */
    bool used;      /* a subvolume that somebody has the number of */
};

struct h2k_fallback {
    struct h2k_fallback_sides sides;
    struct h2k_fs *reader; /* as it was when it was opened */
    struct h2k_fs *writer; /* NULL while the reader is enough */
    unsigned generation;   /* of the side that is used */
    char driver[64];       /* both sides' names, once both were used */

    struct h2k_fallback_node *nodes; /* 0 is none; 1 the root */
    size_t count, allocated;
    size_t subvolumes;    /* nodes 2 to 1 + subvolumes */
    h2k_ino *roots;       /* theirs, as the reader numbers them */
    struct h2k_map known; /* inode of the side that is used to node */
    struct h2k_map names; /* directory and its name's hash to node */
};

#define H2K_FALLBACK_ROOT 1

/* The side that is used. */
struct h2k_fs *h2k_fallback_side(const struct h2k_fallback *f);
/* The reader was opened (again): its numbers are those that count. */
int h2k_fallback_use_reader(struct h2k_fallback *f);
/* The writer was opened. */
int h2k_fallback_use_writer(struct h2k_fallback *f);

/* The inode of NODE on the side that is used. */
int h2k_fallback_resolve(struct h2k_fallback *f, h2k_ino node, h2k_ino *ino);
/* The node of INO, which that side found as NAME in the node DIR. */
int h2k_fallback_take(struct h2k_fallback *f, h2k_ino dir, const char *name,
                      h2k_ino ino, h2k_ino *node);
/* The node of the reader's subvolume whose root is INO. */
int h2k_fallback_subvolume(struct h2k_fallback *f, h2k_ino ino, h2k_ino *node);
/* What NAME in DIR is, a node or 0. */
size_t h2k_fallback_find(struct h2k_fallback *f, h2k_ino dir,
                         const char *name);
/* NODE's name was NAME in DIR, and is not any more. */
void h2k_fallback_lose(struct h2k_fallback *f, size_t node, h2k_ino dir,
                       const char *name);

void h2k_fallback_clear(struct h2k_fallback *f);

#endif
