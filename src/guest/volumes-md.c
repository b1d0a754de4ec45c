/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The guest's RAID arrays. */
#include "base/checked.h"
#include "base/error.h"
#include "guest/volumes.h"

#include <stdio.h>
#include <string.h>

/* The superblock of version 0.90 on a disk and on its last partition stand at
 * the same place: it is the disk's where no partition has it. */
static bool
is_on_partition(const struct h2k_partition_table *table, uint64_t at)
{
    for (size_t i = 0; i < table->count; i++)
        if (at - table->partitions[i].offset < table->partitions[i].length)
            return true;
    return false;
}

int
h2k_guest_is_array_disk(struct h2k_block *disk,
                        const struct h2k_partition_table *table)
{
    struct h2k_md_place place;
    if (h2k_md_find(disk, &place) < 0)
        return h2k_error_is_content() ? 0 : -1;
    return place.absolute || !is_on_partition(table, place.offset);
}

static int
add_array(struct h2k_guest *guest, const size_t *members,
          const struct h2k_md_array *array)
{
    struct h2k_guest_volume volume = {
        .kind = H2K_VOLUME_ARRAY,
        .array = array,
        .length = array->length,
    };
    char name[H2K_VOLUME_NAME];
    h2k_autofree size_t *below =
        calloc(array->source_count + 1, sizeof(*below));
    if (below == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < array->source_count; i++)
        below[i] = members[array->sources[i]];
    if (array->block != NULL)
        volume.block = h2k_block_ref(array->block);
    else
        snprintf(volume.fs_info.problem, sizeof(volume.fs_info.problem),
                 "%.199s", array->problem);
    if (h2k_guest_add_upon(guest, &volume, below, array->source_count) < 0)
        return -1;
    if (array->problem[0] == '\0')
        return 0;
    h2k_guest_volume_name(guest, &volume, name);
    return h2k_strings_addf(&guest->warnings, "%s: %s", name, array->problem);
}

static struct h2k_md *
open_md(const struct h2k_guest *guest, const size_t *members, size_t count,
        bool only_whole)
{
    h2k_autofree struct h2k_md_source *sources =
        calloc(count + 1, sizeof(*sources));
    h2k_autofree char(*names)[H2K_VOLUME_NAME] =
        calloc(count + 1, sizeof(*names));
    if (sources == NULL || names == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[members[i]];
        h2k_guest_volume_name(guest, v, names[i]);
        sources[i] = (struct h2k_md_source){ names[i], v->block };
    }
    return h2k_md_open(sources, count, only_whole);
}

static int
keep_md(struct h2k_guest *guest, struct h2k_md *md)
{
    struct h2k_md **all =
        reallocarray(guest->md, guest->md_count + 1, sizeof(struct h2k_md *));
    if (all == NULL) {
        h2k_md_free(md);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    guest->md = all;
    all[guest->md_count++] = md;
    return 0;
}

int
h2k_guest_find_arrays(struct h2k_guest *guest, bool only_whole)
{
    h2k_autofree size_t *members = NULL;
    size_t count;
    if (h2k_guest_list_members(guest, "linux_raid_member", &members, &count) <
        0)
        return -1;
    if (count == 0)
        return 0;
    struct h2k_md *md = open_md(guest, members, count, only_whole);
    if (md == NULL || keep_md(guest, md) < 0)
        return -1;
    for (size_t i = 0; i < md->problem_count; i++)
        if (h2k_guest_add_problem(guest, md->problems[i]) < 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        guest->volumes[members[i]].taken = md->used[i] || !only_whole;
    for (size_t i = 0; i < md->count; i++)
        if (add_array(guest, members, &md->arrays[i]) < 0)
            return -1;
    return 0;
}
