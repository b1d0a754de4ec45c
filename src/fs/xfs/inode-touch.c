/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/xfs/xfs.h"

#include "base/clock.h"
#include "fs/xfs/format-inode.h"

int
h2k_xfs_inode_touch(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                    bool content)
{
    int64_t now = h2k_clock_now();
    if (h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    h2k_xfs_time_set(xfs, inode, H2K_XFS_DI_CTIME, now, 0);
    if (content)
        h2k_xfs_time_set(xfs, inode, H2K_XFS_DI_MTIME, now, 0);
    if (inode->raw[H2K_XFS_DI_VERSION] >= 3) {
        uint8_t *count = inode->raw + H2K_XFS_DI_CHANGECOUNT;
        h2k_put_be64(count, h2k_get_be64(count) + 1);
    }
    return 0;
}
