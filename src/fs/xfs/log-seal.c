/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The LSN and the CRC of blocks of version 5, told by their magics. */
#include "base/crc32c.h"
#include "base/error.h"
#include "fs/xfs/format-attr.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format-dir.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"
#include "fs/xfs/log-replay.h"

#include <string.h>

struct layout {
    uint32_t magic;
    uint16_t lsn, crc, uuid;
};

#define SHORT(magic)                                           \
    {                                                          \
        magic, H2K_XFS_BB_LSN, H2K_XFS_BB_CRC, H2K_XFS_BB_UUID \
    }
#define DIRECTORY(magic)                                       \
    {                                                          \
        magic, H2K_XFS_DD_LSN, H2K_XFS_DD_CRC, H2K_XFS_DD_UUID \
    }

static const struct layout layouts[] = {
    SHORT(H2K_XFS_BNOBT_MAGIC_V5),
    SHORT(H2K_XFS_CNTBT_MAGIC_V5),
    SHORT(H2K_XFS_INOBT_MAGIC_V5),
    SHORT(H2K_XFS_FINOBT_MAGIC_V5),
    SHORT(H2K_XFS_RMAPBT_MAGIC_V5),
    SHORT(H2K_XFS_REFCBT_MAGIC_V5),
    DIRECTORY(H2K_XFS_DIR_BLOCK_MAGIC_V5),
    DIRECTORY(H2K_XFS_DIR_DATA_MAGIC_V5),
    DIRECTORY(H2K_XFS_DIR_FREE_MAGIC_V5),
    { H2K_XFS_BMBT_MAGIC_V5, H2K_XFS_BBL_LSN, H2K_XFS_BBL_CRC,
      H2K_XFS_BBL_UUID },
    { H2K_XFS_AGF_MAGIC, H2K_XFS_AGF_LSN, H2K_XFS_AGF_CRC, H2K_XFS_AGF_UUID },
    { H2K_XFS_AGI_MAGIC, H2K_XFS_AGI_LSN, H2K_XFS_AGI_CRC, H2K_XFS_AGI_UUID },
    { H2K_XFS_AGFL_MAGIC, H2K_XFS_AGFL_LSN, H2K_XFS_AGFL_CRC,
      H2K_XFS_AGFL_UUID },
    { H2K_XFS_SYMLINK_MAGIC, H2K_XFS_RM_LSN, H2K_XFS_RM_CRC, H2K_XFS_RM_UUID },
    { H2K_XFS_SB_MAGIC, H2K_XFS_SB_LSN, H2K_XFS_SB_CRC, H2K_XFS_SB_UUID },
};

static const uint32_t da_magics[] = {
    H2K_XFS_DIR_LEAF1_MAGIC_V5,
    H2K_XFS_DIR_LEAFN_MAGIC_V5,
    H2K_XFS_DA_NODE_MAGIC_V5,
    H2K_XFS_ATTR_LEAF_MAGIC_V5,
};

/* Blocks of 512 bytes at least, so all offsets are inside of them. */
static bool
layout_of(const uint8_t *block, struct layout *out)
{
    uint32_t magic = h2k_get_be32(block);
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (layouts[i].magic == magic) {
            *out = layouts[i];
            return true;
        }
    magic = h2k_get_be16(block + H2K_XFS_DA_MAGICNUM);
    for (size_t i = 0; i < sizeof(da_magics) / sizeof(da_magics[0]); i++)
        if (da_magics[i] == magic) {
            *out = (struct layout){ magic, H2K_XFS_DA_LSN, H2K_XFS_DA_CRC,
                                    H2K_XFS_DA_UUID };
            return true;
        }
    return false;
}

bool
h2k_xlog_lsn_of(const struct h2k_xlog_replay *r, const uint8_t *block,
                uint64_t *lsn)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    struct layout layout;
    if (!geo->v5 || !layout_of(block, &layout))
        return false;
    const uint8_t *uuid =
        layout.magic == H2K_XFS_SB_MAGIC ? geo->uuid : geo->meta_uuid;
    *lsn = h2k_get_be64(block + layout.lsn);
    return memcmp(block + layout.uuid, uuid, 16) == 0;
}

int
h2k_xlog_lsn_check(const struct h2k_xlog_replay *r, uint64_t lsn)
{
    if (lsn == H2K_XFS_NULL64 ||
        lsn <= h2k_xlog_lsn(r->log.cycle, r->log.head))
        return 0;
    return h2k_fail(H2K_E_CORRUPT, "what is on disk is newer than the log; "
                                   "run xfs_repair on it first");
}

void
h2k_xlog_put_crc(uint8_t *bytes, uint32_t length, uint32_t offset)
{
    h2k_put_le32(bytes + offset, 0);
    h2k_put_le32(bytes + offset, h2k_crc32c(0, bytes, length));
}

void
h2k_xlog_seal(const struct h2k_xlog_replay *r, uint8_t *block, uint32_t length)
{
    struct layout layout;
    if (!r->xfs->geo.v5 || !layout_of(block, &layout))
        return;
    h2k_put_be64(block + layout.lsn, r->lsn);
    h2k_xlog_put_crc(block, length, layout.crc);
}

void
h2k_xlog_seal_inode(const struct h2k_xlog_replay *r, uint8_t *inode)
{
    if (r->xfs->geo.v5)
        h2k_xlog_put_crc(inode, r->xfs->geo.inode_size, H2K_XFS_DI_CRC);
}
