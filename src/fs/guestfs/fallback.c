/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/guestfs/fallback.h"

#include "base/error.h"
#include "fs/guestfs/fallback-tree.h"

#include <stdio.h>
#include <string.h>

/* ---- Sides ---- */

/* Something is to be written: from here on, the writer is used. */
static int
write_side(struct h2k_fallback *f)
{
    if (f->writer != NULL)
        return 0;
    f->writer = f->sides.open_writer(f->sides.opaque);
    if (f->writer == NULL)
        return -1;
    snprintf(f->driver, sizeof(f->driver), "%s and %s",
             h2k_fs_driver(f->reader), h2k_fs_driver(f->writer));
    return h2k_fallback_use_writer(f);
}

/* NODE's inode in the writer. */
static int
writable(struct h2k_fallback *f, h2k_ino node, h2k_ino *ino)
{
    return write_side(f) < 0 ? -1 : h2k_fallback_resolve(f, node, ino);
}

/* NODE's inode on the side that reads. */
static int
readable(struct h2k_fallback *f, h2k_ino node, h2k_ino *ino)
{
    if (f->sides.writer_first && write_side(f) < 0)
        return -1;
    return h2k_fallback_resolve(f, node, ino);
}

/* ---- Reading ---- */

static h2k_ino
fallback_root(void *state)
{
    (void)state;
    return H2K_FALLBACK_ROOT;
}

static int
fallback_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out)
{
    struct h2k_fallback *f = state;
    h2k_ino at, ino;
    return readable(f, dir, &at) < 0 ||
                   h2k_fs_lookup(h2k_fallback_side(f), at, name, &ino) < 0
               ? -1
               : h2k_fallback_take(f, dir, name, ino, out);
}

static int
fallback_stat(void *state, h2k_ino ino, struct h2k_stat *out)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    if (readable(f, ino, &at) < 0 ||
        h2k_fs_stat(h2k_fallback_side(f), at, out) < 0)
        return -1;
    out->ino = ino;
    return 0;
}

struct reading {
    struct h2k_fallback *f;
    unsigned generation; /* of the side that is listed */
    h2k_ino dir;
    h2k_readdir_fn fn;
    void *opaque;
};

static int
pass_entry(void *opaque, const char *name, h2k_ino ino)
{
    const struct reading *r = opaque;
    h2k_ino node;
    /* Where FN has written, the number is the other side's. */
    int rc = r->f->generation == r->generation
                 ? h2k_fallback_take(r->f, r->dir, name, ino, &node)
                 : fallback_lookup(r->f, r->dir, name, &node);
    return rc < 0 ? -1 : r->fn(r->opaque, name, node);
}

static int
fallback_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    struct h2k_fallback *f = state;
    struct reading reading = { f, f->generation, dir, fn, opaque };
    h2k_ino at;
    return readable(f, dir, &at) < 0 ? -1
                                     : h2k_fs_readdir(h2k_fallback_side(f), at,
                                                      pass_entry, &reading);
}

static int
fallback_read(void *state, h2k_ino ino, void *buffer, size_t count,
              uint64_t offset)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return readable(f, ino, &at) < 0
               ? -1
               : h2k_fs_read(h2k_fallback_side(f), at, buffer, count, offset);
}

static int
fallback_readlink(void *state, h2k_ino ino, char *target, size_t size)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return readable(f, ino, &at) < 0
               ? -1
               : h2k_fs_readlink(h2k_fallback_side(f), at, target, size);
}

static int
fallback_getxattr(void *state, h2k_ino ino, const char *name, void **value,
                  size_t *size)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return readable(f, ino, &at) < 0
               ? -1
               : h2k_fs_getxattr(h2k_fallback_side(f), at, name, value, size);
}

/* FN may write, so that the side that is being listed is not the one that is
 * used any more: it lives on all the same. */
static int
fallback_listxattr(void *state, h2k_ino ino, h2k_xattr_fn fn, void *opaque)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return readable(f, ino, &at) < 0
               ? -1
               : h2k_fs_listxattr(h2k_fallback_side(f), at, fn, opaque);
}

static int
fallback_space(void *state, uint64_t *free_bytes)
{
    return h2k_fs_space(h2k_fallback_side(state), free_bytes);
}

static int
fallback_each_free(void *state, h2k_free_fn fn, void *opaque)
{
    return h2k_fs_each_free(h2k_fallback_side(state), fn, opaque);
}

static int
fallback_each_free_on(void *state, size_t member, h2k_free_fn fn, void *opaque)
{
    return h2k_fs_each_free_on(h2k_fallback_side(state), member, fn, opaque);
}

/* The reader knows them, which is there whatever side is used. */
static int
fallback_subvolume(void *state, const char *options, h2k_ino *root)
{
    struct h2k_fallback *f = state;
    h2k_ino ino;
    return h2k_fs_subvolume(f->reader, options, &ino) < 0
               ? -1
               : h2k_fallback_subvolume(f, ino, root);
}

static int
fallback_each_subvolume(void *state, h2k_subvolume_fn fn, void *opaque)
{
    struct h2k_fallback *f = state;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < f->subvolumes; i++) {
        struct h2k_subvolume subvolume = { 0 };
        size_t node = H2K_FALLBACK_ROOT + 1 + i;
        subvolume.path = f->nodes[node].name;
        subvolume.read_only = f->nodes[node].read_only;
        rc = h2k_fallback_subvolume(f, f->roots[i], &subvolume.root);
        if (rc == 0)
            rc = fn(opaque, &subvolume);
    }
    return rc;
}

/* ---- Writing ---- */

static int
fallback_write(void *state, h2k_ino ino, const void *data, size_t count,
               uint64_t offset)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return writable(f, ino, &at) < 0
               ? -1
               : h2k_fs_write(f->writer, at, data, count, offset);
}

static int
fallback_truncate(void *state, h2k_ino ino, uint64_t size)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return writable(f, ino, &at) < 0 ? -1
                                     : h2k_fs_truncate(f->writer, at, size);
}

static int
fallback_create(void *state, h2k_ino dir, const char *name, uint32_t mode,
                h2k_ino *out)
{
    struct h2k_fallback *f = state;
    h2k_ino at, ino;
    return writable(f, dir, &at) < 0 ||
                   h2k_fs_create(f->writer, at, name, mode, &ino) < 0
               ? -1
               : h2k_fallback_take(f, dir, name, ino, out);
}

static int
fallback_mkdir(void *state, h2k_ino dir, const char *name, uint32_t mode,
               h2k_ino *out)
{
    struct h2k_fallback *f = state;
    h2k_ino at, ino;
    return writable(f, dir, &at) < 0 ||
                   h2k_fs_mkdir(f->writer, at, name, mode, &ino) < 0
               ? -1
               : h2k_fallback_take(f, dir, name, ino, out);
}

static int
fallback_symlink(void *state, h2k_ino dir, const char *name,
                 const char *target)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return writable(f, dir, &at) < 0
               ? -1
               : h2k_fs_symlink(f->writer, at, name, target);
}

static int
fallback_unlink(void *state, h2k_ino dir, const char *name)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    if (writable(f, dir, &at) < 0)
        return -1;
    size_t node = h2k_fallback_find(f, dir, name);
    if (h2k_fs_unlink(f->writer, at, name) < 0)
        return -1;
    h2k_fallback_lose(f, node, dir, name);
    return 0;
}

static int
fallback_rename(void *state, h2k_ino old_dir, const char *old_name,
                h2k_ino new_dir, const char *new_name)
{
    struct h2k_fallback *f = state;
    h2k_ino from, to, ino, node;
    if (writable(f, old_dir, &from) < 0 || writable(f, new_dir, &to) < 0 ||
        h2k_fs_lookup(f->writer, from, old_name, &ino) < 0)
        return -1;
    size_t moved = h2k_fallback_find(f, old_dir, old_name);
    size_t replaced = h2k_fallback_find(f, new_dir, new_name);
    if (h2k_fs_rename(f->writer, from, old_name, to, new_name) < 0)
        return -1;
    h2k_fallback_lose(f, replaced, new_dir, new_name);
    h2k_fallback_lose(f, moved, old_dir, old_name);
    return h2k_fallback_take(f, new_dir, new_name, ino, &node);
}

static int
fallback_chmod(void *state, h2k_ino ino, uint32_t mode)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return writable(f, ino, &at) < 0 ? -1 : h2k_fs_chmod(f->writer, at, mode);
}

static int
fallback_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return writable(f, ino, &at) < 0 ? -1
                                     : h2k_fs_chown(f->writer, at, uid, gid);
}

static int
fallback_set_mtime(void *state, h2k_ino ino, int64_t mtime)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return writable(f, ino, &at) < 0 ? -1
                                     : h2k_fs_set_mtime(f->writer, at, mtime);
}

static int
fallback_setxattr(void *state, h2k_ino ino, const char *name,
                  const void *value, size_t size)
{
    struct h2k_fallback *f = state;
    h2k_ino at;
    return writable(f, ino, &at) < 0
               ? -1
               : h2k_fs_setxattr(f->writer, at, name, value, size);
}

/* What was written is in the volume, so that the reader sees it; where it
 * does not, the writer is asked on. */
static int
fallback_flush(void *state)
{
    struct h2k_fallback *f = state;
    if (f->writer == NULL)
        return 0;
    if (h2k_fs_flush(f->writer) < 0)
        return -1;
    struct h2k_fs *reader = f->sides.open_reader(f->sides.opaque);
    if (reader == NULL)
        return h2k_error_is_content() ? 0 : -1;
    h2k_fs_close(f->writer);
    h2k_fs_close(f->reader);
    f->writer = NULL;
    f->reader = reader;
    f->sides.writer_first = false;
    return h2k_fallback_use_reader(f);
}

/* ---- The whole ---- */

static void
fallback_close(void *state)
{
    struct h2k_fallback *f = state;
    h2k_fs_close(f->writer);
    h2k_fs_close(f->reader);
    if (f->sides.close != NULL)
        f->sides.close(f->sides.opaque);
    h2k_fallback_clear(f);
    free(f);
}

static const char *
fallback_driver(void *state)
{
    const struct h2k_fallback *f = state;
    return f->driver[0] != '\0' ? f->driver : h2k_fs_driver(f->reader);
}

static const struct h2k_fs_ops fallback_ops = {
    .name = "filesystem",
    .close = fallback_close,
    .driver = fallback_driver,
    .root = fallback_root,
    .lookup = fallback_lookup,
    .stat = fallback_stat,
    .readdir = fallback_readdir,
    .read = fallback_read,
    .readlink = fallback_readlink,
    .getxattr = fallback_getxattr,
    .listxattr = fallback_listxattr,
    .write = fallback_write,
    .truncate = fallback_truncate,
    .create = fallback_create,
    .mkdir = fallback_mkdir,
    .symlink = fallback_symlink,
    .unlink = fallback_unlink,
    .rename = fallback_rename,
    .chmod = fallback_chmod,
    .chown = fallback_chown,
    .set_mtime = fallback_set_mtime,
    .setxattr = fallback_setxattr,
    .space = fallback_space,
    .each_free = fallback_each_free,
    .each_free_on = fallback_each_free_on,
    .subvolume = fallback_subvolume,
    .each_subvolume = fallback_each_subvolume,
    .flush = fallback_flush,
};

struct h2k_fs *
h2k_fallback_new(struct h2k_fs *reader, const struct h2k_fallback_sides *sides)
{
    struct h2k_fallback *f = calloc(1, sizeof(*f));
    if (f == NULL) {
        h2k_fs_close(reader);
        if (sides->close != NULL)
            sides->close(sides->opaque);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    f->reader = reader;
    f->sides = *sides;
    if (h2k_fallback_use_reader(f) < 0) {
        fallback_close(f);
        return NULL;
    }
    return h2k_fs_new(&fallback_ops, f, true);
}
