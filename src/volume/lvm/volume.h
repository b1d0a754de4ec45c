/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Making logical volumes' blocks; private to LVM2's reader. */
#ifndef H2K_VOLUME_LVM_VOLUME_H
#define H2K_VOLUME_LVM_VOLUME_H

#include "volume/lvm/group.h"

/* How deep volumes are made of others: lvm2 itself makes a cached, mirrored
 * pool's parts some five deep. */
#define H2K_LVM_LAYERS_MAX 16

struct h2k_lvm_made {
    bool tried;
    bool open;               /* it is being made now */
    bool foreign;            /* it cannot: its kind is not read by us */
    struct h2k_block *block; /* owned; NULL: it cannot be read */
    char problem[200];       /* why not, or why it is not written */
};

/* A group whose volumes are made, each once and when it is asked for. */
struct h2k_lvm_maker {
    const struct h2k_lvm_group *group;
    struct h2k_block **physical; /* one each of the group's; NULL: missing */
    struct h2k_lvm_made *made;   /* one each of the group's logical ones */
    unsigned layer;
};

/* The block of volume INDEX, or NULL in made->block with the reason; fails
 * only for reading errors and memory. */
int h2k_lvm_make(struct h2k_lvm_maker *maker, uint32_t index);

#endif
