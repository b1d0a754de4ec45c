/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A logical volume's bytes: pieces over other blocks, one after another;
 * private to LVM2's reader. */
#ifndef H2K_VOLUME_LVM_BLOCK_H
#define H2K_VOLUME_LVM_BLOCK_H

#include "block/block.h"

struct h2k_lvm_part {
    struct h2k_block *block; /* NULL: missing, and never asked */
    uint64_t offset;         /* bytes */
};

struct h2k_lvm_piece {
    uint64_t begin, length; /* bytes of the volume */
    uint64_t stripe;        /* bytes; 0: linear, or mirrored */
    bool mirrored;          /* every part has the same */
    size_t source;          /* mirrored: the part that is read */
    size_t part_count;
    struct h2k_lvm_part *parts; /* owned */
};

struct h2k_lvm_map {
    struct h2k_lvm_piece *pieces; /* owned; from 0, without gaps */
    size_t count;
};

/* The volume that MAP describes, which it takes, on failure too. */
struct h2k_block *h2k_lvm_block_new(struct h2k_lvm_map *map, bool writable);
void h2k_lvm_map_free(struct h2k_lvm_map *map);
H2K_DEFINE_AUTO(h2k_lvm_map, h2k_lvm_map_free)

#endif
