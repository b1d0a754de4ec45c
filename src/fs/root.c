/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/root.h"

#include "base/error.h"
#include "fs/walk.h"

#include <string.h>
#include <sys/stat.h>

struct h2k_root *
h2k_root_new(struct h2k_fs *fs)
{
    struct h2k_root *root = malloc(sizeof(*root));
    if (root == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    *root = (struct h2k_root){ .fs = fs };
    return root;
}

void
h2k_root_free(struct h2k_root *root)
{
    if (root == NULL)
        return;
    free(root->mounts);
    free(root);
}

/* Is PLACE what the tree begins with, or what was mounted somewhere? */
static bool
is_mounted(const struct h2k_root *root, struct h2k_place place)
{
    bool found = place.fs == root->fs;
    for (size_t i = 0; i < root->mount_count && !found; i++)
        found = place.fs == root->mounts[i].fs;
    return found && place.ino == h2k_fs_root(place.fs);
}

int
h2k_root_mount(struct h2k_root *root, const char *path, struct h2k_fs *fs)
{
    struct h2k_walk walk;
    if (h2k_walk_existing(root, path, true, &walk) < 0)
        return -1;
    if (!S_ISDIR(walk.stat.mode))
        return h2k_fail(H2K_E_NOTDIR,
                        "%s: not a directory to mount a filesystem on",
                        walk.path);
    if (is_mounted(root, walk.place))
        return h2k_fail(H2K_E_EXIST,
                        "%s: a filesystem is mounted there already",
                        walk.path);
    struct h2k_mount *mounts =
        realloc(root->mounts, (root->mount_count + 1) * sizeof(*root->mounts));
    if (mounts == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    root->mounts = mounts;
    mounts[root->mount_count++] =
        (struct h2k_mount){ .over = walk.place, .fs = fs };
    return 0;
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

char *
h2k_root_realpath(struct h2k_root *root, const char *path)
{
    struct h2k_walk walk;
    if (h2k_walk(root, path, true, &walk) < 0)
        return NULL;
    char *copy = strdup(walk.path);
    return copy != NULL ? copy : h2k_fail_null(H2K_E_NOMEM, "out of memory");
}

bool
h2k_root_exists(struct h2k_root *root, const char *path)
{
    struct h2k_walk walk;
    return h2k_walk_existing(root, path, true, &walk) == 0;
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
    if (flush_one(root->fs) < 0)
        return -1;
    for (size_t i = 0; i < root->mount_count; i++)
        if (flush_one(root->mounts[i].fs) < 0)
            return -1;
    return 0;
}
