/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/text/ini.h"

#include <stdlib.h>
#include <string.h>

static void
trim(const char **begin, const char **end)
{
    while (*begin < *end && strchr(" \t\r", **begin) != NULL)
        ++*begin;
    while (*end > *begin && strchr(" \t\r", (*end)[-1]) != NULL)
        --*end;
}

/* [BEGIN, END) without blanks around it; false when it is too long. */
static bool
copy_field(const char *begin, const char *end, char out[H2K_INI_FIELD])
{
    trim(&begin, &end);
    size_t n = (size_t)(end - begin);
    if (n >= H2K_INI_FIELD)
        return false;
    memcpy(out, begin, n);
    out[n] = '\0';
    return true;
}

/* What a shell makes of "value", 'value' or value. */
static void
unquote(char *value)
{
    size_t n = strlen(value), out = 0;
    char quote = value[0];
    if (n < 2 || (quote != '"' && quote != '\'') || value[n - 1] != quote)
        return;
    for (size_t i = 1; i < n - 1; i++) {
        if (quote == '"' && value[i] == '\\' && i + 1 < n - 1)
            i++;
        value[out++] = value[i];
    }
    value[out] = '\0';
}

static bool
parse_line(struct h2k_ini_cursor *cursor, const char *begin, const char *end,
           struct h2k_ini_line *line)
{
    trim(&begin, &end);
    if (begin == end || *begin == '#' || *begin == ';')
        return false;
    if (*begin == '[') {
        const char *close = memchr(begin, ']', (size_t)(end - begin));
        /* What is too long to be a section's name is none that is known. */
        if (close == NULL || !copy_field(begin + 1, close, cursor->section))
            cursor->section[0] = '\0';
        return false;
    }
    const char *equals = memchr(begin, '=', (size_t)(end - begin));
    if (equals == NULL || !copy_field(begin, equals, line->key) ||
        !copy_field(equals + 1, end, line->value))
        return false;
    unquote(line->value);
    memcpy(line->section, cursor->section, sizeof(line->section));
    return true;
}

/* VALUE with the lines that follow a backslash at its end, between which
 * comments are passed over.  What is longer than a field is cut off. */
static void
join(struct h2k_ini_cursor *cursor, char value[H2K_INI_FIELD])
{
    size_t n = strlen(value);
    while (n > 0 && value[n - 1] == '\\' && *cursor->text != '\0') {
        const char *begin = cursor->text;
        const char *end = begin + strcspn(begin, "\n");
        cursor->text = end + (*end == '\n');
        trim(&begin, &end);
        if (begin < end && (*begin == '#' || *begin == ';'))
            continue;
        size_t more = (size_t)(end - begin), room = H2K_INI_FIELD - 1 - n;
        value[n - 1] = ' ';
        memcpy(value + n, begin, more < room ? more : room);
        n += more < room ? more : room;
        value[n] = '\0';
    }
}

bool
h2k_ini_next(struct h2k_ini_cursor *cursor, struct h2k_ini_line *line)
{
    while (*cursor->text != '\0') {
        const char *begin = cursor->text;
        const char *end = begin + strcspn(begin, "\n");
        cursor->text = end + (*end == '\n');
        if (!parse_line(cursor, begin, end, line))
            continue;
        if (cursor->joins)
            join(cursor, line->value);
        return true;
    }
    return false;
}

char *
h2k_ini_place(const struct h2k_ini_field *fields, size_t count,
              const char *section, const char *key, void *out)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(section, fields[i].section) == 0 &&
            strcmp(key, fields[i].key) == 0)
            return (char *)out + fields[i].offset;
    return NULL;
}

bool
h2k_ini_take(const struct h2k_ini_field *fields, size_t count,
             const struct h2k_ini_line *line, void *out)
{
    char *place = h2k_ini_place(fields, count, line->section, line->key, out);
    if (place != NULL)
        memcpy(place, line->value, H2K_INI_FIELD);
    return place != NULL;
}

char *
h2k_ini_get(const char *text, const char *key)
{
    struct h2k_ini_cursor cursor = { .text = text };
    struct h2k_ini_line line;
    char *found = NULL;
    while (h2k_ini_next(&cursor, &line)) {
        if (strcmp(line.key, key) != 0)
            continue;
        free(found);
        found = strdup(line.value);
    }
    return found;
}
