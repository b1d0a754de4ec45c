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
    bool joins; /* a backslash at a line's end joins it with the next one:
                   systemd.syntax(7) */
    char section[H2K_INI_FIELD];
};

/* The next assignment; comments ('#', ';') and what is longer than a field
 * are passed over.  False at the end. */
bool h2k_ini_next(struct h2k_ini_cursor *cursor, struct h2k_ini_line *line);

/* A key, and where its value goes: H2K_INI_FIELD bytes at OFFSET of a
 * struct, by offsetof. */
struct h2k_ini_field {
    const char *section, *key;
    size_t offset;
};

/* The place of a key in OUT, the struct; NULL when the table has no such
 * key. */
char *h2k_ini_place(const struct h2k_ini_field *fields, size_t count,
                    const char *section, const char *key, void *out);
/* LINE's value to its place, over what was there; false when it has none. */
bool h2k_ini_take(const struct h2k_ini_field *fields, size_t count,
                  const struct h2k_ini_line *line, void *out);

/* The last value of KEY in any section of TEXT, copied, or NULL for none or
 * no memory. */
char *h2k_ini_get(const char *text, const char *key);

#endif
