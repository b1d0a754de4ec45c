/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Compressed clusters of a qcow2 back into their bytes, on any number of
 * threads: what one needs is kept for the next that asks. */
#ifndef H2K_IMAGE_QCOW2_DECODE_H
#define H2K_IMAGE_QCOW2_DECODE_H

#include "base/cleanup.h"
#include "block/block.h"
#include "image/qcow2-header.h"

struct h2k_qcow2_decoders;

/* Both must outlive the decoders.  NULL with H2K_E_NOMEM. */
struct h2k_qcow2_decoders *
h2k_qcow2_decoders_new(struct h2k_block *file,
                       const struct h2k_qcow2_header *header);
void h2k_qcow2_decoders_free(struct h2k_qcow2_decoders *decoders);

/* The cluster that the L2 entry ENTRY describes ("Compressed Clusters
 * Descriptor") into OUT, which has room for a whole cluster. */
int h2k_qcow2_decode(struct h2k_qcow2_decoders *decoders, uint64_t entry,
                     void *out);

/* Where its compressed bytes may be: *OFFSET, and *SIZE up to the end of its
 * last sector. */
void h2k_qcow2_compressed_range(const struct h2k_qcow2_header *header,
                                uint64_t entry, uint64_t *offset,
                                uint64_t *size);

#endif
