/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Parts of resolving a device's name; private to resolve.c. */
#ifndef H2K_GUEST_RESOLVE_H
#define H2K_GUEST_RESOLVE_H

#include "guest/guest.h"

/*
 * The volume that NAME, what follows /dev/, means; SPEC is the whole, for
 * messages.  0 and *OUT; -1 with H2K_E_NOENT when none of theirs is meant,
 * and H2K_E_CORRUPT when several are.
 */
int h2k_resolve_array(struct h2k_guest *guest, const char *name,
                      const char *spec, const struct h2k_guest_volume **out);

/* The same for what encrypted volumes hold; H2K_E_UNSUPPORTED where one is
 * not open. */
int h2k_resolve_mapping(struct h2k_guest *guest, const char *name,
                        const char *spec, const struct h2k_guest_volume **out);

#endif
