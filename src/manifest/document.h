/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A JSON or YAML document as a tree of nodes that know where they stood.
 *
 * All nodes and strings of a document are in its arena and live as long as
 * it does.  Running out of memory is remembered in `failed` (allocations
 * give NULL, and every function here takes NULL), so that making a document
 * is checked once.  Depth is limited by whoever parses or builds.
 */
#ifndef H2K_MANIFEST_DOCUMENT_H
#define H2K_MANIFEST_DOCUMENT_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hyper2kvm/manifest.h>

enum h2k_node_kind {
    H2K_NODE_NULL,
    H2K_NODE_BOOL,   /* text is "true" or "false" */
    H2K_NODE_NUMBER, /* text is a number in JSON's grammar (RFC 8259, 6) */
    H2K_NODE_STRING,
    H2K_NODE_LIST,
    H2K_NODE_MAP,
};

struct h2k_place {
    const char *file; /* NULL when made by a program */
    unsigned line, column;
};

struct h2k_node {
    enum h2k_node_kind kind;
    const char *text; /* UTF-8; of a scalar, never NULL */
    const char *key;  /* in a map; NULL elsewhere */
    size_t index;     /* in its list or map, from 0 */
    struct h2k_place place, key_place;
    struct h2k_node *parent, *next;
    struct h2k_node *first, *last; /* of a list or map */
    size_t count;                  /* of its children */
};

struct h2k_document {
    struct h2k_node *root;
    struct h2k_arena_chunk *chunks;
    const char *file; /* the last that was named */
    bool failed;      /* an allocation did */
};

struct h2k_document *h2k_document_new(void); /* NULL with H2K_E_NOMEM */
void h2k_document_free(struct h2k_document *doc);
H2K_DEFINE_AUTO(h2k_document, h2k_document_free)
/* 0, or -1 with H2K_E_NOMEM when any allocation failed. */
int h2k_document_check(const struct h2k_document *doc);

/* Zeroed memory, aligned for anything; a string; text by format. */
void *h2k_document_alloc(struct h2k_document *doc, size_t count, size_t size);
const char *h2k_document_string(struct h2k_document *doc, const char *text,
                                size_t size);
const char *h2k_document_format(struct h2k_document *doc, const char *format,
                                ...) __attribute__((format(printf, 2, 3)));

/* The document's own copy of a file's name, made once for many nodes. */
const char *h2k_document_file(struct h2k_document *doc, const char *name);

/* A node of its own; TEXT is copied, and NULL for a list or map. */
struct h2k_node *h2k_node_new(struct h2k_document *doc,
                              enum h2k_node_kind kind, const char *text);
/* As the last of PARENT; KEY (copied) where that is a map. */
void h2k_node_append(struct h2k_document *doc, struct h2k_node *parent,
                     const char *key, struct h2k_node *child);
/* The value of KEY in MAP, or NULL: also when MAP is NULL or not a map. */
struct h2k_node *h2k_node_get(const struct h2k_node *map, const char *key);
/* In place of what KEY is in MAP, or as its last. */
void h2k_node_put(struct h2k_document *doc, struct h2k_node *map,
                  const char *key, struct h2k_node *value);
void h2k_node_remove(struct h2k_node *map, const char *key);
/* A deep copy in DOC, with places, as a node of its own. */
struct h2k_node *h2k_node_copy(struct h2k_document *doc,
                               const struct h2k_node *node);
/* Equal values, numbers by their text, maps in any order. */
bool h2k_node_equal(const struct h2k_node *a, const struct h2k_node *b);
/* "a map", "a list", "a string", … */
const char *h2k_node_kind_name(enum h2k_node_kind kind);

/* The value, when it is one that fits; false otherwise, with *OUT as it
 * was.  A number such as 8.0 is an integer, as in JSON Schema. */
bool h2k_node_bool(const struct h2k_node *node, bool *out);
bool h2k_node_integer(const struct h2k_node *node, int64_t *out);
bool h2k_node_number(const struct h2k_node *node, double *out);
bool h2k_node_string(const struct h2k_node *node, const char **out);

/* "disks[1].checksum"; with CHILD, the path of that key in NODE.  The caller
 * frees it; NULL without memory, with no error set. */
char *h2k_node_path(const struct h2k_node *node, const char *child);

/*
 * TEXT as a document.  What begins with { or [ is JSON, by the letter of RFC
 * 8259; anything else is YAML 1.2 with its core schema.  NAME stands for the
 * file.  Aliases are replaced by what they stand for; the tree is at most
 * DEPTH deep and has at most H2K_MANIFEST_MAX_NODES nodes.  NULL when there
 * is nothing to go on with (and the problem is in PROBLEMS); a document with
 * lesser errors, such as a duplicate key, is given.
 */
struct h2k_document *h2k_document_parse(const char *text, size_t size,
                                        const char *name, unsigned depth,
                                        struct h2k_problems *problems);
/* The same from a file.  WHAT is for "WHAT not found: PATH". */
struct h2k_document *h2k_document_load(const char *path, const char *what,
                                       unsigned depth,
                                       struct h2k_problems *problems);

/* The text, which the caller frees; NULL with H2K_E_NOMEM. */
char *h2k_node_to_text(const struct h2k_node *node,
                       enum h2k_manifest_format format);

#endif
