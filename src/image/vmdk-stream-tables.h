/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a stream's grain tables must say, and what they do say.
 *
 * A table is compared by the sum of a hash of each of its entries: what was
 * expected of a table is added up grain by grain, what stands in it entry by
 * entry.  (The hash finds damage.  Who forges tables to fit gains nothing:
 * the disk is what the grains' markers say.)
 */
#ifndef H2K_IMAGE_VMDK_STREAM_TABLES_H
#define H2K_IMAGE_VMDK_STREAM_TABLES_H

#include "image/vmdk-sparse.h"

struct h2k_vmdk_sum {
    uint64_t key; /* a table's number, or the sector where it stands */
    uint64_t sum;
};

/* Ascending keys.  Initialise with { 0 }. */
struct h2k_vmdk_sums {
    struct h2k_vmdk_sum *items; /* owned */
    size_t count, capacity;
};

/* Add SUM for KEY, the last one or a greater one. */
int h2k_vmdk_sums_add(struct h2k_vmdk_sums *sums, uint64_t key, uint64_t sum);
/* The hash of one entry of a table. */
uint64_t h2k_vmdk_entry_hash(uint64_t index, uint32_t sector);

/* DIRECTORY, of COUNT entries as in the file, names a table of FOUND (by
 * sector) for each of EXPECTED (by number), and they have the same grains.
 * FOUND_ALL: tables without a grain are in FOUND as well. */
int h2k_vmdk_sums_compare(const uint8_t *directory, uint64_t count,
                          const struct h2k_vmdk_sums *expected,
                          const struct h2k_vmdk_sums *found, bool found_all);

#endif
