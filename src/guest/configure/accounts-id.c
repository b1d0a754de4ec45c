/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers for new users and groups, as useradd(8) chooses them. */
#include "guest/configure/accounts.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Ranges of numbers that are taken; [start, end). */
struct range {
    uint64_t start, end;
};
struct ranges {
    struct range *items;
    size_t count, room;
};

static int
add_range(struct ranges *ranges, uint64_t start, uint64_t count)
{
    if (ranges->count == ranges->room) {
        size_t room = ranges->room == 0 ? 64 : ranges->room * 2;
        void *items = reallocarray(ranges->items, room, sizeof(struct range));
        if (items == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        ranges->items = items;
        ranges->room = room;
    }
    ranges->items[ranges->count++] = (struct range){ start, start + count };
    return 0;
}

static int
compare(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* Every number in FIELD of DB, and as many behind it as LENGTH says, a field
 * too; 0 for one. */
static int
collect(struct ranges *ranges, const struct h2k_database *db, size_t field,
        size_t length)
{
    struct h2k_record record;
    for (size_t cursor = 0; h2k_database_next(db, &cursor, &record);) {
        uint32_t start, count = 1;
        if (h2k_record_id(&record, field, &start) &&
            (length == 0 || h2k_record_id(&record, length, &count)) &&
            add_range(ranges, start, count) < 0)
            return -1;
    }
    return 0;
}

/* The lowest COUNT numbers in a row from LEAST to MOST that are free. */
static bool
find_gap(struct ranges *ranges, uint64_t least, uint64_t most, uint64_t count,
         uint64_t *out)
{
    if (ranges->count > 0)
        qsort(ranges->items, ranges->count, sizeof(struct range), compare);
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *range = &ranges->items[i];
        if (range->end <= least)
            continue;
        if (range->start >= least + count)
            break;
        least = range->end;
    }
    *out = least;
    return least + count - 1 <= most;
}

/* One above the highest in use from LEAST to MOST; LEAST where none is. */
static uint64_t
above_highest(const struct ranges *ranges, uint64_t least, uint64_t most)
{
    uint64_t above = least;
    for (size_t i = 0; i < ranges->count; i++)
        if (ranges->items[i].start <= most && ranges->items[i].end > above)
            above = ranges->items[i].end;
    return above;
}

static int
choose(struct ranges *ranges, int64_t least, int64_t most, const char *of,
       uint32_t *out)
{
    uint64_t found = above_highest(ranges, (uint64_t)least, (uint64_t)most);
    if (found > (uint64_t)most &&
        !find_gap(ranges, (uint64_t)least, (uint64_t)most, 1, &found))
        return h2k_fail(H2K_E_UNFIXABLE,
                        "no number from %" PRId64 " to %" PRId64
                        " is free for a %s; give one in the manifest",
                        least, most, of);
    *out = (uint32_t)found;
    return 0;
}

int
h2k_accounts_new_uid(struct h2k_accounts *a, uint32_t *uid)
{
    struct ranges used = { 0 };
    int rc = -1;
    if (collect(&used, &a->passwd, H2K_PASSWD_UID, 0) == 0 &&
        collect(&used, &a->base_passwd, H2K_PASSWD_UID, 0) == 0)
        rc = choose(&used, a->defs.uid_min, a->defs.uid_max, "user", uid);
    free(used.items);
    return rc;
}

int
h2k_accounts_new_gid(struct h2k_accounts *a, uint32_t wished, uint32_t *gid)
{
    struct h2k_record record;
    struct ranges used = { 0 };
    int rc = -1;
    *gid = wished;
    if (wished >= a->defs.gid_min && wished <= a->defs.gid_max &&
        !h2k_database_find_id(&a->group, H2K_GROUP_GID, wished, &record) &&
        !h2k_database_find_id(&a->base_group, H2K_GROUP_GID, wished, &record))
        return 0;
    if (collect(&used, &a->group, H2K_GROUP_GID, 0) == 0 &&
        collect(&used, &a->base_group, H2K_GROUP_GID, 0) == 0)
        rc = choose(&used, a->defs.gid_min, a->defs.gid_max, "group", gid);
    free(used.items);
    return rc;
}

static int
add_range_of(struct h2k_accounts *a, struct h2k_database *db, const char *name,
             int64_t least, int64_t most, int64_t count)
{
    struct h2k_record record;
    struct ranges used = { 0 };
    char line[128];
    uint64_t start;
    if (!db->file.there || count <= 0 || h2k_database_find(db, name, &record))
        return 0;
    bool found = false;
    int rc = collect(&used, db, 1, 2);
    if (rc == 0)
        found = find_gap(&used, (uint64_t)least, (uint64_t)most,
                         (uint64_t)count, &start);
    free(used.items);
    if (!found) /* a user without is a user all the same */
        return rc;
    snprintf(line, sizeof(line), "%.64s:%" PRIu64 ":%" PRId64, name, start,
             count);
    return h2k_database_add(db, a->fix, line);
}

int
h2k_accounts_add_subordinate(struct h2k_accounts *a, const char *name)
{
    const struct h2k_login_defs *d = &a->defs;
    if (add_range_of(a, &a->subuid, name, d->sub_uid_min, d->sub_uid_max,
                     d->sub_uid_count) < 0)
        return -1;
    return add_range_of(a, &a->subgid, name, d->sub_gid_min, d->sub_gid_max,
                        d->sub_gid_count);
}
