/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What headers count is inside their blocks: each structure's chapter. */
#include "fs/xfs/counts.h"
#include "fs/xfs/format-attr.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format-dir.h"
#include "fs/xfs/format.h"

struct btree {
    uint8_t record, key, pointer; /* bytes */
};

static const struct btree btrees[H2K_XFS_KINDS] = {
    [H2K_XFS_BNOBT] = { H2K_XFS_ALLOC_SIZE, H2K_XFS_ALLOC_SIZE,
                        H2K_XFS_SHORT_PTR_SIZE },
    [H2K_XFS_CNTBT] = { H2K_XFS_ALLOC_SIZE, H2K_XFS_ALLOC_SIZE,
                        H2K_XFS_SHORT_PTR_SIZE },
    [H2K_XFS_INOBT] = { H2K_XFS_INO_SIZE, H2K_XFS_INO_KEY_SIZE,
                        H2K_XFS_SHORT_PTR_SIZE },
    [H2K_XFS_FINOBT] = { H2K_XFS_INO_SIZE, H2K_XFS_INO_KEY_SIZE,
                         H2K_XFS_SHORT_PTR_SIZE },
    [H2K_XFS_RMAPBT] = { H2K_XFS_RMAP_SIZE, H2K_XFS_RMAP_KEY_SIZE,
                         H2K_XFS_SHORT_PTR_SIZE },
    [H2K_XFS_REFCBT] = { H2K_XFS_REFC_SIZE, H2K_XFS_REFC_KEY_SIZE,
                         H2K_XFS_SHORT_PTR_SIZE },
    [H2K_XFS_BMBT] = { H2K_XFS_BMBT_REC_SIZE, H2K_XFS_BMBT_KEY_SIZE,
                       H2K_XFS_LONG_PTR_SIZE },
};

uint32_t
h2k_xfs_btree_header(const struct h2k_xfs *xfs, enum h2k_xfs_kind kind)
{
    if (kind == H2K_XFS_BMBT)
        return xfs->geo.v5 ? H2K_XFS_BBL_SIZE_V5 : H2K_XFS_BBL_SIZE;
    return xfs->geo.v5 ? H2K_XFS_BB_SIZE_V5 : H2K_XFS_BB_SIZE;
}

uint32_t
h2k_xfs_btree_room(const struct h2k_xfs *xfs, enum h2k_xfs_kind kind,
                   uint32_t length, uint32_t level)
{
    const struct btree *b = &btrees[kind];
    uint32_t size =
        level == 0 ? b->record : (uint32_t)b->key + (uint32_t)b->pointer;
    return (length - h2k_xfs_btree_header(xfs, kind)) / size;
}

uint32_t
h2k_xfs_agfl_begin(const struct h2k_xfs *xfs)
{
    return xfs->geo.v5 ? H2K_XFS_AGFL_BNO : H2K_XFS_AGFL_BNO_V4;
}

uint32_t
h2k_xfs_agfl_room(const struct h2k_xfs *xfs)
{
    return (xfs->geo.sector_size - h2k_xfs_agfl_begin(xfs)) / 4;
}

/* An empty tree is a leaf alone. */
static const char *
btree_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    uint32_t level = h2k_get_be16(buf->data + H2K_XFS_BB_LEVEL);
    uint32_t count = h2k_get_be16(buf->data + H2K_XFS_BB_NUMRECS);
    if (level >= H2K_XFS_BTREE_LEVELS_MAX)
        return "an impossible level";
    if (count > h2k_xfs_btree_room(xfs, buf->kind, buf->length, level))
        return "too many records";
    return level > 0 && count == 0 ? "a node without records" : NULL;
}

static bool
root_right(uint32_t root, uint32_t level, uint32_t length)
{
    return root < length && level > 0 && level <= H2K_XFS_BTREE_LEVELS_MAX;
}

static const char *
agf_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf,
          uint32_t length)
{
    const uint8_t *d = buf->data;
    uint32_t room = h2k_xfs_agfl_room(xfs);
    if (h2k_get_be32(d + H2K_XFS_AGF_FLFIRST) >= room ||
        h2k_get_be32(d + H2K_XFS_AGF_FLLAST) >= room ||
        h2k_get_be32(d + H2K_XFS_AGF_FLCOUNT) > room)
        return "an impossible free list";
    if (!root_right(h2k_get_be32(d + H2K_XFS_AGF_BNO_ROOT),
                    h2k_get_be32(d + H2K_XFS_AGF_BNO_LEVEL), length) ||
        !root_right(h2k_get_be32(d + H2K_XFS_AGF_CNT_ROOT),
                    h2k_get_be32(d + H2K_XFS_AGF_CNT_LEVEL), length) ||
        (xfs->geo.rmapbt &&
         !root_right(h2k_get_be32(d + H2K_XFS_AGF_RMAP_ROOT),
                     h2k_get_be32(d + H2K_XFS_AGF_RMAP_LEVEL), length)) ||
        (xfs->geo.reflink &&
         !root_right(h2k_get_be32(d + H2K_XFS_AGF_REFC_ROOT),
                     h2k_get_be32(d + H2K_XFS_AGF_REFC_LEVEL), length)))
        return "an impossible root";
    if (h2k_get_be32(d + H2K_XFS_AGF_FREEBLKS) > length)
        return "more free than there is";
    return NULL;
}

static const char *
agi_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf,
          uint32_t length)
{
    const uint8_t *d = buf->data;
    if (!root_right(h2k_get_be32(d + H2K_XFS_AGI_ROOT),
                    h2k_get_be32(d + H2K_XFS_AGI_LEVEL), length) ||
        (xfs->geo.finobt &&
         !root_right(h2k_get_be32(d + H2K_XFS_AGI_FREE_ROOT),
                     h2k_get_be32(d + H2K_XFS_AGI_FREE_LEVEL), length)))
        return "an impossible root";
    return NULL;
}

static const char *
header_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    uint32_t ag = h2k_get_be32(buf->data + H2K_XFS_AGF_SEQNO);
    uint32_t length = h2k_get_be32(buf->data + H2K_XFS_AGF_LENGTH);
    if (h2k_get_be32(buf->data + H2K_XFS_AGF_VERSIONNUM) != 1)
        return "an unknown version";
    if (ag >= xfs->geo.ag_count || length != h2k_xfs_ag_length(xfs, ag) ||
        buf->offset - h2k_xfs_agb_offset(xfs, ag, 0) >=
            4 * (uint64_t)xfs->geo.sector_size)
        return "it is of another AG";
    return buf->kind == H2K_XFS_AGF ? agf_wrong(xfs, buf, length)
                                    : agi_wrong(xfs, buf, length);
}

static const char *
leaf_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    bool v5 = xfs->geo.v5;
    const uint8_t *d = buf->data;
    uint64_t used = v5 ? H2K_XFS_DL_SIZE : H2K_XFS_DL_SIZE_V4;
    uint32_t count =
        h2k_get_be16(d + (v5 ? H2K_XFS_DL_COUNT : H2K_XFS_DL_COUNT_V4));
    uint32_t stale =
        h2k_get_be16(d + (v5 ? H2K_XFS_DL_STALE : H2K_XFS_DL_STALE_V4));
    if (buf->kind == H2K_XFS_DIR_LEAF1)
        used +=
            H2K_XFS_DL_TAIL_SIZE +
            2 * (uint64_t)h2k_get_be32(d + buf->length - H2K_XFS_DL_TAIL_SIZE);
    used += (uint64_t)count * H2K_XFS_DL_ENTRY_SIZE;
    return used > buf->length || stale > count ? "too many entries" : NULL;
}

static const char *
node_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    bool v5 = xfs->geo.v5;
    const uint8_t *d = buf->data;
    uint32_t header = v5 ? H2K_XFS_DN_SIZE : H2K_XFS_DN_SIZE_V4;
    uint32_t count =
        h2k_get_be16(d + (v5 ? H2K_XFS_DN_COUNT : H2K_XFS_DN_COUNT_V4));
    uint32_t level =
        h2k_get_be16(d + (v5 ? H2K_XFS_DN_LEVEL : H2K_XFS_DN_LEVEL_V4));
    if (level == 0 || level > H2K_XFS_DA_LEVELS_MAX)
        return "an impossible level";
    if (count == 0)
        return "a node without entries";
    return count > (buf->length - header) / H2K_XFS_DN_ENTRY_SIZE
               ? "too many entries"
               : NULL;
}

static const char *
attr_leaf_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    bool v5 = xfs->geo.v5;
    const uint8_t *d = buf->data;
    uint32_t header = v5 ? H2K_XFS_AL_SIZE : H2K_XFS_AL_SIZE_V4;
    uint32_t count =
        h2k_get_be16(d + (v5 ? H2K_XFS_AL_COUNT : H2K_XFS_AL_COUNT_V4));
    uint32_t first = h2k_get_be16(
        d + (v5 ? H2K_XFS_AL_FIRSTUSED : H2K_XFS_AL_FIRSTUSED_V4));
    if (first == 0)
        first = 65536;
    return first > buf->length || header + count * H2K_XFS_AE_SIZE > first
               ? "too many entries"
               : NULL;
}

static const char *
dir_block_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    const uint8_t *tail = buf->data + buf->length - H2K_XFS_DBT_SIZE;
    uint64_t header = xfs->geo.v5 ? H2K_XFS_DD_SIZE : H2K_XFS_DD_SIZE_V4;
    uint64_t count = h2k_get_be32(tail + H2K_XFS_DBT_COUNT);
    uint64_t stale = h2k_get_be32(tail + H2K_XFS_DBT_STALE);
    return stale > count ||
                   header + count * H2K_XFS_DL_ENTRY_SIZE + H2K_XFS_DBT_SIZE >
                       buf->length
               ? "too many entries"
               : NULL;
}

static const char *
dir_free_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    bool v5 = xfs->geo.v5;
    const uint8_t *d = buf->data;
    uint32_t header = v5 ? H2K_XFS_DF_SIZE : H2K_XFS_DF_SIZE_V4;
    uint32_t valid =
        h2k_get_be32(d + (v5 ? H2K_XFS_DF_NVALID : H2K_XFS_DF_NVALID_V4));
    uint32_t used =
        h2k_get_be32(d + (v5 ? H2K_XFS_DF_NUSED : H2K_XFS_DF_NUSED_V4));
    return valid > (buf->length - header) / 2 || used > valid
               ? "too many entries"
               : NULL;
}

const char *
h2k_xfs_counts_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_buf *buf)
{
    switch (buf->kind) {
    case H2K_XFS_AGF:
    case H2K_XFS_AGI:
        return header_wrong(xfs, buf);
    case H2K_XFS_DIR_LEAF1:
    case H2K_XFS_DIR_LEAFN:
        return leaf_wrong(xfs, buf);
    case H2K_XFS_DA_NODE:
        return node_wrong(xfs, buf);
    case H2K_XFS_ATTR_LEAF:
        return attr_leaf_wrong(xfs, buf);
    case H2K_XFS_DIR_BLOCK:
        return dir_block_wrong(xfs, buf);
    case H2K_XFS_DIR_FREE:
        return dir_free_wrong(xfs, buf);
    default:
        return btrees[buf->kind].record != 0 ? btree_wrong(xfs, buf) : NULL;
    }
}
