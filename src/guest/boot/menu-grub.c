/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The entries of a grub.cfg. */
#include "base/error.h"
#include "guest/boot/grub-script.h"
#include "guest/boot/menu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16

/* An entry or a menu of entries whose braces are open. */
struct level {
    size_t depth;     /* of braces, outside of it */
    size_t next;      /* number of the next entry in it */
    char *title, *id; /* owned */
};

struct reader {
    struct h2k_grub_script script;
    struct h2k_menu *menu;
    struct level levels[DEPTH_MAX]; /* [0] is the file */
    size_t level;
    size_t depth;
    bool opening;    /* between "menuentry" and its brace */
    size_t argument; /* which one of the command it is, from 0 */
    bool id_follows; /* the next argument is an id */
    bool has_entry;  /* the last of the menu's items may get an initrd */
    size_t entry_level;
};

static void
reader_free(struct reader *r)
{
    h2k_grub_script_free(&r->script);
    for (size_t i = 0; i < DEPTH_MAX; i++) {
        free(r->levels[i].title);
        free(r->levels[i].id);
    }
}

static char *
word(const struct reader *r)
{
    const struct h2k_buffer *bytes = &r->script.shell.bytes;
    return strndup(bytes->size == 0 ? "" : bytes->data, bytes->size);
}

static bool
word_is(const struct reader *r, const char *text)
{
    const struct h2k_buffer *bytes = &r->script.shell.bytes;
    return bytes->size == strlen(text) &&
           memcmp(bytes->data, text, bytes->size) == 0;
}

/* Put the word into *FIELD, which is free. */
static int
take(const struct reader *r, char **field)
{
    free(*field);
    *field = word(r);
    return *field == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

/* "menuentry": a level that its brace opens. */
static void
begin_entry(struct reader *r)
{
    if (r->level + 1 == DEPTH_MAX)
        return;
    struct level *level = &r->levels[++r->level];
    free(level->title);
    free(level->id);
    *level = (struct level){ .depth = r->depth };
    r->opening = true;
    r->id_follows = false;
}

static int
entry_argument(struct reader *r)
{
    struct level *level = &r->levels[r->level];
    if (!r->opening)
        return 0;
    if (r->id_follows) {
        r->id_follows = false;
        return take(r, &level->id);
    }
    if (word_is(r, "--id") || word_is(r, "$menuentry_id_option") ||
        word_is(r, "${menuentry_id_option}")) {
        r->id_follows = true;
        return 0;
    }
    return level->title == NULL ? take(r, &level->title) : 0;
}

static void
close_brace(struct reader *r)
{
    r->depth -= r->depth > 0;
    while (r->level > 0 && r->depth <= r->levels[r->level].depth) {
        r->level--;
        r->levels[r->level].next++;
    }
    r->has_entry = r->has_entry && r->level >= r->entry_level;
}

/* "1>0", the numbers of the open levels. */
static char *
place_of(const struct reader *r)
{
    H2K_AUTO_BUFFER text = { 0 };
    for (size_t i = 0; i < r->level; i++)
        h2k_buffer_addf(&text, "%s%zu", i > 0 ? ">" : "", r->levels[i].next);
    if (r->level == 0)
        h2k_buffer_adds(&text, "-"); /* outside of all entries */
    return h2k_buffer_steal(&text);
}

/* The kernel's file: the first argument that is no switch. */
static int
kernel_argument(struct reader *r)
{
    const struct level *level = &r->levels[r->level];
    const struct h2k_buffer *bytes = &r->script.shell.bytes;
    if (r->argument > 0 || bytes->size == 0 || bytes->data[0] == '-' ||
        r->menu->count == H2K_MENU_ENTRIES_MAX)
        return 0;
    r->argument++;
    struct h2k_menu_entry *entry = h2k_menu_add(r->menu);
    if (entry == NULL)
        return -1;
    entry->place = place_of(r);
    entry->title = strdup(level->title == NULL ? "" : level->title);
    entry->id = strdup(level->id == NULL ? "" : level->id);
    entry->kernel = word(r);
    r->has_entry = true;
    r->entry_level = r->level;
    return entry->place == NULL || entry->title == NULL || entry->id == NULL ||
                   entry->kernel == NULL
               ? h2k_fail(H2K_E_NOMEM, "out of memory")
               : 0;
}

static int
initrd_argument(struct reader *r)
{
    const struct h2k_buffer *bytes = &r->script.shell.bytes;
    if (!r->has_entry || bytes->size == 0 || bytes->data[0] == '-')
        return 0;
    struct h2k_menu_entry *entry = &r->menu->items[r->menu->count - 1];
    entry->has_initrd = true;
    if (bytes->data[0] == '$' || entry->initrds.count == H2K_MENU_INITRDS_MAX)
        return 0;
    return h2k_strings_addn(&entry->initrds, bytes->data, bytes->size);
}

/* "set default=…": what GRUB's environment has saved, or as it stands.  Every
 * menu of grub-mkconfig's mentions saved_entry; only this says that it is
 * asked. */
static int
set_argument(struct reader *r)
{
    static const char name[] = "default=";
    const struct h2k_buffer *bytes = &r->script.shell.bytes;
    size_t length = sizeof(name) - 1;
    if (r->argument++ > 0 || bytes->size <= length ||
        memcmp(bytes->data, name, length) != 0)
        return 0;
    if (memchr(bytes->data, '$', bytes->size) != NULL) {
        r->menu->asks_saved |=
            memmem(bytes->data, bytes->size, "saved_entry", 11) != NULL;
        return 0;
    }
    free(r->menu->chosen);
    r->menu->chosen = strndup(bytes->data + length, bytes->size - length);
    return r->menu->chosen == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                                   : 0;
}

static int
take_argument(struct reader *r)
{
    switch (r->script.command) {
    case H2K_GRUB_ENTRY:
        return entry_argument(r);
    case H2K_GRUB_KERNEL:
    case H2K_GRUB_PROGRAM:
        return kernel_argument(r);
    case H2K_GRUB_INITRD:
        return initrd_argument(r);
    case H2K_GRUB_SET:
        return set_argument(r);
    default:
        return 0;
    }
}

static int
take_event(struct reader *r, enum h2k_grub_event event)
{
    if (event == H2K_GRUB_ARGUMENT)
        return take_argument(r);
    r->argument = 0;
    if (event == H2K_GRUB_ENTRY) {
        begin_entry(r);
    } else if (event == H2K_GRUB_OPEN) {
        r->depth++;
        r->opening = false;
    } else if (event == H2K_GRUB_CLOSE) {
        close_brace(r);
    } else if (event == H2K_GRUB_ENTRIES) {
        r->menu->has_entries = true;
    }
    return 0;
}

struct h2k_menu *
h2k_menu_parse_grub(const char *directory, const char *text, size_t size)
{
    __attribute__((cleanup(reader_free))) struct reader r = {
        .script = H2K_GRUB_SCRIPT(text, size)
    };
    H2K_AUTO(h2k_menu) menu = h2k_menu_new(directory);
    enum h2k_grub_event event = H2K_GRUB_OPEN;
    if (menu == NULL)
        return NULL;
    r.menu = menu;
    while (event != H2K_GRUB_END)
        if (h2k_grub_script_next(&r.script, &event) < 0 ||
            take_event(&r, event) < 0)
            return NULL;
    return h2k_steal(menu);
}
