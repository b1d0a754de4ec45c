/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Opening what a guest's volumes hold. */
#ifndef H2K_GUEST_FILESYSTEMS_H
#define H2K_GUEST_FILESYSTEMS_H

#include "guest/guest.h"

/*
 * Open every filesystem that can be, of the guest's own or, with NESTED, of
 * virtual machines in it; one that cannot is noted.  Where one is spread over
 * several volumes, the first of them has it, and the others say so
 * (member_of).
 */
int h2k_guest_open_filesystems(struct h2k_guest *guest, bool nested);

/* The volume that has the filesystem of which VOLUME is a part: itself, or
 * another. */
const struct h2k_guest_volume *
h2k_guest_whole(const struct h2k_guest *guest,
                const struct h2k_guest_volume *volume);

#endif
