/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What LVM2 has written on one physical volume; private to LVM2's reader. */
#ifndef H2K_VOLUME_LVM_LABEL_H
#define H2K_VOLUME_LVM_LABEL_H

#include "block/block.h"
#include "volume/lvm/lvm.h"

/* Metadata areas of one volume: pvcreate(8) makes 0, 1 or 2. */
#define H2K_LVM_AREAS_MAX 2

/* One copy of its group's metadata, the checksum of which is right. */
struct h2k_lvm_copy {
    char *text; /* owned; not NUL-terminated */
    uint32_t size;
    uint32_t crc;
};

struct h2k_lvm_label {
    char id[H2K_LVM_ID]; /* the physical volume's UUID */
    struct h2k_lvm_copy copies[H2K_LVM_AREAS_MAX];
    size_t copy_count;
    char problem[200]; /* a copy that is damaged, or "" */
};

/* The label of VOLUME into *LABEL, which is to be freed in any case.
 * H2K_E_NOENT: it has none; H2K_E_CORRUPT: it cannot be believed. */
int h2k_lvm_label_read(struct h2k_block *volume, struct h2k_lvm_label *label);
void h2k_lvm_label_clear(struct h2k_lvm_label *label);
/* Its copies alone go: they were parsed. */
void h2k_lvm_label_drop_copies(struct h2k_lvm_label *label);

/* LVM2's checksum of SIZE bytes behind others with checksum CRC; that of
 * none is H2K_LVM_CRC. */
#define H2K_LVM_CRC UINT32_C(0xf597a6cf)
uint32_t h2k_lvm_crc(uint32_t crc, const void *bytes, size_t size);

/* The 32 characters at BYTES as LVM2 shows them: 6-4-4-4-4-4-6. */
void h2k_lvm_format_id(const uint8_t *bytes, char id[H2K_LVM_ID]);

#endif
