/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From disks to volumes; private to the guest. */
#ifndef H2K_GUEST_VOLUMES_H
#define H2K_GUEST_VOLUMES_H

#include "guest/guest.h"

/* ---- For guest.c ---- */

void h2k_guest_free_volumes(struct h2k_guest *guest);
/* Disk INDEX as its TABLE cuts it, or as one volume. */
int h2k_guest_add_partitions(struct h2k_guest *guest, size_t index,
                             const struct h2k_partition_table *table);
int h2k_guest_add_bare(struct h2k_guest *guest, size_t index);

/* Is DISK itself a member of a RAID array, though its content begins with
 * TABLE?  1, 0, or -1 with an error. */
int h2k_guest_is_array_disk(struct h2k_block *disk,
                            const struct h2k_partition_table *table);

/* "/dev/md0", for messages. */
void h2k_guest_array_name(const struct h2k_md_array *array,
                          char text[H2K_VOLUME_NAME]);

/* ---- For each kind of volume ---- */

/*
 * Add VOLUME, which stands on the COUNT volumes BELOW (indices), after
 * looking at what it holds.  Takes volume->block, on failure too, which may
 * be NULL: fs_info.problem says why.  Layer and nesting follow from BELOW;
 * one too deep is noted, and not added.
 */
int h2k_guest_add_upon(struct h2k_guest *guest,
                       struct h2k_guest_volume *volume, const size_t *below,
                       size_t count);

/* TEXT is a problem and a warning, if it is new. */
int h2k_guest_add_problem(struct h2k_guest *guest, const char *text);

/* The volumes of type MEMBER ("LVM2_member") that are not taken yet: their
 * indices into *OUT, which the caller frees. */
int h2k_guest_list_members(const struct h2k_guest *guest, const char *member,
                           size_t **out, size_t *count);

/* Add what they find.  ONLY_WHOLE: nothing that lacks a part. */
/* The content of the LUKS container that volume INDEX is, if a key opens
 * it; else why not, as its problem and a warning. */
int h2k_guest_look_into_luks(struct h2k_guest *guest, size_t index);
/* Warn of keys that were given for nothing. */
int h2k_guest_check_keys(struct h2k_guest *guest);
int h2k_guest_find_arrays(struct h2k_guest *guest, bool only_whole);
int h2k_guest_find_lvm(struct h2k_guest *guest, bool only_whole);

#endif
