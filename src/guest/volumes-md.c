/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The guest's RAID arrays. */
#include "base/error.h"
#include "guest/volumes.h"

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
add_array(struct h2k_guest *guest, const struct h2k_guest_members *members,
          const struct h2k_md_array *array)
{
    struct h2k_guest_volume volume = {
        .kind = H2K_VOLUME_ARRAY,
        .array = array,
        .length = array->length,
        .block = array->block,
    };
    return h2k_guest_add_made(guest, &volume, members->volumes, array->sources,
                              array->source_count, array->problem);
}

/* A place for MD in the guest, which takes it. */
static const struct h2k_md *
keep_md(struct h2k_guest *guest, struct h2k_md **md)
{
    struct h2k_md **all =
        reallocarray(guest->md, guest->md_count + 1, sizeof(struct h2k_md *));
    if (all == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    guest->md = all;
    return all[guest->md_count++] = h2k_steal(*md);
}

static int
find_among(struct h2k_guest *guest, bool nested, bool only_whole)
{
    H2K_AUTO_GUEST_MEMBERS members = { 0 };
    if (h2k_guest_list_members(guest, "linux_raid_member", nested, &members) <
        0)
        return -1;
    if (members.count == 0)
        return 0;
    H2K_AUTO(h2k_md)
    md = h2k_md_open(members.sources, members.count, only_whole);
    if (md == NULL || h2k_guest_add_problems(guest, &md->problems) < 0)
        return -1;
    if (!h2k_guest_take_members(guest, &members, md->used, only_whole))
        return 0;
    const struct h2k_md *kept = keep_md(guest, &md);
    if (kept == NULL)
        return -1;
    for (size_t i = 0; i < kept->count; i++)
        if (add_array(guest, &members, &kept->arrays[i]) < 0)
            return -1;
    return 0;
}

int
h2k_guest_find_arrays(struct h2k_guest *guest, bool only_whole)
{
    return find_among(guest, false, only_whole) < 0
               ? -1
               : find_among(guest, true, only_whole);
}
