/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A volume group as its metadata describes it, checked; private to LVM2's
 * reader.  Strings are those of the text, which the group owns. */
#ifndef H2K_VOLUME_LVM_GROUP_H
#define H2K_VOLUME_LVM_GROUP_H

#include "volume/lvm/index.h"
#include "volume/lvm/lvm.h"
#include "volume/lvm/text.h"

#define H2K_LVM_SECTOR UINT64_C(512) /* that all of LVM2 counts in */

enum h2k_lvm_layout {
    H2K_LVM_STRIPED, /* over its legs in turn; linear with one leg */
    H2K_LVM_MIRROR,  /* dm-mirror: the first leg always has the content */
    H2K_LVM_RAID1,   /* md: which legs do stands in their superblocks */
    H2K_LVM_OTHER,   /* not read */
};

/* What a leg lies on. */
struct h2k_lvm_leg {
    bool on_volume;  /* a logical volume, else a physical one */
    uint32_t index;  /* of the group's */
    uint64_t extent; /* the first */
    int64_t meta;    /* RAID: the logical volume with its superblock; -1 */
};

struct h2k_lvm_segment {
    uint64_t start, count; /* extents of the volume */
    const char *type;      /* as written: "striped" */
    enum h2k_lvm_layout layout;
    uint64_t stripe; /* bytes; 0 with one leg or mirrored ones */
    size_t leg_count;
    struct h2k_lvm_leg *legs; /* owned */
};

struct h2k_lvm_logical {
    const char *name, *id;
    bool visible, writable;
    bool rebuild;         /* a leg that has not got the content yet */
    const char *snapshot; /* one that needs this volume's old content */
    bool merging;         /* that snapshot is going back into it */
    uint64_t extents;
    size_t segment_count;
    struct h2k_lvm_segment *segments; /* owned; by start, without gaps */
};

struct h2k_lvm_physical {
    const char *name; /* the metadata's own: "pv0" */
    const char *id;
    uint64_t start;   /* bytes: the first extent's */
    uint64_t extents; /* how many */
};

/* Extents that something uses. */
struct h2k_lvm_use {
    bool on_volume;
    uint32_t index;
    uint64_t extent, count;
};

struct h2k_lvm_group {
    struct h2k_lvm_text *text; /* owned */
    const char *name, *id;
    uint64_t seqno;
    uint64_t extent_size; /* bytes */
    bool exported;
    bool all_known;                    /* the uses are all that there are */
    struct h2k_lvm_physical *physical; /* owned */
    size_t physical_count;
    struct h2k_lvm_logical *logical; /* owned */
    size_t logical_count;
    struct h2k_lvm_index names; /* of physical volumes, owner 0, and logical
                                   ones, owner 1 */
    struct h2k_lvm_use *uses;   /* owned; sorted by what and extent */
    size_t use_count;
};

/* The group in TEXT, which it takes, on failure too.  NULL with
 * H2K_E_CORRUPT. */
struct h2k_lvm_group *h2k_lvm_group_new(struct h2k_lvm_text *text);
void h2k_lvm_group_free(struct h2k_lvm_group *group);
H2K_DEFINE_AUTO(h2k_lvm_group, h2k_lvm_group_free)

/* How many extents of one leg SEGMENT uses. */
uint64_t h2k_lvm_leg_extents(const struct h2k_lvm_segment *segment);

/* The segments of volume NODE into LOGICAL; see segment.c. */
int h2k_lvm_segments_read(struct h2k_lvm_group *group, uint32_t node,
                          struct h2k_lvm_logical *logical);

/* All legs lie in what they name, and no extent is used twice; then
 * group->uses is there. */
int h2k_lvm_group_check(struct h2k_lvm_group *group);

/* What NAME is in the group: a physical volume before a logical one. */
bool h2k_lvm_group_find(const struct h2k_lvm_group *group, const char *name,
                        bool *on_volume, uint32_t *index);

#endif
