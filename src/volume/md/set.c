/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which members are current, by the rules that mdadm(8) and the kernel
 * assemble with. */
#include "volume/md/set.h"

#include "base/error.h"

#include <string.h>

static const struct {
    int32_t level;
    const char *name, *refused;
} levels[] = {
    { H2K_MD_LINEAR, "linear", NULL },
    { H2K_MD_RAID0, "raid0", NULL },
    { H2K_MD_RAID1, "raid1", NULL },
    { H2K_MD_RAID10, "raid10", NULL },
    { 4, "raid4", "RAID 4" },
    { 5, "raid5", "RAID 5" },
    { 6, "raid6", "RAID 6" },
    { -4, "multipath", "multipath" },
    { -5, "faulty", "the level faulty" },
};

const char *
h2k_md_level_name(int32_t level)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (levels[i].level == level)
            return levels[i].name;
    return "unknown";
}

const char *
h2k_md_refused_level(int32_t level)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (levels[i].level == level)
            return levels[i].refused;
    return "an unknown level";
}

/* The last change may have reached only some members: one event less is as
 * good. */
static bool
is_current(const struct h2k_md_super *super, const struct h2k_md_super *fresh)
{
    return fresh->events - super->events <= 1;
}

static void
find_fresh(struct h2k_md_set *set)
{
    set->fresh = set->parts[0].super;
    for (size_t i = 1; i < set->count; i++)
        if (set->parts[i].super->events > set->fresh->events)
            set->fresh = set->parts[i].super;
}

static bool
is_place(const struct h2k_md_super *fresh, uint32_t role)
{
    return role < fresh->raid_disks;
}

static void
judge(struct h2k_md_part *part, const struct h2k_md_super *fresh)
{
    const struct h2k_md_super *own = part->super;
    uint32_t said = h2k_md_role(fresh, own->number);
    part->role = h2k_md_role(own, own->number);
    if (!is_place(fresh, part->role))
        part->standing =
            part->role == H2K_MD_FAULTY ? H2K_MD_STALE : H2K_MD_SPARE;
    else if (!is_current(own, fresh) || said != part->role)
        part->standing = H2K_MD_STALE;
    else if (own->rebuilding || own->bad_blocks)
        part->standing = H2K_MD_REBUILT;
    else
        part->standing = H2K_MD_IN_SYNC;
}

/* Two members that each think the other has failed, and both were changed
 * as often: which of them has the guest's content cannot be told. */
static int
check_apart(const struct h2k_md_set *set, const struct h2k_md_part *part,
            const struct h2k_volume_source *sources)
{
    const struct h2k_md_super *fresh = set->fresh;
    if (part->super == fresh || part->standing != H2K_MD_STALE ||
        !is_place(fresh, part->role) || !is_current(part->super, fresh) ||
        is_place(fresh, h2k_md_role(part->super, fresh->number)))
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "%s and another member were used without each other, and "
                    "which is the newer cannot be told: give only one",
                    sources[part->source].name);
}

static int
check_twice(const struct h2k_md_set *set, size_t i,
            const struct h2k_volume_source *sources)
{
    const struct h2k_md_part *part = &set->parts[i];
    for (size_t j = 0; j < i; j++) {
        const struct h2k_md_part *other = &set->parts[j];
        if (part->standing == H2K_MD_STALE ||
            other->standing == H2K_MD_STALE ||
            part->super->number != other->super->number)
            continue;
        return h2k_fail(H2K_E_CORRUPT, "member %u is there twice: %s and %s",
                        part->super->number, sources[other->source].name,
                        sources[part->source].name);
    }
    return 0;
}

/* A role that the newest superblock gives to a device that is not here, not
 * even as a stale one: nothing would tell it from the others later. */
static uint32_t
find_missing(const struct h2k_md_set *set)
{
    const struct h2k_md_super *fresh = set->fresh;
    for (uint32_t number = 0; number < fresh->device_count; number++) {
        bool here = false;
        for (size_t i = 0; i < set->count && !here; i++)
            here = set->parts[i].super->number == number;
        if (!here && is_place(fresh, fresh->roles[number]))
            return fresh->roles[number];
    }
    return H2K_MD_NO_ROLE;
}

int
h2k_md_set_judge(struct h2k_md_set *set,
                 const struct h2k_volume_source *sources)
{
    find_fresh(set);
    for (size_t i = 0; i < set->count; i++) {
        judge(&set->parts[i], set->fresh);
        if (check_apart(set, &set->parts[i], sources) < 0 ||
            check_twice(set, i, sources) < 0)
            return -1;
    }
    set->missing = find_missing(set);
    return 0;
}
