/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A disk that was another machine's, or this one's before, and is a data disk
 * now: a system is on it, and the guest's fstab mounts that as data.
 */
#include "guest/root-volume.h"

#include "base/error.h"
#include "fs/root.h"
#include "guest/fstab-read.h"

#include <string.h>

/* Does ENTRY mount VOLUME somewhere below "/"?  1, 0, -1. */
static int
is_mount_of(struct h2k_guest *guest, const struct h2k_fstab_entry *entry,
            const struct h2k_guest_volume *volume)
{
    const struct h2k_guest_volume *found;
    if (entry->dir[0] != '/' || entry->dir[strspn(entry->dir, "/")] == '\0' ||
        h2k_fstab_is_pseudo(entry))
        return 0;
    if (h2k_guest_resolve(guest, entry->spec, &found) < 0)
        return h2k_error_is_content() ? 0 : -1;
    return found == volume;
}

int
h2k_guest_mounts_as_data(struct h2k_guest *guest,
                         const struct h2k_guest_volume *system,
                         const struct h2k_guest_volume *other)
{
    h2k_autofree char *text = NULL;
    size_t size;
    int rc = 0;
    if (system == other || system->disk == other->disk)
        return 0;
    H2K_AUTO(h2k_root) root = h2k_root_new_at(system->fs, system->system);
    if (root == NULL)
        return -1;
    if (h2k_root_read_file(root, "/etc/fstab", H2K_FSTAB_LIMIT, &text, &size) <
        0)
        return h2k_error_is_content() ? 0 : -1;
    h2k_autofree struct h2k_fstab_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    struct h2k_fstab_cursor cursor = { .text = text, .size = size };
    while (rc == 0 && h2k_fstab_next(&cursor, entry))
        rc = is_mount_of(guest, entry, other);
    return rc;
}
