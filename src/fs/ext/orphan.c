/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Orphans: inodes that were deleted while open, or were being truncated,
 * when the filesystem was last in use ("orphan.rst").  They stand in a list
 * that starts in the superblock and goes on in i_dtime, or in a file of
 * their own.  The kernel ends what was begun when it mounts; so do we.
 */
#include "fs/ext/ext.h"

#include "base/checked.h"
#include "base/endian.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* Bytes of a file beyond its size that a write did not come to use. */
static int
truncate_orphan(struct h2k_ext *ext, ext2_ino_t ino,
                struct ext2_inode_large *inode)
{
    inode->i_dtime = 0;
    if (h2k_ext_inode_write(ext, ino, inode) < 0)
        return -1;
    if (!S_ISREG(inode->i_mode) || (inode->i_flags & EXT4_INLINE_DATA_FL))
        return 0;
    return h2k_ext_punch(ext, ino, inode,
                         h2k_div_up(EXT2_I_SIZE(inode), ext->fs->blocksize));
}

/* An inode is released only while it is in use, so a list in circles ends
 * where it would release one again; a truncated one's link is cleared. */
static int
end_orphan(struct h2k_ext *ext, uint32_t number, uint32_t *next)
{
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (h2k_ext_number(ext, number, &ino) < 0)
        return -1;
    errcode_t err = ext2fs_read_inode_full(ext->fs, ino, h2k_ext_small(&inode),
                                           sizeof(inode));
    if (err != 0)
        return h2k_ext_fail(err, "inode %" PRIu32, ino);
    if (!ext2fs_test_inode_bitmap2(ext->fs->inode_map, ino) ||
        inode.i_mode == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu32
                        " is listed as deleted and is not in use; run e2fsck "
                        "on it first",
                        ino);
    *next = inode.i_dtime;
    return inode.i_links_count > 0 ? truncate_orphan(ext, ino, &inode)
                                   : h2k_ext_release(ext, ino, &inode);
}

static int
release_list(struct h2k_ext *ext)
{
    struct ext2_super_block *super = ext->fs->super;
    uint32_t ino = super->s_last_orphan;
    for (uint32_t i = 0; ino != 0; i++) {
        if (i > super->s_inodes_count)
            return h2k_fail(H2K_E_CORRUPT,
                            "the list of deleted inodes goes in circles; run "
                            "e2fsck on it first");
        if (end_orphan(ext, ino, &ino) < 0)
            return -1;
    }
    super->s_last_orphan = 0;
    return 0;
}

static int
release_block(struct h2k_ext *ext, uint64_t block, uint8_t *data)
{
    ext2_filsys fs = ext->fs;
    ext2_ino_t file = fs->super->s_orphan_file_inum;
    if (io_channel_read_blk64(fs->io, block, 1, data) != 0)
        return -1;
    if (h2k_get_le32(data + fs->blocksize - 8) != EXT4_ORPHAN_BLOCK_MAGIC ||
        !ext2fs_orphan_file_block_csum_verify(fs, file, block, (char *)data))
        return h2k_fail(H2K_E_CORRUPT,
                        "a block of the orphan file is damaged; run e2fsck "
                        "on it first");
    bool changed = false;
    for (size_t at = 0; at + 8 < fs->blocksize; at += 4) {
        uint32_t ino = h2k_get_le32(data + at), unused;
        if (ino == 0)
            continue;
        if (end_orphan(ext, ino, &unused) < 0)
            return -1;
        h2k_put_le32(data + at, 0);
        changed = true;
    }
    if (!changed)
        return 0;
    errcode_t err =
        ext2fs_orphan_file_block_csum_set(fs, file, block, (char *)data);
    if (err == 0)
        err = io_channel_write_blk64(fs->io, block, 1, data);
    return err == 0 ? 0 : h2k_ext_break(ext, err, "orphan file");
}

static int
release_file(struct h2k_ext *ext)
{
    ext2_filsys fs = ext->fs;
    struct ext2_inode inode;
    ext2_ino_t file = fs->super->s_orphan_file_inum;
    if (!ext2fs_has_feature_orphan_file(fs->super))
        return h2k_fail(H2K_E_CORRUPT,
                        "orphans are noted in a file that there is not; run "
                        "e2fsck on it first");
    errcode_t err = ext2fs_read_inode(fs, file, &inode);
    h2k_autofree uint8_t *data = malloc(fs->blocksize);
    if (data == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    uint64_t blocks = EXT2_I_SIZE(&inode) / fs->blocksize;
    for (uint64_t i = 0; err == 0 && i < blocks; i++) {
        blk64_t block = 0;
        err = ext2fs_bmap2(fs, file, &inode, NULL, 0, i, NULL, &block);
        if (err == 0 && release_block(ext, block, data) < 0)
            return -1;
    }
    if (err != 0)
        return h2k_ext_fail(err, "orphan file");
    ext2fs_clear_feature_orphan_present(fs->super);
    return 0;
}

int
h2k_ext_release_orphans(struct h2k_ext *ext)
{
    H2K_EXT_CALL(ext);
    if (h2k_ext_need_bitmaps(ext) < 0 || release_list(ext) < 0)
        return -1;
    if (ext2fs_has_feature_orphan_present(ext->fs->super) &&
        release_file(ext) < 0)
        return -1;
    ext2fs_mark_super_dirty(ext->fs);
    return 0;
}
