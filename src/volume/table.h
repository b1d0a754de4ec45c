/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the ways of cutting a disk into partitions share; private to them. */
#ifndef H2K_VOLUME_TABLE_H
#define H2K_VOLUME_TABLE_H

#include "volume/volume.h"

struct h2k_partition_table *h2k_table_new(const char *type,
                                          uint32_t sector_size);

/* Add a copy of PARTITION at the end. */
int h2k_table_add(struct h2k_partition_table *table,
                  const struct h2k_partition *partition);

/* A problem that was survived, added to table->problem. */
void h2k_table_problem(struct h2k_partition_table *table, const char *format,
                       ...) __attribute__((format(printf, 2, 3)));

/* One range that a table declares, in bytes of the disk. */
struct h2k_table_range {
    uint64_t offset;
    uint64_t length;
    uint32_t number; /* the partition's */
};

/*
 * The one check of all that tables declare: every range lies in
 * [first, end), which WHERE names ("the disk"), holds something, and shares
 * no byte with another.  H2K_E_CORRUPT with the partition's number.  Sorts
 * RANGES by offset.
 */
int h2k_table_check_ranges(struct h2k_table_range *ranges, size_t count,
                           uint64_t first, uint64_t end, const char *where);

/* The ways.  NULL with H2K_E_NOENT when DISK is not cut in this way. */
struct h2k_partition_table *h2k_gpt_read(struct h2k_block *disk);
struct h2k_partition_table *h2k_mbr_read(struct h2k_block *disk);

#endif
