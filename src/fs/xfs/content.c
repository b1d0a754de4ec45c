/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/xfs/content.h"

#include "base/error.h"
#include "fs/xfs/alloc.h"

#include <inttypes.h>

void
h2k_xfs_content_free(struct h2k_xfs_content *c)
{
    free(c->pieces.list);
    free(c->copies.list);
}

static int
add_piece(struct h2k_xfs_pieces *p, const struct h2k_xfs_file_piece *piece)
{
    if (p->count == p->room) {
        size_t room = p->room == 0 ? 8 : 2 * p->room;
        void *more = realloc(p->list, room * sizeof(*p->list));
        if (more == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        p->list = more;
        p->room = room;
    }
    p->list[p->count++] = *piece;
    return 0;
}

/* ---- Bytes ---- */

/* N zeros. */
static int
put_zeros(struct h2k_xfs *xfs, uint64_t where, uint64_t n)
{
    static const uint8_t zeros[65536];
    for (uint64_t k; n > 0; n -= k, where += k) {
        k = h2k_min_u64(n, sizeof(zeros));
        if (h2k_xfs_data_write(xfs, zeros, (size_t)k, where) < 0)
            return -1;
    }
    return 0;
}

static int
copy(struct h2k_xfs *xfs, uint64_t to, uint64_t from, uint64_t n)
{
    uint8_t bytes[4096];
    for (uint64_t k; n > 0; n -= k, from += k, to += k) {
        k = h2k_min_u64(n, sizeof(bytes));
        if (h2k_xfs_data_read(xfs, bytes, (size_t)k, from) < 0 ||
            h2k_xfs_data_write(xfs, bytes, (size_t)k, to) < 0)
            return -1;
    }
    return 0;
}

/* Byte AT of the file and N behind it, of [from, to), to WHERE. */
static int
put_content(const struct h2k_xfs_content *c, uint64_t where, uint64_t at,
            uint64_t n)
{
    uint64_t zeros = at < c->data_at ? h2k_min_u64(n, c->data_at - at) : 0;
    if (put_zeros(c->xfs, where, zeros) < 0)
        return -1;
    if (zeros == n)
        return 0;
    return h2k_xfs_data_write(c->xfs, c->data + (at + zeros - c->data_at),
                              (size_t)(n - zeros), where + zeros);
}

/* COUNT blocks of the file from BLOCK on, which lie at START: what is to be
 * in them; and around it zeros, or with OLD (a filesystem block, or 0) what is
 * there, as far as it is the file's. */
static int
put_blocks(const struct h2k_xfs_content *c, uint64_t block, uint64_t count,
           uint64_t start, uint64_t old)
{
    uint32_t log = c->xfs->geo.block_log;
    uint64_t begin = block << log, end = (block + count) << log;
    uint64_t from = h2k_max_u64(begin, c->from);
    uint64_t to = h2k_min_u64(end, c->to);
    uint64_t where = h2k_xfs_fsb_offset(c->xfs, start);
    uint64_t source = old == 0 ? 0 : h2k_xfs_fsb_offset(c->xfs, old);
    bool lead = old != 0 && begin < c->size;
    uint64_t kept = old == 0 ? to : h2k_min_u64(end, c->size);
    if (kept < to)
        kept = to;
    if ((lead ? copy(c->xfs, where, source, from - begin)
              : put_zeros(c->xfs, where, from - begin)) < 0 ||
        put_content(c, where + (from - begin), from, to - from) < 0 ||
        copy(c->xfs, where + (to - begin), source + (to - begin), kept - to) <
            0)
        return -1;
    return put_zeros(c->xfs, where + (kept - begin), end - kept);
}

/* ---- What is there ---- */

/* An extent that is written, cut where sharing begins and ends. */
static int
plan_written(struct h2k_xfs_content *c, struct h2k_xfs_file_piece *piece)
{
    uint32_t ag = h2k_xfs_fsb_ag(c->xfs, piece->start);
    const struct h2k_xfs_run run = { h2k_xfs_fsb_agb(c->xfs, piece->start),
                                     (uint32_t)piece->count };
    struct h2k_xfs_run shared;
    piece->kind = H2K_XFS_PLACE;
    if (h2k_xfs_shared_find(c->xfs, ag, &run, &shared) < 0)
        return -1;
    if (shared.count > 0 && shared.start == run.start) {
        piece->kind = H2K_XFS_SHARED;
        piece->count = shared.count;
    } else if (shared.count > 0) {
        piece->count = shared.start - run.start;
    }
    return add_piece(&c->pieces, piece);
}

/* What lies from BLOCK on, up to END; *NEXT is behind it. */
static int
plan_one(struct h2k_xfs_content *c, uint64_t block, uint64_t end,
         uint64_t *next)
{
    struct h2k_xfs_extent e;
    struct h2k_xfs_file_piece piece = { .block = block };
    int rc =
        h2k_xfs_extent_find(c->xfs, c->inode, H2K_XFS_DATA_FORK, block, &e);
    if (rc < 0)
        return -1;
    if (rc == 0 || e.offset > block) {
        piece.kind = H2K_XFS_HOLE;
        *next = rc == 0 ? end : h2k_min_u64(e.offset, end);
    } else {
        piece.kind = H2K_XFS_UNWRITTEN;
        piece.start = e.start + (block - e.offset);
        *next = h2k_min_u64(e.offset + e.count, end);
    }
    piece.count = *next - block;
    if (piece.kind == H2K_XFS_HOLE || e.unwritten)
        return c->keep_holes ? 0 : add_piece(&c->pieces, &piece);
    if (plan_written(c, &piece) < 0)
        return -1;
    *next = block + piece.count;
    return 0;
}

static int
plan(struct h2k_xfs_content *c)
{
    uint32_t log = c->xfs->geo.block_log;
    uint64_t block = c->from >> log;
    uint64_t end = h2k_div_up(c->to, UINT64_C(1) << log);
    while (block < end)
        if (plan_one(c, block, end, &block) < 0)
            return -1;
    return 0;
}

/* ---- 1 ---- */

/* A hole of any size, by pieces that an allocation can be. */
static int
fill_hole(struct h2k_xfs_content *c, const struct h2k_xfs_file_piece *piece)
{
    for (uint64_t done = 0, n; done < piece->count; done += n) {
        n = h2k_min_u64(piece->count - done, H2K_XFS_EXTENT_COUNT_MAX);
        if (h2k_xfs_fork_fill(c->xfs, c->inode, H2K_XFS_DATA_FORK,
                              piece->block + done, (uint32_t)n, false) < 0)
            return -1;
    }
    return 0;
}

/* What was a hole, or unwritten, is read by nobody yet. */
static int
write_new(struct h2k_xfs_content *c, const struct h2k_xfs_file_piece *piece)
{
    uint64_t at = piece->block, end = at + piece->count;
    while (at < end) {
        struct h2k_xfs_extent e;
        int rc =
            h2k_xfs_extent_find(c->xfs, c->inode, H2K_XFS_DATA_FORK, at, &e);
        if (rc < 0)
            return -1;
        if (rc == 0 || e.offset > at)
            return h2k_fail(H2K_E_CORRUPT,
                            "inode %" PRIu64
                            ": its extents are damaged; run xfs_repair first",
                            c->inode->ino);
        uint64_t n = h2k_min_u64(e.offset + e.count, end) - at;
        if (put_blocks(c, at, n, e.start + (at - e.offset), 0) < 0)
            return -1;
        at += n;
    }
    return 0;
}

/* Blocks for what is shared, with a copy of what is not overwritten. */
static int
copy_shared(struct h2k_xfs_content *c, const struct h2k_xfs_file_piece *piece)
{
    for (uint64_t done = 0; done < piece->count;) {
        struct h2k_xfs_file_piece new = { .kind = H2K_XFS_PLACE,
                                          .block = piece->block + done };
        const struct h2k_xfs_owner owner =
            h2k_xfs_fork_owner(c->inode, H2K_XFS_DATA_FORK, new.block);
        uint32_t max = (uint32_t)(piece->count - done), got = 0;
        uint64_t old = piece->start + done;
        if (h2k_xfs_alloc(c->xfs, old, 1, max, 1, &owner, &new.start, &got) <
            0)
            return -1;
        new.count = got;
        if (put_blocks(c, new.block, got, new.start, old) < 0 ||
            add_piece(&c->copies, &new) < 0)
            return -1;
        done += got;
    }
    return 0;
}

int
h2k_xfs_content_prepare(struct h2k_xfs_content *c)
{
    if (c->from == c->to)
        return 0;
    if (plan(c) < 0)
        return -1;
    for (size_t i = 0; i < c->pieces.count; i++) {
        const struct h2k_xfs_file_piece *p = &c->pieces.list[i];
        int rc = 0;
        if (p->kind == H2K_XFS_HOLE)
            rc = fill_hole(c, p);
        if (rc == 0 &&
            (p->kind == H2K_XFS_HOLE || p->kind == H2K_XFS_UNWRITTEN))
            rc = write_new(c, p);
        else if (p->kind == H2K_XFS_SHARED)
            rc = copy_shared(c, p);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* ---- 2 ---- */

/* The file has a copy for itself instead of what it shares. */
static int
use_copy(struct h2k_xfs_content *c, const struct h2k_xfs_file_piece *piece)
{
    const enum h2k_xfs_fork fork = H2K_XFS_DATA_FORK;
    const struct h2k_xfs_extent e = { .offset = piece->block,
                                      .start = piece->start,
                                      .count = piece->count };
    if (h2k_xfs_fork_punch(c->xfs, c->inode, fork, e.offset, e.count) < 0 ||
        h2k_xfs_extent_add(c->xfs, c->inode, fork, &e) < 0)
        return -1;
    return h2k_xfs_inode_blocks(c->xfs, c->inode, (int64_t)e.count);
}

int
h2k_xfs_content_apply(struct h2k_xfs_content *c)
{
    for (size_t i = 0; i < c->pieces.count; i++) {
        const struct h2k_xfs_file_piece *p = &c->pieces.list[i];
        if (p->kind == H2K_XFS_UNWRITTEN &&
            h2k_xfs_fork_set_written(c->xfs, c->inode, p->block, p->count) < 0)
            return -1;
    }
    for (size_t i = 0; i < c->copies.count; i++)
        if (use_copy(c, &c->copies.list[i]) < 0)
            return -1;
    return 0;
}

/* ---- 3 ---- */

int
h2k_xfs_content_finish(struct h2k_xfs_content *c)
{
    uint32_t log = c->xfs->geo.block_log;
    for (size_t i = 0; i < c->pieces.count; i++) {
        const struct h2k_xfs_file_piece *p = &c->pieces.list[i];
        uint64_t begin = p->block << log, end = (p->block + p->count) << log;
        uint64_t from = h2k_max_u64(begin, c->from);
        uint64_t to = h2k_min_u64(end, c->to);
        /* What was set aside behind the file's end may hold anything. */
        uint64_t junk =
            h2k_max_u64(begin, h2k_align_up(c->size, UINT64_C(1) << log));
        uint64_t where = h2k_xfs_fsb_offset(c->xfs, p->start);
        if (p->kind != H2K_XFS_PLACE)
            continue;
        if ((junk < from &&
             put_zeros(c->xfs, where + (junk - begin), from - junk) < 0) ||
            put_content(c, where + (from - begin), from, to - from) < 0 ||
            (to > c->size &&
             put_zeros(c->xfs, where + (to - begin), end - to) < 0))
            return -1;
    }
    return 0;
}
