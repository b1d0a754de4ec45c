/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The layouts of arrays, as md(4) describes them. */
#include "volume/md/map.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>

#define ORIGINAL_LAYOUT 1
#define ALTERNATE_LAYOUT 2

void
h2k_md_map_free(struct h2k_md_map *map)
{
    if (map == NULL)
        return;
    for (uint32_t i = 0; map->members != NULL && i < map->member_count; i++)
        h2k_block_unref(map->members[i].block);
    free(map->members);
    free(map->zones);
    free(map->zone_members);
    free(map);
}

static int
need_chunk(const struct h2k_md_map *map, bool power_of_two)
{
    if (map->chunk == 0 || map->chunk % H2K_MD_SECTOR != 0 ||
        map->chunk > UINT32_MAX ||
        (power_of_two && !h2k_is_power_of_two(map->chunk)))
        return h2k_fail(H2K_E_CORRUPT, "its chunks have %" PRIu64 " bytes",
                        map->chunk);
    return 0;
}

/* ---- RAID 0 and linear ---- */

/* The smallest end above BEGIN that a member has; 0: none. */
static uint64_t
next_end(const struct h2k_md_map *map, uint64_t begin)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < map->member_count; i++) {
        uint64_t size = map->members[i].size;
        if (size > begin && (end == 0 || size < end))
            end = size;
    }
    return end;
}

static int
make_zones(struct h2k_md_map *map)
{
    uint32_t n = map->member_count;
    uint64_t begin = 0, end;
    map->zones = calloc(n, sizeof(*map->zones));
    map->zone_members = calloc((size_t)n * n, sizeof(*map->zone_members));
    if (map->zones == NULL || map->zone_members == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    while ((end = next_end(map, begin)) != 0) {
        struct h2k_md_zone *zone = &map->zones[map->zone_count];
        uint32_t *members = &map->zone_members[(size_t)map->zone_count * n];
        map->zone_count++;
        zone->members = members;
        zone->member_begin = begin;
        zone->begin = map->length;
        for (uint32_t i = 0; i < n; i++)
            if (map->members[i].size > begin)
                members[zone->count++] = i;
        map->length += (end - begin) * zone->count;
        zone->end = map->length;
        begin = end;
    }
    return 0;
}

static void
round_sizes(struct h2k_md_map *map)
{
    for (uint32_t i = 0; i < map->member_count && map->chunk > 0; i++)
        map->members[i].size -= map->members[i].size % map->chunk;
}

/* Two versions of Linux have cut zones behind the first differently, and only
 * the superblock can tell which has written this one. */
static int
layout_raid0(struct h2k_md_map *map, const struct h2k_md_super *super)
{
    if (need_chunk(map, false) < 0)
        return -1;
    round_sizes(map);
    if (make_zones(map) < 0)
        return -1;
    bool matters = map->zone_count > 1 && map->zones[1].count > 1;
    uint32_t layout = super->has_layout ? super->layout : 0;
    map->original_layout = layout == ORIGINAL_LAYOUT;
    if (matters && layout != ORIGINAL_LAYOUT && layout != ALTERNATE_LAYOUT)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "RAID 0 with members of unequal sizes, and its "
                        "superblock does not say in which of two layouts");
    return 0;
}

/* One zone a member. */
static int
layout_linear(struct h2k_md_map *map)
{
    uint32_t n = map->member_count;
    round_sizes(map);
    map->zones = calloc(n, sizeof(*map->zones));
    map->zone_members = calloc(n, sizeof(*map->zone_members));
    if (map->zones == NULL || map->zone_members == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint32_t i = 0; i < n; i++) {
        if (map->members[i].size == 0)
            return h2k_fail(H2K_E_CORRUPT, "member %u is empty", i);
        map->zone_members[i] = i;
        map->zones[i] = (struct h2k_md_zone){
            .begin = map->length,
            .end = map->length + map->members[i].size,
            .count = 1,
            .members = &map->zone_members[i],
        };
        map->length = map->zones[i].end;
    }
    map->zone_count = n;
    return 0;
}

static const struct h2k_md_zone *
find_zone(const struct h2k_md_map *map, uint64_t offset)
{
    uint32_t low = 0, high = map->zone_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (map->zones[middle].begin <= offset)
            low = middle;
        else
            high = middle;
    }
    return &map->zones[low];
}

static size_t
locate_in_zone(const struct h2k_md_map *map, uint64_t offset, uint64_t *length,
               struct h2k_md_copy *copy)
{
    const struct h2k_md_zone *zone = find_zone(map, offset);
    uint64_t within = offset - zone->begin;
    if (zone->count == 1) {
        *length = h2k_min_u64(*length, zone->end - offset);
        *copy = (struct h2k_md_copy){ zone->members[0],
                                      zone->member_begin + within };
        return 1;
    }
    uint64_t rest = within % map->chunk;
    uint64_t turn = (map->original_layout ? offset : within) / map->chunk;
    uint64_t stripe = within / map->chunk / zone->count;
    *length = h2k_min_u64(*length, map->chunk - rest);
    *copy = (struct h2k_md_copy){
        .member = zone->members[turn % zone->count],
        .offset = zone->member_begin + stripe * map->chunk + rest,
    };
    return 1;
}

/* ---- RAID 1 ---- */

/* What SUPER says is used of each member, which all must have. */
static int
check_size(const struct h2k_md_map *map, const struct h2k_md_super *super)
{
    if (super->size == 0)
        return h2k_fail(H2K_E_CORRUPT, "its size is 0");
    for (uint32_t i = 0; i < map->member_count; i++)
        if (map->members[i].block != NULL &&
            map->members[i].size < super->size)
            return h2k_fail(H2K_E_CORRUPT,
                            "member %u has %" PRIu64
                            " bytes, the array uses %" PRIu64,
                            i, map->members[i].size, super->size);
    return 0;
}

static int
layout_raid1(struct h2k_md_map *map, const struct h2k_md_super *super)
{
    if (check_size(map, super) < 0)
        return -1;
    map->length = super->size;
    return 0;
}

/* ---- RAID 10 ---- */

/* The layout: near copies in bits 0 to 7, far copies in 8 to 15, then one
 * for "offset", and how far copies go round. */
static int
read_layout(struct h2k_md_map *map, uint32_t layout)
{
    map->near = layout & 0xff;
    map->far = (layout >> 8) & 0xff;
    map->offset_layout = (layout & 0x10000) != 0;
    uint64_t copies = (uint64_t)map->near * map->far;
    if (copies == 0 || copies > map->member_count)
        return h2k_fail(H2K_E_CORRUPT, "layout 0x%x over %u members", layout,
                        map->member_count);
    switch (layout >> 17) {
    case 0:
        map->far_set = map->member_count;
        return 0;
    case 1:
        map->far_set = map->member_count / map->far;
        return 0;
    case 2:
        map->far_set = map->far * map->near;
        return 0;
    default:
        return h2k_fail(H2K_E_UNSUPPORTED, "layout 0x%x is not known", layout);
    }
}

static int
layout_raid10(struct h2k_md_map *map, const struct h2k_md_super *super)
{
    if (need_chunk(map, true) < 0 || check_size(map, super) < 0 ||
        read_layout(map, super->layout) < 0)
        return -1;
    uint64_t n = map->member_count;
    uint64_t chunks = super->size / map->chunk / map->far * n / map->near;
    uint64_t used = h2k_div_up(chunks * map->near * map->far, n);
    map->length = chunks * map->chunk;
    map->stride =
        map->offset_layout ? map->chunk : used / map->far * map->chunk;
    return 0;
}

/* The member that has the next far copy of what D has: members go round in
 * sets, the last of which takes those that are left over. */
static uint32_t
next_far(const struct h2k_md_map *map, uint32_t d)
{
    uint32_t n = map->member_count, set = d / map->far_set;
    uint32_t left = n % map->far_set;
    uint32_t last = (n / map->far_set - 1) * map->far_set;
    d += map->near;
    if (left != 0 && d > last)
        return last + (d - last) % (map->far_set + left);
    return set * map->far_set + d % map->far_set;
}

static size_t
locate_raid10(const struct h2k_md_map *map, uint64_t offset, uint64_t *length,
              struct h2k_md_copy *copies)
{
    uint64_t rest = offset % map->chunk;
    uint64_t first = offset / map->chunk * map->near;
    uint64_t stripe = first / map->member_count;
    uint32_t member = (uint32_t)(first % map->member_count);
    size_t count = 0;
    if (map->offset_layout)
        stripe *= map->far;
    uint64_t at = stripe * map->chunk + rest;
    *length = h2k_min_u64(*length, map->chunk - rest);
    for (uint32_t i = 0; i < map->near; i++) {
        uint32_t d = member;
        for (uint32_t f = 0; f < map->far; f++) {
            copies[count++] = (struct h2k_md_copy){ d, at + f * map->stride };
            d = next_far(map, d);
        }
        if (++member == map->member_count) {
            member = 0;
            at += map->chunk;
        }
    }
    return count;
}

/* ---- All ---- */

int
h2k_md_map_layout(struct h2k_md_map *map, const struct h2k_md_super *super)
{
    int rc = -1;
    map->length = 0;
    switch (map->level) {
    case H2K_MD_RAID0:
        rc = layout_raid0(map, super);
        break;
    case H2K_MD_LINEAR:
        rc = layout_linear(map);
        break;
    case H2K_MD_RAID1:
        rc = layout_raid1(map, super);
        break;
    case H2K_MD_RAID10:
        rc = layout_raid10(map, super);
        break;
    }
    if (rc == 0 && (map->length == 0 || map->length > H2K_BLOCK_SIZE_MAX))
        return h2k_fail(H2K_E_CORRUPT, "it would have %" PRIu64 " bytes",
                        map->length);
    return rc;
}

size_t
h2k_md_locate(const struct h2k_md_map *map, uint64_t offset, uint64_t *length,
              struct h2k_md_copy copies[H2K_MD_COPIES_MAX])
{
    if (map->level == H2K_MD_RAID10)
        return locate_raid10(map, offset, length, copies);
    if (map->level != H2K_MD_RAID1)
        return locate_in_zone(map, offset, length, copies);
    for (uint32_t i = 0; i < map->member_count; i++)
        copies[i] = (struct h2k_md_copy){ i, offset };
    return map->member_count;
}

static bool
is_readable(const struct h2k_md_map *map, uint64_t offset)
{
    struct h2k_md_copy copies[H2K_MD_COPIES_MAX];
    uint64_t length = 1;
    size_t count = h2k_md_locate(map, offset, &length, copies);
    for (size_t i = 0; i < count; i++)
        if (map->members[copies[i].member].readable)
            return true;
    return false;
}

/* RAID 10 uses the same members again after as many chunks as it has
 * members. */
bool
h2k_md_map_complete(const struct h2k_md_map *map)
{
    if (map->level == H2K_MD_RAID1)
        return is_readable(map, 0);
    if (map->level == H2K_MD_RAID10) {
        uint64_t end =
            h2k_min_u64(map->length, map->chunk * map->member_count);
        for (uint64_t at = 0; at < end; at += map->chunk)
            if (!is_readable(map, at))
                return false;
        return true;
    }
    for (uint32_t i = 0; i < map->member_count; i++)
        if (!map->members[i].readable)
            return false;
    return true;
}
