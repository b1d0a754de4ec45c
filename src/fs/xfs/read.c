/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Inodes' facts, contents of files, and targets of links. */
#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/format-attr.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/xfs.h"

#include <inttypes.h>

int
h2k_xfs_stat(void *state, h2k_ino ino, struct h2k_stat *out)
{
    struct h2k_xfs *xfs = state;
    struct h2k_xfs_inode inode;
    h2k_xfs_read_begin(xfs);
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0)
        return h2k_prefix("xfs: ");
    const uint8_t *raw = inode.raw;
    *out = (struct h2k_stat){
        .ino = ino,
        .mode = h2k_xfs_inode_mode(&inode),
        .uid = h2k_get_be32(raw + H2K_XFS_DI_UID),
        .gid = h2k_get_be32(raw + H2K_XFS_DI_GID),
        .size = h2k_xfs_inode_size(&inode),
        .links = raw[H2K_XFS_DI_VERSION] == 1
                     ? h2k_get_be16(raw + H2K_XFS_DI_ONLINK)
                     : h2k_get_be32(raw + H2K_XFS_DI_NLINK),
        .mtime = h2k_xfs_time_get(xfs, &inode, H2K_XFS_DI_MTIME),
    };
    return 0;
}

/* The part of [offset, offset + count) that begins it and is of one kind:
 * where it lies, in bytes of the volume, or *HOLE. */
static size_t
next_part(const struct h2k_xfs *xfs, const struct h2k_xfs_map *map,
          uint64_t offset, size_t count, uint64_t *where, bool *hole)
{
    uint32_t log = xfs->geo.block_log;
    uint64_t block = offset >> log;
    const struct h2k_xfs_extent *e = h2k_xfs_map_find(map, block);
    *hole = e == NULL || e->offset > block || e->unwritten;
    if (e == NULL)
        return count;
    uint64_t end = e->offset > block ? e->offset : e->offset + e->count;
    *where = h2k_xfs_fsb_offset(xfs, e->start) + (offset - (e->offset << log));
    /* 2^54 blocks are more bytes than a file may have. */
    if (end >= H2K_BLOCK_SIZE_MAX >> 9)
        return count;
    return (size_t)h2k_min_u64(count, (end << log) - offset);
}

int
h2k_xfs_read(void *state, h2k_ino ino, void *buffer, size_t count,
             uint64_t offset)
{
    struct h2k_xfs *xfs = state;
    struct h2k_xfs_inode inode;
    const struct h2k_xfs_map *map;
    uint8_t *to = buffer;
    h2k_xfs_read_begin(xfs);
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0 ||
        h2k_xfs_map_keep(xfs, &inode, H2K_XFS_DATA_FORK, &map) < 0)
        return h2k_prefix("xfs: ");
    while (count > 0) {
        uint64_t where = 0;
        bool hole = false;
        size_t n = next_part(xfs, map, offset, count, &where, &hole);
        if (hole)
            memset(to, 0, n);
        else if (h2k_xfs_data_read(xfs, to, n, where) < 0)
            return h2k_prefix("xfs: inode %" PRIu64 ": ", ino);
        to += n;
        offset += n;
        count -= n;
    }
    return 0;
}

/* ---- Symbolic Links ---- */

/* One buffer of a remote target, LENGTH bytes at OFFSET of the volume, into
 * TARGET from *DONE on. */
static int
read_piece(struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
           uint64_t offset, uint32_t length, char *target, uint64_t *done)
{
    uint32_t header = xfs->geo.v5 ? H2K_XFS_RM_SIZE : 0;
    struct h2k_xfs_buf *buf =
        h2k_xfs_buf_read(xfs, offset, length, H2K_XFS_SYMLINK, inode->ino);
    if (buf == NULL)
        return -1;
    uint64_t n =
        h2k_min_u64(h2k_xfs_inode_size(inode) - *done, buf->length - header);
    if (header > 0 && (h2k_get_be32(buf->data + H2K_XFS_RM_OFFSET) != *done ||
                       h2k_get_be32(buf->data + H2K_XFS_RM_BYTES) != n))
        return h2k_fail(H2K_E_CORRUPT, "a part of its target is another's");
    memcpy(target + *done, buf->data + header, (size_t)n);
    *done += n;
    return 0;
}

/* What lies side by side is one buffer, with one header. */
static int
read_remote(struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
            const struct h2k_xfs_map *map, char *target)
{
    uint32_t header = xfs->geo.v5 ? H2K_XFS_RM_SIZE : 0;
    uint64_t size = h2k_xfs_inode_size(inode), done = 0, block = 0;
    uint64_t blocks = h2k_div_up(size, xfs->geo.block_size - header);
    while (done < size) {
        const struct h2k_xfs_extent *e = h2k_xfs_map_find(map, block);
        if (e == NULL || e->offset > block || e->unwritten || blocks == 0)
            return h2k_fail(H2K_E_CORRUPT, "a part of its target is missing");
        uint64_t start = e->start + (block - e->offset);
        uint64_t n = e->offset + e->count - block;
        const struct h2k_xfs_extent *last = map->extents + map->count;
        for (e++; e < last && e->offset == block + n && !e->unwritten &&
                  e->start == start + n && n < blocks;
             e++)
            n += e->count;
        n = h2k_min_u64(n, blocks);
        if (read_piece(xfs, inode, h2k_xfs_fsb_offset(xfs, start),
                       (uint32_t)(n << xfs->geo.block_log), target, &done) < 0)
            return -1;
        block += n;
        blocks -= n;
    }
    return 0;
}

static int
read_target(struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
            char *target)
{
    uint64_t size = h2k_xfs_inode_size(inode);
    struct h2k_xfs_map map;
    uint32_t room;
    if (h2k_xfs_fork_format(inode, H2K_XFS_DATA_FORK) == H2K_XFS_LOCAL) {
        memcpy(target, h2k_xfs_fork_area(xfs, inode, H2K_XFS_DATA_FORK, &room),
               (size_t)size);
        return 0;
    }
    if (h2k_xfs_map_read(xfs, inode, H2K_XFS_DATA_FORK, &map) < 0)
        return -1;
    int rc = read_remote(xfs, inode, &map, target);
    h2k_xfs_map_free(&map);
    return rc;
}

int
h2k_xfs_readlink(void *state, h2k_ino ino, char *target, size_t size)
{
    struct h2k_xfs *xfs = state;
    struct h2k_xfs_inode inode;
    h2k_xfs_read_begin(xfs);
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0)
        return h2k_prefix("xfs: ");
    uint64_t length = h2k_xfs_inode_size(&inode);
    if (length >= size)
        return h2k_fail(H2K_E_RANGE, "xfs: inode %" PRIu64 ": a long target",
                        ino);
    if (read_target(xfs, &inode, target) < 0)
        return h2k_prefix("xfs: inode %" PRIu64 ": ", ino);
    target[length] = '\0';
    if (strlen(target) != length)
        return h2k_fail(H2K_E_CORRUPT,
                        "xfs: inode %" PRIu64 ": a NUL in its target", ino);
    return 0;
}
