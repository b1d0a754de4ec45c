/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/bls.h"

#include "base/error.h"
#include "guest/fix/backup.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

const struct h2k_bls_place h2k_bls_places[] = {
    { "/boot/loader/entries", "/boot" },
    { "/efi/loader/entries", "/efi" },
    { "/boot/efi/loader/entries", "/boot/efi" },
    { NULL, NULL },
};

static bool
ends_in_conf(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".conf") == 0 &&
           strstr(name, H2K_BACKUP_INFIX) == NULL;
}

static void
clear(struct h2k_bls_entry *entry)
{
    free(entry->path);
    free(entry->version);
    free(entry->kernel);
    free(entry->initrd);
    *entry = (struct h2k_bls_entry){ 0 };
}

/* The rest of a line behind its key, without blanks around it. */
static char *
value_of(const char *line, size_t key)
{
    const char *value = line + key + strspn(line + key, " \t");
    size_t length = strcspn(value, "\n");
    while (length > 0 && strchr(" \t\r", value[length - 1]) != NULL)
        length--;
    return strndup(value, length);
}

/* PATH of an entry below MOUNT, or below the root where grub counts from
 * there: what exists, resolved; else NULL. */
static char *
resolve(struct h2k_root *root, const char *mount, const char *path)
{
    const char *const bases[] = { mount, "" };
    for (size_t i = 0; i < 2; i++) {
        h2k_autofree char *full = NULL;
        if (asprintf(&full, "%s/%s", bases[i], path + strspn(path, "/")) < 0) {
            full = NULL;
            return NULL;
        }
        struct h2k_place place;
        if (h2k_root_lookup(root, full, &place) == 0)
            return h2k_root_realpath(root, full);
    }
    return NULL;
}

static bool
is_key(const char *line, size_t length, const char *key)
{
    return length == strlen(key) && memcmp(line, key, length) == 0;
}

static void
read_line(struct h2k_root *root, const char *mount, const char *line,
          struct h2k_bls_entry *entry)
{
    size_t key = strcspn(line, " \t\n");
    bool kernel = is_key(line, key, "linux"),
         initrd = is_key(line, key, "initrd");
    h2k_autofree char *value = value_of(line, key);
    if (value == NULL)
        return;
    if (is_key(line, key, "version") && entry->version == NULL)
        entry->version = h2k_steal(value);
    if (!kernel && !initrd)
        return;
    char **field = kernel ? &entry->kernel : &entry->initrd;
    /* "initrd /a.img $tuned_initrd": what grub would put in is not known. */
    value[strcspn(value, " \t")] = '\0';
    char *path = resolve(root, mount, value);
    if (path == NULL)
        return;
    free(*field);
    *field = path;
}

/* 1 and ENTRY filled, 0 for what is no entry, -1. */
static int
read_entry(struct h2k_root *root, const struct h2k_bls_place *place,
           const char *name, struct h2k_bls_entry *entry)
{
    h2k_autofree char *text = NULL;
    size_t size;
    if (asprintf(&entry->path, "%s/%s", place->directory, name) < 0) {
        entry->path = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    if (h2k_root_read_file(root, entry->path, H2K_BLS_SIZE_MAX, &text, &size) <
        0)
        return h2k_error_is_content() ? 0 : -1;
    for (const char *line = text; *line != '\0';) {
        line += strspn(line, " \t");
        read_line(root, place->mount, line, entry);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return entry->kernel != NULL;
}

static int
each_of(struct h2k_root *root, const struct h2k_bls_place *place,
        h2k_bls_fn fn, void *opaque)
{
    char **names;
    size_t count;
    int rc = 0;
    if (h2k_root_list(root, place->directory, &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && i < H2K_BLS_ENTRIES_MAX && rc == 0; i++) {
        struct h2k_bls_entry entry = { 0 };
        if (!ends_in_conf(names[i]))
            continue;
        rc = read_entry(root, place, names[i], &entry);
        if (rc > 0)
            rc = fn(opaque, &entry);
        clear(&entry);
    }
    h2k_root_free_names(names, count);
    return rc;
}

int
h2k_bls_each(struct h2k_root *root, h2k_bls_fn fn, void *opaque)
{
    for (const struct h2k_bls_place *p = h2k_bls_places; p->directory != NULL;
         p++) {
        int rc = each_of(root, p, fn, opaque);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- The default of systemd-boot ---- */

struct search {
    const struct h2k_kernels *kernels;
    char pattern[H2K_NAME_MAX + 1];
    size_t found;
};

static int
match_entry(void *opaque, struct h2k_bls_entry *entry)
{
    struct search *s = opaque;
    const char *name = strrchr(entry->path, '/') + 1;
    if (fnmatch(s->pattern, name, 0) != 0)
        return 0;
    for (size_t i = 0; i < s->kernels->count; i++)
        if (strcmp(s->kernels->items[i].image, entry->kernel) == 0) {
            s->found = i; /* of several the last, which is the newest */
            return 0;
        }
    return 0;
}

/* `default` of loader.conf in SEARCH; false where it names no entry. */
static bool
read_default(struct h2k_root *root, const char *mount, struct search *search)
{
    h2k_autofree char *text = NULL;
    h2k_autofree char *path = NULL;
    size_t size;
    if (asprintf(&path, "%s/loader/loader.conf", mount) < 0)
        path = NULL;
    if (path == NULL ||
        h2k_root_read_file(root, path, H2K_BLS_SIZE_MAX, &text, &size) < 0)
        return false;
    for (const char *line = text; *line != '\0';) {
        if (strncmp(line, "default", 7) == 0 &&
            (line[7] == ' ' || line[7] == '\t')) {
            h2k_autofree char *value = value_of(line, 7);
            if (value != NULL)
                snprintf(search->pattern, sizeof(search->pattern), "%s",
                         value);
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return search->pattern[0] != '\0' && search->pattern[0] != '@';
}

size_t
h2k_bls_default(struct h2k_root *root, const struct h2k_kernels *kernels)
{
    struct search search = { .kernels = kernels, .found = kernels->count };
    for (const struct h2k_bls_place *p = h2k_bls_places; p->directory != NULL;
         p++)
        if (read_default(root, p->mount, &search)) {
            h2k_bls_each(root, match_entry, &search);
            break;
        }
    return search.found;
}
