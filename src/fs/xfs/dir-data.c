/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blocks of names ("Block Directories", xfs_dir2_data_entry and
 * xfs_dir2_data_unused): pieces in use and not, without gaps, and a table of
 * the three largest that are not. */
#include "fs/xfs/dir.h"

#include "base/error.h"

#include <string.h>

#define BESTS 3

static bool
is_unused(const struct h2k_xfs_buf *buf, uint32_t at)
{
    return h2k_get_be16(buf->data + at + H2K_XFS_DU_FREETAG) ==
           H2K_XFS_DIR_FREE_TAG;
}

/* How long the piece at AT is, 0 for what cannot be one. */
static uint32_t
piece_length(const struct h2k_xfs_dir *dir, const struct h2k_xfs_buf *buf,
             uint32_t end, uint32_t at)
{
    struct h2k_xfs_dir_entry e;
    struct h2k_view v = h2k_view_of(buf->data, end);
    return h2k_xfs_dir_entry_get(dir->xfs, v, at, &e) ? e.size : 0;
}

static int
damaged(const struct h2k_xfs_dir *dir)
{
    return h2k_xfs_da_damaged(&dir->da, "a damaged block of names");
}

static void
put_unused(struct h2k_xfs_buf *buf, uint32_t at, uint32_t length)
{
    uint8_t *p = buf->data + at;
    h2k_put_be16(p + H2K_XFS_DU_FREETAG, H2K_XFS_DIR_FREE_TAG);
    h2k_put_be16(p + H2K_XFS_DU_LENGTH, (uint16_t)length);
    h2k_put_be16(p + length - 2, (uint16_t)at);
}

static uint8_t *
best_table(const struct h2k_xfs_dir *dir, const struct h2k_xfs_buf *buf)
{
    return buf->data +
           (dir->xfs->geo.v5 ? H2K_XFS_DD_BESTFREE : H2K_XFS_DD_BESTFREE_V4);
}

/* The table keeps its largest first. */
static void
note_best(uint8_t *table, uint32_t at, uint32_t length)
{
    uint32_t i = 0;
    while (i < BESTS && h2k_get_be16(table + i * 4 + 2) >= length)
        i++;
    if (i == BESTS)
        return;
    memmove(table + (i + 1) * 4, table + i * 4, (BESTS - 1 - i) * 4);
    h2k_put_be16(table + i * 4, (uint16_t)at);
    h2k_put_be16(table + i * 4 + 2, (uint16_t)length);
}

/* After a change: unused neighbours become one, and the table is made
 * anew. */
static int
settle(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf, uint32_t end)
{
    uint8_t *table = best_table(dir, buf);
    uint32_t length, more;
    memset(table, 0, BESTS * 4);
    for (uint32_t at = dir->data_header; at < end; at += length) {
        length = piece_length(dir, buf, end, at);
        if (length == 0)
            return damaged(dir);
        if (!is_unused(buf, at))
            continue;
        while (at + length < end && is_unused(buf, at + length)) {
            more = piece_length(dir, buf, end, at + length);
            if (more == 0)
                return damaged(dir);
            length += more;
        }
        put_unused(buf, at, length);
        note_best(table, at, length);
    }
    return 0;
}

uint32_t
h2k_xfs_dir_data_best(const struct h2k_xfs_dir *dir,
                      const struct h2k_xfs_buf *buf)
{
    return h2k_get_be16(best_table(dir, buf) + 2);
}

void
h2k_xfs_dir_data_clear(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                       uint32_t end)
{
    uint32_t length = end - dir->data_header;
    put_unused(buf, dir->data_header, length);
    memset(best_table(dir, buf), 0, BESTS * 4);
    note_best(best_table(dir, buf), dir->data_header, length);
}

int
h2k_xfs_dir_data_room(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                      uint32_t end, const struct h2k_xfs_name *name,
                      uint32_t *offset)
{
    uint32_t need = h2k_xfs_dir_entry_size(dir->xfs, name->length), length;
    *offset = 0;
    for (uint32_t at = dir->data_header; at < end; at += length) {
        length = piece_length(dir, buf, end, at);
        if (length == 0)
            return damaged(dir);
        if (length < need || !is_unused(buf, at))
            continue;
        *offset = at;
        break;
    }
    return 0;
}

int
h2k_xfs_dir_data_put(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                     uint32_t end, const struct h2k_xfs_name *name,
                     uint32_t offset)
{
    uint32_t need = h2k_xfs_dir_entry_size(dir->xfs, name->length);
    uint32_t length = piece_length(dir, buf, end, offset);
    uint8_t *p = buf->data + offset;
    if (length < need || h2k_xfs_buf_dirty(dir->xfs, buf) < 0)
        return length < need ? damaged(dir) : -1;
    if (length > need)
        put_unused(buf, offset + need, length - need);
    memset(p, 0, need);
    p[H2K_XFS_DE_NAMELEN] = (uint8_t)name->length;
    memcpy(p + H2K_XFS_DE_NAME, name->bytes, name->length);
    h2k_put_be16(p + need - 2, (uint16_t)offset);
    h2k_xfs_dir_data_set(dir, buf, offset, name);
    return settle(dir, buf, end);
}

int
h2k_xfs_dir_data_drop(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                      uint32_t end, uint32_t offset)
{
    uint32_t length = piece_length(dir, buf, end, offset);
    if (length == 0)
        return damaged(dir);
    return h2k_xfs_dir_data_free(dir, buf, end, offset, length);
}

int
h2k_xfs_dir_data_free(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                      uint32_t end, uint32_t offset, uint32_t length)
{
    if (h2k_xfs_buf_dirty(dir->xfs, buf) < 0)
        return -1;
    if (length > 0)
        put_unused(buf, offset, length);
    return settle(dir, buf, end);
}

int
h2k_xfs_dir_data_tail(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                      uint32_t end, uint32_t *length)
{
    uint32_t n;
    *length = 0;
    for (uint32_t at = dir->data_header; at < end; at += n) {
        n = piece_length(dir, buf, end, at);
        if (n == 0)
            return damaged(dir);
        *length = is_unused(buf, at) ? n : 0;
    }
    return 0;
}

int
h2k_xfs_dir_data_cut(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                     uint32_t end, uint32_t length)
{
    uint32_t tail = 0;
    if (h2k_xfs_dir_data_tail(dir, buf, end, &tail) < 0)
        return -1;
    if (tail < length)
        return damaged(dir);
    if (h2k_xfs_buf_dirty(dir->xfs, buf) < 0)
        return -1;
    if (tail > length)
        put_unused(buf, end - tail, tail - length);
    return settle(dir, buf, end - length);
}

int
h2k_xfs_dir_data_match(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                       uint32_t end, uint32_t offset,
                       const struct h2k_xfs_name *name)
{
    struct h2k_xfs_dir_entry e;
    struct h2k_view v = h2k_view_of(buf->data, end);
    if (offset < dir->data_header ||
        !h2k_xfs_dir_entry_get(dir->xfs, v, offset, &e) || e.unused)
        return damaged(dir);
    return e.length == name->length &&
           memcmp(e.name, name->bytes, name->length) == 0;
}

void
h2k_xfs_dir_data_set(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
                     uint32_t offset, const struct h2k_xfs_name *name)
{
    uint8_t *p = buf->data + offset;
    h2k_put_be64(p + H2K_XFS_DE_INUMBER, name->ino);
    if (dir->xfs->geo.ftype)
        p[H2K_XFS_DE_NAME + name->length] = name->type;
}
