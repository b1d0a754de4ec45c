/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* An appliance that is a tree in memory: one filesystem, whatever the device
 * and the mount point are. */
#ifndef H2K_TESTS_FAKE_GUESTFS_H
#define H2K_TESTS_FAKE_GUESTFS_H

#include "fs/guestfs/ops.h"

struct fake_guestfs {
    struct h2k_fs *fs;
    int opened, launched, closed, mounts, umounts, syncs, calls;
    bool launch_fails;
    bool connectable; /* there was a socket when it was opened */
    bool dead;        /* it has ended by itself */
    char options[100], device[100];
    const char *hostile; /* one more name in every list */
};

/* What it is, and what was done to it; a test clears it first. */
extern struct fake_guestfs fake;
extern const struct h2k_guestfs_ops fake_guestfs_ops;

#endif
