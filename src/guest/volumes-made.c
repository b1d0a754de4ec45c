/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What volume groups and arrays have in common: they are made of members,
 * and what is made is a volume upon them. */
#include "base/error.h"
#include "guest/volumes.h"

#include <stdio.h>
#include <string.h>

void
h2k_guest_members_clear(struct h2k_guest_members *members)
{
    free(members->volumes);
    free(members->names);
    free(members->sources);
    *members = (struct h2k_guest_members){ 0 };
}

/* What a guest itself would look at: volumes that say they are members. */
int
h2k_guest_list_members(const struct h2k_guest *guest, const char *type,
                       bool nested, struct h2k_guest_members *members)
{
    size_t room = guest->volume_count + 1;
    members->volumes = calloc(room, sizeof(*members->volumes));
    members->names = calloc(room, sizeof(*members->names));
    members->sources = calloc(room, sizeof(*members->sources));
    if (members->volumes == NULL || members->names == NULL ||
        members->sources == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (v->taken || v->block == NULL || v->nested != nested ||
            strcmp(v->fs_info.type, type) != 0)
            continue;
        size_t n = members->count++;
        h2k_guest_volume_name(guest, v, members->names[n]);
        members->volumes[n] = i;
        members->sources[n] =
            (struct h2k_volume_source){ members->names[n], v->block };
    }
    return 0;
}

bool
h2k_guest_take_members(struct h2k_guest *guest,
                       const struct h2k_guest_members *members,
                       const bool *used, bool only_whole)
{
    bool any = false;
    for (size_t i = 0; i < members->count; i++) {
        bool take = used[i] || !only_whole;
        guest->volumes[members->volumes[i]].taken = take;
        any |= take;
    }
    return any;
}

int
h2k_guest_add_made(struct h2k_guest *guest, struct h2k_guest_volume *volume,
                   const size_t *members, const size_t *sources, size_t count,
                   const char *problem)
{
    char name[H2K_VOLUME_NAME];
    h2k_autofree size_t *below = calloc(count + 1, sizeof(*below));
    if (below == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        below[i] = members[sources[i]];
    if (volume->block != NULL)
        h2k_block_ref(volume->block);
    else if (problem[0] != '\0')
        snprintf(volume->fs_info.problem, sizeof(volume->fs_info.problem),
                 "%.199s", problem);
    if (h2k_guest_add_upon(guest, volume, below, count) < 0)
        return -1;
    if (problem[0] == '\0')
        return 0;
    h2k_guest_volume_name(guest, volume, name);
    return h2k_strings_addf(&guest->warnings, "%s: %s", name, problem);
}
