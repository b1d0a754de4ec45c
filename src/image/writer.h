/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Disk image formats: writing, in one sequential pass.
 *
 * The work is cut in two so that many threads can do the costly part.
 * `encode` turns the bytes of one cluster into what will stand in the file;
 * it keeps nothing in the writer, and each thread has its own context.
 * `put` takes encoded clusters in ascending order of their number, from one
 * thread, and lays them out one behind the other.
 *
 *     w = ops->create(fd, size, options)
 *     each thread:  c = ops->context_new(w)
 *                   ops->encode(w, c, bytes, count, &encoded)
 *     one thread:   ops->put(w, number, &encoded)     ascending numbers;
 *                                                     a number left out is
 *                                                     a cluster of zeros
 *     at the end:   ops->finish(w)                    tables and header
 *     always:       ops->free(w)
 *
 * The file descriptor is the caller's: a regular file, open for reading and
 * writing, empty.  It is written with pwrite only.  Making it durable and
 * giving it its name are the caller's as well.  Until finish has returned 0
 * the file is no valid image.
 *
 * Memory is bounded for any disk, and time goes with the data put, not with
 * the disk's size.
 */
#ifndef H2K_IMAGE_WRITER_H
#define H2K_IMAGE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum h2k_writer_compression {
    H2K_COMPRESS_NONE,
    H2K_COMPRESS_ZLIB,
    H2K_COMPRESS_ZSTD,
};

struct h2k_writer_options {
    enum h2k_writer_compression compression;
    int level;             /* 1 (fast) to 9 (small); 0: the default, 3 for
                              zlib and 3 for zstd */
    uint32_t cluster_size; /* bytes, a power of two: 512 to 2 MiB in a qcow2;
                              0: the default, 64 KiB in a qcow2 and 4 KiB in
                              a raw file */
};

/* One cluster, ready for the file. */
struct h2k_encoded {
    const void *data; /* the context's or the caller's bytes, valid until the
                         context's next encode */
    size_t size;      /* bytes to store; when not compressed, what encode
                         was given */
    bool zero;        /* all zeros: nothing to store */
    bool compressed;
};

struct h2k_image_writer;  /* the format's own */
struct h2k_image_encoder; /* one thread's context */

struct h2k_image_writer_ops {
    const char *name; /* "qcow2", "raw" */
    bool can_compress;

    /* VIRTUAL_SIZE bytes in all; in a qcow2 the disk becomes that rounded up
     * to whole sectors of 512 bytes.  NULL with the error set: options that
     * the format does not have are H2K_E_UNSUPPORTED, others out of range
     * are H2K_E_RANGE. */
    struct h2k_image_writer *(*create)(int fd, uint64_t virtual_size,
                                       const struct h2k_writer_options *o);
    /* Bytes in one cluster, the unit of encode and put. */
    uint32_t (*cluster_size)(const struct h2k_image_writer *w);

    struct h2k_image_encoder *(*encoder_new)(const struct h2k_image_writer *w);
    void (*encoder_free)(struct h2k_image_encoder *e);
    /* COUNT is the cluster's size, or less for the disk's last one.  Bytes
     * that are all zero are found here. */
    int (*encode)(struct h2k_image_encoder *e, const void *bytes, size_t count,
                  struct h2k_encoded *out);

    /* H2K_E_OUTPUT when the file cannot be written; after any failure only
     * `free` may be called.  H2K_E_RANGE when NUMBER does not ascend, or is
     * beyond the disk. */
    int (*put)(struct h2k_image_writer *w, uint64_t number,
               const struct h2k_encoded *encoded);

    /* BYTE_COUNT bytes of uncompressed clusters in a row, from NUMBER on, in
     * one write: the fast way for whole runs.  Only the disk's last cluster
     * may be less than whole.  They go to a multiple of the cluster size. */
    int (*put_run)(struct h2k_image_writer *w, uint64_t number,
                   const void *bytes, size_t byte_count);

    /* For reading back while it is written: the L2 entry of a cluster of
     * those that were put last (in the same megabyte), and the bytes from the
     * file's beginning that have been written.  Both NULL: not told. */
    uint64_t (*place)(const struct h2k_image_writer *w, uint64_t number);
    uint64_t (*flushed)(const struct h2k_image_writer *w);

    int (*finish)(struct h2k_image_writer *w);
    /* Bytes of file written so far (not counting holes); after finish, all
     * of them. */
    uint64_t (*written)(const struct h2k_image_writer *w);
    void (*free)(struct h2k_image_writer *w); /* NULL is fine */
};

extern const struct h2k_image_writer_ops h2k_writer_qcow2;
extern const struct h2k_image_writer_ops h2k_writer_raw;

/* By the name of the format, or NULL with H2K_E_UNSUPPORTED ("vdi cannot be
 * written yet: choose qcow2 or raw"). */
const struct h2k_image_writer_ops *h2k_writer_find(const char *format);

#endif
