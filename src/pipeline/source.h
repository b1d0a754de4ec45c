/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The image that a job reads: opened, and looked over. */
#ifndef H2K_PIPELINE_SOURCE_H
#define H2K_PIPELINE_SOURCE_H

#include "image/image.h"

#define H2K_SOURCE_WARNING 400

/*
 * The disk in the image at PATH, or in MEMBER of the OVA at PATH (NULL: it is
 * none), of FORMAT (NULL: by its bytes).  *FILE, when
 * not NULL, gets a reference of the file itself.  WARNING: what is odd about
 * it and keeps nobody from reading it, or "".
 *
 * A qcow2 with a table that is something else as well is refused: its bytes
 * would be read as a disk's data, and nothing would tell.
 */
struct h2k_block *h2k_source_open(const char *path, const char *member,
                                  const char *format,
                                  struct h2k_image_info *info,
                                  struct h2k_block **file,
                                  char warning[H2K_SOURCE_WARNING]);

/* What OVERLAY's reads say about the image at PATH below it: see
 * h2k_overlay_check_reads. */
int h2k_source_check_reads(struct h2k_block *overlay, const char *path);

#endif
