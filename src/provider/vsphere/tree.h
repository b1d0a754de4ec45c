/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The inventory's tree: what has a name and a parent, so that a VM's path can
 * be told: "/Folder/DC0/vm/web/web-01".
 *
 * In a path names stand as the server has them, with '/' as %2f, so that a
 * path means one thing; a name alone is decoded.
 */
#ifndef H2K_PROVIDER_VSPHERE_TREE_H
#define H2K_PROVIDER_VSPHERE_TREE_H

#include "provider/vsphere/internal.h"

struct h2k_tree_node {
    char *id;
    char *name;   /* encoded */
    char *parent; /* its id, or NULL for the root */
    bool is_datacenter;
};

struct h2k_tree {
    struct h2k_tree_node *nodes; /* by id, once it is sorted */
    size_t count, capacity;
};
void h2k_tree_clear(struct h2k_tree *tree);
#define H2K_AUTO_TREE __attribute__((cleanup(h2k_tree_clear))) struct h2k_tree

/* All folders, datacenters, vApps and hosts. */
int h2k_tree_read(struct h2k_vsphere *vs, struct h2k_tree *tree);

/* The host and what is above of one VM, asked for with the paths of a row. */
int h2k_tree_read_around(struct h2k_vsphere *vs, const struct h2k_object *vm,
                         struct h2k_tree *tree);

/* One of them out of a reply: for tests, too.  An id that is there already
 * stays as it is. */
int h2k_tree_add(struct h2k_tree *tree, const struct h2k_object *object);
void h2k_tree_sort(struct h2k_tree *tree);
const struct h2k_tree_node *h2k_tree_find(const struct h2k_tree *tree,
                                          const char *id);

/*
 * The path of something called NAME (encoded; NULL: nothing) whose parent is
 * PARENT.  What is above as far as it is known; of a tree that bites its own
 * tail the first 64.  The root folder itself is not named.  The caller frees
 * it.
 */
char *h2k_tree_path(const struct h2k_tree *tree, const char *parent,
                    const char *name);
/* The datacenter above PARENT, or NULL. */
const struct h2k_tree_node *h2k_tree_datacenter(const struct h2k_tree *tree,
                                                const char *parent);

/* The parent of a VM: its folder, or else its vApp. */
const xmlNode *h2k_tree_vm_parent(const struct h2k_object *vm);

#endif
