/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "memtree.h"

#include "fs/root.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <hyper2kvm/error.h>

#define FILE_MAX ((size_t)256 << 20)
#define DEPTH_MAX 32

static void
must(int rc, const char *path)
{
    if (rc >= 0)
        return;
    printf("Bail out! building the tree: %s: %s\n", path, h2k_errmsg());
    exit(99);
}

static struct h2k_root *
tree_of(struct h2k_fs *fs)
{
    struct h2k_root *root = h2k_root_new(fs);
    must(root == NULL ? -1 : 0, "/");
    return root;
}

static void
make_parents(struct h2k_root *root, const char *path)
{
    h2k_autofree char *parent = strdup(path);
    char *slash = parent == NULL ? NULL : strrchr(parent, '/');
    if (slash == NULL || slash == parent)
        return;
    *slash = '\0';
    must(h2k_root_mkdirs(root, parent, 0755), parent);
}

void
memtree_bytes(struct h2k_fs *fs, const char *path, uint32_t mode,
              const void *data, size_t size)
{
    H2K_AUTO(h2k_root) root = tree_of(fs);
    struct h2k_place place;
    make_parents(root, path);
    must(h2k_root_write_file(root, path, data, size, mode), path);
    must(h2k_root_lookup(root, path, &place), path);
    must(h2k_fs_chmod(fs, place.ino, mode), path);
}

void
memtree_file(struct h2k_fs *fs, const char *path, uint32_t mode,
             const char *text)
{
    memtree_bytes(fs, path, mode, text, strlen(text));
}

void
memtree_dir(struct h2k_fs *fs, const char *path, uint32_t mode)
{
    H2K_AUTO(h2k_root) root = tree_of(fs);
    struct h2k_place place;
    must(h2k_root_mkdirs(root, path, 0755), path);
    must(h2k_root_lookup(root, path, &place), path);
    must(h2k_fs_chmod(fs, place.ino, mode), path);
}

void
memtree_link(struct h2k_fs *fs, const char *path, const char *target)
{
    H2K_AUTO(h2k_root) root = tree_of(fs);
    make_parents(root, path);
    must(h2k_root_symlink(root, target, path), path);
}

void
memtree_owner(struct h2k_fs *fs, const char *path, uint32_t uid, uint32_t gid)
{
    H2K_AUTO(h2k_root) root = tree_of(fs);
    struct h2k_place place;
    must(h2k_root_lookup_nofollow(root, path, &place), path);
    must(h2k_fs_chown(fs, place.ino, uid, gid), path);
}

void
memtree_xattr(struct h2k_fs *fs, const char *path, const char *name,
              const char *value)
{
    H2K_AUTO(h2k_root) root = tree_of(fs);
    struct h2k_place place;
    must(h2k_root_lookup_nofollow(root, path, &place), path);
    must(h2k_fs_setxattr(fs, place.ino, name, value, strlen(value)), path);
}

char *
memtree_text(struct h2k_fs *fs, const char *path)
{
    H2K_AUTO(h2k_root) root = tree_of(fs);
    char *data;
    size_t size;
    return h2k_root_read_file(root, path, FILE_MAX, &data, &size) < 0 ? NULL
                                                                      : data;
}

static void
host_file(struct h2k_fs *fs, const char *path, const char *host,
          const struct stat *st)
{
    size_t size = (size_t)st->st_size;
    h2k_autofree char *data = malloc(size + 1);
    FILE *file = fopen(host, "rb");
    if (data == NULL || file == NULL || fread(data, 1, size, file) != size) {
        printf("Bail out! cannot read %s\n", host);
        exit(99);
    }
    fclose(file);
    memtree_bytes(fs, path, st->st_mode & 07777, data, size);
}

static void
host_tree(struct h2k_fs *fs, const char *path, const char *host, int depth)
{
    char target[H2K_PATH_MAX + 1];
    struct stat st;
    if (depth > DEPTH_MAX || lstat(host, &st) < 0) {
        printf("Bail out! cannot walk %s\n", host);
        exit(99);
    }
    if (S_ISREG(st.st_mode))
        host_file(fs, path, host, &st);
    if (S_ISLNK(st.st_mode)) {
        ssize_t n = readlink(host, target, sizeof(target) - 1);
        target[n < 0 ? 0 : n] = '\0';
        memtree_link(fs, path, target);
    }
    if (!S_ISDIR(st.st_mode))
        return;
    memtree_dir(fs, path, st.st_mode & 07777);
    struct dirent **names = NULL;
    int count = scandir(host, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char below[H2K_PATH_MAX], host_below[H2K_PATH_MAX];
        const char *name = names[i]->d_name;
        snprintf(below, sizeof(below), "%s/%s",
                 strcmp(path, "/") == 0 ? "" : path, name);
        snprintf(host_below, sizeof(host_below), "%s/%s", host, name);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            host_tree(fs, below, host_below, depth + 1);
        free(names[i]);
    }
    free(names);
}

void
memtree_host(struct h2k_fs *fs, const char *path, const char *host)
{
    host_tree(fs, path, host, 0);
}
