/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/menu-line.h"

#include <string.h>
#include <strings.h>

static const struct h2k_menu_keyword grub_legacy_keywords[] = {
    { "default", H2K_MENU_DEFAULT },
    { "title", H2K_MENU_ENTRY },
    { "kernel", H2K_MENU_KERNEL },
    { "module", H2K_MENU_MODULE },
    { "modulenounzip", H2K_MENU_MODULE },
    { "initrd", H2K_MENU_INITRD },
    { NULL, H2K_MENU_OTHER },
};

const struct h2k_menu_syntax h2k_menu_grub_legacy = {
    .loader = "grub",
    .keywords = grub_legacy_keywords,
    .separators = "=",
    .entries = "",
    .templates = true,
    .inline_options = true,
};

static const struct h2k_menu_keyword syslinux_keywords[] = {
    { "default", H2K_MENU_DEFAULT },       { "label", H2K_MENU_ENTRY },
    { "kernel", H2K_MENU_KERNEL },         { "linux", H2K_MENU_KERNEL },
    { "initrd", H2K_MENU_INITRD },         { "append", H2K_MENU_OPTIONS },
    { "menu default", H2K_MENU_SELECTED }, { NULL, H2K_MENU_OTHER },
};

const struct h2k_menu_syntax h2k_menu_syslinux = {
    .loader = "syslinux",
    .keywords = syslinux_keywords,
    .separators = "",
    .entries = "",
    .inline_options = true,
};

/* CONFIG.md of today, and of the years when keys were in capitals. */
static const struct h2k_menu_keyword limine_keywords[] = {
    { "default_entry", H2K_MENU_DEFAULT },
    { "path", H2K_MENU_KERNEL },
    { "kernel_path", H2K_MENU_KERNEL },
    { "module_path", H2K_MENU_INITRD },
    { "cmdline", H2K_MENU_OPTIONS },
    { "kernel_cmdline", H2K_MENU_OPTIONS },
    { NULL, H2K_MENU_OTHER },
};

const struct h2k_menu_syntax h2k_menu_limine = {
    .loader = "limine",
    .keywords = limine_keywords,
    .separators = ":=",
    .entries = "/:",
};

/* A NUL byte is a blank: no loader's text has one. */
static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

static struct h2k_menu_range
trim(const char *text, struct h2k_menu_range range)
{
    while (range.at < range.end && is_blank(text[range.at]))
        range.at++;
    while (range.end > range.at && is_blank(text[range.end - 1]))
        range.end--;
    return range;
}

/* Where the word at the start of RANGE ends. */
static size_t
word_end(const char *text, struct h2k_menu_range range)
{
    size_t at = range.at;
    while (at < range.end && !is_blank(text[at]))
        at++;
    return at;
}

/* The length of WORD at the start of RANGE, in which one blank stands for
 * several and letters have no case; 0 when it is not there. */
static size_t
match(const char *text, struct h2k_menu_range range, const char *word)
{
    size_t at = range.at;
    for (; *word != '\0'; word++) {
        if (*word == ' ') {
            size_t blanks = at;
            while (at < range.end && is_blank(text[at]))
                at++;
            if (at == blanks)
                return 0;
            continue;
        }
        if (at == range.end || strncasecmp(&text[at], word, 1) != 0)
            return 0;
        at++;
    }
    return at - range.at;
}

static bool
is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* The keyword that RANGE begins with, cut off with what separates it. */
static enum h2k_menu_key
take_keyword(const struct h2k_menu_syntax *syntax, const char *text,
             struct h2k_menu_range *range)
{
    for (const struct h2k_menu_keyword *k = syntax->keywords; k->word != NULL;
         k++) {
        size_t length = match(text, *range, k->word);
        size_t at = range->at + length;
        if (length == 0 || (at < range->end && !is_blank(text[at]) &&
                            !is_one_of(text[at], syntax->separators)))
            continue;
        struct h2k_menu_range rest =
            trim(text, (struct h2k_menu_range){ .at = at, .end = range->end });
        if (rest.at < rest.end && is_one_of(text[rest.at], syntax->separators))
            rest.at++;
        *range = trim(text, rest);
        return k->key;
    }
    return H2K_MENU_OTHER;
}

/* "# kopt=root=/dev/hda1 ro", "# kopt_2_6=…", "# xenkopt=…", and what is
 * put behind them; two '#' are words about it. */
static bool
take_template(const char *text, struct h2k_menu_range range,
              struct h2k_menu_line *line)
{
    static const char *const names[] = { "kopt", "xenkopt", "xenhopt",
                                         "defoptions", "altoptions" };
    range.at++;
    range = trim(text, range);
    const char *equals = memchr(text + range.at, '=', range.end - range.at);
    if (equals == NULL)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]);
        if ((size_t)(equals - text) < range.at + length ||
            memcmp(text + range.at, names[i], length) != 0)
            continue;
        range.at = (size_t)(equals - text) + 1;
        line->key = H2K_MENU_TEMPLATE;
        line->value = line->options = trim(text, range);
        return true;
    }
    return false;
}

/* A kernel's value: the file, behind switches of the command; then what the
 * kernel is given. */
static void
split_kernel(const char *text, struct h2k_menu_line *line)
{
    struct h2k_menu_range rest = line->value;
    while (rest.end - rest.at > 2 && text[rest.at] == '-' &&
           text[rest.at + 1] == '-') {
        rest.at = word_end(text, rest);
        rest = trim(text, rest);
    }
    size_t end = word_end(text, rest);
    line->value = (struct h2k_menu_range){ .at = rest.at, .end = end };
    line->options =
        trim(text, (struct h2k_menu_range){ .at = end, .end = rest.end });
}

static bool
read_line(const struct h2k_menu_syntax *syntax, const char *text,
          struct h2k_menu_range range, struct h2k_menu_line *line)
{
    *line = (struct h2k_menu_line){ .key = H2K_MENU_OTHER };
    range = trim(text, range);
    if (range.at == range.end)
        return false;
    if (text[range.at] == '#')
        return syntax->templates && take_template(text, range, line);
    if (is_one_of(text[range.at], syntax->entries)) {
        while (range.at < range.end &&
               is_one_of(text[range.at], syntax->entries))
            range.at++;
        line->key = H2K_MENU_ENTRY;
        line->value = trim(text, range);
        return true;
    }
    line->key = take_keyword(syntax, text, &range);
    line->value = range;
    if (line->key == H2K_MENU_OPTIONS)
        line->options = range;
    if (syntax->inline_options &&
        (line->key == H2K_MENU_KERNEL || line->key == H2K_MENU_MODULE))
        split_kernel(text, line);
    return line->key != H2K_MENU_OTHER;
}

bool
h2k_menu_line_next(const struct h2k_menu_syntax *syntax, const char *text,
                   size_t size, size_t *cursor, struct h2k_menu_line *line)
{
    while (*cursor < size) {
        const char *newline = memchr(text + *cursor, '\n', size - *cursor);
        size_t end = newline == NULL ? size : (size_t)(newline - text);
        struct h2k_menu_range range = { .at = *cursor, .end = end };
        *cursor = end + (newline != NULL);
        if (read_line(syntax, text, range, line))
            return true;
    }
    return false;
}

struct h2k_menu_range
h2k_menu_parameter(const char *text, struct h2k_menu_range options,
                   const char *name)
{
    size_t length = strlen(name);
    struct h2k_menu_range rest = trim(text, options);
    while (rest.at < rest.end) {
        size_t end = word_end(text, rest);
        if (end - rest.at >= length &&
            memcmp(text + rest.at, name, length) == 0)
            return (struct h2k_menu_range){ .at = rest.at + length,
                                            .end = end };
        rest.at = end;
        rest = trim(text, rest);
    }
    return (struct h2k_menu_range){ .at = rest.end, .end = rest.end };
}
