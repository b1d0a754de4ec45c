/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Inode items ("Journaling Log", Inode Updates): the core, in the machine's
 * byte order but otherwise as it is on disk, and what of the forks was
 * changed.
 */
#include "base/error.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"
#include "fs/xfs/log-replay.h"

#include <string.h>

/* xfs_inode_log_format; 32-bit machines leave out the 4 bytes at 12. */
enum format {
    ILF_FIELDS = 4,
    ILF_INO = 16,
    ILF_DEVICE = 24,
    ILF_SECTOR = 40,
    ILF_SECTORS = 48,
    ILF_OFFSET = 52,
    ILF_SIZE = 56,
    ILF_SIZE_32 = 52,
};

enum field {
    ILOG_DDATA = 0x002,
    ILOG_DEXT = 0x004,
    ILOG_DBROOT = 0x008,
    ILOG_DEV = 0x010,
    ILOG_ADATA = 0x040,
    ILOG_AEXT = 0x080,
    ILOG_ABROOT = 0x100,
    ILOG_DOWNER = 0x200,
    ILOG_AOWNER = 0x400,
};
#define ILOG_DFORK (ILOG_DDATA | ILOG_DEXT | ILOG_DBROOT)
#define ILOG_AFORK (ILOG_ADATA | ILOG_AEXT | ILOG_ABROOT)

/* Versions 1 and 2 count how often an inode was written, up to here. */
#define FLUSHITER_MAX 0xffffu

struct inode_item {
    uint32_t fields;
    uint64_t ino;
    uint32_t device;
    uint64_t sector; /* of the buffer that it lies in */
    uint32_t sectors, offset;
    struct h2k_view core;
    struct h2k_view data, attr; /* forks; empty where not logged */
};

static struct inode_item
parse(const struct h2k_xlog_item *item)
{
    struct h2k_view v = h2k_xlog_region(item, 0);
    uint32_t less = v.size == ILF_SIZE_32 ? 4 : 0;
    struct inode_item i = {
        .fields = h2k_view_le32(v, ILF_FIELDS),
        .ino = h2k_view_le64(v, ILF_INO - less),
        .device = h2k_view_le32(v, ILF_DEVICE - less),
        .sector = h2k_view_le64(v, ILF_SECTOR - less),
        .sectors = h2k_view_le32(v, ILF_SECTORS - less),
        .offset = h2k_view_le32(v, ILF_OFFSET - less),
        .core = h2k_xlog_region(item, 1),
    };
    uint32_t next = 2;
    if ((i.fields & ILOG_DFORK) != 0 && item->total > next)
        i.data = h2k_xlog_region(item, next++);
    if ((i.fields & ILOG_AFORK) != 0 && item->total > next)
        i.attr = h2k_xlog_region(item, next);
    return i;
}

static uint32_t
core_size(const struct h2k_xlog_replay *r)
{
    return r->xfs->geo.v5 ? H2K_XFS_DI_SIZE_V3 : H2K_XFS_DI_NEXT_UNLINKED;
}

/* Room for the attribute fork, of an inode's core in either byte order. */
static uint32_t
attr_offset(const struct h2k_view core)
{
    return (uint32_t)h2k_view_u8(core, H2K_XFS_DI_FORKOFF) * 8;
}

static uint32_t
literal_at(const struct h2k_xlog_replay *r)
{
    return r->xfs->geo.v5 ? H2K_XFS_DI_SIZE_V3 : H2K_XFS_DI_SIZE_V2;
}

static int
inode_check(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    struct h2k_view v = h2k_xlog_region(item, 0);
    struct inode_item i = parse(item);
    if ((v.size != ILF_SIZE && v.size != ILF_SIZE_32) ||
        i.core.size < core_size(r) ||
        h2k_view_le16(i.core, H2K_XFS_DI_MAGICNUM) != H2K_XFS_DI_MAGIC ||
        h2k_view_u8(i.core, H2K_XFS_DI_VERSION) > (geo->v5 ? 3 : 2) ||
        attr_offset(i.core) > geo->inode_size - literal_at(r))
        return h2k_xlog_item_fail(r, "an inode is damaged");
    if (i.sectors > H2K_XLOG_BUF_MAX / H2K_XLOG_SECTOR ||
        !h2k_range_inside(i.offset, geo->inode_size,
                          (uint64_t)i.sectors * H2K_XLOG_SECTOR) ||
        i.offset % geo->inode_size != 0 ||
        !h2k_xlog_place_good(r, i.sector, i.sectors))
        return h2k_xlog_item_fail(r, "an inode is nowhere in the volume");
    if (((i.fields & ILOG_DOWNER) != 0 &&
         h2k_view_u8(i.core, H2K_XFS_DI_FORMAT) == H2K_XFS_BTREE) ||
        ((i.fields & ILOG_AOWNER) != 0 &&
         h2k_view_u8(i.core, H2K_XFS_DI_AFORMAT) == H2K_XFS_BTREE))
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has a file whose content was exchanged with "
                        "another's");
    return 0;
}

/* ---- The core ---- */

/* Where numbers begin, and how many bytes each has; what is of one byte and
 * what has no order is copied on its own. */
static const struct {
    uint8_t at, size;
} numbers[] = {
    { H2K_XFS_DI_MAGICNUM, 2 },   { H2K_XFS_DI_MODE, 2 },
    { H2K_XFS_DI_ONLINK, 2 },     { H2K_XFS_DI_UID, 4 },
    { H2K_XFS_DI_GID, 4 },        { H2K_XFS_DI_NLINK, 4 },
    { H2K_XFS_DI_PROJID_LO, 2 },  { H2K_XFS_DI_PROJID_HI, 2 },
    { H2K_XFS_DI_FILE_SIZE, 8 },  { H2K_XFS_DI_NBLOCKS, 8 },
    { H2K_XFS_DI_EXTSIZE, 4 },    { H2K_XFS_DI_NEXTENTS, 4 },
    { H2K_XFS_DI_ANEXTENTS, 2 },  { H2K_XFS_DI_DMEVMASK, 4 },
    { H2K_XFS_DI_DMSTATE, 2 },    { H2K_XFS_DI_FLAGS, 2 },
    { H2K_XFS_DI_GEN, 4 },
}, numbers_v3[] = {
    { H2K_XFS_DI_CHANGECOUNT, 8 }, { H2K_XFS_DI_FLAGS2, 8 },
    { H2K_XFS_DI_COWEXTSIZE, 4 },  { H2K_XFS_DI_INO, 8 },
};

static void
put_number(uint8_t *to, struct h2k_view from, uint32_t at, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        to[at + i] = h2k_view_u8(from, at + size - 1 - i);
}

/* bigtime is one number, otherwise there are two: seconds, nanoseconds. */
static void
put_time(uint8_t *to, struct h2k_view from, uint32_t at, bool bigtime)
{
    if (bigtime) {
        put_number(to, from, at, 8);
    } else {
        put_number(to, from, at, 4);
        put_number(to, from, at + 4, 4);
    }
}

/* The pointer of the list of unlinked inodes stays: buffers have it. */
static void
put_core(const struct h2k_xlog_replay *r, uint8_t *raw, struct h2k_view core)
{
    uint64_t flags2 =
        r->xfs->geo.v5 ? h2k_view_le64(core, H2K_XFS_DI_FLAGS2) : 0;
    bool bigtime = (flags2 & H2K_XFS_DIFLAG2_BIGTIME) != 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        put_number(raw, core, numbers[i].at, numbers[i].size);
    put_time(raw, core, H2K_XFS_DI_ATIME, bigtime);
    put_time(raw, core, H2K_XFS_DI_MTIME, bigtime);
    put_time(raw, core, H2K_XFS_DI_CTIME, bigtime);
    raw[H2K_XFS_DI_VERSION] = h2k_view_u8(core, H2K_XFS_DI_VERSION);
    raw[H2K_XFS_DI_FORMAT] = h2k_view_u8(core, H2K_XFS_DI_FORMAT);
    raw[H2K_XFS_DI_FORKOFF] = h2k_view_u8(core, H2K_XFS_DI_FORKOFF);
    raw[H2K_XFS_DI_AFORMAT] = h2k_view_u8(core, H2K_XFS_DI_AFORMAT);
    /* The count of flushes begins anew, as its purpose is served. */
    memset(raw + H2K_XFS_DI_BIG_NEXTENTS, 0, 8);
    if ((flags2 & H2K_XFS_DIFLAG2_NREXT64) != 0)
        put_number(raw, core, H2K_XFS_DI_BIG_NEXTENTS, 8);
    if (!r->xfs->geo.v5)
        return;
    for (size_t i = 0; i < sizeof(numbers_v3) / sizeof(numbers_v3[0]); i++)
        put_number(raw, core, numbers_v3[i].at, numbers_v3[i].size);
    put_time(raw, core, H2K_XFS_DI_CRTIME, bigtime);
    memset(raw + H2K_XFS_DI_COWEXTSIZE + 4, 0,
           H2K_XFS_DI_CRTIME - H2K_XFS_DI_COWEXTSIZE - 4);
    memcpy(raw + H2K_XFS_DI_UUID, core.data + H2K_XFS_DI_UUID, 16);
    h2k_put_be64(raw + H2K_XFS_DI_LSN, r->lsn);
}

/* ---- The forks ---- */

/* A B+tree's root in memory is a block of the long format that is just as
 * large as it has to be; on disk it has a header of 4 bytes. */
static bool
put_root(const struct h2k_xlog_replay *r, uint8_t *to, uint32_t room,
         struct h2k_view from)
{
    uint32_t header = r->xfs->geo.v5 ? H2K_XFS_BBL_SIZE_V5 : H2K_XFS_BBL_SIZE;
    uint32_t pair = H2K_XFS_BMBT_KEY_SIZE + H2K_XFS_LONG_PTR_SIZE;
    if (from.size < header || room < H2K_XFS_BMDR_SIZE)
        return false;
    uint32_t count = h2k_view_be16(from, H2K_XFS_BB_NUMRECS);
    uint32_t had = (uint32_t)(from.size - header) / pair;
    uint32_t has = (room - H2K_XFS_BMDR_SIZE) / pair;
    if (count > had || count > has)
        return false;
    h2k_put_be16(to + H2K_XFS_BMDR_LEVEL,
                 h2k_view_be16(from, H2K_XFS_BB_LEVEL));
    h2k_put_be16(to + H2K_XFS_BMDR_NUMRECS, (uint16_t)count);
    memcpy(to + H2K_XFS_BMDR_SIZE, from.data + header,
           (size_t)count * H2K_XFS_BMBT_KEY_SIZE);
    memcpy(to + H2K_XFS_BMDR_SIZE + (size_t)has * H2K_XFS_BMBT_KEY_SIZE,
           from.data + header + (size_t)had * H2K_XFS_BMBT_KEY_SIZE,
           (size_t)count * H2K_XFS_LONG_PTR_SIZE);
    return true;
}

static bool
put_fork(const struct h2k_xlog_replay *r, uint8_t *to, uint32_t room,
         struct h2k_view from, bool root)
{
    if (root)
        return put_root(r, to, room, from);
    if (from.size > room)
        return false;
    memcpy(to, from.data, from.size);
    return true;
}

static bool
put_forks(const struct h2k_xlog_replay *r, uint8_t *raw,
          const struct inode_item *i)
{
    uint8_t *literal = raw + literal_at(r);
    uint32_t size = r->xfs->geo.inode_size - literal_at(r);
    uint32_t attr = attr_offset(i->core);
    if ((i->fields & ILOG_DEV) != 0)
        h2k_put_be32(literal, i->device);
    if (i->data.size > 0 && !put_fork(r, literal, attr == 0 ? size : attr,
                                      i->data, (i->fields & ILOG_DBROOT) != 0))
        return false;
    return i->attr.size == 0 ||
           (attr != 0 && put_fork(r, literal + attr, size - attr, i->attr,
                                  (i->fields & ILOG_ABROOT) != 0));
}

/* What is on disk is newer.  Several transactions may have one LSN: the same
 * is not newer. */
static bool
is_newer(const struct h2k_xlog_replay *r, const uint8_t *raw,
         struct h2k_view core)
{
    if (raw[H2K_XFS_DI_VERSION] >= 3) {
        uint64_t lsn = h2k_get_be64(raw + H2K_XFS_DI_LSN);
        return lsn != H2K_XFS_NULL64 && lsn > r->lsn;
    }
    uint16_t disk = h2k_get_be16(raw + H2K_XFS_DI_FLUSHITER);
    uint16_t logged = h2k_view_le16(core, H2K_XFS_DI_FLUSHITER);
    bool wrapped = disk == FLUSHITER_MAX && logged < FLUSHITER_MAX / 2;
    return logged < disk && !wrapped;
}

static int
inode_apply(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    struct inode_item i = parse(item);
    uint64_t at = i.sector * H2K_XLOG_SECTOR + i.offset;
    uint8_t *raw = r->buffer;
    if (h2k_xlog_is_cancelled(r, i.sector, i.sectors))
        return 0;
    if (h2k_block_pread(r->target, raw, r->xfs->geo.inode_size, at) < 0)
        return -1;
    if (h2k_get_be16(raw) != H2K_XFS_DI_MAGIC)
        return h2k_xlog_item_fail(r, "there is no inode where one changes");
    if (r->xfs->geo.v5 &&
        h2k_xlog_lsn_check(r, h2k_get_be64(raw + H2K_XFS_DI_LSN)) < 0)
        return -1;
    if (is_newer(r, raw, i.core))
        return 0;
    put_core(r, raw, i.core);
    if (!put_forks(r, raw, &i))
        return h2k_xlog_item_fail(r, "a fork is larger than its inode");
    h2k_xlog_seal_inode(r, raw);
    return h2k_block_pwrite(r->target, raw, r->xfs->geo.inode_size, at);
}

const struct h2k_xlog_item_type h2k_xlog_inode_item = {
    .type = 0x123b,
    .check = inode_check,
    .apply = inode_apply,
};
