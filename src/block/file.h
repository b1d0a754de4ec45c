/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A file of the host as a block. */
#ifndef H2K_BLOCK_FILE_H
#define H2K_BLOCK_FILE_H

#include "block/block.h"

/*
 * PATH, a regular file or a block device, read-only: opened O_RDONLY, and
 * holes are found by SEEK_HOLE and reported as absent.  NULL with
 * H2K_E_NOENT ("no such file"), H2K_E_SOURCE (not readable, a directory) or
 * H2K_E_IO.  The file's size is taken once: a file that shrinks afterwards
 * gives an error on reading, not zeros.
 */
struct h2k_block *h2k_file_open(const char *path);

/* The same for NAME in the directory DIRFD, where NAME is one component: the
 * extents that an image's descriptor names.  '/', "." and ".." are refused
 * (H2K_E_CORRUPT), links are not followed. */
struct h2k_block *h2k_file_open_beside(int dirfd, const char *name);

/* Reads of large aligned runs into aligned memory go past the page cache
 * from now on, where the filesystem can: what is read is what the device
 * has, and nothing is kept.  FILE is a block of this driver; call it before
 * other threads use it. */
void h2k_file_read_directly(struct h2k_block *file);

/* A block on the open descriptor FD, which it takes; closed on failure too.
 * PATH is for messages, and is copied. */
struct h2k_block *h2k_file_from_fd(int fd, const char *path, bool writable);

#endif
