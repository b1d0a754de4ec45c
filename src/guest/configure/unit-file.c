/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/unit-file.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ALIASES_MAX 8

/* Those that a disk can have; the first that has a unit wins. */
static const char *const folders[] = {
    "/etc/systemd/system.control",  H2K_UNITS,
    "/etc/systemd/system.attached", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",      "/lib/systemd/system",
};
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

void
h2k_unit_free(struct h2k_unit *unit)
{
    free(unit->name);
    free(unit->path);
    *unit = (struct h2k_unit){ 0 };
}

static int
set(char **field, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    free(*field);
    *field = copy;
    return 0;
}

/* What PATH, which is there, is.  An alias changes the unit's name, and is
 * *ALIAS then. */
static int
look_at(struct h2k_fix *fix, const char *path, struct h2k_unit *unit,
        bool *alias)
{
    char target[H2K_PATH_MAX + 1];
    struct h2k_stat st;
    bool link = h2k_root_readlink(fix->root, path, target) == 0;
    h2k_autofree char *real = h2k_root_realpath(fix->root, path);
    *alias = false;
    unit->state = H2K_UNIT_MASKED;
    if ((link && strcmp(target, "/dev/null") == 0) ||
        (real != NULL && strcmp(real, "/dev/null") == 0))
        return 0;
    unit->state = H2K_UNIT_LOST;
    if (real == NULL || h2k_root_stat(fix->root, path, &st) < 0 ||
        !S_ISREG(st.mode))
        return 0;
    unit->state = st.size == 0 ? H2K_UNIT_MASKED : H2K_UNIT_FOUND;
    const char *base = strrchr(real, '/') + 1;
    if (link && strcmp(base, unit->name) != 0 && h2k_unit_is_name(base) &&
        !h2k_unit_is_template(base)) {
        *alias = true;
        return set(&unit->name, base);
    }
    return set(&unit->path, link ? real : path);
}

/* FILE, the unit's name or its template's, in the first folder that has it.
 * 1, 0 when none has, -1. */
static int
search(struct h2k_fix *fix, const char *file, struct h2k_unit *unit,
       bool *alias)
{
    char path[H2K_PATH_MAX];
    for (size_t i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof(path), "%s/%s", folders[i], file);
        if (h2k_root_has(fix->root, path))
            return look_at(fix, path, unit, alias) < 0 ? -1 : 1;
    }
    return 0;
}

int
h2k_unit_find(struct h2k_fix *fix, const char *name, struct h2k_unit *unit)
{
    bool alias = true;
    *unit = (struct h2k_unit){ .state = H2K_UNIT_MISSING };
    if (set(&unit->name, name) < 0)
        return -1;
    for (unsigned i = 0; alias && i < ALIASES_MAX; i++) {
        unit->state = H2K_UNIT_MISSING;
        alias = false;
        int found = search(fix, unit->name, unit, &alias);
        if (found == 0 && h2k_unit_is_instance(unit->name)) {
            h2k_autofree char *file = h2k_unit_with_instance(unit->name, NULL);
            found = file == NULL ? -1 : search(fix, file, unit, &alias);
        }
        if (found < 0)
            return -1;
    }
    if (alias)
        unit->state = H2K_UNIT_LOST;
    return 0;
}

/* One of NAME's drop-ins: the file of the first folder that has it. */
static int
read_part(struct h2k_fix *fix, const char *path, struct h2k_install *install)
{
    h2k_autofree char *text = NULL;
    size_t size;
    struct h2k_stat st;
    if (h2k_root_stat(fix->root, path, &st) < 0 || !S_ISREG(st.mode))
        return 0; /* masked, perhaps */
    int there = h2k_fix_read(fix, path, &text, &size);
    return there <= 0 ? there : h2k_install_parse(install, text);
}

/* The names of NAME.d's files in all folders. */
static int
list_parts(struct h2k_fix *fix, const char *name, struct h2k_strings *parts)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        char path[H2K_PATH_MAX];
        char **names = NULL;
        size_t count = 0;
        int rc = 0;
        snprintf(path, sizeof(path), "%s/%s.d", folders[i], name);
        if (!h2k_root_is_dir(fix->root, path))
            continue;
        if (h2k_root_list(fix->root, path, &names, &count) < 0)
            return -1;
        for (size_t j = 0; j < count && rc == 0; j++) {
            size_t size = strlen(names[j]);
            if (size > 5 && strcmp(names[j] + size - 5, ".conf") == 0)
                rc = h2k_strings_add_once(parts, names[j]);
        }
        h2k_root_free_names(names, count);
        if (rc < 0)
            return -1;
    }
    h2k_strings_sort(parts);
    return 0;
}

static int
read_parts(struct h2k_fix *fix, const char *name, struct h2k_install *install)
{
    H2K_AUTO_STRINGS parts = { 0 };
    if (list_parts(fix, name, &parts) < 0)
        return -1;
    for (size_t i = 0; i < parts.count; i++)
        for (size_t j = 0; j < FOLDERS; j++) {
            char path[H2K_PATH_MAX];
            snprintf(path, sizeof(path), "%s/%s.d/%s", folders[j], name,
                     parts.items[i]);
            if (!h2k_root_has(fix->root, path))
                continue;
            if (read_part(fix, path, install) < 0)
                return -1;
            break;
        }
    return 0;
}

int
h2k_unit_install(struct h2k_fix *fix, const struct h2k_unit *unit,
                 struct h2k_install *install)
{
    if (read_part(fix, unit->path, install) < 0)
        return -1;
    if (h2k_unit_is_instance(unit->name)) {
        h2k_autofree char *file = h2k_unit_with_instance(unit->name, NULL);
        if (file == NULL || read_parts(fix, file, install) < 0)
            return -1;
    }
    return read_parts(fix, unit->name, install);
}
