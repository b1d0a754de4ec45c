/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The two things in LVM2's configuration that can hide a disk whose name or
 * id is new: filters, and the file of devices. */
#ifndef H2K_GUEST_LVM_CONFIG_H
#define H2K_GUEST_LVM_CONFIG_H

#include "guest/fix/rewrite.h"

/* lvm.conf(5): `filter` and `global_filter` that let through disks as VMware
 * has them, and none of virtio's, get a rule that does.  What is no lvm.conf
 * is warned of. */
int h2k_lvm_filter_rewrite(struct h2k_rewrite *rewrite, void *opaque);

/* lvmdevices(8): entries of disks that stay behind go, as far as something
 * else is in the file; *ONLY is set, and nothing is to be rewritten, where
 * there is nothing else. */
int h2k_lvm_devices_rewrite(struct h2k_rewrite *rewrite, bool *only);

#endif
