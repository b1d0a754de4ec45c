/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/document.h"

#include "base/checked.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_SIZE 16384

struct h2k_arena_chunk {
    struct h2k_arena_chunk *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct h2k_document *
h2k_document_new(void)
{
    struct h2k_document *doc = calloc(1, sizeof(*doc));
    if (doc == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return doc;
}

void
h2k_document_free(struct h2k_document *doc)
{
    if (doc == NULL)
        return;
    while (doc->chunks != NULL) {
        struct h2k_arena_chunk *next = doc->chunks->next;
        free(doc->chunks);
        doc->chunks = next;
    }
    free(doc);
}

int
h2k_document_check(const struct h2k_document *doc)
{
    return doc->failed ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

static struct h2k_arena_chunk *
add_chunk(struct h2k_document *doc, size_t size)
{
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE, total;
    struct h2k_arena_chunk *chunk = NULL;
    if (!ckd_add(&total, room, sizeof(*chunk)))
        chunk = calloc(1, total);
    if (chunk == NULL) {
        doc->failed = true;
        return NULL;
    }
    chunk->size = room;
    chunk->next = doc->chunks;
    doc->chunks = chunk;
    return chunk;
}

void *
h2k_document_alloc(struct h2k_document *doc, size_t count, size_t size)
{
    size_t need;
    struct h2k_arena_chunk *chunk = doc->chunks;
    if (doc->failed || ckd_mul(&need, count, size) ||
        ckd_add(&need, need, _Alignof(max_align_t) - 1)) {
        doc->failed = true;
        return NULL;
    }
    need -= need % _Alignof(max_align_t);
    if (chunk == NULL || need > chunk->size - chunk->used)
        chunk = add_chunk(doc, need);
    if (chunk == NULL)
        return NULL;
    void *result = chunk->bytes + chunk->used;
    chunk->used += need;
    return result;
}

const char *
h2k_document_string(struct h2k_document *doc, const char *text, size_t size)
{
    char *copy = h2k_document_alloc(doc, size + 1, 1);
    if (copy != NULL && size > 0)
        memcpy(copy, text, size);
    return copy;
}

const char *
h2k_document_format(struct h2k_document *doc, const char *format, ...)
{
    h2k_autofree char *text = NULL;
    va_list ap;
    va_start(ap, format);
    int size = vasprintf(&text, format, ap);
    va_end(ap);
    if (size < 0) {
        text = NULL;
        doc->failed = true;
        return NULL;
    }
    return h2k_document_string(doc, text, (size_t)size);
}

const char *
h2k_document_file(struct h2k_document *doc, const char *name)
{
    if (name == NULL || doc->file == NULL || strcmp(name, doc->file) != 0)
        doc->file =
            name == NULL ? NULL : h2k_document_string(doc, name, strlen(name));
    return doc->file;
}

struct h2k_node *
h2k_node_new(struct h2k_document *doc, enum h2k_node_kind kind,
             const char *text)
{
    struct h2k_node *node = h2k_document_alloc(doc, 1, sizeof(*node));
    if (node == NULL)
        return NULL;
    node->kind = kind;
    if (text != NULL)
        node->text = h2k_document_string(doc, text, strlen(text));
    return node;
}

void
h2k_node_append(struct h2k_document *doc, struct h2k_node *parent,
                const char *key, struct h2k_node *child)
{
    if (parent == NULL || child == NULL)
        return;
    child->key = NULL;
    if (parent->kind == H2K_NODE_MAP) {
        child->key = h2k_document_string(doc, key, strlen(key));
        if (child->key == NULL)
            return;
    }
    child->parent = parent;
    child->next = NULL;
    child->index = parent->count++;
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
}

struct h2k_node *
h2k_node_get(const struct h2k_node *map, const char *key)
{
    if (map == NULL || map->kind != H2K_NODE_MAP)
        return NULL;
    for (struct h2k_node *child = map->first; child != NULL;
         child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

void
h2k_node_put(struct h2k_document *doc, struct h2k_node *map, const char *key,
             struct h2k_node *value)
{
    struct h2k_node *old = h2k_node_get(map, key);
    if (old == NULL) {
        h2k_node_append(doc, map, key, value);
        return;
    }
    if (value == NULL)
        return;
    struct h2k_node *next = old->next, *previous = NULL;
    for (struct h2k_node *n = map->first; n != old; n = n->next)
        previous = n;
    value->key = old->key;
    value->key_place = old->key_place;
    value->index = old->index;
    value->parent = map;
    value->next = next;
    *(previous == NULL ? &map->first : &previous->next) = value;
    if (map->last == old)
        map->last = value;
}

void
h2k_node_remove(struct h2k_node *map, const char *key)
{
    struct h2k_node *old = h2k_node_get(map, key), *previous = NULL;
    if (old == NULL)
        return;
    for (struct h2k_node *n = map->first; n != old; n = n->next)
        previous = n;
    for (struct h2k_node *n = old->next; n != NULL; n = n->next)
        n->index--;
    *(previous == NULL ? &map->first : &previous->next) = old->next;
    if (map->last == old)
        map->last = previous;
    map->count--;
    old->parent = old->next = NULL;
}

/* Depth is limited where trees are made, so recursion is. */
struct h2k_node *
h2k_node_copy(struct h2k_document *doc, const struct h2k_node *node)
{
    if (node == NULL)
        return NULL;
    struct h2k_node *copy = h2k_node_new(doc, node->kind, node->text);
    if (copy == NULL)
        return NULL;
    copy->place = node->place;
    copy->key_place = node->key_place;
    copy->place.file = copy->key_place.file =
        h2k_document_file(doc, node->place.file);
    for (const struct h2k_node *child = node->first; child != NULL;
         child = child->next)
        h2k_node_append(doc, copy, child->key, h2k_node_copy(doc, child));
    return copy;
}

bool
h2k_node_equal(const struct h2k_node *a, const struct h2k_node *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->kind != b->kind || a->count != b->count ||
        (a->text != NULL && strcmp(a->text, b->text) != 0))
        return false;
    const struct h2k_node *other = b->first;
    for (const struct h2k_node *child = a->first; child != NULL;
         child = child->next, other = other == NULL ? NULL : other->next) {
        /* In the same order, which is usual, nothing is searched. */
        if (a->kind == H2K_NODE_MAP &&
            (other == NULL || strcmp(child->key, other->key) != 0))
            other = h2k_node_get(b, child->key);
        if (!h2k_node_equal(child, other))
            return false;
    }
    return true;
}
