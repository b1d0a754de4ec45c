/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where a guest has its units: systemd.unit(5), "UNIT FILE LOAD PATH". */
#ifndef H2K_GUEST_UNIT_FILE_H
#define H2K_GUEST_UNIT_FILE_H

#include "guest/configure/install-section.h"
#include "guest/fix/fix.h"

#define H2K_UNITS "/etc/systemd/system"

enum h2k_unit_state {
    H2K_UNIT_MISSING,
    H2K_UNIT_LOST, /* a link to what is not in the guest */
    H2K_UNIT_MASKED,
    H2K_UNIT_FOUND,
};

struct h2k_unit {
    enum h2k_unit_state state;
    char *name; /* its own, where it was asked for by an alias; owned */
    char *path; /* of its file; owned, NULL where it is not found */
};
void h2k_unit_free(struct h2k_unit *unit); /* empties it */
#define H2K_AUTO_UNIT __attribute__((cleanup(h2k_unit_free))) struct h2k_unit

/* The unit NAME, of an instance its template's file. */
int h2k_unit_find(struct h2k_fix *fix, const char *name, struct h2k_unit *out);
/* Its [Install] section, and what drop-ins add to it. */
int h2k_unit_install(struct h2k_fix *fix, const struct h2k_unit *unit,
                     struct h2k_install *install);

#endif
