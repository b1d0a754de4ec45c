/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From volumes to the guest's tree: what its fstab names is mounted. */
#include "base/error.h"
#include "guest/deployments.h"
#include "guest/fstab-read.h"
#include "guest/guest.h"
#include "guest/mounts.h"
#include "guest/read-only.h"
#include "guest/root-volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct h2k_guest_mount *
h2k_guest_add_mount(struct h2k_guest *guest, const char *path,
                    const char *spec, const char *type, const char *options)
{
    if (guest->mount_count >= H2K_GUEST_MOUNTS_MAX)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "/etc/fstab: more than %d devices: set "
                             "pipeline.fix.enabled to false to convert "
                             "without fixing",
                             H2K_GUEST_MOUNTS_MAX);
    struct h2k_guest_mount *mounts =
        reallocarray(guest->mounts, guest->mount_count + 1, sizeof(*mounts));
    if (mounts == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    guest->mounts = mounts;
    struct h2k_guest_mount *mount = &mounts[guest->mount_count];
    *mount = (struct h2k_guest_mount){
        .path = strdup(path),
        .spec = strdup(spec),
        .type = strdup(type),
        .options = strdup(options),
    };
    guest->mount_count++;
    if (mount->path == NULL || mount->spec == NULL || mount->type == NULL ||
        mount->options == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return mount;
}

static int
set_text(char **field, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    free(*field);
    *field = copy;
    return 0;
}

static int
note_root_line(struct h2k_guest *guest, const struct h2k_fstab_entry *entry)
{
    struct h2k_guest_mount *mount = &guest->mounts[0];
    return set_text(&mount->spec, entry->spec) < 0 ||
                   set_text(&mount->type, entry->type) < 0 ||
                   set_text(&mount->options, entry->options) < 0
               ? -1
               : 0;
}

/* fstab's own line for "/" must mean the volume that we found.  What it
 * names may be explained by files on other volumes. */
static int
check_root_line(struct h2k_guest *guest)
{
    char name[H2K_VOLUME_NAME];
    const char *spec = guest->mounts[0].spec;
    const struct h2k_guest_volume *volume;
    if (spec[0] == '\0')
        return 0;
    if (h2k_guest_resolve(guest, spec, &volume) < 0)
        return h2k_error_is_content()
                   ? h2k_strings_addf(&guest->warnings,
                                      "/etc/fstab: / is on %s", h2k_errmsg())
                   : -1;
    if (volume == guest->root_volume)
        return 0;
    h2k_guest_volume_name(guest, volume, name);
    return h2k_strings_addf(&guest->warnings,
                            "/etc/fstab: / is on %s, which means %s; the "
                            "system was found elsewhere",
                            spec, name);
}

/* "/boot" for "//boot/": as h2k_guest_find_mount is asked. */
static void
normalize_path(char *path)
{
    size_t n = 0;
    for (const char *p = path; *p != '\0'; p++)
        if (*p != '/' || n == 0 || path[n - 1] != '/')
            path[n++] = *p;
    if (n > 1 && path[n - 1] == '/')
        n--;
    path[n] = '\0';
}

static int
note_line(struct h2k_guest *guest, struct h2k_fstab_entry *entry)
{
    if (entry->dir[0] != '/' || h2k_fstab_is_pseudo(entry))
        return 0;
    normalize_path(entry->dir);
    if (strcmp(entry->dir, "/") == 0)
        return note_root_line(guest, entry);
    return h2k_guest_add_mount(guest, entry->dir, entry->spec, entry->type,
                               entry->options) == NULL
               ? -1
               : 0;
}

static int
read_fstab(struct h2k_guest *guest)
{
    h2k_autofree char *text = NULL;
    size_t size;
    if (h2k_root_read_file(guest->root, "/etc/fstab", H2K_FSTAB_LIMIT, &text,
                           &size) < 0) {
        if (!h2k_error_is_content())
            return -1;
        return h2k_errcode() == H2K_E_NOENT
                   ? 0
                   : h2k_strings_add(&guest->warnings, h2k_errmsg());
    }
    h2k_autofree struct h2k_fstab_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    struct h2k_fstab_cursor cursor = { .text = text, .size = size };
    while (h2k_fstab_next(&cursor, entry))
        if (note_line(guest, entry) < 0)
            return -1;
    return 0;
}

/* A parent's path is shorter than its child's; "/" stays first. */
static int
compare_depth(const void *a, const void *b)
{
    const struct h2k_guest_mount *x = a, *y = b;
    size_t m = strlen(x->path), n = strlen(y->path);
    return m != n ? (m < n ? -1 : 1) : strcmp(x->path, y->path);
}

/* Mounted by hand, or not at all, on the old machine: only the boot
 * loader's directories matter then. */
static bool
is_wanted(const struct h2k_guest_mount *mount)
{
    return !h2k_fstab_has_option(mount->options, "noauto") ||
           strcmp(mount->path, "/boot") == 0 ||
           strcmp(mount->path, "/boot/efi") == 0 ||
           strcmp(mount->path, "/efi") == 0;
}

/* The volume's own problem, or what it is. */
static void
explain_unmounted(struct h2k_guest_mount *mount)
{
    const struct h2k_fs_info *info = &mount->volume->fs_info;
    if (info->problem[0] != '\0')
        snprintf(mount->problem, sizeof(mount->problem), "%s", info->problem);
    else
        snprintf(mount->problem, sizeof(mount->problem), "%s is not read yet",
                 info->type);
}

/* The subvolume that the line's options say, where it has any. */
static int
mount_volume(struct h2k_guest *guest, const struct h2k_guest_mount *mount)
{
    const struct h2k_guest_volume *volume = mount->volume;
    h2k_ino top;
    if (h2k_fs_subvolume(volume->fs, mount->options, &top) < 0)
        return -1;
    if (volume == guest->root_volume && top == volume->system)
        return h2k_fail(H2K_E_EXIST, "%s is the volume of /", mount->spec);
    return h2k_root_mount_at(guest->root, mount->path, volume->fs, top);
}

static int
mount_one(struct h2k_guest *guest, struct h2k_guest_mount *mount)
{
    if (h2k_guest_resolve(guest, mount->spec, &mount->volume) < 0) {
        if (!h2k_error_is_content())
            return -1;
        snprintf(mount->problem, sizeof(mount->problem), "%s", h2k_errmsg());
    } else if (mount->volume->fs == NULL) {
        explain_unmounted(mount);
    } else if (is_wanted(mount)) {
        if (mount_volume(guest, mount) == 0)
            mount->mounted = true;
        else if (!h2k_error_is_content())
            return -1;
        else
            snprintf(mount->problem, sizeof(mount->problem), "%s",
                     h2k_errmsg());
    }
    if (mount->problem[0] == '\0' || !is_wanted(mount) ||
        h2k_fstab_has_option(mount->options, "nofail"))
        return 0;
    return h2k_strings_addf(&guest->warnings, "/etc/fstab: %s: %s",
                            mount->path, mount->problem);
}

/* The tree, with nothing mounted in it yet. */
static int
make_root(struct h2k_guest *guest)
{
    h2k_ino top = guest->root_volume->system;
    if (h2k_guest_find_deployments(guest) < 0 ||
        (guest->ostree != NULL && h2k_guest_deployment_root(guest, &top) < 0))
        return -1;
    guest->root = h2k_root_new_at(guest->root_volume->fs, top);
    return guest->root == NULL ? -1 : 0;
}

int
h2k_guest_assemble(struct h2k_guest *guest)
{
    if (h2k_guest_find_volumes(guest) < 0 || h2k_guest_find_root(guest) < 0 ||
        make_root(guest) < 0)
        return -1;
    struct h2k_guest_mount *top = h2k_guest_add_mount(guest, "/", "", "", "");
    if (top == NULL)
        return -1;
    top->volume = guest->root_volume;
    top->mounted = true;
    if (read_fstab(guest) < 0 ||
        (guest->ostree != NULL && h2k_guest_mount_deployment(guest) < 0))
        return -1;
    qsort(guest->mounts, guest->mount_count, sizeof(*guest->mounts),
          compare_depth);
    for (size_t i = 1; i < guest->mount_count; i++)
        if (!guest->mounts[i].mounted &&
            mount_one(guest, &guest->mounts[i]) < 0)
            return -1;
    if (h2k_guest_mount_implied(guest) < 0 || check_root_line(guest) < 0)
        return -1;
    return h2k_guest_warn_read_only(guest);
}
