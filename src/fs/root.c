/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/root.h"

#include "base/error.h"
#include "fs/walk.h"

#include <string.h>
#include <sys/stat.h>

/* Room for one more at the end of root->mounts. */
static struct h2k_mount *
grow_mounts(struct h2k_root *root)
{
    struct h2k_mount *mounts = reallocarray(
        root->mounts, root->mount_count + 1, sizeof(*root->mounts));
    if (mounts == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    root->mounts = mounts;
    return &mounts[root->mount_count++];
}

struct h2k_root *
h2k_root_new_at(struct h2k_fs *fs, h2k_ino ino)
{
    H2K_AUTO(h2k_root) root = calloc(1, sizeof(*root));
    if (root == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    struct h2k_mount *top = grow_mounts(root);
    if (top == NULL)
        return NULL;
    *top = (struct h2k_mount){ .top = { fs, ino } };
    return h2k_steal(root);
}

struct h2k_root *
h2k_root_new(struct h2k_fs *fs)
{
    return h2k_root_new_at(fs, h2k_fs_root(fs));
}

void
h2k_root_free(struct h2k_root *root)
{
    if (root == NULL)
        return;
    free(root->mounts);
    free(root);
}

int
h2k_root_mount_at(struct h2k_root *root, const char *path, struct h2k_fs *fs,
                  h2k_ino ino)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, true, &walk) < 0)
        return -1;
    if (!S_ISDIR(walk.stat.mode))
        return h2k_fail(H2K_E_NOTDIR,
                        "%s: not a directory to mount a filesystem on",
                        walk.path);
    if (walk.place.ino == root->mounts[walk.mount].top.ino)
        return h2k_fail(H2K_E_EXIST,
                        "%s: a filesystem is mounted there already",
                        walk.path);
    struct h2k_mount *mount = grow_mounts(root);
    if (mount == NULL)
        return -1;
    *mount = (struct h2k_mount){
        .top = { fs, ino },
        .parent = walk.mount,
        .over = walk.place,
    };
    return 0;
}

int
h2k_root_mount(struct h2k_root *root, const char *path, struct h2k_fs *fs)
{
    return h2k_root_mount_at(root, path, fs, h2k_fs_root(fs));
}

int
h2k_root_lookup(struct h2k_root *root, const char *path, struct h2k_place *out)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, true, &walk) < 0)
        return -1;
    *out = walk.place;
    return 0;
}

int
h2k_root_lookup_nofollow(struct h2k_root *root, const char *path,
                         struct h2k_place *out)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, false, &walk) < 0)
        return -1;
    *out = walk.place;
    return 0;
}

static char *
real_path(struct h2k_root *root, const char *path, bool follow)
{
    struct h2k_walk walk;
    if (h2k_walk(root, path, follow, &walk) < 0)
        return NULL;
    char *copy = strdup(walk.path);
    return copy != NULL ? copy : h2k_fail_null(H2K_E_NOMEM, "out of memory");
}

char *
h2k_root_realpath(struct h2k_root *root, const char *path)
{
    return real_path(root, path, true);
}

char *
h2k_root_realpath_nofollow(struct h2k_root *root, const char *path)
{
    return real_path(root, path, false);
}

bool
h2k_root_exists(struct h2k_root *root, const char *path)
{
    struct h2k_walk walk;
    return h2k_walk_existing(root, path, true, &walk) == 0;
}

bool
h2k_root_same(struct h2k_root *root, const char *a, const char *b)
{
    struct h2k_place x, y;
    return strcmp(a, b) == 0 || (h2k_root_lookup(root, a, &x) == 0 &&
                                 h2k_root_lookup(root, b, &y) == 0 &&
                                 x.fs == y.fs && x.ino == y.ino);
}

bool
h2k_root_has(struct h2k_root *root, const char *path)
{
    struct h2k_walk walk;
    return h2k_walk_existing(root, path, false, &walk) == 0;
}

bool
h2k_root_is_dir(struct h2k_root *root, const char *path)
{
    struct h2k_walk walk;
    return h2k_walk_existing(root, path, true, &walk) == 0 &&
           S_ISDIR(walk.stat.mode);
}

int
h2k_root_stat(struct h2k_root *root, const char *path, struct h2k_stat *out)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, true, &walk) < 0)
        return -1;
    *out = walk.stat;
    return 0;
}

int
h2k_root_space(struct h2k_root *root, const char *path, uint64_t *free_bytes)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, true, &walk) < 0)
        return -1;
    return h2k_fs_space(walk.place.fs, free_bytes);
}

static int
flush_one(struct h2k_fs *fs)
{
    return h2k_fs_writable(fs) ? h2k_fs_flush(fs) : 0;
}

int
h2k_root_flush(struct h2k_root *root)
{
    for (size_t i = 0; i < root->mount_count; i++)
        if (flush_one(root->mounts[i].top.fs) < 0)
            return -1;
    return 0;
}
