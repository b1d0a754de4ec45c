/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/dialect.h"

#include <string.h>

enum meaning {
    MEANS_THE_SAME,
    MEANS_EITHER, /* one of several booleans that became one: any true */
    MEANS_FSTAB,  /* false is noop */
};

/* What several older names became stands together. */
static const struct older {
    const char *stage, *key; /* the stage of the pipeline; NULL: in `vm` */
    const char *section;     /* where it is now; NULL: where it was */
    const char *now;
    enum h2k_node_kind kind;
    enum meaning meaning;
} older_names[] = {
    { "inspect", "detect_os", NULL, "collect_guest_info", H2K_NODE_BOOL,
      MEANS_EITHER },
    { "inspect", "detect_kernel", NULL, "collect_guest_info", H2K_NODE_BOOL,
      MEANS_EITHER },
    { "fix", "inject_drivers", NULL, "regen_initramfs", H2K_NODE_BOOL,
      MEANS_EITHER },
    { "fix", "regenerate_initramfs", NULL, "regen_initramfs", H2K_NODE_BOOL,
      MEANS_EITHER },
    { "fix", "fix_fstab", NULL, "fstab_mode", H2K_NODE_BOOL, MEANS_FSTAB },
    { "fix", "fix_grub", NULL, "update_grub", H2K_NODE_BOOL, MEANS_THE_SAME },
    { "convert", "compression", NULL, "compress", H2K_NODE_BOOL,
      MEANS_THE_SAME },
    { "convert", "target_format", "output", "format", H2K_NODE_STRING,
      MEANS_THE_SAME },
    { "convert", "output_dir", "output", "directory", H2K_NODE_STRING,
      MEANS_THE_SAME },
    { NULL, "secureboot", NULL, "secure_boot", H2K_NODE_BOOL, MEANS_THE_SAME },
};

static struct h2k_node *
home_of(const struct h2k_node *root, const struct older *older)
{
    if (older->stage == NULL)
        return h2k_node_get(root, "vm");
    return h2k_node_get(h2k_node_get(root, "pipeline"), older->stage);
}

/* The map that the key is in now; made where it is missing.  NULL where
 * something else stands in its place. */
static struct h2k_node *
target_of(struct h2k_document *doc, struct h2k_node *root,
          struct h2k_node *home, const struct older *older)
{
    if (older->section == NULL)
        return home;
    struct h2k_node *map = h2k_node_get(root, older->section);
    if (map == NULL) {
        map = h2k_node_new(doc, H2K_NODE_MAP, NULL);
        if (map != NULL)
            map->place = map->key_place = home->place;
        h2k_node_append(doc, root, older->section, map);
    }
    return map != NULL && map->kind == H2K_NODE_MAP ? map : NULL;
}

static void
report(struct h2k_problems *problems, const struct h2k_node *node,
       const struct older *older, bool given)
{
    const char *dot = older->stage == NULL ? "" : ".";
    const char *stage = older->stage == NULL ? "" : older->stage;
    const char *head = older->stage == NULL ? "vm" : "pipeline";
    if (older->section != NULL) {
        head = older->section;
        dot = stage = "";
    }
    if (problems != NULL)
        h2k_report_key(problems, H2K_PROBLEM_NOTE, node, NULL,
                       "an older name: use %s%s%s.%s%s", head, dot, stage,
                       older->now,
                       given ? ", which is there too and wins" : "");
}

static struct h2k_node *
value_of(struct h2k_document *doc, const struct h2k_node *node,
         const struct older *older)
{
    struct h2k_node *value = h2k_node_copy(doc, node);
    bool on = strcmp(node->text, "true") == 0;
    if (value != NULL && older->meaning == MEANS_FSTAB) {
        value->kind = H2K_NODE_STRING;
        value->text = on ? "stabilize-all" : "noop";
    }
    return value;
}

/* One older name, where it stands.  GIVEN: today's name did so before any
 * older one was looked at. */
static void
modernise_one(struct h2k_document *doc, struct h2k_node *root,
              const struct older *older, bool given,
              struct h2k_problems *problems)
{
    struct h2k_node *home = home_of(root, older);
    struct h2k_node *node = h2k_node_get(home, older->key);
    if (node == NULL || node->kind != older->kind)
        return;
    struct h2k_node *target = target_of(doc, root, home, older);
    if (target == NULL)
        return;
    report(problems, node, older, given);
    const struct h2k_node *now = h2k_node_get(target, older->now);
    bool on = strcmp(node->text, "true") == 0;
    if (!given && (now == NULL || (older->meaning == MEANS_EITHER && on)))
        h2k_node_put(doc, target, older->now, value_of(doc, node, older));
    h2k_node_remove(home, older->key);
}

static bool
is_given(const struct h2k_node *root, const struct older *older)
{
    const struct h2k_node *map = older->section == NULL
                                     ? home_of(root, older)
                                     : h2k_node_get(root, older->section);
    return h2k_node_get(map, older->now) != NULL;
}

void
h2k_dialect_modernise(struct h2k_document *doc, struct h2k_node *root,
                      struct h2k_problems *problems)
{
    const size_t count = sizeof(older_names) / sizeof(*older_names);
    bool given = false;
    for (size_t i = 0; i < count; i++) {
        const struct older *older = &older_names[i];
        if (i == 0 || strcmp(older->now, older[-1].now) != 0)
            given = is_given(root, older);
        modernise_one(doc, root, older, given, problems);
    }
    struct h2k_node *firmware =
        h2k_node_get(h2k_node_get(root, "vm"), "firmware");
    if (firmware != NULL && firmware->kind == H2K_NODE_STRING &&
        strcmp(firmware->text, "efi") == 0) {
        if (problems != NULL)
            h2k_report(problems, H2K_PROBLEM_NOTE, firmware, NULL,
                       "an older name: use uefi");
        firmware->text = "uefi";
    }
}
