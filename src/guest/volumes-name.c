/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What volumes are called in messages. */
#include "guest/volumes.h"

#include <stdio.h>
#include <string.h>

/* Its own part of the name. */
static void
own_name(const struct h2k_guest *guest, const struct h2k_guest_volume *volume,
         char text[H2K_VOLUME_NAME])
{
    switch (volume->kind) {
    case H2K_VOLUME_LOGICAL:
        snprintf(text, H2K_VOLUME_NAME, "/dev/%s/%s", volume->logical->group,
                 volume->logical->name);
        return;
    case H2K_VOLUME_ARRAY:
        h2k_guest_array_name(volume->array, text);
        return;
    case H2K_VOLUME_CRYPT:
        snprintf(text, H2K_VOLUME_NAME, "LUKS");
        return;
    case H2K_VOLUME_PARTITION:
        break;
    }
    const char *id = volume->disk < guest->disk_count
                         ? guest->disks[volume->disk].id
                         : "disk";
    if (volume->disk == H2K_GUEST_NO_DISK)
        snprintf(text, H2K_VOLUME_NAME, "partition %u", volume->partition);
    else if (volume->partition == 0)
        snprintf(text, H2K_VOLUME_NAME, "%.270s", id);
    else
        snprintf(text, H2K_VOLUME_NAME, "%.270s partition %u", id,
                 volume->partition);
}

/* Does the name need that of the volume below?  A name of its own that is
 * good in the whole guest does not, but it is told what it is locked in. */
static bool
needs_below(const struct h2k_guest *guest,
            const struct h2k_guest_volume *volume)
{
    if (volume->below_count != 1)
        return false;
    return volume->kind == H2K_VOLUME_PARTITION ||
           volume->kind == H2K_VOLUME_CRYPT || volume->nested ||
           guest->volumes[volume->below[0]].kind != H2K_VOLUME_PARTITION;
}

void
h2k_guest_volume_name(const struct h2k_guest *guest,
                      const struct h2k_guest_volume *volume,
                      char text[H2K_VOLUME_NAME])
{
    char own[H2K_VOLUME_NAME], rest[H2K_VOLUME_NAME];
    own_name(guest, volume, text);
    while (needs_below(guest, volume)) {
        const char *separator =
            volume->kind == H2K_VOLUME_PARTITION ? " " : " / ";
        volume = &guest->volumes[volume->below[0]];
        own_name(guest, volume, own);
        memcpy(rest, text, sizeof(rest));
        size_t room = H2K_VOLUME_NAME - strlen(rest) - strlen(separator);
        if (strlen(own) >= room) /* the nearest is enough to find it */
            return;
        snprintf(text, H2K_VOLUME_NAME, "%.140s%s%.140s", own, separator,
                 rest);
    }
}

/* "disk-0:3", the short form of "disk-0 partition 3". */
static bool
is_place(const struct h2k_guest *guest, const struct h2k_guest_volume *volume,
         const char *name)
{
    char place[H2K_VOLUME_NAME];
    if (volume->disk >= guest->disk_count)
        return false;
    snprintf(place, sizeof(place), "%.270s:%u", guest->disks[volume->disk].id,
             volume->partition);
    return strcmp(place, name) == 0;
}

bool
h2k_guest_is_called(const struct h2k_guest *guest,
                    const struct h2k_guest_volume *volume, const char *name)
{
    char own[H2K_VOLUME_NAME];
    h2k_guest_volume_name(guest, volume, own);
    return strcmp(name, own) == 0 || is_place(guest, volume, name);
}

bool
h2k_guest_sees(const struct h2k_guest *guest,
               const struct h2k_guest_volume *volume)
{
    return !volume->nested ||
           (guest->root_volume != NULL && guest->root_volume->nested);
}
