/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Services of System V's init: links S20name and K20name in a folder for
 * each runlevel, as update-rc.d(8) (without insserv) and chkconfig(8) keep
 * them.  Which levels is said in the script, by its LSB header (Linux Standard
 * Base, "Comment Conventions for Init Scripts") or its chkconfig line.
 */
#include "guest/configure/services.h"

#include "guest/configure/sysv-header.h"

#include "base/error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char levels[] = "0123456S";

bool
h2k_find_script(struct h2k_fix *fix, const char *name,
                char script[H2K_NAME_MAX + 1])
{
    static const char type[] = ".service";
    char path[H2K_PATH_MAX];
    size_t size = strlen(name);
    if (size > strlen(type) && strcmp(name + size - strlen(type), type) == 0)
        size -= strlen(type);
    snprintf(script, H2K_NAME_MAX + 1, "%.*s", (int)size, name);
    snprintf(path, sizeof(path), "/etc/init.d/%s", script);
    return h2k_root_exists(fix->root, path) &&
           !h2k_root_is_dir(fix->root, path);
}

/* The folder of LEVEL, and what leads from there to the scripts. */
static bool
find_folder(struct h2k_fix *fix, char level, char folder[64],
            const char **scripts)
{
    /* SUSE's, Red Hat's, Debian's. */
    snprintf(folder, 64, "/etc/init.d/rc%c.d", level);
    *scripts = "../";
    if (h2k_root_is_dir(fix->root, folder))
        return true;
    *scripts = "../init.d/";
    snprintf(folder, 64, "/etc/rc.d/rc%c.d", level);
    if (h2k_root_is_dir(fix->root, folder))
        return true;
    snprintf(folder, 64, "/etc/rc%c.d", level);
    return h2k_root_is_dir(fix->root, folder);
}

/* A script's link in one level: "S20name", or "" where there is none. */
struct level_link {
    char folder[64];
    const char *scripts;
    char start[H2K_NAME_MAX + 1], stop[H2K_NAME_MAX + 1];
};

/* 1, 0 where the guest has no such level, -1. */
static int
read_level(struct h2k_fix *fix, char level, const char *script,
           struct level_link *out)
{
    char **names = NULL;
    size_t count = 0;
    *out = (struct level_link){ 0 };
    if (!find_folder(fix, level, out->folder, &out->scripts))
        return 0;
    if (h2k_root_list(fix->root, out->folder, &names, &count) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const char *name = names[i];
        if ((name[0] != 'S' && name[0] != 'K') ||
            !isdigit((unsigned char)name[1]) ||
            !isdigit((unsigned char)name[2]) || strcmp(name + 3, script) != 0)
            continue;
        snprintf(name[0] == 'S' ? out->start : out->stop, H2K_NAME_MAX + 1,
                 "%s", name);
    }
    h2k_root_free_names(names, count);
    return 1;
}

/* LINK's OLD name, "" for none, gone, and the one of KIND and NUMBER there. */
static int
turn(struct h2k_fix *fix, const struct level_link *link, const char *old,
     char kind, int number, const char *script)
{
    char path[H2K_PATH_MAX], name[H2K_NAME_MAX + 8], target[H2K_NAME_MAX + 16];
    const char *what = kind == 'S' ? "a service that is started"
                                   : "a service that is not started";
    if (*old != '\0') {
        snprintf(path, sizeof(path), "%s/%s", link->folder, old);
        if (h2k_service_unlink(fix, path, what) < 0)
            return -1;
    }
    snprintf(name, sizeof(name), "%c%02d%s", kind, number, script);
    snprintf(path, sizeof(path), "%s/%s", link->folder, name);
    snprintf(target, sizeof(target), "%s%s", link->scripts, script);
    return h2k_service_link(fix, target, path, what);
}

static int
number_of(const char *name)
{
    return (name[1] - '0') * 10 + name[2] - '0';
}

/* One level on or off.  ANY: the script has links in some level. */
static int
set_level(struct h2k_fix *fix, char level, const char *script,
          const struct h2k_sysv_header *header, bool on, bool any)
{
    struct level_link link;
    int rc = read_level(fix, level, script, &link);
    const char *is = on ? link.start : link.stop;
    const char *was = on ? link.stop : link.start;
    if (rc <= 0 || *is != '\0')
        return rc < 0 ? -1 : 0;
    int number = on ? header->start : header->stop;
    if (!header->chkconfig && *was != '\0')
        number = number_of(was);
    else if (!header->chkconfig && any)
        return 0; /* a level that the administrator has left out */
    return turn(fix, &link, was, on ? 'S' : 'K', number, script);
}

static int
has_links(struct h2k_fix *fix, const char *script, bool *any)
{
    *any = false;
    for (const char *level = levels; *level != '\0'; level++) {
        struct level_link link;
        if (read_level(fix, *level, script, &link) < 0)
            return -1;
        *any = *any || link.start[0] != '\0' || link.stop[0] != '\0';
    }
    return 0;
}

static int
set_all(struct h2k_fix *fix, const char *name, bool on)
{
    char script[H2K_NAME_MAX + 1], path[H2K_PATH_MAX];
    h2k_autofree char *text = NULL;
    size_t size;
    bool any;
    if (!h2k_find_script(fix, name, script))
        return h2k_fix_warn(fix,
                            "%s: there is no such service in the guest, "
                            "/etc/init.d/%s; it is not %s",
                            name, script, on ? "enabled" : "disabled");
    snprintf(path, sizeof(path), "/etc/init.d/%s", script);
    if (h2k_fix_read(fix, path, &text, &size) < 0 ||
        has_links(fix, script, &any) < 0)
        return -1;
    struct h2k_sysv_header header = h2k_sysv_header_read(text);
    if (!any && !on)
        return 0;
    for (const char *level = levels; *level != '\0'; level++) {
        bool wanted = strchr(header.levels_on, *level) != NULL;
        bool stops = strchr(header.levels_off, *level) != NULL;
        /* A script that was never installed gets its links for stopping
         * too. */
        if (wanted && set_level(fix, *level, script, &header, on, any) < 0)
            return -1;
        if (!wanted && stops && !any &&
            set_level(fix, *level, script, &header, false, any) < 0)
            return -1;
    }
    return 0;
}

static int
enable(struct h2k_fix *fix, const char *name)
{
    return set_all(fix, name, true);
}

static int
disable(struct h2k_fix *fix, const char *name)
{
    return set_all(fix, name, false);
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

const struct h2k_service_ops h2k_sysv_services = {
    .enable = enable,
    .disable = disable,
    .mask = mask,
};
