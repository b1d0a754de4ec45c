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

/* Is NAME what messages call VOLUME, or DISK:N for partition N of a disk? */
bool h2k_guest_is_called(const struct h2k_guest *guest,
                         const struct h2k_guest_volume *volume,
                         const char *name);

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

/* TEXT is a problem and a warning, if it is new; each of TEXTS is. */
int h2k_guest_add_problem(struct h2k_guest *guest, const char *text);
int h2k_guest_add_problems(struct h2k_guest *guest,
                           const struct h2k_strings *texts);

/* ---- For what is made of members ---- */

/* Volumes that are not taken yet, as a reader wants them. */
struct h2k_guest_members {
    size_t *volumes;                   /* owned: their indices */
    struct h2k_volume_source *sources; /* owned, in the same order */
    char (*names)[H2K_VOLUME_NAME];    /* owned: of the sources */
    size_t count;
};

void h2k_guest_members_clear(struct h2k_guest_members *members);
#define H2K_AUTO_GUEST_MEMBERS \
    __attribute__((cleanup(h2k_guest_members_clear))) struct h2k_guest_members

/* Those that say they are of TYPE ("LVM2_member"), the guest's own or NESTED
 * ones: a virtual machine's disk is often a copy of the same template.
 * MEMBERS is { 0 }, and the caller's to clear, on failure too. */
int h2k_guest_list_members(const struct h2k_guest *guest, const char *type,
                           bool nested, struct h2k_guest_members *members);

/*
 * Those that are USED (one for each source) are taken.  Without ONLY_WHOLE
 * all are, since what is left in the end is not looked at again: a text that
 * does not list the volume it is on would be found for ever.  Was any?
 */
bool h2k_guest_take_members(struct h2k_guest *guest,
                            const struct h2k_guest_members *members,
                            const bool *used, bool only_whole);

/*
 * As h2k_guest_add_upon, with a reference of its own to volume->block.  It
 * stands on those of MEMBERS (indices of volumes) that the COUNT SOURCES
 * (indices of MEMBERS) are; PROBLEM is a warning, unless it is "".
 */
int h2k_guest_add_made(struct h2k_guest *guest,
                       struct h2k_guest_volume *volume, const size_t *members,
                       const size_t *sources, size_t count,
                       const char *problem);

/* ---- Kinds of volumes ---- */

/* The content of the LUKS container that volume INDEX is, if a key opens
 * it; else why not, as its problem and a warning. */
int h2k_guest_look_into_luks(struct h2k_guest *guest, size_t index);
/* Warn of keys that were given for nothing. */
int h2k_guest_check_keys(struct h2k_guest *guest);

/* Add what they find.  ONLY_WHOLE: nothing that lacks a part. */
int h2k_guest_find_arrays(struct h2k_guest *guest, bool only_whole);
int h2k_guest_find_lvm(struct h2k_guest *guest, bool only_whole);

#endif
