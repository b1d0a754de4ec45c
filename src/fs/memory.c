/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/memory-tree.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

int
h2k_memfs_out_of_memory(void)
{
    return h2k_fail(H2K_E_NOMEM, "memory filesystem: out of memory");
}

static void
node_free(struct node *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->entry_count; i++)
        free(node->entries[i].name);
    for (size_t i = 0; i < node->xattr_count; i++) {
        free(node->xattrs[i].name);
        free(node->xattrs[i].value);
    }
    free(node->entries);
    free(node->xattrs);
    free(node->data);
    free(node);
}

static void
memory_close(void *state)
{
    struct memory *memory = state;
    for (size_t i = 0; i < memory->count; i++)
        node_free(memory->nodes[i]);
    free(memory->nodes);
    free(memory);
}

static h2k_ino
memory_root(void *state)
{
    (void)state;
    return 1;
}

/* Finding */

struct node *
h2k_memfs_node(struct memory *memory, h2k_ino ino)
{
    if (ino == 0 || ino > memory->count || memory->nodes[ino - 1] == NULL)
        return h2k_fail_null(H2K_E_RANGE,
                             "memory filesystem: no inode %" PRIu64, ino);
    return memory->nodes[ino - 1];
}

static struct entry *
find_entry(struct node *dir, const char *name)
{
    for (size_t i = 0; i < dir->entry_count; i++)
        if (strcmp(dir->entries[i].name, name) == 0)
            return &dir->entries[i];
    return NULL;
}

static int
memory_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out)
{
    struct node *node = h2k_memfs_node(state, dir);
    if (node == NULL)
        return -1;
    struct entry *entry = find_entry(node, name);
    if (entry == NULL)
        return h2k_fail(H2K_E_NOENT, "memory filesystem: no name '%s'", name);
    *out = entry->ino;
    return 0;
}

static int
memory_stat(void *state, h2k_ino ino, struct h2k_stat *out)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    *out = (struct h2k_stat){ .ino = ino,
                              .mode = node->mode,
                              .uid = node->uid,
                              .gid = node->gid,
                              .size = node->size,
                              .links = node->links,
                              .mtime = node->mtime };
    return 0;
}

static int
memory_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    struct node *node = h2k_memfs_node(state, dir);
    if (node == NULL)
        return -1;
    int rc = 0;
    node->readers++;
    for (size_t i = 0; rc == 0 && i < node->entry_count; i++)
        rc = fn(opaque, node->entries[i].name, node->entries[i].ino);
    node->readers--;
    return rc;
}

/* Content */

static int
memory_read(void *state, h2k_ino ino, void *buffer, size_t count,
            uint64_t offset)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    memcpy(buffer, node->data + offset, count);
    return 0;
}

static int
memory_readlink(void *state, h2k_ino ino, char *target, size_t size)
{
    struct node *node = h2k_memfs_node(state, ino);
    if (node == NULL)
        return -1;
    (void)size;
    memcpy(target, node->data, (size_t)node->size + 1);
    return 0;
}

/* Give NODE a content of SIZE bytes, new ones zero. */
static int
resize(struct memory *memory, struct node *node, uint64_t size)
{
    if (size > node->size && size - node->size > memory->free_bytes)
        return h2k_fail(H2K_E_NOSPACE,
                        "memory filesystem: full, with %" PRIu64
                        " bytes free and %" PRIu64 " more needed",
                        memory->free_bytes, size - node->size);
    if (size > node->allocated) {
        uint64_t more = h2k_max_u64(size, node->allocated * 2);
        uint8_t *data = realloc(node->data, (size_t)more);
        if (data == NULL)
            return h2k_memfs_out_of_memory();
        node->data = data;
        node->allocated = more;
    }
    if (size > node->size)
        memset(node->data + node->size, 0, (size_t)(size - node->size));
    memory->free_bytes += node->size;
    memory->free_bytes -= size;
    node->size = size;
    return 0;
}

/* On a full disk as much as fits is written, as drivers on disks do. */
static int
memory_write(void *state, h2k_ino ino, const void *data, size_t count,
             uint64_t offset)
{
    struct memory *memory = state;
    struct node *node = h2k_memfs_node(memory, ino);
    if (node == NULL)
        return -1;
    uint64_t end = h2k_max_u64(offset + count, node->size);
    uint64_t fits = h2k_min_u64(end, node->size + memory->free_bytes);
    if (resize(memory, node, fits) < 0)
        return -1;
    if (offset < fits)
        memcpy(node->data + offset, data,
               (size_t)h2k_min_u64(count, fits - offset));
    return resize(memory, node, end);
}

static int
memory_truncate(void *state, h2k_ino ino, uint64_t size)
{
    struct node *node = h2k_memfs_node(state, ino);
    return node == NULL ? -1 : resize(state, node, size);
}

/* Names */

/* A directory that may be changed: one that is being read may not, as a
 * driver on a disk could lose its place in it. */
static struct node *
changing(struct memory *memory, h2k_ino dir)
{
    struct node *node = h2k_memfs_node(memory, dir);
    if (node != NULL && node->readers > 0)
        return h2k_fail_null(H2K_E_RANGE,
                             "memory filesystem: inode %" PRIu64
                             " is changed while it is read",
                             dir);
    return node;
}

static int
add_entry(struct node *dir, const char *name, h2k_ino ino)
{
    struct entry *entries =
        realloc(dir->entries, (dir->entry_count + 1) * sizeof(*dir->entries));
    if (entries == NULL)
        return h2k_memfs_out_of_memory();
    dir->entries = entries;
    char *copy = strdup(name);
    if (copy == NULL)
        return h2k_memfs_out_of_memory();
    entries[dir->entry_count++] = (struct entry){ copy, ino };
    return 0;
}

static void
remove_entry(struct node *dir, struct entry *entry)
{
    size_t at = (size_t)(entry - dir->entries);
    free(entry->name);
    dir->entry_count--;
    memmove(entry, entry + 1, (dir->entry_count - at) * sizeof(*entry));
}

static int
add_node(struct memory *memory, uint32_t mode, h2k_ino *out)
{
    struct node **nodes =
        realloc(memory->nodes, (memory->count + 1) * sizeof(*nodes));
    if (nodes == NULL)
        return h2k_memfs_out_of_memory();
    memory->nodes = nodes;
    struct node *node = calloc(1, sizeof(*node));
    if (node == NULL)
        return h2k_memfs_out_of_memory();
    node->mode = mode;
    node->links = S_ISDIR(mode) ? 2 : 1;
    nodes[memory->count++] = node;
    *out = memory->count;
    return 0;
}

static void
drop_node(struct memory *memory, h2k_ino ino)
{
    struct node *node = memory->nodes[ino - 1];
    if (--node->links > 0)
        return;
    if (S_ISREG(node->mode))
        memory->free_bytes += node->size;
    node_free(node);
    memory->nodes[ino - 1] = NULL;
}

/* A new node of TYPE, such as S_IFREG, under NAME. */
static int
add_named(struct memory *memory, h2k_ino dir, const char *name, uint32_t type,
          uint32_t mode, h2k_ino *out)
{
    struct node *node = changing(memory, dir);
    if (node == NULL)
        return -1;
    if (add_node(memory, type | mode, out) < 0)
        return -1;
    if (add_entry(node, name, *out) < 0) {
        node_free(memory->nodes[--memory->count]);
        return -1;
    }
    node->links += type == S_IFDIR;
    return 0;
}

static int
memory_create(void *state, h2k_ino dir, const char *name, uint32_t mode,
              h2k_ino *out)
{
    return add_named(state, dir, name, S_IFREG, mode, out);
}

static int
memory_mkdir(void *state, h2k_ino dir, const char *name, uint32_t mode,
             h2k_ino *out)
{
    return add_named(state, dir, name, S_IFDIR, mode, out);
}

static int
memory_symlink(void *state, h2k_ino dir, const char *name, const char *target)
{
    struct memory *memory = state;
    h2k_ino ino;
    h2k_autofree char *copy = strdup(target);
    if (copy == NULL)
        return h2k_memfs_out_of_memory();
    if (add_named(memory, dir, name, S_IFLNK, 0777, &ino) < 0)
        return -1;
    struct node *node = memory->nodes[ino - 1];
    node->size = strlen(target);
    node->data = (uint8_t *)h2k_steal(copy);
    return 0;
}

static int
memory_unlink(void *state, h2k_ino dir, const char *name)
{
    struct memory *memory = state;
    struct node *node = changing(memory, dir);
    if (node == NULL)
        return -1;
    struct entry *entry = find_entry(node, name);
    h2k_ino ino = entry->ino;
    remove_entry(node, entry);
    drop_node(memory, ino);
    return 0;
}

static int
memory_rename(void *state, h2k_ino old_dir, const char *old_name,
              h2k_ino new_dir, const char *new_name)
{
    struct memory *memory = state;
    struct node *from = changing(memory, old_dir);
    struct node *to = from == NULL ? NULL : changing(memory, new_dir);
    if (to == NULL)
        return -1;
    h2k_ino ino = find_entry(from, old_name)->ino;
    struct entry *target = find_entry(to, new_name);
    if (target == NULL) {
        if (add_entry(to, new_name, ino) < 0)
            return -1;
    } else {
        drop_node(memory, target->ino);
        target->ino = ino;
    }
    remove_entry(from, find_entry(from, old_name));
    return 0;
}

/* The whole */

static int
memory_space(void *state, uint64_t *free_bytes)
{
    struct memory *memory = state;
    *free_bytes = memory->free_bytes;
    return 0;
}

static int
memory_flush(void *state)
{
    (void)state;
    return 0;
}

static const struct h2k_fs_ops memory_ops = {
    .name = "memory",
    .close = memory_close,
    .root = memory_root,
    .lookup = memory_lookup,
    .stat = memory_stat,
    .readdir = memory_readdir,
    .read = memory_read,
    .readlink = memory_readlink,
    .getxattr = h2k_memfs_getxattr,
    .listxattr = h2k_memfs_listxattr,
    .write = memory_write,
    .truncate = memory_truncate,
    .create = memory_create,
    .mkdir = memory_mkdir,
    .symlink = memory_symlink,
    .unlink = memory_unlink,
    .rename = memory_rename,
    .chmod = h2k_memfs_chmod,
    .chown = h2k_memfs_chown,
    .set_mtime = h2k_memfs_set_mtime,
    .setxattr = h2k_memfs_setxattr,
    .protection = h2k_memfs_protection,
    .protect = h2k_memfs_protect,
    .space = memory_space,
    .flush = memory_flush,
};

struct h2k_fs *
h2k_memfs_new(uint64_t capacity)
{
    struct memory *memory = calloc(1, sizeof(*memory));
    h2k_ino root;
    if (memory == NULL || add_node(memory, S_IFDIR | 0755, &root) < 0) {
        free(memory == NULL ? NULL : memory->nodes);
        free(memory);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    memory->free_bytes = capacity;
    return h2k_fs_new(&memory_ops, memory, true);
}
