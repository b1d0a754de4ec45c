/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Filling h2k_fs_info as blkid(8) prints things. */
#ifndef H2K_FS_PROBE_H
#define H2K_FS_PROBE_H

#include "base/view.h"
#include "fs/fs.h"

/* 16 bytes as 8-4-4-4-12 lower-case digits; nothing when all are zero. */
void h2k_probe_uuid(struct h2k_fs_info *info, const uint8_t *bytes);

/* At most LENGTH bytes up to a NUL, without blanks at the end. */
void h2k_probe_label(struct h2k_fs_info *info, const uint8_t *bytes,
                     size_t length);

/* The same from LENGTH bytes of little-endian UTF-16. */
void h2k_probe_label_utf16(struct h2k_fs_info *info, const uint8_t *bytes,
                           size_t length);

/*
 * For types whose label or UUID is not at a fixed place.  HEAD is the
 * volume's beginning.  1 when it is one (INFO filled), 0 when the magic was
 * a coincidence, -1 when reading failed.
 */
int h2k_probe_fat(struct h2k_block *volume, struct h2k_view head,
                  struct h2k_fs_info *info);
int h2k_probe_ntfs(struct h2k_block *volume, struct h2k_view head,
                   struct h2k_fs_info *info);
int h2k_probe_exfat(struct h2k_block *volume, struct h2k_view head,
                    struct h2k_fs_info *info);
int h2k_probe_md(struct h2k_block *volume, struct h2k_fs_info *info);

#endif
