/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A filesystem that one driver reads and another one writes: reading goes on
 * in the first, until something is to be written.  Whoever uses it sees one
 * filesystem, whose inode numbers stay what they are.
 *
 * Each file is known by the path that it was found by, and found by it again
 * on the other side.  After a flush the reader is opened anew, and reads
 * what was written; so whoever only reads never needs the writer.
 */
#ifndef H2K_FS_GUESTFS_FALLBACK_H
#define H2K_FS_GUESTFS_FALLBACK_H

#include "fs/fs.h"

/* The two sides, of which the fallback owns what they give. */
struct h2k_fallback_sides {
    /* For reading: again, after a flush. */
    struct h2k_fs *(*open_reader)(void *opaque);
    /* For reading and writing; its root is the top-level directory where
     * the reader has subvolumes. */
    struct h2k_fs *(*open_writer)(void *opaque);
    void (*close)(void *opaque); /* frees OPAQUE */
    /* What the reader sees is not the latest before the writer was there (a
     * log is to be replayed): from the first use on, the writer reads. */
    bool writer_first;
    void *opaque;
};

/* READER, opened by the caller, is taken; and SIDES' opaque, on failure
 * too. */
struct h2k_fs *h2k_fallback_new(struct h2k_fs *reader,
                                const struct h2k_fallback_sides *sides);

#endif
