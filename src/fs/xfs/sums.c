/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Counters in superblock, AGF, AGI and inodes. */
#include "fs/xfs/alloc.h"

#include "base/error.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"

#include <inttypes.h>

static struct h2k_xfs_buf *
header(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind)
{
    return kind == H2K_XFS_AGF ? h2k_xfs_agf(xfs, ag) : h2k_xfs_agi(xfs, ag);
}

static int
get(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind, uint32_t field,
    uint32_t *value)
{
    struct h2k_xfs_buf *buf = header(xfs, ag, kind);
    if (buf == NULL)
        return -1;
    *value = h2k_get_be32(buf->data + field);
    return 0;
}

static int
set(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind, uint32_t field,
    uint32_t value)
{
    struct h2k_xfs_buf *buf = header(xfs, ag, kind);
    if (buf == NULL || h2k_xfs_buf_dirty(xfs, buf) < 0)
        return -1;
    h2k_put_be32(buf->data + field, value);
    return 0;
}

static int
add(struct h2k_xfs *xfs, uint32_t ag, enum h2k_xfs_kind kind, uint32_t field,
    int64_t change)
{
    uint32_t value = 0;
    if (get(xfs, ag, kind, field, &value) < 0)
        return -1;
    int64_t sum = (int64_t)value + change;
    if (sum < 0 || sum > UINT32_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "AG %" PRIu32
                        ": a counter of its header is wrong; run xfs_repair "
                        "first",
                        ag);
    return set(xfs, ag, kind, field, (uint32_t)sum);
}

int
h2k_xfs_agf_get(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                uint32_t *value)
{
    return get(xfs, ag, H2K_XFS_AGF, field, value);
}

int
h2k_xfs_agf_set(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                uint32_t value)
{
    return set(xfs, ag, H2K_XFS_AGF, field, value);
}

int
h2k_xfs_agf_add(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                int64_t change)
{
    return add(xfs, ag, H2K_XFS_AGF, field, change);
}

int
h2k_xfs_agi_get(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                uint32_t *value)
{
    return get(xfs, ag, H2K_XFS_AGI, field, value);
}

int
h2k_xfs_agi_set(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                uint32_t value)
{
    return set(xfs, ag, H2K_XFS_AGI, field, value);
}

int
h2k_xfs_agi_add(struct h2k_xfs *xfs, uint32_t ag, uint32_t field,
                int64_t change)
{
    return add(xfs, ag, H2K_XFS_AGI, field, change);
}

/* A sum of 64 bits that must stay one. */
static int
add_64(uint8_t *at, int64_t change, const char *of)
{
    uint64_t value = h2k_get_be64(at);
    if (change < 0 ? value < (uint64_t)-change
                   : value > (uint64_t)INT64_MAX - (uint64_t)change)
        return h2k_fail(H2K_E_CORRUPT,
                        "a counter of the %s is wrong; run xfs_repair first",
                        of);
    h2k_put_be64(at, value + (uint64_t)change);
    return 0;
}

int
h2k_xfs_sb_add(struct h2k_xfs *xfs, uint32_t field, int64_t change)
{
    struct h2k_xfs_buf *sb = h2k_xfs_sb(xfs);
    if (sb == NULL || h2k_xfs_quota_stale(xfs) < 0 ||
        h2k_xfs_buf_dirty(xfs, sb) < 0)
        return -1;
    return add_64(sb->data + field, change, "superblock");
}

int
h2k_xfs_quota_stale(struct h2k_xfs *xfs)
{
    const uint16_t checked = H2K_XFS_QFLAG_UCHKD | H2K_XFS_QFLAG_OCHKD |
                             H2K_XFS_QFLAG_GCHKD | H2K_XFS_QFLAG_PCHKD;
    struct h2k_xfs_buf *sb = h2k_xfs_sb(xfs);
    if (sb == NULL)
        return -1;
    uint16_t flags = h2k_get_be16(sb->data + H2K_XFS_SB_QFLAGS);
    if ((flags & checked) == 0)
        return 0;
    if (h2k_xfs_buf_dirty(xfs, sb) < 0)
        return -1;
    h2k_put_be16(sb->data + H2K_XFS_SB_QFLAGS, flags & (uint16_t)~checked);
    return 0;
}

int
h2k_xfs_inode_blocks(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                     int64_t change)
{
    if (h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    return add_64(inode->raw + H2K_XFS_DI_NBLOCKS, change, "inode");
}
