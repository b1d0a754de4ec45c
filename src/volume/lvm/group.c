/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A group's metadata: what vgcfgbackup(8) writes, sections
 * physical_volumes and logical_volumes in the section of the group's name.
 */
#include "volume/lvm/group.h"

#include "base/checked.h"
#include "base/error.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* Far above real ones; keeps products within 64 bits. */
#define EXTENT_SECTORS_MAX (UINT64_C(1) << 32)
#define PHYSICAL_MAX 4096

void
h2k_lvm_group_free(struct h2k_lvm_group *group)
{
    if (group == NULL)
        return;
    for (size_t i = 0; i < group->logical_count; i++) {
        struct h2k_lvm_logical *l = &group->logical[i];
        for (size_t j = 0; j < l->segment_count; j++)
            free(l->segments[j].legs);
        free(l->segments);
    }
    free(group->logical);
    free(group->physical);
    h2k_lvm_index_clear(&group->names);
    free(group->uses);
    h2k_lvm_text_free(group->text);
    free(group);
}

/* lvm(8), "Valid names". */
static int
check_name(const char *name, const char *what)
{
    size_t length = strlen(name);
    bool good = length > 0 && length < H2K_LVM_NAME && name[0] != '-' &&
                strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
    for (const char *c = name; good && *c != '\0'; c++)
        good = isalnum((unsigned char)*c) || strchr("_-+.", *c) != NULL;
    if (!good)
        return h2k_fail(H2K_E_CORRUPT, "\"%.60s\" is no name of a %s", name,
                        what);
    return 0;
}

static int
take_id(const struct h2k_lvm_text *text, uint32_t node, const char **out)
{
    *out = h2k_lvm_string(text, node, "id");
    size_t length = *out == NULL ? 0 : strlen(*out);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)(*out)[i]) && (*out)[i] != '-')
            length = 0;
    if (length != H2K_LVM_ID - 1)
        return h2k_fail(H2K_E_CORRUPT, "%.100s: no UUID",
                        text->nodes[node].key);
    return 0;
}

/* How many sections PARENT has; PARENT 0, an absent one, has none. */
static int
count_sections(const struct h2k_lvm_text *text, uint32_t parent, size_t max,
               size_t *count)
{
    *count = 0;
    if (parent == 0)
        return 0;
    for (uint32_t n = h2k_lvm_first_section(text, parent); n != 0;
         n = h2k_lvm_next_section(text, n))
        if (++*count > max)
            return h2k_fail(H2K_E_CORRUPT, "%s: more than %zu",
                            text->nodes[parent].key, max);
    return 0;
}

static int
read_physical(struct h2k_lvm_group *group, uint32_t node)
{
    const struct h2k_lvm_text *text = group->text;
    struct h2k_lvm_physical *p = &group->physical[group->physical_count++];
    uint64_t start, bytes;
    p->name = text->nodes[node].key;
    if (take_id(text, node, &p->id) < 0 ||
        h2k_lvm_number(text, node, "pe_start",
                       H2K_BLOCK_SIZE_MAX / H2K_LVM_SECTOR, &start) < 0 ||
        h2k_lvm_number(text, node, "pe_count", UINT32_MAX, &p->extents) < 0)
        return -1;
    p->start = start * H2K_LVM_SECTOR;
    if (ckd_mul(&bytes, p->extents, group->extent_size) ||
        bytes > H2K_BLOCK_SIZE_MAX)
        return h2k_fail(H2K_E_CORRUPT, "%.100s: %" PRIu64 " extents", p->name,
                        p->extents);
    return 0;
}

static int
read_all_physical(struct h2k_lvm_group *group, uint32_t node)
{
    const struct h2k_lvm_text *text = group->text;
    size_t count;
    uint32_t list =
        h2k_lvm_find(text, node, "physical_volumes", H2K_LVM_SECTION);
    if (count_sections(text, list, PHYSICAL_MAX, &count) < 0)
        return -1;
    group->physical = calloc(count + 1, sizeof(*group->physical));
    if (group->physical == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint32_t n = list == 0 ? 0 : h2k_lvm_first_section(text, list);
         n != 0; n = h2k_lvm_next_section(text, n))
        if (read_physical(group, n) < 0)
            return -1;
    return 0;
}

/* Names first, since volumes refer to others that come later. */
static int
name_all_logical(struct h2k_lvm_group *group, uint32_t list)
{
    const struct h2k_lvm_text *text = group->text;
    for (uint32_t n = h2k_lvm_first_section(text, list); n != 0;
         n = h2k_lvm_next_section(text, n)) {
        struct h2k_lvm_logical *l = &group->logical[group->logical_count++];
        l->name = text->nodes[n].key;
        l->visible = h2k_lvm_has(text, n, "status", "VISIBLE");
        l->writable = h2k_lvm_has(text, n, "status", "WRITE");
        l->rebuild = h2k_lvm_has(text, n, "status", "REBUILD") ||
                     h2k_lvm_has(text, n, "flags", "REBUILD");
        if (check_name(l->name, "logical volume") < 0 ||
            take_id(text, n, &l->id) < 0)
            return -1;
    }
    return 0;
}

static int
sort_names(struct h2k_lvm_group *group)
{
    struct h2k_lvm_index *names = &group->names;
    if (h2k_lvm_index_reserve(names, group->physical_count +
                                         group->logical_count) < 0)
        return -1;
    for (uint32_t i = 0; i < group->physical_count; i++)
        h2k_lvm_index_add(names, group->physical[i].name, 0, i);
    for (uint32_t i = 0; i < group->logical_count; i++)
        h2k_lvm_index_add(names, group->logical[i].name, 1, i);
    h2k_lvm_index_sort(names);
    return 0;
}

static int
read_all_logical(struct h2k_lvm_group *group, uint32_t node)
{
    const struct h2k_lvm_text *text = group->text;
    size_t count, i = 0;
    uint32_t list =
        h2k_lvm_find(text, node, "logical_volumes", H2K_LVM_SECTION);
    if (count_sections(text, list, H2K_LVM_VOLUMES_MAX, &count) < 0)
        return -1;
    group->logical = calloc(count + 1, sizeof(*group->logical));
    if (group->logical == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (list == 0)
        return 0;
    if (name_all_logical(group, list) < 0 || sort_names(group) < 0)
        return -1;
    for (uint32_t n = h2k_lvm_first_section(text, list); n != 0;
         n = h2k_lvm_next_section(text, n), i++)
        if (h2k_lvm_segments_read(group, n, &group->logical[i]) < 0)
            return h2k_prefix("logical volume %.100s: ",
                              group->logical[i].name);
    return 0;
}

bool
h2k_lvm_group_find(const struct h2k_lvm_group *group, const char *name,
                   bool *on_volume, uint32_t *index)
{
    size_t at = h2k_lvm_index_find(&group->names, name);
    if (!h2k_lvm_index_is(&group->names, at, name))
        return false;
    *on_volume = group->names.entries[at].owner == 1;
    *index = group->names.entries[at].index;
    return true;
}

static int
read_group(struct h2k_lvm_group *group)
{
    const struct h2k_lvm_text *text = group->text;
    uint32_t node = h2k_lvm_first_section(text, 0);
    uint64_t sectors;
    if (node == 0)
        return h2k_fail(H2K_E_CORRUPT, "the metadata has no group");
    group->name = text->nodes[node].key;
    if (check_name(group->name, "volume group") < 0 ||
        take_id(text, node, &group->id) < 0 ||
        h2k_lvm_number(text, node, "seqno", UINT32_MAX, &group->seqno) < 0 ||
        h2k_lvm_number(text, node, "extent_size", EXTENT_SECTORS_MAX,
                       &sectors) < 0)
        return -1;
    if (sectors == 0)
        return h2k_fail(H2K_E_CORRUPT, "extents of no bytes");
    group->extent_size = sectors * H2K_LVM_SECTOR;
    group->exported = h2k_lvm_has(text, node, "status", "EXPORTED");
    group->all_known = true;
    if (read_all_physical(group, node) < 0 ||
        read_all_logical(group, node) < 0)
        return -1;
    return h2k_lvm_group_check(group);
}

struct h2k_lvm_group *
h2k_lvm_group_new(struct h2k_lvm_text *text)
{
    H2K_AUTO(h2k_lvm_group) group = calloc(1, sizeof(*group));
    if (group == NULL) {
        h2k_lvm_text_free(text);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    group->text = text;
    if (read_group(group) < 0) {
        h2k_prefix("volume group %.100s: ",
                   group->name == NULL ? "?" : group->name);
        return NULL;
    }
    return h2k_steal(group);
}
