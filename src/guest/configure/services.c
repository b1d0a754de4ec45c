/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit that puts `configuration.services` into the guest. */
#include "guest/configure/services.h"

#include "guest/fix/edits.h"
#include "guest/inspect/inspect.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

int
h2k_service_unlink(struct h2k_fix *fix, const char *path, const char *what)
{
    char target[H2K_PATH_MAX + 1];
    if (h2k_root_readlink(fix->root, path, target) < 0)
        snprintf(target, sizeof(target), "(a file)");
    if (h2k_fix_remove(fix, path) < 0)
        return -1;
    return h2k_fix_record(fix, path, what, target, NULL);
}

int
h2k_service_link(struct h2k_fix *fix, const char *target, const char *path,
                 const char *what)
{
    if (h2k_fix_symlink(fix, target, path) < 0)
        return -1;
    return h2k_fix_record(fix, path, what, NULL, target);
}

static bool
applies(struct h2k_fix *fix)
{
    const struct h2k_configuration *c = fix->options->configuration;
    return c != NULL &&
           (c->services.enable.count > 0 || c->services.disable.count > 0 ||
            c->services.mask.count > 0);
}

/* "ssh" and "ssh.service" are one. */
static bool
same_service(const char *a, const char *b)
{
    size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    const char *longer = strlen(a) < strlen(b) ? b : a;
    return strncmp(a, b, n) == 0 &&
           (longer[n] == '\0' || strcmp(longer + n, ".service") == 0);
}

static int
check_contradiction(const struct h2k_names *on, const struct h2k_names *off,
                    const char *how)
{
    for (size_t i = 0; i < on->count; i++)
        for (size_t j = 0; j < off->count; j++)
            if (same_service(on->items[i], off->items[j]))
                return h2k_fail(H2K_E_UNFIXABLE,
                                "%s is to be enabled and %s; leave one of "
                                "the two out",
                                on->items[i], how);
    return 0;
}

static const struct h2k_service_ops *
ops_of(struct h2k_fix *fix)
{
    const char *init = h2k_inspect_init(fix->root);
    if (init != NULL && strcmp(init, "systemd") == 0)
        return &h2k_systemd_services;
    return init != NULL && strcmp(init, "openrc") == 0 ? &h2k_openrc_services
                                                       : &h2k_sysv_services;
}

static int
each(struct h2k_fix *fix, const struct h2k_names *names,
     int (*fn)(struct h2k_fix *fix, const char *name))
{
    for (size_t i = 0; i < names->count; i++)
        if (fn(fix, names->items[i]) < 0)
            return h2k_prefix("the service %s: ", names->items[i]);
    return 0;
}

static int
run(struct h2k_fix *fix)
{
    const struct h2k_configuration *c = fix->options->configuration;
    const struct h2k_service_ops *ops = ops_of(fix);
    if (check_contradiction(&c->services.enable, &c->services.disable,
                            "disabled") < 0 ||
        check_contradiction(&c->services.enable, &c->services.mask, "masked") <
            0 ||
        each(fix, &c->services.disable, ops->disable) < 0 ||
        each(fix, &c->services.mask, ops->mask) < 0)
        return -1;
    return each(fix, &c->services.enable, ops->enable);
}

const struct h2k_edit h2k_edit_services = {
    .name = "configure-services",
    .applies = applies,
    .run = run,
};
