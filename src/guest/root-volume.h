/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which of the guest's volumes its "/" is on; private to the guest. */
#ifndef H2K_GUEST_ROOT_VOLUME_H
#define H2K_GUEST_ROOT_VOLUME_H

#include "guest/guest.h"

/*
 * Open the guest's filesystems, and find the one system in them, or the one
 * that settings.root says, into guest->root_volume and its `system`.
 *
 * What is in the disk of a virtual machine that the guest has itself is
 * neither changed nor chosen, unless there is no other system, or it is
 * named.  Nor is a system on another disk that the guest mounts as data. Fails
 * as h2k_guest_open, and with H2K_E_USAGE for what settings.root does not say.
 */
int h2k_guest_find_root(struct h2k_guest *guest);

/* former-system.c: does the fstab of SYSTEM's system mount OTHER, of another
 * disk, somewhere below "/"?  1, 0, -1. */
int h2k_guest_mounts_as_data(struct h2k_guest *guest,
                             const struct h2k_guest_volume *system,
                             const struct h2k_guest_volume *other);

#endif
