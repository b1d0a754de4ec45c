/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A table for people: columns as wide as their widest cell.  On a terminal
 * that is too narrow, those that may shrink do, widest first; elsewhere
 * nothing is cut.  Cells that came from elsewhere cannot command the
 * terminal (terminal.h).
 */
#ifndef H2K_CMD_COLUMNS_H
#define H2K_CMD_COLUMNS_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdio.h>

struct column {
    const char *heading; /* NULL ends the columns, of which there are at
                            most 16 */
    bool right;          /* numbers */
    bool shrinks;
};

struct columns;
/* HEADINGS live as long.  NULL with H2K_E_NOMEM. */
struct columns *columns_new(const struct column *headings);
void columns_free(struct columns *columns); /* NULL is fine */
H2K_DEFINE_AUTO(columns, columns_free)

/* A row of as many CELLS as there are headings, copied; NULL is empty.
 * Running out of memory is told when printing. */
void columns_add(struct columns *columns, const char *const *cells);

/* -1 with H2K_E_NOMEM or H2K_E_OUTPUT. */
int columns_print(const struct columns *columns, FILE *out);

#endif
