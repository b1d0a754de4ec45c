/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Paragraphs of fields, deb822(5). */
#include "guest/software/control.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The end of the line at TEXT: its newline, or the NUL. */
static const char *
line_end(const char *text)
{
    return text + strcspn(text, "\n");
}

static bool
continues(const char *line)
{
    return *line == ' ' || *line == '\t';
}

char *
h2k_control_get(const char *text, const char *field)
{
    size_t length = strlen(field);
    while (*text != '\0') {
        const char *end = line_end(text);
        while (*end == '\n' && continues(end + 1))
            end = line_end(end + 1);
        if (strncasecmp(text, field, length) == 0 && text[length] == ':') {
            text += length + 1;
            text += strspn(text, " \t");
            return text < end ? strndup(text, (size_t)(end - text))
                              : strdup("");
        }
        text = end + (*end == '\n');
    }
    return NULL;
}

bool
h2k_control_next(const char **text, const char **start, size_t *length)
{
    const char *p = *text + strspn(*text, "\n");
    const char *end = strstr(p, "\n\n");
    if (*p == '\0')
        return false;
    *start = p;
    *length = end == NULL ? strlen(p) : (size_t)(end - p) + 1;
    *text = p + *length;
    return true;
}
