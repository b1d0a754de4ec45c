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

#include <string.h>

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

/* What no change of a mounted volume touches: where it is cut, and where its
 * log is.  SUPER is what the replay has brought. */
static int
check_same(struct h2k_xlog_replay *r, const uint8_t *super)
{
    static const struct {
        uint16_t from, to;
    } fields[] = {
        { H2K_XFS_SB_MAGICNUM, H2K_XFS_SB_DBLOCKS },
        { H2K_XFS_SB_UUID, H2K_XFS_SB_ROOTINO },
        { H2K_XFS_SB_AGBLOCKS, H2K_XFS_SB_AGCOUNT },
        { H2K_XFS_SB_LOGBLOCKS, H2K_XFS_SB_VERSIONNUM },
        { H2K_XFS_SB_SECTSIZE, H2K_XFS_SB_FNAME },
        { H2K_XFS_SB_BLOCKLOG, H2K_XFS_SB_REXTSLOG },
        { H2K_XFS_SB_DIRBLKLOG, H2K_XFS_SB_FEATURES2 },
    };
    uint8_t old[H2K_XFS_SB_SIZE];
    if (h2k_block_pread(r->log.volume, old, sizeof(old), 0) < 0)
        return -1;
    uint16_t changed = h2k_get_be16(old + H2K_XFS_SB_VERSIONNUM) ^
                       h2k_get_be16(super + H2K_XFS_SB_VERSIONNUM);
    bool same =
        (changed & (H2K_XFS_VERSION_MASK | H2K_XFS_VERSION_LOGV2)) == 0;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        same = same && memcmp(old + fields[i].from, super + fields[i].from,
                              fields[i].to - fields[i].from) == 0;
    return same ? 0
                : h2k_fail(H2K_E_CORRUPT,
                           "the superblock that it brought is another "
                           "volume's; run xfs_repair on it first");
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
    if (check_same(r, super) < 0 || sum_ags(r, super, &sum) < 0)
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
