/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Configuration files of one statement a line, fields between blanks and
 * comments behind "#": crypttab(5), modules(5), modprobe.d(5), xorg.conf(5).
 */
#ifndef H2K_GUEST_LINES_H
#define H2K_GUEST_LINES_H

#include "guest/fix/rewrite.h"

#define H2K_LINE_FIELDS 4

struct h2k_field {
    size_t at, length; /* bytes of the text; length 0: absent */
};

struct h2k_line {
    size_t at, end; /* without the newline */
    struct h2k_field fields[H2K_LINE_FIELDS];
};

/* The next line from *CURSOR, from 0, that has a field and is no comment.
 * False at the end. */
bool h2k_line_next(const struct h2k_rewrite *rewrite, size_t *cursor,
                   struct h2k_line *line);

/* Is the field WORD? */
bool h2k_field_is(const struct h2k_rewrite *rewrite, struct h2k_field field,
                  const char *word);
/* Is it one of WORDS, ended by NULL? */
bool h2k_field_is_any(const struct h2k_rewrite *rewrite,
                      struct h2k_field field, const char *const *words);

/* Put "#" before the line's first field. */
int h2k_line_comment_out(struct h2k_rewrite *rewrite,
                         const struct h2k_line *line, const char *what);

#endif
