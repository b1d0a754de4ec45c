/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The segments that a logical volume is made of, and the check of all that a
 * group's segments use.  The types are those of lvs(8)'s segtype; keys and
 * their meaning were checked on what lvcreate(8) writes.
 */
#include "volume/lvm/group.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>

#define LEGS_MAX 256

/* What each type's array of legs is called, and what stands in it. */
static const struct {
    const char *type;
    enum h2k_lvm_layout layout;
    const char *array;
    enum { WITH_EXTENT, ALONE, WITH_META } form;
} types[] = {
    { "striped", H2K_LVM_STRIPED, "stripes", WITH_EXTENT },
    { "linear", H2K_LVM_STRIPED, "stripes", WITH_EXTENT },
    { "mirror", H2K_LVM_MIRROR, "mirrors", WITH_EXTENT },
    { "raid0", H2K_LVM_STRIPED, "raid0_lvs", ALONE },
    { "raid0_meta", H2K_LVM_STRIPED, "raids", WITH_META },
    { "raid1", H2K_LVM_RAID1, "raids", WITH_META },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

uint64_t
h2k_lvm_leg_extents(const struct h2k_lvm_segment *segment)
{
    return segment->layout == H2K_LVM_STRIPED
               ? segment->count / segment->leg_count
               : segment->count;
}

/* The element of an array that comes at *NODE, as a name of the group's. */
static int
take_name(const struct h2k_lvm_group *group, uint32_t *node, bool *on_volume,
          uint32_t *index)
{
    const struct h2k_lvm_node *n = &group->text->nodes[*node];
    if (*node == 0 || n->kind != H2K_LVM_STRING)
        return h2k_fail(H2K_E_CORRUPT, "a leg has no name");
    *node = n->next;
    if (!h2k_lvm_group_find(group, n->string, on_volume, index))
        return h2k_fail(H2K_E_CORRUPT, "there is no volume \"%.100s\"",
                        n->string);
    return 0;
}

static int
take_leg(const struct h2k_lvm_group *group, size_t type, uint32_t *node,
         struct h2k_lvm_leg *leg)
{
    uint32_t meta = 0;
    bool on_volume = true;
    leg->meta = -1;
    if (types[type].form == WITH_META) {
        if (take_name(group, node, &on_volume, &meta) < 0)
            return -1;
        leg->meta = meta;
    }
    if (!on_volume || take_name(group, node, &leg->on_volume, &leg->index) < 0)
        return on_volume ? -1
                         : h2k_fail(H2K_E_CORRUPT,
                                    "RAID metadata is no logical volume");
    if (types[type].form != WITH_EXTENT)
        return 0;
    const struct h2k_lvm_node *n = &group->text->nodes[*node];
    if (*node == 0 || n->kind != H2K_LVM_NUMBER || n->number < 0 ||
        n->number > UINT32_MAX)
        return h2k_fail(H2K_E_CORRUPT, "a leg has no extent");
    leg->extent = (uint64_t)n->number;
    *node = n->next;
    return 0;
}

static int
read_legs(struct h2k_lvm_group *group, uint32_t section, size_t type,
          struct h2k_lvm_segment *segment)
{
    const struct h2k_lvm_text *text = group->text;
    uint32_t array =
        h2k_lvm_find(text, section, types[type].array, H2K_LVM_ARRAY);
    uint32_t node = array == 0 ? 0 : text->nodes[array].child;
    segment->legs = calloc(LEGS_MAX, sizeof(*segment->legs));
    if (segment->legs == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    while (node != 0) {
        if (segment->leg_count == LEGS_MAX)
            return h2k_fail(H2K_E_CORRUPT, "more than %d legs", LEGS_MAX);
        if (take_leg(group, type, &node, &segment->legs[segment->leg_count]) <
            0)
            return -1;
        segment->leg_count++;
    }
    if (segment->leg_count == 0)
        return h2k_fail(H2K_E_CORRUPT, "a segment without legs");
    /* Most have one. */
    struct h2k_lvm_leg *legs = reallocarray(segment->legs, segment->leg_count,
                                            sizeof(*segment->legs));
    if (legs != NULL)
        segment->legs = legs;
    return 0;
}

static int
read_stripe(const struct h2k_lvm_group *group, uint32_t section,
            struct h2k_lvm_segment *segment)
{
    uint64_t sectors;
    if (segment->layout != H2K_LVM_STRIPED || segment->leg_count == 1)
        return 0;
    if (h2k_lvm_number(group->text, section, "stripe_size", UINT32_MAX,
                       &sectors) < 0)
        return -1;
    segment->stripe = sectors * H2K_LVM_SECTOR;
    if (sectors == 0 || group->extent_size % segment->stripe != 0 ||
        segment->count % segment->leg_count != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "stripes of %" PRIu64 " sectors over %zu legs do not "
                        "fill %" PRIu64 " extents",
                        sectors, segment->leg_count, segment->count);
    return 0;
}

/* A segment of a type that is not read.  What it says of others matters:
 * snapshots need their origin's content; and where it lies on a physical
 * volume itself, we do not know how much of that it uses. */
static void
look_at_other(struct h2k_lvm_group *group, uint32_t section)
{
    const struct h2k_lvm_text *text = group->text;
    const char *origin = h2k_lvm_string(text, section, "origin");
    const char *cow = h2k_lvm_string(text, section, "cow_store");
    bool on_volume;
    uint32_t index;
    const char *merging = h2k_lvm_string(text, section, "merging_store");
    if (cow == NULL)
        cow = merging;
    if (origin != NULL && cow != NULL &&
        h2k_lvm_group_find(group, origin, &on_volume, &index) && on_volume) {
        group->logical[index].snapshot = cow;
        group->logical[index].merging |= merging != NULL;
    }
    for (uint32_t n = text->nodes[section].child; n != 0;
         n = text->nodes[n].next) {
        uint32_t e =
            text->nodes[n].kind == H2K_LVM_ARRAY ? text->nodes[n].child : 0;
        for (; e != 0; e = text->nodes[e].next)
            if (text->nodes[e].kind == H2K_LVM_STRING &&
                h2k_lvm_group_find(group, text->nodes[e].string, &on_volume,
                                   &index) &&
                !on_volume)
                group->all_known = false;
    }
}

static int
read_segment(struct h2k_lvm_group *group, uint32_t section,
             struct h2k_lvm_segment *segment)
{
    const struct h2k_lvm_text *text = group->text;
    size_t type = 0;
    if (h2k_lvm_number(text, section, "start_extent", UINT32_MAX,
                       &segment->start) < 0 ||
        h2k_lvm_number(text, section, "extent_count", UINT32_MAX,
                       &segment->count) < 0)
        return -1;
    segment->type = h2k_lvm_string(text, section, "type");
    if (segment->type == NULL || segment->count == 0)
        return h2k_fail(H2K_E_CORRUPT, "a segment without %s",
                        segment->type == NULL ? "a type" : "extents");
    while (type < TYPES && strcmp(types[type].type, segment->type) != 0)
        type++;
    segment->layout = type < TYPES ? types[type].layout : H2K_LVM_OTHER;
    if (segment->layout == H2K_LVM_OTHER) {
        look_at_other(group, section);
        return 0;
    }
    if (read_legs(group, section, type, segment) < 0)
        return -1;
    return read_stripe(group, section, segment);
}

/* What others are kept in has no content of its own, though lvs(8) shows
 * it. */
static bool
is_pool(const char *type)
{
    static const char *const pools[] = { "thin-pool", "cache-pool",
                                         "vdo-pool" };
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
        if (strcmp(type, pools[i]) == 0)
            return true;
    return false;
}

static int
compare_segments(const void *a, const void *b)
{
    const struct h2k_lvm_segment *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* In order, from 0, without a gap; the volume's length is their end. */
static int
check_segments(const struct h2k_lvm_group *group,
               struct h2k_lvm_logical *logical)
{
    uint64_t bytes;
    qsort(logical->segments, logical->segment_count,
          sizeof(*logical->segments), compare_segments);
    for (size_t i = 0; i < logical->segment_count; i++) {
        if (is_pool(logical->segments[i].type))
            logical->visible = false;
        if (logical->segments[i].start != logical->extents)
            return h2k_fail(H2K_E_CORRUPT,
                            "a segment begins at extent %" PRIu64
                            ", the one before ends at %" PRIu64,
                            logical->segments[i].start, logical->extents);
        logical->extents += logical->segments[i].count;
    }
    if (ckd_mul(&bytes, logical->extents, group->extent_size) ||
        bytes > H2K_BLOCK_SIZE_MAX)
        return h2k_fail(H2K_E_CORRUPT, "%" PRIu64 " extents",
                        logical->extents);
    return 0;
}

int
h2k_lvm_segments_read(struct h2k_lvm_group *group, uint32_t node,
                      struct h2k_lvm_logical *logical)
{
    const struct h2k_lvm_text *text = group->text;
    uint64_t count, seen = 0;
    if (h2k_lvm_number(text, node, "segment_count", H2K_LVM_NODES_MAX,
                       &count) < 0)
        return -1;
    for (uint32_t n = h2k_lvm_first_section(text, node); n != 0;
         n = h2k_lvm_next_section(text, n))
        seen += strncmp(text->nodes[n].key, "segment", 7) == 0;
    if (seen != count || count == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "%" PRIu64 " segments, of %" PRIu64 " declared", seen,
                        count);
    logical->segments = calloc(seen, sizeof(*logical->segments));
    if (logical->segments == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint32_t n = h2k_lvm_first_section(text, node); n != 0;
         n = h2k_lvm_next_section(text, n))
        if (strncmp(text->nodes[n].key, "segment", 7) == 0 &&
            read_segment(group, n,
                         &logical->segments[logical->segment_count++]) < 0)
            return -1;
    return check_segments(group, logical);
}

/* ---- What the segments use ---- */

static int
compare_uses(const void *a, const void *b)
{
    const struct h2k_lvm_use *x = a, *y = b;
    if (x->on_volume != y->on_volume)
        return x->on_volume ? 1 : -1;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->extent < y->extent ? -1 : x->extent > y->extent;
}

static void
add_uses(struct h2k_lvm_group *group, const struct h2k_lvm_segment *segment)
{
    for (size_t i = 0; i < segment->leg_count; i++) {
        const struct h2k_lvm_leg *leg = &segment->legs[i];
        group->uses[group->use_count++] =
            (struct h2k_lvm_use){ leg->on_volume, leg->index, leg->extent,
                                  h2k_lvm_leg_extents(segment) };
        if (leg->meta >= 0)
            group->uses[group->use_count++] =
                (struct h2k_lvm_use){ true, (uint32_t)leg->meta, 0, 1 };
    }
}

static int
check_use(const struct h2k_lvm_group *group, size_t i)
{
    const struct h2k_lvm_use *use = &group->uses[i], *before = use - 1;
    const char *name = use->on_volume ? group->logical[use->index].name
                                      : group->physical[use->index].name;
    uint64_t end = use->on_volume ? group->logical[use->index].extents
                                  : group->physical[use->index].extents;
    if (!h2k_range_inside(use->extent, use->count, end))
        return h2k_fail(H2K_E_CORRUPT,
                        "%" PRIu64 " extents at %" PRIu64
                        " of %.100s, which has %" PRIu64,
                        use->count, use->extent, name, end);
    if (i > 0 && before->on_volume == use->on_volume &&
        before->index == use->index &&
        before->extent + before->count > use->extent)
        return h2k_fail(H2K_E_CORRUPT,
                        "extent %" PRIu64 " of %.100s is used twice",
                        use->extent, name);
    return 0;
}

int
h2k_lvm_group_check(struct h2k_lvm_group *group)
{
    size_t count = 0;
    for (size_t i = 0; i < group->logical_count; i++)
        for (size_t j = 0; j < group->logical[i].segment_count; j++)
            count += 2 * group->logical[i].segments[j].leg_count;
    group->uses = calloc(count + 1, sizeof(*group->uses));
    if (group->uses == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < group->logical_count; i++)
        for (size_t j = 0; j < group->logical[i].segment_count; j++)
            add_uses(group, &group->logical[i].segments[j]);
    qsort(group->uses, group->use_count, sizeof(*group->uses), compare_uses);
    for (size_t i = 0; i < group->use_count; i++)
        if (check_use(group, i) < 0)
            return -1;
    return 0;
}
