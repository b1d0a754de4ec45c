/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/error.h"
#include "guest/mounts.h"

#include <string.h>
#include <strings.h>

/* UAPI group, "Discoverable Partitions Specification". */
#define TYPE_ESP "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
#define TYPE_XBOOTLDR "bc13c2ff-59e6-4262-a352-b275fd6f7172"

static bool
is_mounted(const struct h2k_guest *guest,
           const struct h2k_guest_volume *volume)
{
    for (size_t i = 0; i < guest->mount_count; i++)
        if (guest->mounts[i].volume == volume)
            return true;
    return false;
}

/* The only volume of TYPE on the disk of "/", or NULL. */
static const struct h2k_guest_volume *
find_only(const struct h2k_guest *guest, const char *type)
{
    const struct h2k_guest_volume *found = NULL;
    size_t disk = guest->root_volume->disk;
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (strcasecmp(v->type, type) != 0 || v->fs == NULL ||
            (disk != H2K_GUEST_NO_DISK && v->disk != disk))
            continue;
        if (found != NULL)
            return NULL;
        found = v;
    }
    return found;
}

/* An empty directory that fstab says nothing about. */
static bool
is_free(struct h2k_guest *guest, const char *path)
{
    char **names;
    size_t count;
    if (h2k_guest_find_mount(guest, path) != NULL ||
        h2k_root_list(guest->root, path, &names, &count) < 0)
        return false;
    h2k_root_free_names(names, count);
    return count == 0;
}

static int
mount_at(struct h2k_guest *guest, const struct h2k_guest_volume *volume,
         const char *path)
{
    if (volume == NULL || is_mounted(guest, volume) || !is_free(guest, path))
        return 0;
    if (h2k_root_mount(guest->root, path, volume->fs) < 0)
        return h2k_error_is_content() ? 0 : -1;
    struct h2k_guest_mount *mount =
        h2k_guest_add_mount(guest, path, "", volume->fs_info.type, "");
    if (mount == NULL)
        return -1;
    mount->volume = volume;
    mount->mounted = true;
    return 1;
}

int
h2k_guest_mount_implied(struct h2k_guest *guest)
{
    if (!h2k_root_exists(guest->root, "/usr/lib/systemd/system-generators/"
                                      "systemd-gpt-auto-generator"))
        return 0;
    const struct h2k_guest_volume *esp = find_only(guest, TYPE_ESP);
    int boot = mount_at(guest, find_only(guest, TYPE_XBOOTLDR), "/boot");
    int efi = boot < 0 ? -1 : mount_at(guest, esp, "/efi");
    /* Alone, and without a directory of its own, it is /boot. */
    if (efi == 0 && boot == 0)
        efi = mount_at(guest, esp, "/boot");
    return boot < 0 || efi < 0 ? -1 : 0;
}
