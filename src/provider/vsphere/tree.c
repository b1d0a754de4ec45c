/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/tree.h"

#include "base/error.h"

#include <string.h>
#include <strings.h>

#define DEPTH_MAX 64
#define NODES_MAX 1000000

static void
clear_node(struct h2k_tree_node *node)
{
    free(node->id);
    free(node->name);
    free(node->parent);
}

void
h2k_tree_clear(struct h2k_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        clear_node(&tree->nodes[i]);
    free(tree->nodes);
    *tree = (struct h2k_tree){ 0 };
}

/* ---- Names ---- */

/* ManagedEntity.name: "%", "/" and "\" are escaped as %25, %2f and %5c. */
static char
unescape(const char *text)
{
    static const struct {
        const char *code;
        char meaning;
    } codes[] = { { "%2f", '/' }, { "%5c", '\\' }, { "%25", '%' } };
    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        if (strncasecmp(text, codes[i].code, 3) == 0)
            return codes[i].meaning;
    return '\0';
}

char *
h2k_vsphere_name(const char *encoded)
{
    char *name = strdup(encoded), *out = name;
    if (name == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    while (*encoded != '\0') {
        char meaning = unescape(encoded);
        *out++ = meaning != '\0' ? meaning : *encoded;
        encoded += meaning != '\0' ? 3 : 1;
    }
    *out = '\0';
    return name;
}

/* ---- Nodes ---- */

static int
grow(struct h2k_tree *tree)
{
    if (tree->count < tree->capacity)
        return 0;
    size_t capacity = tree->capacity == 0 ? 64 : tree->capacity * 2;
    if (capacity > NODES_MAX)
        return h2k_fail(H2K_E_CORRUPT, "more than %d folders and hosts",
                        NODES_MAX);
    void *nodes = reallocarray(tree->nodes, capacity, sizeof(*tree->nodes));
    if (nodes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    tree->nodes = nodes;
    tree->capacity = capacity;
    return 0;
}

/* A vApp has a resource pool as its parent, and its place in the tree in
 * parentFolder, or in the vApp that it is part of. */
static const xmlNode *
parent_of(const struct h2k_object *object)
{
    static const char *const paths[] = { "parentFolder", "parentVApp" };
    if (strcmp(object->type, "VirtualApp") != 0)
        return h2k_object_get(object, "parent");
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        const xmlNode *parent = h2k_object_get(object, paths[i]);
        if (parent != NULL)
            return parent;
    }
    return NULL;
}

const xmlNode *
h2k_tree_vm_parent(const struct h2k_object *vm)
{
    const xmlNode *parent = h2k_object_get(vm, "parent");
    return parent != NULL ? parent : h2k_object_get(vm, "parentVApp");
}

int
h2k_tree_add(struct h2k_tree *tree, const struct h2k_object *object)
{
    const char *name = h2k_object_text(object, "name");
    const char *parent = h2k_soap_get(parent_of(object));
    if (grow(tree) < 0)
        return -1;
    struct h2k_tree_node *node = &tree->nodes[tree->count];
    *node = (struct h2k_tree_node){
        .id = strdup(object->id),
        .name = strdup(name == NULL ? object->id : name),
        .parent = parent == NULL ? NULL : strdup(parent),
        .is_datacenter = strcmp(object->type, "Datacenter") == 0,
    };
    tree->count++;
    if (node->id == NULL || node->name == NULL ||
        (parent != NULL && node->parent == NULL))
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}

static int
by_id(const void *a, const void *b)
{
    return strcmp(((const struct h2k_tree_node *)a)->id,
                  ((const struct h2k_tree_node *)b)->id);
}

void
h2k_tree_sort(struct h2k_tree *tree)
{
    if (tree->count > 1)
        qsort(tree->nodes, tree->count, sizeof(*tree->nodes), by_id);
}

const struct h2k_tree_node *
h2k_tree_find(const struct h2k_tree *tree, const char *id)
{
    if (id == NULL || tree->count == 0)
        return NULL;
    char *key = (char *)(uintptr_t)id;
    return bsearch(&(struct h2k_tree_node){ .id = key }, tree->nodes,
                   tree->count, sizeof(*tree->nodes), by_id);
}

/* ---- Paths ---- */

char *
h2k_tree_path(const struct h2k_tree *tree, const char *parent,
              const char *name)
{
    const char *names[DEPTH_MAX];
    size_t count = 0;
    H2K_AUTO_BUFFER b = { 0 };
    const struct h2k_tree_node *node = h2k_tree_find(tree, parent);
    for (; node != NULL && node->parent != NULL && count < DEPTH_MAX;
         node = h2k_tree_find(tree, node->parent))
        names[count++] = node->name;
    while (count > 0)
        h2k_buffer_addf(&b, "/%s", names[--count]);
    if (name != NULL)
        h2k_buffer_addf(&b, "/%s", name);
    return h2k_buffer_steal(&b);
}

const struct h2k_tree_node *
h2k_tree_datacenter(const struct h2k_tree *tree, const char *parent)
{
    const struct h2k_tree_node *node = h2k_tree_find(tree, parent);
    for (int depth = 0; node != NULL && depth < DEPTH_MAX; depth++) {
        if (node->is_datacenter)
            return node;
        node = h2k_tree_find(tree, node->parent);
    }
    return NULL;
}

/* ---- Reading ---- */

static const char *const entity_paths[] = { "name", "parent", NULL };
static const char *const vapp_paths[] = { "name", "parentFolder", "parentVApp",
                                          NULL };

static void
start(void *opaque)
{
    h2k_tree_clear(opaque);
}

static int
each(void *opaque, const struct h2k_object *object)
{
    return h2k_tree_add(opaque, object);
}

/* The container's view does not have the container: the root folder, which
 * has no parent, is what a path begins at. */
int
h2k_tree_read(struct h2k_vsphere *vs, struct h2k_tree *tree)
{
    static const struct h2k_property_spec specs[] = {
        { "Folder", entity_paths },
        { "Datacenter", entity_paths },
        { "HostSystem", entity_paths },
        { "VirtualApp", vapp_paths },
    };
    const struct h2k_vsphere_walk walk = {
        .container_type = "Folder",
        .container_id = vs->service.root_folder,
        .specs = specs,
        /* A single host has no VirtualApp that could be a VM's parent, but
         * knows the type. */
        .count = sizeof(specs) / sizeof(*specs),
        .start = start,
        .each = each,
        .opaque = tree,
    };
    if (h2k_vsphere_walk(vs, &walk) < 0)
        return -1;
    h2k_tree_sort(tree);
    return 0;
}

/* ID, of TYPE, and its parents up to the root. */
static int
read_above(struct h2k_vsphere *vs, struct h2k_tree *tree, const char *type,
           const char *id)
{
    h2k_autofree char *at_type = strdup(type);
    h2k_autofree char *at_id = id == NULL ? NULL : strdup(id);
    if (at_type == NULL || (id != NULL && at_id == NULL))
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (int depth = 0; depth < DEPTH_MAX && at_id != NULL; depth++) {
        H2K_AUTO_SOAP reply = { 0 };
        struct h2k_object object;
        bool is_vapp = strcmp(at_type, "VirtualApp") == 0;
        if (h2k_vsphere_get(vs, at_type, at_id,
                            is_vapp ? vapp_paths : entity_paths, &reply,
                            &object) < 0 ||
            h2k_tree_add(tree, &object) < 0)
            return -1;
        const xmlNode *parent = parent_of(&object);
        const char *next = h2k_soap_ref_type(parent);
        free(at_type);
        free(at_id);
        at_type = strdup(next == NULL ? "Folder" : next);
        at_id = parent == NULL ? NULL : strdup(h2k_soap_get(parent));
        if (at_type == NULL || (parent != NULL && at_id == NULL))
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    h2k_tree_sort(tree);
    return 0;
}

static int
read_host(struct h2k_vsphere *vs, const struct h2k_object *vm,
          struct h2k_tree *tree)
{
    static const char *const paths[] = { "name", NULL };
    const char *id = h2k_object_text(vm, "runtime.host");
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_object host;
    if (id == NULL)
        return 0;
    if (h2k_vsphere_get(vs, "HostSystem", id, paths, &reply, &host) < 0 ||
        h2k_tree_add(tree, &host) < 0)
        return -1;
    return 0;
}

int
h2k_tree_read_around(struct h2k_vsphere *vs, const struct h2k_object *vm,
                     struct h2k_tree *tree)
{
    const xmlNode *parent = h2k_tree_vm_parent(vm);
    const char *type = h2k_soap_ref_type(parent);
    if (read_host(vs, vm, tree) < 0)
        return -1;
    return read_above(vs, tree, type == NULL ? "Folder" : type,
                      h2k_soap_get(parent));
}
