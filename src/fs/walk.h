/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Path resolution in a guest's tree, for root.c and files.c.
 *
 * A path is walked from the guest's "/" with a stack of the directories
 * passed, so ".." is going one back on the stack: it needs no entry of a
 * directory, cannot leave the root, and crosses a mount as the kernel does.
 * The work is bounded whatever the guest holds: a path has at most
 * H2K_PATH_MAX bytes, and H2K_SYMLINKS_MAX links add at most that much each.
 */
#ifndef H2K_FS_WALK_H
#define H2K_FS_WALK_H

#include "fs/root.h"

struct h2k_mount {
    struct h2k_place top;  /* what it shows */
    size_t parent;         /* the mount that it is in */
    struct h2k_place over; /* the directory in that one that it covers */
};

struct h2k_root {
    struct h2k_mount *mounts; /* [0] is "/", which covers nothing */
    size_t mount_count;
};

/* Where a walk ended. */
struct h2k_walk {
    struct h2k_place parent;     /* the directory that NAME is in; for "/",
                                    "/" itself */
    char name[H2K_NAME_MAX + 1]; /* the last name, links resolved; "" for
                                    "/" */
    struct h2k_place place;      /* what is there; ino 0 when nothing is */
    size_t mount;                /* the mount that it is in */
    struct h2k_stat stat;        /* of it */
    bool must_be_dir;            /* the path ended in a slash */
    char path[H2K_PATH_MAX + 1]; /* without links, "." and ".." */
};

/*
 * Walk PATH.  That the last name is missing is no error here; everything
 * before it must exist.  FOLLOW says whether a link at the end is followed
 * (it always is before a slash).
 */
int h2k_walk(struct h2k_root *root, const char *path, bool follow,
             struct h2k_walk *out);

/* The same, and something must be there: else H2K_E_NOENT. */
int h2k_walk_existing(struct h2k_root *root, const char *path, bool follow,
                      struct h2k_walk *out);

#endif
