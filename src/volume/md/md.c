/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From members to arrays. */
#include "volume/md/md.h"

#include "base/error.h"
#include "block/slice.h"
#include "volume/md/set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct scan {
    const struct h2k_volume_source *sources;
    size_t count;
    struct h2k_md_super *supers; /* one for each source; version NULL: none */
    bool *seen;                  /* its array was looked at */
    bool only_whole;
    struct h2k_md *out;
};

void
h2k_md_free(struct h2k_md *md)
{
    if (md == NULL)
        return;
    for (size_t i = 0; i < md->count; i++) {
        h2k_block_unref(md->arrays[i].block);
        free(md->arrays[i].sources);
    }
    h2k_strings_clear(&md->problems);
    free(md->arrays);
    free(md->used);
    free(md);
}

void
h2k_md_uuid(const char *uuid, char out[H2K_UUID_TEXT])
{
    size_t n = 0;
    for (size_t digits = 0; *uuid != '\0' && n + 2 < H2K_UUID_TEXT; uuid++) {
        if (*uuid == '-')
            continue;
        if (digits > 0 && digits % 8 == 0)
            out[n++] = ':';
        out[n++] = *uuid;
        digits++;
    }
    out[n] = '\0';
}

static int
read_sources(struct scan *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (h2k_md_super_read(s->sources[i].block, &s->supers[i]) == 0)
            continue;
        h2k_md_super_clear(&s->supers[i]);
        s->supers[i] = (struct h2k_md_super){ 0 };
        if (!h2k_error_is_content())
            return h2k_prefix("%s: ", s->sources[i].name);
        if (h2k_errcode() != H2K_E_NOENT &&
            h2k_strings_addf(&s->out->problems, "%s: %s", s->sources[i].name,
                             h2k_errmsg()) < 0)
            return -1;
    }
    return 0;
}

/* ---- One array ---- */

/* What a message calls it. */
static void
array_name(const struct h2k_md_super *super, char text[80])
{
    char uuid[H2K_UUID_TEXT];
    if (super->name[0] != '\0') {
        snprintf(text, 80, "RAID array %s", super->name);
    } else if (super->minor >= 0) {
        snprintf(text, 80, "RAID array /dev/md%d", super->minor);
    } else {
        snprintf(uuid, sizeof(uuid), "%02x%02x%02x%02x", super->set[0],
                 super->set[1], super->set[2], super->set[3]);
        snprintf(text, 80, "RAID array %s:…", uuid);
    }
}

static void
format_uuid(const uint8_t set[16], char *to)
{
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        to += sprintf(to, "%02x", set[i]);
    }
}

static int
add_members(const struct scan *s, const struct h2k_md_set *set,
            struct h2k_md_map *map)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct h2k_md_part *part = &set->parts[i];
        const struct h2k_md_super *super = part->super;
        bool in_sync = part->standing == H2K_MD_IN_SYNC;
        if (!in_sync && part->standing != H2K_MD_REBUILT)
            continue;
        struct h2k_md_member *member = &map->members[part->role];
        if (member->block != NULL && (!in_sync || member->readable)) {
            /* A replacement beside what it replaces. */
            if (in_sync)
                return h2k_fail(H2K_E_CORRUPT, "two members have the role %u",
                                part->role);
            continue;
        }
        h2k_block_unref(member->block);
        member->block = h2k_slice_new(s->sources[part->source].block,
                                      super->data, super->data_size);
        if (member->block == NULL)
            return -1;
        member->size = super->data_size;
        member->readable = in_sync;
    }
    return 0;
}

/* RAID 0 and linear have each byte once. */
static int
check_members(const struct h2k_md_map *map)
{
    for (uint32_t i = 0; i < map->member_count; i++)
        if (!map->members[i].readable)
            return h2k_fail(H2K_E_NOENT,
                            "member %u is missing: give the disk that it is "
                            "on too",
                            i);
    return 0;
}

static struct h2k_md_map *
make_map(const struct scan *s, const struct h2k_md_set *set)
{
    const struct h2k_md_super *super = set->fresh;
    const char *refused = h2k_md_refused_level(super->level);
    bool once = super->level == H2K_MD_RAID0 || super->level == H2K_MD_LINEAR;
    if (refused != NULL)
        return h2k_fail_null(H2K_E_UNSUPPORTED, "%s is not read yet", refused);
    if (super->reshaping)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "it is being reshaped: let the guest finish it");
    if (super->raid_disks == 0 || super->raid_disks > H2K_MD_MEMBERS_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "it has %u members",
                             super->raid_disks);
    if (!once && super->raid_disks > H2K_MD_COPIES_MAX)
        return h2k_fail_null(H2K_E_UNSUPPORTED, "%s of more than %d members",
                             h2k_md_level_name(super->level),
                             H2K_MD_COPIES_MAX);
    H2K_AUTO(h2k_md_map) map = calloc(1, sizeof(*map));
    if (map == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    map->level = (enum h2k_md_level)super->level;
    map->chunk = super->chunk;
    map->member_count = super->raid_disks;
    map->members = calloc(map->member_count, sizeof(*map->members));
    if (map->members == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (add_members(s, set, map) < 0 || (once && check_members(map) < 0) ||
        h2k_md_map_layout(map, super) < 0)
        return NULL;
    if (!h2k_md_map_complete(map))
        return h2k_fail_null(H2K_E_NOENT,
                             "too few members that are in sync are there");
    return h2k_steal(map);
}

/* Members that are left out, by name; the array goes on without them. */
static int
tell_left_out(struct scan *s, const struct h2k_md_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->parts[i].standing == H2K_MD_STALE &&
            h2k_strings_addf(
                &s->out->problems,
                "%s: %s has failed or is older than the others: it is "
                "neither read nor written",
                name, s->sources[set->parts[i].source].name) < 0)
            return -1;
    return 0;
}

/* The array's block, or why there is none. */
static int
make_block(struct scan *s, struct h2k_md_set *set, const char *name,
           struct h2k_md_array *array)
{
    struct h2k_md_map *map = make_map(s, set);
    if (map == NULL) {
        if (!h2k_error_is_content())
            return -1;
        snprintf(array->problem, sizeof(array->problem), "%.290s",
                 h2k_errmsg());
        return 0;
    }
    bool writable = set->missing == H2K_MD_NO_ROLE;
    for (uint32_t i = 0; i < map->member_count; i++)
        writable &= map->members[i].block == NULL ||
                    h2k_block_writable(map->members[i].block);
    if (set->missing != H2K_MD_NO_ROLE)
        snprintf(array->problem, sizeof(array->problem),
                 "member %u is missing, so it is not written: give the disk "
                 "that it is on too, or fail and remove it in the guest first",
                 set->missing);
    array->length = map->length;
    array->block = h2k_md_block_new(map, writable);
    return array->block == NULL ? -1 : tell_left_out(s, set, name);
}

static int
list_sources(const struct h2k_md_set *set, struct h2k_md_array *array)
{
    array->sources = calloc(set->count, sizeof(*array->sources));
    if (array->sources == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < set->count; i++)
        if (set->parts[i].standing == H2K_MD_IN_SYNC ||
            set->parts[i].standing == H2K_MD_REBUILT)
            array->sources[array->source_count++] = set->parts[i].source;
    return 0;
}

static int
add_array(struct scan *s, struct h2k_md_set *set, const char *name)
{
    const struct h2k_md_super *super = set->fresh;
    struct h2k_md *out = s->out;
    struct h2k_md_array *arrays =
        reallocarray(out->arrays, out->count + 1, sizeof(*arrays));
    if (arrays == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    out->arrays = arrays;
    struct h2k_md_array *array = &arrays[out->count++];
    *array = (struct h2k_md_array){
        .metadata = super->version,
        .level = h2k_md_level_name(super->level),
        .minor = super->minor,
    };
    format_uuid(super->set, array->uuid);
    memcpy(array->name, super->name, sizeof(array->name));
    for (size_t i = 0; i < set->count; i++)
        out->used[set->parts[i].source] = true;
    return make_block(s, set, name, array) < 0 ? -1 : list_sources(set, array);
}

/* The sources of the same array as source FIRST. */
static int
collect(struct scan *s, size_t first, struct h2k_md_set *set)
{
    set->parts = calloc(s->count - first, sizeof(*set->parts));
    if (set->parts == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = first; i < s->count; i++) {
        const struct h2k_md_super *super = &s->supers[i];
        if (super->version == NULL ||
            memcmp(super->set, s->supers[first].set, sizeof(super->set)) != 0)
            continue;
        s->seen[i] = true;
        set->parts[set->count++] =
            (struct h2k_md_part){ .source = i, .super = super };
    }
    return 0;
}

static int
assemble(struct scan *s, struct h2k_md_set *set)
{
    char name[80];
    array_name(set->parts[0].super, name);
    if (h2k_md_set_judge(set, s->sources) < 0) {
        if (!h2k_error_is_content())
            return -1;
        if (s->only_whole)
            return 0;
        for (size_t i = 0; i < set->count; i++)
            s->out->used[set->parts[i].source] = true;
        return h2k_strings_addf(&s->out->problems, "%s: %s", name,
                                h2k_errmsg());
    }
    if (s->only_whole && set->missing != H2K_MD_NO_ROLE)
        return 0;
    return add_array(s, set, name);
}

static int
scan(struct scan *s)
{
    s->supers = calloc(s->count + 1, sizeof(*s->supers));
    s->seen = calloc(s->count + 1, sizeof(*s->seen));
    s->out->used = calloc(s->count + 1, sizeof(*s->out->used));
    if (s->supers == NULL || s->seen == NULL || s->out->used == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (read_sources(s) < 0)
        return -1;
    for (size_t i = 0; i < s->count; i++) {
        struct h2k_md_set set = { 0 };
        if (s->supers[i].version == NULL || s->seen[i])
            continue;
        int rc = collect(s, i, &set) < 0 ? -1 : assemble(s, &set);
        free(set.parts);
        if (rc < 0)
            return -1;
    }
    return 0;
}

struct h2k_md *
h2k_md_open(const struct h2k_volume_source *sources, size_t count,
            bool only_whole)
{
    H2K_AUTO(h2k_md) md = calloc(1, sizeof(*md));
    if (md == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    struct scan s = {
        .sources = sources, .count = count, .only_whole = only_whole, .out = md
    };
    int rc = scan(&s);
    for (size_t i = 0; s.supers != NULL && i < count; i++)
        h2k_md_super_clear(&s.supers[i]);
    free(s.supers);
    free(s.seen);
    return rc < 0 ? NULL : h2k_steal(md);
}
