/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lines of "KEY=VALUE", with or without [sections]: os-release(5),
 * sysconfig files, systemd's and NetworkManager's. */
#ifndef H2K_GUEST_INI_H
#define H2K_GUEST_INI_H

#include <stdbool.h>
#include <stddef.h>

#define H2K_INI_FIELD 512 /* longest section, key or value, with the NUL */

struct h2k_ini_line {
    char section[H2K_INI_FIELD]; /* "" before the first */
    char key[H2K_INI_FIELD];
    char value[H2K_INI_FIELD]; /* without quotes around it, and without a
                                  shell's backslashes where it has them */
};

/* Where reading stands; start from { .text = text }, NUL-terminated. */
struct h2k_ini_cursor {
    const char *text;
    char section[H2K_INI_FIELD];
};

/* The next assignment; comments ('#', ';') and what is longer than a field
 * are passed over.  False at the end. */
bool h2k_ini_next(struct h2k_ini_cursor *cursor, struct h2k_ini_line *line);

/* The last value of KEY in any section of TEXT, copied, or NULL for none or
 * no memory. */
char *h2k_ini_get(const char *text, const char *key);

#endif
