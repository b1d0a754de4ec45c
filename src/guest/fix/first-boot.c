/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/first-boot.h"

#include "base/buffer.h"
#include "base/error.h"
#include "guest/inspect/inspect.h"

#include <stdio.h>
#include <string.h>

#define UNITS "/etc/systemd/system"
#define WANTS UNITS "/multi-user.target.wants"

/* The file at PATH, and its change. */
static int
put(struct h2k_fix *fix, const char *path, struct h2k_buffer *text,
    uint32_t mode, const struct h2k_first_boot *once)
{
    if (h2k_buffer_check(text) < 0 ||
        h2k_fix_create(fix, path, text->data, text->size, mode) < 0)
        return -1;
    return h2k_fix_record(fix, path, "what the guest runs once at its start",
                          NULL, once->command);
}

/* A link that starts it, where there is none. */
static int
put_link(struct h2k_fix *fix, const char *target, const char *path)
{
    struct h2k_place place;
    if (h2k_root_lookup_nofollow(fix->root, path, &place) == 0)
        return 0;
    return h2k_fix_symlink(fix, target, path);
}

/* Type=oneshot runs one command after the other, and stops at the first that
 * fails: systemd.service(5).  apt's own timers have dpkg's lock. */
static int
add_unit(struct h2k_fix *fix, const struct h2k_first_boot *once)
{
    H2K_AUTO_BUFFER text = { 0 };
    char path[H2K_PATH_MAX], link[H2K_PATH_MAX];
    snprintf(path, sizeof(path), UNITS "/%s.service", once->name);
    snprintf(link, sizeof(link), WANTS "/%s.service", once->name);
    h2k_buffer_addf(&text,
                    "# Written by hyper2kvm; it removes itself.\n"
                    "[Unit]\n"
                    "Description=%s\n"
                    "After=local-fs.target\n"
                    "Before=apt-daily.service apt-daily-upgrade.service "
                    "unattended-upgrades.service\n"
                    "\n"
                    "[Service]\n"
                    "Type=oneshot\n"
                    "Environment=DEBIAN_FRONTEND=noninteractive\n"
                    "ExecStart=%s\n"
                    "ExecStart=/bin/rm -f %s %s %s\n"
                    "\n"
                    "[Install]\n"
                    "WantedBy=multi-user.target\n",
                    once->description, once->command, link, path,
                    once->remove == NULL ? "" : once->remove);
    if (put(fix, path, &text, 0644, once) < 0)
        return -1;
    return put_link(fix, path, link);
}

/* Runlevels 2 to 5, at the end: a script's LSB header, which insserv and
 * update-rc.d read, says the same as its links. */
static int
add_script(struct h2k_fix *fix, const struct h2k_first_boot *once)
{
    static const char *const folders[] = {
        "/etc/rc2.d",      "/etc/rc3.d",      "/etc/rc4.d",
        "/etc/rc5.d",      "/etc/rc.d/rc2.d", "/etc/rc.d/rc3.d",
        "/etc/rc.d/rc4.d", "/etc/rc.d/rc5.d",
    };
    H2K_AUTO_BUFFER text = { 0 };
    char path[H2K_PATH_MAX], link[H2K_PATH_MAX];
    snprintf(path, sizeof(path), "/etc/init.d/%s", once->name);
    h2k_buffer_addf(&text,
                    "#!/bin/sh\n"
                    "# Written by hyper2kvm; it removes itself.\n"
                    "### BEGIN INIT INFO\n"
                    "# Provides:          %s\n"
                    "# Required-Start:    $local_fs\n"
                    "# Required-Stop:\n"
                    "# Default-Start:     2 3 4 5\n"
                    "# Default-Stop:\n"
                    "# Short-Description: %s\n"
                    "### END INIT INFO\n"
                    "[ \"$1\" = start ] || exit 0\n"
                    "export DEBIAN_FRONTEND=noninteractive\n"
                    "%s &&\n"
                    "    rm -f /etc/rc?.d/S??%s /etc/rc.d/rc?.d/S??%s %s %s\n",
                    once->name, once->description, once->command, once->name,
                    once->name, path,
                    once->remove == NULL ? "" : once->remove);
    if (put(fix, path, &text, 0755, once) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(link, sizeof(link), "%s/S99%s", folders[i], once->name);
        if (h2k_root_is_dir(fix->root, folders[i]) &&
            put_link(fix, path, link) < 0)
            return -1;
    }
    return 0;
}

int
h2k_first_boot_add(struct h2k_fix *fix, const struct h2k_first_boot *once)
{
    const char *init = h2k_inspect_init(fix->root);
    if (init != NULL && strcmp(init, "systemd") == 0)
        return add_unit(fix, once) < 0 ? -1 : 1;
    if (h2k_root_is_dir(fix->root, "/etc/init.d") &&
        (h2k_root_is_dir(fix->root, "/etc/rc2.d") ||
         h2k_root_is_dir(fix->root, "/etc/rc.d/rc3.d")))
        return add_script(fix, once) < 0 ? -1 : 1;
    return 0;
}
