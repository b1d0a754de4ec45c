/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The entries of menus that are written in lines. */
#include "base/error.h"
#include "guest/boot/menu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *text;
    struct h2k_menu *menu;
    struct h2k_menu_entry *entry; /* the one that is read, or NULL */
    size_t number;                /* entries so far, with those without a
                                     kernel */
};

static int
set(const struct reader *r, char **field, struct h2k_menu_range range)
{
    free(*field);
    *field = strndup(r->text + range.at, range.end - range.at);
    return *field == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

/* An entry that starts no kernel is none of ours. */
static void
end_entry(struct reader *r)
{
    if (r->entry != NULL && r->entry->kernel == NULL)
        h2k_menu_drop_last(r->menu);
    r->entry = NULL;
}

static int
begin_entry(struct reader *r, struct h2k_menu_range title)
{
    end_entry(r);
    if (r->menu->count == H2K_MENU_ENTRIES_MAX)
        return 0;
    r->entry = h2k_menu_add(r->menu);
    if (r->entry == NULL)
        return -1;
    if (asprintf(&r->entry->place, "%zu", r->number++) < 0) {
        r->entry->place = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return set(r, &r->entry->title, title);
}

/* "/ucode.img,/initrd.img" or with blanks between. */
static int
add_initrds(struct reader *r, struct h2k_menu_range range)
{
    while (range.at < range.end) {
        const char *start = r->text + range.at;
        size_t left = range.end - range.at, length = 0;
        while (length < left && start[length] != '\0' &&
               strchr(", \t\r", start[length]) == NULL)
            length++;
        r->entry->has_initrd |= length > 0;
        if (length > 0 && r->entry->initrds.count < H2K_MENU_INITRDS_MAX &&
            h2k_strings_addn(&r->entry->initrds, start, length) < 0)
            return -1;
        range.at += length + (length < left);
    }
    return 0;
}

/* Files may be named in a command line: syslinux' own "initrd=". */
static int
add_options(struct reader *r, struct h2k_menu_range options)
{
    return add_initrds(r, h2k_menu_parameter(r->text, options, "initrd="));
}

static int
take_line(struct reader *r, const struct h2k_menu_line *line)
{
    if (line->key == H2K_MENU_DEFAULT)
        return set(r, &r->menu->chosen, line->value);
    if (line->key == H2K_MENU_ENTRY)
        return begin_entry(r, line->value);
    if (r->entry == NULL)
        return 0;
    switch (line->key) {
    case H2K_MENU_SELECTED:
        r->entry->selected = true;
        return 0;
    case H2K_MENU_INITRD:
        return add_initrds(r, line->value);
    case H2K_MENU_OPTIONS:
        return add_options(r, line->options);
    case H2K_MENU_KERNEL:
        if (line->value.at == line->value.end)
            return 0;
        return set(r, &r->entry->kernel, line->value) < 0
                   ? -1
                   : add_options(r, line->options);
    default:
        return 0;
    }
}

struct h2k_menu *
h2k_menu_parse_lines(const char *directory,
                     const struct h2k_menu_syntax *syntax, const char *text,
                     size_t size)
{
    H2K_AUTO(h2k_menu) menu = h2k_menu_new(directory);
    struct reader r = { .text = text, .menu = menu };
    r.number = syntax == &h2k_menu_limine; /* it counts from 1 */
    struct h2k_menu_line line;
    size_t cursor = 0;
    if (menu == NULL)
        return NULL;
    while (h2k_menu_line_next(syntax, text, size, &cursor, &line))
        if (take_line(&r, &line) < 0)
            return NULL;
    end_entry(&r);
    return h2k_steal(menu);
}
