/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * From physical volumes to logical ones: every copy of metadata is read, the
 * newest of each group counts, and its physical volumes are found by UUID.
 */
#include "volume/lvm/lvm.h"

#include "base/error.h"
#include "volume/lvm/scan.h"

#include <stdio.h>
#include <string.h>

static void
scan_clear(struct h2k_lvm_scan *s)
{
    for (size_t i = 0; s->labels != NULL && i < s->count; i++)
        h2k_lvm_label_clear(&s->labels[i]);
    for (size_t i = 0; i < s->group_count; i++)
        h2k_lvm_group_free(s->groups[i]);
    free(s->labels);
    free(s->seen);
    h2k_lvm_index_clear(&s->labelled);
    h2k_lvm_index_clear(&s->claimed);
}

void
h2k_lvm_free(struct h2k_lvm *lvm)
{
    if (lvm == NULL)
        return;
    for (size_t i = 0; i < lvm->count; i++) {
        h2k_block_unref(lvm->volumes[i].block);
        free(lvm->volumes[i].sources);
    }
    h2k_strings_clear(&lvm->problems);
    free(lvm->volumes);
    free(lvm->free);
    free(lvm->used);
    free(lvm);
}

/* The newest metadata of each group stays. */
static int
keep_group(struct h2k_lvm_scan *s, struct h2k_lvm_group *group)
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
    if (s->group_count == H2K_LVM_GROUPS_MAX) {
        h2k_lvm_group_free(group);
        return h2k_fail(H2K_E_UNSUPPORTED, "more than %d volume groups",
                        H2K_LVM_GROUPS_MAX);
    }
    s->groups[s->group_count++] = group;
    return 0;
}

static int
read_copy(struct h2k_lvm_scan *s, const struct h2k_lvm_copy *copy)
{
    for (size_t i = 0; i < s->seen_count; i++)
        if (s->seen[i].crc == copy->crc && s->seen[i].size == copy->size)
            return 0;
    s->seen[s->seen_count++] = (struct h2k_lvm_seen){ copy->crc, copy->size };
    H2K_AUTO(h2k_lvm_text)
    text = h2k_lvm_text_parse(copy->text, copy->size);
    if (text == NULL)
        return -1;
    s->text_bytes += copy->size;
    s->nodes += text->count;
    if (s->text_bytes > H2K_LVM_TEXTS_MAX || s->nodes > H2K_LVM_ALL_NODES_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "LVM2: there is too much metadata on all physical "
                        "volumes together: give only the guest's own disks");
    struct h2k_lvm_group *group = h2k_lvm_group_new(h2k_steal(text));
    return group == NULL ? -1 : keep_group(s, group);
}

static int
read_copies(struct h2k_lvm_scan *s, struct h2k_lvm_label *label,
            const char *name)
{
    for (size_t j = 0; j < label->copy_count; j++) {
        if (read_copy(s, &label->copies[j]) == 0)
            continue;
        if (!h2k_error_is_content())
            return -1;
        s->damaged = true;
        if (h2k_strings_addf(&s->out->problems, "%s: %s", name, h2k_errmsg()) <
            0)
            return -1;
    }
    h2k_lvm_label_drop_copies(label);
    return 0;
}

static int
read_source(struct h2k_lvm_scan *s, size_t i)
{
    struct h2k_lvm_label *label = &s->labels[i];
    const char *name = s->sources[i].name;
    if (h2k_lvm_label_read(s->sources[i].block, label) < 0) {
        if (!h2k_error_is_content())
            return h2k_prefix("%s: ", name);
        label->id[0] = '\0';
        return h2k_errcode() == H2K_E_NOENT
                   ? 0
                   : h2k_strings_addf(&s->out->problems, "%s: %s", name,
                                      h2k_errmsg());
    }
    if (label->problem[0] != '\0') {
        s->damaged = true;
        if (h2k_strings_addf(&s->out->problems, "%s: LVM2: %s", name,
                             label->problem) < 0)
            return -1;
    }
    return read_copies(s, label, name);
}

static int
read_sources(struct h2k_lvm_scan *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (read_source(s, i) < 0)
            return -1;
    return 0;
}

/* Which sources there are, and who wants them. */
static int
sort_physical(struct h2k_lvm_scan *s)
{
    size_t claims = 0;
    for (size_t i = 0; i < s->group_count; i++)
        claims += s->groups[i]->physical_count;
    if (h2k_lvm_index_reserve(&s->labelled, s->count) < 0 ||
        h2k_lvm_index_reserve(&s->claimed, claims) < 0)
        return -1;
    for (uint32_t i = 0; i < s->count; i++)
        if (s->labels[i].id[0] != '\0')
            h2k_lvm_index_add(&s->labelled, s->labels[i].id, 0, i);
    for (uint32_t g = 0; g < s->group_count; g++)
        for (uint32_t p = 0; p < s->groups[g]->physical_count; p++)
            h2k_lvm_index_add(&s->claimed, s->groups[g]->physical[p].id, g, p);
    h2k_lvm_index_sort(&s->labelled);
    h2k_lvm_index_sort(&s->claimed);
    return 0;
}

static int
scan(struct h2k_lvm_scan *s)
{
    s->labels = calloc(s->count + 1, sizeof(*s->labels));
    s->out->used = calloc(s->count + 1, sizeof(*s->out->used));
    s->seen = calloc(s->count * H2K_LVM_AREAS_MAX + 1, sizeof(*s->seen));
    if (s->labels == NULL || s->out->used == NULL || s->seen == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (read_sources(s) < 0 || sort_physical(s) < 0)
        return -1;
    for (size_t i = 0; i < s->group_count; i++)
        if (h2k_lvm_assemble(s, i) < 0)
            return -1;
    return 0;
}

struct h2k_lvm *
h2k_lvm_open(const struct h2k_volume_source *sources, size_t count,
             bool only_whole)
{
    H2K_AUTO(h2k_lvm) lvm = calloc(1, sizeof(*lvm));
    if (lvm == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    struct h2k_lvm_scan s = { .sources = sources,
                              .count = count,
                              .only_whole = only_whole,
                              .out = lvm };
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
