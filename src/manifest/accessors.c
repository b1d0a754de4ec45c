/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/internal.h"

#include <string.h>

enum h2k_manifest_kind
h2k_manifest_kind(const struct h2k_manifest *m)
{
    return m->kind;
}

const char *
h2k_manifest_path(const struct h2k_manifest *m)
{
    return m->path;
}

const char *
h2k_manifest_base_dir(const struct h2k_manifest *m)
{
    return m->base_dir;
}

/* One accessor per section, all alike. */
#define DEFINE_SECTION(name)                               \
    const struct h2k_manifest_##name *h2k_manifest_##name( \
        const struct h2k_manifest *m)                      \
    {                                                      \
        return &m->name;                                   \
    }

DEFINE_SECTION(source)
DEFINE_SECTION(vm)
DEFINE_SECTION(pipeline)
DEFINE_SECTION(output)
DEFINE_SECTION(options)
DEFINE_SECTION(metadata)

const struct h2k_configuration *
h2k_manifest_configuration(const struct h2k_manifest *m)
{
    return &m->configuration;
}

/* And one pair per list. */
#define DEFINE_LIST(name, list, type)                                \
    size_t h2k_manifest_##name##_count(const struct h2k_manifest *m) \
    {                                                                \
        return m->name##_count;                                      \
    }                                                                \
    const struct h2k_manifest_##type *h2k_manifest_##name(           \
        const struct h2k_manifest *m, size_t i)                      \
    {                                                                \
        return i < m->name##_count ? &m->list[i] : NULL;             \
    }

DEFINE_LIST(disk, disks, disk)
DEFINE_LIST(nic, nics, nic)
DEFINE_LIST(tag, tags, tag)
DEFINE_LIST(note, notes, remark)
DEFINE_LIST(warning, warnings, remark)

const struct h2k_manifest_disk *
h2k_manifest_find_disk(const struct h2k_manifest *m, const char *id)
{
    for (size_t i = 0; i < m->disk_count; i++)
        if (strcmp(m->disks[i].id, id) == 0)
            return &m->disks[i];
    return NULL;
}

/* Does A boot before B, which stands before it? */
static bool
boots_before(const struct h2k_manifest_disk *a,
             const struct h2k_manifest_disk *b)
{
    bool a_boot = a->disk_type == H2K_DISK_BOOT;
    bool b_boot = b->disk_type == H2K_DISK_BOOT;
    return a_boot != b_boot ? a_boot : a->boot_order_hint < b->boot_order_hint;
}

const struct h2k_manifest_disk *
h2k_manifest_boot_disk(const struct h2k_manifest *m)
{
    const struct h2k_manifest_disk *boot = NULL;
    for (size_t i = 0; i < m->disk_count; i++)
        if (boot == NULL || boots_before(&m->disks[i], boot))
            boot = &m->disks[i];
    return boot;
}

const struct h2k_manifest_disk *
h2k_manifest_data_disk(const struct h2k_manifest *m, size_t i)
{
    const struct h2k_manifest_disk *boot = h2k_manifest_boot_disk(m);
    if (boot != NULL && i >= (size_t)(boot - m->disks))
        i++;
    return i < m->disk_count ? &m->disks[i] : NULL;
}

bool
h2k_manifest_has_configuration(const struct h2k_manifest *m)
{
    const struct h2k_node *map = h2k_node_get(m->modern, "configuration");
    for (const struct h2k_node *part = map == NULL ? NULL : map->first;
         part != NULL; part = part->next)
        for (const struct h2k_node *key = part->first; key != NULL;
             key = key->next)
            if (key->first != NULL || key->kind == H2K_NODE_STRING)
                return true;
    return false;
}

char *
h2k_manifest_to_text(const struct h2k_manifest *m,
                     enum h2k_manifest_format format)
{
    return h2k_node_to_text(m->doc->root, format);
}

bool
h2k_manifest_equal(const struct h2k_manifest *a, const struct h2k_manifest *b)
{
    return h2k_node_equal(a->doc->root, b->doc->root);
}
