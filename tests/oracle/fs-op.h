/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the files of fs-op share.  An operation gets the words of its line,
 * its own name the first, and gives 0, or -1 with the error set.
 */
#ifndef H2K_TESTS_FS_OP_H
#define H2K_TESTS_FS_OP_H

#include "block/block.h"
#include "fs/fs.h"
#include "fs/guestfs/appliance.h"

#include <stdio.h>

#define SESSION_VOLUMES 8

struct session {
    struct h2k_block *volumes[SESSION_VOLUMES]; /* of one filesystem */
    size_t volume_count;
    struct h2k_fs *fs;
    struct h2k_fs_info info;
    const char *path;                /* the first image */
    struct h2k_fs *model;            /* what `random` compares with */
    struct h2k_appliance *appliance; /* -g: libguestfs' */
};

/* The inode of PATH, or of the directory that it is in, *NAME then being its
 * last word. */
int walk(struct h2k_fs *fs, const char *path, h2k_ino *ino, const char **name);
uint64_t number(const char *word);
/* Bytes that the seed gives. */
void fill(uint8_t *data, size_t count, uint64_t seed);

/* Everything below INO, one line each; times only where asked for, since a
 * model has others. */
int print_tree(struct h2k_fs *fs, h2k_ino ino, const char *path, bool model,
               FILE *to);

int op_cat(struct session *s, char **w);
int op_tree(struct session *s, char **w);
int op_setxattr(struct session *s, char **w);
int op_copyxattr(struct session *s, char **w);
int op_subvolumes(struct session *s, char **w);
int op_mounted(struct session *s, char **w);
int op_random(struct session *s, char **w);
int op_space(struct session *s, char **w);
int op_free(struct session *s, char **w);
int op_spoil(struct session *s, char **w);
int op_check(struct session *s, char **w);
int op_run(struct session *s, char **w);

#endif
