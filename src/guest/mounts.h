/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is mounted in a guest's tree: between assemble.c and what else knows
 * of mounts. */
#ifndef H2K_GUEST_MOUNTS_INTERNAL_H
#define H2K_GUEST_MOUNTS_INTERNAL_H

#include "guest/guest.h"

/* One more in guest->mounts, its strings copied; GUEST's, until the next is
 * added. */
struct h2k_guest_mount *h2k_guest_add_mount(struct h2k_guest *guest,
                                            const char *path, const char *spec,
                                            const char *type,
                                            const char *options);

/* Partitions that fstab need not name, since systemd mounts them by their
 * types: systemd-gpt-auto-generator(8). */
int h2k_guest_mount_implied(struct h2k_guest *guest);

#endif
