/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Parts of a manifest in files of their own. */
#include "manifest/internal.h"

#include <string.h>

#define MAX_STEPS 4 /* the keys that AT may have */

/* Take DOC's root out of the maps that repeat the end of AT ("users: …",
 * "configuration: {users: …}"), and put it into those that AT names. */
static int
place_fragment(struct h2k_document *doc, const char *at,
               struct h2k_problems *problems)
{
    const char *starts[MAX_STEPS];
    size_t steps = 0;
    for (const char *p = at; *p != '\0'; p += *p == '.') {
        if (steps == MAX_STEPS || *p == '.')
            return h2k_report_place(problems, doc->root->place, NULL,
                                    "'%s' is no key of a manifest", at);
        starts[steps++] = p;
        p += strcspn(p, ".");
    }
    for (size_t i = 0; i < steps; i++) {
        size_t size = strcspn(starts[i], ".");
        struct h2k_node *root = doc->root;
        if (root->kind == H2K_NODE_MAP && root->count == 1 &&
            strlen(root->first->key) == size &&
            strncmp(root->first->key, starts[i], size) == 0 &&
            root->first->kind == H2K_NODE_MAP) {
            doc->root = root->first;
            doc->root->parent = doc->root->next = NULL;
        }
    }
    while (steps-- > 0) {
        h2k_autofree char *key =
            strndup(starts[steps], strcspn(starts[steps], "."));
        struct h2k_node *map = h2k_node_new(doc, H2K_NODE_MAP, NULL);
        if (key == NULL || map == NULL) {
            doc->failed = true;
            return -1;
        }
        map->place = doc->root->place;
        h2k_node_append(doc, map, key, doc->root);
        doc->root = map;
    }
    return 0;
}

static struct h2k_manifest *
make_fragment(struct h2k_document *document, const char *name, const char *at,
              struct h2k_problems *problems)
{
    H2K_AUTO(h2k_document) doc = document;
    if (doc == NULL)
        return NULL;
    int rc = place_fragment(doc, at, problems);
    if (doc->failed)
        h2k_problems_fail_memory(problems);
    if (rc < 0)
        return NULL;
    return h2k_manifest_from_document(h2k_steal(doc), true, name, NULL,
                                      problems);
}

struct h2k_manifest *
h2k_manifest_load_fragment(const char *path, const char *at,
                           struct h2k_problems *problems)
{
    struct h2k_problem_scope scope = { 0 };
    if (h2k_scope_begin(&scope, problems) < 0)
        return NULL;
    struct h2k_document *doc = h2k_document_load(
        path, "File", H2K_MANIFEST_MAX_DEPTH - MAX_STEPS, scope.used);
    return h2k_scope_end_with(&scope,
                              make_fragment(doc, path, at, scope.used));
}

struct h2k_manifest *
h2k_manifest_parse_fragment(const char *text, size_t size, const char *name,
                            const char *at, struct h2k_problems *problems)
{
    struct h2k_problem_scope scope = { 0 };
    if (h2k_scope_begin(&scope, problems) < 0)
        return NULL;
    struct h2k_document *doc = h2k_document_parse(
        text, size, name, H2K_MANIFEST_MAX_DEPTH - MAX_STEPS, scope.used);
    return h2k_scope_end_with(&scope,
                              make_fragment(doc, name, at, scope.used));
}
