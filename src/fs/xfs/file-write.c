/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files are written and cut, and what inodes say of them is set. */
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/content.h"
#include "fs/xfs/format-inode.h"

#include <inttypes.h>
#include <sys/stat.h>

/* A file whose content we may change. */
static int
read_file(struct h2k_xfs *xfs, h2k_ino ino, struct h2k_xfs_inode *inode)
{
    if (h2k_xfs_inode_read(xfs, ino, inode) < 0)
        return -1;
    if ((h2k_get_be16(inode->raw + H2K_XFS_DI_FLAGS) &
         H2K_XFS_DIFLAG_REALTIME) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "inode %" PRIu64
                        " is on the realtime device, which is not written by "
                        "us",
                        ino);
    return 0;
}

static uint64_t
block_end(const struct h2k_xfs *xfs, uint64_t at)
{
    return h2k_align_up(at, xfs->geo.block_size);
}

/* Whole blocks of [from, to) go; from 0 on up to the end of all for to
 * UINT64_MAX. */
static int
punch_bytes(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode, uint64_t from,
            uint64_t to)
{
    uint64_t first = block_end(xfs, from) >> xfs->geo.block_log;
    uint64_t end = to >> xfs->geo.block_log;
    if (to == UINT64_MAX)
        end = H2K_XFS_EXTENT_OFFSET_END;
    return end <= first ? 0
                        : h2k_xfs_fork_punch(xfs, inode, H2K_XFS_DATA_FORK,
                                             first, end - first);
}

static int
set_size(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode, uint64_t size)
{
    if (h2k_xfs_inode_touch(xfs, inode, true) < 0)
        return -1;
    h2k_put_be64(inode->raw + H2K_XFS_DI_FILE_SIZE, size);
    return 0;
}

/* Zeros from AT to the end of its block, where something else may be. */
static struct h2k_xfs_content
rest_of_block(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode, uint64_t at)
{
    uint64_t to = block_end(xfs, at);
    return (struct h2k_xfs_content){
        .xfs = xfs,
        .inode = inode,
        .from = at,
        .to = to,
        .data_at = to,
        .size = h2k_xfs_inode_size(inode),
        .keep_holes = true,
    };
}

/* Written to where all is allocated and nothing can fail but writing: after
 * that only the volume itself is left to blame. */
static int
finish(struct h2k_xfs *xfs, struct h2k_xfs_content *a,
       struct h2k_xfs_content *b)
{
    if (h2k_xfs_content_finish(a) == 0 &&
        (b == NULL || h2k_xfs_content_finish(b) == 0))
        return 0;
    xfs->broken = true;
    return -1;
}

static int
write_file(struct h2k_xfs *xfs, h2k_ino ino, const void *data, size_t count,
           uint64_t offset)
{
    struct h2k_xfs_inode inode;
    if (read_file(xfs, ino, &inode) < 0)
        return -1;
    uint64_t size = h2k_xfs_inode_size(&inode), end = offset + count;
    H2K_XFS_AUTO_CONTENT rest = rest_of_block(xfs, &inode, size);
    H2K_XFS_AUTO_CONTENT content = {
        .xfs = xfs,
        .inode = &inode,
        .from = offset,
        .to = end,
        .data_at = offset,
        .data = data,
        .size = size,
    };
    if (offset <= size) {
        rest.from = rest.to;
    } else if (offset < rest.to) { /* in the block where the file ends */
        rest.from = rest.to;
        content.from = size;
    }
    if (h2k_xfs_content_prepare(&rest) < 0 ||
        h2k_xfs_content_prepare(&content) < 0 ||
        h2k_xfs_content_apply(&rest) < 0 ||
        h2k_xfs_content_apply(&content) < 0 ||
        (offset > size && punch_bytes(xfs, &inode, size, offset) < 0) ||
        set_size(xfs, &inode, h2k_max_u64(size, end)) < 0)
        return -1;
    return finish(xfs, &rest, &content);
}

int
h2k_xfs_write(void *state, h2k_ino ino, const void *data, size_t count,
              uint64_t offset)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, write_file(xfs, ino, data, count, offset));
}

/* What is behind the old end was never the file's, and what is behind the
 * new one is not any more. */
static int
truncate_file(struct h2k_xfs *xfs, h2k_ino ino, uint64_t size)
{
    struct h2k_xfs_inode inode;
    if (read_file(xfs, ino, &inode) < 0)
        return -1;
    uint64_t end = h2k_min_u64(size, h2k_xfs_inode_size(&inode));
    H2K_XFS_AUTO_CONTENT rest = rest_of_block(xfs, &inode, end);
    if (h2k_xfs_content_prepare(&rest) < 0 ||
        h2k_xfs_content_apply(&rest) < 0 ||
        punch_bytes(xfs, &inode, end, UINT64_MAX) < 0 ||
        set_size(xfs, &inode, size) < 0)
        return -1;
    return finish(xfs, &rest, NULL);
}

int
h2k_xfs_truncate(void *state, h2k_ino ino, uint64_t size)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, truncate_file(xfs, ino, size));
}

/* ---- What an inode says ---- */

static int
set_mode(struct h2k_xfs *xfs, h2k_ino ino, uint32_t mode)
{
    struct h2k_xfs_inode inode;
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0 ||
        h2k_xfs_inode_touch(xfs, &inode, false) < 0)
        return -1;
    uint32_t type = h2k_xfs_inode_mode(&inode) & S_IFMT;
    h2k_put_be16(inode.raw + H2K_XFS_DI_MODE,
                 (uint16_t)(type | (mode & 07777)));
    return 0;
}

int
h2k_xfs_chmod(void *state, h2k_ino ino, uint32_t mode)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, set_mode(xfs, ino, mode));
}

static int
set_owner(struct h2k_xfs *xfs, h2k_ino ino, uint32_t uid, uint32_t gid)
{
    struct h2k_xfs_inode inode;
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0 ||
        h2k_xfs_inode_touch(xfs, &inode, false) < 0 ||
        h2k_xfs_quota_stale(xfs) < 0)
        return -1;
    uint32_t mode = h2k_xfs_inode_mode(&inode);
    if (S_ISREG(mode))
        mode &= ~(uint32_t)(S_ISUID | S_ISGID);
    h2k_put_be16(inode.raw + H2K_XFS_DI_MODE, (uint16_t)mode);
    h2k_put_be32(inode.raw + H2K_XFS_DI_UID, uid);
    h2k_put_be32(inode.raw + H2K_XFS_DI_GID, gid);
    return 0;
}

int
h2k_xfs_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, set_owner(xfs, ino, uid, gid));
}

static int
set_times(struct h2k_xfs *xfs, h2k_ino ino, int64_t mtime)
{
    struct h2k_xfs_inode inode;
    if (h2k_xfs_inode_read(xfs, ino, &inode) < 0 ||
        h2k_xfs_inode_touch(xfs, &inode, false) < 0)
        return -1;
    h2k_xfs_time_set(xfs, &inode, H2K_XFS_DI_MTIME, mtime, 0);
    return 0;
}

int
h2k_xfs_set_mtime(void *state, h2k_ino ino, int64_t mtime)
{
    struct h2k_xfs *xfs = state;
    return H2K_XFS_CALL(xfs, set_times(xfs, ino, mtime));
}

int
h2k_xfs_flush(void *state)
{
    struct h2k_xfs *xfs = state;
    if (xfs->broken)
        return h2k_fail(H2K_E_IO,
                        "xfs: an earlier write failed half-way: the "
                        "filesystem is not consistent, and is not to be used");
    if (h2k_xfs_cache_flush(xfs) < 0)
        return h2k_prefix("xfs: ");
    return h2k_block_flush(xfs->volume);
}
