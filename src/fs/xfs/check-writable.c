/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* May this volume be written to by us? */
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/super.h"

#include <inttypes.h>

static int
fail_feature(const char *what)
{
    return h2k_fail(H2K_E_UNSUPPORTED, "has %s, and is not written by us",
                    what);
}

static int
check_features(struct h2k_xfs *xfs)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    struct h2k_xfs_buf *sb = h2k_xfs_sb(xfs);
    if (sb == NULL || h2k_xfs_super_check_writable(g) < 0)
        return -1;
    uint16_t bits = h2k_get_be16(sb->data + H2K_XFS_SB_VERSIONNUM);
    if (g->parent)
        return fail_feature("parent pointers");
    if (g->ascii_ci)
        return fail_feature("names that ignore case");
    if ((bits & H2K_XFS_VERSION_NLINK) == 0)
        return fail_feature("inodes of version 1");
    return 0;
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
