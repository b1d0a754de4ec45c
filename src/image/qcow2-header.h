/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A qcow2's header, taken apart once for the reader and the check. */
#ifndef H2K_IMAGE_QCOW2_HEADER_H
#define H2K_IMAGE_QCOW2_HEADER_H

#include "block/block.h"

struct h2k_qcow2_header {
    uint32_t version;      /* 2 or 3 */
    uint32_t cluster_bits; /* 9 to 21 */
    uint32_t cluster_size; /* bytes */
    uint64_t disk_size;    /* bytes, at most H2K_BLOCK_SIZE_MAX */
    bool extended_l2;
    uint32_t subclusters;   /* in a cluster: 32 with extended L2, else 1 */
    uint32_t l2_entry_size; /* bytes: 8 or 16 */
    uint32_t l2_entries;    /* in an L2 table */
    bool zstd;              /* how clusters are compressed; else deflate */
    bool dirty;             /* refcounts may be wrong; data is right */
    bool bitmaps;           /* holds persistent bitmaps */

    uint32_t l1_entries; /* as the file says: enough for disk_size */
    uint64_t l1_offset;  /* the table lies in the file, on a cluster */
    uint32_t l1_needed;  /* entries that map the disk */

    /* Not looked at when a disk is only read, and so not checked. */
    uint64_t refcount_offset;
    uint32_t refcount_clusters;
    uint32_t refcount_bits;  /* 1 to 64, a power of two */
    uint32_t snapshot_count; /* internal ones */
};

/*
 * Read and check the header of FILE ("Header" and "Header extensions").
 * H2K_E_CORRUPT when it breaks the format's rules or tells that the image
 * is damaged; H2K_E_UNSUPPORTED, by name, for what is not read: encryption,
 * a backing file, an external data file, features unknown to us.
 */
int h2k_qcow2_header_read(struct h2k_block *file,
                          struct h2k_qcow2_header *header);

#endif
