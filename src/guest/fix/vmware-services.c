/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/vmware-tools.h"

#include "base/error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The names that distributions and VMware give them. */
static const char *const units[] = {
    "open-vm-tools.service",
    "vmtoolsd.service",
    "vgauth.service",
    "vgauthd.service",
    "vmware-tools.service",
    "vmware-tools-thinprint.service",
    "vmware-vmblock-fuse.service",
    "run-vmblock\\x2dfuse.mount",
    "run-vmblock-fuse.mount",
    "proc-fs-vmblock.mount",
};
static const char *const unit_folders[] = {
    "/etc/systemd/system",
    "/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/usr/local/lib/systemd/system",
};
#define LOCAL_UNITS "/etc/systemd/system"

static const char *const scripts[] = {
    "vmware-tools",
    "vmware-tools-thinprint",
    "open-vm-tools",
    "vmtoolsd",
};
static const char *const runlevel_folders[] = {
    "/etc/rcS.d",        "/etc/rc1.d",        "/etc/rc2.d",
    "/etc/rc3.d",        "/etc/rc4.d",        "/etc/rc5.d",
    "/etc/rc.d/rc1.d",   "/etc/rc.d/rc2.d",   "/etc/rc.d/rc3.d",
    "/etc/rc.d/rc4.d",   "/etc/rc.d/rc5.d",   "/etc/init.d/rc2.d",
    "/etc/init.d/rc3.d", "/etc/init.d/rc5.d",
};
#define OPENRC_RUNLEVELS "/etc/runlevels"

/* Called for each name in a folder, with its path. */
typedef int (*each_fn)(struct h2k_fix *fix, const char *folder,
                       const char *name);

static int
each_name(struct h2k_fix *fix, const char *folder, each_fn fn)
{
    char **names = NULL;
    size_t count = 0;
    int rc = 0;
    if (!h2k_root_is_dir(fix->root, folder))
        return 0;
    if (h2k_root_list(fix->root, folder, &names, &count) < 0)
        return -1;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = fn(fix, folder, names[i]);
    h2k_root_free_names(names, count);
    return rc;
}

/* Remove a link and record where it led.  A file in its place stays. */
static int
remove_link(struct h2k_fix *fix, const char *path, const char *what)
{
    char target[H2K_PATH_MAX + 1];
    if (h2k_root_readlink(fix->root, path, target) < 0)
        return h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR ||
                       h2k_errcode() == H2K_E_UNSUPPORTED
                   ? 0
                   : -1;
    if (h2k_fix_remove(fix, path) < 0)
        return -1;
    return h2k_fix_record(fix, path, what, target, NULL);
}

static int
remove_wants(struct h2k_fix *fix, const char *folder, const char *name)
{
    char path[H2K_PATH_MAX];
    const char *dot = strrchr(name, '.');
    if (dot == NULL ||
        (strcmp(dot, ".wants") != 0 && strcmp(dot, ".requires") != 0))
        return 0;
    for (size_t i = 0; i < COUNT(units); i++) {
        snprintf(path, sizeof(path), "%s/%s/%s", folder, name, units[i]);
        if (remove_link(fix, path, "a VMware service that is started") < 0)
            return -1;
    }
    return 0;
}

/* What stood at the unit's place in /etc: a link is recorded by its target,
 * a file is backed up. */
static int
clear_place(struct h2k_fix *fix, const char *path, char **before)
{
    char target[H2K_PATH_MAX + 1];
    *before = NULL;
    if (!h2k_root_has(fix->root, path))
        return 0;
    if (h2k_root_readlink(fix->root, path, target) < 0)
        snprintf(target, sizeof(target), "a unit of the guest's own");
    *before = strdup(target);
    if (*before == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return h2k_fix_remove(fix, path);
}

static bool
is_masked(struct h2k_fix *fix, const char *path)
{
    char target[H2K_PATH_MAX + 1];
    return h2k_root_readlink(fix->root, path, target) == 0 &&
           strcmp(target, "/dev/null") == 0;
}

static int
mask(struct h2k_fix *fix, const char *unit)
{
    char path[H2K_PATH_MAX];
    h2k_autofree char *before = NULL;
    bool exists = false;
    for (size_t i = 0; i < COUNT(unit_folders); i++) {
        snprintf(path, sizeof(path), "%s/%s", unit_folders[i], unit);
        exists = exists || h2k_root_has(fix->root, path);
    }
    snprintf(path, sizeof(path), LOCAL_UNITS "/%s", unit);
    if (!exists || is_masked(fix, path))
        return 0;
    if (clear_place(fix, path, &before) < 0 ||
        h2k_fix_symlink(fix, "/dev/null", path) < 0)
        return -1;
    return h2k_fix_record(fix, path, "a VMware service, masked", before,
                          "/dev/null");
}

int
h2k_vmware_disable_units(struct h2k_fix *fix)
{
    if (each_name(fix, LOCAL_UNITS, remove_wants) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(units); i++)
        if (mask(fix, units[i]) < 0)
            return -1;
    return 0;
}

/* "S20open-vm-tools" is started; "K01open-vm-tools" in its place says that
 * the administrator wants it off, which later updates of the package keep:
 * update-rc.d(8).  A link to a script that is gone only goes. */
static int
stop_script(struct h2k_fix *fix, const char *folder, const char *name)
{
    char path[H2K_PATH_MAX], stopped[H2K_PATH_MAX], target[H2K_PATH_MAX + 1];
    bool is_script = false;
    if (name[0] != 'S' || !isdigit((unsigned char)name[1]) ||
        !isdigit((unsigned char)name[2]))
        return 0;
    for (size_t i = 0; i < COUNT(scripts); i++)
        is_script = is_script || strcmp(name + 3, scripts[i]) == 0;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    snprintf(stopped, sizeof(stopped), "%s/K01%s", folder, name + 3);
    if (!is_script || h2k_root_readlink(fix->root, path, target) < 0)
        return 0;
    bool keep =
        h2k_root_exists(fix->root, path) && !h2k_root_has(fix->root, stopped);
    if (h2k_fix_remove(fix, path) < 0 ||
        (keep && h2k_fix_symlink(fix, target, stopped) < 0))
        return -1;
    return h2k_fix_record(fix, path, "a VMware service that is started", name,
                          keep ? strrchr(stopped, '/') + 1 : NULL);
}

/* A runlevel of OpenRC: each link in it is a service that is started,
 * rc-update(8). */
static int
stop_services(struct h2k_fix *fix, const char *folder, const char *name)
{
    char path[H2K_PATH_MAX];
    for (size_t i = 0; i < COUNT(scripts); i++) {
        snprintf(path, sizeof(path), "%s/%s/%s", folder, name, scripts[i]);
        if (remove_link(fix, path, "a VMware service that is started") < 0)
            return -1;
    }
    return 0;
}

int
h2k_vmware_disable_scripts(struct h2k_fix *fix)
{
    if (each_name(fix, OPENRC_RUNLEVELS, stop_services) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(runlevel_folders); i++)
        if (each_name(fix, runlevel_folders[i], stop_script) < 0)
            return -1;
    return 0;
}
