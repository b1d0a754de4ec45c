/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/lines.h"

#include "base/buffer.h"

#include <string.h>

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void
split(const char *text, struct h2k_line *line)
{
    size_t at = line->at;
    for (size_t i = 0; i < H2K_LINE_FIELDS; i++) {
        struct h2k_field *field = &line->fields[i];
        while (at < line->end && is_blank(text[at]))
            at++;
        field->at = at;
        while (at < line->end && !is_blank(text[at]))
            at++;
        field->length = at - field->at;
    }
}

bool
h2k_line_next(const struct h2k_rewrite *rewrite, size_t *cursor,
              struct h2k_line *line)
{
    const char *text = rewrite->text;
    while (*cursor < rewrite->size) {
        size_t left = rewrite->size - *cursor;
        const char *newline = memchr(text + *cursor, '\n', left);
        line->at = *cursor;
        line->end = newline == NULL ? rewrite->size : (size_t)(newline - text);
        *cursor = line->end + (newline != NULL);
        split(text, line);
        if (line->fields[0].length > 0 && text[line->fields[0].at] != '#')
            return true;
    }
    return false;
}

bool
h2k_field_is(const struct h2k_rewrite *rewrite, struct h2k_field field,
             const char *word)
{
    return field.length == strlen(word) &&
           memcmp(rewrite->text + field.at, word, field.length) == 0;
}

bool
h2k_field_is_any(const struct h2k_rewrite *rewrite, struct h2k_field field,
                 const char *const *words)
{
    for (; *words != NULL; words++)
        if (h2k_field_is(rewrite, field, *words))
            return true;
    return false;
}

int
h2k_line_comment_out(struct h2k_rewrite *rewrite, const struct h2k_line *line,
                     const char *what)
{
    H2K_AUTO_BUFFER text = { 0 };
    size_t at = line->fields[0].at;
    h2k_buffer_addc(&text, '#');
    h2k_buffer_add(&text, rewrite->text + at, line->end - at);
    if (h2k_buffer_check(&text) < 0)
        return -1;
    return h2k_rewrite_add(rewrite, at, line->end - at, h2k_buffer_text(&text),
                           "%s", what);
}
