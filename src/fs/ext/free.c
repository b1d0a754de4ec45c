/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is free, by the block bitmaps ("bitmaps.rst"). */
#include "fs/ext/ext.h"

#include "base/checked.h"
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>

int
h2k_ext_space(void *state, uint64_t *free_bytes)
{
    struct h2k_ext *ext = state;
    struct ext2_super_block *super = ext->fs->super;
    uint64_t blocks = ext2fs_free_blocks_count(super);
    uint64_t reserved = ext2fs_r_blocks_count(super);
    *free_bytes =
        blocks > reserved ? (blocks - reserved) * ext->fs->blocksize : 0;
    return 0;
}

/* The first free range in [FIRST, LAST], in blocks; false when there is
 * none. */
static bool
next_free(ext2_filsys fs, uint64_t first, uint64_t last, uint64_t *begin,
          uint64_t *end)
{
    blk64_t found = 0;
    if (first > last || ext2fs_find_first_zero_block_bitmap2(
                            fs->block_map, first, last, &found) != 0)
        return false;
    *begin = found;
    *end = ext2fs_find_first_set_block_bitmap2(fs->block_map, found, last,
                                               &found) == 0
               ? found
               : last + 1;
    return true;
}

static bool
in_use(ext2_filsys fs, uint64_t first, uint64_t count)
{
    blk64_t zero = 0;
    return ext2fs_find_first_zero_block_bitmap2(
               fs->block_map, first, first + count - 1, &zero) == ENOENT;
}

/* A bitmap that was damaged without a checksum to tell shows when the group
 * counts otherwise, or when it gives the group's own tables away. */
static bool
group_agrees(ext2_filsys fs, dgrp_t group)
{
    uint64_t at = ext2fs_group_first_block2(fs, group), clusters = 0;
    uint64_t last = ext2fs_group_last_block2(fs, group), begin, end;
    while (next_free(fs, at, last, &begin, &end)) {
        clusters += EXT2FS_B2C(fs, end - 1) - EXT2FS_B2C(fs, begin) + 1;
        at = end;
    }
    return clusters == ext2fs_bg_free_blocks_count(fs, group) &&
           in_use(fs, ext2fs_block_bitmap_loc(fs, group), 1) &&
           in_use(fs, ext2fs_inode_bitmap_loc(fs, group), 1) &&
           in_use(fs, ext2fs_inode_table_loc(fs, group),
                  fs->inode_blocks_per_group);
}

static int
check_trust(struct h2k_ext *ext)
{
    uint32_t state = ext->fs->super->s_state;
    if (ext->broken || (state & EXT2_VALID_FS) == 0 ||
        (state & EXT2_ERROR_FS) != 0 ||
        ext2fs_has_feature_shared_blocks(ext->fs->super))
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "ext: its bitmaps cannot be trusted before e2fsck "
                        "has looked at them");
    for (dgrp_t i = 0; i < ext->fs->group_desc_count; i++)
        if (!group_agrees(ext->fs, i))
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "ext: block group %" PRIu32
                            ": its bitmap and its count of free blocks "
                            "differ; run e2fsck on it first",
                            i);
    return 0;
}

int
h2k_ext_each_free(void *state, h2k_free_fn fn, void *opaque)
{
    struct h2k_ext *ext = state;
    if (h2k_ext_need_bitmaps(ext) < 0)
        return h2k_recode(H2K_E_UNSUPPORTED);
    if (check_trust(ext) < 0)
        return -1;
    uint64_t size = ext->fs->blocksize, begin, end;
    uint64_t at = ext->fs->super->s_first_data_block;
    uint64_t last = ext2fs_blocks_count(ext->fs->super) - 1;
    while (next_free(ext->fs, at, last, &begin, &end)) {
        int rc = fn(opaque, begin * size, (end - begin) * size);
        if (rc != 0)
            return rc;
        at = end;
    }
    return 0;
}
