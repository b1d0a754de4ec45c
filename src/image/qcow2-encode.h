/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The costly part of writing a qcow2: one cluster's bytes into what stands
 * in the file.  A context belongs to one thread. */
#ifndef H2K_IMAGE_QCOW2_ENCODE_H
#define H2K_IMAGE_QCOW2_ENCODE_H

#include "image/writer.h"

/* LEVEL as in struct h2k_writer_options.  NULL with H2K_E_NOMEM. */
struct h2k_image_encoder *
h2k_qcow2_encoder_new(enum h2k_writer_compression compression, int level,
                      uint32_t cluster_size);
void h2k_qcow2_encoder_free(struct h2k_image_encoder *encoder);

/* As h2k_image_writer_ops.encode.  A cluster that does not shrink is left
 * as it is. */
int h2k_qcow2_encode(struct h2k_image_encoder *encoder, const void *bytes,
                     size_t count, struct h2k_encoded *out);

#endif
