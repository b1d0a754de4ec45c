/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/menu.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
clear(struct h2k_menu_entry *entry)
{
    free(entry->place);
    free(entry->title);
    free(entry->id);
    free(entry->kernel);
    h2k_strings_clear(&entry->initrds);
}

void
h2k_menu_free(struct h2k_menu *menu)
{
    if (menu == NULL)
        return;
    for (size_t i = 0; i < menu->count; i++)
        clear(&menu->items[i]);
    free(menu->items);
    free(menu->directory);
    free(menu->chosen);
    free(menu);
}

struct h2k_menu *
h2k_menu_new(const char *directory)
{
    H2K_AUTO(h2k_menu) menu = calloc(1, sizeof(*menu));
    if (menu == NULL || (menu->directory = strdup(directory)) == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return h2k_steal(menu);
}

struct h2k_menu_entry *
h2k_menu_add(struct h2k_menu *menu)
{
    struct h2k_menu_entry *items =
        reallocarray(menu->items, menu->count + 1, sizeof(*items));
    if (items == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    menu->items = items;
    items[menu->count] = (struct h2k_menu_entry){ 0 };
    return &items[menu->count++];
}

void
h2k_menu_drop_last(struct h2k_menu *menu)
{
    clear(&menu->items[--menu->count]);
}

/* ---- The default ---- */

static size_t
find_selected(const struct h2k_menu *menu)
{
    for (size_t i = 0; i < menu->count; i++)
        if (menu->items[i].selected)
            return i;
    return menu->count;
}

/* The first entry of the menu "1" is its "1>0". */
static bool
is_place(const char *place, const char *chosen)
{
    size_t length = strlen(chosen);
    return strncmp(place, chosen, length) == 0 &&
           (place[length] == '\0' || place[length] == '>');
}

/* "Advanced options>Debian, with Linux 6.1": the last part is an entry's. */
static bool
is_named(const struct h2k_menu_entry *entry, const char *chosen)
{
    const char *last = strrchr(chosen, '>');
    last = last == NULL ? chosen : last + 1;
    return (entry->title != NULL && strcmp(entry->title, last) == 0) ||
           (entry->id != NULL && entry->id[0] != '\0' &&
            strcmp(entry->id, last) == 0);
}

size_t
h2k_menu_default(const struct h2k_menu *menu, const char *chosen)
{
    size_t selected = find_selected(menu);
    if (selected < menu->count)
        return selected;
    chosen = chosen == NULL ? menu->chosen : chosen;
    if (chosen == NULL || chosen[0] == '\0')
        return menu->count;
    for (size_t i = 0; i < menu->count; i++)
        if (menu->items[i].place != NULL &&
            is_place(menu->items[i].place, chosen))
            return i;
    for (size_t i = 0; i < menu->count; i++)
        if (is_named(&menu->items[i], chosen))
            return i;
    return menu->count;
}

/* ---- Paths ---- */

/* Without what stands before a path: GRUB's "(hd0,1)", Limine's "boot():". */
static const char *
without_device(const char *path)
{
    const char *colon = strstr(path, ":/");
    const char *slash = strchr(path, '/');
    if (path[0] == '(') {
        const char *end = strchr(path, ')');
        return end == NULL ? path : end + 1;
    }
    return colon != NULL && colon < slash ? colon + 1 : path;
}

static char *
existing(struct h2k_root *root, const char *base, const char *path)
{
    h2k_autofree char *full = NULL;
    struct h2k_place place;
    if (asprintf(&full, "%s/%s", base, path + strspn(path, "/")) < 0) {
        full = NULL;
        return NULL;
    }
    if (h2k_root_lookup(root, full, &place) < 0)
        return NULL;
    return h2k_root_realpath(root, full);
}

/* A path from the top of a volume, where the root is one of its subvolumes:
 * "/@/boot/vmlinuz" of btrfs, "/@boot/vmlinuz", "/BOOT/debian@/vmlinuz" of
 * ZFS. */
static char *
in_subvolume(struct h2k_root *root, const char *path)
{
    const char *boot = strstr(path, "/boot/");
    const char *at = strchr(path, '@');
    const char *slash = at == NULL ? NULL : strchr(at, '/');
    if (boot != NULL && boot != path)
        return existing(root, "", boot);
    return slash == NULL ? NULL : existing(root, "/boot", slash);
}

char *
h2k_menu_resolve(struct h2k_root *root, const struct h2k_menu *menu,
                 const char *path)
{
    /* Filesystems that menus are on, the longest first. */
    static const char *const mounts[] = { "/boot/efi", "/boot", "/efi", "" };
    path = without_device(path);
    if (path[0] != '/') {
        char *beside = existing(root, menu->directory, path);
        if (beside != NULL)
            return beside;
    }
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        size_t length = strlen(mounts[i]);
        if (strncmp(menu->directory, mounts[i], length) != 0 ||
            (menu->directory[length] != '/' &&
             menu->directory[length] != '\0'))
            continue;
        char *found = existing(root, mounts[i], path);
        if (found != NULL)
            return found;
    }
    /* "search --set=root" may have gone elsewhere. */
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        char *found = existing(root, mounts[i], path);
        if (found != NULL)
            return found;
    }
    return in_subvolume(root, path);
}
