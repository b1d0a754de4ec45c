/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What systemd.c and systemd-disable.c share. */
#ifndef H2K_GUEST_SYSTEMD_H
#define H2K_GUEST_SYSTEMD_H

#include "guest/configure/services.h"
#include "guest/configure/unit-file.h"

/* NAME with ".service" where it has no type; H2K_E_UNFIXABLE for what is no
 * unit's name.  The caller frees it. */
char *h2k_systemd_name(const char *name);

int h2k_systemd_disable(struct h2k_fix *fix, const char *name);

#endif
