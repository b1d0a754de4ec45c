/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Fills a guest's tree for a test, usually in a filesystem from
 * h2k_memfs_new.  Parents are made as needed (0755); a file that is there
 * is replaced.  A test that cannot build its tree ends with a message.
 */
#ifndef H2K_TESTS_MEMTREE_H
#define H2K_TESTS_MEMTREE_H

#include "fs/fs.h"

void memtree_file(struct h2k_fs *fs, const char *path, uint32_t mode,
                  const char *text);
void memtree_bytes(struct h2k_fs *fs, const char *path, uint32_t mode,
                   const void *data, size_t size);
void memtree_dir(struct h2k_fs *fs, const char *path, uint32_t mode);
/* As `ln -s TARGET PATH`. */
void memtree_link(struct h2k_fs *fs, const char *path, const char *target);
void memtree_owner(struct h2k_fs *fs, const char *path, uint32_t uid,
                   uint32_t gid);
void memtree_xattr(struct h2k_fs *fs, const char *path, const char *name,
                   const char *value);
/* The regular files, directories and links below HOST, a directory of this
 * machine, to PATH. */
void memtree_host(struct h2k_fs *fs, const char *path, const char *host);

/* A file's content as a string that the caller frees; NULL, and the error,
 * when it is not there. */
char *memtree_text(struct h2k_fs *fs, const char *path);

#endif
