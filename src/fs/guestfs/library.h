/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The calls of libguestfs that we use, found in its shared library when it
 * is there: nothing is linked with it.  guestfs(3) documents each.
 */
#ifndef H2K_FS_GUESTFS_LIBRARY_H
#define H2K_FS_GUESTFS_LIBRARY_H

#include "fs/guestfs/ops.h"

#include <guestfs.h>

#define H2K_GUESTFS_CALLS(X) \
    X(create_flags)          \
    X(close)                 \
    X(version)               \
    X(last_error)            \
    X(last_errno)            \
    X(set_error_handler)     \
    X(set_event_callback)    \
    X(set_backend)           \
    X(set_backend_setting)   \
    X(set_memsize)           \
    X(set_network)           \
    X(set_autosync)          \
    X(add_drive_opts)        \
    X(launch)                \
    X(is_ready)              \
    X(shutdown)              \
    X(umask)                 \
    X(mkmountpoint)          \
    X(mount_options)         \
    X(umount_opts)           \
    X(sync)                  \
    X(lstatns)               \
    X(lstatnslist)           \
    X(readdir)               \
    X(pread)                 \
    X(readlink)              \
    X(lgetxattr)             \
    X(lgetxattrs)            \
    X(pwrite)                \
    X(truncate_size)         \
    X(mknod)                 \
    X(mkdir_mode)            \
    X(ln_s)                  \
    X(rm)                    \
    X(rename)                \
    X(chmod)                 \
    X(lchown)                \
    X(utimens)               \
    X(lsetxattr)             \
    X(debug)                 \
    X(statvfs)               \
    X(free_version)          \
    X(free_statns)           \
    X(free_statns_list)      \
    X(free_dirent_list)      \
    X(free_xattr_list)       \
    X(free_statvfs)

struct h2k_guestfs_calls {
#define H2K_GUESTFS_MEMBER(name) __typeof__(guestfs_##name) *name;
    H2K_GUESTFS_CALLS(H2K_GUESTFS_MEMBER)
#undef H2K_GUESTFS_MEMBER
};

/* The end of what the appliance's console said, in printable characters. */
#define H2K_GUESTFS_WORDS 200

/* What `open` gives. */
struct h2k_guestfs_handle {
    struct h2k_guestfs_calls call;
    guestfs_h *g;
    char words[H2K_GUESTFS_WORDS + 1];
};

/* -1 with libguestfs' last error, said with the code that fits its errno. */
int h2k_guestfs_fail(const struct h2k_guestfs_handle *h);

/* library-files.c: the part of the table that is about files. */
int h2k_guestfs_stat(void *handle, const char *path,
                     struct h2k_guestfs_stat *out);
int h2k_guestfs_stat_list(void *handle, const char *dir,
                          const struct h2k_guestfs_names *names,
                          struct h2k_guestfs_stat *out);
int h2k_guestfs_list(void *handle, const char *dir,
                     struct h2k_guestfs_names *names);
int h2k_guestfs_read(void *handle, const char *path, void *buffer,
                     size_t count, uint64_t offset);
int h2k_guestfs_readlink(void *handle, const char *path, char *target,
                         size_t size);
int h2k_guestfs_getxattr(void *handle, const char *path, const char *name,
                         void **value, size_t *size);
int h2k_guestfs_listxattr(void *handle, const char *path,
                          struct h2k_guestfs_names *names);
int h2k_guestfs_write(void *handle, const char *path, const void *data,
                      size_t count, uint64_t offset);
int h2k_guestfs_truncate(void *handle, const char *path, uint64_t size);
int h2k_guestfs_create(void *handle, const char *path, uint32_t mode);
int h2k_guestfs_mkdir(void *handle, const char *path, uint32_t mode);
int h2k_guestfs_symlink(void *handle, const char *target, const char *path);
int h2k_guestfs_unlink(void *handle, const char *path);
int h2k_guestfs_rename(void *handle, const char *from, const char *to);
int h2k_guestfs_chmod(void *handle, const char *path, uint32_t mode);
int h2k_guestfs_chown(void *handle, const char *path, uint32_t uid,
                      uint32_t gid);
int h2k_guestfs_set_mtime(void *handle, const char *path, int64_t mtime);
int h2k_guestfs_setxattr(void *handle, const char *path, const char *name,
                         const void *value, size_t size);
int h2k_guestfs_space(void *handle, const char *path, uint64_t *free_bytes);

#endif
