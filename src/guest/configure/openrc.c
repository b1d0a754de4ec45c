/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Services of OpenRC: links in /etc/runlevels/NAME, as rc-update(8) makes
 * them. */
#include "guest/configure/services.h"

#include <stdio.h>

#define LEVELS "/etc/runlevels"

typedef int (*each_fn)(struct h2k_fix *fix, const char *path);

/* FN for the script's link in every runlevel that has one; how many. */
static int
each_link(struct h2k_fix *fix, const char *script, each_fn fn)
{
    char **names = NULL;
    size_t count = 0;
    int found = 0;
    if (!h2k_root_is_dir(fix->root, LEVELS))
        return 0;
    if (h2k_root_list(fix->root, LEVELS, &names, &count) < 0)
        return -1;
    for (size_t i = 0; i < count && found >= 0; i++) {
        char path[H2K_PATH_MAX];
        snprintf(path, sizeof(path), LEVELS "/%s/%s", names[i], script);
        if (!h2k_root_has(fix->root, path))
            continue;
        found = fn != NULL && fn(fix, path) < 0 ? -1 : found + 1;
    }
    h2k_root_free_names(names, count);
    return found;
}

static int
missing(struct h2k_fix *fix, const char *script)
{
    return h2k_fix_warn(fix,
                        "%s: there is no such service in the guest, "
                        "/etc/init.d/%s",
                        script, script);
}

static int
enable(struct h2k_fix *fix, const char *name)
{
    char script[H2K_NAME_MAX + 1], target[H2K_PATH_MAX], path[H2K_PATH_MAX];
    if (!h2k_find_script(fix, name, script))
        return missing(fix, script);
    int links = each_link(fix, script, NULL);
    if (links != 0) /* in the boot level, perhaps, where it belongs */
        return links < 0 ? -1 : 0;
    snprintf(target, sizeof(target), "/etc/init.d/%s", script);
    snprintf(path, sizeof(path), LEVELS "/default/%s", script);
    return h2k_service_link(fix, target, path, "a service that is started");
}

static int
remove_link(struct h2k_fix *fix, const char *path)
{
    return h2k_service_unlink(fix, path, "a service that is started");
}

static int
disable(struct h2k_fix *fix, const char *name)
{
    char script[H2K_NAME_MAX + 1];
    bool there = h2k_find_script(fix, name, script);
    int links = each_link(fix, script, remove_link);
    if (links < 0)
        return -1;
    return there || links > 0 ? 0 : missing(fix, script);
}

static int
mask(struct h2k_fix *fix, const char *name)
{
    char script[H2K_NAME_MAX + 1];
    if (h2k_find_script(fix, name, script) &&
        h2k_fix_warn(fix,
                     "%s: only systemd masks services; it is disabled, "
                     "and can still be started by hand",
                     script) < 0)
        return -1;
    return disable(fix, name);
}

const struct h2k_service_ops h2k_openrc_services = {
    .enable = enable,
    .disable = disable,
    .mask = mask,
};
