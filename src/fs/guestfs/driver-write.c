/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The driver: what writes. */
#include "base/checked.h"
#include "base/error.h"
#include "fs/guestfs/driver.h"

#include <string.h>
#include <sys/stat.h>

/* What is known of INO is not so any more. */
static void
touch(struct h2k_guestfs *fs, h2k_ino ino)
{
    if (ino < fs->tree.count)
        fs->tree.nodes[ino].fresh = false;
}

int
h2k_guestfs_op_write(void *state, h2k_ino ino, const void *data, size_t count,
                     uint64_t offset)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    if (h2k_guestfs_path(fs, ino, path) < 0)
        return -1;
    touch(fs, ino);
    h2k_guestfs_forget_window(fs);
    return H2K_GUESTFS_CALL(fs, write, path, data, count, offset);
}

int
h2k_guestfs_op_truncate(void *state, h2k_ino ino, uint64_t size)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    if (h2k_guestfs_path(fs, ino, path) < 0)
        return -1;
    touch(fs, ino);
    h2k_guestfs_forget_window(fs);
    return H2K_GUESTFS_CALL(fs, truncate, path, size);
}

/* ---- What is new ---- */

/* PATH was just made as NAME in DIR: it is in the tree from now on. */
static int
take_new(struct h2k_guestfs *fs, h2k_ino dir, const char *name,
         const char *path, h2k_ino *out)
{
    struct h2k_guestfs_stat st;
    /* In a filesystem's own directory, it has that one's device. */
    if (H2K_GUESTFS_CALL(fs, stat, path, &st) < 0)
        return -1;
    touch(fs, dir);
    size_t node =
        h2k_guestfs_tree_take(&fs->tree, (size_t)dir, st.device, name, &st);
    if (node == 0 ||
        h2k_guestfs_tree_set(&fs->tree, (size_t)dir, name, node) < 0)
        return -1;
    *out = node;
    return 0;
}

/* Owned by 0:0 and with MODE, whatever its directory hands down. */
static int
settle(struct h2k_guestfs *fs, h2k_ino ino, const char *path, uint32_t mode)
{
    const struct h2k_guestfs_stat *st = &fs->tree.nodes[ino].stat;
    bool owned = st->uid == 0 && st->gid == 0;
    if (owned && (st->mode & 07777) == mode)
        return 0;
    touch(fs, ino);
    if (!owned && H2K_GUESTFS_CALL(fs, chown, path, 0, 0) < 0)
        return -1;
    return H2K_GUESTFS_CALL(fs, chmod, path, mode);
}

int
h2k_guestfs_op_create(void *state, h2k_ino dir, const char *name,
                      uint32_t mode, h2k_ino *out)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    if (h2k_guestfs_list_dir(fs, dir) < 0 ||
        h2k_guestfs_path_in(fs, dir, name, path) < 0 ||
        H2K_GUESTFS_CALL(fs, create, path, mode) < 0 ||
        take_new(fs, dir, name, path, out) < 0)
        return -1;
    return settle(fs, *out, path, mode);
}

int
h2k_guestfs_op_mkdir(void *state, h2k_ino dir, const char *name, uint32_t mode,
                     h2k_ino *out)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    if (h2k_guestfs_list_dir(fs, dir) < 0 ||
        h2k_guestfs_path_in(fs, dir, name, path) < 0 ||
        H2K_GUESTFS_CALL(fs, mkdir, path, mode) < 0 ||
        take_new(fs, dir, name, path, out) < 0)
        return -1;
    return settle(fs, *out, path, mode);
}

int
h2k_guestfs_op_symlink(void *state, h2k_ino dir, const char *name,
                       const char *target)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    h2k_ino ino;
    if (h2k_guestfs_list_dir(fs, dir) < 0 ||
        h2k_guestfs_path_in(fs, dir, name, path) < 0 ||
        H2K_GUESTFS_CALL(fs, symlink, target, path) < 0)
        return -1;
    return take_new(fs, dir, name, path, &ino);
}

/* ---- Names ---- */

/* The node of NAME in DIR, which is listed; 0 for none. */
static size_t
node_of(struct h2k_guestfs *fs, h2k_ino dir, const char *name)
{
    const struct h2k_guestfs_entry *entry =
        h2k_guestfs_tree_find(&fs->tree, (size_t)dir, name);
    return entry == NULL ? 0 : entry->node;
}

int
h2k_guestfs_op_unlink(void *state, h2k_ino dir, const char *name)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    if (h2k_guestfs_list_dir(fs, dir) < 0 ||
        h2k_guestfs_path_in(fs, dir, name, path) < 0)
        return -1;
    h2k_guestfs_forget_window(fs);
    if (H2K_GUESTFS_CALL(fs, unlink, path) < 0)
        return -1;
    touch(fs, dir);
    h2k_guestfs_tree_unlinked(&fs->tree, node_of(fs, dir, name), (size_t)dir,
                              name);
    h2k_guestfs_tree_remove(&fs->tree, (size_t)dir, name);
    return 0;
}

int
h2k_guestfs_op_rename(void *state, h2k_ino old_dir, const char *old_name,
                      h2k_ino new_dir, const char *new_name)
{
    struct h2k_guestfs *fs = state;
    char from[H2K_GUESTFS_PATH], to[H2K_GUESTFS_PATH];
    if (h2k_guestfs_list_dir(fs, old_dir) < 0 ||
        h2k_guestfs_list_dir(fs, new_dir) < 0 ||
        h2k_guestfs_path_in(fs, old_dir, old_name, from) < 0 ||
        h2k_guestfs_path_in(fs, new_dir, new_name, to) < 0)
        return -1;
    h2k_guestfs_forget_window(fs);
    if (H2K_GUESTFS_CALL(fs, rename, from, to) < 0)
        return -1;
    size_t moved = node_of(fs, old_dir, old_name);
    size_t replaced = node_of(fs, new_dir, new_name);
    touch(fs, old_dir);
    touch(fs, new_dir);
    if (replaced != 0)
        h2k_guestfs_tree_unlinked(&fs->tree, replaced, (size_t)new_dir,
                                  new_name);
    h2k_guestfs_tree_remove(&fs->tree, (size_t)old_dir, old_name);
    return h2k_guestfs_tree_set(&fs->tree, (size_t)new_dir, new_name, moved) <
                   0
               ? -1
               : h2k_guestfs_tree_name(&fs->tree, moved, (size_t)new_dir,
                                       new_name);
}

/* ---- Attributes ---- */

int
h2k_guestfs_op_chmod(void *state, h2k_ino ino, uint32_t mode)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    const struct h2k_guestfs_node *node = h2k_guestfs_fresh(fs, ino);
    if (node == NULL || h2k_guestfs_path(fs, ino, path) < 0)
        return -1;
    /* Linux' chmod follows links, and has none for a link itself. */
    if (S_ISLNK(node->stat.mode))
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "libguestfs: a link has no permissions of its own");
    touch(fs, ino);
    return H2K_GUESTFS_CALL(fs, chmod, path, mode);
}

int
h2k_guestfs_op_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    const struct h2k_guestfs_node *node = h2k_guestfs_fresh(fs, ino);
    if (node == NULL || h2k_guestfs_path(fs, ino, path) < 0)
        return -1;
    uint32_t mode = node->stat.mode;
    touch(fs, ino);
    if (H2K_GUESTFS_CALL(fs, chown, path, uid, gid) < 0)
        return -1;
    /* Linux leaves a set-group-ID bit that nobody may execute. */
    return S_ISREG(mode) && (mode & S_ISGID) != 0
               ? H2K_GUESTFS_CALL(fs, chmod, path, mode & 01777)
               : 0;
}

int
h2k_guestfs_op_set_mtime(void *state, h2k_ino ino, int64_t mtime)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    if (h2k_guestfs_path(fs, ino, path) < 0)
        return -1;
    touch(fs, ino);
    return H2K_GUESTFS_CALL(fs, set_mtime, path, mtime);
}

int
h2k_guestfs_op_setxattr(void *state, h2k_ino ino, const char *name,
                        const void *value, size_t size)
{
    struct h2k_guestfs *fs = state;
    char path[H2K_GUESTFS_PATH];
    if (h2k_guestfs_path(fs, ino, path) < 0)
        return -1;
    touch(fs, ino); /* an access list is the mode, too */
    return H2K_GUESTFS_CALL(fs, setxattr, path, name, value, size);
}

/* Unmounted, it is clean; then all of it is on its way to the volume, which
 * `sync` waits for. */
int
h2k_guestfs_op_flush(void *state)
{
    struct h2k_guestfs *fs = state;
    unsigned running = h2k_appliance_running(fs->appliance);
    if (h2k_appliance_ended(fs->appliance))
        return H2K_GUESTFS_CALL(fs, sync); /* says what was lost, and why */
    if (running == 0 || fs->mounted != running)
        return 0;
    fs->mounted = 0;
    return H2K_GUESTFS_CALL(fs, umount, fs->point) < 0
               ? -1
               : H2K_GUESTFS_CALL(fs, sync);
}
