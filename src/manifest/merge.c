/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One document laid over another. */
#include "manifest/builder.h"

#include "manifest/dialect.h"

#include <string.h>

/* Depth is limited in both. */
static void
lay_over(struct h2k_document *doc, struct h2k_node *below,
         const struct h2k_node *above)
{
    for (const struct h2k_node *child = above->first; child != NULL;
         child = child->next) {
        struct h2k_node *there = h2k_node_get(below, child->key);
        if (there != NULL && there->kind == H2K_NODE_MAP &&
            child->kind == H2K_NODE_MAP)
            lay_over(doc, there, child);
        else
            h2k_node_put(doc, below, child->key, h2k_node_copy(doc, child));
    }
}

int
h2k_manifest_builder_merge(struct h2k_manifest_builder *b,
                           const struct h2k_manifest *fragment)
{
    /* By today's names on both sides, or an older one below would win over
     * what is laid over it. */
    const struct h2k_node *pipeline =
        h2k_node_get(fragment->modern, "pipeline");
    h2k_dialect_modernise(b->doc, b->doc->root, NULL);
    if (pipeline != NULL)
        h2k_builder_need_stage(b, NULL);
    for (const struct h2k_node *stage = pipeline == NULL ? NULL
                                                         : pipeline->first;
         stage != NULL; stage = stage->next)
        h2k_builder_need_stage(b, stage->key);
    lay_over(b->doc, b->doc->root, fragment->modern);
    return h2k_document_check(b->doc);
}
