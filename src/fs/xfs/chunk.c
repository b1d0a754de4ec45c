/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/xfs/chunk.h"

#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/format.h"

/* ---- Numbers ("Inode Numbers") ---- */

static uint32_t
ag_bits(const struct h2k_xfs *xfs)
{
    return xfs->geo.ag_block_log + xfs->geo.inodes_per_block_log;
}

uint32_t
h2k_xfs_ino_ag(const struct h2k_xfs *xfs, h2k_ino ino)
{
    return (uint32_t)(ino >> ag_bits(xfs));
}

uint32_t
h2k_xfs_ino_agino(const struct h2k_xfs *xfs, h2k_ino ino)
{
    return (uint32_t)(ino & ((UINT64_C(1) << ag_bits(xfs)) - 1));
}

h2k_ino
h2k_xfs_ino(const struct h2k_xfs *xfs, uint32_t ag, uint32_t agino)
{
    return (uint64_t)ag << ag_bits(xfs) | agino;
}

/* ---- Records ---- */

static uint64_t
there(const struct h2k_xfs_chunk *chunk)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < 16; i++)
        if ((chunk->holes >> i & 1) == 0)
            all |= UINT64_C(0xf) << (i * H2K_XFS_HOLEMASK_INODES);
    return all;
}

uint64_t
h2k_xfs_chunk_free(const struct h2k_xfs_chunk *chunk)
{
    return chunk->free & there(chunk);
}

static void
put(const struct h2k_xfs *xfs, uint8_t *record,
    const struct h2k_xfs_chunk *chunk)
{
    h2k_put_be32(record + H2K_XFS_INO_START, chunk->start);
    if (xfs->geo.sparse) {
        h2k_put_be16(record + H2K_XFS_INO_HOLEMASK, chunk->holes);
        record[H2K_XFS_INO_COUNT] = (uint8_t)chunk->count;
        record[H2K_XFS_INO_SPARSE_FREECOUNT] = (uint8_t)chunk->free_count;
    } else {
        h2k_put_be32(record + H2K_XFS_INO_FREECOUNT, chunk->free_count);
    }
    h2k_put_be64(record + H2K_XFS_INO_FREE, chunk->free);
}

/* Checked: its bits agree with its counts. */
static int
get(const struct h2k_xfs_tree *tree, const uint8_t *record,
    struct h2k_xfs_chunk *out)
{
    bool sparse = tree->xfs->geo.sparse;
    *out = (struct h2k_xfs_chunk){
        .start = h2k_get_be32(record + H2K_XFS_INO_START),
        .holes = sparse ? h2k_get_be16(record + H2K_XFS_INO_HOLEMASK) : 0,
        .count = sparse ? record[H2K_XFS_INO_COUNT] : H2K_XFS_CHUNK_INODES,
        .free_count = sparse ? record[H2K_XFS_INO_SPARSE_FREECOUNT]
                             : h2k_get_be32(record + H2K_XFS_INO_FREECOUNT),
        .free = h2k_get_be64(record + H2K_XFS_INO_FREE),
    };
    uint32_t is_free = (uint32_t)__builtin_popcountll(h2k_xfs_chunk_free(out));
    uint32_t are_there = (uint32_t)__builtin_popcountll(there(out));
    if (out->count != are_there || out->free_count != is_free ||
        !h2k_xfs_agb_valid(tree->xfs, tree->ag,
                           out->start >> tree->xfs->geo.inodes_per_block_log))
        return h2k_xfs_tree_damaged(tree, "an impossible chunk");
    return 1;
}

int
h2k_xfs_chunk_find(struct h2k_xfs *xfs, uint32_t ag, uint32_t agino,
                   struct h2k_xfs_chunk *out)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_INOBT, ag);
    uint8_t key[H2K_XFS_RECORD_MAX] = { 0 }, record[H2K_XFS_RECORD_MAX];
    h2k_put_be32(key, agino);
    int rc = h2k_xfs_tree_get(&tree, key, record);
    if (rc == 0)
        rc = h2k_xfs_tree_below(&tree, key, record);
    if (rc == 1)
        rc = get(&tree, record, out);
    if (rc <= 0)
        return rc;
    uint32_t index = agino - out->start;
    return index < H2K_XFS_CHUNK_INODES && (there(out) >> index & 1) != 0;
}

/* ---- One that has free inodes ---- */

/* 1 and the first from AGINO on in TREE, where all or only some have any. */
static int
first_free(const struct h2k_xfs_tree *tree, uint32_t agino,
           struct h2k_xfs_chunk *out)
{
    uint8_t key[H2K_XFS_RECORD_MAX] = { 0 };
    struct h2k_xfs_cursor c;
    const uint8_t *record;
    h2k_put_be32(key, agino);
    if (h2k_xfs_cursor_seek(&c, tree, key) < 0)
        return -1;
    for (;;) {
        int rc = h2k_xfs_cursor_get(&c, &record);
        if (rc == 1)
            rc = get(tree, record, out);
        if (rc <= 0)
            return rc;
        if (out->free_count > 0)
            return 1;
        if (h2k_xfs_cursor_next(&c) < 0)
            return -1;
    }
}

int
h2k_xfs_chunk_find_free(struct h2k_xfs *xfs, uint32_t ag, uint32_t agino,
                        struct h2k_xfs_chunk *out)
{
    const struct h2k_xfs_tree tree = h2k_xfs_tree_of_ag(
        xfs, xfs->geo.finobt ? H2K_XFS_FINOBT : H2K_XFS_INOBT, ag);
    uint32_t from =
        agino < H2K_XFS_CHUNK_INODES ? 0 : agino - (H2K_XFS_CHUNK_INODES - 1);
    int rc = first_free(&tree, from, out);
    return rc == 0 ? first_free(&tree, 0, out) : rc;
}

/* ---- Changing ---- */

static int
change_all(struct h2k_xfs *xfs, uint32_t ag, const struct h2k_xfs_chunk *old,
           const struct h2k_xfs_chunk *new)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_INOBT, ag);
    uint8_t record[H2K_XFS_RECORD_MAX];
    put(xfs, record, new);
    return old == NULL ? h2k_xfs_tree_insert(&tree, record)
                       : h2k_xfs_tree_replace(&tree, record, record);
}

/* "Free Inode B+tree": only those that have some. */
static int
change_free(struct h2k_xfs *xfs, uint32_t ag, const struct h2k_xfs_chunk *old,
            const struct h2k_xfs_chunk *new)
{
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_FINOBT, ag);
    bool had = old != NULL && old->free_count > 0;
    uint8_t record[H2K_XFS_RECORD_MAX];
    put(xfs, record, new);
    if (!xfs->geo.finobt)
        return 0;
    if (new->free_count == 0)
        return had ? h2k_xfs_tree_remove(&tree, record) : 0;
    return had ? h2k_xfs_tree_replace(&tree, record, record)
               : h2k_xfs_tree_insert(&tree, record);
}

int
h2k_xfs_chunk_change(struct h2k_xfs *xfs, uint32_t ag,
                     const struct h2k_xfs_chunk *old,
                     const struct h2k_xfs_chunk *new)
{
    int64_t all = (int64_t) new->count - (old == NULL ? 0 : old->count);
    int64_t free =
        (int64_t) new->free_count - (old == NULL ? 0 : old->free_count);
    if (change_all(xfs, ag, old, new) < 0 ||
        change_free(xfs, ag, old, new) < 0 ||
        h2k_xfs_agi_add(xfs, ag, H2K_XFS_AGI_COUNT, all) < 0 ||
        h2k_xfs_agi_add(xfs, ag, H2K_XFS_AGI_FREECOUNT, free) < 0 ||
        h2k_xfs_sb_add(xfs, H2K_XFS_SB_ICOUNT, all) < 0)
        return -1;
    return h2k_xfs_sb_add(xfs, H2K_XFS_SB_IFREE, free);
}
