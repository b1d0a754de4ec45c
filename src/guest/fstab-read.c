/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fstab-read.h"

#include <string.h>

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool
is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* The field at *AT of LINE (without its newline) into OUT with \040-style
 * escapes undone, as fstab(5) has them.  False when it is too long. */
static bool
take_field(const char *line, size_t length, size_t *at, char *out,
           size_t out_size)
{
    size_t n = 0, i = *at;
    while (i < length && !is_blank(line[i])) {
        char c = line[i++];
        if (c == '\\' && length - i >= 3 && is_octal(line[i]) &&
            is_octal(line[i + 1]) && is_octal(line[i + 2])) {
            int value = (line[i] - '0') * 64 + (line[i + 1] - '0') * 8 +
                        (line[i + 2] - '0');
            if (value > 0 && value < 256) {
                c = (char)value;
                i += 3;
            }
        }
        if (n + 1 >= out_size || c == '\0')
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    *at = i;
    return true;
}

static void
skip_blanks(const char *line, size_t length, size_t *at)
{
    while (*at < length && is_blank(line[*at]))
        (*at)++;
}

/* One line; false when it holds no entry. */
static bool
parse_line(const char *line, size_t length, struct h2k_fstab_entry *entry,
           size_t *spec_at, size_t *spec_len)
{
    size_t at = 0;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    skip_blanks(line, length, &at);
    if (at == length || line[at] == '#')
        return false;
    *spec_at = at;
    if (!take_field(line, length, &at, entry->spec, sizeof(entry->spec)))
        return false;
    *spec_len = at - *spec_at;
    skip_blanks(line, length, &at);
    if (!take_field(line, length, &at, entry->dir, sizeof(entry->dir)))
        return false;
    skip_blanks(line, length, &at);
    if (!take_field(line, length, &at, entry->type, sizeof(entry->type)))
        return false;
    skip_blanks(line, length, &at);
    if (!take_field(line, length, &at, entry->options, sizeof(entry->options)))
        return false;
    return entry->dir[0] != '\0';
}

bool
h2k_fstab_next(struct h2k_fstab_cursor *cursor, struct h2k_fstab_entry *entry)
{
    while (cursor->at < cursor->size) {
        size_t begin = cursor->at, spec_at = 0, spec_len = 0;
        const char *line = cursor->text + begin;
        const char *end = memchr(line, '\n', cursor->size - begin);
        size_t length =
            end == NULL ? cursor->size - begin : (size_t)(end - line);
        cursor->at = begin + length + (end != NULL);
        cursor->line++;
        if (parse_line(line, length, entry, &spec_at, &spec_len)) {
            entry->line = cursor->line;
            entry->spec_at = begin + spec_at;
            entry->spec_len = spec_len;
            return true;
        }
    }
    return false;
}

bool
h2k_fstab_has_option(const char *options, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = options; *p != '\0';) {
        size_t n = strcspn(p, ",");
        if (n == length && memcmp(p, name, n) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

bool
h2k_fstab_is_pseudo(const struct h2k_fstab_entry *entry)
{
    if (h2k_fstab_has_option(entry->options, "bind") ||
        h2k_fstab_has_option(entry->options, "rbind") ||
        h2k_fstab_has_option(entry->options, "loop"))
        return true;
    return strncmp(entry->spec, "/dev/", 5) != 0 &&
           strncmp(entry->spec, "UUID=", 5) != 0 &&
           strncmp(entry->spec, "LABEL=", 6) != 0 &&
           strncmp(entry->spec, "PARTUUID=", 9) != 0 &&
           strncmp(entry->spec, "PARTLABEL=", 10) != 0;
}
