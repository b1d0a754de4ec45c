/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Volumes that our own drivers do not read, or not write: libguestfs'
 * appliance does, one for the guest, which starts when the first of them is
 * really used.
 */
#ifndef H2K_GUEST_FOREIGN_H
#define H2K_GUEST_FOREIGN_H

#include "guest/guest.h"

/* Is VOLUME, whose type we do not open, one for the appliance? */
bool h2k_foreign_wants(const struct h2k_guest_volume *volume);

/*
 * VOLUME's filesystem, on COUNT blocks of which its own is the first, which
 * the native driver would not open for writing: it is read natively as long
 * as that is enough, where it can be, or by the appliance.  volume->fs stays
 * NULL where libguestfs is not installed, and the volume's problem says so.
 * The call's own error: -1, as h2k_fs_open's.
 */
int h2k_foreign_open(struct h2k_guest *guest, struct h2k_guest_volume *volume,
                     struct h2k_block **blocks, size_t count);

/* The same for a logical volume of a kind that is not put together by us: by
 * LVM in the appliance, out of its group's physical volumes. */
int h2k_foreign_open_logical(struct h2k_guest *guest,
                             struct h2k_guest_volume *volume);

/* Can VOLUME, which the appliance has, be read?  1; 0 and its problem says
 * why not, fs then being NULL. */
int h2k_foreign_look(struct h2k_guest *guest, struct h2k_guest_volume *volume);

/* The appliance's filesystems are flushed: it is not needed any more. */
void h2k_foreign_rest(struct h2k_guest *guest);

#endif
