/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Buffer items ("Journaling Log", Buffer Log Item): a piece of the volume of
 * which chunks of 128 bytes were changed, those that the bits of a map say;
 * adjacent ones are a region, or several.
 */
#include "base/error.h"
#include "fs/xfs/format-inode.h"
#include "fs/xfs/format.h"
#include "fs/xfs/log-replay.h"

#include <string.h>

#define CHUNK 128u
#define MAP_MAX 17u /* words: 64 KiB and one */

/* xfs_buf_log_format */
enum format {
    BLF_FLAGS = 4,     /* 16 */
    BLF_SECTORS = 6,   /* 16 */
    BLF_SECTOR = 8,    /* 64 */
    BLF_MAP_SIZE = 16, /* words of 32 bits */
    BLF_MAP = 20,
};

enum flag {
    BLF_INODES = 0x01, /* only the lists of unlinked inodes in it */
    BLF_CANCEL = 0x02,
    BLF_UDQUOT = 0x04,
    BLF_PDQUOT = 0x08,
    BLF_GDQUOT = 0x10,
    BLF_KIND_SHIFT = 11, /* of what kind the buffer is; 0: nothing is said */
};

struct change {
    const struct h2k_xlog_item *item;
    uint64_t sector;
    uint32_t sectors;
    uint32_t bytes;
    uint16_t flags;
    uint32_t bits; /* of the map */
    struct h2k_view map;
};

static uint16_t
flags_of(const struct h2k_xlog_item *item)
{
    return h2k_view_le16(h2k_xlog_region(item, 0), BLF_FLAGS);
}

static struct change
change_of(const struct h2k_xlog_item *item)
{
    struct h2k_view v = h2k_xlog_region(item, 0);
    struct change c = {
        .item = item,
        .sector = h2k_view_le64(v, BLF_SECTOR),
        .sectors = h2k_view_le16(v, BLF_SECTORS),
        .flags = flags_of(item),
        .bits = h2k_view_le32(v, BLF_MAP_SIZE),
        .map = v,
    };
    c.bits = (c.bits < MAP_MAX ? c.bits : MAP_MAX) * 32;
    c.bytes = c.sectors * H2K_XLOG_SECTOR;
    return c;
}

static bool
bit_set(const struct change *c, uint32_t bit)
{
    return bit < c->bits &&
           (h2k_view_le32(c->map, BLF_MAP + (uint64_t)bit / 32 * 4) >>
                (bit % 32) &
            1) != 0;
}

/* A walk through the regions of a change. */
struct runs {
    const struct change *c;
    uint32_t bit;    /* the next to look at */
    uint32_t region; /* the next */
    uint32_t offset; /* of this one in the buffer */
    struct h2k_view bytes;
};

/* 1 and the next run, 0 behind the last, -1 where the map and the regions
 * do not belong together. */
static int
next_run(struct runs *w)
{
    while (w->bit < w->c->bits && !bit_set(w->c, w->bit))
        w->bit++;
    if (w->bit >= w->c->bits)
        return 0;
    struct h2k_view region = h2k_xlog_region(w->c->item, w->region++);
    uint32_t count = 0;
    while (count < region.size / CHUNK && bit_set(w->c, w->bit + count))
        count++;
    w->offset = w->bit * CHUNK;
    w->bit += count;
    if (count == 0 || region.size % CHUNK != 0 ||
        !h2k_range_inside(w->offset, (uint64_t)count * CHUNK, w->c->bytes))
        return -1;
    w->bytes = h2k_view_of(region.data, (size_t)count * CHUNK);
    return 1;
}

static enum h2k_xlog_phase
buffer_phase(const struct h2k_xlog_item *item)
{
    uint16_t flags = flags_of(item);
    if ((flags & BLF_CANCEL) != 0)
        return H2K_XLOG_CANCELLED;
    return (flags & BLF_INODES) != 0 ? H2K_XLOG_UNLINKED
                                     : H2K_XLOG_BUFFERS_FIRST;
}

/* Where the directory blocks are larger than the filesystem's, one of them
 * may be in several extents, and each is logged as a buffer of its own that
 * does not say what it is: nothing tells where the rest is, which its CRC is
 * of, too. */
static bool
is_piece(const struct h2k_xlog_replay *r, const struct change *c)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    return geo->v5 && c->flags >> BLF_KIND_SHIFT == 0 &&
           geo->dir_block_size > geo->block_size &&
           c->bytes < geo->dir_block_size;
}

static int
buffer_check(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    struct change c = change_of(item);
    struct runs w = { .c = &c, .region = 1 };
    int rc = 0;
    if (c.map.size < BLF_MAP + (uint64_t)c.bits / 8 || c.sectors == 0 ||
        c.bytes > H2K_XLOG_BUF_MAX ||
        !h2k_xlog_place_good(r, c.sector, c.sectors))
        return h2k_xlog_item_fail(r, "a buffer is damaged");
    if ((c.flags & BLF_CANCEL) != 0) {
        uint32_t *count =
            h2k_xlog_table_count(&r->cancelled, c.sector, c.sectors);
        if (count == NULL)
            return -1;
        ++*count;
        return 0;
    }
    if (is_piece(r, &c))
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has changes of directory blocks in several pieces");
    while ((rc = next_run(&w)) > 0)
        ;
    return rc == 0 ? 0
                   : h2k_xlog_item_fail(r, "a buffer's regions are damaged");
}

/* ---- Putting it into its place ---- */

/* Is what is on disk newer?  Several transactions may have one LSN: what one
 * of them has changed is not newer for the next.  1 or 0, or -1. */
static int
is_newer(struct h2k_xlog_replay *r, const struct change *c)
{
    uint64_t lsn = 0;
    if (!h2k_xlog_lsn_of(r, r->buffer, &lsn) || lsn == 0 ||
        lsn == H2K_XFS_NULL64 ||
        h2k_xlog_table_find(&r->changed, c->sector, 0) != NULL)
        return 0;
    return h2k_xlog_lsn_check(r, lsn) < 0 ? -1 : lsn >= r->lsn;
}

static int
copy_runs(struct h2k_xlog_replay *r, const struct change *c)
{
    struct runs w = { .c = c, .region = 1 };
    int rc = 0;
    while ((rc = next_run(&w)) > 0)
        memcpy(r->buffer + w.offset, w.bytes.data, w.bytes.size);
    return rc;
}

static int
apply_block(struct h2k_xlog_replay *r, const struct change *c)
{
    int newer = is_newer(r, c);
    if (newer != 0)
        return newer < 0 ? -1 : 0;
    if (h2k_xlog_table_count(&r->changed, c->sector, 0) == NULL ||
        copy_runs(r, c) < 0)
        return -1;
    if (c->flags >> BLF_KIND_SHIFT != 0)
        h2k_xlog_seal(r, r->buffer, c->bytes);
    return h2k_block_pwrite(r->target, r->buffer, c->bytes,
                            c->sector * H2K_XLOG_SECTOR);
}

/* Inodes have their own items: only the pointers of the lists of unlinked
 * ones are of the buffer's. */
static int
apply_unlinked(struct h2k_xlog_replay *r, const struct change *c)
{
    const struct h2k_xfs_geometry *geo = &r->xfs->geo;
    struct runs w = { .c = c, .region = 1 };
    int rc = 0;
    while ((rc = next_run(&w)) > 0) {
        uint32_t first = w.offset / geo->inode_size * geo->inode_size;
        for (uint32_t at = first;
             at + geo->inode_size <= c->bytes && at < w.offset + w.bytes.size;
             at += geo->inode_size) {
            uint32_t field = at + H2K_XFS_DI_NEXT_UNLINKED;
            if (field < w.offset || field - w.offset >= w.bytes.size)
                continue;
            if (h2k_view_be32(w.bytes, field - w.offset) == 0)
                return h2k_xlog_item_fail(
                    r, "a list of unlinked inodes is damaged");
            memcpy(r->buffer + field, w.bytes.data + (field - w.offset), 4);
            h2k_xlog_seal_inode(r, r->buffer + at);
        }
    }
    if (rc < 0)
        return rc;
    return h2k_block_pwrite(r->target, r->buffer, c->bytes,
                            c->sector * H2K_XLOG_SECTOR);
}

/* Quotas that were turned off need no more accounting. */
static bool
is_quota_off(const struct h2k_xlog_replay *r, uint16_t flags)
{
    return ((flags & BLF_UDQUOT) != 0 &&
            (r->quota_off & H2K_XFS_QFLAG_UACCT) != 0) ||
           ((flags & BLF_PDQUOT) != 0 &&
            (r->quota_off & H2K_XFS_QFLAG_PACCT) != 0) ||
           ((flags & BLF_GDQUOT) != 0 &&
            (r->quota_off & H2K_XFS_QFLAG_GACCT) != 0);
}

static int
buffer_apply(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item)
{
    struct change c = change_of(item);
    uint32_t *cancels =
        h2k_xlog_table_find(&r->cancelled, c.sector, c.sectors);
    if ((c.flags & BLF_CANCEL) != 0) {
        if (cancels != NULL && *cancels > 0)
            --*cancels;
        return 0;
    }
    if ((cancels != NULL && *cancels > 0) || is_quota_off(r, c.flags))
        return 0;
    if (h2k_block_pread(r->target, r->buffer, c.bytes,
                        c.sector * H2K_XLOG_SECTOR) < 0)
        return -1;
    return (c.flags & BLF_INODES) != 0 ? apply_unlinked(r, &c)
                                       : apply_block(r, &c);
}

const struct h2k_xlog_item_type h2k_xlog_buffer_item = {
    .type = 0x123c,
    .phase = buffer_phase,
    .check = buffer_check,
    .apply = buffer_apply,
};
