/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/menu-rewrite.h"

#include "guest/text/shell-words.h"

#include <string.h>

/* Who reads the command lines of each entry in turn, one byte for each, of
 * enum h2k_spec_reader.  What stands before the first entry is for all of
 * them, so one initrd anywhere counts. */
static int
find_readers(const struct h2k_rewrite *rewrite,
             const struct h2k_menu_syntax *syntax, struct h2k_buffer *readers)
{
    struct h2k_menu_line line;
    size_t cursor = 0;
    h2k_buffer_addc(readers, H2K_READER_KERNEL);
    while (!readers->failed &&
           h2k_menu_line_next(syntax, rewrite->text, rewrite->size, &cursor,
                              &line)) {
        struct h2k_menu_range initrd =
            h2k_menu_parameter(rewrite->text, line.options, "initrd=");
        if (line.key == H2K_MENU_ENTRY)
            h2k_buffer_addc(readers, H2K_READER_KERNEL);
        if (!readers->failed &&
            (line.key == H2K_MENU_INITRD || line.key == H2K_MENU_MODULE ||
             initrd.at < initrd.end)) {
            readers->data[0] = H2K_READER_USERLAND;
            readers->data[readers->size - 1] = H2K_READER_USERLAND;
        }
    }
    return h2k_buffer_check(readers);
}

int
h2k_menu_rewrite(struct h2k_rewrite *rewrite,
                 const struct h2k_menu_syntax *syntax,
                 struct h2k_cmdline_roots *roots)
{
    H2K_AUTO_BUFFER readers = { 0 };
    struct h2k_menu_line line;
    size_t cursor = 0, entry = 0;
    if (find_readers(rewrite, syntax, &readers) < 0)
        return -1;
    while (h2k_menu_line_next(syntax, rewrite->text, rewrite->size, &cursor,
                              &line)) {
        struct h2k_cmdline_roots none = { 0 };
        entry += line.key == H2K_MENU_ENTRY;
        enum h2k_spec_reader reader =
            (enum h2k_spec_reader)
                readers.data[line.key == H2K_MENU_TEMPLATE ? 0 : entry];
        if (line.options.at < line.options.end &&
            h2k_cmdline_rewrite(
                rewrite, rewrite->text + line.options.at,
                line.options.end - line.options.at, NULL, line.options.at,
                reader, line.key == H2K_MENU_TEMPLATE ? &none : roots) < 0)
            return -1;
    }
    return 0;
}

/* ---- What is written in shell words ---- */

int
h2k_refind_rewrite(struct h2k_rewrite *rewrite,
                   struct h2k_cmdline_roots *roots)
{
    H2K_AUTO_SHELL shell = { .text = rewrite->text, .size = rewrite->size };
    enum h2k_token token = H2K_TOKEN_SEPARATOR;
    size_t word = 0; /* of its line, from 1 */
    while (token != H2K_TOKEN_END && token != H2K_TOKEN_BROKEN) {
        if (h2k_shell_next(&shell, &token) < 0)
            return -1;
        if (token != H2K_TOKEN_WORD) {
            word = 0;
            continue;
        }
        if (++word >= 2 &&
            h2k_cmdline_rewrite(rewrite, h2k_buffer_text(&shell.bytes),
                                shell.bytes.size, shell.places, 0,
                                H2K_READER_USERLAND, roots) < 0)
            return -1;
    }
    return 0;
}

static bool
is_one_of(const struct h2k_shell *shell, size_t length,
          const char *const *names)
{
    for (; *names != NULL; names++)
        if (strlen(*names) == length &&
            memcmp(shell->bytes.data, *names, length) == 0)
            return true;
    return false;
}

/* NAME=value, or bash's NAME[WORD]=value, as limine-mkinitcpio's
 * KERNEL_CMDLINE[default]. */
static bool
assigns(const struct h2k_shell *shell, size_t *name, size_t *value)
{
    const char *bytes = shell->bytes.data;
    size_t size = shell->bytes.size;
    if (h2k_shell_assigns(shell, name, value))
        return true;
    const char *open = size == 0 ? NULL : memchr(bytes, '[', size);
    const char *close = open == NULL ? NULL : memchr(bytes, ']', size);
    if (close == NULL || open == bytes || close < open)
        return false;
    *name = (size_t)(open - bytes);
    *value = (size_t)(close - bytes) + 1;
    *value += *value < size && bytes[*value] == '+';
    if (*value == size || bytes[*value] != '=')
        return false;
    ++*value;
    return true;
}

int
h2k_cmdline_variables_rewrite(struct h2k_rewrite *rewrite,
                              const char *const *variables)
{
    static const char *const devices[] = { "root", NULL };
    H2K_AUTO_SHELL shell = { .text = rewrite->text, .size = rewrite->size };
    enum h2k_token token = H2K_TOKEN_SEPARATOR;
    struct h2k_cmdline_roots roots = { 0 };
    size_t name, value;
    while (token != H2K_TOKEN_END && token != H2K_TOKEN_BROKEN) {
        bool first = token == H2K_TOKEN_SEPARATOR;
        if (h2k_shell_next(&shell, &token) < 0)
            return -1;
        if (token != H2K_TOKEN_WORD || !first ||
            !assigns(&shell, &name, &value) ||
            !is_one_of(&shell, name, variables))
            continue;
        if (is_one_of(&shell, name, devices))
            value = 0; /* the assignment is the parameter */
        if (h2k_cmdline_rewrite(rewrite, shell.bytes.data + value,
                                shell.bytes.size - value, shell.places + value,
                                0, H2K_READER_USERLAND, &roots) < 0)
            return -1;
    }
    return 0;
}
