/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The file that a writer writes. */
#ifndef H2K_IMAGE_WRITER_FILE_H
#define H2K_IMAGE_WRITER_FILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Large aligned runs go past the page cache (O_DIRECT), where the filesystem
 * can: the output of a conversion is not read again soon, and on a virtual
 * host the cache's fresh pages cost more than the writing itself (measured:
 * 0.3 s of system time for 1 GB instead of 3 s).
 */
struct h2k_writer_file {
    int fd;             /* the caller's */
    int direct_fd;      /* the same file for O_DIRECT, or -1 */
    uint64_t disk_size; /* bytes, for advice when space runs out */
    uint64_t written;   /* bytes */
};

/* FD, empty, for a disk of DISK_SIZE bytes.  Cannot fail: without O_DIRECT it
 * is slower. */
void h2k_writer_file_init(struct h2k_writer_file *file, int fd,
                          uint64_t disk_size);
void h2k_writer_file_clear(struct h2k_writer_file *file);

/* All COUNT bytes at OFFSET; H2K_E_OUTPUT when they cannot be written. */
int h2k_writer_file_put(struct h2k_writer_file *file, const void *bytes,
                        size_t count, uint64_t offset);

/* Cut or extend (with a hole) the file to SIZE bytes. */
int h2k_writer_file_resize(struct h2k_writer_file *file, uint64_t size);

#endif
