/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/fs.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

struct h2k_fs {
    const struct h2k_fs_ops *ops;
    void *state;
    bool writable;
};

struct h2k_fs *
h2k_fs_new(const struct h2k_fs_ops *ops, void *state, bool writable)
{
    struct h2k_fs *fs = malloc(sizeof(*fs));
    if (fs == NULL) {
        ops->close(state);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    *fs = (struct h2k_fs){ .ops = ops, .state = state, .writable = writable };
    return fs;
}

void
h2k_fs_close(struct h2k_fs *fs)
{
    if (fs == NULL)
        return;
    fs->ops->close(fs->state);
    free(fs);
}

bool
h2k_fs_writable(const struct h2k_fs *fs)
{
    return fs->writable;
}

const char *
h2k_fs_driver(const struct h2k_fs *fs)
{
    return fs->ops->driver == NULL ? fs->ops->name
                                   : fs->ops->driver(fs->state);
}

static int
check_writable(const struct h2k_fs *fs)
{
    if (fs->writable)
        return 0;
    if (fs->ops->write == NULL)
        return h2k_fail(H2K_E_READONLY,
                        "%s: is not written by us: that needs libguestfs",
                        fs->ops->name);
    return h2k_fail(H2K_E_READONLY, "%s: opened read-only", fs->ops->name);
}

static int
check_name(const struct h2k_fs *fs, const char *name)
{
    size_t length = strlen(name);
    if (length > 0 && length <= H2K_NAME_MAX && strchr(name, '/') == NULL &&
        strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return 0;
    return h2k_fail(H2K_E_RANGE, "%s: '%.300s' is not a file's name",
                    fs->ops->name, name);
}

/* What INO is, which must be a regular file. */
static int
stat_file(struct h2k_fs *fs, h2k_ino ino, struct h2k_stat *st)
{
    if (h2k_fs_stat(fs, ino, st) < 0)
        return -1;
    if (S_ISREG(st->mode))
        return 0;
    return h2k_fail(S_ISDIR(st->mode) ? H2K_E_ISDIR : H2K_E_RANGE,
                    "%s: inode %" PRIu64 " is not a regular file",
                    fs->ops->name, ino);
}

static int
check_dir(struct h2k_fs *fs, h2k_ino dir)
{
    struct h2k_stat st;
    if (h2k_fs_stat(fs, dir, &st) < 0)
        return -1;
    if (S_ISDIR(st.mode))
        return 0;
    return h2k_fail(H2K_E_NOTDIR, "%s: inode %" PRIu64 " is not a directory",
                    fs->ops->name, dir);
}

h2k_ino
h2k_fs_root(struct h2k_fs *fs)
{
    return fs->ops->root(fs->state);
}

int
h2k_fs_lookup(struct h2k_fs *fs, h2k_ino dir, const char *name, h2k_ino *out)
{
    *out = 0;
    if (check_name(fs, name) < 0 || check_dir(fs, dir) < 0)
        return -1;
    return fs->ops->lookup(fs->state, dir, name, out);
}

int
h2k_fs_stat(struct h2k_fs *fs, h2k_ino ino, struct h2k_stat *out)
{
    *out = (struct h2k_stat){ 0 };
    return fs->ops->stat(fs->state, ino, out);
}

int
h2k_fs_readdir(struct h2k_fs *fs, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    return check_dir(fs, dir) < 0
               ? -1
               : fs->ops->readdir(fs->state, dir, fn, opaque);
}

int
h2k_fs_read(struct h2k_fs *fs, h2k_ino ino, void *buffer, size_t count,
            uint64_t offset)
{
    struct h2k_stat st;
    if (stat_file(fs, ino, &st) < 0)
        return -1;
    if (!h2k_range_inside(offset, count, st.size))
        return h2k_fail(H2K_E_RANGE,
                        "%s: inode %" PRIu64 ": %zu bytes at %" PRIu64
                        " are beyond its %" PRIu64 " bytes",
                        fs->ops->name, ino, count, offset, st.size);
    return count == 0 ? 0
                      : fs->ops->read(fs->state, ino, buffer, count, offset);
}

int
h2k_fs_readlink(struct h2k_fs *fs, h2k_ino ino, char *target, size_t size)
{
    struct h2k_stat st;
    if (size == 0)
        return h2k_fail(H2K_E_RANGE, "no room for a link's target");
    target[0] = '\0';
    if (h2k_fs_stat(fs, ino, &st) < 0)
        return -1;
    if (!S_ISLNK(st.mode))
        return h2k_fail(H2K_E_RANGE,
                        "%s: inode %" PRIu64 " is not a symbolic link",
                        fs->ops->name, ino);
    if (st.size == 0 || st.size > H2K_PATH_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "%s: inode %" PRIu64 ": a symbolic link of %" PRIu64
                        " bytes",
                        fs->ops->name, ino, st.size);
    if (st.size >= size)
        return h2k_fail(H2K_E_RANGE,
                        "%s: inode %" PRIu64 ": a target of %" PRIu64
                        " bytes is too long",
                        fs->ops->name, ino, st.size);
    return fs->ops->readlink(fs->state, ino, target, size);
}

int
h2k_fs_getxattr(struct h2k_fs *fs, h2k_ino ino, const char *name, void **value,
                size_t *size)
{
    *value = NULL;
    *size = 0;
    if (fs->ops->getxattr == NULL)
        return h2k_fail(H2K_E_NOENT, "%s: has no extended attributes",
                        fs->ops->name);
    return fs->ops->getxattr(fs->state, ino, name, value, size);
}

int
h2k_fs_listxattr(struct h2k_fs *fs, h2k_ino ino, h2k_xattr_fn fn, void *opaque)
{
    if (fs->ops->listxattr == NULL)
        return 0;
    return fs->ops->listxattr(fs->state, ino, fn, opaque);
}

int
h2k_fs_write(struct h2k_fs *fs, h2k_ino ino, const void *data, size_t count,
             uint64_t offset)
{
    struct h2k_stat st;
    if (check_writable(fs) < 0 || stat_file(fs, ino, &st) < 0)
        return -1;
    if (!h2k_range_inside(offset, count, H2K_BLOCK_SIZE_MAX))
        return h2k_fail(H2K_E_RANGE, "%s: a file beyond 1 PiB", fs->ops->name);
    return count == 0 ? 0
                      : fs->ops->write(fs->state, ino, data, count, offset);
}

int
h2k_fs_truncate(struct h2k_fs *fs, h2k_ino ino, uint64_t size)
{
    struct h2k_stat st;
    if (check_writable(fs) < 0 || stat_file(fs, ino, &st) < 0)
        return -1;
    if (size > H2K_BLOCK_SIZE_MAX)
        return h2k_fail(H2K_E_RANGE, "%s: a file beyond 1 PiB", fs->ops->name);
    return size == st.size ? 0 : fs->ops->truncate(fs->state, ino, size);
}

/* NAME is free in DIR, of a filesystem that can be written. */
static int
check_new(struct h2k_fs *fs, h2k_ino dir, const char *name)
{
    h2k_ino there = 0;
    if (check_writable(fs) < 0)
        return -1;
    if (h2k_fs_lookup(fs, dir, name, &there) == 0)
        return h2k_fail(H2K_E_EXIST,
                        "%s: '%s' exists already in inode %" PRIu64,
                        fs->ops->name, name, dir);
    return h2k_errcode() == H2K_E_NOENT ? 0 : -1;
}

int
h2k_fs_create(struct h2k_fs *fs, h2k_ino dir, const char *name, uint32_t mode,
              h2k_ino *out)
{
    *out = 0;
    if (check_new(fs, dir, name) < 0)
        return -1;
    return fs->ops->create(fs->state, dir, name, mode & 07777, out);
}

int
h2k_fs_mkdir(struct h2k_fs *fs, h2k_ino dir, const char *name, uint32_t mode,
             h2k_ino *out)
{
    *out = 0;
    if (check_new(fs, dir, name) < 0)
        return -1;
    return fs->ops->mkdir(fs->state, dir, name, mode & 07777, out);
}

int
h2k_fs_symlink(struct h2k_fs *fs, h2k_ino dir, const char *name,
               const char *target)
{
    size_t length = strlen(target);
    if (length == 0 || length >= H2K_PATH_MAX)
        return h2k_fail(H2K_E_RANGE, "%s: '%s': a link's target of %zu bytes",
                        fs->ops->name, name, length);
    if (check_new(fs, dir, name) < 0)
        return -1;
    return fs->ops->symlink(fs->state, dir, name, target);
}

/* The inode of NAME in DIR, which must not be a directory. */
static int
lookup_leaf(struct h2k_fs *fs, h2k_ino dir, const char *name, h2k_ino *ino)
{
    struct h2k_stat st;
    if (h2k_fs_lookup(fs, dir, name, ino) < 0 ||
        h2k_fs_stat(fs, *ino, &st) < 0)
        return -1;
    if (!S_ISDIR(st.mode))
        return 0;
    return h2k_fail(H2K_E_ISDIR, "%s: '%s' is a directory", fs->ops->name,
                    name);
}

int
h2k_fs_unlink(struct h2k_fs *fs, h2k_ino dir, const char *name)
{
    h2k_ino ino = 0;
    if (check_writable(fs) < 0 || lookup_leaf(fs, dir, name, &ino) < 0)
        return -1;
    return fs->ops->unlink(fs->state, dir, name);
}

int
h2k_fs_rename(struct h2k_fs *fs, h2k_ino old_dir, const char *old_name,
              h2k_ino new_dir, const char *new_name)
{
    h2k_ino from = 0, to = 0;
    if (check_writable(fs) < 0 ||
        lookup_leaf(fs, old_dir, old_name, &from) < 0)
        return -1;
    if (lookup_leaf(fs, new_dir, new_name, &to) < 0 &&
        h2k_errcode() != H2K_E_NOENT)
        return -1;
    /* Two names of one file: POSIX's rename() leaves both. */
    if (from == to)
        return 0;
    return fs->ops->rename(fs->state, old_dir, old_name, new_dir, new_name);
}

int
h2k_fs_chmod(struct h2k_fs *fs, h2k_ino ino, uint32_t mode)
{
    return check_writable(fs) < 0
               ? -1
               : fs->ops->chmod(fs->state, ino, mode & 07777);
}

int
h2k_fs_chown(struct h2k_fs *fs, h2k_ino ino, uint32_t uid, uint32_t gid)
{
    return check_writable(fs) < 0 ? -1
                                  : fs->ops->chown(fs->state, ino, uid, gid);
}

int
h2k_fs_set_mtime(struct h2k_fs *fs, h2k_ino ino, int64_t mtime)
{
    return check_writable(fs) < 0 ? -1
                                  : fs->ops->set_mtime(fs->state, ino, mtime);
}

int
h2k_fs_setxattr(struct h2k_fs *fs, h2k_ino ino, const char *name,
                const void *value, size_t size)
{
    if (check_writable(fs) < 0)
        return -1;
    if (fs->ops->setxattr == NULL)
        return h2k_fail(H2K_E_UNSUPPORTED, "%s: has no extended attributes",
                        fs->ops->name);
    return fs->ops->setxattr(fs->state, ino, name, value, size);
}

int
h2k_fs_protection(struct h2k_fs *fs, h2k_ino ino, uint32_t *flags)
{
    *flags = 0;
    return fs->ops->protection == NULL
               ? 0
               : fs->ops->protection(fs->state, ino, flags);
}

int
h2k_fs_protect(struct h2k_fs *fs, h2k_ino ino, uint32_t flags)
{
    if (check_writable(fs) < 0)
        return -1;
    return fs->ops->protect == NULL ? 0
                                    : fs->ops->protect(fs->state, ino, flags);
}

int
h2k_fs_space(struct h2k_fs *fs, uint64_t *free_bytes)
{
    *free_bytes = 0;
    return fs->ops->space(fs->state, free_bytes);
}

int
h2k_fs_each_free(struct h2k_fs *fs, h2k_free_fn fn, void *opaque)
{
    if (fs->ops->each_free == NULL)
        return h2k_fail(H2K_E_UNSUPPORTED, "%s: cannot tell what is free",
                        fs->ops->name);
    return fs->ops->each_free(fs->state, fn, opaque);
}

int
h2k_fs_each_free_on(struct h2k_fs *fs, size_t member, h2k_free_fn fn,
                    void *opaque)
{
    if (fs->ops->each_free_on != NULL)
        return fs->ops->each_free_on(fs->state, member, fn, opaque);
    if (member == 0)
        return h2k_fs_each_free(fs, fn, opaque);
    return h2k_fail(H2K_E_RANGE, "%s: is in one volume alone", fs->ops->name);
}

int
h2k_fs_subvolume(struct h2k_fs *fs, const char *options, h2k_ino *root)
{
    *root = h2k_fs_root(fs);
    return fs->ops->subvolume == NULL
               ? 0
               : fs->ops->subvolume(fs->state, options, root);
}

int
h2k_fs_each_subvolume(struct h2k_fs *fs, h2k_subvolume_fn fn, void *opaque)
{
    return fs->ops->each_subvolume == NULL
               ? 0
               : fs->ops->each_subvolume(fs->state, fn, opaque);
}

int
h2k_fs_flush(struct h2k_fs *fs)
{
    return fs->writable ? fs->ops->flush(fs->state) : 0;
}
