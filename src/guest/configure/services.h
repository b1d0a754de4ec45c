/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Services of a guest, each of its ways of starting them in a file of its
 * own.  Names are checked, and are without a slash. */
#ifndef H2K_GUEST_SERVICES_H
#define H2K_GUEST_SERVICES_H

#include "guest/fix/fix.h"

/* What one kind of init does; each 0 or -1.  What cannot be done is a
 * warning that says what to do. */
struct h2k_service_ops {
    int (*enable)(struct h2k_fix *fix, const char *name);
    int (*disable)(struct h2k_fix *fix, const char *name);
    int (*mask)(struct h2k_fix *fix, const char *name);
};

/* systemd.c: NAME is a unit's, systemd.unit(5). */
extern const struct h2k_service_ops h2k_systemd_services;
/* sysv.c: NAME is that of a script in /etc/init.d; ".service" behind it is
 * left out. */
extern const struct h2k_service_ops h2k_sysv_services;
/* openrc.c: the same. */
extern const struct h2k_service_ops h2k_openrc_services;

/* NAME without ".service" into SCRIPT, when the guest has a file of this name
 * in /etc/init.d. */
bool h2k_find_script(struct h2k_fix *fix, const char *name,
                     char script[H2K_NAME_MAX + 1]);

/* The link PATH away, and recorded. */
int h2k_service_unlink(struct h2k_fix *fix, const char *path,
                       const char *what);
/* A link at PATH, recorded. */
int h2k_service_link(struct h2k_fix *fix, const char *target, const char *path,
                     const char *what);

#endif
