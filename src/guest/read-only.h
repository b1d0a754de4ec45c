/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What of a guest is not to be changed, or cannot be: the image of an OSTree
 * deployment, and subvolumes of btrfs that are read-only, as the root snapshot
 * of a system that transactional-update(8) keeps (openSUSE MicroOS, SLE
 * Micro).  Linux refuses to write into those.
 */
#ifndef H2K_GUEST_READ_ONLY_H
#define H2K_GUEST_READ_ONLY_H

#include "guest/guest.h"

/* What keeps the guest's root from being changed in place: "ostree",
 * "transactional-update", "btrfs"; NULL: nothing does. */
const char *h2k_guest_immutable(const struct h2k_guest *guest);

/* Say in the guest's warnings what that means; once it is assembled. */
int h2k_guest_warn_read_only(struct h2k_guest *guest);

/* May FIX change what is at PATH, or where a link there leads with FOLLOW?
 * Always true where GUEST is NULL. */
bool h2k_guest_may_change(const struct h2k_guest *guest, const char *path,
                          bool follow);

#endif
