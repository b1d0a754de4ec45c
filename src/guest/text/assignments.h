/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Shell files that are read for their assignments alone, as sysconfig's
 * are: nothing in them is run. */
#ifndef H2K_GUEST_ASSIGNMENTS_H
#define H2K_GUEST_ASSIGNMENTS_H

#include "guest/text/shell-words.h"

#define H2K_ASSIGNMENT_KEY 64
#define H2K_ASSIGNMENT_VALUE 512

struct h2k_assignment {
    char key[H2K_ASSIGNMENT_KEY];
    char value[H2K_ASSIGNMENT_VALUE]; /* without quotes */
    bool computed; /* it has an expansion: what it will be is not known */
};

/* Start from { .shell = { .text = text, .size = size } }. */
struct h2k_assignments {
    struct h2k_shell shell;
    bool inside; /* a command's words */
};

/* The next assignment at a command's place, "export" passed over; what is
 * longer than a field is passed over too.  1, 0 at the end or where a quote
 * is never closed, -1 with H2K_E_NOMEM. */
int h2k_assignments_next(struct h2k_assignments *from,
                         struct h2k_assignment *out);

#define H2K_AUTO_ASSIGNMENTS \
    __attribute__((cleanup(h2k_assignments_free))) struct h2k_assignments
void h2k_assignments_free(struct h2k_assignments *from);

#endif
