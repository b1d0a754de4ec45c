/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The driver: mounting, and what reads. */
#include "fs/guestfs/driver.h"

#include "base/checked.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* ---- Mounting ---- */

static int
mount_it(struct h2k_guestfs *fs)
{
    char options[300];
    snprintf(options, sizeof(options), "%s,noatime%s%s",
             fs->writable ? "rw" : "ro", fs->options != NULL ? "," : "",
             fs->options != NULL ? fs->options : "");
    if (H2K_GUESTFS_CALL(fs, mount, options, fs->device, fs->point) < 0)
        return -1;
    fs->mounted = h2k_appliance_running(fs->appliance);
    return 0;
}

int
h2k_guestfs_ready(struct h2k_guestfs *fs)
{
    struct h2k_guestfs_stat root;
    unsigned running = h2k_appliance_running(fs->appliance);
    if ((running == 0 || fs->mounted != running) && mount_it(fs) < 0)
        return -1;
    if (fs->tree.count > 0)
        return 0;
    if (H2K_GUESTFS_CALL(fs, stat, fs->point, &root) < 0)
        return -1;
    if (h2k_guestfs_tree_init(&fs->tree, &root) == 0)
        return 0;
    h2k_guestfs_tree_clear(&fs->tree);
    return -1;
}

int
h2k_guestfs_path(struct h2k_guestfs *fs, h2k_ino ino,
                 char text[H2K_GUESTFS_PATH])
{
    return h2k_guestfs_ready(fs) < 0
               ? -1
               : h2k_guestfs_tree_path(&fs->tree, ino, fs->point, text);
}

int
h2k_guestfs_path_in(struct h2k_guestfs *fs, h2k_ino dir, const char *name,
                    char text[H2K_GUESTFS_PATH])
{
    if (h2k_guestfs_path(fs, dir, text) < 0)
        return -1;
    size_t length = strlen(text);
    if (length + 1 + strlen(name) >= H2K_GUESTFS_PATH)
        return h2k_fail(H2K_E_RANGE, "libguestfs: '%s': a path too long",
                        name);
    text[length] = '/';
    strcpy(text + length + 1, name);
    return 0;
}

/* ---- Directories ---- */

/* What no component of a path may be; a damaged directory has such names. */
static bool
is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= H2K_NAME_MAX && strchr(name, '/') == NULL;
}

static bool
is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Into the tree, from what lstat says of each; STATS[0] is DIR itself. */
static int
take_names(struct h2k_guestfs *fs, h2k_ino dir,
           const struct h2k_guestfs_names *names,
           const struct h2k_guestfs_stat *stats)
{
    for (size_t i = 1; i < names->count; i++) {
        size_t node = 0;
        if (stats[i].ino != 0) {
            node =
                h2k_guestfs_tree_take(&fs->tree, (size_t)dir, stats[0].device,
                                      names->items[i], &stats[i]);
            if (node == 0 && h2k_errcode() != H2K_E_CORRUPT)
                return -1;
        }
        if (h2k_guestfs_tree_set(&fs->tree, (size_t)dir, names->items[i],
                                 node) < 0)
            return -1;
    }
    fs->tree.nodes[dir].listed = true;
    return 0;
}

/* The names worth asking for: "." first. */
static int
pick_names(const struct h2k_guestfs_names *all,
           struct h2k_guestfs_names *picked)
{
    if (h2k_guestfs_names_add(picked, ".") < 0)
        return -1;
    for (size_t i = 0; i < all->count; i++)
        if (is_name(all->items[i]) && !is_dot(all->items[i]) &&
            h2k_guestfs_names_add(picked, all->items[i]) < 0)
            return -1;
    return 0;
}

static int
read_dir(struct h2k_guestfs *fs, h2k_ino dir, struct h2k_guestfs_names *all,
         struct h2k_guestfs_names *picked)
{
    char path[H2K_GUESTFS_PATH];
    if (h2k_guestfs_path(fs, dir, path) < 0 ||
        H2K_GUESTFS_CALL(fs, list, path, all) < 0 ||
        pick_names(all, picked) < 0)
        return -1;
    h2k_autofree struct h2k_guestfs_stat *stats =
        calloc(picked->count, sizeof(*stats));
    if (stats == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return H2K_GUESTFS_CALL(fs, stat_list, path, picked, stats) < 0
               ? -1
               : take_names(fs, dir, picked, stats);
}

int
h2k_guestfs_list_dir(struct h2k_guestfs *fs, h2k_ino dir)
{
    struct h2k_guestfs_names all = { 0 }, picked = { 0 };
    struct h2k_guestfs_node *node =
        h2k_guestfs_ready(fs) < 0 ? NULL
                                  : h2k_guestfs_tree_node(&fs->tree, dir);
    if (node == NULL)
        return -1;
    int rc = node->listed ? 0 : read_dir(fs, dir, &all, &picked);
    h2k_guestfs_names_clear(&all);
    h2k_guestfs_names_clear(&picked);
    return rc;
}

struct h2k_guestfs_node *
h2k_guestfs_fresh(struct h2k_guestfs *fs, h2k_ino ino)
{
    char path[H2K_GUESTFS_PATH];
    struct h2k_guestfs_stat now;
    struct h2k_guestfs_node *node =
        h2k_guestfs_ready(fs) < 0 ? NULL
                                  : h2k_guestfs_tree_node(&fs->tree, ino);
    if (node == NULL || node->fresh)
        return node;
    if (h2k_guestfs_path(fs, ino, path) < 0 ||
        H2K_GUESTFS_CALL(fs, stat, path, &now) < 0)
        return NULL;
    node->stat = now;
    node->fresh = true;
    return node;
}

/* ---- The calls ---- */

static h2k_ino
op_root(void *state)
{
    (void)state;
    return H2K_GUESTFS_ROOT;
}

static int
op_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out)
{
    struct h2k_guestfs *fs = state;
    if (h2k_guestfs_list_dir(fs, dir) < 0)
        return -1;
    const struct h2k_guestfs_entry *entry =
        h2k_guestfs_tree_find(&fs->tree, (size_t)dir, name);
    if (entry == NULL)
        return h2k_fail(H2K_E_NOENT, "libguestfs: no name '%s'", name);
    if (entry->node == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "libguestfs: '%s' is in its directory and cannot be "
                        "read",
                        name);
    if (h2k_guestfs_tree_name(&fs->tree, entry->node, (size_t)dir, name) < 0)
        return -1;
    *out = entry->node;
    return 0;
}

static int
op_stat(void *state, h2k_ino ino, struct h2k_stat *out)
{
    const struct h2k_guestfs_node *node = h2k_guestfs_fresh(state, ino);
    if (node == NULL)
        return -1;
    *out = (struct h2k_stat){
        .ino = ino,
        .mode = node->stat.mode,
        .uid = node->stat.uid,
        .gid = node->stat.gid,
        .size = node->stat.size,
        .links = node->stat.links,
        .mtime = node->stat.mtime,
    };
    return 0;
}

/* FN may change the directory, so it is given a copy's names. */
static int
op_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    struct h2k_guestfs *fs = state;
    if (h2k_guestfs_list_dir(fs, dir) < 0)
        return -1;
    const struct h2k_guestfs_node *node = &fs->tree.nodes[dir];
    struct h2k_guestfs_names names = { 0 };
    h2k_autofree h2k_ino *inos = calloc(node->count + 1, sizeof(*inos));
    int rc = inos == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; rc == 0 && i < node->count; i++) {
        inos[i] = node->entries[i].node;
        rc = h2k_guestfs_names_add(&names, node->entries[i].name);
        if (inos[i] == 0)
            rc = h2k_fail(H2K_E_CORRUPT,
                          "libguestfs: '%s' is in its directory and cannot "
                          "be read",
                          node->entries[i].name);
    }
    for (size_t i = 0; rc == 0 && i < names.count; i++)
        rc = fn(opaque, names.items[i], inos[i]);
    h2k_guestfs_names_clear(&names);
    return rc;
}

void
h2k_guestfs_forget_window(struct h2k_guestfs *fs)
{
    fs->window_ino = 0;
}

/* The window begins at OFFSET of INO. */
static int
fill_window(struct h2k_guestfs *fs, h2k_ino ino, uint64_t offset)
{
    char path[H2K_GUESTFS_PATH];
    const struct h2k_guestfs_node *node = h2k_guestfs_fresh(fs, ino);
    if (node == NULL || h2k_guestfs_path(fs, ino, path) < 0)
        return -1;
    if (fs->window == NULL &&
        (fs->window = malloc(H2K_GUESTFS_WINDOW)) == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    fs->window_ino = 0;
    fs->window_offset = offset;
    fs->window_size =
        (size_t)h2k_min_u64(H2K_GUESTFS_WINDOW, node->stat.size - offset);
    if (H2K_GUESTFS_CALL(fs, read, path, fs->window, fs->window_size, offset) <
        0)
        return -1;
    fs->window_ino = ino;
    return 0;
}

static int
op_read(void *state, h2k_ino ino, void *buffer, size_t count, uint64_t offset)
{
    struct h2k_guestfs *fs = state;
    uint8_t *to = buffer;
    while (count > 0) {
        if ((fs->window_ino != ino || offset < fs->window_offset ||
             offset >= fs->window_offset + fs->window_size) &&
            fill_window(fs, ino, offset) < 0)
            return -1;
        size_t at = (size_t)(offset - fs->window_offset);
        size_t some = (size_t)h2k_min_u64(count, fs->window_size - at);
        memcpy(to, fs->window + at, some);
        to += some;
        offset += some;
        count -= some;
    }
    return 0;
}

static int
op_readlink(void *state, h2k_ino ino, char *target, size_t size)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    return h2k_guestfs_path(fs, ino, path) < 0
               ? -1
               : H2K_GUESTFS_CALL(fs, readlink, path, target, size);
}

static int
op_getxattr(void *state, h2k_ino ino, const char *name, void **value,
            size_t *size)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    return h2k_guestfs_path(fs, ino, path) < 0
               ? -1
               : H2K_GUESTFS_CALL(fs, getxattr, path, name, value, size);
}

static int
op_listxattr(void *state, h2k_ino ino, h2k_xattr_fn fn, void *opaque)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    struct h2k_guestfs_names names = { 0 };
    int rc = h2k_guestfs_path(fs, ino, path) < 0
                 ? -1
                 : H2K_GUESTFS_CALL(fs, listxattr, path, &names);
    for (size_t i = 0; rc == 0 && i < names.count; i++)
        rc = fn(opaque, names.items[i]);
    h2k_guestfs_names_clear(&names);
    return rc;
}

static int
op_space(void *state, uint64_t *free_bytes)
{
    struct h2k_guestfs *fs = state;
    return h2k_guestfs_ready(fs) < 0
               ? -1
               : H2K_GUESTFS_CALL(fs, space, fs->point, free_bytes);
}

static void
op_close(void *state)
{
    struct h2k_guestfs *fs = state;
    h2k_guestfs_tree_clear(&fs->tree);
    free(fs->window);
    free(fs->device);
    free(fs->options);
    free(fs);
}

static const struct h2k_fs_ops guestfs_ops = {
    .name = "libguestfs",
    .close = op_close,
    .root = op_root,
    .lookup = op_lookup,
    .stat = op_stat,
    .readdir = op_readdir,
    .read = op_read,
    .readlink = op_readlink,
    .getxattr = op_getxattr,
    .listxattr = op_listxattr,
    .write = h2k_guestfs_op_write,
    .truncate = h2k_guestfs_op_truncate,
    .create = h2k_guestfs_op_create,
    .mkdir = h2k_guestfs_op_mkdir,
    .symlink = h2k_guestfs_op_symlink,
    .unlink = h2k_guestfs_op_unlink,
    .rename = h2k_guestfs_op_rename,
    .chmod = h2k_guestfs_op_chmod,
    .chown = h2k_guestfs_op_chown,
    .set_mtime = h2k_guestfs_op_set_mtime,
    .setxattr = h2k_guestfs_op_setxattr,
    .space = op_space,
    .flush = h2k_guestfs_op_flush,
};

struct h2k_fs *
h2k_guestfs_open(struct h2k_appliance *appliance,
                 const struct h2k_guestfs_source *source, bool writable)
{
    struct h2k_guestfs *fs = calloc(1, sizeof(*fs));
    if (fs == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    fs->appliance = appliance;
    fs->ops = h2k_appliance_ops(appliance);
    fs->writable = writable;
    fs->device = strdup(source->device);
    fs->options = source->options == NULL ? NULL : strdup(source->options);
    if (fs->device == NULL ||
        (source->options != NULL && fs->options == NULL)) {
        op_close(fs);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    snprintf(fs->point, sizeof(fs->point), "/volume%u",
             h2k_appliance_next_point(appliance));
    return h2k_fs_new(&guestfs_ops, fs, writable);
}

bool
h2k_guestfs_takes(const char *type)
{
    static const char *const types[] = {
        "btrfs", "exfat",  "ext2",     "ext3", "ext4", "f2fs",
        "jfs",   "nilfs2", "reiserfs", "vfat", "xfs",
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

/* Its extended attributes are off otherwise. */
const char *
h2k_guestfs_options(const char *type)
{
    return strcmp(type, "reiserfs") == 0 ? "user_xattr,acl" : NULL;
}
