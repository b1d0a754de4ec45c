/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What can be done only inside the guest, once, when it starts. */
#ifndef H2K_GUEST_FIRST_BOOT_H
#define H2K_GUEST_FIRST_BOOT_H

#include "guest/fix/fix.h"

struct h2k_first_boot {
    const char *name;        /* "hyper2kvm-guest-agent": of its unit */
    const char *description; /* what it does, a line */
    const char *command;     /* absolute, without quoting */
    const char *remove;      /* a file that goes with it; or NULL */
};

/*
 * Let the guest run a command once when it starts: by a systemd unit, or a
 * System V init script, that goes when the command has succeeded, and tries
 * again at the next start when it has not.  1, or 0 when the guest has an
 * init system that we write nothing for, or -1.
 */
int h2k_first_boot_add(struct h2k_fix *fix, const struct h2k_first_boot *once);

#endif
