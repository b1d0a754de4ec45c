/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files about the builder share. */
#ifndef H2K_MANIFEST_BUILDER_H
#define H2K_MANIFEST_BUILDER_H

#include "manifest/internal.h"

struct h2k_manifest_builder {
    struct h2k_document *doc; /* its root is a map */
    enum h2k_manifest_kind kind;
};

H2K_DEFINE_AUTO(h2k_manifest_builder, h2k_manifest_builder_free)

/* A map under KEY of MAP; made where there is none, and in place of what is
 * no map. */
struct h2k_node *h2k_builder_map(struct h2k_manifest_builder *b,
                                 struct h2k_node *map, const char *key);

/* One value under KEY of MAP, in place of what is there.  A NULL string is
 * left out.  Only put_number fails at once: on what is not finite. */
void h2k_builder_put_string(struct h2k_manifest_builder *b,
                            struct h2k_node *map, const char *key,
                            const char *value);
void h2k_builder_put_bool(struct h2k_manifest_builder *b, struct h2k_node *map,
                          const char *key, bool value);
void h2k_builder_put_integer(struct h2k_manifest_builder *b,
                             struct h2k_node *map, const char *key,
                             int64_t value);
int h2k_builder_put_number(struct h2k_manifest_builder *b,
                           struct h2k_node *map, const char *key,
                           double value);

/* Before STAGE (NULL: none) of the pipeline is touched: without a pipeline
 * all stages run, so they are put in and on; in one that is there, a stage
 * that is absent does not run, so it is put in and off. */
void h2k_builder_need_stage(struct h2k_manifest_builder *b, const char *stage);

#endif
