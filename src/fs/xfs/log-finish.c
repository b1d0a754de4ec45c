/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The superblock after a replay ("Superblocks", Lazy Superblock Counters):
 * its counters are written only now and then while it is mounted, and those
 * of the AGs are what counts.
 */
#include "base/error.h"
#include "fs/xfs/format.h"
#include "fs/xfs/log-replay.h"
#include "fs/xfs/super.h"

struct counts {
    uint64_t inodes, free_inodes, free_blocks;
    bool unlinked; /* some inode is, and is to be released */
};

static int
add_ag(struct h2k_xlog_replay *r, uint64_t at, uint32_t sector,
       struct counts *sum)
{
    uint8_t agf[H2K_XFS_AGF_SIZE], agi[H2K_XFS_AGI_SIZE];
    if (h2k_block_pread(r->target, agf, sizeof(agf), at + sector) < 0 ||
        h2k_block_pread(r->target, agi, sizeof(agi), at + 2 * sector) < 0)
        return -1;
    if (h2k_get_be32(agf) != H2K_XFS_AGF_MAGIC ||
        h2k_get_be32(agi) != H2K_XFS_AGI_MAGIC)
        return h2k_fail(H2K_E_CORRUPT, "an AG's headers are damaged after it; "
                                       "run xfs_repair on it first");
    for (uint32_t i = 0; i < H2K_XFS_AGI_BUCKETS; i++)
        if (h2k_get_be32(agi + H2K_XFS_AGI_UNLINKED + 4 * (size_t)i) !=
            H2K_XFS_NULL32)
            sum->unlinked = true;
    sum->inodes += h2k_get_be32(agi + H2K_XFS_AGI_COUNT);
    sum->free_inodes += h2k_get_be32(agi + H2K_XFS_AGI_FREECOUNT);
    sum->free_blocks += (uint64_t)h2k_get_be32(agf + H2K_XFS_AGF_FREEBLKS) +
                        h2k_get_be32(agf + H2K_XFS_AGF_FLCOUNT) +
                        h2k_get_be32(agf + H2K_XFS_AGF_BTREEBLKS);
    return 0;
}

static int
sum_ags(struct h2k_xlog_replay *r, const uint8_t *super, struct counts *sum)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    uint32_t count = h2k_get_be32(super + H2K_XFS_SB_AGCOUNT);
    uint64_t step = (uint64_t)geo->ag_blocks * geo->block_size;
    if (count == 0 || (count - 1) * step >= h2k_block_size(r->target))
        return h2k_fail(H2K_E_CORRUPT,
                        "there are %u AGs after it; run "
                        "xfs_repair on it first",
                        count);
    for (uint32_t i = 0; i < count; i++)
        if (add_ag(r, i * step, geo->sector_size, sum) < 0)
            return -1;
    return 0;
}

/* The superblock that the replay has brought, which may have more AGs. */
int
h2k_xlog_count(struct h2k_xlog_replay *r)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    struct counts sum = { 0 };
    uint8_t *super = r->buffer;
    if (h2k_block_pread(r->target, super, geo->sector_size, 0) < 0)
        return -1;
    if (h2k_get_be32(super) != H2K_XFS_SB_MAGIC)
        return h2k_fail(H2K_E_CORRUPT,
                        "the superblock that it brought is damaged; run "
                        "xfs_repair on it first");
    if (sum_ags(r, super, &sum) < 0)
        return -1;
    /* Nobody looks for them once the log is clean. */
    if (sum.unlinked && h2k_xfs_super_check_writable(geo) < 0)
        return -1;
    if (geo->lazy_count) {
        h2k_put_be64(super + H2K_XFS_SB_ICOUNT, sum.inodes);
        h2k_put_be64(super + H2K_XFS_SB_IFREE, sum.free_inodes);
        h2k_put_be64(super + H2K_XFS_SB_FDBLOCKS, sum.free_blocks);
    }
    if (geo->v5) {
        h2k_put_be32(super + H2K_XFS_SB_LOG_INCOMPAT, 0);
        h2k_xlog_put_crc(super, geo->sector_size, H2K_XFS_SB_CRC);
    }
    return h2k_block_pwrite(r->target, super, geo->sector_size, 0);
}
