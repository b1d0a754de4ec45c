/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* All sources that are looked at together; private to LVM2's reader. */
#ifndef H2K_VOLUME_LVM_SCAN_H
#define H2K_VOLUME_LVM_SCAN_H

#include "volume/lvm/group.h"
#include "volume/lvm/label.h"

#define H2K_LVM_GROUPS_MAX 256

/* What all metadata together may have, whatever number of physical volumes
 * it is on: bytes of text, and entries in it. */
#define H2K_LVM_TEXTS_MAX (4 * (size_t)H2K_LVM_TEXT_MAX)
#define H2K_LVM_ALL_NODES_MAX (2 * (size_t)H2K_LVM_NODES_MAX)

/* A text that was read already, by its checksum. */
struct h2k_lvm_seen {
    uint32_t crc, size;
};

struct h2k_lvm_scan {
    const struct h2k_volume_source *sources;
    size_t count;
    struct h2k_lvm_label *labels; /* one for each source */
    struct h2k_lvm_seen *seen;
    size_t seen_count;
    size_t text_bytes, nodes; /* of all texts that were read */
    struct h2k_lvm_group *groups[H2K_LVM_GROUPS_MAX]; /* the newest of each */
    bool disputed[H2K_LVM_GROUPS_MAX];                /* copies that differ */
    size_t group_count;
    struct h2k_lvm_index labelled; /* the sources, by their label's UUID */
    struct h2k_lvm_index claimed;  /* the groups' physical volumes, by UUID;
                                      a group owns them */
    bool damaged;                  /* some copy could not be read */
    bool only_whole;
    struct h2k_lvm *out;
};

/* The volumes of group I of S. */
int h2k_lvm_assemble(struct h2k_lvm_scan *s, size_t i);

#endif
