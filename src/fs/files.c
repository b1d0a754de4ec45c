/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Whole files, links and directories by path, on top of walk.h. */
#include "fs/root.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_CHUNK (1u << 20)
#define TEMPORARY_TRIES 1000
/* Far more than a directory holds that we have business in. */
#define LIST_MAX (1u << 20)

static int
need_regular(const struct h2k_walk *walk)
{
    if (S_ISREG(walk->stat.mode))
        return 0;
    if (S_ISDIR(walk->stat.mode))
        return h2k_fail(H2K_E_ISDIR, "%s: is a directory, not a file",
                        walk->path);
    return h2k_fail(H2K_E_UNSUPPORTED, "%s: is not a regular file",
                    walk->path);
}

/* Reading */

int
h2k_root_read_file(struct h2k_root *root, const char *path, size_t limit,
                   char **data, size_t *size)
{
    struct h2k_walk walk;
    *data = NULL;
    *size = 0;
    if (h2k_walk_existing(root, path, true, &walk) < 0 ||
        need_regular(&walk) < 0)
        return -1;
    if (walk.stat.size > limit)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "%s: its %" PRIu64
                        " bytes are more than the %zu expected at most",
                        walk.path, walk.stat.size, limit);
    size_t count = (size_t)walk.stat.size;
    h2k_autofree char *bytes = malloc(count + 1);
    if (bytes == NULL)
        return h2k_fail(H2K_E_NOMEM, "%s: out of memory", walk.path);
    if (h2k_fs_read(walk.place.fs, walk.place.ino, bytes, count, 0) < 0)
        return h2k_prefix("%s: ", walk.path);
    bytes[count] = '\0';
    *data = h2k_steal(bytes);
    *size = count;
    return 0;
}

int
h2k_root_readlink(struct h2k_root *root, const char *path,
                  char target[H2K_PATH_MAX + 1])
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, false, &walk) < 0)
        return -1;
    if (!S_ISLNK(walk.stat.mode))
        return h2k_fail(H2K_E_UNSUPPORTED, "%s: is not a symbolic link",
                        walk.path);
    if (h2k_fs_readlink(walk.place.fs, walk.place.ino, target,
                        H2K_PATH_MAX + 1) < 0)
        return h2k_prefix("%s: ", walk.path);
    return 0;
}

struct names {
    char **names;
    size_t count, allocated;
};

static int
add_name(void *opaque, const char *name, h2k_ino ino)
{
    struct names *list = opaque;
    (void)ino;
    if (list->count == LIST_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "more than %u names", LIST_MAX);
    if (list->count == list->allocated) {
        size_t more = list->allocated == 0 ? 32 : list->allocated * 2;
        char **names = realloc(list->names, more * sizeof(*names));
        if (names == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        list->names = names;
        list->allocated = more;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    list->names[list->count++] = copy;
    return 0;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int
h2k_root_list(struct h2k_root *root, const char *path, char ***names,
              size_t *count)
{
    struct h2k_walk walk;
    struct names list = { 0 };
    *names = NULL;
    *count = 0;
    if (h2k_walk_existing(root, path, true, &walk) < 0)
        return -1;
    if (!S_ISDIR(walk.stat.mode))
        return h2k_fail(H2K_E_NOTDIR, "%s: is not a directory", walk.path);
    if (h2k_fs_readdir(walk.place.fs, walk.place.ino, add_name, &list) < 0) {
        h2k_root_free_names(list.names, list.count);
        return h2k_prefix("%s: ", walk.path);
    }
    if (list.count > 0)
        qsort(list.names, list.count, sizeof(*list.names), compare_names);
    *names = list.names;
    *count = list.count;
    return 0;
}

void
h2k_root_free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* Replacing: a new file beside the place of the old, renamed over it. */

struct replacement {
    const struct h2k_walk *walk; /* where it goes */
    h2k_ino ino;
    char name[H2K_NAME_MAX + 1];
};

/* The new file with a name that is not there yet.  Nothing is left to
 * undo when it fails. */
static int
replacement_begin(struct replacement *r, const struct h2k_walk *walk,
                  uint32_t mode)
{
    struct h2k_place dir = walk->parent;
    *r = (struct replacement){ .walk = walk };
    if (walk->place.ino != 0 && need_regular(walk) < 0)
        return -1;
    if (walk->must_be_dir)
        return h2k_fail(H2K_E_ISDIR, "%s/: not a name for a file", walk->path);
    for (unsigned i = 0; i < TEMPORARY_TRIES; i++) {
        snprintf(r->name, sizeof(r->name), ".%.*s.h2k-%04x", H2K_NAME_MAX - 10,
                 walk->name, i);
        if (h2k_fs_create(dir.fs, dir.ino, r->name, mode, &r->ino) == 0)
            return 0;
        if (h2k_errcode() != H2K_E_EXIST)
            break;
    }
    return h2k_prefix("%s: ", walk->path);
}

/* Remove the new file; the error that made it useless stays. */
static int
replacement_abort(struct replacement *r)
{
    struct h2k_saved_error error;
    h2k_error_save(&error);
    h2k_fs_unlink(r->walk->parent.fs, r->walk->parent.ino, r->name);
    h2k_error_restore(&error);
    return h2k_prefix("%s: ", r->walk->path);
}

static int
replacement_finish(struct replacement *r)
{
    struct h2k_place dir = r->walk->parent;
    if (h2k_fs_rename(dir.fs, dir.ino, r->name, dir.ino, r->walk->name) < 0)
        return replacement_abort(r);
    return 0;
}

struct xattr_copy {
    struct h2k_place from, to;
    bool same_content;
};

/* What the kernel's integrity measurement keeps holds for a content, and
 * EVM's for the inode too: Linux, Documentation/ABI/testing/evm and ima. */
static bool
still_holds(const struct xattr_copy *copy, const char *name)
{
    return strcmp(name, "security.evm") != 0 &&
           (copy->same_content || strcmp(name, "security.ima") != 0);
}

static int
copy_xattr(void *opaque, const char *name)
{
    struct xattr_copy *copy = opaque;
    h2k_autofree void *value = NULL;
    size_t size;
    if (!still_holds(copy, name))
        return 0;
    if (h2k_fs_getxattr(copy->from.fs, copy->from.ino, name, &value, &size) <
            0 ||
        h2k_fs_setxattr(copy->to.fs, copy->to.ino, name, value, size) < 0)
        return h2k_prefix("attribute %s: ", name);
    return 0;
}

/* Owner, mode and extended attributes: mode after owner, which clears the
 * set-user-ID bit, and attributes last, as one may be an access list that
 * the mode would otherwise change. */
static int
copy_attributes(const struct h2k_walk *from, struct h2k_place to,
                bool same_content)
{
    struct xattr_copy copy = { from->place, to, same_content };
    const struct h2k_stat *st = &from->stat;
    if (h2k_fs_chown(to.fs, to.ino, st->uid, st->gid) < 0 ||
        h2k_fs_chmod(to.fs, to.ino, st->mode & 07777) < 0)
        return -1;
    return h2k_fs_listxattr(copy.from.fs, copy.from.ino, copy_xattr, &copy);
}

static int
write_new(const struct h2k_walk *walk, const void *data, size_t size,
          uint32_t mode, h2k_ino *ino)
{
    struct replacement r;
    if (replacement_begin(&r, walk, mode) < 0)
        return -1;
    struct h2k_place new = { walk->parent.fs, r.ino };
    if (h2k_fs_write(new.fs, new.ino, data, size, 0) < 0 ||
        (walk->place.ino != 0 && copy_attributes(walk, new, false) < 0))
        return replacement_abort(&r);
    *ino = r.ino;
    return replacement_finish(&r);
}

/* The same over a file that is immutable or append-only: the new one is so
 * in its place; the old one stays so when that fails. */
static int
write_protected(const struct h2k_walk *walk, uint32_t flags, const void *data,
                size_t size, uint32_t mode)
{
    struct h2k_saved_error error;
    struct h2k_place old = walk->place;
    h2k_ino ino;
    if (h2k_fs_protect(old.fs, old.ino, 0) < 0)
        return -1;
    if (write_new(walk, data, size, mode, &ino) == 0)
        return h2k_fs_protect(old.fs, ino, flags);
    h2k_error_save(&error);
    h2k_fs_protect(old.fs, old.ino, flags);
    h2k_error_restore(&error);
    return -1;
}

int
h2k_root_write_file(struct h2k_root *root, const char *path, const void *data,
                    size_t size, uint32_t mode)
{
    struct h2k_walk walk;
    uint32_t flags = 0;
    h2k_ino ino;
    if (h2k_walk(root, path, true, &walk) < 0)
        return -1;
    if (walk.place.ino != 0 &&
        h2k_fs_protection(walk.place.fs, walk.place.ino, &flags) < 0)
        return -1;
    return flags == 0 ? write_new(&walk, data, size, mode, &ino)
                      : write_protected(&walk, flags, data, size, mode);
}

static int
copy_content(const struct h2k_walk *from, struct h2k_place to)
{
    uint64_t size = from->stat.size;
    h2k_autofree char *chunk = malloc(COPY_CHUNK);
    if (chunk == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint64_t at = 0; at < size; at += COPY_CHUNK) {
        size_t count = (size_t)h2k_min_u64(COPY_CHUNK, size - at);
        if (h2k_fs_read(from->place.fs, from->place.ino, chunk, count, at) <
                0 ||
            h2k_fs_write(to.fs, to.ino, chunk, count, at) < 0)
            return -1;
    }
    return 0;
}

/* A copy of SOURCE where TARGET is. */
static int
copy_to(const struct h2k_walk *source, const struct h2k_walk *target)
{
    struct replacement r;
    if (replacement_begin(&r, target, source->stat.mode & 07777) < 0)
        return -1;
    struct h2k_place new = { target->parent.fs, r.ino };
    if (copy_content(source, new) < 0 ||
        copy_attributes(source, new, true) < 0 ||
        h2k_fs_set_mtime(new.fs, new.ino, source->stat.mtime) < 0)
        return replacement_abort(&r);
    return replacement_finish(&r);
}

int
h2k_root_unshare(struct h2k_root *root, const char *path)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, true, &walk) < 0 ||
        need_regular(&walk) < 0)
        return -1;
    return walk.stat.links > 1 ? copy_to(&walk, &walk) : 0;
}

int
h2k_root_copy_file(struct h2k_root *root, const char *from, const char *to)
{
    struct h2k_walk source, target;
    if (h2k_walk_existing(root, from, true, &source) < 0 ||
        need_regular(&source) < 0 || h2k_walk(root, to, true, &target) < 0)
        return -1;
    if (target.place.fs == source.place.fs &&
        target.place.ino == source.place.ino)
        return h2k_fail(H2K_E_EXIST, "%s: is %s itself", target.path,
                        source.path);
    return copy_to(&source, &target);
}

/* Changing in place */

int
h2k_root_append(struct h2k_root *root, const char *path, const void *data,
                size_t size)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, true, &walk) < 0 ||
        need_regular(&walk) < 0)
        return -1;
    struct h2k_place file = walk.place;
    if (h2k_fs_write(file.fs, file.ino, data, size, walk.stat.size) == 0)
        return 0;
    /* What was added of it, before the filesystem was full, goes again. */
    struct h2k_saved_error error;
    h2k_error_save(&error);
    h2k_fs_truncate(file.fs, file.ino, walk.stat.size);
    h2k_error_restore(&error);
    return h2k_prefix("%s: ", walk.path);
}

/* The directory PATH, made where it is missing. */
static int
make_directory(struct h2k_root *root, const char *path, uint32_t mode)
{
    struct h2k_walk walk;
    h2k_ino ino;
    if (h2k_walk(root, path, true, &walk) < 0)
        return -1;
    if (walk.place.ino == 0) {
        struct h2k_place dir = walk.parent;
        return h2k_fs_mkdir(dir.fs, dir.ino, walk.name, mode, &ino) == 0
                   ? 0
                   : h2k_prefix("%s: ", walk.path);
    }
    if (S_ISDIR(walk.stat.mode))
        return 0;
    return h2k_fail(H2K_E_NOTDIR, "%s: exists and is not a directory",
                    walk.path);
}

int
h2k_root_mkdirs(struct h2k_root *root, const char *path, uint32_t mode)
{
    h2k_autofree char *part = strdup(path);
    if (part == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    char *slash = part;
    do {
        slash += strspn(slash, "/");
        slash += strcspn(slash, "/");
        char after = *slash;
        *slash = '\0';
        if (make_directory(root, part, mode) < 0)
            return -1;
        *slash = after;
    } while (*slash != '\0');
    return 0;
}

int
h2k_root_symlink(struct h2k_root *root, const char *target, const char *path)
{
    struct h2k_walk walk;
    size_t length = strlen(target);
    if (length == 0 || length > H2K_PATH_MAX)
        return h2k_fail(H2K_E_RANGE, "%.200s: a link to %zu bytes of path",
                        path, length);
    if (h2k_walk(root, path, false, &walk) < 0)
        return -1;
    if (walk.place.ino != 0)
        return h2k_fail(H2K_E_EXIST, "%s: exists", walk.path);
    if (walk.must_be_dir)
        return h2k_fail(H2K_E_ISDIR, "%s/: not a name for a link", walk.path);
    if (h2k_fs_symlink(walk.parent.fs, walk.parent.ino, walk.name, target) < 0)
        return h2k_prefix("%s: ", walk.path);
    return 0;
}

int
h2k_root_unlink(struct h2k_root *root, const char *path)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, false, &walk) < 0)
        return -1;
    if (S_ISDIR(walk.stat.mode))
        return h2k_fail(H2K_E_ISDIR, "%s: is a directory", walk.path);
    if (h2k_fs_unlink(walk.parent.fs, walk.parent.ino, walk.name) < 0)
        return h2k_prefix("%s: ", walk.path);
    return 0;
}
