/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Device names in GRUB 2's texts. */
#ifndef H2K_GUEST_GRUB_H
#define H2K_GUEST_GRUB_H

#include "guest/fix/kernel-cmdline.h"

struct h2k_grub_seen {
    struct h2k_cmdline_roots roots;
    bool bare_kernel; /* an entry boots without an initramfs */
};

/* The kernel command lines of grub.cfg: GRUB manual, "linux".  An entry
 * without an initrd line gets names that the kernel itself understands.
 * SEEN is added to. */
int h2k_grub_cfg_rewrite(struct h2k_rewrite *rewrite,
                         struct h2k_grub_seen *seen);

/* What /etc/default/grub and its parts ask grub-mkconfig for: GRUB manual,
 * "Simple configuration handling".  SEEN is what grub.cfg had. */
int h2k_grub_default_rewrite(struct h2k_rewrite *rewrite,
                             const struct h2k_grub_seen *seen);

#endif
