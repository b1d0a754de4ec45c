/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/guestfs/fallback-tree.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct h2k_fs *
h2k_fallback_side(const struct h2k_fallback *f)
{
    return f->writer != NULL ? f->writer : f->reader;
}

void
h2k_fallback_clear(struct h2k_fallback *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->nodes[i].name);
    free(f->nodes);
    free(f->roots);
    h2k_map_clear(&f->known);
    h2k_map_clear(&f->names);
}

/* ---- Names ---- */

/* FNV-1a, of 64 bits. */
static uint64_t
hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    return hash;
}

/* NODE is found by its name from now on. */
static int
index_name(struct h2k_fallback *f, size_t node)
{
    const struct h2k_fallback_node *n = &f->nodes[node];
    return h2k_map_set(&f->names, n->parent, hash_name(n->name), node);
}

/* The node that was NAME in DIR on the other side, or 0. */
static size_t
find_name(const struct h2k_fallback *f, h2k_ino dir, const char *name)
{
    size_t node = h2k_map_get(&f->names, dir, hash_name(name));
    const struct h2k_fallback_node *n = &f->nodes[node];
    return node != 0 && n->parent == dir && n->name != NULL &&
                   strcmp(n->name, name) == 0 && n->generation != f->generation
               ? node
               : 0;
}

/* ---- Nodes ---- */

/* NAME is copied. */
static int
add_node(struct h2k_fallback *f, size_t parent, const char *name, h2k_ino ino)
{
    if (f->count >= H2K_FALLBACK_NODES_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "too many files");
    if (f->count == f->allocated) {
        size_t more = f->allocated == 0 ? 64 : f->allocated * 2;
        struct h2k_fallback_node *nodes =
            reallocarray(f->nodes, more, sizeof(*nodes));
        if (nodes == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        f->nodes = nodes;
        f->allocated = more;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    f->nodes[f->count] = (struct h2k_fallback_node){
        .parent = parent,
        .name = copy,
        .generation = f->generation,
        .ino = ino,
    };
    size_t node = f->count++;
    if (node == 0)
        return 0;
    return h2k_map_set(&f->known, ino, 0, node) < 0 ? -1 : index_name(f, node);
}

/* NODE is INO on the side that is used now. */
static int
set_inode(struct h2k_fallback *f, size_t node, h2k_ino ino)
{
    f->nodes[node].ino = ino;
    f->nodes[node].generation = f->generation;
    /* Another name of the file may have been first. */
    return h2k_map_get(&f->known, ino, 0) != 0
               ? 0
               : h2k_map_set(&f->known, ino, 0, node);
}

int
h2k_fallback_take(struct h2k_fallback *f, h2k_ino dir, const char *name,
                  h2k_ino ino, h2k_ino *node)
{
    *node = h2k_map_get(&f->known, ino, 0);
    if (*node != 0 && f->nodes[*node].name != NULL) {
        f->nodes[*node].used = true;
        return 0;
    }
    if (*node == 0 && (*node = find_name(f, dir, name)) != 0)
        return set_inode(f, (size_t)*node, ino);
    if (*node == 0) {
        *node = f->count;
        return add_node(f, (size_t)dir, name, ino);
    }
    /* It lost one name, and has another. */
    f->nodes[*node].name = strdup(name);
    f->nodes[*node].parent = (size_t)dir;
    return f->nodes[*node].name != NULL
               ? index_name(f, (size_t)*node)
               : h2k_fail(H2K_E_NOMEM, "out of memory");
}

size_t
h2k_fallback_find(struct h2k_fallback *f, h2k_ino dir, const char *name)
{
    h2k_ino at, ino;
    return h2k_fallback_resolve(f, dir, &at) < 0 ||
                   h2k_fs_lookup(h2k_fallback_side(f), at, name, &ino) < 0
               ? 0
               : h2k_map_get(&f->known, ino, 0);
}

void
h2k_fallback_lose(struct h2k_fallback *f, size_t node, h2k_ino dir,
                  const char *name)
{
    struct h2k_fallback_node *n = &f->nodes[node];
    if (node == 0 || n->parent != dir || n->name == NULL ||
        strcmp(n->name, name) != 0)
        return;
    h2k_map_set(&f->names, dir, hash_name(name), 0);
    free(n->name);
    n->name = NULL;
    n->parent = 0;
}

/* ---- Finding again ---- */

/* What is at PATH, from the writer's root. */
static int
walk_path(struct h2k_fs *fs, const char *path, h2k_ino *ino)
{
    char part[H2K_NAME_MAX + 1];
    *ino = h2k_fs_root(fs);
    for (path += strspn(path, "/"); *path != '\0'; path += strspn(path, "/")) {
        size_t length = strcspn(path, "/");
        if (length > H2K_NAME_MAX)
            return h2k_fail(H2K_E_CORRUPT, "a name of %zu bytes", length);
        memcpy(part, path, length);
        part[length] = '\0';
        if (h2k_fs_lookup(fs, *ino, part, ino) < 0)
            return -1;
        path += length;
    }
    return 0;
}

/* NODE's inode, its directory's being known. */
static int
find_again(struct h2k_fallback *f, size_t node)
{
    struct h2k_fallback_node *n = &f->nodes[node];
    h2k_ino ino;
    struct h2k_fs *side = h2k_fallback_side(f);
    if (n->parent == 0 && f->writer == NULL)
        return h2k_fail(H2K_E_NOENT, "subvolume '%s' is gone", n->name);
    if ((n->parent == 0 ? walk_path(side, n->name, &ino)
                        : h2k_fs_lookup(side, f->nodes[n->parent].ino, n->name,
                                        &ino)) < 0)
        return -1;
    return set_inode(f, node, ino);
}

/* Up to what is known, and down again. */
int
h2k_fallback_resolve(struct h2k_fallback *f, h2k_ino node, h2k_ino *ino)
{
    size_t chain[H2K_FALLBACK_DEPTH_MAX], depth = 0;
    size_t at = (size_t)node;
    if (node == 0 || node >= f->count)
        return h2k_fail(H2K_E_RANGE, "no inode %" PRIu64, node);
    while (at != 0 && f->nodes[at].generation != f->generation) {
        if (f->nodes[at].name == NULL)
            return h2k_fail(H2K_E_NOENT, "inode %" PRIu64 " has no name",
                            node);
        if (depth == H2K_FALLBACK_DEPTH_MAX)
            return h2k_fail(H2K_E_RANGE, "directories too deep");
        chain[depth++] = at;
        at = f->nodes[at].parent;
    }
    while (depth > 0)
        if (find_again(f, chain[--depth]) < 0)
            return -1;
    *ino = f->nodes[node].ino;
    return 0;
}

/* ---- Subvolumes ---- */

struct learning {
    struct h2k_fallback *f;
    size_t count;
};

/* A subvolume that was not listed before. */
static int
add_subvolume(struct h2k_fallback *f, const struct h2k_subvolume *subvolume)
{
    if (f->count != H2K_FALLBACK_ROOT + 1 + f->subvolumes)
        return h2k_fail(H2K_E_CORRUPT, "other subvolumes than before");
    h2k_ino *roots = reallocarray(f->roots, f->subvolumes + 1, sizeof(*roots));
    if (roots == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    f->roots = roots;
    if (add_node(f, 0, subvolume->path, subvolume->root) < 0)
        return -1;
    f->nodes[f->count - 1].read_only = subvolume->read_only;
    f->subvolumes++;
    return 0;
}

/* The root is one of them, and has its path. */
static int
learn_root(struct h2k_fallback *f, const struct h2k_subvolume *subvolume)
{
    struct h2k_fallback_node *root = &f->nodes[H2K_FALLBACK_ROOT];
    char *path = strdup(subvolume->path);
    if (path == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    free(root->name);
    root->name = path;
    root->read_only = subvolume->read_only;
    return h2k_map_set(&f->known, subvolume->root, 0, H2K_FALLBACK_ROOT);
}

/* They are neither made nor renamed by us, so the list stays what it was. */
static int
learn_subvolume(void *opaque, const struct h2k_subvolume *subvolume)
{
    struct learning *l = opaque;
    struct h2k_fallback *f = l->f;
    size_t node = H2K_FALLBACK_ROOT + 1 + l->count;
    if (l->count == f->subvolumes && add_subvolume(f, subvolume) < 0)
        return -1;
    struct h2k_fallback_node *n = &f->nodes[node];
    if (n->name == NULL || strcmp(n->name, subvolume->path) != 0)
        return h2k_fail(H2K_E_CORRUPT, "other subvolumes than before");
    n->ino = subvolume->root;
    n->generation = f->generation;
    f->roots[l->count++] = subvolume->root;
    return subvolume->root == h2k_fs_root(f->reader)
               ? learn_root(f, subvolume)
               : h2k_map_set(&f->known, n->ino, 0, node);
}

int
h2k_fallback_use_reader(struct h2k_fallback *f)
{
    struct learning l = { .f = f };
    h2k_ino root = h2k_fs_root(f->reader);
    f->generation++;
    h2k_map_clear(&f->known);
    if (f->count == 0 &&
        (add_node(f, 0, "", 0) < 0 || add_node(f, 0, "", root) < 0))
        return -1;
    f->nodes[H2K_FALLBACK_ROOT].ino = root;
    f->nodes[H2K_FALLBACK_ROOT].generation = f->generation;
    if (h2k_map_set(&f->known, root, 0, H2K_FALLBACK_ROOT) < 0)
        return -1;
    return h2k_fs_each_subvolume(f->reader, learn_subvolume, &l);
}

/* A subvolume is known by its path from the top, and not by a name in a
 * directory: it is found now, so that its directory's entry is known as it. */
int
h2k_fallback_use_writer(struct h2k_fallback *f)
{
    h2k_ino ino;
    f->generation++;
    h2k_map_clear(&f->known);
    for (size_t i = 0; i <= f->subvolumes; i++)
        if ((i == 0 || f->nodes[H2K_FALLBACK_ROOT + i].used) &&
            h2k_fallback_resolve(f, H2K_FALLBACK_ROOT + i, &ino) < 0)
            return -1;
    return 0;
}

int
h2k_fallback_subvolume(struct h2k_fallback *f, h2k_ino ino, h2k_ino *node)
{
    *node = H2K_FALLBACK_ROOT;
    if (ino == h2k_fs_root(f->reader))
        return 0;
    /* By the reader's own numbers, which its subvolumes are listed with. */
    for (size_t i = 0; i < f->subvolumes; i++) {
        *node = H2K_FALLBACK_ROOT + 1 + i;
        if (f->roots[i] != ino)
            continue;
        f->nodes[*node].used = true;
        return 0;
    }
    return h2k_fail(H2K_E_NOENT, "a subvolume that was not listed");
}
