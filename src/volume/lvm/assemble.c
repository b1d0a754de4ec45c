/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One group: its physical volumes are found among the sources, and its
 * logical ones listed. */
#include "base/checked.h"
#include "base/error.h"
#include "block/slice.h"
#include "volume/lvm/scan.h"
#include "volume/lvm/volume.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct assembly {
    struct h2k_lvm_scan *scan;
    const struct h2k_lvm_group *group;
    size_t *sources; /* of each physical volume; SIZE_MAX: missing */
    struct h2k_lvm_maker maker;
    size_t problems; /* how many there were before */
    bool whole;
};

static void
assembly_clear(struct assembly *a)
{
    for (size_t i = 0;
         a->maker.physical != NULL && i < a->group->physical_count; i++)
        h2k_block_unref(a->maker.physical[i]);
    for (size_t i = 0; a->maker.made != NULL && i < a->group->logical_count;
         i++)
        h2k_block_unref(a->maker.made[i].block);
    free(a->maker.physical);
    free(a->maker.made);
    free(a->sources);
}

/* Who else says that physical volume P is its own: another group, or another
 * entry of this one, before P.  One of them is from before it was moved, and
 * which cannot be told.  NULL: nobody. */
static const char *
find_rival(const struct assembly *a, size_t p)
{
    const struct h2k_lvm_scan *s = a->scan;
    const char *id = a->group->physical[p].id;
    bool twice = false;
    size_t at = h2k_lvm_index_find(&s->claimed, id);
    for (; h2k_lvm_index_is(&s->claimed, at, id); at++) {
        const struct h2k_lvm_entry *claim = &s->claimed.entries[at];
        if (s->groups[claim->owner] != a->group)
            return s->groups[claim->owner]->name;
        twice |= claim->index < p;
    }
    return twice ? "another entry" : NULL;
}

/* What a message calls the source at this place among those with a label. */
static const char *
source_name(const struct h2k_lvm_scan *s, size_t at)
{
    return s->sources[s->labelled.entries[at].index].name;
}

/* The source that is physical volume P.  Two of them are one too many: which
 * of them a write would belong to cannot be told. */
static int
find_physical(struct assembly *a, size_t p)
{
    const struct h2k_lvm_physical *physical = &a->group->physical[p];
    struct h2k_lvm_scan *s = a->scan;
    const char *rival = find_rival(a, p), *id = physical->id;
    size_t at = h2k_lvm_index_find(&s->labelled, id);
    bool there = h2k_lvm_index_is(&s->labelled, at, id);
    bool twice = h2k_lvm_index_is(&s->labelled, at + 1, id);
    a->sources[p] = SIZE_MAX;
    if (rival == NULL && there && !twice) {
        a->sources[p] = s->labelled.entries[at].index;
        return 0;
    }
    a->whole = false;
    if (rival != NULL)
        return h2k_strings_addf(
            &s->out->problems,
            "volume group %s: physical volume %s is that of %s too: give "
            "only the disks of one",
            a->group->name, id, rival);
    if (there)
        return h2k_strings_addf(
            &s->out->problems,
            "volume group %s: physical volume %s is there twice: %s and %s: "
            "give only one of them",
            a->group->name, id, source_name(s, at), source_name(s, at + 1));
    return h2k_strings_addf(&s->out->problems,
                            "volume group %s: physical volume %s (%.40s) is "
                            "missing: give the disk that it is on too",
                            a->group->name, id, physical->name);
}

/* Its extents as a block; they must lie in it. */
static int
open_physical(struct assembly *a, size_t p)
{
    const struct h2k_lvm_physical *physical = &a->group->physical[p];
    if (find_physical(a, p) < 0)
        return -1;
    if (a->sources[p] == SIZE_MAX)
        return 0;
    const struct h2k_volume_source *source = &a->scan->sources[a->sources[p]];
    uint64_t length = physical->extents * a->group->extent_size;
    if (h2k_range_inside(physical->start, length,
                         h2k_block_size(source->block))) {
        a->maker.physical[p] =
            h2k_slice_new(source->block, physical->start, length);
        return a->maker.physical[p] == NULL ? -1 : 0;
    }
    a->sources[p] = SIZE_MAX;
    a->whole = false;
    return h2k_strings_addf(
        &a->scan->out->problems,
        "volume group %s: %s has %" PRIu64 " bytes, and its "
        "extents go on to %" PRIu64 ": is the disk cut short?",
        a->group->name, source->name, h2k_block_size(source->block),
        physical->start + length);
}

/* Mark in PHYSICAL and VOLUMES what volume INDEX lies on.  Each volume is
 * looked into once, and only as deep as it can be made. */
static void
mark_below(const struct h2k_lvm_group *group, uint32_t index, unsigned layer,
           bool *physical, bool *volumes)
{
    const struct h2k_lvm_logical *l = &group->logical[index];
    if (volumes[index] || layer == H2K_LVM_LAYERS_MAX)
        return;
    volumes[index] = true;
    for (size_t i = 0; i < l->segment_count; i++)
        for (size_t j = 0; j < l->segments[i].leg_count; j++) {
            const struct h2k_lvm_leg *leg = &l->segments[i].legs[j];
            if (leg->on_volume)
                mark_below(group, leg->index, layer + 1, physical, volumes);
            else
                physical[leg->index] = true;
        }
}

static int
compare_sizes(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

static int
list_sources(struct assembly *a, uint32_t i, struct h2k_lvm_volume *v)
{
    const struct h2k_lvm_group *group = a->group;
    h2k_autofree bool *physical =
        calloc(group->physical_count + 1, sizeof(*physical));
    h2k_autofree bool *volumes =
        calloc(group->logical_count + 1, sizeof(*volumes));
    v->sources = calloc(group->physical_count + 1, sizeof(*v->sources));
    if (physical == NULL || volumes == NULL || v->sources == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    mark_below(group, i, 0, physical, volumes);
    for (size_t p = 0; p < group->physical_count; p++)
        if (physical[p] && a->sources[p] != SIZE_MAX)
            v->sources[v->source_count++] = a->sources[p];
    qsort(v->sources, v->source_count, sizeof(*v->sources), compare_sizes);
    /* Most lie on one of many. */
    size_t *fewer =
        reallocarray(v->sources, v->source_count + 1, sizeof(*fewer));
    if (fewer != NULL)
        v->sources = fewer;
    return 0;
}

static int
list_volume(struct assembly *a, uint32_t i)
{
    const struct h2k_lvm_group *group = a->group;
    const struct h2k_lvm_logical *l = &group->logical[i];
    struct h2k_lvm *out = a->scan->out;
    if (!l->visible)
        return 0;
    if (out->count == H2K_LVM_VOLUMES_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "volume group %s: it is beyond %d logical volumes in "
                        "all: give only the guest's own disks",
                        group->name, H2K_LVM_VOLUMES_MAX);
    if (h2k_lvm_make(&a->maker, i) < 0)
        return -1;
    struct h2k_lvm_volume *volumes =
        reallocarray(out->volumes, out->count + 1, sizeof(*volumes));
    if (volumes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    out->volumes = volumes;
    struct h2k_lvm_volume *v = &volumes[out->count++];
    *v = (struct h2k_lvm_volume){
        .length = l->extents * group->extent_size,
    };
    if (a->maker.made[i].block != NULL)
        v->block = h2k_block_ref(a->maker.made[i].block);
    snprintf(v->group, sizeof(v->group), "%s", group->name);
    snprintf(v->name, sizeof(v->name), "%s", l->name);
    snprintf(v->id, sizeof(v->id), "%s", l->id);
    snprintf(v->group_id, sizeof(v->group_id), "%s", group->id);
    snprintf(v->problem, sizeof(v->problem), "%s", a->maker.made[i].problem);
    v->foreign = a->maker.made[i].foreign;
    return list_sources(a, i, v);
}

static int
add_free(struct assembly *a, size_t p, uint64_t extent, uint64_t end)
{
    struct h2k_lvm *out = a->scan->out;
    uint64_t size = a->group->extent_size;
    if (extent >= end)
        return 0;
    struct h2k_lvm_free_range *ranges =
        reallocarray(out->free, out->free_count + 1, sizeof(*ranges));
    if (ranges == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    out->free = ranges;
    ranges[out->free_count++] = (struct h2k_lvm_free_range){
        .source = a->sources[p],
        .offset = a->group->physical[p].start + extent * size,
        .length = (end - extent) * size,
    };
    return 0;
}

/* The extents between those that are used, which are sorted. */
static int
list_free(struct assembly *a)
{
    const struct h2k_lvm_group *group = a->group;
    size_t u = 0;
    for (size_t p = 0; p < group->physical_count; p++) {
        uint64_t at = 0;
        for (; u < group->use_count && !group->uses[u].on_volume &&
               group->uses[u].index == p;
             u++) {
            if (add_free(a, p, at, group->uses[u].extent) < 0)
                return -1;
            at = group->uses[u].extent + group->uses[u].count;
        }
        if (add_free(a, p, at, group->physical[p].extents) < 0)
            return -1;
    }
    return 0;
}

/* Also those that are there twice, or too short: they are looked at for this
 * group alone. */
static void
mark_used(const struct assembly *a)
{
    const struct h2k_lvm_scan *s = a->scan;
    for (size_t p = 0; p < a->group->physical_count; p++) {
        const char *id = a->group->physical[p].id;
        size_t at = h2k_lvm_index_find(&s->labelled, id);
        for (; h2k_lvm_index_is(&s->labelled, at, id); at++)
            s->out->used[s->labelled.entries[at].index] = true;
    }
}

static int
assemble(struct assembly *a, bool disputed)
{
    const struct h2k_lvm_group *group = a->group;
    a->sources = calloc(group->physical_count + 1, sizeof(*a->sources));
    a->maker.physical =
        calloc(group->physical_count + 1, sizeof(*a->maker.physical));
    a->maker.made = calloc(group->logical_count + 1, sizeof(*a->maker.made));
    if (a->sources == NULL || a->maker.physical == NULL ||
        a->maker.made == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t p = 0; p < group->physical_count; p++)
        if (open_physical(a, p) < 0)
            return -1;
    if (a->scan->only_whole && !a->whole) {
        h2k_strings_truncate(&a->scan->out->problems, a->problems);
        return 0;
    }
    mark_used(a);
    for (uint32_t i = 0; i < group->logical_count; i++)
        if (list_volume(a, i) < 0)
            return -1;
    if (!a->whole || disputed || a->scan->damaged || !group->all_known)
        return 0;
    return list_free(a);
}

int
h2k_lvm_assemble(struct h2k_lvm_scan *s, size_t i)
{
    const struct h2k_lvm_group *group = s->groups[i];
    struct assembly a = { .scan = s,
                          .group = group,
                          .maker = { .group = group },
                          .problems = s->out->problems.count,
                          .whole = true };
    if (group->exported)
        return h2k_strings_addf(
            &s->out->problems,
            "volume group %s is exported, so its guest does "
            "not use it: it is left as it is",
            group->name);
    for (size_t j = 0; j < i; j++)
        if (strcmp(s->groups[j]->name, group->name) == 0 &&
            h2k_strings_addf(&s->out->problems,
                             "two volume groups are named %s: %s and %s: give "
                             "only the disks of one",
                             group->name, s->groups[j]->id, group->id) < 0)
            return -1;
    int rc = assemble(&a, s->disputed[i]);
    assembly_clear(&a);
    return rc;
}
