/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Inodes are taken into use, and given back. */
#include "base/clock.h"
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/chunk.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"

#include <inttypes.h>
#include <sys/stat.h>

/* 1 and a free inode of AG, in use from now on; 0 where there is none and no
 * room for more. */
static int
take_in_ag(struct h2k_xfs *xfs, uint32_t ag, uint32_t near, uint32_t *agino)
{
    uint32_t free = 0;
    struct h2k_xfs_chunk old, new;
    if (h2k_xfs_agi_get(xfs, ag, H2K_XFS_AGI_FREECOUNT, &free) < 0)
        return -1;
    int rc = free > 0 ? 1 : h2k_xfs_chunk_make(xfs, ag, near);
    if (rc <= 0)
        return rc;
    rc = h2k_xfs_chunk_find_free(xfs, ag, near, &old);
    if (rc <= 0)
        return rc < 0 ? -1
                      : h2k_fail(H2K_E_CORRUPT,
                                 "AG %" PRIu32
                                 ": its count of free inodes is wrong; run "
                                 "xfs_repair first",
                                 ag);
    new = old;
    unsigned bit = (unsigned)__builtin_ctzll(h2k_xfs_chunk_free(&old));
    new.free &= ~(UINT64_C(1) << bit);
    new.free_count--;
    *agino = old.start + bit;
    return h2k_xfs_chunk_change(xfs, ag, &old, &new) < 0 ? -1 : 1;
}

/* What a new inode says; what it had is forgotten but for its generation. */
static void
init_inode(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode, uint32_t mode)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint8_t *raw = inode->raw;
    uint32_t generation = h2k_get_be32(raw + H2K_XFS_DI_GEN) + 1;
    bool local = S_ISDIR(mode) || S_ISLNK(mode);
    int64_t now = h2k_clock_now();
    memset(raw, 0, g->inode_size);
    h2k_put_be16(raw + H2K_XFS_DI_MAGICNUM, H2K_XFS_DI_MAGIC);
    h2k_put_be16(raw + H2K_XFS_DI_MODE, (uint16_t)mode);
    raw[H2K_XFS_DI_VERSION] = g->v5 ? 3 : 2;
    raw[H2K_XFS_DI_FORMAT] = local ? H2K_XFS_LOCAL : H2K_XFS_EXTENTS;
    raw[H2K_XFS_DI_AFORMAT] = H2K_XFS_EXTENTS;
    h2k_put_be32(raw + H2K_XFS_DI_GEN, generation);
    h2k_put_be32(raw + H2K_XFS_DI_NEXT_UNLINKED, H2K_XFS_NULL32);
    if (g->v5) {
        uint64_t flags = (g->bigtime ? H2K_XFS_DIFLAG2_BIGTIME : 0) |
                         (g->nrext64 ? H2K_XFS_DIFLAG2_NREXT64 : 0);
        h2k_put_be64(raw + H2K_XFS_DI_FLAGS2, flags);
        h2k_put_be64(raw + H2K_XFS_DI_CHANGECOUNT, 1);
        h2k_put_be64(raw + H2K_XFS_DI_INO, inode->ino);
        memcpy(raw + H2K_XFS_DI_UUID, g->meta_uuid, 16);
        h2k_xfs_time_set(xfs, inode, H2K_XFS_DI_CRTIME, now, 0);
    }
    h2k_xfs_time_set(xfs, inode, H2K_XFS_DI_ATIME, now, 0);
    h2k_xfs_time_set(xfs, inode, H2K_XFS_DI_MTIME, now, 0);
    h2k_xfs_time_set(xfs, inode, H2K_XFS_DI_CTIME, now, 0);
}

/* One that its btree calls free says so itself. */
static int
check_free(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode)
{
    if (h2k_get_be16(inode->raw) == H2K_XFS_DI_MAGIC &&
        h2k_xfs_inode_mode(inode) == 0 &&
        h2k_get_be64(inode->raw + H2K_XFS_DI_NBLOCKS) == 0 &&
        (!xfs->geo.v5 ||
         h2k_get_be64(inode->raw + H2K_XFS_DI_INO) == inode->ino))
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "inode %" PRIu64
                    " is free and in use; run xfs_repair first",
                    inode->ino);
}

int
h2k_xfs_inode_alloc(struct h2k_xfs *xfs, h2k_ino parent, uint32_t mode,
                    struct h2k_xfs_inode *out)
{
    uint32_t first = h2k_xfs_ino_ag(xfs, parent), agino = 0;
    for (uint32_t i = 0; i < xfs->geo.ag_count; i++) {
        uint32_t ag = (uint32_t)(((uint64_t)first + i) % xfs->geo.ag_count);
        uint32_t near = i == 0 ? h2k_xfs_ino_agino(xfs, parent) : 0;
        int rc = take_in_ag(xfs, ag, near, &agino);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        if (h2k_xfs_inode_locate(xfs, h2k_xfs_ino(xfs, ag, agino), out) < 0 ||
            check_free(xfs, out) < 0 || h2k_xfs_inode_dirty(xfs, out) < 0)
            return -1;
        init_inode(xfs, out, mode);
        return 0;
    }
    return h2k_fail(H2K_E_NOSPACE,
                    "the filesystem is full: no room for more inodes");
}

/* ---- Giving back ---- */

static int
release_fork(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
             enum h2k_xfs_fork fork)
{
    enum h2k_xfs_format format = h2k_xfs_fork_format(inode, fork);
    uint32_t size = 0;
    h2k_xfs_fork_area(xfs, inode, fork, &size);
    if (size == 0 || format == H2K_XFS_LOCAL || format == H2K_XFS_DEV)
        return 0;
    return h2k_xfs_fork_punch(xfs, inode, fork, 0, UINT64_MAX);
}

/* What stays is what finds it: the kernel's own free inodes are so. */
static void
clear_inode(const struct h2k_xfs *xfs, struct h2k_xfs_inode *inode)
{
    uint8_t *raw = inode->raw;
    uint32_t size = 0;
    uint8_t *area = h2k_xfs_fork_area(xfs, inode, H2K_XFS_DATA_FORK, &size);
    memset(area, 0, (size_t)(raw + xfs->geo.inode_size - area));
    raw[H2K_XFS_DI_FORKOFF] = 0;
    raw[H2K_XFS_DI_FORMAT] = H2K_XFS_EXTENTS;
    raw[H2K_XFS_DI_AFORMAT] = H2K_XFS_EXTENTS;
    h2k_put_be16(raw + H2K_XFS_DI_MODE, 0);
    h2k_put_be16(raw + H2K_XFS_DI_FLAGS, 0);
    h2k_put_be32(raw + H2K_XFS_DI_NLINK, 0);
    h2k_put_be64(raw + H2K_XFS_DI_FILE_SIZE, 0);
    h2k_put_be32(raw + H2K_XFS_DI_EXTSIZE, 0);
    h2k_put_be32(raw + H2K_XFS_DI_GEN, h2k_get_be32(raw + H2K_XFS_DI_GEN) + 1);
    if (raw[H2K_XFS_DI_VERSION] < 3)
        return;
    uint64_t keep = h2k_get_be64(raw + H2K_XFS_DI_FLAGS2) &
                    (H2K_XFS_DIFLAG2_BIGTIME | H2K_XFS_DIFLAG2_NREXT64);
    h2k_put_be64(raw + H2K_XFS_DI_FLAGS2, keep);
    h2k_put_be32(raw + H2K_XFS_DI_COWEXTSIZE, 0);
}

static int
mark_free(struct h2k_xfs *xfs, h2k_ino ino)
{
    uint32_t ag = h2k_xfs_ino_ag(xfs, ino);
    uint32_t agino = h2k_xfs_ino_agino(xfs, ino);
    struct h2k_xfs_chunk old, new;
    int rc = h2k_xfs_chunk_find(xfs, ag, agino, &old);
    if (rc < 0)
        return -1;
    uint64_t bit = UINT64_C(1) << (rc == 0 ? 0 : agino - old.start);
    if (rc == 0 || (old.free & bit) != 0)
        return h2k_fail(
            H2K_E_CORRUPT,
            "inode %" PRIu64 " is in use and free; run xfs_repair first", ino);
    new = old;
    new.free |= bit;
    new.free_count++;
    return h2k_xfs_chunk_change(xfs, ag, &old, &new);
}

int
h2k_xfs_inode_release(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode)
{
    if (h2k_xfs_inode_dirty(xfs, inode) < 0 ||
        release_fork(xfs, inode, H2K_XFS_ATTR_FORK) < 0 ||
        release_fork(xfs, inode, H2K_XFS_DATA_FORK) < 0)
        return -1;
    if (h2k_get_be64(inode->raw + H2K_XFS_DI_NBLOCKS) != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu64
                        ": its count of blocks is wrong; run xfs_repair first",
                        inode->ino);
    clear_inode(xfs, inode);
    return mark_free(xfs, inode->ino);
}

/* Version 1 has 16 bits of links, elsewhere; the kernel makes version 2 of
 * it as soon as it changes. */
static void
upgrade(struct h2k_xfs_inode *inode)
{
    uint8_t *raw = inode->raw;
    if (raw[H2K_XFS_DI_VERSION] != 1)
        return;
    raw[H2K_XFS_DI_VERSION] = 2;
    h2k_put_be32(raw + H2K_XFS_DI_NLINK,
                 h2k_get_be16(raw + H2K_XFS_DI_ONLINK));
    memset(raw + H2K_XFS_DI_ONLINK, 0, 2);
    memset(raw + H2K_XFS_DI_PROJID_LO, 0,
           H2K_XFS_DI_FLUSHITER - H2K_XFS_DI_PROJID_LO);
}

int
h2k_xfs_inode_links(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                    int change)
{
    if (h2k_xfs_inode_touch(xfs, inode, false) < 0)
        return -1;
    upgrade(inode);
    int64_t links =
        (int64_t)h2k_get_be32(inode->raw + H2K_XFS_DI_NLINK) + change;
    if (links < 0 || links > INT32_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "inode %" PRIu64
                        ": its count of links is wrong; run xfs_repair first",
                        inode->ino);
    h2k_put_be32(inode->raw + H2K_XFS_DI_NLINK, (uint32_t)links);
    return 0;
}
