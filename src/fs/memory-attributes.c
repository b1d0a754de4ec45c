/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The filesystem in memory: what its inodes say of themselves. */
#include "fs/memory-tree.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <string.h>
#include <sys/stat.h>

int
h2k_memfs_chmod(void *state, h2k_ino ino, uint32_t mode)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    node->mode = (node->mode & S_IFMT) | mode;
    return 0;
}

int
h2k_memfs_protection(void *state, h2k_ino ino, uint32_t *flags)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    *flags = node->protection;
    return 0;
}

int
h2k_memfs_protect(void *state, h2k_ino ino, uint32_t flags)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    node->protection = flags;
    return 0;
}

int
h2k_memfs_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    node->uid = uid;
    node->gid = gid;
    if (S_ISREG(node->mode)) /* as Linux does: set mode after owner */
        node->mode &= ~(uint32_t)(S_ISUID | S_ISGID);
    return 0;
}

int
h2k_memfs_set_mtime(void *state, h2k_ino ino, int64_t mtime)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    node->mtime = mtime;
    return 0;
}

static struct xattr *
find_xattr(struct node *node, const char *name)
{
    for (size_t i = 0; i < node->xattr_count; i++)
        if (strcmp(node->xattrs[i].name, name) == 0)
            return &node->xattrs[i];
    return NULL;
}

static void *
copy_bytes(const void *bytes, size_t size)
{
    void *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        h2k_memfs_out_of_memory();
    else if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

int
h2k_memfs_getxattr(void *state, h2k_ino ino, const char *name, void **value,
                   size_t *size)
{
    struct node *node = h2k_memfs_node(state, ino);
    *value = NULL;
    *size = 0;
    if (node == NULL)
        return -1;
    struct xattr *xattr = find_xattr(node, name);
    if (xattr == NULL)
        return h2k_fail(H2K_E_NOENT, "memory filesystem: no attribute '%s'",
                        name);
    *value = copy_bytes(xattr->value, xattr->size);
    if (*value == NULL)
        return -1;
    *size = xattr->size;
    return 0;
}

int
h2k_memfs_listxattr(void *state, h2k_ino ino, h2k_xattr_fn fn, void *opaque)
{
    struct node *node = h2k_memfs_node(state, ino);
    int rc = 0;
    if (node == NULL)
        return -1;
    for (size_t i = 0; rc == 0 && i < node->xattr_count; i++)
        rc = fn(opaque, node->xattrs[i].name);
    return rc;
}

static struct xattr *
add_xattr(struct node *node, const char *name)
{
    struct xattr *xattrs =
        realloc(node->xattrs, (node->xattr_count + 1) * sizeof(*node->xattrs));
    if (xattrs == NULL) {
        h2k_memfs_out_of_memory();
        return NULL;
    }
    node->xattrs = xattrs;
    char *copy = strdup(name);
    if (copy == NULL) {
        h2k_memfs_out_of_memory();
        return NULL;
    }
    xattrs[node->xattr_count] = (struct xattr){ .name = copy };
    return &xattrs[node->xattr_count++];
}

int
h2k_memfs_setxattr(void *state, h2k_ino ino, const char *name,
                   const void *value, size_t size)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    if (strchr(name, '.') == NULL)
        return h2k_fail(H2K_E_RANGE,
                        "memory filesystem: attribute '%s' has no namespace",
                        name);
    h2k_autofree void *copy = copy_bytes(value, size);
    if (copy == NULL)
        return -1;
    struct xattr *xattr = find_xattr(node, name);
    if (xattr == NULL && (xattr = add_xattr(node, name)) == NULL)
        return -1;
    free(xattr->value);
    xattr->value = h2k_steal(copy);
    xattr->size = size;
    return 0;
}
