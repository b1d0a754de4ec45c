/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * An indexed directory, looked through before libext2fs adds a name to it:
 * ext2fs_link moves entries by what the index and its leaves say, and does
 * not look first ("directory.rst", Hash Tree Directories).
 */
#include "fs/ext/ext.h"

#include "base/error.h"
#include "base/view.h"

#include <inttypes.h>

/* Offsets in the root's block, behind "." and "..". */
#define ROOT_INFO 24
#define ROOT_ENTRIES 32
/* In an interior node's, behind an entry that spans the block. */
#define NODE_ENTRIES 8
#define DIRENT_MIN 12

struct walk {
    struct h2k_ext *ext;
    ext2_ino_t dir;
    struct ext2_inode *inode;
    uint64_t blocks;  /* that the directory has */
    uint64_t visited; /* a tree has no block twice */
};

static int
fail_index(const struct walk *walk, const char *what)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "directory inode %" PRIu32 ": %s; run e2fsck on it first",
                    walk->dir, what);
}

static int
read_block(struct walk *walk, uint64_t logical, uint8_t **out)
{
    ext2_filsys fs = walk->ext->fs;
    blk64_t block = 0;
    int flags = 0;
    if (logical >= walk->blocks || walk->visited++ >= walk->blocks)
        return fail_index(walk, "its index points astray");
    h2k_autofree uint8_t *data = malloc(fs->blocksize);
    if (data == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    errcode_t err = ext2fs_bmap2(fs, walk->dir, walk->inode, NULL, 0, logical,
                                 &flags, &block);
    if (err == 0 && (block == 0 || (flags & BMAP_RET_UNINIT) != 0))
        return fail_index(walk, "it has a hole");
    if (err == 0)
        err = ext2fs_read_dir_block4(fs, block, data, 0, walk->dir);
    if (err != 0)
        return h2k_ext_fail(err, "directory inode %" PRIu32, walk->dir);
    *out = h2k_steal(data);
    return 0;
}

/* Every entry lies inside the block and holds its name. */
static int
check_leaf(struct walk *walk, uint64_t logical)
{
    h2k_autofree uint8_t *data = NULL;
    if (read_block(walk, logical, &data) < 0)
        return -1;
    uint32_t size = walk->ext->fs->blocksize, length = 0;
    for (uint32_t at = 0; at < size; at += length) {
        struct h2k_view entry = h2k_view_of(data + at, size - at);
        length = h2k_view_le16(entry, 4);
        if (size == 65536 && (length == 65535 || length == 0))
            length = 65536; /* "directory.rst": what 16 bits cannot say */
        if (length < DIRENT_MIN || length % 4 != 0 || length > entry.size ||
            h2k_view_u8(entry, 6) + 8u > length)
            return fail_index(walk, "an entry in it is damaged");
    }
    return 0;
}

/* The index entries at OFFSET: a limit that is what fits, a count within
 * it. */
static int
check_count(struct walk *walk, struct h2k_view block, uint32_t offset,
            uint32_t *count)
{
    uint32_t tail =
        ext2fs_has_feature_metadata_csum(walk->ext->fs->super) ? 8 : 0;
    uint32_t limit = ((uint32_t)block.size - offset - tail) / 8;
    *count = h2k_view_le16(block, offset + 2);
    if (h2k_view_le16(block, offset) != limit || *count == 0 || *count > limit)
        return fail_index(walk, "its index is damaged");
    return 0;
}

static int check_node(struct walk *walk, uint64_t logical, unsigned depth);

static int
check_children(struct walk *walk, struct h2k_view block, uint32_t offset,
               unsigned depth)
{
    uint32_t count = 0;
    if (check_count(walk, block, offset, &count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t child =
            h2k_view_le32(block, offset + 8 * (uint64_t)i + 4) & 0x0fffffff;
        int rc = depth == 0 ? check_leaf(walk, child)
                            : check_node(walk, child, depth - 1);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int
check_node(struct walk *walk, uint64_t logical, unsigned depth)
{
    h2k_autofree uint8_t *data = NULL;
    if (read_block(walk, logical, &data) < 0)
        return -1;
    struct h2k_view block = h2k_view_of(data, walk->ext->fs->blocksize);
    if (h2k_view_le16(block, 4) != (uint16_t)block.size ||
        h2k_view_u8(block, 6) != 0)
        return fail_index(walk, "its index is damaged");
    return check_children(walk, block, NODE_ENTRIES, depth);
}

static int
check_root(struct walk *walk)
{
    h2k_autofree uint8_t *data = NULL;
    if (read_block(walk, 0, &data) < 0)
        return -1;
    struct h2k_view block = h2k_view_of(data, walk->ext->fs->blocksize);
    uint8_t depth = h2k_view_u8(block, ROOT_INFO + 6);
    unsigned limit = ext2fs_has_feature_largedir(walk->ext->fs->super) ? 2 : 1;
    if (h2k_view_le16(block, 4) != DIRENT_MIN ||
        h2k_view_le16(block, DIRENT_MIN + 4) !=
            (uint16_t)(block.size - DIRENT_MIN) ||
        h2k_view_le32(block, ROOT_INFO) != 0 ||
        h2k_view_u8(block, ROOT_INFO + 5) != 8 || depth > limit)
        return fail_index(walk, "its index is damaged");
    return check_children(walk, block, ROOT_ENTRIES, depth);
}

int
h2k_ext_check_directory(struct h2k_ext *ext, ext2_ino_t dir,
                        struct ext2_inode_large *inode)
{
    uint32_t size = ext->fs->blocksize;
    struct walk walk = { .ext = ext,
                         .dir = dir,
                         .inode = h2k_ext_small(inode),
                         .blocks = EXT2_I_SIZE(inode) / size };
    if ((inode->i_flags & EXT2_INDEX_FL) == 0)
        return 0; /* ext2fs_dir_iterate looks at each entry itself */
    if (inode->i_flags & EXT4_INLINE_DATA_FL)
        return fail_index(&walk, "it is both inline and indexed");
    return check_root(&walk);
}
