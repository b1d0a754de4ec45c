/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * From physical volumes to logical ones: every copy of metadata is read, the
 * newest of each group counts, and its physical volumes are found by UUID.
 */
#include "volume/lvm/lvm.h"

#include "base/checked.h"
#include "base/error.h"
#include "block/slice.h"
#include "volume/lvm/group.h"
#include "volume/lvm/label.h"
#include "volume/lvm/volume.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define GROUPS_MAX 256
#define PROBLEM_MAX 500

/* A text that was read already, by its checksum. */
struct seen {
    uint32_t crc, size;
};

struct scan {
    const struct h2k_lvm_source *sources;
    size_t count;
    struct h2k_lvm_label *labels; /* one for each source */
    struct seen *seen;
    size_t seen_count;
    struct h2k_lvm_group *groups[GROUPS_MAX]; /* the newest of each */
    bool disputed[GROUPS_MAX];                /* copies that differ */
    size_t group_count;
    bool damaged; /* some copy could not be read */
    struct h2k_lvm *out;
};

static void
scan_clear(struct scan *s)
{
    for (size_t i = 0; s->labels != NULL && i < s->count; i++)
        h2k_lvm_label_clear(&s->labels[i]);
    for (size_t i = 0; i < s->group_count; i++)
        h2k_lvm_group_free(s->groups[i]);
    free(s->labels);
    free(s->seen);
}

void
h2k_lvm_free(struct h2k_lvm *lvm)
{
    if (lvm == NULL)
        return;
    for (size_t i = 0; i < lvm->count; i++)
        h2k_block_unref(lvm->volumes[i].block);
    for (size_t i = 0; i < lvm->problem_count; i++)
        free(lvm->problems[i]);
    free(lvm->volumes);
    free(lvm->free);
    free(lvm->problems);
    free(lvm);
}

__attribute__((format(printf, 2, 3))) static int
add_problem(struct scan *s, const char *format, ...)
{
    char text[PROBLEM_MAX];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    char **problems = reallocarray(s->out->problems, s->out->problem_count + 1,
                                   sizeof(*problems));
    if (problems == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    s->out->problems = problems;
    problems[s->out->problem_count] = strdup(text);
    if (problems[s->out->problem_count] == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    s->out->problem_count++;
    return 0;
}

/* The newest metadata of each group stays. */
static int
keep_group(struct scan *s, struct h2k_lvm_group *group)
{
    for (size_t i = 0; i < s->group_count; i++) {
        struct h2k_lvm_group *other = s->groups[i];
        if (strcmp(other->id, group->id) != 0)
            continue;
        s->disputed[i] = true;
        bool newer = group->seqno > other->seqno;
        s->groups[i] = newer ? group : other;
        h2k_lvm_group_free(newer ? other : group);
        return 0;
    }
    if (s->group_count == GROUPS_MAX) {
        h2k_lvm_group_free(group);
        return h2k_fail(H2K_E_UNSUPPORTED, "more than %d volume groups",
                        GROUPS_MAX);
    }
    s->groups[s->group_count++] = group;
    return 0;
}

static int
read_copy(struct scan *s, const struct h2k_lvm_copy *copy)
{
    for (size_t i = 0; i < s->seen_count; i++)
        if (s->seen[i].crc == copy->crc && s->seen[i].size == copy->size)
            return 0;
    s->seen[s->seen_count++] = (struct seen){ copy->crc, copy->size };
    struct h2k_lvm_text *text = h2k_lvm_text_parse(copy->text, copy->size);
    if (text == NULL)
        return -1;
    struct h2k_lvm_group *group = h2k_lvm_group_new(text);
    return group == NULL ? -1 : keep_group(s, group);
}

static int
read_source(struct scan *s, size_t i)
{
    struct h2k_lvm_label *label = &s->labels[i];
    const char *name = s->sources[i].name;
    if (h2k_lvm_label_read(s->sources[i].block, label) < 0) {
        if (!h2k_error_is_content())
            return h2k_prefix("%s: ", name);
        label->id[0] = '\0';
        return h2k_errcode() == H2K_E_NOENT
                   ? 0
                   : add_problem(s, "%s: %s", name, h2k_errmsg());
    }
    if (label->problem[0] != '\0') {
        s->damaged = true;
        if (add_problem(s, "%s: LVM2: %s", name, label->problem) < 0)
            return -1;
    }
    for (size_t j = 0; j < label->copy_count; j++) {
        if (read_copy(s, &label->copies[j]) == 0)
            continue;
        if (!h2k_error_is_content())
            return -1;
        s->damaged = true;
        if (add_problem(s, "%s: %s", name, h2k_errmsg()) < 0)
            return -1;
    }
    return 0;
}

static int
read_sources(struct scan *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (read_source(s, i) < 0)
            return -1;
    return 0;
}

/* ---- One group ---- */

struct assembly {
    struct scan *scan;
    const struct h2k_lvm_group *group;
    size_t *sources; /* of each physical volume; SIZE_MAX: missing */
    struct h2k_lvm_maker maker;
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

/* Does another group say that this physical volume is its own?  One of them
 * is from before it was moved, and which cannot be told. */
static const struct h2k_lvm_group *
find_rival(const struct assembly *a, const char *id)
{
    for (size_t i = 0; i < a->scan->group_count; i++) {
        const struct h2k_lvm_group *other = a->scan->groups[i];
        for (size_t p = 0; other != a->group && p < other->physical_count; p++)
            if (strcmp(other->physical[p].id, id) == 0)
                return other;
    }
    return NULL;
}

/* Two entries of one group would be its own rivals. */
static bool
is_listed_twice(const struct assembly *a, size_t p)
{
    for (size_t i = 0; i < p; i++)
        if (strcmp(a->group->physical[i].id, a->group->physical[p].id) == 0)
            return true;
    return false;
}

/* The source that is physical volume P.  Two of them are one too many: which
 * of them a write would belong to cannot be told. */
static int
find_physical(struct assembly *a, size_t p)
{
    const struct h2k_lvm_physical *physical = &a->group->physical[p];
    struct scan *s = a->scan;
    size_t found = SIZE_MAX;
    const struct h2k_lvm_group *rival = find_rival(a, physical->id);
    a->sources[p] = SIZE_MAX;
    if (rival != NULL || is_listed_twice(a, p)) {
        a->whole = false;
        return add_problem(s,
                           "volume group %s: physical volume %s is that of "
                           "%s too",
                           a->group->name, physical->id,
                           rival != NULL ? rival->name : "another entry");
    }
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->labels[i].id, physical->id) != 0)
            continue;
        if (found != SIZE_MAX) {
            a->whole = false;
            return add_problem(s,
                               "volume group %s: physical volume %s is there "
                               "twice: %s and %s",
                               a->group->name, physical->id,
                               s->sources[found].name, s->sources[i].name);
        }
        found = i;
    }
    if (found == SIZE_MAX) {
        a->whole = false;
        return add_problem(s,
                           "volume group %s: physical volume %s (%.40s) is "
                           "missing: give the disk that it is on too",
                           a->group->name, physical->id, physical->name);
    }
    a->sources[p] = found;
    return 0;
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
    const struct h2k_lvm_source *source = &a->scan->sources[a->sources[p]];
    uint64_t length = physical->extents * a->group->extent_size;
    if (h2k_range_inside(physical->start, length,
                         h2k_block_size(source->block))) {
        a->maker.physical[p] =
            h2k_slice_new(source->block, physical->start, length);
        return a->maker.physical[p] == NULL ? -1 : 0;
    }
    a->sources[p] = SIZE_MAX;
    a->whole = false;
    return add_problem(a->scan,
                       "volume group %s: %s has %" PRIu64 " bytes, and its "
                       "extents go on to %" PRIu64 ": is the disk cut short?",
                       a->group->name, source->name,
                       h2k_block_size(source->block),
                       physical->start + length);
}

static int
list_volume(struct assembly *a, uint32_t i)
{
    const struct h2k_lvm_group *group = a->group;
    const struct h2k_lvm_logical *l = &group->logical[i];
    struct h2k_lvm *out = a->scan->out;
    if (!l->visible)
        return 0;
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
    return 0;
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
    for (uint32_t i = 0; i < group->logical_count; i++)
        if (list_volume(a, i) < 0)
            return -1;
    if (!a->whole || disputed || a->scan->damaged || !group->all_known)
        return 0;
    return list_free(a);
}

static int
assemble_group(struct scan *s, size_t i)
{
    const struct h2k_lvm_group *group = s->groups[i];
    struct assembly a = {
        .scan = s, .group = group, .maker = { .group = group }, .whole = true
    };
    if (group->exported)
        return add_problem(s,
                           "volume group %s is exported, so its guest does "
                           "not use it: it is left as it is",
                           group->name);
    for (size_t j = 0; j < i; j++)
        if (strcmp(s->groups[j]->name, group->name) == 0 &&
            add_problem(s, "two volume groups are named %s: %s and %s",
                        group->name, s->groups[j]->id, group->id) < 0)
            return -1;
    int rc = assemble(&a, s->disputed[i]);
    assembly_clear(&a);
    return rc;
}

static int
scan(struct scan *s)
{
    s->labels = calloc(s->count + 1, sizeof(*s->labels));
    s->seen = calloc(s->count * H2K_LVM_AREAS_MAX + 1, sizeof(*s->seen));
    if (s->labels == NULL || s->seen == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (read_sources(s) < 0)
        return -1;
    for (size_t i = 0; i < s->group_count; i++)
        if (assemble_group(s, i) < 0)
            return -1;
    return 0;
}

struct h2k_lvm *
h2k_lvm_open(const struct h2k_lvm_source *sources, size_t count)
{
    H2K_AUTO(h2k_lvm) lvm = calloc(1, sizeof(*lvm));
    if (lvm == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    struct scan s = { .sources = sources, .count = count, .out = lvm };
    int rc = scan(&s);
    scan_clear(&s);
    return rc < 0 ? NULL : h2k_steal(lvm);
}

static char *
put_mangled(char *to, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == '-')
            *to++ = '-';
        *to++ = *name;
    }
    return to;
}

void
h2k_lvm_mapper_name(const char *group, const char *name,
                    char out[H2K_LVM_MAPPER_NAME])
{
    char *to = put_mangled(out, group);
    *to++ = '-';
    *put_mangled(to, name) = '\0';
}
