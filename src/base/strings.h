/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A growing list of strings: names found, warnings, paths. */
#ifndef H2K_BASE_STRINGS_H
#define H2K_BASE_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

/* Initialise with { 0 }. */
struct h2k_strings {
    char **items; /* owned, as each string is */
    size_t count;
    size_t capacity;
};

/* A copy of TEXT at the end.  0, or -1 with H2K_E_NOMEM. */
int h2k_strings_add(struct h2k_strings *list, const char *text);
int h2k_strings_addn(struct h2k_strings *list, const char *text,
                     size_t length);
int h2k_strings_addf(struct h2k_strings *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, unless an equal string is there already. */
int h2k_strings_add_once(struct h2k_strings *list, const char *text);
bool h2k_strings_contain(const struct h2k_strings *list, const char *text);
/* Only the first COUNT stay, where there are more. */
void h2k_strings_truncate(struct h2k_strings *list, size_t count);
void h2k_strings_sort(struct h2k_strings *list);  /* by bytes */
void h2k_strings_clear(struct h2k_strings *list); /* frees all; NULL is fine */

#define H2K_AUTO_STRINGS \
    __attribute__((cleanup(h2k_strings_clear))) struct h2k_strings

#endif
