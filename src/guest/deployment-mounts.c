/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A deployment as "/": what is mounted in it. */
#include "base/error.h"
#include "guest/deployments.h"
#include "guest/mounts.h"

#include <stdio.h>
#include <string.h>

int
h2k_guest_deployment_root(const struct h2k_guest *guest, h2k_ino *ino)
{
    const struct h2k_guest_volume *v = guest->root_volume;
    const struct h2k_ostree *o = guest->ostree;
    struct h2k_place place;
    H2K_AUTO(h2k_root) root = h2k_root_new_at(v->fs, v->system);
    if (root == NULL ||
        h2k_root_lookup(root, o->items[o->chosen].path, &place) < 0)
        return -1;
    *ino = place.ino;
    return 0;
}

/* The directory FROM of the tree at PATH of it too; what cannot be is a
 * warning. */
static int
bind(struct h2k_guest *guest, const char *from, const char *path)
{
    struct h2k_place place;
    if (h2k_root_is_dir(guest->root, from) &&
        h2k_root_lookup(guest->root, from, &place) == 0 &&
        h2k_root_mount_at(guest->root, path, place.fs, place.ino) == 0)
        return 0;
    if (!h2k_root_is_dir(guest->root, from))
        (void)h2k_fail(H2K_E_NOENT, "%s is not there", from);
    return h2k_error_is_content()
               ? h2k_strings_addf(&guest->warnings, "%s: %s", path,
                                  h2k_errmsg())
               : -1;
}

static int
mount_boot(struct h2k_guest *guest)
{
    const struct h2k_guest_volume *boot = guest->ostree->boot;
    if (h2k_guest_find_mount(guest, "/boot") != NULL)
        return 0;
    if (boot == NULL)
        return bind(guest, "/sysroot/boot", "/boot");
    if (h2k_root_mount(guest->root, "/boot", boot->fs) < 0)
        return h2k_error_is_content()
                   ? h2k_strings_addf(&guest->warnings, "/boot: %s",
                                      h2k_errmsg())
                   : -1;
    struct h2k_guest_mount *mount =
        h2k_guest_add_mount(guest, "/boot", "", boot->fs_info.type, "");
    if (mount == NULL)
        return -1;
    mount->volume = boot;
    mount->mounted = true;
    return 0;
}

int
h2k_guest_mount_deployment(struct h2k_guest *guest)
{
    const struct h2k_guest_volume *v = guest->root_volume;
    const struct h2k_ostree *o = guest->ostree;
    char var[H2K_PATH_MAX];
    if (h2k_root_mount_at(guest->root, "/sysroot", v->fs, v->system) < 0)
        return h2k_error_is_content()
                   ? h2k_strings_add(&guest->warnings, h2k_errmsg())
                   : -1;
    snprintf(var, sizeof(var), "/sysroot/ostree/deploy/%s/var",
             o->items[o->chosen].name.stateroot);
    if (h2k_guest_find_mount(guest, "/var") == NULL &&
        bind(guest, var, "/var") < 0)
        return -1;
    return mount_boot(guest);
}
