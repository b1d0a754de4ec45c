/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* udev(7) rules, term by term: KEY{attribute} OPERATOR "value". */
#ifndef H2K_GUEST_UDEV_RULES_H
#define H2K_GUEST_UDEV_RULES_H

#include <stdbool.h>
#include <stddef.h>

#define H2K_UDEV_FIELD 256

struct h2k_udev_term {
    char key[H2K_UDEV_FIELD];       /* "ATTR" */
    char attribute[H2K_UDEV_FIELD]; /* "address", or "" */
    char operator[3];               /* "==", "!=", "=", ":=", "+=", "-=" */
    char value[H2K_UDEV_FIELD];     /* cut off where it is longer */
};

/* The end of the rule at TEXT: its newline, which no backslash is before, or
 * the NUL; a comment is never continued. */
const char *h2k_udev_rule_end(const char *text);

/* The next term of the rule that ends at END, from *AT.  False at the end or
 * where it is no rule any more. */
bool h2k_udev_next(const char **at, const char *end,
                   struct h2k_udev_term *term);

#endif
