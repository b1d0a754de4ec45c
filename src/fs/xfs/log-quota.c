/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Quota items ("Journaling Log", Quota Update and Quota Off Log Items). */
#include "base/error.h"
#include "fs/xfs/format.h"
#include "fs/xfs/log-replay.h"

#include <string.h>

/* xfs_dq_logformat */
enum format {
    QLF_SECTOR = 8,  /* 64 */
    QLF_BLOCKS = 16, /* of the filesystem: its buffer's */
    QLF_OFFSET = 20, /* bytes */
    QLF_SIZE = 24,
};

/* "Quota Inodes": what is logged, and its block in version 5. */
enum dquot {
    DQ_TYPE = 3, /* 8 */
    DQ_SIZE = 104,
    DQB_CRC = 108,
    DQB_LSN = 112,
    DQB_SIZE = 136,
};
enum dquot_type { DQ_USER = 1, DQ_PROJECT = 2, DQ_GROUP = 4 };

/* The sectors of its buffer, 0 for too many. */
static uint32_t
sectors_of(const struct h2k_xlog_replay *r, struct h2k_view format)
{
    uint32_t per_block = r->xfs->geo.block_size / H2K_XLOG_SECTOR;
    uint32_t blocks = h2k_view_le32(format, QLF_BLOCKS);
    return blocks > H2K_XLOG_BUF_MAX / H2K_XLOG_SECTOR / per_block
               ? 0
               : blocks * per_block;
}

static int
dquot_check(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    struct h2k_view v = h2k_xlog_region(item, 0);
    uint32_t sectors = sectors_of(r, v);
    if (v.size < QLF_SIZE || h2k_xlog_region(item, 1).size < DQ_SIZE ||
        !h2k_range_inside(h2k_view_le32(v, QLF_OFFSET), DQB_SIZE,
                          (uint64_t)sectors * H2K_XLOG_SECTOR) ||
        !h2k_xlog_place_good(r, h2k_view_le64(v, QLF_SECTOR), sectors))
        return h2k_xlog_item_fail(r, "a quota is damaged");
    return 0;
}

static bool
is_off(const struct h2k_xlog_replay *r, uint8_t type)
{
    return ((type & DQ_USER) != 0 &&
            (r->quota_off & H2K_XFS_QFLAG_UACCT) != 0) ||
           ((type & DQ_PROJECT) != 0 &&
            (r->quota_off & H2K_XFS_QFLAG_PACCT) != 0) ||
           ((type & DQ_GROUP) != 0 &&
            (r->quota_off & H2K_XFS_QFLAG_GACCT) != 0);
}

static int
dquot_apply(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    uint8_t dquot[DQB_SIZE];
    struct h2k_view v = h2k_xlog_region(item, 0);
    struct h2k_view logged = h2k_xlog_region(item, 1);
    uint64_t sector = h2k_view_le64(v, QLF_SECTOR);
    uint64_t at = sector * H2K_XLOG_SECTOR + h2k_view_le32(v, QLF_OFFSET);
    if (is_off(r, h2k_view_u8(logged, DQ_TYPE)) ||
        h2k_xlog_is_cancelled(r, sector, sectors_of(r, v)))
        return 0;
    if (h2k_block_pread(r->target, dquot, sizeof(dquot), at) < 0)
        return -1;
    uint64_t lsn = h2k_get_be64(dquot + DQB_LSN);
    if (r->xfs->geo.v5 && lsn != 0 && lsn != H2K_XFS_NULL64 && lsn >= r->lsn)
        return 0;
    memcpy(dquot, logged.data, DQ_SIZE);
    if (r->xfs->geo.v5)
        h2k_xlog_put_crc(dquot, sizeof(dquot), DQB_CRC);
    return h2k_block_pwrite(r->target, dquot, sizeof(dquot), at);
}

const struct h2k_xlog_item_type h2k_xlog_dquot_item = {
    .type = 0x123d,
    .check = dquot_check,
    .apply = dquot_apply,
};

/* xfs_qoff_logformat: its flags at 4. */
static int
quotaoff_check(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    r->quota_off |= h2k_view_le32(h2k_xlog_region(item, 0), 4);
    return 0;
}

const struct h2k_xlog_item_type h2k_xlog_quotaoff_item = {
    .type = 0x123e,
    .check = quotaoff_check,
};
