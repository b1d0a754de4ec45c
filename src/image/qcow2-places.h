/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where a qcow2 has its clusters: for comparing what is mapped now with what
 * was read back before. */
#ifndef H2K_IMAGE_QCOW2_PLACES_H
#define H2K_IMAGE_QCOW2_PLACES_H

#include "block/block.h"

/* The L2 entries of COUNT clusters of DISK, a block of the qcow2 reader, from
 * cluster FIRST on; all that one L2 table maps. */
int h2k_qcow2_places(struct h2k_block *disk, uint64_t first, size_t count,
                     uint64_t *entries);

/* The bytes of clusters with ENTRIES, COUNT of CLUSTER bytes each, out of
 * FILE into BYTES: as the reader does it, without the tables.  ZSTD: how
 * they are compressed. */
int h2k_qcow2_read_places(struct h2k_block *file, uint32_t cluster, bool zstd,
                          const uint64_t *entries, size_t count,
                          uint8_t *bytes);

#endif
