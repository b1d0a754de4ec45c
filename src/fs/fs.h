/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Filesystems in volumes, behind one vtable.
 *
 * A driver knows inodes and names in directories.  Paths, symbolic links
 * and mount points are handled once, above the drivers, in root.h.
 *
 * Not thread-safe: one filesystem, one thread at a time.
 */
#ifndef H2K_FS_FS_H
#define H2K_FS_FS_H

#include "block/block.h"

#include <sys/types.h>

struct h2k_fs;
typedef uint64_t h2k_ino; /* 0 is no inode */

#define H2K_NAME_MAX 255
#define H2K_PATH_MAX 4096 /* a symbolic link's target, too */

/* What keeps a file from being changed, chattr(1). */
enum {
    H2K_PROTECT_IMMUTABLE = 1, /* +i */
    H2K_PROTECT_APPEND = 2,    /* +a */
};

struct h2k_stat {
    h2k_ino ino;
    uint32_t mode; /* type and permissions, as in <sys/stat.h> */
    uint32_t uid, gid;
    uint64_t size; /* bytes */
    uint32_t links;
    int64_t mtime; /* seconds since 1970 */
};

/* One name in a directory; "." and ".." are not listed.  Return 0 to go on,
 * anything else to stop with that value. */
typedef int (*h2k_readdir_fn)(void *opaque, const char *name, h2k_ino ino);

/* One extended attribute's full name ("security.selinux").  Returns as
 * h2k_readdir_fn does. */
typedef int (*h2k_xattr_fn)(void *opaque, const char *name);

/* A range of the volume that holds nothing, in bytes of the volume. */
typedef int (*h2k_free_fn)(void *opaque, uint64_t offset, uint64_t length);

/* A tree of files in a filesystem that has several, as btrfs does. */
struct h2k_subvolume {
    h2k_ino root;     /* its top directory */
    const char *path; /* from the top-level one, without a slash before it
                         ("@/.snapshots/1/snapshot"); "" for that one; valid
                         during the call */
    bool read_only;   /* a snapshot that is not to be changed */
};

/* Returns as h2k_readdir_fn does. */
typedef int (*h2k_subvolume_fn)(void *opaque,
                                const struct h2k_subvolume *subvolume);

/* What opening found.  All strings are "" where there is none. */
struct h2k_fs_info {
    const char *type; /* as mount(8) names it: "ext4", "ext3", "vfat", "xfs",
                         "swap", … */
    char uuid[40];    /* as blkid(8) prints it */
    char label[256];
    uint64_t size;     /* bytes the filesystem spans */
    bool mountable;    /* files can be read by a driver of ours */
    bool clean;        /* was unmounted cleanly */
    bool replayed;     /* its journal was replayed on opening */
    uint64_t devices;  /* volumes that it is spread over; 0 as 1 */
    uint64_t device;   /* which of them this is, from 1; 0: the only one */
    char problem[200]; /* why it is not mountable, or what is odd */
    bool refused;      /* for what our driver does not do, not for damage */
    bool damaged;      /* can be read; not written by us, for what is damaged:
                          `problem` says it */
};

/*
 * One filesystem driver.  Paths never reach it; NAME is one component of 1
 * to 255 bytes, without '/' and neither "." nor "..".  Calls that write are
 * made only on a filesystem opened for writing.  All return 0, or -1 with
 * the error set: H2K_E_NOENT, H2K_E_NOTDIR, H2K_E_EXIST, H2K_E_NOSPACE,
 * H2K_E_CORRUPT …
 */
struct h2k_fs_ops {
    const char *name; /* "ext", for messages */

    void (*close)(void *state); /* without flushing */

    /* Who does the work, where that is another than `name` says; NULL
     * otherwise. */
    const char *(*driver)(void *state);

    h2k_ino (*root)(void *state);
    /* DIR is a directory here and below: fs.c has looked. */
    int (*lookup)(void *state, h2k_ino dir, const char *name, h2k_ino *out);
    int (*stat)(void *state, h2k_ino ino, struct h2k_stat *out);
    int (*readdir)(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque);
    /* COUNT bytes at OFFSET, both inside the file's size. */
    int (*read)(void *state, h2k_ino ino, void *buffer, size_t count,
                uint64_t offset);
    /* The target, at most H2K_PATH_MAX bytes, NUL-terminated. */
    int (*readlink)(void *state, h2k_ino ino, char *target, size_t size);
    /* The value, or *size = 0 and H2K_E_NOENT.  The caller frees *value. */
    int (*getxattr)(void *state, h2k_ino ino, const char *name, void **value,
                    size_t *size);
    /* Every attribute that a copy of the file should carry.  NULL where the
     * filesystem has none. */
    int (*listxattr)(void *state, h2k_ino ino, h2k_xattr_fn fn, void *opaque);

    /* Writes beyond the end extend the file. */
    int (*write)(void *state, h2k_ino ino, const void *data, size_t count,
                 uint64_t offset);
    int (*truncate)(void *state, h2k_ino ino, uint64_t size);
    /* A new regular file, directory or symlink, owned by 0:0; MODE is the
     * permission bits. */
    int (*create)(void *state, h2k_ino dir, const char *name, uint32_t mode,
                  h2k_ino *out);
    int (*mkdir)(void *state, h2k_ino dir, const char *name, uint32_t mode,
                 h2k_ino *out);
    int (*symlink)(void *state, h2k_ino dir, const char *name,
                   const char *target);
    /* A name of something not a directory, and the thing with its last. */
    int (*unlink)(void *state, h2k_ino dir, const char *name);
    /* Replaces what NEW_NAME was, if anything.  Neither is a directory, and
     * they are not the same file. */
    int (*rename)(void *state, h2k_ino old_dir, const char *old_name,
                  h2k_ino new_dir, const char *new_name);
    int (*chmod)(void *state, h2k_ino ino, uint32_t mode);
    /* A regular file loses its set-id bits, as on Linux: mode after owner. */
    int (*chown)(void *state, h2k_ino ino, uint32_t uid, uint32_t gid);
    int (*set_mtime)(void *state, h2k_ino ino, int64_t mtime);
    int (*setxattr)(void *state, h2k_ino ino, const char *name,
                    const void *value, size_t size);

    /* H2K_PROTECT_… of a file, and setting them: the one change that a
     * protected file takes.  NULL where the filesystem has none, or the
     * driver does not look. */
    int (*protection)(void *state, h2k_ino ino, uint32_t *flags);
    int (*protect)(void *state, h2k_ino ino, uint32_t flags);

    /* Bytes that a user other than root's reserve can still write. */
    int (*space)(void *state, uint64_t *free_bytes);
    /* Every free range, ascending.  H2K_E_UNSUPPORTED when the structures
     * are not clean enough to trust. */
    int (*each_free)(void *state, h2k_free_fn fn, void *opaque);
    /* The same of one of the volumes that h2k_fs_open_members was given.
     * NULL where there is only one. */
    int (*each_free_on)(void *state, size_t member, h2k_free_fn fn,
                        void *opaque);
    /* See h2k_fs_subvolume and h2k_fs_each_subvolume.  NULL where there are
     * none. */
    int (*subvolume)(void *state, const char *options, h2k_ino *root);
    int (*each_subvolume)(void *state, h2k_subvolume_fn fn, void *opaque);
    /* Everything written so far is in the volume, which would pass its
     * checker. */
    int (*flush)(void *state);
};

/* One type of filesystem, for the table in open.c. */
struct h2k_fs_type {
    const char *name;
    /* 1 and *INFO filled when VOLUME holds one, 0 when not, -1 with an error
     * when it does and is damaged beyond use. */
    int (*probe)(struct h2k_block *volume, struct h2k_fs_info *info);
    /* NULL for what is recognised and not read by us (swap, LVM2, LUKS,
     * xfs, ntfs, …).  Opening a filesystem whose journal needs replaying
     * does so when VOLUME is writable, and is refused when it is not.
     * INFO is updated. */
    struct h2k_fs *(*open)(struct h2k_block *volume, bool writable,
                           struct h2k_fs_info *info);
    /* The same over several volumes; NULL where that cannot be. */
    struct h2k_fs *(*open_members)(struct h2k_block *const *volumes,
                                   size_t count, bool writable,
                                   struct h2k_fs_info *info);
};

/* For drivers.  The fs owns STATE; on failure ops->close has been called. */
struct h2k_fs *h2k_fs_new(const struct h2k_fs_ops *ops, void *state,
                          bool writable);

/* What VOLUME holds.  0 and *INFO; type "unknown" when nothing is
 * recognised; never fails but for reading errors. */
int h2k_fs_probe(struct h2k_block *volume, struct h2k_fs_info *info);

/* The filesystem in VOLUME; INFO may be NULL. */
struct h2k_fs *h2k_fs_open(struct h2k_block *volume, bool writable,
                           struct h2k_fs_info *info);
/*
 * One filesystem over several volumes, in any order; none is NULL.  INFO is
 * the whole's.  Volumes that are missing are named: H2K_E_NOENT where it
 * cannot be read without them, INFO's problem where it can.  H2K_E_CORRUPT
 * where the volumes are not of one filesystem, or one is there twice.
 */
struct h2k_fs *h2k_fs_open_members(struct h2k_block *const *volumes,
                                   size_t count, bool writable,
                                   struct h2k_fs_info *info);
void h2k_fs_close(struct h2k_fs *fs); /* NULL is fine; does not flush */
H2K_DEFINE_AUTO(h2k_fs, h2k_fs_close)

bool h2k_fs_writable(const struct h2k_fs *fs);
/* Who reads and writes it: "ext", "xfs", "libguestfs", "btrfs and
 * libguestfs". */
const char *h2k_fs_driver(const struct h2k_fs *fs);

/*
 * The driver's calls with all checks made once: writing on a read-only
 * filesystem (H2K_E_READONLY), what is not a name, reading beyond the end or
 * what is not a regular file (H2K_E_RANGE), H2K_E_NOTDIR and H2K_E_ISDIR,
 * names that exist already (H2K_E_EXIST).
 */
h2k_ino h2k_fs_root(struct h2k_fs *fs);
int h2k_fs_lookup(struct h2k_fs *fs, h2k_ino dir, const char *name,
                  h2k_ino *out);
int h2k_fs_stat(struct h2k_fs *fs, h2k_ino ino, struct h2k_stat *out);
int h2k_fs_readdir(struct h2k_fs *fs, h2k_ino dir, h2k_readdir_fn fn,
                   void *opaque);
int h2k_fs_read(struct h2k_fs *fs, h2k_ino ino, void *buffer, size_t count,
                uint64_t offset);
int h2k_fs_readlink(struct h2k_fs *fs, h2k_ino ino, char *target, size_t size);
int h2k_fs_getxattr(struct h2k_fs *fs, h2k_ino ino, const char *name,
                    void **value, size_t *size);
int h2k_fs_listxattr(struct h2k_fs *fs, h2k_ino ino, h2k_xattr_fn fn,
                     void *opaque); /* none where the driver has no call */
int h2k_fs_write(struct h2k_fs *fs, h2k_ino ino, const void *data,
                 size_t count, uint64_t offset);
int h2k_fs_truncate(struct h2k_fs *fs, h2k_ino ino, uint64_t size);
int h2k_fs_create(struct h2k_fs *fs, h2k_ino dir, const char *name,
                  uint32_t mode, h2k_ino *out);
int h2k_fs_mkdir(struct h2k_fs *fs, h2k_ino dir, const char *name,
                 uint32_t mode, h2k_ino *out);
int h2k_fs_symlink(struct h2k_fs *fs, h2k_ino dir, const char *name,
                   const char *target);
int h2k_fs_unlink(struct h2k_fs *fs, h2k_ino dir, const char *name);
int h2k_fs_rename(struct h2k_fs *fs, h2k_ino old_dir, const char *old_name,
                  h2k_ino new_dir, const char *new_name);
int h2k_fs_chmod(struct h2k_fs *fs, h2k_ino ino, uint32_t mode);
int h2k_fs_chown(struct h2k_fs *fs, h2k_ino ino, uint32_t uid, uint32_t gid);
int h2k_fs_set_mtime(struct h2k_fs *fs, h2k_ino ino, int64_t mtime);
int h2k_fs_setxattr(struct h2k_fs *fs, h2k_ino ino, const char *name,
                    const void *value, size_t size);
/* chattr(1)'s flags that keep a file from being changed; none where the
 * driver has no calls for them. */
int h2k_fs_protection(struct h2k_fs *fs, h2k_ino ino, uint32_t *flags);
int h2k_fs_protect(struct h2k_fs *fs, h2k_ino ino, uint32_t flags);
int h2k_fs_space(struct h2k_fs *fs, uint64_t *free_bytes);
int h2k_fs_each_free(struct h2k_fs *fs, h2k_free_fn fn, void *opaque);
/* The same for the volume MEMBER, an index into what h2k_fs_open_members was
 * given; 0 is the volume of a filesystem that has only one. */
int h2k_fs_each_free_on(struct h2k_fs *fs, size_t member, h2k_free_fn fn,
                        void *opaque);
int h2k_fs_flush(struct h2k_fs *fs);

/*
 * The directory that mount(8) would show as the top with these OPTIONS,
 * comma-separated: that of "subvol=PATH" or "subvolid=NUMBER", and without
 * either the default one, which is h2k_fs_root's.  Filesystems without
 * subvolumes have only that.  H2K_E_NOENT where there is no such subvolume.
 */
int h2k_fs_subvolume(struct h2k_fs *fs, const char *options, h2k_ino *root);
/* Every subvolume, the top-level one first; none where there are none. */
int h2k_fs_each_subvolume(struct h2k_fs *fs, h2k_subvolume_fn fn,
                          void *opaque);

#endif
