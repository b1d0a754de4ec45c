/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/internal.h"

#include "base/error.h"
#include "manifest/dialect.h"
#include "manifest/rules.h"

#include <string.h>

void
h2k_manifest_free(struct h2k_manifest *m)
{
    if (m == NULL)
        return;
    h2k_document_free(m->doc);
    free(m);
}

/* Which manifest ROOT is: told by the version key, which must be "1.0". */
static int
find_kind(const struct h2k_node *root, enum h2k_manifest_kind *kind,
          struct h2k_problems *problems)
{
    const struct h2k_node *version = h2k_node_get(root, "manifest_version");
    *kind = H2K_MANIFEST_ARTIFACT;
    if (version == NULL) {
        version = h2k_node_get(root, "version");
        *kind = H2K_MANIFEST_MIGRATION;
    }
    if (root->kind != H2K_NODE_MAP) {
        h2k_report(problems, H2K_PROBLEM_ERROR, root, NULL,
                   "not a manifest: it must be a map, but is %s",
                   h2k_node_kind_name(root->kind));
        return -1;
    }
    if (version == NULL) {
        h2k_report(problems, H2K_PROBLEM_ERROR, root,
                   "an Artifact Manifest has \"manifest_version\": \"1.0\", "
                   "a migration manifest \"version\": \"1.0\"",
                   "not a manifest: there is no version");
        return -1;
    }
    /* A wrong type is reported with the other rules; by those of another
     * version nothing else can be judged. */
    if (version->kind != H2K_NODE_STRING || strcmp(version->text, "1.0") == 0)
        return 0;
    h2k_report(problems, H2K_PROBLEM_ERROR, version, "this program knows 1.0",
               "Unsupported manifest version: %s", version->text);
    return -1;
}

static const struct h2k_section *
section_of(enum h2k_manifest_kind kind)
{
    return kind == H2K_MANIFEST_ARTIFACT    ? &h2k_artifact_section
           : kind == H2K_MANIFEST_MIGRATION ? &h2k_migration_section
                                            : &h2k_fragment_section;
}

static int
fill(struct h2k_manifest *m, bool fragment, const char *path,
     const char *base_dir, struct h2k_problems *problems)
{
    struct h2k_document *doc = m->doc;
    const struct h2k_rule_options options = { .fragment = fragment };
    h2k_autofree char *base = h2k_path_base(base_dir);
    m->kind = H2K_MANIFEST_FRAGMENT;
    if (base == NULL ||
        (!fragment && find_kind(doc->root, &m->kind, problems) < 0))
        return -1;
    h2k_rules_check(doc->root, section_of(m->kind), &options, problems);
    m->path =
        path == NULL ? NULL : h2k_document_string(doc, path, strlen(path));
    m->base_dir = h2k_document_string(doc, base, strlen(base));
    struct h2k_node *modern = h2k_node_copy(doc, doc->root);
    if (doc->failed)
        return -1;
    h2k_dialect_modernise(doc, modern, problems);
    m->modern = modern;
    h2k_manifest_extract(m);
    if (doc->failed)
        return -1;
    h2k_manifest_check_consistency(m, problems);
    return 0;
}

struct h2k_manifest *
h2k_manifest_from_document(struct h2k_document *doc, bool fragment,
                           const char *path, const char *base_dir,
                           struct h2k_problems *problems)
{
    H2K_AUTO(h2k_manifest) m = calloc(1, sizeof(*m));
    if (m == NULL) {
        h2k_document_free(doc);
        h2k_problems_fail_memory(problems);
        return NULL;
    }
    m->doc = doc;
    int rc = fill(m, fragment, path, base_dir, problems);
    if (doc->failed)
        h2k_problems_fail_memory(problems);
    return rc < 0 || doc->failed ? NULL : h2k_steal(m);
}

int
h2k_scope_begin(struct h2k_problem_scope *scope, struct h2k_problems *problems)
{
    if (problems == NULL)
        problems = scope->own = h2k_problems_new();
    if (problems == NULL)
        return -1;
    scope->used = problems;
    scope->start = h2k_problems_count(problems);
    return 0;
}

int
h2k_scope_end(struct h2k_problem_scope *scope, bool strict)
{
    int rc = h2k_problems_fail(scope->used, scope->start, strict);
    h2k_problems_free(scope->own);
    return rc;
}

struct h2k_manifest *
h2k_scope_end_with(struct h2k_problem_scope *scope,
                   struct h2k_manifest *manifest)
{
    H2K_AUTO(h2k_manifest) m = manifest;
    return h2k_scope_end(scope, false) < 0 ? NULL : h2k_steal(m);
}

struct h2k_manifest *
h2k_manifest_load_any(const char *path, struct h2k_problems *problems)
{
    h2k_autofree char *base = h2k_path_parent(path);
    struct h2k_document *doc =
        base == NULL ? NULL
                     : h2k_document_load(path, "Manifest",
                                         H2K_MANIFEST_MAX_DEPTH, problems);
    if (doc == NULL)
        return NULL;
    return h2k_manifest_from_document(doc, false, path, base, problems);
}

struct h2k_manifest *
h2k_manifest_load(const char *path, struct h2k_problems *problems)
{
    struct h2k_problem_scope scope = { 0 };
    if (h2k_scope_begin(&scope, problems) < 0)
        return NULL;
    return h2k_scope_end_with(&scope, h2k_manifest_load_any(path, scope.used));
}

struct h2k_manifest *
h2k_manifest_parse(const char *text, size_t size, const char *name,
                   const char *base_dir, struct h2k_problems *problems)
{
    struct h2k_problem_scope scope = { 0 };
    if (h2k_scope_begin(&scope, problems) < 0)
        return NULL;
    struct h2k_document *doc = h2k_document_parse(
        text, size, name, H2K_MANIFEST_MAX_DEPTH, scope.used);
    return h2k_scope_end_with(
        &scope, doc == NULL ? NULL
                            : h2k_manifest_from_document(
                                  doc, false, name, base_dir, scope.used));
}
