/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The older dialect of the manifests: other names for some keys. */
#ifndef H2K_MANIFEST_DIALECT_H
#define H2K_MANIFEST_DIALECT_H

#include "manifest/problems.h"

/*
 * Rewrite ROOT, a tree of DOC, to today's names.  Each older one gives a
 * note that names the key to use (PROBLEMS may be NULL).  Where today's name
 * stands as well, it wins.  What has a wrong type stays as it is.
 */
void h2k_dialect_modernise(struct h2k_document *doc, struct h2k_node *root,
                           struct h2k_problems *problems);

#endif
