/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "common/columns.h"

#include "common/terminal.h"

#include "base/error.h"

#include <string.h>

#define MOST 16
#define GAP 2
#define NARROWEST 8 /* that a column shrinks to */

struct columns {
    const struct column *headings;
    size_t width;
    char **cells; /* width to a row; owned */
    size_t rows;
    bool failed;
};

struct columns *
columns_new(const struct column *headings)
{
    struct columns *columns = calloc(1, sizeof(*columns));
    if (columns == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    columns->headings = headings;
    while (columns->width < MOST && headings[columns->width].heading != NULL)
        columns->width++;
    return columns;
}

void
columns_free(struct columns *columns)
{
    if (columns == NULL)
        return;
    for (size_t i = 0; i < columns->rows * columns->width; i++)
        free(columns->cells[i]);
    free(columns->cells);
    free(columns);
}

void
columns_add(struct columns *columns, const char *const *cells)
{
    size_t start = columns->rows * columns->width;
    char **all =
        reallocarray(columns->cells, start + columns->width, sizeof(*all));
    if (all == NULL) {
        columns->failed = true;
        return;
    }
    columns->cells = all;
    columns->rows++;
    for (size_t i = 0; i < columns->width; i++) {
        all[start + i] = terminal_safe(cells[i] == NULL ? "" : cells[i], 0);
        columns->failed |= all[start + i] == NULL;
    }
}

/* ---- Printing ---- */

static const char *
cell(const struct columns *columns, size_t row, size_t i)
{
    return columns->cells[row * columns->width + i];
}

/* The widest of the columns that may shrink and still can, or -1. */
static int
widest(const struct columns *columns, const unsigned *widths)
{
    int found = -1;
    for (size_t i = 0; i < columns->width; i++)
        if (columns->headings[i].shrinks && widths[i] > NARROWEST &&
            (found < 0 || widths[i] > widths[found]))
            found = (int)i;
    return found;
}

static void
measure(const struct columns *columns, unsigned screen, unsigned *widths)
{
    unsigned total = 0;
    for (size_t i = 0; i < columns->width; i++) {
        widths[i] = terminal_width(columns->headings[i].heading);
        for (size_t row = 0; row < columns->rows; row++) {
            unsigned w = terminal_width(cell(columns, row, i));
            widths[i] = w > widths[i] ? w : widths[i];
        }
        total += widths[i] + (i > 0 ? GAP : 0);
    }
    int i;
    while (screen > 0 && total > screen &&
           (i = widest(columns, widths)) >= 0) {
        widths[i]--;
        total--;
    }
}

static void
print_cell(const struct column *column, const char *text, unsigned width,
           bool last, FILE *out)
{
    h2k_autofree char *cut = terminal_safe(text, width);
    const char *shown = cut == NULL ? "" : cut;
    int padding = (int)(width - terminal_width(shown));
    if (column->right)
        fprintf(out, "%*s%s", padding, "", shown);
    else
        fprintf(out, "%s%*s", shown, last ? 0 : padding, "");
    fprintf(out, "%s", last ? "\n" : "  ");
}

/* ROW's cells, or the headings for -1; nothing stands behind the last that is
 * not empty. */
static void
print_row(const struct columns *columns, ssize_t row, const unsigned *widths,
          FILE *out)
{
    const char *cells[MOST];
    size_t last = 0;
    for (size_t i = 0; i < columns->width; i++) {
        cells[i] = row < 0 ? columns->headings[i].heading
                           : cell(columns, (size_t)row, i);
        last = cells[i][0] != '\0' ? i : last;
    }
    for (size_t i = 0; i <= last; i++)
        print_cell(&columns->headings[i], cells[i], widths[i], i == last, out);
}

int
columns_print(const struct columns *columns, FILE *out)
{
    unsigned widths[MOST] = { 0 };
    if (columns->failed)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    measure(columns, terminal_columns(out), widths);
    for (ssize_t row = -1; row < (ssize_t)columns->rows; row++)
        print_row(columns, row, widths, out);
    if (fflush(out) != 0 || ferror(out))
        return h2k_fail_errno(H2K_E_OUTPUT, "standard output");
    return 0;
}
