/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * LVM2: logical volumes, each a block over the physical volumes that hold
 * it.
 *
 * Read are linear and striped volumes, raid0, and mirror and raid1 through
 * a leg that is in sync.  A write goes to every leg, and is refused where
 * that is not enough: with a leg missing, or a snapshot that lives from the
 * volume's old content.  Everything else (thin, cache, raid5, …) is refused
 * by its name.
 *
 * Nothing of the metadata is believed before it was checked: extents lie in
 * their volume, none is used twice, and what is made of others ends.
 */
#ifndef H2K_VOLUME_LVM_H
#define H2K_VOLUME_LVM_H

#include "base/strings.h"
#include "block/block.h"
#include "volume/volume.h"

#define H2K_LVM_ID 39    /* 32 characters, 6 hyphens and the NUL */
#define H2K_LVM_NAME 128 /* 127 bytes are LVM2's own limit */

/* Bounds on what hostile metadata can make us hold. */
#define H2K_LVM_VOLUMES_MAX 4096 /* of a group, inner ones too; and in all */

/* A logical volume as its guest sees it; inner ones and pools are not
 * listed. */
struct h2k_lvm_volume {
    char group[H2K_LVM_NAME];
    char name[H2K_LVM_NAME];
    char id[H2K_LVM_ID];
    char group_id[H2K_LVM_ID];
    uint64_t length;         /* bytes */
    struct h2k_block *block; /* owned; NULL where it is not read */
    char problem[300];       /* why it is not read, or not written; or "" */
    bool foreign;            /* it is not read because of its kind (thin,
                                cache, …): nothing is missing or damaged */
    size_t *sources;         /* owned: those that it lies on, ascending */
    size_t source_count;
};

/* Extents of a source that no volume uses. */
struct h2k_lvm_free_range {
    size_t source;
    uint64_t offset, length; /* bytes */
};

struct h2k_lvm {
    struct h2k_lvm_volume *volumes; /* by group, then as the metadata says */
    size_t count;
    struct h2k_lvm_free_range *free; /* only of groups whose copies all
                                        agree */
    size_t free_count;
    bool *used; /* owned, one for each source: a group listed here has it */
    struct h2k_strings problems; /* damaged, missing or odd, and survived */
};

/*
 * The logical volumes on SOURCES, of which it keeps references; they may be
 * in any order, and those that are no physical volumes are passed over.
 * What is damaged is said in `problems`: it fails only for reading errors,
 * memory, and too many volumes (H2K_E_UNSUPPORTED).  ONLY_WHOLE: a group that
 * lacks a physical volume, or has one twice, is passed over silently, since
 * another source may turn up.
 */
struct h2k_lvm *h2k_lvm_open(const struct h2k_volume_source *sources,
                             size_t count, bool only_whole);
void h2k_lvm_free(struct h2k_lvm *lvm);
H2K_DEFINE_AUTO(h2k_lvm, h2k_lvm_free)

/* "vg-lv" as it is under /dev/mapper, where each hyphen of a name is two;
 * lvm(8), "Valid names". */
#define H2K_LVM_MAPPER_NAME (4 * H2K_LVM_NAME)
void h2k_lvm_mapper_name(const char *group, const char *name,
                         char out[H2K_LVM_MAPPER_NAME]);

#endif
