/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The configuration of the generators of initramfs files, so that the next
 * one that the guest makes has the drivers too. */
#ifndef H2K_GUEST_INITRAMFS_CONFIG_H
#define H2K_GUEST_INITRAMFS_CONFIG_H

#include "guest/fix/fix.h"
#include "guest/boot/kernels.h"

/* Tell initramfs-tools, dracut and mkinitcpio, those that are there, of the
 * drivers that KERNEL has as modules.  What is set already stays. */
int h2k_initramfs_configure(struct h2k_fix *fix,
                            const struct h2k_kernel *kernel);

#endif
