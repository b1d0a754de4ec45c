/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blocks for more inodes. */
#include "base/clock.h"
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/chunk.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"

#include <inttypes.h>

static const struct h2k_xfs_owner owner_inodes = { .owner =
                                                       H2K_XFS_OWN_INODES };

/* A free inode: what finds it, and what it will be known by.  Its generation
 * tells it from others that had its number. */
static void
init_inode(const struct h2k_xfs *xfs, uint8_t *raw, h2k_ino ino)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint64_t generation =
        (uint64_t)h2k_clock_now() ^ ino * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    memset(raw, 0, g->inode_size);
    h2k_put_be16(raw + H2K_XFS_DI_MAGICNUM, H2K_XFS_DI_MAGIC);
    raw[H2K_XFS_DI_VERSION] = g->v5 ? 3 : 2;
    h2k_put_be32(raw + H2K_XFS_DI_GEN, (uint32_t)generation);
    h2k_put_be32(raw + H2K_XFS_DI_NEXT_UNLINKED, H2K_XFS_NULL32);
    if (!g->v5)
        return;
    h2k_put_be64(raw + H2K_XFS_DI_INO, ino);
    memcpy(raw + H2K_XFS_DI_UUID, g->meta_uuid, 16);
}

/* One cluster, as the cache has them. */
static int
init_cluster(struct h2k_xfs *xfs, uint32_t ag, uint32_t agb)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint32_t length = g->cluster_blocks << g->block_log;
    struct h2k_xfs_buf *buf = h2k_xfs_buf_new(
        xfs, h2k_xfs_agb_offset(xfs, ag, agb), length, H2K_XFS_INODES, 0);
    if (buf == NULL)
        return -1;
    for (uint32_t i = 0; i < length >> g->inode_log; i++)
        init_inode(xfs, buf->data + ((size_t)i << g->inode_log),
                   h2k_xfs_ino(xfs, ag, (agb << g->inodes_per_block_log) + i));
    return 0;
}

static int
init_blocks(struct h2k_xfs *xfs, uint32_t ag, const struct h2k_xfs_run *run)
{
    uint32_t cluster = xfs->geo.cluster_blocks;
    if (run->start % cluster != 0 || run->count % cluster != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "AG %" PRIu32
                        ": its inodes are not aligned as the kernel's are",
                        ag);
    for (uint32_t i = 0; i < run->count; i += cluster)
        if (init_cluster(xfs, ag, run->start + i) < 0)
            return -1;
    return 0;
}

/* 1 and blocks for SIZE of them, aligned.  What is made of part of a chunk
 * must leave the rest of it inside the AG. */
static int
alloc_blocks(struct h2k_xfs *xfs, uint32_t ag, uint32_t near, uint32_t size,
             uint32_t align, struct h2k_xfs_run *run)
{
    uint32_t length = h2k_xfs_ag_length(xfs, ag);
    struct h2k_xfs_want want = { size, size, align, near, 0, length };
    if (xfs->geo.sparse && xfs->geo.inode_align > 0) {
        want.low = xfs->geo.inode_align;
        want.high = length - length % xfs->geo.inode_align;
    }
    return h2k_xfs_alloc_in_ag(xfs, ag, &want, &owner_inodes, false, run);
}

static int
make_whole(struct h2k_xfs *xfs, uint32_t ag, const struct h2k_xfs_run *run)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint32_t first = run->start << g->inodes_per_block_log;
    uint32_t count = run->count << g->inodes_per_block_log;
    for (uint32_t i = 0; i < count; i += H2K_XFS_CHUNK_INODES) {
        const struct h2k_xfs_chunk chunk = {
            .start = first + i,
            .count = H2K_XFS_CHUNK_INODES,
            .free_count = H2K_XFS_CHUNK_INODES,
            .free = UINT64_MAX,
        };
        if (h2k_xfs_chunk_change(xfs, ag, NULL, &chunk) < 0)
            return -1;
    }
    return h2k_xfs_agi_set(xfs, ag, H2K_XFS_AGI_NEWINO, first);
}

/* 1 and the record that begins at START, which may have no inodes there. */
static int
find_partial(struct h2k_xfs *xfs, uint32_t ag, uint32_t start,
             struct h2k_xfs_chunk *out)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < H2K_XFS_CHUNK_INODES;
         i += H2K_XFS_HOLEMASK_INODES)
        rc = h2k_xfs_chunk_find(xfs, ag, start + i, out);
    return rc;
}

/* Part of a chunk, the rest of which may be there already. */
static int
make_partial(struct h2k_xfs *xfs, uint32_t ag, const struct h2k_xfs_run *run)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint32_t first = run->start << g->inodes_per_block_log;
    uint32_t count = run->count << g->inodes_per_block_log;
    uint32_t start = (run->start - run->start % g->inode_align)
                     << g->inodes_per_block_log;
    uint32_t bit = (first - start) / H2K_XFS_HOLEMASK_INODES;
    uint32_t bits = count / H2K_XFS_HOLEMASK_INODES;
    uint16_t mask = (uint16_t)(((UINT32_C(1) << bits) - 1) << bit);
    struct h2k_xfs_chunk old, new;
    int rc = find_partial(xfs, ag, start, &old);
    if (rc < 0)
        return -1;
    new = (struct h2k_xfs_chunk){ .start = start,
                                  .holes = UINT16_MAX,
                                  .free = UINT64_MAX };
    if (rc == 1)
        new = old;
    if (new.start != start || (new.holes &mask) != mask)
        return h2k_fail(H2K_E_CORRUPT,
                        "AG %" PRIu32
                        ": inodes lie in free space; run xfs_repair first",
                        ag);
    new.holes &= (uint16_t)~mask;
    new.count += count;
    new.free_count += count;
    if (h2k_xfs_chunk_change(xfs, ag, rc == 1 ? &old : NULL, &new) < 0)
        return -1;
    return h2k_xfs_agi_set(xfs, ag, H2K_XFS_AGI_NEWINO, start);
}

/* Does the filesystem have chunks in parts, of a size that we understand? */
static bool
is_sparse(const struct h2k_xfs_geometry *g)
{
    uint32_t count = g->sparse_align << g->inodes_per_block_log;
    return g->sparse && g->sparse_align > 0 &&
           g->inode_align << g->inodes_per_block_log == H2K_XFS_CHUNK_INODES &&
           count >= H2K_XFS_HOLEMASK_INODES && count < H2K_XFS_CHUNK_INODES;
}

int
h2k_xfs_chunk_make(struct h2k_xfs *xfs, uint32_t ag, uint32_t near)
{
    const struct h2k_xfs_geometry *g = &xfs->geo;
    uint32_t size = H2K_XFS_CHUNK_INODES >> g->inodes_per_block_log;
    uint32_t align = g->align && g->inode_align > 0 ? g->inode_align : 1;
    struct h2k_xfs_run run = { 0, 0 };
    near >>= g->inodes_per_block_log;
    if (size == 0)
        size = 1;
    int rc = alloc_blocks(xfs, ag, near, size, align, &run);
    if (rc == 1 &&
        (init_blocks(xfs, ag, &run) < 0 || make_whole(xfs, ag, &run) < 0))
        return -1;
    if (rc != 0 || !is_sparse(g))
        return rc;
    rc = alloc_blocks(xfs, ag, near, g->sparse_align, g->sparse_align, &run);
    if (rc == 1 &&
        (init_blocks(xfs, ag, &run) < 0 || make_partial(xfs, ag, &run) < 0))
        return -1;
    return rc;
}
