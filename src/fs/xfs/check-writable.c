/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* May this volume be written to by us? */
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/format.h"
#include "fs/xfs/super.h"

/* Version 4's oldest inodes have their links elsewhere. */
static int
check_features(struct h2k_xfs *xfs)
{
    struct h2k_xfs_buf *sb = h2k_xfs_sb(xfs);
    if (sb == NULL || h2k_xfs_super_check_writable(&xfs->geo) < 0)
        return -1;
    if (h2k_get_be16(sb->data + H2K_XFS_SB_VERSIONNUM) & H2K_XFS_VERSION_NLINK)
        return 0;
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "has inodes of version 1; it is not written by us");
}

/* Every AG is one that can be allocated from.  Reading the headers has
 * checked them. */
static int
check_ag(struct h2k_xfs *xfs, uint32_t ag)
{
    if (h2k_xfs_agf(xfs, ag) == NULL || h2k_xfs_agi(xfs, ag) == NULL)
        return -1;
    return h2k_xfs_agfl_check(xfs, ag);
}

int
h2k_xfs_check_writable(struct h2k_xfs *xfs)
{
    if (check_features(xfs) < 0)
        return -1;
    for (uint32_t ag = 0; ag < xfs->geo.ag_count; ag++)
        if (check_ag(xfs, ag) < 0)
            return -1;
    return 0;
}
