/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/install-section.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define UNIT_NAME_MAX 255
#define CHARACTERS \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\@-"

void
h2k_install_free(struct h2k_install *install)
{
    h2k_strings_clear(&install->alias);
    h2k_strings_clear(&install->wanted_by);
    h2k_strings_clear(&install->required_by);
    h2k_strings_clear(&install->upheld_by);
    h2k_strings_clear(&install->also);
    free(install->default_instance);
    *install = (struct h2k_install){ 0 };
}

static int
add_words(struct h2k_strings *list, const char *value)
{
    value += strspn(value, " \t");
    if (*value == '\0')
        h2k_strings_clear(list);
    while (*value != '\0') {
        size_t size = strcspn(value, " \t");
        if (list->count < H2K_INSTALL_WORDS_MAX &&
            h2k_strings_addn(list, value, size) < 0)
            return -1;
        value += size;
        value += strspn(value, " \t");
    }
    return 0;
}

static int
set_instance(struct h2k_install *install, const char *value)
{
    free(install->default_instance);
    install->default_instance =
        *value == '\0' ? NULL : strndup(value, strcspn(value, " \t"));
    return *value != '\0' && install->default_instance == NULL
               ? h2k_fail(H2K_E_NOMEM, "out of memory")
               : 0;
}

/* "KEY=value" of the section. */
static int
take(struct h2k_install *install, char *line)
{
    const struct {
        const char *key;
        struct h2k_strings *list;
    } lists[] = {
        { "Alias", &install->alias },
        { "WantedBy", &install->wanted_by },
        { "RequiredBy", &install->required_by },
        { "UpheldBy", &install->upheld_by },
        { "Also", &install->also },
    };
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return 0;
    const char *value = equals + 1 + strspn(equals + 1, " \t");
    while (equals > line && (equals[-1] == ' ' || equals[-1] == '\t'))
        equals--;
    *equals = '\0';
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (strcmp(line, lists[i].key) == 0)
            return add_words(lists[i].list, value);
    return strcmp(line, "DefaultInstance") == 0 ? set_instance(install, value)
                                                : 0;
}

/* The next line, joined with those that follow a backslash at its end, into
 * LINE; comments among those are passed over: systemd.syntax(7). */
static const char *
next_line(const char *text, struct h2k_buffer *line)
{
    bool more = true;
    line->size = 0;
    while (more && *text != '\0') {
        size_t size = strcspn(text, "\r\n");
        const char *begin = text + strspn(text, " \t");
        bool comment = *begin == '#' || *begin == ';';
        more = comment ? line->size > 0 : size > 0 && text[size - 1] == '\\';
        if (!comment && more) {
            h2k_buffer_add(line, text, size - 1);
            h2k_buffer_addc(line, ' ');
        } else if (!comment) {
            h2k_buffer_add(line, text, size);
        }
        text += size;
        text += *text == '\r';
        text += *text == '\n';
    }
    h2k_buffer_addc(line, '\0');
    return text;
}

int
h2k_install_parse(struct h2k_install *install, const char *text)
{
    H2K_AUTO_BUFFER buffer = { 0 };
    bool inside = false;
    while (*text != '\0') {
        text = next_line(text, &buffer);
        if (h2k_buffer_check(&buffer) < 0)
            return -1;
        char *line = buffer.data + strspn(buffer.data, " \t");
        char *end = line + strlen(line);
        while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
            *--end = '\0';
        if (*line == '[')
            inside = strcmp(line, "[Install]") == 0;
        else if (inside && take(install, line) < 0)
            return -1;
    }
    return 0;
}

/* ---- Names ---- */

bool
h2k_unit_is_name(const char *name)
{
    static const char *const types[] = {
        ".service", ".socket", ".device", ".mount", ".automount", ".swap",
        ".target",  ".path",   ".timer",  ".slice", ".scope",
    };
    size_t size = strlen(name);
    const char *dot = strrchr(name, '.');
    if (size > UNIT_NAME_MAX || dot == NULL || dot == name || name[0] == '.' ||
        name[0] == '@' || name[strspn(name, CHARACTERS)] != '\0')
        return false;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(dot, types[i]) == 0)
            return true;
    return false;
}

bool
h2k_unit_is_template(const char *name)
{
    const char *at = strchr(name, '@');
    return at != NULL && at + 1 == strrchr(name, '.');
}

bool
h2k_unit_is_instance(const char *name)
{
    return strchr(name, '@') != NULL && !h2k_unit_is_template(name);
}

char *
h2k_unit_with_instance(const char *name, const char *instance)
{
    char *out;
    if (asprintf(&out, "%.*s@%s%s", (int)strcspn(name, "@"), name,
                 instance == NULL ? "" : instance, strrchr(name, '.')) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return out;
}

/* What stands for %C in the unit NAME; false for what we do not know. */
static bool
specifier(struct h2k_buffer *out, char c, const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *at = strchr(name, '@');
    const char *prefix_end = at != NULL && at < dot ? at : dot;
    const char *dash = memrchr(name, '-', (size_t)(prefix_end - name));
    switch (c) {
    case '%':
        h2k_buffer_addc(out, '%');
        return true;
    case 'n':
        h2k_buffer_adds(out, name);
        return true;
    case 'N':
        h2k_buffer_add(out, name, (size_t)(dot - name));
        return true;
    case 'p':
        h2k_buffer_add(out, name, (size_t)(prefix_end - name));
        return true;
    case 'i':
        if (prefix_end == at)
            h2k_buffer_add(out, at + 1, (size_t)(dot - at - 1));
        return true;
    case 'j': /* the prefix behind its last dash */
        dash = dash == NULL ? name : dash + 1;
        h2k_buffer_add(out, dash, (size_t)(prefix_end - dash));
        return true;
    default:
        return false;
    }
}

int
h2k_install_expand(const char *word, const char *name, char **out)
{
    H2K_AUTO_BUFFER text = { 0 };
    bool known = true;
    for (; *word != '\0' && known; word++) {
        if (*word != '%')
            h2k_buffer_addc(&text, *word);
        else
            known = word[1] != '\0' && specifier(&text, *++word, name);
    }
    *out = NULL;
    if (h2k_buffer_check(&text) < 0)
        return -1;
    if (!known || !h2k_unit_is_name(h2k_buffer_text(&text)))
        return 0;
    *out = h2k_buffer_steal(&text);
    return *out == NULL ? -1 : 0;
}
