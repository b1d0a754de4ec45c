/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the driver's files share. */
#ifndef H2K_FS_GUESTFS_DRIVER_H
#define H2K_FS_GUESTFS_DRIVER_H

#include "fs/guestfs/guestfs.h"
#include "fs/guestfs/tree.h"

/* What is read ahead of one file, in bytes: calls cost more than bytes. */
#define H2K_GUESTFS_WINDOW (UINT64_C(1) << 20)

struct h2k_guestfs {
    struct h2k_appliance *appliance;
    const struct h2k_guestfs_ops *ops;
    char *device, *options; /* owned */
    char point[24];         /* where it is mounted: "/volume3" */
    bool writable;
    unsigned mounted; /* in which start of the appliance; 0: in none */
    struct h2k_guestfs_tree tree; /* empty before the first mount */

    /* A part of one file, as it is. */
    h2k_ino window_ino; /* 0: none */
    uint64_t window_offset;
    size_t window_size;
    uint8_t *window; /* of H2K_GUESTFS_WINDOW bytes, once there is one */
};

/* It is mounted, and its root known. */
int h2k_guestfs_ready(struct h2k_guestfs *fs);
/* NODE's path, of a filesystem that is mounted; and NAME's in it. */
int h2k_guestfs_path(struct h2k_guestfs *fs, h2k_ino ino,
                     char text[H2K_GUESTFS_PATH]);
int h2k_guestfs_path_in(struct h2k_guestfs *fs, h2k_ino dir, const char *name,
                        char text[H2K_GUESTFS_PATH]);
/* DIR's names are in the tree. */
int h2k_guestfs_list_dir(struct h2k_guestfs *fs, h2k_ino dir);
/* What the node is, asked for again where it may have changed. */
struct h2k_guestfs_node *h2k_guestfs_fresh(struct h2k_guestfs *fs,
                                           h2k_ino ino);
void h2k_guestfs_forget_window(struct h2k_guestfs *fs);

/* One call of the table CALL, its handle first. */
#define H2K_GUESTFS_CALL(fs, call, ...)                                      \
    __extension__({                                                          \
        void *h2k_handle = h2k_appliance_begin((fs)->appliance);             \
        h2k_handle == NULL                                                   \
            ? -1                                                             \
            : h2k_appliance_end((fs)->appliance,                             \
                                (fs)->ops->call(h2k_handle, ##__VA_ARGS__)); \
    })

/* driver-write.c: the calls that write. */
int h2k_guestfs_op_write(void *state, h2k_ino ino, const void *data,
                         size_t count, uint64_t offset);
int h2k_guestfs_op_truncate(void *state, h2k_ino ino, uint64_t size);
int h2k_guestfs_op_create(void *state, h2k_ino dir, const char *name,
                          uint32_t mode, h2k_ino *out);
int h2k_guestfs_op_mkdir(void *state, h2k_ino dir, const char *name,
                         uint32_t mode, h2k_ino *out);
int h2k_guestfs_op_symlink(void *state, h2k_ino dir, const char *name,
                           const char *target);
int h2k_guestfs_op_unlink(void *state, h2k_ino dir, const char *name);
int h2k_guestfs_op_rename(void *state, h2k_ino old_dir, const char *old_name,
                          h2k_ino new_dir, const char *new_name);
int h2k_guestfs_op_chmod(void *state, h2k_ino ino, uint32_t mode);
int h2k_guestfs_op_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid);
int h2k_guestfs_op_set_mtime(void *state, h2k_ino ino, int64_t mtime);
int h2k_guestfs_op_setxattr(void *state, h2k_ino ino, const char *name,
                            const void *value, size_t size);
int h2k_guestfs_op_flush(void *state);

#endif
