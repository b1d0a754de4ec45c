/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A unit disabled: every link in /etc/systemd/system that has its name or
 * leads to it goes, as with systemctl(1), whoever made it. */
#include "guest/configure/systemd.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAMES_MAX 256 /* what one unit can be known by */

struct disabling {
    struct h2k_fix *fix;
    struct h2k_strings names; /* of what is disabled, aliases too */
    bool removed;             /* in this round */
    bool any;
};

/* Is NAME one of those, or an instance of one? */
static int
is_meant(const struct disabling *d, const char *name)
{
    if (h2k_strings_contain(&d->names, name))
        return 1;
    if (!h2k_unit_is_name(name) || !h2k_unit_is_instance(name))
        return 0;
    h2k_autofree char *template = h2k_unit_with_instance(name, NULL);
    return template == NULL ? -1 : h2k_strings_contain(&d->names, template);
}

/* PATH, called NAME, goes when it is a link that is meant. */
static int
look_at(struct disabling *d, const char *path, const char *name)
{
    char target[H2K_PATH_MAX + 1];
    if (!h2k_unit_is_name(name) ||
        h2k_root_readlink(d->fix->root, path, target) < 0 ||
        strcmp(target, "/dev/null") == 0)
        return 0;
    h2k_autofree char *real = h2k_root_realpath(d->fix->root, path);
    const char *base = real != NULL ? real : target;
    base = strrchr(base, '/') == NULL ? base : strrchr(base, '/') + 1;
    int meant = is_meant(d, name);
    if (meant == 0)
        meant = is_meant(d, base);
    if (meant <= 0)
        return meant;
    if (h2k_service_unlink(d->fix, path, "a service that is started") < 0)
        return -1;
    if (d->names.count < NAMES_MAX && !h2k_strings_contain(&d->names, name)) {
        d->removed = true; /* what leads to this name goes as well */
        if (h2k_strings_add(&d->names, name) < 0)
            return -1;
    }
    d->any = true;
    return 0;
}

static bool
is_folder(struct h2k_fix *fix, const char *path)
{
    struct h2k_place place;
    struct h2k_stat st;
    return h2k_root_lookup_nofollow(fix->root, path, &place) == 0 &&
           h2k_fs_stat(place.fs, place.ino, &st) == 0 && S_ISDIR(st.mode);
}

/* FOLDER's links, and those in the folders in it. */
static int
sweep(struct disabling *d, const char *folder, unsigned depth)
{
    char **names = NULL;
    size_t count = 0;
    int rc = 0;
    if (!h2k_root_is_dir(d->fix->root, folder))
        return 0;
    if (h2k_root_list(d->fix->root, folder, &names, &count) < 0)
        return -1;
    for (size_t i = 0; i < count && rc == 0; i++) {
        char path[H2K_PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        if (!is_folder(d->fix, path))
            rc = look_at(d, path, names[i]);
        else if (depth == 0)
            rc = sweep(d, path, depth + 1);
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* The unit's names: the one that was asked for, its own, and what it brings
 * with it. */
static int
collect(struct disabling *d, const char *name, const struct h2k_unit *unit)
{
    H2K_AUTO_INSTALL install = { 0 };
    if (h2k_strings_add(&d->names, name) < 0 ||
        h2k_strings_add_once(&d->names, unit->name) < 0)
        return -1;
    if (unit->state != H2K_UNIT_FOUND)
        return 0;
    if (h2k_unit_install(d->fix, unit, &install) < 0)
        return -1;
    for (size_t i = 0; i < install.also.count; i++) {
        h2k_autofree char *other = NULL;
        if (h2k_install_expand(install.also.items[i], unit->name, &other) <
                0 ||
            (other != NULL && h2k_strings_add_once(&d->names, other) < 0))
            return -1;
    }
    return 0;
}

static int
disable(struct disabling *d, const char *name, const struct h2k_unit *unit)
{
    char script[H2K_NAME_MAX + 1];
    if (collect(d, name, unit) < 0)
        return -1;
    do {
        d->removed = false;
        if (sweep(d, "/etc/systemd/system.control", 0) < 0 ||
            sweep(d, H2K_UNITS, 0) < 0)
            return -1;
    } while (d->removed);
    if (unit->state != H2K_UNIT_MISSING)
        return 0;
    if (h2k_find_script(d->fix, name, script))
        return h2k_sysv_services.disable(d->fix, name);
    return d->any ? 0
                  : h2k_fix_warn(d->fix,
                                 "%s: there is no such unit in the guest to "
                                 "disable",
                                 name);
}

int
h2k_systemd_disable(struct h2k_fix *fix, const char *asked)
{
    H2K_AUTO_UNIT unit = { 0 };
    struct disabling d = { .fix = fix };
    h2k_autofree char *name = h2k_systemd_name(asked);
    if (name == NULL || h2k_unit_find(fix, name, &unit) < 0)
        return -1;
    /* What is masked is not started whatever its links are. */
    int rc = unit.state == H2K_UNIT_MASKED ? 0 : disable(&d, name, &unit);
    h2k_strings_clear(&d.names);
    return rc;
}
