/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Inodes: reading, writing, and giving one back with all that it holds. */
#include "fs/ext/ext.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

int
h2k_ext_number(struct h2k_ext *ext, h2k_ino ino, ext2_ino_t *out)
{
    const struct ext2_super_block *super = ext->fs->super;
    *out = (ext2_ino_t)ino;
    if (ino <= super->s_inodes_count &&
        (ino == EXT2_ROOT_INO || ino >= EXT2_GOOD_OLD_FIRST_INO) &&
        (ino != super->s_orphan_file_inum ||
         !ext2fs_has_feature_orphan_file(ext->fs->super)))
        return 0;
    return h2k_fail(
        H2K_E_CORRUPT,
        "inode %" PRIu64 " cannot be a file's; run e2fsck on it first", ino);
}

/* "inodes.rst", i_extra_isize: what is in use behind the first 128 bytes. */
static bool
extra_fits(struct h2k_ext *ext, const struct ext2_inode_large *inode)
{
    uint32_t room = EXT2_INODE_SIZE(ext->fs->super) - EXT2_GOOD_OLD_INODE_SIZE;
    return inode->i_extra_isize <= room && inode->i_extra_isize % 4 == 0;
}

int
h2k_ext_inode_read(struct h2k_ext *ext, ext2_ino_t ino,
                   struct ext2_inode_large *out)
{
    memset(out, 0, sizeof(*out));
    errcode_t err =
        ext2fs_read_inode_full(ext->fs, ino, h2k_ext_small(out), sizeof(*out));
    if (err != 0)
        return h2k_ext_fail(err, "inode %" PRIu32, ino);
    if (!extra_fits(ext, out))
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu32
                        " is larger than inodes are; run e2fsck on it first",
                        ino);
    switch (out->i_mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        if (out->i_links_count > 0)
            return 0;
    }
    return h2k_fail(H2K_E_CORRUPT,
                    "inode %" PRIu32
                    " has a name and is not in use; run e2fsck on it first",
                    ino);
}

int
h2k_ext_inode_write(struct h2k_ext *ext, ext2_ino_t ino,
                    struct ext2_inode_large *inode)
{
    errcode_t err = ext2fs_write_inode_full(ext->fs, ino, h2k_ext_small(inode),
                                            sizeof(*inode));
    return err == 0 ? 0
                    : h2k_ext_break(ext, err, "writing inode %" PRIu32, ino);
}

int
h2k_ext_inode_edit(struct h2k_ext *ext, ext2_ino_t ino,
                   struct ext2_inode_large *out)
{
    static const struct {
        uint32_t flag;
        const char *what;
    } kept[] = {
        { EXT2_IMMUTABLE_FL, "immutable (chattr +i)" },
        { EXT2_APPEND_FL, "append-only (chattr +a)" },
        { EXT4_ENCRYPT_FL, "encrypted" },
        { EXT4_VERITY_FL, "sealed by fs-verity" },
        { EXT4_CASEFOLD_FL, "a directory without regard to case" },
        { EXT2_COMPRBLK_FL, "compressed" },
        { EXT4_EA_INODE_FL, "an attribute's value" },
    };
    if (h2k_ext_inode_read(ext, ino, out) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (out->i_flags & kept[i].flag)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "inode %" PRIu32 " is %s, and is not changed", ino,
                            kept[i].what);
    return 0;
}

/* Does the inode reach as far as the field that ends at END? */
static bool
has_extra(const struct ext2_inode_large *inode, size_t end)
{
    return EXT2_GOOD_OLD_INODE_SIZE + (size_t)inode->i_extra_isize >= end;
}

#define HAS_EXTRA(inode, field)                                 \
    has_extra(inode, offsetof(struct ext2_inode_large, field) + \
                         sizeof((inode)->field))

/* "inodes.rst", Inode Timestamps: 32 bits with a sign, to which the lowest
 * two of the extra field add 2^32 each time. */
int64_t
h2k_ext_get_mtime(const struct ext2_inode_large *inode)
{
    int64_t seconds = (int32_t)inode->i_mtime;
    if (HAS_EXTRA(inode, i_mtime_extra))
        seconds += (int64_t)(inode->i_mtime_extra & 3) << 32;
    return seconds;
}

static uint32_t
epoch_of(int64_t seconds)
{
    return (uint32_t)(((seconds - (int32_t)seconds) >> 32) & 3);
}

int
h2k_ext_set_mtime(struct ext2_inode_large *inode, int64_t mtime)
{
    bool extra = HAS_EXTRA(inode, i_mtime_extra);
    int64_t latest = extra ? (INT64_C(3) << 32) + INT32_MAX : INT32_MAX;
    if (mtime < INT32_MIN || mtime > latest)
        return h2k_fail(H2K_E_RANGE,
                        "a time of %" PRId64 " s does not fit an inode",
                        mtime);
    inode->i_mtime = (uint32_t)mtime;
    if (extra)
        inode->i_mtime_extra = epoch_of(mtime);
    return 0;
}

void
h2k_ext_set_ctime(struct ext2_inode_large *inode, int64_t now)
{
    inode->i_ctime = (uint32_t)now;
    if (HAS_EXTRA(inode, i_ctime_extra))
        inode->i_ctime_extra = epoch_of(now);
}

int
h2k_ext_touch(struct h2k_ext *ext, ext2_ino_t ino, bool contents)
{
    struct ext2_inode_large inode;
    if (h2k_ext_inode_read(ext, ino, &inode) < 0 ||
        (contents && h2k_ext_set_mtime(&inode, ext->fs->now) < 0))
        return -1;
    h2k_ext_set_ctime(&inode, ext->fs->now);
    return h2k_ext_inode_write(ext, ino, &inode);
}

static int
fail_blocks(ext2_ino_t ino)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "inode %" PRIu32
                    " holds blocks that are free, or outside of the "
                    "filesystem; run e2fsck on it first",
                    ino);
}

/* COUNT blocks from FIRST are inside, and in use. */
static bool
blocks_in_use(ext2_filsys fs, uint64_t first, uint64_t count)
{
    uint64_t begin = fs->super->s_first_data_block;
    blk64_t zero = 0;
    uint64_t end = ext2fs_blocks_count(fs->super);
    if (count == 0 || first < begin || !h2k_range_inside(first, count, end))
        return false;
    return ext2fs_find_first_zero_block_bitmap2(
               fs->block_map, first, first + count - 1, &zero) == ENOENT;
}

static int
check_extents(struct h2k_ext *ext, ext2_ino_t ino,
              struct ext2_inode_large *inode)
{
    ext2_extent_handle_t handle = NULL;
    struct ext2fs_extent extent;
    bool good = true;
    errcode_t err =
        ext2fs_extent_open2(ext->fs, ino, h2k_ext_small(inode), &handle);
    if (err != 0)
        return h2k_ext_fail(err, "inode %" PRIu32, ino);
    int op = EXT2_EXTENT_ROOT;
    while (good && (err = ext2fs_extent_get(handle, op, &extent)) == 0) {
        bool leaf = (extent.e_flags & EXT2_EXTENT_FLAGS_LEAF) != 0;
        good = blocks_in_use(ext->fs, extent.e_pblk, leaf ? extent.e_len : 1);
        op = EXT2_EXTENT_NEXT;
    }
    ext2fs_extent_free(handle);
    if (!good)
        return fail_blocks(ino);
    if (err == EXT2_ET_EXTENT_NO_NEXT || err == EXT2_ET_NO_CURRENT_NODE)
        return 0;
    return h2k_ext_fail(err, "inode %" PRIu32, ino);
}

static int
check_one_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t count,
                blk64_t parent, int offset, void *good)
{
    (void)count;
    (void)parent;
    (void)offset;
    if (blocks_in_use(fs, *block, 1))
        return 0;
    *(bool *)good = false;
    return BLOCK_ABORT;
}

static int
check_block_map(struct h2k_ext *ext, ext2_ino_t ino)
{
    bool good = true;
    errcode_t err = ext2fs_block_iterate3(ext->fs, ino, BLOCK_FLAG_READ_ONLY,
                                          NULL, check_one_block, &good);
    if (err != 0)
        return h2k_ext_fail(err, "inode %" PRIu32, ino);
    return good ? 0 : fail_blocks(ino);
}

int
h2k_ext_punch(struct h2k_ext *ext, ext2_ino_t ino,
              struct ext2_inode_large *inode, uint64_t from)
{
    if (!ext2fs_inode_has_valid_blocks2(ext->fs, h2k_ext_small(inode)))
        return 0;
    int rc = inode->i_flags & EXT4_EXTENTS_FL ? check_extents(ext, ino, inode)
                                              : check_block_map(ext, ino);
    if (rc < 0)
        return -1;
    errcode_t err = ext2fs_punch(ext->fs, ino, h2k_ext_small(inode), NULL,
                                 from, ~UINT64_C(0));
    if (err != 0)
        return h2k_ext_break(ext, err,
                             "releasing the blocks of inode %" PRIu32, ino);
    /* libext2fs wrote the part of the inode that it knows. */
    return h2k_ext_inode_write(ext, ino, inode);
}

int
h2k_ext_release(struct h2k_ext *ext, ext2_ino_t ino,
                struct ext2_inode_large *inode)
{
    uint64_t attributes = ext2fs_file_acl_block(ext->fs, h2k_ext_small(inode));
    if (h2k_ext_need_bitmaps(ext) < 0)
        return -1;
    if (!ext2fs_test_inode_bitmap2(ext->fs->inode_map, ino) ||
        (attributes != 0 && !blocks_in_use(ext->fs, attributes, 1)))
        return fail_blocks(ino);
    if (h2k_ext_punch(ext, ino, inode, 0) < 0)
        return -1;
    errcode_t err = ext2fs_free_ext_attr(ext->fs, ino, inode);
    if (err != 0)
        return h2k_ext_break(ext, err, "attributes of inode %" PRIu32, ino);
    inode->i_links_count = 0;
    inode->i_dtime = (uint32_t)ext->fs->now;
    inode->i_size = 0;
    inode->i_size_high = 0;
    if (h2k_ext_inode_write(ext, ino, inode) < 0)
        return -1;
    ext2fs_inode_alloc_stats2(ext->fs, ino, -1, S_ISDIR(inode->i_mode));
    return 0;
}

int
h2k_ext_drop_link(struct h2k_ext *ext, ext2_ino_t ino)
{
    struct ext2_inode_large inode;
    if (h2k_ext_inode_read(ext, ino, &inode) < 0)
        return -1;
    if (inode.i_links_count == 1)
        return h2k_ext_release(ext, ino, &inode);
    inode.i_links_count--;
    h2k_ext_set_ctime(&inode, ext->fs->now);
    return h2k_ext_inode_write(ext, ino, &inode);
}
