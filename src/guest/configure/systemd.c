/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Units enabled and masked: links in /etc/systemd/system, as systemctl(1)
 * makes them of a unit's [Install] section.  systemd-disable.c takes them
 * away.  Presets are not touched.
 */
#include "guest/configure/systemd.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define ALSO_MAX 64 /* units that one brings with it */

char *
h2k_systemd_name(const char *name)
{
    char *out;
    if (asprintf(&out, "%s%s", name,
                 h2k_unit_is_name(name) ? "" : ".service") < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (h2k_unit_is_name(out))
        return out;
    free(out);
    return h2k_fail_null(H2K_E_UNFIXABLE, "%s is no name of a unit", name);
}

/* ---- Enabling ---- */

/* What is enabled: a unit, by the name that its links have. */
struct enabling {
    struct h2k_fix *fix;
    const char *name; /* an instance's, where it is one */
    const char *path; /* of its file */
    size_t links;     /* that it asks for */
};

/* A link in FOLDER, "wants" or so, of what the section names.  What is there
 * under the name already serves. */
static int
link_under(struct enabling *e, const struct h2k_strings *targets,
           const char *suffix)
{
    for (size_t i = 0; i < targets->count; i++) {
        char path[H2K_PATH_MAX];
        h2k_autofree char *target = NULL;
        if (h2k_install_expand(targets->items[i], e->name, &target) < 0)
            return -1;
        if (target == NULL) {
            if (h2k_fix_warn(e->fix,
                             "%s: asks to be started by %s, which is no "
                             "unit's name; that is left out",
                             e->path, targets->items[i]) < 0)
                return -1;
            continue;
        }
        e->links++;
        snprintf(path, sizeof(path), H2K_UNITS "/%s.%s/%s", target, suffix,
                 e->name);
        if (!h2k_root_has(e->fix->root, path) &&
            h2k_service_link(e->fix, e->path, path,
                             "a service that is started") < 0)
            return -1;
    }
    return 0;
}

/* Does the link PATH lead to the unit's file? */
static bool
leads_to_unit(struct enabling *e, const char *path)
{
    struct h2k_place a, b;
    return h2k_root_lookup(e->fix->root, path, &a) == 0 &&
           h2k_root_lookup(e->fix->root, e->path, &b) == 0 && a.fs == b.fs &&
           a.ino == b.ino;
}

static bool
same_type(const char *a, const char *b)
{
    return strcmp(strrchr(a, '.'), strrchr(b, '.')) == 0;
}

/* An alias is of the unit's type, and of an instance an instance's. */
static int
link_alias(struct enabling *e, const char *word)
{
    char path[H2K_PATH_MAX];
    h2k_autofree char *alias = NULL;
    if (h2k_install_expand(word, e->name, &alias) < 0)
        return -1;
    if (alias != NULL && h2k_unit_is_template(alias) &&
        h2k_unit_is_instance(e->name)) {
        h2k_autofree char *instance = strndup(
            strchr(e->name, '@') + 1,
            (size_t)(strrchr(e->name, '.') - strchr(e->name, '@') - 1));
        char *named =
            instance == NULL ? NULL : h2k_unit_with_instance(alias, instance);
        if (named == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        free(alias);
        alias = named;
    }
    if (alias == NULL || !same_type(alias, e->name))
        return h2k_fix_warn(e->fix,
                            "%s: its alias %s cannot be, and is left "
                            "out",
                            e->path, word);
    e->links++;
    snprintf(path, sizeof(path), H2K_UNITS "/%s", alias);
    if (strcmp(alias, e->name) == 0 || leads_to_unit(e, path))
        return 0;
    if (h2k_root_has(e->fix->root, path))
        return h2k_fix_warn(e->fix,
                            "%s: means another unit than %s already, and "
                            "stays; disable that one too, to change it",
                            path, e->name);
    return h2k_service_link(e->fix, e->path, path,
                            "another name of a service");
}

static int
make_links(struct enabling *e, const struct h2k_install *install)
{
    for (size_t i = 0; i < install->alias.count; i++)
        if (link_alias(e, install->alias.items[i]) < 0)
            return -1;
    if (link_under(e, &install->wanted_by, "wants") < 0 ||
        link_under(e, &install->required_by, "requires") < 0)
        return -1;
    return link_under(e, &install->upheld_by, "upholds");
}

/* The name under which UNIT is started: of a template its default instance's,
 * NULL where it has none. */
static int
started_name(const struct h2k_unit *unit, const struct h2k_install *install,
             char **out)
{
    *out = NULL;
    if (!h2k_unit_is_template(unit->name))
        *out = strdup(unit->name);
    else if (install->default_instance != NULL)
        *out = h2k_unit_with_instance(unit->name, install->default_instance);
    else
        return 0;
    return *out != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

static int
enable_found(struct h2k_fix *fix, const struct h2k_unit *unit,
             struct h2k_strings *also)
{
    H2K_AUTO_INSTALL install = { 0 };
    h2k_autofree char *name = NULL;
    if (h2k_unit_install(fix, unit, &install) < 0)
        return -1;
    for (size_t i = 0; i < install.also.count; i++) {
        h2k_autofree char *other = NULL;
        if (h2k_install_expand(install.also.items[i], unit->name, &other) <
                0 ||
            (other != NULL && also->count < ALSO_MAX &&
             h2k_strings_add_once(also, other) < 0))
            return -1;
    }
    if (started_name(unit, &install, &name) < 0)
        return -1;
    if (name == NULL || !h2k_unit_is_name(name))
        return h2k_fix_warn(fix,
                            "%s: is a template; name an instance of it, as "
                            "in %.*s@NAME.service",
                            unit->path, (int)strcspn(unit->name, "@"),
                            unit->name);
    struct enabling e = { .fix = fix, .name = name, .path = unit->path };
    if (make_links(&e, &install) < 0)
        return -1;
    if (e.links > 0 || install.also.count > 0)
        return 0;
    return h2k_fix_warn(fix,
                        "%s: does not say what should start it, so that it "
                        "cannot be enabled; other units start it",
                        unit->path);
}

static int
enable_one(struct h2k_fix *fix, const char *name, struct h2k_strings *also)
{
    H2K_AUTO_UNIT unit = { 0 };
    char script[H2K_NAME_MAX + 1];
    if (h2k_unit_find(fix, name, &unit) < 0)
        return -1;
    switch (unit.state) {
    case H2K_UNIT_FOUND:
        return enable_found(fix, &unit, also);
    case H2K_UNIT_MASKED:
        return h2k_fix_warn(fix,
                            "%s: is masked, and stays so; remove " H2K_UNITS
                            "/%s in the guest first",
                            name, unit.name);
    case H2K_UNIT_LOST:
        return h2k_fix_warn(fix,
                            "%s: is a link to what is not in the guest; "
                            "it is not enabled",
                            name);
    case H2K_UNIT_MISSING:
        break;
    }
    if (h2k_find_script(fix, name, script)) /* systemd-sysv-generator(8) */
        return h2k_sysv_services.enable(fix, name);
    return h2k_fix_warn(fix,
                        "%s: there is no such unit in the guest; it is "
                        "not enabled",
                        name);
}

static int
enable(struct h2k_fix *fix, const char *asked)
{
    H2K_AUTO_STRINGS units = { 0 };
    h2k_autofree char *name = h2k_systemd_name(asked);
    if (name == NULL || h2k_strings_add(&units, name) < 0)
        return -1;
    for (size_t i = 0; i < units.count; i++) {
        h2k_autofree char *unit = strdup(units.items[i]);
        if (unit == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        if (enable_one(fix, unit, &units) < 0)
            return -1;
    }
    return 0;
}

/* ---- Masking ---- */

/* What stands at a unit's place in /etc: gone, where it is a link. */
static int
clear_place(struct h2k_fix *fix, const char *path, const char *name)
{
    char target[H2K_PATH_MAX + 1];
    if (!h2k_root_has(fix->root, path))
        return 1;
    if (h2k_root_readlink(fix->root, path, target) == 0)
        return h2k_service_unlink(fix, path, "a unit from elsewhere") < 0 ? -1
                                                                          : 1;
    return h2k_fix_warn(fix,
                        "%s: is a unit of the guest's own, which a mask "
                        "would replace; %s is not masked: disable it, or "
                        "move the file away first",
                        path, name);
}

static int
mask(struct h2k_fix *fix, const char *asked)
{
    H2K_AUTO_UNIT unit = { 0 };
    char path[H2K_PATH_MAX], script[H2K_NAME_MAX + 1];
    h2k_autofree char *name = h2k_systemd_name(asked);
    if (name == NULL || h2k_unit_find(fix, name, &unit) < 0)
        return -1;
    if (unit.state == H2K_UNIT_MASKED)
        return 0;
    if (unit.state == H2K_UNIT_MISSING &&
        !h2k_find_script(fix, name, script) &&
        h2k_fix_warn(fix,
                     "%s: there is no such unit in the guest; it is "
                     "masked for when there is",
                     name) < 0)
        return -1;
    /* An alias is masked by what it stands for. */
    snprintf(path, sizeof(path), H2K_UNITS "/%s", unit.name);
    int clear = clear_place(fix, path, unit.name);
    if (clear <= 0)
        return clear;
    return h2k_service_link(fix, "/dev/null", path, "a service, masked");
}

const struct h2k_service_ops h2k_systemd_services = {
    .enable = enable,
    .disable = h2k_systemd_disable,
    .mask = mask,
};
