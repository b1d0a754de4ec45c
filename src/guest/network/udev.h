/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How a guest's udev names its cards, by what is installed and configured,
 * not by versions, wherever that tells. */
#ifndef H2K_GUEST_UDEV_H
#define H2K_GUEST_UDEV_H

#include "fs/root.h"

struct h2k_udev {
    bool present;
    bool link_files;   /* systemd.link(5) is applied, and can tell a card
                          from what stands on it: PermanentMACAddress= and
                          Type=ether are systemd 245's */
    bool kernel_names; /* cards keep the kernel's names, eth0 and so on */
    bool generator;    /* it writes a rule for each MAC that it has not seen:
                          75-persistent-net-generator.rules */
};

/* 0, or -1 when the disk cannot be read or memory runs out. */
int h2k_udev_look(struct h2k_root *root, struct h2k_udev *out);

#endif
