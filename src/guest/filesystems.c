/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/filesystems.h"

#include "base/error.h"
#include "guest/foreign.h"

#include <stdio.h>
#include <string.h>

const struct h2k_guest_volume *
h2k_guest_whole(const struct h2k_guest *guest,
                const struct h2k_guest_volume *volume)
{
    return volume->member_of == 0 ? volume
                                  : &guest->volumes[volume->member_of - 1];
}

/* Is V another part of what VOLUME is a part of? */
static bool
is_sibling(const struct h2k_guest_volume *volume,
           const struct h2k_guest_volume *v)
{
    return v != volume && v->fs_info.devices > 1 && v->fs_info.mountable &&
           v->block != NULL && v->fs == NULL && v->member_of == 0 &&
           v->nested == volume->nested &&
           strcmp(v->fs_info.type, volume->fs_info.type) == 0 &&
           strcmp(v->fs_info.uuid, volume->fs_info.uuid) == 0;
}

/* All parts of VOLUME's filesystem, which come after it: their blocks, and
 * that it has it.  The UUID is the whole's, and so not theirs alone. */
static size_t
collect(struct h2k_guest *guest, struct h2k_guest_volume *volume,
        struct h2k_block **blocks)
{
    size_t count = 0;
    blocks[count++] = volume->block;
    if (volume->fs_info.devices <= 1)
        return count;
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *v = &guest->volumes[i];
        if (!is_sibling(volume, v))
            continue;
        v->member_of = (size_t)(volume - guest->volumes) + 1;
        v->member = count;
        blocks[count++] = v->block;
    }
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_fs_info *info = &guest->volumes[i].fs_info;
        if (guest->volumes[i].member_of == 0 ||
            &guest->volumes[guest->volumes[i].member_of - 1] != volume)
            continue;
        info->uuid[0] = '\0';
        info->label[0] = '\0';
    }
    return count;
}

static int
open_volume(struct h2k_guest *guest, struct h2k_guest_volume *volume)
{
    char name[H2K_VOLUME_NAME];
    if (volume->fs != NULL || volume->block == NULL ||
        volume->member_of != 0 ||
        (!volume->fs_info.mountable && !h2k_foreign_wants(volume)))
        return 0;
    h2k_autofree struct h2k_block **blocks =
        calloc(guest->volume_count, sizeof(struct h2k_block *));
    if (blocks == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    size_t count = collect(guest, volume, blocks);
    volume->fs = h2k_fs_open_members(
        blocks, count, h2k_block_writable(volume->block), &volume->fs_info);
    h2k_guest_volume_name(guest, volume, name);
    if (volume->fs == NULL && h2k_errcode() == H2K_E_UNSUPPORTED &&
        h2k_foreign_open(guest, volume, blocks, count) == 0)
        return 0;
    if (volume->fs == NULL && !h2k_error_is_content())
        return -1;
    if (volume->fs == NULL)
        snprintf(volume->fs_info.problem, sizeof(volume->fs_info.problem),
                 "%s", h2k_errmsg());
    else if (volume->fs_info.devices <= 1 ||
             volume->fs_info.problem[0] == '\0')
        return 0;
    return h2k_strings_addf(&guest->warnings, "%s: %s", name,
                            volume->fs_info.problem);
}

int
h2k_guest_open_filesystems(struct h2k_guest *guest, bool nested)
{
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *volume = &guest->volumes[i];
        if (volume->nested != nested)
            continue;
        int rc = volume->block == NULL && volume->logical != NULL &&
                         volume->logical->foreign
                     ? h2k_foreign_open_logical(guest, volume)
                     : open_volume(guest, volume);
        if (rc < 0)
            return -1;
    }
    return 0;
}
