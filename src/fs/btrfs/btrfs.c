/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * btrfs: opening and closing.
 *
 * It is read by us, and not written: a filesystem that copies on write has
 * as many structures to change for one file as for all, and libguestfs lets
 * Linux do it.
 */
#include "fs/btrfs/btrfs.h"

#include "base/error.h"
#include "fs/types.h"

#include <stdio.h>

static void
btrfs_close(void *state)
{
    struct h2k_btrfs *fs = state;
    h2k_btrfs_plain_free(fs->plain);
    h2k_btrfs_subvolumes_free(fs);
    h2k_btrfs_chunks_free(&fs->chunks);
    h2k_btrfs_cache_free(fs->cache);
    h2k_btrfs_devices_close(fs);
    free(fs);
}

static h2k_ino
btrfs_root(void *state)
{
    struct h2k_btrfs *fs = state;
    return h2k_btrfs_subvolume_top(fs, &fs->subvolumes[fs->default_subvolume]);
}

static const struct h2k_fs_ops btrfs_ops = {
    .name = "btrfs",
    .close = btrfs_close,
    .root = btrfs_root,
    .lookup = h2k_btrfs_lookup,
    .stat = h2k_btrfs_stat,
    .readdir = h2k_btrfs_readdir,
    .read = h2k_btrfs_read,
    .readlink = h2k_btrfs_readlink,
    .getxattr = h2k_btrfs_getxattr,
    .listxattr = h2k_btrfs_listxattr,
    .space = h2k_btrfs_space,
    .each_free = h2k_btrfs_each_free,
    .each_free_on = h2k_btrfs_each_free_on,
    .subvolume = h2k_btrfs_subvolume,
    .each_subvolume = h2k_btrfs_each_subvolume,
};

static int
btrfs_probe(struct h2k_block *volume, struct h2k_fs_info *info)
{
    h2k_autofree struct h2k_btrfs_super *super = malloc(sizeof(*super));
    if (super == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    int rc = h2k_btrfs_super_read(volume, super, info);
    if (rc <= 0)
        return rc;
    if (h2k_btrfs_sum_check_type(super->sum_type) < 0)
        return -1;
    info->mountable = true;
    return 1;
}

static int
open_trees(struct h2k_btrfs *fs)
{
    fs->cache = h2k_btrfs_cache_new(fs->super.node_size);
    fs->chunk_tree = (struct h2k_btrfs_tree){
        .id = H2K_BTRFS_CHUNK_TREE,
        .block = fs->super.chunk_root,
        .generation = fs->super.chunk_root_generation,
        .level = fs->super.chunk_root_level,
    };
    if (fs->cache == NULL || h2k_btrfs_chunks_bootstrap(fs) < 0 ||
        h2k_btrfs_chunks_load(fs) < 0 || h2k_btrfs_trees_open(fs) < 0)
        return -1;
    return h2k_btrfs_subvolumes_load(fs);
}

static void
note_missing(const struct h2k_btrfs *fs, struct h2k_fs_info *info)
{
    char missing[150];
    if (h2k_btrfs_devices_missing(fs, missing, sizeof(missing)))
        snprintf(info->problem, sizeof(info->problem),
                 "%s: missing; all is read from its copies", missing);
}

static struct h2k_fs *
open_members(struct h2k_block *const *volumes, size_t count, bool writable,
             struct h2k_fs_info *info)
{
    if (writable)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "btrfs: is written through libguestfs only");
    struct h2k_btrfs *fs = calloc(1, sizeof(*fs));
    if (fs == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (h2k_btrfs_devices_open(fs, volumes, count, info) < 0 ||
        open_trees(fs) < 0) {
        btrfs_close(fs);
        h2k_prefix("btrfs: ");
        return NULL;
    }
    info->mountable = true;
    info->device = 0;
    note_missing(fs, info);
    return h2k_fs_new(&btrfs_ops, fs, false);
}

static struct h2k_fs *
btrfs_open(struct h2k_block *volume, bool writable, struct h2k_fs_info *info)
{
    return open_members(&volume, 1, writable, info);
}

const struct h2k_fs_type h2k_btrfs_type = {
    .name = "btrfs",
    .probe = btrfs_probe,
    .open = btrfs_open,
    .open_members = open_members,
};
