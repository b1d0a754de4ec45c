/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What depends on several keys of a manifest. */
#include "manifest/internal.h"

#include <string.h>

static const struct h2k_node *
node_at(const struct h2k_manifest *m, const char *section, const char *stage,
        const char *key)
{
    const struct h2k_node *map = h2k_node_get(m->modern, section);
    if (stage != NULL)
        map = h2k_node_get(map, stage);
    return h2k_node_get(map, key);
}

static void
check_compression(const struct h2k_manifest *m, struct h2k_problems *problems)
{
    const struct h2k_node *compress =
        node_at(m, "pipeline", "convert", "compress");
    const struct h2k_node *level =
        node_at(m, "pipeline", "convert", "compress_level");
    bool on = m->pipeline.convert.compress;
    if (on && strcmp(m->output.format, "qcow2") != 0)
        h2k_report(problems, H2K_PROBLEM_ERROR, compress, NULL,
                   "only qcow2 can be compressed, and output.format is %s",
                   m->output.format);
    if (!on && m->kind != H2K_MANIFEST_FRAGMENT && level != NULL &&
        level->kind != H2K_NODE_NULL)
        h2k_report(problems, H2K_PROBLEM_ERROR, level, NULL,
                   "needs compress to be true");
}

struct named {
    const char *name;
    const struct h2k_node *node;
};

static int
compare_named(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    return x->node->parent->index < y->node->parent->index ? -1 : 1;
}

/* Report each map of LIST whose KEY has the value that an earlier one has. */
static void
check_unique(const struct h2k_node *list, const char *key,
             enum h2k_problem_severity severity, const char *what,
             struct h2k_problems *problems)
{
    if (list == NULL || list->kind != H2K_NODE_LIST || list->count < 2)
        return;
    h2k_autofree struct named *all = calloc(list->count, sizeof(*all));
    size_t count = 0;
    for (const struct h2k_node *entry = list->first;
         all != NULL && entry != NULL; entry = entry->next) {
        const struct h2k_node *node = h2k_node_get(entry, key);
        if (node != NULL && node->kind == H2K_NODE_STRING)
            all[count++] = (struct named){ node->text, node };
    }
    if (count < 2)
        return;
    qsort(all, count, sizeof(*all), compare_named);
    for (size_t i = 1; i < count; i++)
        if (strcmp(all[i - 1].name, all[i].name) == 0)
            h2k_report(problems, severity, all[i].node, NULL,
                       "'%s' is the %s of an earlier entry as well",
                       all[i].name, what);
}

/* The output file of disk I, in DIRECTORY and by its NAME, is PATH? */
static bool
is_output(const struct h2k_manifest *m, const char *name, const char *path)
{
    size_t size = strlen(m->output.directory);
    if (name == NULL || path == NULL || size < 1)
        return false;
    if (size == 1) /* the root directory */
        size = 0;
    return strncmp(path, m->output.directory, size) == 0 &&
           path[size] == '/' && strcmp(path + size + 1, name) == 0;
}

/* The source is never written: also not by an output of its name. */
static void
check_collisions(const struct h2k_manifest *m, struct h2k_problems *problems)
{
    const struct h2k_node *report = node_at(m, "options", "report", "path");
    size_t count = m->disk_count;
    if (m->output.directory == NULL || count > 256)
        return; /* no machine has so many; comparing all with all ends here */
    for (size_t i = 0; i < count; i++) {
        h2k_autofree char *name = h2k_manifest_output_name(m, i, count);
        for (size_t j = 0; j < count; j++)
            if (is_output(m, name, m->disks[j].path))
                h2k_report(problems, H2K_PROBLEM_ERROR, m->disk_nodes[j],
                           "choose another output.directory",
                           "the output of disk '%s' would overwrite this "
                           "source: %s",
                           m->disks[i].id, m->disks[j].path);
        if (report != NULL && is_output(m, name, m->options.report_path))
            h2k_report(problems, H2K_PROBLEM_ERROR, report, NULL,
                       "the report would overwrite the output of disk '%s'",
                       m->disks[i].id);
    }
    for (size_t i = 0; report != NULL && i < count; i++)
        if (m->disks[i].path != NULL && m->options.report_path != NULL &&
            strcmp(m->disks[i].path, m->options.report_path) == 0)
            h2k_report(problems, H2K_PROBLEM_ERROR, report, NULL,
                       "the report would overwrite the source of disk '%s'",
                       m->disks[i].id);
}

/* It is FIX that puts it in. */
static void
check_configuration(const struct h2k_manifest *m,
                    struct h2k_problems *problems)
{
    if (!m->pipeline.fix.enabled && h2k_manifest_has_configuration(m))
        h2k_report(problems, H2K_PROBLEM_WARNING,
                   h2k_node_get(m->modern, "configuration"),
                   "turn pipeline.fix on",
                   "nothing of it comes into the guest while pipeline.fix "
                   "is off");
}

void
h2k_manifest_check_consistency(const struct h2k_manifest *m,
                               struct h2k_problems *problems)
{
    const struct h2k_node *users =
        node_at(m, "configuration", "users", "create");
    check_compression(m, problems);
    check_unique(users, "name", H2K_PROBLEM_WARNING, "name", problems);
    if (m->kind == H2K_MANIFEST_FRAGMENT)
        return;
    check_unique(h2k_node_get(m->modern, "disks"), "id", H2K_PROBLEM_ERROR,
                 "id", problems);
    if (m->kind == H2K_MANIFEST_ARTIFACT && m->output.filename != NULL &&
        m->disk_count > 1)
        h2k_report(problems, H2K_PROBLEM_ERROR,
                   node_at(m, "output", NULL, "filename"),
                   "leave it out, and each disk gets its own",
                   "one file name for %zu disks", m->disk_count);
    check_collisions(m, problems);
    check_configuration(m, problems);
}
