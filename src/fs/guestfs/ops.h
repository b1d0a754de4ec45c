/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What is asked of libguestfs, as a table: library.c has the real one, tests
 * have one of their own.
 *
 * The paths are those of the appliance; it is never asked to follow a link:
 * each goes through directories that the driver has found to be such.  Every
 * call may block for as long as the appliance takes.  All return 0, or -1
 * with the error set.
 */
#ifndef H2K_FS_GUESTFS_OPS_H
#define H2K_FS_GUESTFS_OPS_H

#include "fs/fs.h"

/* What a handle needs to be launched. */
struct h2k_guestfs_setup {
    const char *socket;       /* of the NBD server */
    const char *const *disks; /* names of its exports, in order */
    size_t disk_count;
    bool emulate; /* do not use KVM */
};

/* One file, as lstat(2) tells. */
struct h2k_guestfs_stat {
    uint64_t device, ino, size;
    uint32_t mode, uid, gid, links;
    int64_t mtime;
};

/* A growing list of names; h2k_guestfs_names_clear at the end. */
struct h2k_guestfs_names {
    char **items; /* with a NULL behind the last */
    size_t count, allocated;
};
int h2k_guestfs_names_add(struct h2k_guestfs_names *names, const char *name);
void h2k_guestfs_names_clear(struct h2k_guestfs_names *names);

struct h2k_guestfs_ops {
    /* 0 when a handle can be had; H2K_E_COMPONENT, naming the package. */
    int (*check)(void);
    void *(*open)(const struct h2k_guestfs_setup *setup);
    int (*launch)(void *handle);
    void (*close)(void *handle); /* ends the appliance, launched or not */
    /* 0 while the appliance, once launched, runs; -1 and how it ended. */
    int (*alive)(void *handle);

    /* On the new directory POINT; below the appliance's root. */
    int (*mount)(void *handle, const char *options, const char *device,
                 const char *point);
    int (*umount)(void *handle, const char *point);
    int (*sync)(void *handle);

    int (*stat)(void *handle, const char *path, struct h2k_guestfs_stat *out);
    /* Of NAMES in DIR, which may be ".", too; one that cannot be told has
     * ino 0. */
    int (*stat_list)(void *handle, const char *dir,
                     const struct h2k_guestfs_names *names,
                     struct h2k_guestfs_stat *out);
    /* Every name in DIR. */
    int (*list)(void *handle, const char *dir,
                struct h2k_guestfs_names *names);
    int (*read)(void *handle, const char *path, void *buffer, size_t count,
                uint64_t offset);
    int (*readlink)(void *handle, const char *path, char *target, size_t size);
    int (*getxattr)(void *handle, const char *path, const char *name,
                    void **value, size_t *size);
    int (*listxattr)(void *handle, const char *path,
                     struct h2k_guestfs_names *names);

    int (*write)(void *handle, const char *path, const void *data,
                 size_t count, uint64_t offset);
    int (*truncate)(void *handle, const char *path, uint64_t size);
    int (*create)(void *handle, const char *path, uint32_t mode);
    int (*mkdir)(void *handle, const char *path, uint32_t mode);
    int (*symlink)(void *handle, const char *target, const char *path);
    int (*unlink)(void *handle, const char *path);
    int (*rename)(void *handle, const char *from, const char *to);
    int (*chmod)(void *handle, const char *path, uint32_t mode);
    int (*chown)(void *handle, const char *path, uint32_t uid, uint32_t gid);
    int (*set_mtime)(void *handle, const char *path, int64_t mtime);
    int (*setxattr)(void *handle, const char *path, const char *name,
                    const void *value, size_t size);
    int (*space)(void *handle, const char *path, uint64_t *free_bytes);
};

/* libguestfs, by its shared library; library.c. */
extern const struct h2k_guestfs_ops h2k_guestfs_library;

#endif
