/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Doing what the log's transactions promised and did not come to do
 * ("Journaling Log", Extent Freeing Intent, Reverse Mapping Update Intent,
 * Reference Count Update Intent): the steps of releasing blocks.
 *
 * It is done in the replay's overlay, by those who release blocks otherwise.
 */
#include "base/error.h"
#include "fs/xfs/alloc.h"
#include "fs/xfs/log-replay.h"
#include "fs/xfs/super.h"

#include <inttypes.h>

/* xfs_efi_log_format and the like: how many extents, and the first. */
enum format {
    INTENT_COUNT = 4,
    INTENT_EXTENTS = 16,

    EFI_START = 0, /* 64 */
    EFI_LENGTH = 8,
    EFI_SIZE = 16,
    EFI_SIZE_32 = 12, /* without padding, as 32-bit machines have it */

    RUI_OWNER = 0,   /* 64 */
    RUI_START = 8,   /* 64 */
    RUI_OFFSET = 16, /* 64 */
    RUI_LENGTH = 24,
    RUI_FLAGS = 28,
    RUI_SIZE = 32,

    CUI_START = 0, /* 64 */
    CUI_LENGTH = 8,
    CUI_FLAGS = 12,
    CUI_SIZE = 16,
};

/* The lowest byte of RUI_FLAGS, and bits. */
enum rui_type {
    RUI_MAP = 1,
    RUI_MAP_SHARED = 2,
    RUI_UNMAP = 3,
    RUI_UNMAP_SHARED = 4,
    RUI_CONVERT = 5, /* to written, or to unwritten */
    RUI_CONVERT_SHARED = 6,
    RUI_ALLOC = 7, /* 7 and 8 for what is no file's */
    RUI_FREE = 8,
};
#define RUI_KNOWN 0xe00000ffu
#define RUI_ATTR_FORK (1u << 31)
#define RUI_BMBT_BLOCK (1u << 30)
#define RUI_UNWRITTEN (1u << 29)

/* CUI_FLAGS */
enum cui_type {
    CUI_DECREASE = 2,
    CUI_ALLOC_COW = 3, /* room for a copy, which has a record of its own */
    CUI_FREE_COW = 4,
};

struct place {
    uint32_t ag;
    struct h2k_xfs_run run;
};

/* One kind of intent, whose extents have SIZE bytes. */
struct kind {
    uint16_t type;
    uint32_t size;
    bool (*known)(struct h2k_view extent);
    int (*finish)(struct h2k_xfs *xfs, struct h2k_view extent);
};

static int
unknown(const struct h2k_xlog_intent *intent)
{
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "it was cut off in the middle of a change that we "
                    "cannot finish (type 0x%" PRIx16 ")",
                    intent->type);
}

static int
place_of(const struct h2k_xfs *xfs, uint64_t start, uint32_t count,
         struct place *out)
{
    out->ag = h2k_xfs_fsb_ag(xfs, start);
    out->run = (struct h2k_xfs_run){ h2k_xfs_fsb_agb(xfs, start), count };
    if (count > 0 && h2k_xfs_fsb_valid(xfs, start) &&
        h2k_range_inside(out->run.start, count,
                         h2k_xfs_ag_length(xfs, out->ag)))
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "an intent is outside of the filesystem; run xfs_repair "
                    "on it first");
}

/* ---- Extents to free ---- */

static bool
efi_known(struct h2k_view extent)
{
    (void)extent;
    return true;
}

struct owner_search {
    struct h2k_xfs_run run;
    struct h2k_xfs_owner owner;
    unsigned covering, touching;
};

static int
take_owner(void *opaque, const uint8_t *record)
{
    struct owner_search *s = opaque;
    uint32_t start = h2k_get_be32(record + H2K_XFS_RMAP_START);
    uint64_t end = (uint64_t)start + h2k_get_be32(record + H2K_XFS_RMAP_COUNT);
    uint64_t offset = h2k_get_be64(record + H2K_XFS_RMAP_OFFSET);
    uint64_t last = (uint64_t)s->run.start + s->run.count;
    if (start >= last || end <= s->run.start)
        return 0;
    s->touching++;
    if (start > s->run.start || end < last)
        return 0;
    s->covering++;
    s->owner = (struct h2k_xfs_owner){
        .owner = h2k_get_be64(record + H2K_XFS_RMAP_OWNER),
        .offset = (offset & (H2K_XFS_EXTENT_OFFSET_END - 1)) +
                  (s->run.start - start),
        .attr_fork = (offset & H2K_XFS_RMAP_ATTR_FORK) != 0,
        .bmbt_block = (offset & H2K_XFS_RMAP_BMBT_BLOCK) != 0,
    };
    return 0;
}

/* The reverse map has all of it still, as one owner's, or nothing: a file's
 * blocks have an intent of their own for it. */
static int
efi_finish(struct h2k_xfs *xfs, struct h2k_view extent)
{
    struct place at;
    if (place_of(xfs, h2k_view_le64(extent, EFI_START),
                 h2k_view_le32(extent, EFI_LENGTH), &at) < 0)
        return -1;
    struct owner_search s = { .run = at.run };
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_RMAPBT, at.ag);
    if (xfs->geo.rmapbt &&
        h2k_xfs_tree_touching(&tree, at.run.start, at.run.count, take_owner,
                              &s) < 0)
        return -1;
    if (s.touching != s.covering || s.touching > 1)
        return h2k_xfs_tree_damaged(&tree, "blocks to free have two owners");
    return h2k_xfs_release_in_ag(xfs, at.ag, &at.run,
                                 s.covering == 1 ? &s.owner : NULL);
}

/* ---- The reverse map ---- */

static bool
rui_known(struct h2k_view extent)
{
    uint32_t flags = h2k_view_le32(extent, RUI_FLAGS);
    uint32_t type = flags & 0xff;
    return (flags & ~RUI_KNOWN) == 0 && type >= RUI_MAP && type <= RUI_FREE;
}

static int
rui_finish(struct h2k_xfs *xfs, struct h2k_view extent)
{
    uint32_t flags = h2k_view_le32(extent, RUI_FLAGS);
    uint32_t type = flags & 0xff;
    const struct h2k_xfs_owner owner = {
        .owner = h2k_view_le64(extent, RUI_OWNER),
        .offset = h2k_view_le64(extent, RUI_OFFSET),
        .attr_fork = (flags & RUI_ATTR_FORK) != 0,
        .bmbt_block = (flags & RUI_BMBT_BLOCK) != 0,
    };
    struct place at;
    if (place_of(xfs, h2k_view_le64(extent, RUI_START),
                 h2k_view_le32(extent, RUI_LENGTH), &at) < 0 ||
        h2k_xfs_agfl_fill(xfs, at.ag) < 0)
        return -1;
    bool adds = type == RUI_MAP || type == RUI_MAP_SHARED || type == RUI_ALLOC;
    bool converts = type == RUI_CONVERT || type == RUI_CONVERT_SHARED;
    if (!adds && h2k_xfs_rmap_remove(xfs, at.ag, &at.run, &owner) < 0)
        return -1;
    return !adds && !converts ? 0
                              : h2k_xfs_rmap_add(xfs, at.ag, &at.run, &owner,
                                                 (flags & RUI_UNWRITTEN) != 0);
}

/* ---- Reference counts ---- */

static bool
cui_known(struct h2k_view extent)
{
    uint32_t type = h2k_view_le32(extent, CUI_FLAGS);
    return type >= CUI_DECREASE && type <= CUI_FREE_COW;
}

static int
insert_copy(const struct h2k_xfs_tree *tree, uint32_t start, uint32_t count)
{
    uint8_t record[H2K_XFS_RECORD_MAX] = { 0 };
    h2k_put_be32(record + H2K_XFS_REFC_START, start | H2K_XFS_REFC_COW);
    h2k_put_be32(record + H2K_XFS_REFC_COUNT, count);
    h2k_put_be32(record + H2K_XFS_REFC_REFS, 1);
    return count == 0 ? 0 : h2k_xfs_tree_insert(tree, record);
}

/* RUN is room for a copy no more: a file has it now. */
static int
remove_copy(const struct h2k_xfs_tree *tree, const struct h2k_xfs_run *run)
{
    uint8_t key[H2K_XFS_RECORD_MAX] = { 0 };
    uint8_t record[H2K_XFS_RECORD_MAX] = { 0 };
    h2k_put_be32(key + H2K_XFS_REFC_START, run->start | H2K_XFS_REFC_COW);
    int rc = h2k_xfs_tree_get(tree, key, record);
    if (rc == 0)
        rc = h2k_xfs_tree_below(tree, key, record);
    if (rc < 0)
        return -1;
    uint32_t first = h2k_get_be32(record + H2K_XFS_REFC_START);
    uint32_t start = first & ~H2K_XFS_REFC_COW;
    uint64_t end = (uint64_t)start + h2k_get_be32(record + H2K_XFS_REFC_COUNT);
    uint64_t last = (uint64_t)run->start + run->count;
    if (rc == 0 || first == start || start > run->start || end < last)
        return h2k_xfs_tree_damaged(tree, "it has no room for a copy");
    return h2k_xfs_tree_remove(tree, record) < 0 ||
                   insert_copy(tree, start, run->start - start) < 0 ||
                   insert_copy(tree, (uint32_t)last, (uint32_t)(end - last)) <
                       0
               ? -1
               : 0;
}

struct dropped {
    struct h2k_xfs *xfs;
    uint32_t ag;
};

static int
free_dropped(void *opaque, const struct h2k_xfs_run *run)
{
    const struct dropped *d = opaque;
    return h2k_xfs_release_in_ag(d->xfs, d->ag, run, NULL);
}

static int
cui_finish(struct h2k_xfs *xfs, struct h2k_view extent)
{
    struct place at;
    if (place_of(xfs, h2k_view_le64(extent, CUI_START),
                 h2k_view_le32(extent, CUI_LENGTH), &at) < 0 ||
        h2k_xfs_agfl_fill(xfs, at.ag) < 0)
        return -1;
    struct dropped d = { xfs, at.ag };
    const struct h2k_xfs_tree tree =
        h2k_xfs_tree_of_ag(xfs, H2K_XFS_REFCBT, at.ag);
    uint32_t type = h2k_view_le32(extent, CUI_FLAGS);
    if (!xfs->geo.reflink)
        return h2k_fail(H2K_E_CORRUPT, "an intent is of a feature that it has "
                                       "not; run xfs_repair on it first");
    if (type == CUI_ALLOC_COW)
        return insert_copy(&tree, at.run.start, at.run.count);
    if (type == CUI_FREE_COW)
        return remove_copy(&tree, &at.run);
    return h2k_xfs_shared_drop(xfs, at.ag, &at.run, free_dropped, &d);
}

/* ---- All of them ---- */

/* In the order in which releasing blocks goes. */
static const struct kind kinds[] = {
    { H2K_XLOG_RUI, RUI_SIZE, rui_known, rui_finish },
    { H2K_XLOG_CUI, CUI_SIZE, cui_known, cui_finish },
    { H2K_XLOG_EFI, EFI_SIZE, efi_known, efi_finish },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int
finish_one(struct h2k_xfs *xfs, const struct kind *kind,
           const struct h2k_xlog_intent *intent)
{
    struct h2k_view all = h2k_view_of(intent->data, intent->size), extent;
    uint32_t count = h2k_view_le32(all, INTENT_COUNT);
    uint32_t size = kind->size;
    if (kind->type == H2K_XLOG_EFI &&
        all.size == INTENT_EXTENTS + (uint64_t)count * EFI_SIZE_32)
        size = EFI_SIZE_32;
    for (uint32_t i = 0; i < count; i++) {
        if (!h2k_view_slice(all, INTENT_EXTENTS + (uint64_t)i * size, size,
                            &extent))
            return h2k_fail(H2K_E_CORRUPT, "an intent is damaged; run "
                                           "xfs_repair on it first");
        if (!kind->known(extent))
            return unknown(intent);
        if (h2k_xfs_op_begin(xfs) < 0 ||
            h2k_xfs_op_end(xfs, kind->finish(xfs, extent)) < 0)
            return -1;
    }
    return 0;
}

static const struct kind *
kind_of(const struct h2k_xlog_intent *intent)
{
    for (size_t k = 0; k < KINDS; k++)
        if (intent->type == kinds[k].type)
            return &kinds[k];
    return NULL;
}

static int
finish_all(struct h2k_xfs *xfs, const struct h2k_xlog_intents *intents)
{
    if (h2k_xfs_check_writable(xfs) < 0)
        return -1;
    for (size_t i = 0; i < intents->count; i++)
        if (intents->list[i].data != NULL &&
            kind_of(&intents->list[i]) == NULL)
            return unknown(&intents->list[i]);
    for (size_t k = 0; k < KINDS; k++)
        for (size_t i = 0; i < intents->count; i++) {
            const struct h2k_xlog_intent *intent = &intents->list[i];
            if (intent->data != NULL && kind_of(intent) == &kinds[k] &&
                finish_one(xfs, &kinds[k], intent) < 0)
                return -1;
        }
    return h2k_xfs_cache_flush(xfs);
}

/* By the superblock and headers that the replay has brought. */
int
h2k_xlog_intents_finish(struct h2k_xlog_replay *r)
{
    struct h2k_fs_info info;
    struct h2k_xfs xfs = { .volume = r->target, .writable = true };
    if (r->intents.open == 0)
        return 0;
    int rc =
        h2k_xfs_super_read(r->target, !r->xfs->ignore_sums, &xfs.geo, &info);
    if (rc <= 0)
        return rc < 0 ? -1 : h2k_fail(H2K_E_CORRUPT, "its superblock is gone");
    xfs.ignore_sums = r->xfs->ignore_sums;
    xfs.cache = h2k_xfs_cache_new();
    if (xfs.cache == NULL)
        return -1;
    rc = finish_all(&xfs, &r->intents);
    h2k_xfs_cache_free(xfs.cache);
    return rc < 0 ? h2k_prefix("unfinished changes: ") : 0;
}
