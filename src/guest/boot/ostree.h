/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Systems of OSTree, as their boot loader sees them.  The filesystem's own
 * top, the "physical root", holds deployments, each of which is a "/":
 *
 *   /ostree/deploy/STATEROOT/deploy/CHECKSUM.SERIAL/  etc, usr, …
 *   /ostree/deploy/STATEROOT/deploy/CHECKSUM.SERIAL.origin
 *   /ostree/deploy/STATEROOT/var/                     its /var
 *   /ostree/boot.N/STATEROOT/BOOTCSUM/SERIAL          links to deployments
 *   /boot/ostree/STATEROOT-BOOTCSUM/                  kernel and initramfs
 *   /boot/loader/entries/ostree-N.conf                "ostree=" such a link
 *
 * (OSTree's manual, "Deployments" and "Atomic Upgrades"; ostree(1),
 * ostree-prepare-root(1)).  A running system has the physical root at
 * /sysroot.
 */
#ifndef H2K_GUEST_OSTREE_H
#define H2K_GUEST_OSTREE_H

#include "guest/boot/bls.h"

/* What is in the name of a deployment's directory. */
struct h2k_ostree_name {
    char stateroot[H2K_NAME_MAX + 1]; /* "fedora-coreos" */
    char checksum[65];                /* the commit's, in hexadecimal */
    unsigned serial;
};

/* Is PATH exactly that of a deployment, from the physical root? */
bool h2k_ostree_parse(const char *path, struct h2k_ostree_name *name);

/*
 * Where LINK, an entry's "ostree=", leads: the deployment's path from the
 * physical root, which is at PREFIX ("" or "/sysroot") of ROOT.  The
 * caller's to free; NULL where that is no deployment (H2K_E_NOENT), or with
 * an error.
 */
char *h2k_ostree_follow(struct h2k_root *root, const char *prefix,
                        const char *link);

/*
 * The entry that starts a deployment by default: OSTree counts them by
 * `version`, and the highest is first in every menu.  1 and *ENTRY, the
 * caller's to clear; 0 where no entry starts one; -1.
 */
int h2k_ostree_default(struct h2k_root *root, struct h2k_bls_entry *entry);

/*
 * The deployment that the kernel IMAGE ("/boot/ostree/fedora-…/vmlinuz-…") is
 * started with, where that is another one than "/" of ROOT: its path there,
 * the caller's to free.  NULL for all other kernels, and with an error.
 */
char *h2k_ostree_tree(struct h2k_root *root, const char *image, int *rc);

#endif
