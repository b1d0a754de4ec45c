/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Finding inodes, and what they say ("On-disk Inode"). */
#include "base/error.h"
#include "fs/xfs/counts.h"
#include "fs/xfs/format-attr.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format-dir.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"
#include "fs/xfs/verify.h"

#include <inttypes.h>
#include <sys/stat.h>

static struct h2k_xfs_buf *
read_header(struct h2k_xfs *xfs, uint32_t ag, uint32_t sector,
            enum h2k_xfs_kind kind)
{
    uint32_t size = xfs->geo.sector_size;
    if (ag >= xfs->geo.ag_count)
        return h2k_fail_null(H2K_E_CORRUPT, "there is no AG %" PRIu32, ag);
    return h2k_xfs_buf_read(
        xfs, h2k_xfs_agb_offset(xfs, ag, 0) + (uint64_t)sector * size, size,
        kind, 0);
}

struct h2k_xfs_buf *
h2k_xfs_sb(struct h2k_xfs *xfs)
{
    return read_header(xfs, 0, 0, H2K_XFS_SB);
}

struct h2k_xfs_buf *
h2k_xfs_agf(struct h2k_xfs *xfs, uint32_t ag)
{
    return read_header(xfs, ag, 1, H2K_XFS_AGF);
}

struct h2k_xfs_buf *
h2k_xfs_agi(struct h2k_xfs *xfs, uint32_t ag)
{
    return read_header(xfs, ag, 2, H2K_XFS_AGI);
}

struct h2k_xfs_buf *
h2k_xfs_agfl(struct h2k_xfs *xfs, uint32_t ag)
{
    return read_header(xfs, ag, 3, H2K_XFS_AGFL);
}

static int
fail_inode(h2k_ino ino, const char *what)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "inode %" PRIu64 ": %s; run xfs_repair on it first", ino,
                    what);
}

/* ---- Is there such an inode ("Inode B+trees")? ---- */

/* The last of COUNT things of SIZE bytes, each beginning with an inode of
 * the AG, that does not begin behind AGINO; -1 when all do. */
static int
last_before(const uint8_t *at, uint32_t size, uint32_t count, uint32_t agino)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (h2k_get_be32(at + (size_t)middle * size) <= agino)
            low = middle + 1;
        else
            high = middle;
    }
    return (int)low - 1;
}

/* AGINO's record in its AG's tree into *RECORD; NULL there is none. */
static int
find_chunk(struct h2k_xfs *xfs, uint32_t ag, uint32_t agino,
           const uint8_t **record)
{
    uint32_t header = h2k_xfs_btree_header(xfs, H2K_XFS_INOBT);
    struct h2k_xfs_buf *agi = h2k_xfs_agi(xfs, ag);
    *record = NULL;
    if (agi == NULL)
        return -1;
    uint32_t agb = h2k_get_be32(agi->data + H2K_XFS_AGI_ROOT);
    for (uint32_t level = h2k_get_be32(agi->data + H2K_XFS_AGI_LEVEL);
         level-- > 0;) {
        if (!h2k_xfs_agb_valid(xfs, ag, agb))
            return h2k_fail(H2K_E_CORRUPT,
                            "AG %" PRIu32
                            ": its inode B+tree leaves it; run xfs_repair on "
                            "it first",
                            ag);
        struct h2k_xfs_buf *buf =
            h2k_xfs_buf_read(xfs, h2k_xfs_agb_offset(xfs, ag, agb),
                             xfs->geo.block_size, H2K_XFS_INOBT, 0);
        if (buf == NULL)
            return -1;
        if (h2k_get_be16(buf->data + H2K_XFS_BB_LEVEL) != level)
            return h2k_fail(H2K_E_CORRUPT,
                            "AG %" PRIu32
                            ": its inode B+tree has a block of a wrong "
                            "level; run xfs_repair on it first",
                            ag);
        uint32_t size = level == 0 ? H2K_XFS_INO_SIZE : H2K_XFS_INO_KEY_SIZE;
        const uint8_t *first = buf->data + header;
        int i = last_before(
            first, size, h2k_get_be16(buf->data + H2K_XFS_BB_NUMRECS), agino);
        if (i < 0)
            return 0;
        if (level == 0) {
            *record = first + (size_t)i * size;
            break;
        }
        first += (size_t)size *
                 h2k_xfs_btree_room(xfs, H2K_XFS_INOBT, buf->length, level);
        agb = h2k_get_be32(first + (size_t)i * H2K_XFS_SHORT_PTR_SIZE);
    }
    return 0;
}

static int
check_exists(struct h2k_xfs *xfs, h2k_ino ino, uint32_t ag, uint32_t agino)
{
    const uint8_t *record;
    if (find_chunk(xfs, ag, agino, &record) < 0)
        return h2k_prefix("inode %" PRIu64 ": ", ino);
    uint32_t index = record == NULL
                         ? H2K_XFS_CHUNK_INODES
                         : agino - h2k_get_be32(record + H2K_XFS_INO_START);
    if (index >= H2K_XFS_CHUNK_INODES)
        return fail_inode(ino, "there is no such inode");
    uint32_t holes =
        xfs->geo.sparse ? h2k_get_be16(record + H2K_XFS_INO_HOLEMASK) : 0;
    if (holes & UINT32_C(1) << index / H2K_XFS_HOLEMASK_INODES)
        return fail_inode(ino, "there is no such inode (a hole)");
    return 0;
}

/* ---- Checks ---- */

static uint32_t
literal_begin(const struct h2k_xfs_inode *inode)
{
    return inode->raw[H2K_XFS_DI_VERSION] == 3 ? H2K_XFS_DI_SIZE_V3
                                               : H2K_XFS_DI_SIZE_V2;
}

static bool
is_big(const struct h2k_xfs_inode *inode)
{
    return inode->raw[H2K_XFS_DI_VERSION] == 3 &&
           (h2k_get_be64(inode->raw + H2K_XFS_DI_FLAGS2) &
            H2K_XFS_DIFLAG2_NREXT64) != 0;
}

/* A B+tree's root has a key and a pointer at least, and room for all. */
static bool
root_fits(const uint8_t *area, uint32_t size)
{
    if (size < H2K_XFS_BMDR_SIZE)
        return false;
    uint32_t level = h2k_get_be16(area + H2K_XFS_BMDR_LEVEL);
    uint32_t count = h2k_get_be16(area + H2K_XFS_BMDR_NUMRECS);
    return level > 0 && level < H2K_XFS_BTREE_LEVELS_MAX && count > 0 &&
           count <= (size - H2K_XFS_BMDR_SIZE) /
                        (H2K_XFS_BMBT_KEY_SIZE + H2K_XFS_LONG_PTR_SIZE);
}

static const char *
fork_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
           enum h2k_xfs_fork fork)
{
    uint32_t size;
    const uint8_t *area = h2k_xfs_fork_area(xfs, inode, fork, &size);
    uint64_t extents = h2k_xfs_fork_extents(xfs, inode, fork);
    switch (h2k_xfs_fork_format(inode, fork)) {
    case H2K_XFS_EXTENTS:
        return extents > size / H2K_XFS_BMBT_REC_SIZE
                   ? "more extents than there is room for"
                   : NULL;
    case H2K_XFS_BTREE:
        return root_fits(area, size) ? NULL
                                     : "the root of its extents is damaged";
    case H2K_XFS_LOCAL:
        return fork == H2K_XFS_DATA_FORK && h2k_xfs_inode_size(inode) > size
                   ? "more content than there is room for"
                   : NULL;
    default:
        return fork == H2K_XFS_DATA_FORK ? NULL : "a fork of an unknown kind";
    }
}

static const char *
format_wrong(const struct h2k_xfs_inode *inode)
{
    static const char wrong[] = "content of a kind that it cannot have";
    uint32_t format = inode->raw[H2K_XFS_DI_FORMAT];
    uint64_t size = h2k_xfs_inode_size(inode);
    switch (h2k_xfs_inode_mode(inode) & S_IFMT) {
    case S_IFREG:
        if (format != H2K_XFS_EXTENTS && format != H2K_XFS_BTREE)
            return wrong;
        return size > INT64_MAX ? "an impossible size" : NULL;
    case S_IFDIR:
        if (format == H2K_XFS_DEV || format > H2K_XFS_BTREE)
            return wrong;
        return size > H2K_XFS_DIR_LEAF_OFFSET ? "an impossible size" : NULL;
    case S_IFLNK:
        if (format != H2K_XFS_LOCAL && format != H2K_XFS_EXTENTS)
            return wrong;
        return size > H2K_XFS_SYMLINK_MAX ? "an impossible size" : NULL;
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        return format == H2K_XFS_DEV ? NULL : wrong;
    default:
        return "a mode of no known type";
    }
}

static const char *
inode_wrong(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode)
{
    const uint8_t *raw = inode->raw;
    uint32_t room = xfs->geo.inode_size - literal_begin(inode);
    const char *wrong = format_wrong(inode);
    if (wrong != NULL)
        return wrong;
    if (is_big(inode) && !xfs->geo.nrext64)
        return "extent counters of a kind that the filesystem has not";
    if (raw[H2K_XFS_DI_FORKOFF] * 8u >= room)
        return "its attribute fork is outside of it";
    wrong = fork_wrong(xfs, inode, H2K_XFS_DATA_FORK);
    if (wrong == NULL && raw[H2K_XFS_DI_FORKOFF] != 0)
        wrong = fork_wrong(xfs, inode, H2K_XFS_ATTR_FORK);
    return wrong;
}

static int
check_inode(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode)
{
    const uint8_t *raw = inode->raw;
    uint32_t version = raw[H2K_XFS_DI_VERSION];
    if (h2k_get_be16(raw) != H2K_XFS_DI_MAGIC ||
        (xfs->geo.v5 ? version != 3 : version != 1 && version != 2))
        return fail_inode(inode->ino, "its magic is wrong");
    /* Those of a changed cluster were right, and are not sealed yet. */
    if (version == 3 && !inode->buf->dirty &&
        !h2k_xfs_inode_sum_right(xfs, raw))
        return fail_inode(inode->ino, "its checksum is wrong");
    if (version == 3 &&
        (h2k_get_be64(raw + H2K_XFS_DI_INO) != inode->ino ||
         memcmp(raw + H2K_XFS_DI_UUID, xfs->geo.meta_uuid, 16) != 0))
        return fail_inode(inode->ino, "it belongs elsewhere");
    if (h2k_xfs_inode_mode(inode) == 0)
        return h2k_fail(H2K_E_NOENT, "inode %" PRIu64 " is not in use",
                        inode->ino);
    const char *wrong = inode_wrong(xfs, inode);
    return wrong == NULL ? 0 : fail_inode(inode->ino, wrong);
}

int
h2k_xfs_inode_locate(struct h2k_xfs *xfs, h2k_ino ino,
                     struct h2k_xfs_inode *out)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint32_t ag_bits = g->ag_block_log + g->inodes_per_block_log;
    uint64_t ag = ino >> ag_bits;
    uint32_t agino = (uint32_t)(ino & ((UINT64_C(1) << ag_bits) - 1));
    uint32_t agb = agino >> g->inodes_per_block_log;
    uint32_t first = agb - agb % g->cluster_blocks;
    if (ag >= g->ag_count || !h2k_xfs_agb_valid(xfs, (uint32_t)ag, agb) ||
        !h2k_xfs_agb_valid(xfs, (uint32_t)ag, first + g->cluster_blocks - 1))
        return fail_inode(ino, "there is no such inode");
    uint64_t offset = h2k_xfs_agb_offset(xfs, (uint32_t)ag, first);
    if (!h2k_xfs_buf_cached(xfs, offset) &&
        check_exists(xfs, ino, (uint32_t)ag, agino) < 0)
        return -1;
    out->ino = ino;
    out->buf = h2k_xfs_buf_read(xfs, offset, g->cluster_blocks << g->block_log,
                                H2K_XFS_INODES, 0);
    if (out->buf == NULL)
        return -1;
    out->raw = out->buf->data +
               ((uint64_t)(agino - (first << g->inodes_per_block_log))
                << g->inode_log);
    return 0;
}

int
h2k_xfs_inode_read(struct h2k_xfs *xfs, h2k_ino ino, struct h2k_xfs_inode *out)
{
    return h2k_xfs_inode_locate(xfs, ino, out) < 0 ? -1
                                                   : check_inode(xfs, out);
}

int
h2k_xfs_inode_dirty(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode)
{
    return h2k_xfs_buf_dirty(xfs, inode->buf);
}

/* ---- What an inode says ---- */

uint32_t
h2k_xfs_inode_mode(const struct h2k_xfs_inode *inode)
{
    return h2k_get_be16(inode->raw + H2K_XFS_DI_MODE);
}

uint64_t
h2k_xfs_inode_size(const struct h2k_xfs_inode *inode)
{
    return h2k_get_be64(inode->raw + H2K_XFS_DI_FILE_SIZE);
}

enum h2k_xfs_format
h2k_xfs_fork_format(const struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork)
{
    return inode->raw[fork == H2K_XFS_DATA_FORK ? H2K_XFS_DI_FORMAT
                                                : H2K_XFS_DI_AFORMAT];
}

uint8_t *
h2k_xfs_fork_area(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
                  enum h2k_xfs_fork fork, uint32_t *size)
{
    uint32_t begin = literal_begin(inode), room = xfs->geo.inode_size - begin;
    uint32_t at = inode->raw[H2K_XFS_DI_FORKOFF] * 8u;
    if (fork == H2K_XFS_DATA_FORK) {
        *size = at == 0 ? room : at;
        return inode->raw + begin;
    }
    *size = at == 0 ? 0 : room - at;
    return inode->raw + begin + at;
}

uint64_t
h2k_xfs_fork_extents(const struct h2k_xfs *xfs,
                     const struct h2k_xfs_inode *inode, enum h2k_xfs_fork fork)
{
    const uint8_t *raw = inode->raw;
    (void)xfs;
    if (is_big(inode))
        return fork == H2K_XFS_DATA_FORK
                   ? h2k_get_be64(raw + H2K_XFS_DI_BIG_NEXTENTS)
                   : h2k_get_be32(raw + H2K_XFS_DI_BIG_ANEXTENTS);
    return fork == H2K_XFS_DATA_FORK
               ? h2k_get_be32(raw + H2K_XFS_DI_NEXTENTS)
               : h2k_get_be16(raw + H2K_XFS_DI_ANEXTENTS);
}

static bool
is_bigtime(const struct h2k_xfs_inode *inode)
{
    return inode->raw[H2K_XFS_DI_VERSION] == 3 &&
           (h2k_get_be64(inode->raw + H2K_XFS_DI_FLAGS2) &
            H2K_XFS_DIFLAG2_BIGTIME) != 0;
}

int64_t
h2k_xfs_time_get(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
                 uint32_t field)
{
    const uint8_t *at = inode->raw + field;
    (void)xfs;
    if (is_bigtime(inode))
        return (int64_t)(h2k_get_be64(at) / H2K_XFS_NANOSECONDS) -
               H2K_XFS_BIGTIME_EPOCH;
    return (int32_t)h2k_get_be32(at);
}

/* Beyond what can be said, the nearest that can. */
void
h2k_xfs_time_set(const struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                 uint32_t field, int64_t seconds, uint32_t nanoseconds)
{
    uint8_t *at = inode->raw + field;
    int64_t most = (int64_t)(UINT64_MAX / H2K_XFS_NANOSECONDS) -
                   H2K_XFS_BIGTIME_EPOCH - 1;
    (void)xfs;
    if (!is_bigtime(inode))
        most = INT32_MAX;
    if (seconds > most)
        seconds = most;
    if (seconds < INT32_MIN)
        seconds = INT32_MIN;
    if (is_bigtime(inode)) {
        h2k_put_be64(at, (uint64_t)(seconds + H2K_XFS_BIGTIME_EPOCH) *
                                 H2K_XFS_NANOSECONDS +
                             nanoseconds);
        return;
    }
    h2k_put_be32(at, (uint32_t)(int32_t)seconds);
    h2k_put_be32(at + 4, nanoseconds);
}
