/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Device names in boot loader entries, and in what these refer to. */
#ifndef H2K_GUEST_BLS_REWRITE_H
#define H2K_GUEST_BLS_REWRITE_H

#include "guest/fix/kernel-cmdline.h"

/* Device names in an entry's `options`. */
int h2k_bls_rewrite(struct h2k_rewrite *rewrite,
                    struct h2k_cmdline_roots *roots);

/* Device names in `kernelopts` and the like of a grubenv, a block of a fixed
 * size (GRUB manual, "Environment block"): *TEXT gets the new one, the
 * caller's to free, NULL where nothing changes. */
int h2k_grubenv_rewrite(struct h2k_rewrite *rewrite,
                        struct h2k_cmdline_roots *roots, char **text);

#endif
