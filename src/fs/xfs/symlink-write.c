/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Targets of symbolic links ("Symbolic Links"): in the inode, or in blocks,
 * which have a header where they are of version 5. */
#include "fs/xfs/symlink.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/format-attr.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/verify.h"

#include <inttypes.h>
#include <string.h>

/* The blocks are one extent, and so one buffer with one header. */
static int
put_remote(struct h2k_xfs *xfs, struct h2k_xfs_inode *link, const void *target,
           uint32_t length)
{
    uint32_t header = xfs->geo.v5 ? H2K_XFS_RM_SIZE : 0;
    uint32_t blocks =
        (uint32_t)h2k_div_up(header + length, xfs->geo.block_size);
    struct h2k_xfs_map map = { 0 };
    if (h2k_xfs_fork_fill(xfs, link, H2K_XFS_DATA_FORK, 0, blocks, true) < 0 ||
        h2k_xfs_map_read(xfs, link, H2K_XFS_DATA_FORK, &map) < 0)
        return -1;
    uint64_t start = map.count == 1 ? map.extents[0].start : 0;
    h2k_xfs_map_free(&map);
    if (start == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "inode %" PRIu64 ": a target that lies in pieces",
                        link->ino);
    struct h2k_xfs_buf *buf = h2k_xfs_buf_new(
        xfs, h2k_xfs_fsb_offset(xfs, start), blocks << xfs->geo.block_log,
        H2K_XFS_SYMLINK, link->ino);
    if (buf == NULL)
        return -1;
    if (xfs->geo.v5) {
        h2k_xfs_stamp(xfs, buf);
        h2k_put_be32(buf->data + H2K_XFS_RM_OFFSET, 0);
        h2k_put_be32(buf->data + H2K_XFS_RM_BYTES, length);
    }
    memcpy(buf->data + header, target, length);
    return 0;
}

int
h2k_xfs_symlink_put(struct h2k_xfs *xfs, struct h2k_xfs_inode *link,
                    const char *target)
{
    size_t length = strlen(target);
    uint32_t room = 0;
    uint8_t *area = h2k_xfs_fork_area(xfs, link, H2K_XFS_DATA_FORK, &room);
    if (length >= H2K_XFS_SYMLINK_MAX)
        return h2k_fail(H2K_E_RANGE,
                        "a link's target of %zu bytes; %u are the most here",
                        length, H2K_XFS_SYMLINK_MAX - 1);
    if (h2k_xfs_inode_dirty(xfs, link) < 0)
        return -1;
    h2k_put_be64(link->raw + H2K_XFS_DI_FILE_SIZE, length);
    if (length <= room) {
        memcpy(area, target, length);
        return 0;
    }
    if (h2k_xfs_fork_make_extents(xfs, link, H2K_XFS_DATA_FORK) < 0)
        return -1;
    return put_remote(xfs, link, target, (uint32_t)length);
}

int
h2k_xfs_symlink_move_out(struct h2k_xfs *xfs, struct h2k_xfs_inode *link)
{
    char target[H2K_XFS_SYMLINK_MAX];
    uint32_t room = 0;
    const uint8_t *area =
        h2k_xfs_fork_area(xfs, link, H2K_XFS_DATA_FORK, &room);
    uint64_t length = h2k_xfs_inode_size(link);
    if (length == 0 || length > room || length > sizeof(target))
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu64
                        ": a symbolic link's length cannot be right; run "
                        "xfs_repair on it first",
                        link->ino);
    memcpy(target, area, (size_t)length);
    if (h2k_xfs_fork_make_extents(xfs, link, H2K_XFS_DATA_FORK) < 0)
        return -1;
    return put_remote(xfs, link, target, (uint32_t)length);
}
