/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Where the parts of a new qcow2 file go: host clusters are given out one
 * behind the other and never again, their reference counts are kept, and
 * what is written to them goes out in large pieces.
 *
 * Memory: one refcount block, the refcount table (8 bytes for each 2 GiB of
 * file at the usual cluster size), and one buffer.
 *
 * Every call returns 0, or -1 with H2K_E_OUTPUT or H2K_E_NOMEM.
 */
#ifndef H2K_IMAGE_QCOW2_LAYOUT_H
#define H2K_IMAGE_QCOW2_LAYOUT_H

#include "image/writer-file.h"

struct h2k_qcow2_refcount_block;

struct h2k_qcow2_layout {
    struct h2k_writer_file *file;
    uint32_t cluster_bits;
    uint64_t next; /* the first host cluster not given out */

    /* Compressed clusters share host clusters.  They go to [tail, tail_end)
     * of the last that was begun; both 0: to a new one. */
    uint64_t tail, tail_end;

    /* Reference counts.  `current` is the block that covers `next` - 1;
     * complete ones wait in a list, oldest first, to be given a place. */
    uint32_t block_entries; /* clusters that one block covers */
    uint64_t current_index;
    struct h2k_qcow2_refcount_block *current;
    struct h2k_qcow2_refcount_block *complete, **complete_end;
    uint8_t *table; /* the refcount table as in the file */
    uint64_t table_capacity, table_entries;

    /* Bytes [base, base + used) of the file that are not written yet. */
    uint8_t *buffer;
    uint64_t base;
    size_t used;
};

/* Begin with the header's cluster given out.  FILE must outlive LAYOUT;
 * h2k_qcow2_layout_clear releases what either allocated, also after a
 * failure. */
int h2k_qcow2_layout_init(struct h2k_qcow2_layout *layout,
                          struct h2k_writer_file *file, uint32_t cluster_bits);
void h2k_qcow2_layout_clear(struct h2k_qcow2_layout *layout);

/* COUNT host clusters in a row; *OFFSET is the first one's. */
int h2k_qcow2_layout_clusters(struct h2k_qcow2_layout *layout, uint64_t count,
                              uint64_t *offset);
/* Room for SIZE bytes, at most a cluster, of compressed data. */
int h2k_qcow2_layout_bytes(struct h2k_qcow2_layout *layout, uint32_t size,
                           uint64_t *offset);

/* What goes to room that was given out.  Whatever of it is never written
 * reads as zeros. */
int h2k_qcow2_layout_write(struct h2k_qcow2_layout *layout, const void *bytes,
                           size_t size, uint64_t offset);

/* Write out everything with the refcount table, which is at *OFFSET and
 * *CLUSTERS long.  Nothing can be given out any more. */
int h2k_qcow2_layout_finish(struct h2k_qcow2_layout *layout, uint64_t *offset,
                            uint32_t *clusters);

#endif
