/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/read-only.h"

#include "base/error.h"
#include "guest/deployments.h"
#include "guest/fstab-read.h"

#include <stdlib.h>
#include <string.h>

/* ---- Subvolumes ---- */

struct search {
    h2k_ino top;
    bool found, read_only;
};

/* h2k_subvolume_fn */
static int
compare_top(void *opaque, const struct h2k_subvolume *subvolume)
{
    struct search *s = opaque;
    if (subvolume->root != s->top)
        return 0;
    s->found = true;
    s->read_only = subvolume->read_only;
    return 1;
}

/* Does a subvolume of FS begin at TOP, and is it read-only?  What cannot be
 * read is none: whoever writes there will hear of it. */
static struct search
find_subvolume(struct h2k_fs *fs, h2k_ino top)
{
    struct search s = { .top = top };
    (void)h2k_fs_each_subvolume(fs, compare_top, &s);
    return s;
}

static bool
has_read_only_root(const struct h2k_guest *guest)
{
    struct h2k_place top;
    if (h2k_root_lookup(guest->root, "/", &top) < 0)
        return false;
    struct search s = find_subvolume(top.fs, top.ino);
    return s.found && s.read_only;
}

/* Is REAL, a path without links, in a subvolume that is read-only?  The last
 * one that begins on the way to it counts, be it mounted or not. */
static bool
is_in_read_only(const struct h2k_guest *guest, const char *real)
{
    h2k_autofree char *path = strdup(real);
    while (path != NULL) {
        struct h2k_place place;
        char *slash = strrchr(path, '/');
        bool there = h2k_root_lookup_nofollow(
                         guest->root, *path == '\0' ? "/" : path, &place) == 0;
        struct search s = { 0 };
        if (there)
            s = find_subvolume(place.fs, place.ino);
        if (s.found || slash == NULL)
            return s.read_only;
        *slash = '\0';
    }
    return false;
}

/* ---- Deployments ---- */

/* Is PATH, without links, DIRECTORY or below it? */
static bool
is_in(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 &&
           (path[length] == '\0' || path[length] == '/');
}

/* Is there a filesystem of its own at or above PATH? */
static bool
is_mounted(const struct h2k_guest *guest, const char *path)
{
    for (size_t i = 1; i < guest->mount_count; i++)
        if (guest->mounts[i].mounted && is_in(path, guest->mounts[i].path))
            return true;
    return false;
}

static bool
is_in_image(const struct h2k_guest *guest, const char *real)
{
    return !is_in(real, "/etc") && !is_in(real, "/var") &&
           !is_in(real, "/boot") && !is_mounted(guest, real);
}

/* ---- Both ---- */

bool
h2k_guest_may_change(const struct h2k_guest *guest, const char *path,
                     bool follow)
{
    if (guest == NULL)
        return true;
    h2k_autofree char *real =
        follow ? h2k_root_realpath(guest->root, path)
               : h2k_root_realpath_nofollow(guest->root, path);
    if (real == NULL)
        return true; /* nothing can be written there, and that is said */
    return guest->ostree != NULL ? !is_in_image(guest, real)
                                 : !is_in_read_only(guest, real);
}

const char *
h2k_guest_immutable(const struct h2k_guest *guest)
{
    static const char *const signs[] = { "/usr/sbin/transactional-update",
                                         "/etc/transactional-update.conf",
                                         "/usr/etc/transactional-update.conf",
                                         "/etc/tukit.conf",
                                         "/usr/etc/tukit.conf" };
    if (guest->ostree != NULL)
        return "ostree";
    if (!has_read_only_root(guest))
        return NULL;
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (h2k_root_exists(guest->root, signs[i]))
            return "transactional-update";
    return "btrfs";
}

/* fstab's overlay over /etc: "overlay /etc overlay …,upperdir=…". */
static bool
has_overlay(struct h2k_root *root)
{
    h2k_autofree char *text = NULL;
    size_t size;
    h2k_autofree struct h2k_fstab_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL || h2k_root_read_file(root, "/etc/fstab",
                                            H2K_FSTAB_LIMIT, &text, &size) < 0)
        return false;
    struct h2k_fstab_cursor cursor = { .text = text, .size = size };
    while (h2k_fstab_next(&cursor, entry))
        if (strcmp(entry->dir, "/etc") == 0 &&
            strcmp(entry->type, "overlay") == 0)
            return true;
    return false;
}

int
h2k_guest_warn_read_only(struct h2k_guest *guest)
{
    const char *by = h2k_guest_immutable(guest);
    if (by == NULL || guest->ostree != NULL)
        return 0;
    if (h2k_strings_addf(
            &guest->warnings,
            "/: is a read-only snapshot of btrfs (%s), in which nothing can "
            "be changed here; where that is needed, before exporting: `btrfs "
            "property set -ts / ro false` in the guest, and back to true "
            "when it runs on KVM",
            by) < 0)
        return -1;
    if (!has_overlay(guest->root))
        return 0;
    return h2k_strings_add(
        &guest->warnings,
        "/etc: the guest lays what was changed there over its snapshot "
        "(overlay, /var/lib/overlay), which was not looked at: names and "
        "addresses of its network may be other than what is told");
}
