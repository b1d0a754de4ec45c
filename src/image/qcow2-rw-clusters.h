/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The host clusters of a qcow2 that is changed: which are in use, how often,
 * and new ones.
 *
 * New clusters are given out at the file's end.  Their reference counts,
 * and those blocks and tables that the longer file needs, are written by
 * `flush` only; those of older clusters are changed in their blocks.
 */
#ifndef H2K_IMAGE_QCOW2_RW_CLUSTERS_H
#define H2K_IMAGE_QCOW2_RW_CLUSTERS_H

#include "image/qcow2-header.h"

struct h2k_qcow2_clusters {
    int fd;           /* the owner's */
    const char *path; /* for messages; the owner's */
    uint32_t cluster_bits;
    uint64_t next;    /* the first cluster behind the file */
    uint64_t counted; /* below it, reference counts are in their blocks */

    uint64_t table_offset;
    uint32_t table_clusters;
    uint8_t *table;       /* the refcount table as in the file */
    uint64_t block_count; /* its entries in use: all, from the first on */
    bool table_moved;     /* the header must be told */

    uint8_t *block; /* the refcount block that was used last */
    uint64_t block_index;
    bool block_loaded, block_dirty;

    uint64_t *dropped; /* new clusters that nobody uses any more */
    size_t dropped_count, dropped_capacity;
};

/* FILE: the image that HEADER was read from; only used during the call. */
int h2k_qcow2_clusters_init(struct h2k_qcow2_clusters *c, int fd,
                            const char *path, struct h2k_block *file,
                            const struct h2k_qcow2_header *header);
void h2k_qcow2_clusters_clear(struct h2k_qcow2_clusters *c);

/* A cluster for one user; what is in it is undefined. */
int h2k_qcow2_clusters_take(struct h2k_qcow2_clusters *c, uint64_t *offset);
/* One user less of every cluster that [offset, offset + size) touches; the
 * last one leaves a hole. */
int h2k_qcow2_clusters_release(struct h2k_qcow2_clusters *c, uint64_t offset,
                               uint64_t size);
/* Write all reference counts. */
int h2k_qcow2_clusters_flush(struct h2k_qcow2_clusters *c);

/* All COUNT bytes at OFFSET of the file: H2K_E_IO, H2K_E_OUTPUT. */
int h2k_qcow2_clusters_read(const struct h2k_qcow2_clusters *c, void *bytes,
                            size_t count, uint64_t offset);
int h2k_qcow2_clusters_write(const struct h2k_qcow2_clusters *c,
                             const void *bytes, size_t count, uint64_t offset);

#endif
