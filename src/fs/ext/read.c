/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names, contents and links, for reading. */
#include "fs/ext/ext.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>

/* So many blocks are asked for at a time, at most. */
#define RUN_MAX (UINT64_C(1) << 16)

/* An inode to be read from: ciphertext is no content. */
static int
open_inode(struct h2k_ext *ext, h2k_ino number, ext2_ino_t *ino,
           struct ext2_inode_large *inode)
{
    if (h2k_ext_number(ext, number, ino) < 0 ||
        h2k_ext_inode_read(ext, *ino, inode) < 0)
        return -1;
    if (inode->i_flags & EXT4_ENCRYPT_FL)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "inode %" PRIu32 " is encrypted: it cannot be read "
                        "without its key",
                        *ino);
    return 0;
}

int
h2k_ext_stat(void *state, h2k_ino number, struct h2k_stat *out)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (h2k_ext_number(ext, number, &ino) < 0 ||
        h2k_ext_inode_read(ext, ino, &inode) < 0)
        return -1;
    *out = (struct h2k_stat){
        .ino = number,
        .mode = inode.i_mode,
        .uid = inode_uid(inode),
        .gid = inode_gid(inode),
        .size = EXT2_I_SIZE(&inode),
        .links = inode.i_links_count,
        .mtime = h2k_ext_get_mtime(&inode),
    };
    return 0;
}

int
h2k_ext_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino, found = 0;
    if (open_inode(ext, dir, &ino, &inode) < 0)
        return -1;
    H2K_EXT_CALL(ext);
    errcode_t err =
        ext2fs_lookup(ext->fs, ino, name, (int)strlen(name), NULL, &found);
    if (err == EXT2_ET_FILE_NOT_FOUND)
        return h2k_fail(H2K_E_NOENT, "no '%s' in directory inode %" PRIu32,
                        name, ino);
    if (err != 0)
        return h2k_ext_fail(err, "directory inode %" PRIu32, ino);
    if (h2k_ext_number(ext, found, &found) < 0)
        return h2k_prefix("'%s' in directory inode %" PRIu32 ": ", name, ino);
    *out = found;
    return 0;
}

struct listing {
    struct h2k_ext *ext;
    h2k_readdir_fn fn;
    void *opaque;
    int result; /* what FN ended with, or -1 with the error set */
};

static int
list_entry(ext2_ino_t dir, int kind, struct ext2_dir_entry *entry, int offset,
           int block_size, char *block, void *opaque)
{
    struct listing *listing = opaque;
    char name[H2K_NAME_MAX + 1];
    size_t length = (size_t)ext2fs_dirent_name_len(entry);
    (void)kind;
    (void)offset;
    (void)block_size;
    (void)block;
    memcpy(name, entry->name, length);
    name[length] = '\0';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    ext2_ino_t ino;
    if (strlen(name) != length || length == 0 || strchr(name, '/') != NULL)
        listing->result =
            h2k_fail(H2K_E_CORRUPT,
                     "directory inode %" PRIu32
                     ": an entry with an impossible name; run e2fsck on it "
                     "first",
                     dir);
    else if (h2k_ext_number(listing->ext, entry->inode, &ino) < 0)
        listing->result =
            h2k_prefix("'%s' in directory inode %" PRIu32 ": ", name, dir);
    else
        listing->result = listing->fn(listing->opaque, name, ino);
    return listing->result == 0 ? 0 : DIRENT_ABORT;
}

int
h2k_ext_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    struct listing listing = { ext, fn, opaque, 0 };
    ext2_ino_t ino;
    if (open_inode(ext, dir, &ino, &inode) < 0)
        return -1;
    H2K_EXT_CALL(ext);
    errcode_t err =
        ext2fs_dir_iterate2(ext->fs, ino, 0, NULL, list_entry, &listing);
    if (listing.result != 0)
        return listing.result;
    return err == 0 ? 0 : h2k_ext_fail(err, "directory inode %" PRIu32, ino);
}

/* A file's blocks from FIRST on that lie together on disk. */
struct run {
    uint64_t physical; /* 0: a hole, or never written */
    uint64_t count;
};

static errcode_t
map_extent(ext2_extent_handle_t handle, uint64_t first, struct run *run)
{
    struct ext2fs_extent extent;
    *run = (struct run){ .count = 1 };
    errcode_t err = ext2fs_extent_goto2(handle, 0, first);
    if (err == EXT2_ET_EXTENT_NOT_FOUND)
        return 0;
    if (err == 0)
        err = ext2fs_extent_get(handle, EXT2_EXTENT_CURRENT, &extent);
    if (err != 0)
        return err;
    uint64_t within = first - extent.e_lblk;
    if (first < extent.e_lblk || within >= extent.e_len)
        return EXT2_ET_EXTENT_HEADER_BAD;
    run->count = extent.e_len - within;
    if ((extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) == 0)
        run->physical = extent.e_pblk + within;
    return 0;
}

static errcode_t
map_blocks(ext2_filsys fs, ext2_ino_t ino, struct ext2_inode *inode,
           uint64_t first, uint64_t limit, struct run *run)
{
    blk64_t block = 0;
    errcode_t err = ext2fs_bmap2(fs, ino, inode, NULL, 0, first, NULL, &block);
    *run = (struct run){ .physical = block, .count = 1 };
    while (err == 0 && run->count < limit) {
        err = ext2fs_bmap2(fs, ino, inode, NULL, 0, first + run->count, NULL,
                           &block);
        if (block != (run->physical == 0 ? 0 : run->physical + run->count))
            break;
        run->count++;
    }
    return err;
}

/* COUNT bytes that begin WITHIN bytes into block PHYSICAL. */
static int
read_run(ext2_filsys fs, uint64_t physical, uint64_t within, uint8_t *to,
         size_t count)
{
    uint64_t size = fs->blocksize;
    while (count > 0) {
        size_t n = count;
        if (within == 0 && n >= size) {
            n -= n % size;
            if (io_channel_read_blk64(fs->io, physical, (int)(n / size), to))
                return -1;
        } else {
            uint8_t block[EXT2_MAX_BLOCK_SIZE];
            n = (size_t)h2k_min_u64(n, size - within);
            if (io_channel_read_blk64(fs->io, physical, 1, block))
                return -1;
            memcpy(to, block + within, n);
        }
        physical += (within + n) / size;
        within = 0;
        to += n;
        count -= n;
    }
    return 0;
}

/* HANDLE is NULL for a file that is mapped by indirect blocks. */
static int
read_mapped(struct h2k_ext *ext, ext2_ino_t ino,
            struct ext2_inode_large *inode, ext2_extent_handle_t handle,
            uint8_t *to, size_t count, uint64_t offset)
{
    uint64_t size = ext->fs->blocksize;
    while (count > 0) {
        struct run run;
        uint64_t first = offset / size, within = offset % size;
        uint64_t limit =
            h2k_min_u64(RUN_MAX, h2k_div_up(within + count, size));
        errcode_t err = handle != NULL
                            ? map_extent(handle, first, &run)
                            : map_blocks(ext->fs, ino, h2k_ext_small(inode),
                                         first, limit, &run);
        if (err != 0)
            return h2k_ext_fail(err, "inode %" PRIu32 " at byte %" PRIu64, ino,
                                offset);
        size_t n = (size_t)h2k_min_u64(
            count, h2k_min_u64(run.count, limit) * size - within);
        if (run.physical == 0)
            memset(to, 0, n);
        else if (read_run(ext->fs, run.physical, within, to, n) < 0)
            return h2k_prefix("inode %" PRIu32 " at byte %" PRIu64 ": ", ino,
                              offset);
        to += n;
        offset += n;
        count -= n;
    }
    return 0;
}

/* "inlinedata.rst": the first 60 bytes in i_block, the others in the
 * attribute system.data. */
static int
read_inline(struct h2k_ext *ext, ext2_ino_t ino,
            struct ext2_inode_large *inode, void *buffer, size_t count,
            uint64_t offset)
{
    size_t size = 0;
    errcode_t err = ext2fs_inline_data_size(ext->fs, ino, &size);
    if (err != 0)
        return h2k_ext_fail(err, "inline data of inode %" PRIu32, ino);
    h2k_autofree uint8_t *data = calloc(1, size + EXT4_MIN_INLINE_DATA_SIZE);
    if (data == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    err = ext2fs_inline_data_get(ext->fs, ino, h2k_ext_small(inode), data,
                                 &size);
    if (err != 0)
        return h2k_ext_fail(err, "inline data of inode %" PRIu32, ino);
    if (!h2k_range_inside(offset, count, size))
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu32 " has %zu bytes of inline data, "
                        "fewer than its size; run e2fsck on it first",
                        ino, size);
    memcpy(buffer, data + offset, count);
    return 0;
}

static int
read_content(struct h2k_ext *ext, ext2_ino_t ino,
             struct ext2_inode_large *inode, void *buffer, size_t count,
             uint64_t offset)
{
    H2K_EXT_CALL(ext);
    h2k_ext_io_allow(ext->fs->io,
                     count / ext->fs->blocksize * H2K_EXT_READS_TO_MAP);
    if (inode->i_flags & EXT4_INLINE_DATA_FL)
        return read_inline(ext, ino, inode, buffer, count, offset);
    if ((inode->i_flags & EXT4_EXTENTS_FL) == 0)
        return read_mapped(ext, ino, inode, NULL, buffer, count, offset);
    ext2_extent_handle_t handle = NULL;
    errcode_t err =
        ext2fs_extent_open2(ext->fs, ino, h2k_ext_small(inode), &handle);
    if (err != 0)
        return h2k_ext_fail(err, "inode %" PRIu32, ino);
    int rc = read_mapped(ext, ino, inode, handle, buffer, count, offset);
    ext2fs_extent_free(handle);
    return rc;
}

int
h2k_ext_read(void *state, h2k_ino number, void *buffer, size_t count,
             uint64_t offset)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (open_inode(ext, number, &ino, &inode) < 0)
        return -1;
    return read_content(ext, ino, &inode, buffer, count, offset);
}

int
h2k_ext_readlink(void *state, h2k_ino number, char *target, size_t size)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (open_inode(ext, number, &ino, &inode) < 0)
        return -1;
    uint64_t length = EXT2_I_SIZE(&inode);
    if (length >= size)
        return h2k_fail(H2K_E_RANGE, "inode %" PRIu32 ": a link too long",
                        ino);
    if (ext2fs_is_fast_symlink(h2k_ext_small(&inode)))
        memcpy(target, inode.i_block, (size_t)length);
    else if (read_content(ext, ino, &inode, target, (size_t)length, 0) < 0)
        return -1;
    target[length] = '\0';
    return 0;
}
