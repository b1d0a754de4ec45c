/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/guestfs/tree.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* ---- Nodes ---- */

static size_t
add_node(struct h2k_guestfs_tree *tree, const struct h2k_guestfs_stat *stat,
         uint64_t volume)
{
    if (tree->count >= H2K_GUESTFS_NODES_MAX) {
        h2k_fail(H2K_E_UNSUPPORTED, "libguestfs: too many files");
        return 0;
    }
    if (tree->count == tree->allocated) {
        size_t more = tree->allocated == 0 ? 64 : tree->allocated * 2;
        struct h2k_guestfs_node *nodes =
            reallocarray(tree->nodes, more, sizeof(*nodes));
        if (nodes == NULL) {
            h2k_fail(H2K_E_NOMEM, "out of memory");
            return 0;
        }
        tree->nodes = nodes;
        tree->allocated = more;
    }
    size_t node = tree->count;
    if (node > 0 && h2k_map_set(&tree->by_inode, volume == 0 ? node : volume,
                                stat->ino, node) < 0)
        return 0;
    tree->nodes[tree->count++] = (struct h2k_guestfs_node){
        .volume = volume == 0 ? node : volume,
        .stat = *stat,
        .fresh = true,
    };
    return node;
}

int
h2k_guestfs_tree_init(struct h2k_guestfs_tree *tree,
                      const struct h2k_guestfs_stat *root)
{
    static const struct h2k_guestfs_stat none;
    *tree = (struct h2k_guestfs_tree){ 0 };
    add_node(tree, &none, 0); /* number 0 is not a node */
    return add_node(tree, root, 0) == H2K_GUESTFS_ROOT ? 0 : -1;
}

void
h2k_guestfs_tree_clear(struct h2k_guestfs_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        struct h2k_guestfs_node *node = &tree->nodes[i];
        for (size_t j = 0; j < node->count; j++)
            free(node->entries[j].name);
        free(node->entries);
        free(node->name);
    }
    free(tree->nodes);
    h2k_map_clear(&tree->by_inode);
    *tree = (struct h2k_guestfs_tree){ 0 };
}

struct h2k_guestfs_node *
h2k_guestfs_tree_node(struct h2k_guestfs_tree *tree, h2k_ino ino)
{
    if (ino == 0 || ino >= tree->count)
        return h2k_fail_null(H2K_E_RANGE, "libguestfs: no inode %" PRIu64,
                             ino);
    return &tree->nodes[ino];
}

int
h2k_guestfs_tree_name(struct h2k_guestfs_tree *tree, size_t node, size_t dir,
                      const char *name)
{
    struct h2k_guestfs_node *n = &tree->nodes[node];
    if (n->parent == dir && n->name != NULL && strcmp(n->name, name) == 0)
        return 0;
    /* A directory in itself, or its parent in it, would be a path without
     * an end. */
    if (node == H2K_GUESTFS_ROOT || (S_ISDIR(n->stat.mode) && n->parent != 0))
        return h2k_fail(H2K_E_CORRUPT,
                        "libguestfs: '%s' is a directory that is elsewhere "
                        "already",
                        name);
    char *copy = strdup(name);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    free(n->name);
    n->name = copy;
    n->parent = dir;
    return 0;
}

size_t
h2k_guestfs_tree_take(struct h2k_guestfs_tree *tree, size_t dir,
                      uint64_t device, const char *name,
                      const struct h2k_guestfs_stat *stat)
{
    uint64_t volume = tree->nodes[dir].volume;
    size_t node = 0;
    /* What is another device begins a volume of its own. */
    if (S_ISDIR(stat->mode) && stat->device != device)
        volume = 0;
    else
        node = h2k_map_get(&tree->by_inode, volume, stat->ino);
    if (node != 0 &&
        (tree->nodes[node].stat.mode & S_IFMT) != (stat->mode & S_IFMT))
        node = 0; /* the number is another file's now */
    if (node == 0)
        node = add_node(tree, stat, volume);
    if (node == 0 || h2k_guestfs_tree_name(tree, node, dir, name) < 0)
        return 0;
    tree->nodes[node].stat = *stat;
    tree->nodes[node].fresh = true;
    return node;
}

/* ---- Paths ---- */

/* Written from its end.  A directory's parent was known before it, and a
 * file is no parent: it ends at the root. */
int
h2k_guestfs_tree_path(struct h2k_guestfs_tree *tree, h2k_ino ino,
                      const char *point, char text[H2K_GUESTFS_PATH])
{
    size_t at = H2K_GUESTFS_PATH - 1, head = strlen(point);
    size_t node = (size_t)ino;
    if (h2k_guestfs_tree_node(tree, ino) == NULL)
        return -1;
    text[at] = '\0';
    for (; node != H2K_GUESTFS_ROOT; node = tree->nodes[node].parent) {
        const struct h2k_guestfs_node *n = &tree->nodes[node];
        if (node == 0 || n->parent == 0)
            return h2k_fail(H2K_E_NOENT,
                            "libguestfs: inode %" PRIu64 " has no name", ino);
        size_t length = strlen(n->name);
        if (at < head + length + 2)
            return h2k_fail(H2K_E_RANGE, "libguestfs: '%s': a path too long",
                            n->name);
        at -= length;
        memcpy(text + at, n->name, length);
        text[--at] = '/';
    }
    memmove(text + head, text + at, H2K_GUESTFS_PATH - at);
    memcpy(text, point, head);
    return 0;
}

/* ---- Entries ---- */

/* The first entry that is not before NAME. */
static size_t
find_place(const struct h2k_guestfs_node *dir, const char *name)
{
    size_t low = 0, high = dir->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(dir->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct h2k_guestfs_entry *
h2k_guestfs_tree_find(struct h2k_guestfs_tree *tree, size_t dir,
                      const char *name)
{
    struct h2k_guestfs_node *node = &tree->nodes[dir];
    size_t i = find_place(node, name);
    return i < node->count && strcmp(node->entries[i].name, name) == 0
               ? &node->entries[i]
               : NULL;
}

int
h2k_guestfs_tree_set(struct h2k_guestfs_tree *tree, size_t dir,
                     const char *name, size_t to)
{
    struct h2k_guestfs_node *node = &tree->nodes[dir];
    struct h2k_guestfs_entry *there = h2k_guestfs_tree_find(tree, dir, name);
    if (there != NULL) {
        there->node = to;
        return 0;
    }
    if (node->count == node->allocated) {
        size_t more = node->allocated == 0 ? 16 : node->allocated * 2;
        struct h2k_guestfs_entry *entries =
            reallocarray(node->entries, more, sizeof(*entries));
        if (entries == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        node->entries = entries;
        node->allocated = more;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    size_t i = find_place(node, name);
    memmove(&node->entries[i + 1], &node->entries[i],
            (node->count - i) * sizeof(*node->entries));
    node->entries[i] = (struct h2k_guestfs_entry){ copy, to };
    node->count++;
    return 0;
}

void
h2k_guestfs_tree_remove(struct h2k_guestfs_tree *tree, size_t dir,
                        const char *name)
{
    struct h2k_guestfs_node *node = &tree->nodes[dir];
    struct h2k_guestfs_entry *entry = h2k_guestfs_tree_find(tree, dir, name);
    if (entry == NULL)
        return;
    free(entry->name);
    node->count--;
    size_t i = (size_t)(entry - node->entries);
    memmove(entry, entry + 1, (node->count - i) * sizeof(*entry));
}

void
h2k_guestfs_tree_unlinked(struct h2k_guestfs_tree *tree, size_t node,
                          size_t dir, const char *name)
{
    struct h2k_guestfs_node *n = &tree->nodes[node];
    n->fresh = false;
    if (n->parent == dir && n->name != NULL && strcmp(n->name, name) == 0)
        n->parent = 0;
    if (n->stat.links > 1) {
        n->stat.links--;
        return;
    }
    /* Its number may be given to another file. */
    h2k_map_set(&tree->by_inode, n->volume, n->stat.ino, 0);
}
