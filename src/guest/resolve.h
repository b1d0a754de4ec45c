/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Parts of resolving a device's name; private to the guest. */
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

/* The device of mapping NAME by a word of the kernel's command line, where
 * one of TEXT has it: "UUID=0123…", "/dev/sda3". */
#define H2K_MAPPING_DEVICE 256
bool h2k_cmdline_mapping(const char *text, size_t size, const char *name,
                         char device[H2K_MAPPING_DEVICE]);

/* The same by any menu of a boot loader in ROOT, or what one is made from,
 * into *OUT, the caller's; NULL: nothing there names it. */
int h2k_resolve_cmdline(struct h2k_root *root, const char *name, char **out);

#endif
