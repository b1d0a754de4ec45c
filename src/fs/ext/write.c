/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Contents and metadata of files, for writing. */
#include "fs/ext/ext.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* ext2fs_file_write counts in unsigned int. */
#define WRITE_MAX (UINT32_C(1) << 30)

/* A file to be changed, as it is now. */
static int
open_inode(struct h2k_ext *ext, h2k_ino number, ext2_ino_t *ino,
           struct ext2_inode_large *inode)
{
    if (h2k_ext_number(ext, number, ino) < 0)
        return -1;
    return h2k_ext_inode_edit(ext, *ino, inode);
}

int
h2k_ext_need_blocks(struct h2k_ext *ext, uint64_t count)
{
    if (h2k_ext_need_bitmaps(ext) < 0)
        return -1;
    if (ext2fs_free_blocks_count(ext->fs->super) >= count)
        return 0;
    return h2k_fail(H2K_E_NOSPACE,
                    "the filesystem is full: %" PRIu64
                    " blocks are free and %" PRIu64
                    " are needed; make room in the guest",
                    (uint64_t)ext2fs_free_blocks_count(ext->fs->super), count);
}

static int
open_file(struct h2k_ext *ext, ext2_ino_t ino, ext2_file_t *file)
{
    errcode_t err = ext2fs_file_open(ext->fs, ino, EXT2_FILE_WRITE, file);
    return err == 0 ? 0 : h2k_ext_fail(err, "inode %" PRIu32, ino);
}

/* Ends with the first error of the two. */
static int
close_file(struct h2k_ext *ext, ext2_ino_t ino, ext2_file_t file, int rc)
{
    errcode_t err = ext2fs_file_close(file);
    if (rc == 0 && err != 0)
        return h2k_ext_break(ext, err, "writing inode %" PRIu32, ino);
    return rc;
}

static int
set_size(struct h2k_ext *ext, ext2_ino_t ino, uint64_t size)
{
    ext2_file_t file = NULL;
    int rc = 0;
    if (open_file(ext, ino, &file) < 0)
        return -1;
    errcode_t err = ext2fs_file_set_size2(file, size);
    if (err == EXT2_ET_FILE_TOO_BIG)
        rc = h2k_ext_fail(err, "inode %" PRIu32, ino);
    else if (err != 0)
        rc = h2k_ext_break(ext, err, "resizing inode %" PRIu32, ino);
    return close_file(ext, ino, file, rc);
}

/* What lies behind the end in the last block becomes content when the file
 * grows: it must be zero then. */
static int
zero_tail(struct h2k_ext *ext, ext2_ino_t ino,
          const struct ext2_inode_large *inode)
{
    return EXT2_I_SIZE(inode) % ext->fs->blocksize == 0
               ? 0
               : set_size(ext, ino, EXT2_I_SIZE(inode));
}

static int
write_bytes(struct h2k_ext *ext, ext2_ino_t ino, const uint8_t *data,
            size_t count, uint64_t offset)
{
    ext2_file_t file = NULL;
    if (open_file(ext, ino, &file) < 0)
        return -1;
    int rc = 0;
    errcode_t err = ext2fs_file_llseek(file, offset, EXT2_SEEK_SET, NULL);
    while (err == 0 && count > 0) {
        unsigned int written = 0;
        unsigned int n = (unsigned int)h2k_min_u64(count, WRITE_MAX);
        err = ext2fs_file_write(file, data, n, &written);
        data += written;
        count -= written;
    }
    if (err == EXT2_ET_FILE_TOO_BIG)
        rc = h2k_ext_fail(err, "inode %" PRIu32, ino);
    else if (err != 0)
        rc = h2k_ext_break(ext, err, "writing inode %" PRIu32, ino);
    return close_file(ext, ino, file, rc);
}

/* An inode whose content is in blocks, none so far. */
static errcode_t
clear_inline(ext2_filsys fs, ext2_ino_t ino)
{
    struct ext2_xattr_handle *attributes = NULL;
    struct ext2_inode inode;
    errcode_t err = ext2fs_xattrs_open(fs, ino, &attributes);
    if (err == 0)
        err = ext2fs_xattrs_read(attributes);
    if (err == 0)
        err = ext2fs_xattr_remove(attributes, "system.data");
    if (attributes != NULL)
        ext2fs_xattrs_close(&attributes);
    if (err == 0)
        err = ext2fs_read_inode(fs, ino, &inode);
    if (err != 0)
        return err;
    inode.i_flags &= ~(uint32_t)EXT4_INLINE_DATA_FL;
    inode.i_size = 0;
    memset(inode.i_block, 0, sizeof(inode.i_block));
    if (ext2fs_has_feature_extents(fs->super)) {
        ext2_extent_handle_t extents = NULL;
        inode.i_flags |= EXT4_EXTENTS_FL;
        err = ext2fs_extent_open2(fs, ino, &inode, &extents);
        if (err != 0)
            return err;
        ext2fs_extent_free(extents);
    }
    return ext2fs_write_inode(fs, ino, &inode);
}

/* What libext2fs does to inline content in place goes wrong beyond its first
 * bytes, so it is moved out before it is changed. */
int
h2k_ext_expand_inline(struct h2k_ext *ext, ext2_ino_t ino,
                      struct ext2_inode_large *inode)
{
    if ((inode->i_flags & EXT4_INLINE_DATA_FL) == 0)
        return 0;
    /* Never more than the inode itself has room for. */
    uint8_t content[EXT2_MAX_BLOCK_SIZE];
    size_t size = (size_t)EXT2_I_SIZE(inode);
    if (EXT2_I_SIZE(inode) > sizeof(content))
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu32
                        " is larger than what is inline; run e2fsck on it "
                        "first",
                        ino);
    if (h2k_ext_need_blocks(ext, H2K_EXT_MARGIN) < 0 ||
        h2k_ext_read(ext, ino, content, size, 0) < 0)
        return -1;
    errcode_t err = clear_inline(ext->fs, ino);
    if (err != 0)
        return h2k_ext_break(ext, err, "inline data of inode %" PRIu32, ino);
    if (write_bytes(ext, ino, content, size, 0) < 0)
        return -1;
    return h2k_ext_inode_read(ext, ino, inode);
}

/* So many blocks, those that map them among them, does writing need.  Asked
 * for beforehand: libext2fs does not put everything back when it runs out. */
static int
need_room(struct h2k_ext *ext, ext2_ino_t ino, struct ext2_inode_large *inode,
          size_t count, uint64_t offset)
{
    uint64_t size = ext->fs->blocksize, holes = 0;
    uint64_t first = offset / size;
    uint64_t blocks = h2k_div_up(offset % size + count, size);
    if (h2k_ext_need_bitmaps(ext) < 0)
        return -1;
    uint64_t all = blocks + blocks / 64 + H2K_EXT_MARGIN;
    if (ext2fs_free_blocks_count(ext->fs->super) >= all)
        return 0;
    for (uint64_t i = 0; i < blocks; i++) {
        blk64_t block = 0;
        errcode_t err = ext2fs_bmap2(ext->fs, ino, h2k_ext_small(inode), NULL,
                                     0, first + i, NULL, &block);
        if (err != 0)
            return h2k_ext_fail(err, "inode %" PRIu32, ino);
        holes += block == 0;
    }
    return holes == 0
               ? 0
               : h2k_ext_need_blocks(ext, holes + holes / 64 + H2K_EXT_MARGIN);
}

int
h2k_ext_write(void *state, h2k_ino number, const void *data, size_t count,
              uint64_t offset)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (open_inode(ext, number, &ino, &inode) < 0)
        return -1;
    H2K_EXT_CALL(ext);
    h2k_ext_io_allow(ext->fs->io,
                     count / ext->fs->blocksize * H2K_EXT_READS_TO_CHANGE);
    if (h2k_ext_expand_inline(ext, ino, &inode) < 0 ||
        need_room(ext, ino, &inode, count, offset) < 0 ||
        (offset > EXT2_I_SIZE(&inode) && zero_tail(ext, ino, &inode) < 0) ||
        write_bytes(ext, ino, data, count, offset) < 0)
        return -1;
    return h2k_ext_touch(ext, ino, true);
}

int
h2k_ext_truncate(void *state, h2k_ino number, uint64_t size)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (open_inode(ext, number, &ino, &inode) < 0 ||
        h2k_ext_need_bitmaps(ext) < 0)
        return -1;
    H2K_EXT_CALL(ext);
    if (h2k_ext_expand_inline(ext, ino, &inode) < 0)
        return -1;
    int rc = size > EXT2_I_SIZE(&inode)
                 ? zero_tail(ext, ino, &inode)
                 : h2k_ext_punch(ext, ino, &inode,
                                 h2k_div_up(size, ext->fs->blocksize));
    if (rc < 0 || set_size(ext, ino, size) < 0)
        return -1;
    return h2k_ext_touch(ext, ino, true);
}

int
h2k_ext_chmod(void *state, h2k_ino number, uint32_t mode)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (open_inode(ext, number, &ino, &inode) < 0)
        return -1;
    inode.i_mode = (uint16_t)((inode.i_mode & S_IFMT) | mode);
    h2k_ext_set_ctime(&inode, ext->fs->now);
    return h2k_ext_inode_write(ext, ino, &inode);
}

int
h2k_ext_protection(void *state, h2k_ino number, uint32_t *flags)
{
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (h2k_ext_number(state, number, &ino) < 0 ||
        h2k_ext_inode_read(state, ino, &inode) < 0)
        return -1;
    *flags = (inode.i_flags & EXT2_IMMUTABLE_FL ? H2K_PROTECT_IMMUTABLE : 0) |
             (inode.i_flags & EXT2_APPEND_FL ? H2K_PROTECT_APPEND : 0);
    return 0;
}

int
h2k_ext_protect(void *state, h2k_ino number, uint32_t flags)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (h2k_ext_number(ext, number, &ino) < 0 ||
        h2k_ext_inode_read(ext, ino, &inode) < 0)
        return -1;
    inode.i_flags &= ~(uint32_t)(EXT2_IMMUTABLE_FL | EXT2_APPEND_FL);
    if (flags & H2K_PROTECT_IMMUTABLE)
        inode.i_flags |= EXT2_IMMUTABLE_FL;
    if (flags & H2K_PROTECT_APPEND)
        inode.i_flags |= EXT2_APPEND_FL;
    h2k_ext_set_ctime(&inode, ext->fs->now);
    return h2k_ext_inode_write(ext, ino, &inode);
}

int
h2k_ext_chown(void *state, h2k_ino number, uint32_t uid, uint32_t gid)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (open_inode(ext, number, &ino, &inode) < 0)
        return -1;
    inode.i_uid = (uint16_t)uid;
    inode.i_gid = (uint16_t)gid;
    inode.osd2.linux2.l_i_uid_high = (uint16_t)(uid >> 16);
    inode.osd2.linux2.l_i_gid_high = (uint16_t)(gid >> 16);
    if (S_ISREG(inode.i_mode))
        inode.i_mode &= (uint16_t) ~(S_ISUID | S_ISGID);
    h2k_ext_set_ctime(&inode, ext->fs->now);
    return h2k_ext_inode_write(ext, ino, &inode);
}

int
h2k_ext_set_times(void *state, h2k_ino number, int64_t mtime)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (open_inode(ext, number, &ino, &inode) < 0 ||
        h2k_ext_set_mtime(&inode, mtime) < 0)
        return -1;
    h2k_ext_set_ctime(&inode, ext->fs->now);
    return h2k_ext_inode_write(ext, ino, &inode);
}
