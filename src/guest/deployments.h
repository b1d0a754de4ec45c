/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A guest whose "/" is one of OSTree's deployments (boot/ostree.h says where
 * things are): Fedora CoreOS and Silverblue, RHEL for Edge, image mode.
 *
 * Its /usr is the image's, hard links into the repository, and never
 * written; its /etc is the deployment's own, and its /var the stateroot's.
 */
#ifndef H2K_GUEST_DEPLOYMENTS_H
#define H2K_GUEST_DEPLOYMENTS_H

#include "guest/boot/ostree.h"
#include "guest/guest.h"

#define H2K_DEPLOYMENTS_MAX 64

struct h2k_deployment {
    char *path; /* owned, as all char * here; from the physical root */
    struct h2k_ostree_name name;
    char *product; /* os-release's PRETTY_NAME, or NULL */
    char *version; /* its OSTREE_VERSION, else VERSION_ID; or NULL */
    char *origin;  /* where it came from: a refspec, a container image; or
                      NULL */
    char *entry;   /* the boot loader's entry that starts it; NULL: none */
    bool composefs;
    int64_t mtime;
};

struct h2k_ostree {
    struct h2k_deployment *items; /* by stateroot and name */
    size_t count;
    size_t chosen; /* the default, which is the guest's "/" */
    const struct h2k_guest_volume *boot; /* where /boot is; NULL: in the
                                            physical root */
    bool transient_etc; /* what is in /etc is forgotten at the next start:
                           ostree-prepare-root(1), etc.transient */
};
void h2k_ostree_free(struct h2k_ostree *ostree);
H2K_DEFINE_AUTO(h2k_ostree, h2k_ostree_free)

/* Does the directory INO of FS hold deployments? */
bool h2k_is_physical_root(struct h2k_fs *fs, h2k_ino ino);

/* guest->ostree, where the system that was found on the root volume is one;
 * NULL where it is not. */
int h2k_guest_find_deployments(struct h2k_guest *guest);

/* The chosen one's directory, into *INO. */
int h2k_guest_deployment_root(const struct h2k_guest *guest, h2k_ino *ino);

/* What ostree-prepare-root(1) mounts in it before fstab's lines: /sysroot,
 * /var, and /boot. */
int h2k_guest_mount_deployment(struct h2k_guest *guest);

#endif
