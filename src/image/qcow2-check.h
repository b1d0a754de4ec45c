/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Checking a qcow2 file's own structure, without reading its data. */
#ifndef H2K_IMAGE_QCOW2_CHECK_H
#define H2K_IMAGE_QCOW2_CHECK_H

#include "block/block.h"

struct h2k_qcow2_check {
    uint64_t errors;   /* wrong in the image: its data is, or may become,
                          wrong; overlaps are among them */
    uint64_t overlaps; /* host clusters that are a table, and something else
                          as well */
    uint64_t refcounts; /* errors that are a wrong reference count, and no
                           more: they harm who writes, not who reads */
    uint64_t leaks;    /* host clusters that are counted as used and are not:
                          they cost space, and nothing else */
    uint64_t data_clusters;       /* guest clusters that have a place */
    uint64_t compressed_clusters; /* those of them that are compressed */
    char first[256]; /* the first error, of those that harm who reads where
                        there is one; the first leak where there is none; ""
                        when all is well */
};

/*
 * Follows every table of FILE, counts the references to each host cluster,
 * and compares them with the reference counts that the file holds ("Host
 * cluster management" in QEMU's docs/interop/qcow2.txt).
 *
 * 0 when the check could be done: *RESULT then says what was found.  -1 when
 * it could not: the header is damaged or cannot be read (H2K_E_CORRUPT,
 * H2K_E_IO), the user wants to stop (H2K_E_INTERRUPTED), or the image has
 * what the check does not follow: internal snapshots, persistent bitmaps
 * (H2K_E_UNSUPPORTED).
 *
 * Memory is bounded for any file: the two upper tables (at most 32 and
 * 8 MiB), and 48 MiB of counters; of a file of more than 1 TiB (with clusters
 * of 64 KiB) the tables are gone through more than once.
 */
int h2k_qcow2_check(struct h2k_block *file, struct h2k_qcow2_check *result);

#endif
