/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the comments at an init script's head say of when it runs. */
#ifndef H2K_GUEST_SYSV_HEADER_H
#define H2K_GUEST_SYSV_HEADER_H

#include <stdbool.h>

struct h2k_sysv_header {
    bool chkconfig;      /* it has such a line */
    char levels_on[16];  /* runlevels to start it in: "2345", "S" */
    char levels_off[16]; /* and to stop it in, when it is first installed */
    int start, stop;     /* its places in the order, 0 to 99 */
};

/* Of TEXT, or what update-rc.d(8) has for a script that says nothing. */
struct h2k_sysv_header h2k_sysv_header_read(const char *text);

#endif
