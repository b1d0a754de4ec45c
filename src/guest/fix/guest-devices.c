/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/devices.h"
#include "guest/guest.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* TEXT, or "" where another of the guest's volumes has the same at the same
 * place of its struct. */
#define COPY_UNIQUE(guest, volume, member, to)                               \
    do {                                                                     \
        size_t same = 0;                                                     \
        for (size_t i = 0; i < (guest)->volume_count; i++)                   \
            same +=                                                          \
                h2k_guest_sees((guest), &(guest)->volumes[i]) &&             \
                strcmp((guest)->volumes[i].member, (volume)->member) == 0;   \
        snprintf((to), sizeof(to), "%s", same == 1 ? (volume)->member : ""); \
    } while (0)

static int
find_in_guest(void *opaque, const char *path, struct h2k_volume_names *out)
{
    struct h2k_guest *guest = opaque;
    const struct h2k_guest_volume *volume = NULL;
    if (h2k_guest_resolve(guest, path, &volume) < 0) {
        switch (h2k_errcode()) {
        case H2K_E_NOENT:
        case H2K_E_UNSUPPORTED:
        case H2K_E_CORRUPT:
            return 0;
        default:
            return -1;
        }
    }
    *out = (struct h2k_volume_names){ 0 };
    if (strcmp(volume->fs_info.type, "unknown") != 0)
        snprintf(out->type, sizeof(out->type), "%s", volume->fs_info.type);
    out->not_root = guest->root_volume != NULL && volume != guest->root_volume;
    COPY_UNIQUE(guest, volume, fs_info.uuid, out->uuid);
    COPY_UNIQUE(guest, volume, fs_info.label, out->label);
    COPY_UNIQUE(guest, volume, uuid, out->partuuid);
    COPY_UNIQUE(guest, volume, label, out->partlabel);
    return 1;
}

struct h2k_devices
h2k_devices_of_guest(struct h2k_guest *guest)
{
    return (struct h2k_devices){ .find = find_in_guest, .opaque = guest };
}
