/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/systems.h"

#include "base/error.h"
#include "fs/root.h"
#include "guest/deployments.h"
#include "guest/fstab-read.h"

#include <string.h>

/* What installers name the root's subvolume: Ubuntu and SUSE, Debian,
 * Fedora. */
static const char *const usual[] = { "@", "@rootfs", "root", "@root" };

/* Far more than anyone keeps side by side. */
#define SYSTEMS_MAX 16

/* Files of a root.  os-release is often a link, and /usr may be another
 * volume; then fstab beside the programs' directories says it. */
bool
h2k_guest_is_plain_system(struct h2k_fs *fs, h2k_ino ino)
{
    struct h2k_stat st;
    H2K_AUTO(h2k_root) root = h2k_root_new_at(fs, ino);
    if (root == NULL)
        return false;
    if (h2k_root_stat(root, "/etc/os-release", &st) == 0 ||
        h2k_root_stat(root, "/usr/lib/os-release", &st) == 0)
        return true;
    return h2k_root_stat(root, "/etc/fstab", &st) == 0 &&
           (h2k_root_is_dir(root, "/sbin") ||
            h2k_root_is_dir(root, "/usr/sbin") ||
            h2k_root_is_dir(root, "/usr/bin"));
}

bool
h2k_guest_is_system(struct h2k_fs *fs, h2k_ino ino)
{
    return h2k_guest_is_plain_system(fs, ino) || h2k_is_physical_root(fs, ino);
}

/* The options of fstab's line for "/" in TEXT; NULL: no such line. */
static const char *
root_options(const char *text, size_t size, struct h2k_fstab_entry *entry)
{
    struct h2k_fstab_cursor cursor = { .text = text, .size = size };
    while (h2k_fstab_next(&cursor, entry))
        if (strcmp(entry->dir, "/") == 0)
            return entry->options;
    return NULL;
}

/* The directory that the fstab of the system in INO has for "/": another,
 * where INO is a snapshot of it. */
static int
follow_fstab(struct h2k_fs *fs, h2k_ino ino, h2k_ino *system)
{
    h2k_autofree char *text = NULL;
    size_t size;
    h2k_ino there;
    *system = ino;
    H2K_AUTO(h2k_root) root = h2k_root_new_at(fs, ino);
    h2k_autofree struct h2k_fstab_entry *entry = malloc(sizeof(*entry));
    if (root == NULL || entry == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (h2k_root_read_file(root, "/etc/fstab", H2K_FSTAB_LIMIT, &text, &size) <
        0)
        return h2k_error_is_content() ? 0 : -1;
    const char *options = root_options(text, size, entry);
    if (options == NULL)
        return 0;
    if (h2k_fs_subvolume(fs, options, &there) < 0)
        return h2k_error_is_content() ? 0 : -1;
    if (h2k_guest_is_system(fs, there))
        *system = there;
    return 0;
}

struct systems {
    struct h2k_fs *fs;
    size_t count;
    struct {
        h2k_ino ino;
        char *path; /* owned; NULL while it is only spoken of */
    } list[SYSTEMS_MAX];
};

static void
systems_clear(struct systems *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->list[i].path);
}

static int
add_system(struct systems *s, h2k_ino ino, const char *path)
{
    size_t i = 0;
    while (i < s->count && s->list[i].ino != ino)
        i++;
    if (i == SYSTEMS_MAX)
        return 1;
    if (i == s->count)
        s->list[s->count++].ino = ino;
    if (path == NULL || s->list[i].path != NULL)
        return 0;
    s->list[i].path = strdup(path);
    return s->list[i].path == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                                   : 0;
}

/* h2k_subvolume_fn */
static int
look_into(void *opaque, const struct h2k_subvolume *subvolume)
{
    struct systems *s = opaque;
    h2k_ino system;
    if (subvolume->read_only || !h2k_guest_is_system(s->fs, subvolume->root))
        return 0;
    if (follow_fstab(s->fs, subvolume->root, &system) < 0)
        return -1;
    return add_system(s, system,
                      system == subvolume->root ? subvolume->path : NULL);
}

/* Of several, the one with a name that installers give. */
static h2k_ino
find_usual(const struct systems *s)
{
    for (size_t u = 0; u < sizeof(usual) / sizeof(*usual); u++)
        for (size_t i = 0; i < s->count; i++)
            if (s->list[i].path != NULL &&
                strcmp(s->list[i].path, usual[u]) == 0)
                return s->list[i].ino;
    return 0;
}

static int
find_in_subvolumes(struct h2k_fs *fs, h2k_ino *system,
                   struct h2k_buffer *several)
{
    __attribute__((cleanup(systems_clear))) struct systems s = { .fs = fs };
    if (h2k_fs_each_subvolume(fs, look_into, &s) < 0)
        return -1;
    if (s.count == 0)
        return 0;
    *system = s.count == 1 ? s.list[0].ino : find_usual(&s);
    if (*system != 0)
        return 0;
    *system = s.list[0].ino;
    for (size_t i = 0; i < s.count; i++)
        h2k_buffer_addf(several, "%s%s", i > 0 ? ", " : "",
                        s.list[i].path == NULL ? "a snapshot"
                                               : s.list[i].path);
    return h2k_buffer_check(several);
}

int
h2k_guest_find_system(struct h2k_fs *fs, h2k_ino *system,
                      struct h2k_buffer *several)
{
    h2k_ino top = h2k_fs_root(fs);
    *system = 0;
    return h2k_guest_is_system(fs, top)
               ? follow_fstab(fs, top, system)
               : find_in_subvolumes(fs, system, several);
}
