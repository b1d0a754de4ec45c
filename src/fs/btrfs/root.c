/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Root tree" and "Root item": where the other trees are. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

int
h2k_btrfs_root_item(struct h2k_view item, uint64_t id,
                    struct h2k_btrfs_tree *out)
{
    *out = (struct h2k_btrfs_tree){
        .id = id,
        .block = h2k_view_le64(item, H2K_BTRFS_ROOT_BYTENR),
        .generation = h2k_view_le64(item, H2K_BTRFS_ROOT_GENERATION),
        .level = h2k_view_u8(item, H2K_BTRFS_ROOT_LEVEL),
    };
    if (item.size < H2K_BTRFS_ROOT_SIZE || out->level >= H2K_BTRFS_LEVELS ||
        out->block == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "tree %" PRIu64 ": %zu bytes of root item, level %u",
                        id, item.size, out->level);
    return 0;
}

static int
open_tree(struct h2k_btrfs *fs, uint64_t id, struct h2k_btrfs_tree *out)
{
    H2K_BTRFS_CURSOR(c, fs, &fs->root_tree);
    const struct h2k_btrfs_key last = { id, H2K_BTRFS_ROOT_ITEM, UINT64_MAX };
    *out = (struct h2k_btrfs_tree){ .id = id };
    int rc = h2k_btrfs_seek_before(&c, last);
    if (rc <= 0 || c.key.object != id || c.key.type != H2K_BTRFS_ROOT_ITEM)
        return rc < 0 ? -1 : 0;
    return h2k_btrfs_root_item(c.item, id, out);
}

int
h2k_btrfs_trees_open(struct h2k_btrfs *fs)
{
    fs->root_tree = (struct h2k_btrfs_tree){
        .id = H2K_BTRFS_ROOT_TREE,
        .block = fs->super.root,
        .generation = fs->super.generation,
        .level = fs->super.root_level,
    };
    return open_tree(fs, H2K_BTRFS_EXTENT_TREE, &fs->extent_tree) < 0 ||
                   open_tree(fs, H2K_BTRFS_DEV_TREE, &fs->dev_tree) < 0
               ? -1
               : open_tree(fs, H2K_BTRFS_CSUM_TREE, &fs->csum_tree);
}
