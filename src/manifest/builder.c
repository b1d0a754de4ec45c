/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A manifest in the making: a document, and keys that are put into it. */
#include "manifest/builder.h"

#include "base/error.h"
#include "manifest/dialect.h"
#include "manifest/scalar.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_STEPS 8 /* the keys of a path; no manifest has so many levels */

static struct h2k_manifest_builder *
new_builder(enum h2k_manifest_kind kind)
{
    struct h2k_manifest_builder *b = calloc(1, sizeof(*b));
    if (b == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    b->kind = kind;
    b->doc = h2k_document_new();
    if (b->doc == NULL) {
        free(b);
        return NULL;
    }
    return b;
}

struct h2k_manifest_builder *
h2k_manifest_builder_new(enum h2k_manifest_kind kind)
{
    H2K_AUTO(h2k_manifest_builder) b = new_builder(kind);
    if (b == NULL)
        return NULL;
    b->doc->root = h2k_node_new(b->doc, H2K_NODE_MAP, NULL);
    if (kind != H2K_MANIFEST_FRAGMENT)
        h2k_node_put(b->doc, b->doc->root,
                     kind == H2K_MANIFEST_ARTIFACT ? "manifest_version"
                                                   : "version",
                     h2k_node_new(b->doc, H2K_NODE_STRING, "1.0"));
    return h2k_document_check(b->doc) < 0 ? NULL : h2k_steal(b);
}

struct h2k_manifest_builder *
h2k_manifest_builder_from(const struct h2k_manifest *m)
{
    H2K_AUTO(h2k_manifest_builder) b = new_builder(m->kind);
    if (b == NULL)
        return NULL;
    b->doc->root = h2k_node_copy(b->doc, m->doc->root);
    return h2k_document_check(b->doc) < 0 ? NULL : h2k_steal(b);
}

void
h2k_manifest_builder_free(struct h2k_manifest_builder *b)
{
    if (b == NULL)
        return;
    h2k_document_free(b->doc);
    free(b);
}

/* A parsed document is UTF-8; what a program gave has yet to be. */
static void
check_utf8(const struct h2k_node *node, struct h2k_problems *problems)
{
    if ((node->text != NULL && !h2k_utf8_is_valid(node->text)) ||
        (node->key != NULL && !h2k_utf8_is_valid(node->key)))
        h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL, "is not UTF-8");
    for (const struct h2k_node *child = node->first; child != NULL;
         child = child->next)
        check_utf8(child, problems);
}

struct h2k_manifest *
h2k_manifest_builder_build(const struct h2k_manifest_builder *b,
                           const char *base_dir, struct h2k_problems *problems)
{
    struct h2k_problem_scope scope = { 0 };
    struct h2k_manifest *m = NULL;
    H2K_AUTO(h2k_document) doc = h2k_document_new();
    if (doc == NULL || h2k_scope_begin(&scope, problems) < 0)
        return NULL;
    doc->root = h2k_node_copy(doc, b->doc->root);
    if (doc->failed) {
        h2k_problems_fail_memory(scope.used);
        return h2k_scope_end_with(&scope, NULL);
    }
    check_utf8(doc->root, scope.used);
    m = h2k_manifest_from_document(h2k_steal(doc),
                                   b->kind == H2K_MANIFEST_FRAGMENT, NULL,
                                   base_dir, scope.used);
    return h2k_scope_end_with(&scope, m);
}

/* A map under KEY of MAP; made where there is none, and in place of what is
 * no map. */
struct h2k_node *
h2k_builder_map(struct h2k_manifest_builder *b, struct h2k_node *map,
                const char *key)
{
    struct h2k_node *child = h2k_node_get(map, key);
    if (child != NULL && child->kind == H2K_NODE_MAP)
        return child;
    child = h2k_node_new(b->doc, H2K_NODE_MAP, NULL);
    h2k_node_put(b->doc, map, key, child);
    return child;
}

void
h2k_builder_put_bool(struct h2k_manifest_builder *b, struct h2k_node *map,
                     const char *key, bool value)
{
    h2k_node_put(
        b->doc, map, key,
        h2k_node_new(b->doc, H2K_NODE_BOOL, value ? "true" : "false"));
}

void
h2k_builder_put_integer(struct h2k_manifest_builder *b, struct h2k_node *map,
                        const char *key, int64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64, value);
    h2k_node_put(b->doc, map, key,
                 h2k_node_new(b->doc, H2K_NODE_NUMBER, text));
}

int
h2k_builder_put_number(struct h2k_manifest_builder *b, struct h2k_node *map,
                       const char *key, double value)
{
    char text[64];
    if (!isfinite(value))
        return h2k_fail(H2K_E_RANGE, "%s: not a number that can be written",
                        key);
    /* The shortest that is read back as the same, with a point whatever the
     * program's locale has. */
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    char *comma = strpbrk(text, ",");
    if (comma != NULL)
        *comma = '.';
    h2k_node_put(b->doc, map, key,
                 h2k_node_new(b->doc, H2K_NODE_NUMBER, text));
    return 0;
}

void
h2k_builder_put_string(struct h2k_manifest_builder *b, struct h2k_node *map,
                       const char *key, const char *value)
{
    if (value != NULL)
        h2k_node_put(b->doc, map, key,
                     h2k_node_new(b->doc, H2K_NODE_STRING, value));
}

static void
add_stage(struct h2k_manifest_builder *b, struct h2k_node *pipeline,
          const char *stage, bool enabled)
{
    if (h2k_node_get(pipeline, stage) == NULL)
        h2k_builder_put_bool(b, h2k_builder_map(b, pipeline, stage), "enabled",
                             enabled);
}

void
h2k_builder_need_stage(struct h2k_manifest_builder *b, const char *stage)
{
    static const char *const stages[] = { "inspect", "fix", "convert",
                                          "validate" };
    struct h2k_node *pipeline = h2k_node_get(b->doc->root, "pipeline");
    h2k_dialect_modernise(b->doc, b->doc->root, NULL);
    if (pipeline == NULL && b->kind != H2K_MANIFEST_FRAGMENT) {
        pipeline = h2k_builder_map(b, b->doc->root, "pipeline");
        for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++)
            add_stage(b, pipeline, stages[i], true);
    }
    for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++)
        if (b->kind != H2K_MANIFEST_FRAGMENT && stage != NULL &&
            strcmp(stages[i], stage) == 0)
            add_stage(b, pipeline, stage, false);
}

/* The map that KEY's last part goes into (made with CREATE, else NULL where
 * it is not there), and that part. */
static int
find_home(struct h2k_manifest_builder *b, const char *key, bool create,
          struct h2k_node **home, const char **last)
{
    char parts[256];
    char *part = parts, *dot;
    size_t steps = 0;
    *home = b->doc->root;
    if (*key == '\0' || strlen(key) >= sizeof(parts))
        return h2k_fail(H2K_E_RANGE, "'%s' is no key of a manifest", key);
    strcpy(parts, key);
    for (; (dot = strchr(part, '.')) != NULL; part = dot + 1) {
        *dot = '\0';
        if (*part == '\0' || ++steps > MAX_STEPS)
            return h2k_fail(H2K_E_RANGE, "'%s' is no key of a manifest", key);
        *home = create ? h2k_builder_map(b, *home, part)
                       : h2k_node_get(*home, part);
    }
    if (*part == '\0')
        return h2k_fail(H2K_E_RANGE, "'%s' is no key of a manifest", key);
    *last = key + (part - parts);
    return h2k_document_check(b->doc);
}

/* The same, with what the pipeline needs. */
static int
find_home_for(struct h2k_manifest_builder *b, const char *key,
              struct h2k_node **home, const char **last)
{
    char stage[16] = "";
    if (sscanf(key, "pipeline.%15[^.].", stage) == 1)
        h2k_builder_need_stage(b, stage);
    else
        h2k_dialect_modernise(b->doc, b->doc->root, NULL);
    return find_home(b, key, true, home, last);
}

int
h2k_manifest_builder_set_string(struct h2k_manifest_builder *b,
                                const char *key, const char *value)
{
    struct h2k_node *home;
    const char *last;
    if (find_home_for(b, key, &home, &last) < 0)
        return -1;
    h2k_builder_put_string(b, home, last, value);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_set_bool(struct h2k_manifest_builder *b, const char *key,
                              bool value)
{
    struct h2k_node *home;
    const char *last;
    if (find_home_for(b, key, &home, &last) < 0)
        return -1;
    h2k_builder_put_bool(b, home, last, value);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_set_integer(struct h2k_manifest_builder *b,
                                 const char *key, int64_t value)
{
    struct h2k_node *home;
    const char *last;
    if (find_home_for(b, key, &home, &last) < 0)
        return -1;
    h2k_builder_put_integer(b, home, last, value);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_set_number(struct h2k_manifest_builder *b,
                                const char *key, double value)
{
    struct h2k_node *home;
    const char *last;
    if (find_home_for(b, key, &home, &last) < 0 ||
        h2k_builder_put_number(b, home, last, value) < 0)
        return -1;
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_remove(struct h2k_manifest_builder *b, const char *key)
{
    struct h2k_node *home;
    const char *last;
    h2k_dialect_modernise(b->doc, b->doc->root, NULL);
    if (find_home(b, key, false, &home, &last) < 0)
        return -1;
    h2k_node_remove(home, last);
    return h2k_document_check(b->doc);
}
