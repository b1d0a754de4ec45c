/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of the filesystem in memory share. */
#ifndef H2K_FS_MEMORY_TREE_H
#define H2K_FS_MEMORY_TREE_H

#include "fs/memory.h"

struct entry {
    char *name;
    h2k_ino ino;
};

struct xattr {
    char *name;
    void *value;
    size_t size;
};

struct node {
    uint32_t mode, uid, gid, links;
    int64_t mtime;
    uint8_t *data; /* a file's content, a link's target with its NUL */
    uint64_t size, allocated;
    struct entry *entries; /* a directory's */
    size_t entry_count;
    uint32_t protection; /* H2K_PROTECT_… */
    unsigned readers;    /* how many readdir calls are inside it */
    struct xattr *xattrs;
    size_t xattr_count;
};

/* Inode N is nodes[N - 1]; numbers are not used again, so that one which
 * outlives its file is found out. */
struct memory {
    struct node **nodes;
    size_t count;
    uint64_t free_bytes;
};

int h2k_memfs_out_of_memory(void); /* -1 */
/* NULL with H2K_E_RANGE where there is none of this number. */
struct node *h2k_memfs_node(struct memory *memory, h2k_ino ino);

/* memory-attributes.c: calls of the vtable. */
int h2k_memfs_chmod(void *state, h2k_ino ino, uint32_t mode);
int h2k_memfs_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid);
int h2k_memfs_set_mtime(void *state, h2k_ino ino, int64_t mtime);
int h2k_memfs_getxattr(void *state, h2k_ino ino, const char *name,
                       void **value, size_t *size);
int h2k_memfs_listxattr(void *state, h2k_ino ino, h2k_xattr_fn fn,
                        void *opaque);
int h2k_memfs_protection(void *state, h2k_ino ino, uint32_t *flags);
int h2k_memfs_protect(void *state, h2k_ino ino, uint32_t flags);
int h2k_memfs_setxattr(void *state, h2k_ino ino, const char *name,
                       const void *value, size_t size);

#endif
