/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* All extents of a fork ("Data Extents", "B+tree Extent List"). */
#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/counts.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"
#include "fs/xfs/xfs.h"

#include <inttypes.h>
#include <sys/stat.h>

/* A walk through a fork's tree, from left to right. */
struct walk {
    struct h2k_xfs *xfs;
    const struct h2k_xfs_inode *inode;
    enum h2k_xfs_fork fork;
    struct h2k_xfs_map *map;
    size_t room;
    uint64_t expected; /* extents */
    uint64_t blocks;   /* of them */
    /* Of each level, the block that was last there and what it said comes
     * next. */
    uint64_t last[H2K_XFS_BTREE_LEVELS_MAX];
    uint64_t next[H2K_XFS_BTREE_LEVELS_MAX];
};

static int
fail_map(const struct walk *w, const char *what)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "inode %" PRIu64 ": its extents are damaged (%s); run "
                    "xfs_repair on it first",
                    w->inode->ino, what);
}

void
h2k_xfs_extent_get(const uint8_t *raw, struct h2k_xfs_extent *out)
{
    uint64_t high = h2k_get_be64(raw), low = h2k_get_be64(raw + 8);
    out->unwritten = high >> 63;
    out->offset = (high & ~(UINT64_C(1) << 63)) >> 9;
    out->start = (high & 0x1ff) << 43 | low >> 21;
    out->count = low & H2K_XFS_EXTENT_COUNT_MAX;
}

void
h2k_xfs_extent_put(uint8_t *raw, const struct h2k_xfs_extent *extent)
{
    h2k_put_be64(raw, (uint64_t)extent->unwritten << 63 | extent->offset << 9 |
                          extent->start >> 43);
    h2k_put_be64(raw + 8, extent->start << 21 | extent->count);
}

/* Inside one AG, behind its headers. */
static bool
is_inside(const struct h2k_xfs *xfs, const struct h2k_xfs_extent *e)
{
    if (!h2k_xfs_fsb_valid(xfs, e->start))
        return false;
    uint32_t ag = h2k_xfs_fsb_ag(xfs, e->start);
    uint32_t agb = h2k_xfs_fsb_agb(xfs, e->start);
    return (uint64_t)agb * xfs->geo.block_size >=
               4 * (uint64_t)xfs->geo.sector_size &&
           h2k_range_inside(agb, e->count, h2k_xfs_ag_length(xfs, ag));
}

static int
add_extent(struct walk *w, const uint8_t *raw)
{
    struct h2k_xfs_extent e;
    struct h2k_xfs_map *map = w->map;
    h2k_xfs_extent_get(raw, &e);
    if (map->count == w->expected)
        return fail_map(w, "more than it has");
    if (e.count == 0 || e.offset + e.count > H2K_XFS_EXTENT_OFFSET_END)
        return fail_map(w, "an impossible one");
    if (map->count > 0) {
        const struct h2k_xfs_extent *p = &map->extents[map->count - 1];
        if (e.offset < p->offset + p->count)
            return fail_map(w, "out of order");
    }
    if (!is_inside(w->xfs, &e))
        return fail_map(w, "one is outside of the filesystem");
    if (e.unwritten && w->fork == H2K_XFS_ATTR_FORK)
        return fail_map(w, "unwritten attributes");
    if (map->count == w->room) {
        size_t room = w->room == 0 ? 8 : 2 * w->room;
        struct h2k_xfs_extent *more =
            realloc(map->extents, room * sizeof(*more));
        if (more == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        map->extents = more;
        w->room = room;
    }
    /* Only files' contents may be shared: what else there is cannot be more
     * than the volume. */
    w->blocks += e.count;
    if (w->blocks > w->xfs->geo.blocks &&
        (w->fork == H2K_XFS_ATTR_FORK ||
         !S_ISREG(h2k_xfs_inode_mode(w->inode))))
        return fail_map(w, "more blocks than there are");
    map->extents[map->count++] = e;
    return 0;
}

static int
add_extents(struct walk *w, const uint8_t *raw, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (add_extent(w, raw + i * H2K_XFS_BMBT_REC_SIZE) < 0)
            return -1;
    return 0;
}

/* The tree's block at FSB, the next of its LEVEL. */
static struct h2k_xfs_buf *
read_block(struct walk *w, uint64_t fsb, uint32_t level)
{
    struct h2k_xfs *xfs = w->xfs;
    if (!h2k_xfs_fsb_valid(xfs, fsb)) {
        fail_map(w, "a block of its tree is outside of the filesystem");
        return NULL;
    }
    struct h2k_xfs_buf *buf =
        h2k_xfs_buf_read(xfs, h2k_xfs_fsb_offset(xfs, fsb),
                         xfs->geo.block_size, H2K_XFS_BMBT, w->inode->ino);
    if (buf == NULL) {
        h2k_prefix("inode %" PRIu64 ": ", w->inode->ino);
        return NULL;
    }
    if (h2k_get_be16(buf->data + H2K_XFS_BB_LEVEL) != level ||
        h2k_get_be16(buf->data + H2K_XFS_BB_NUMRECS) == 0) {
        fail_map(w, "a block of its tree has a wrong level or is empty");
        return NULL;
    }
    if (h2k_get_be64(buf->data + H2K_XFS_BBL_LEFTSIB) != w->last[level] ||
        (w->last[level] != H2K_XFS_NULL64 && w->next[level] != fsb)) {
        fail_map(w, "blocks of its tree are not neighbours");
        return NULL;
    }
    w->last[level] = fsb;
    w->next[level] = h2k_get_be64(buf->data + H2K_XFS_BBL_RIGHTSIB);
    return buf;
}

/* What is below the COUNT pointers at RAW.  No further than the levels go
 * down; and since each leaf has extents, all of them ascending, no block is
 * gone through twice. */
static int
walk_below(struct walk *w, const uint8_t *raw, uint32_t count, uint32_t level)
{
    uint32_t header = h2k_xfs_btree_header(w->xfs, H2K_XFS_BMBT);
    for (uint32_t i = 0; i < count; i++) {
        struct h2k_xfs_buf *buf = read_block(
            w, h2k_get_be64(raw + (size_t)i * H2K_XFS_LONG_PTR_SIZE), level);
        if (buf == NULL)
            return -1;
        const uint8_t *at = buf->data + header;
        uint32_t n = h2k_get_be16(buf->data + H2K_XFS_BB_NUMRECS);
        if (level == 0) {
            if (add_extents(w, at, n) < 0)
                return -1;
            continue;
        }
        at += (size_t)H2K_XFS_BMBT_KEY_SIZE *
              h2k_xfs_btree_room(w->xfs, H2K_XFS_BMBT, buf->length, level);
        if (walk_below(w, at, n, level - 1) < 0)
            return -1;
    }
    return 0;
}

static int
walk_tree(struct walk *w, const uint8_t *area, uint32_t size)
{
    uint32_t level = h2k_get_be16(area + H2K_XFS_BMDR_LEVEL);
    uint32_t room = (size - H2K_XFS_BMDR_SIZE) /
                    (H2K_XFS_BMBT_KEY_SIZE + H2K_XFS_LONG_PTR_SIZE);
    for (uint32_t i = 0; i < H2K_XFS_BTREE_LEVELS_MAX; i++)
        w->last[i] = w->next[i] = H2K_XFS_NULL64;
    if (walk_below(
            w, area + H2K_XFS_BMDR_SIZE + (size_t)room * H2K_XFS_BMBT_KEY_SIZE,
            h2k_get_be16(area + H2K_XFS_BMDR_NUMRECS), level - 1) < 0)
        return -1;
    for (uint32_t i = 0; i < level; i++)
        if (w->next[i] != H2K_XFS_NULL64)
            return fail_map(w, "its tree goes on behind its end");
    return 0;
}

static int
read_all(struct walk *w)
{
    uint32_t size;
    const uint8_t *area = h2k_xfs_fork_area(w->xfs, w->inode, w->fork, &size);
    uint32_t flags = h2k_get_be16(w->inode->raw + H2K_XFS_DI_FLAGS);
    if (size == 0 || h2k_xfs_fork_format(w->inode, w->fork) == H2K_XFS_LOCAL ||
        h2k_xfs_fork_format(w->inode, w->fork) == H2K_XFS_DEV)
        return 0;
    if (w->fork == H2K_XFS_DATA_FORK && (flags & H2K_XFS_DIFLAG_REALTIME) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "inode %" PRIu64
                        " is on the realtime device, which is not read by us",
                        w->inode->ino);
    if (h2k_xfs_fork_format(w->inode, w->fork) == H2K_XFS_BTREE
            ? walk_tree(w, area, size) < 0
            : add_extents(w, area, w->expected) < 0)
        return -1;
    return w->map->count == w->expected ? 0 : fail_map(w, "some are missing");
}

int
h2k_xfs_map_read(struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
                 enum h2k_xfs_fork fork, struct h2k_xfs_map *out)
{
    struct walk w = { .xfs = xfs, .inode = inode, .fork = fork, .map = out };
    *out = (struct h2k_xfs_map){ 0 };
    w.expected = h2k_xfs_fork_extents(xfs, inode, fork);
    if (read_all(&w) == 0)
        return 0;
    h2k_xfs_map_free(out);
    return -1;
}

int
h2k_xfs_map_keep(struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
                 enum h2k_xfs_fork fork, const struct h2k_xfs_map **out)
{
    uint64_t number = h2k_xfs_op_number(xfs);
    *out = &xfs->kept.map;
    if (number != 0 && xfs->kept.number == number &&
        xfs->kept.ino == inode->ino && xfs->kept.fork == fork)
        return 0;
    h2k_xfs_map_free(&xfs->kept.map);
    xfs->kept.number = 0;
    if (h2k_xfs_map_read(xfs, inode, fork, &xfs->kept.map) < 0)
        return -1;
    xfs->kept.ino = inode->ino;
    xfs->kept.fork = fork;
    xfs->kept.number = number;
    return 0;
}

void
h2k_xfs_map_free(struct h2k_xfs_map *map)
{
    free(map->extents);
    *map = (struct h2k_xfs_map){ 0 };
}

const struct h2k_xfs_extent *
h2k_xfs_map_find(const struct h2k_xfs_map *map, uint64_t block)
{
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct h2k_xfs_extent *e = &map->extents[middle];
        if (e->offset + e->count <= block)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->count ? &map->extents[low] : NULL;
}
