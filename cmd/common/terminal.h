/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Text on a terminal: how wide it is, and names that cannot command it. */
#ifndef H2K_CMD_TERMINAL_H
#define H2K_CMD_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

/* The columns of the terminal that OUT is; 0 where it is none, or one that
 * cannot move its cursor (TERM=dumb). */
unsigned terminal_columns(FILE *out);
unsigned terminal_rows(FILE *out); /* 24 where it does not say */

/* The columns that TEXT takes, each of its characters one wide unless the
 * locale says otherwise; what is not text counts as terminal_safe shows it. */
unsigned terminal_width(const char *text);

/*
 * TEXT with control characters, and bytes that are no UTF-8, as \xNN: a
 * name that came from elsewhere must not move the cursor.  Cut to at most
 * COLUMNS with an ellipsis at its end; 0: not cut.  The caller frees it; NULL
 * without memory, with no error set.
 */
char *terminal_safe(const char *text, unsigned columns);

#endif
