/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Records of the log ("Journaling Log", Log Records): one or more sectors of
 * headers, and data, of which the first word of every sector was put into
 * the headers, so that each sector could begin with the cycle that it was
 * written in.
 */
#include "base/crc32c.h"
#include "fs/xfs/log.h"

#include <string.h>

#define VERSION_1 1u
#define VERSION_2 2u

static uint32_t
header_sectors(const struct h2k_xlog *log, uint32_t version, uint32_t size)
{
    if (!log->v2 || (version & VERSION_2) == 0 || size <= H2K_XLOG_CYCLE_SIZE)
        return 1;
    return (uint32_t)h2k_div_up(size, H2K_XLOG_CYCLE_SIZE);
}

static bool
uuid_good(const struct h2k_xlog *log, const uint8_t *uuid)
{
    static const uint8_t none[16];
    return memcmp(uuid, log->uuid, 16) == 0 || memcmp(uuid, none, 16) == 0;
}

const char *
h2k_xlog_header_parse(const struct h2k_xlog *log, const uint8_t *header,
                      uint32_t at, struct h2k_xlog_record *out)
{
    struct h2k_view v = h2k_view_of(header, H2K_XLOG_SECTOR);
    uint32_t version = h2k_view_be32(v, H2K_XLOG_H_VERSION);
    uint32_t size = h2k_view_be32(v, H2K_XLOG_H_SIZE);
    *out = (struct h2k_xlog_record){
        .at = at,
        .length = h2k_view_be32(v, H2K_XLOG_H_LEN),
        .ops = h2k_view_be32(v, H2K_XLOG_H_OPS),
        .cycle = h2k_view_be32(v, H2K_XLOG_H_CYCLE),
        .format = h2k_view_be32(v, H2K_XLOG_H_FORMAT),
        .lsn = h2k_view_be64(v, H2K_XLOG_H_LSN),
        .tail_lsn = h2k_view_be64(v, H2K_XLOG_H_TAIL_LSN),
    };
    if (h2k_view_be32(v, H2K_XLOG_H_MAGIC) != H2K_XLOG_MAGIC)
        return "there is no record";
    if (version == 0 || (version & ~(VERSION_1 | VERSION_2)) != 0)
        return "a record has an unknown version";
    if (size > H2K_XLOG_RECORD_MAX || out->length > H2K_XLOG_RECORD_MAX)
        return "a record is too long";
    if (!uuid_good(log, header + H2K_XLOG_H_UUID))
        return "a record is another filesystem's";
    out->headers = header_sectors(log, version, size);
    out->sectors =
        out->headers + (uint32_t)h2k_div_up(out->length, H2K_XLOG_SECTOR);
    return NULL;
}

/* The header's CRC is of itself up to END, with the field zero, of the other
 * headers that the data needs, and of the data as it is on disk. */
static uint32_t
crc_of(const struct h2k_xlog *log, const struct h2k_xlog_record *r,
       uint32_t end)
{
    static const uint8_t zero[4];
    const uint8_t *header = log->record;
    uint32_t extended = (uint32_t)h2k_div_up(r->length, H2K_XLOG_CYCLE_SIZE);
    uint32_t crc = h2k_crc32c(0, header, H2K_XLOG_H_CRC);
    crc = h2k_crc32c(crc, zero, sizeof(zero));
    crc =
        h2k_crc32c(crc, header + H2K_XLOG_H_CRC + 4, end - H2K_XLOG_H_CRC - 4);
    for (uint32_t i = 1; i < extended && i < r->headers; i++)
        crc = h2k_crc32c(crc, header + (size_t)i * H2K_XLOG_SECTOR,
                         H2K_XLOG_X_END);
    return h2k_crc32c(crc, header + (size_t)r->headers * H2K_XLOG_SECTOR,
                      r->length);
}

/* Where there is no CRC, a sector that was not written shows by its cycle:
 * the header's, or the next one behind the ring's end. */
static bool
cycles_good(const struct h2k_xlog *log, const struct h2k_xlog_record *r)
{
    for (uint32_t i = 1; i < r->sectors; i++) {
        const uint8_t *sector = log->record + (size_t)i * H2K_XLOG_SECTOR;
        uint32_t cycle = h2k_get_be32(sector);
        bool wrapped = r->at + i >= log->sectors;
        if (cycle != r->cycle && !(wrapped && cycle > r->cycle))
            return false;
    }
    return true;
}

static bool
intact(const struct h2k_xlog *log, const struct h2k_xlog_record *r)
{
    uint32_t crc = h2k_get_le32(log->record + H2K_XLOG_H_CRC);
    if (crc == 0 && !log->v5)
        return cycles_good(log, r);
    return crc == crc_of(log, r, H2K_XLOG_H_END) ||
           crc == crc_of(log, r, H2K_XLOG_H_END_32);
}

/* Puts the words back that the cycles replaced. */
static void
unpack(struct h2k_xlog *log, const struct h2k_xlog_record *r)
{
    uint32_t count = r->sectors - r->headers;
    const uint8_t *from = log->record + (size_t)r->headers * H2K_XLOG_SECTOR;
    memcpy(log->data, from, r->length);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t header = i / H2K_XLOG_CYCLE_SECTORS;
        uint32_t word = i % H2K_XLOG_CYCLE_SECTORS;
        size_t at = (size_t)i * H2K_XLOG_SECTOR;
        if (header >= r->headers || at + 4 > r->length)
            break;
        memcpy(log->data + at,
               log->record + (size_t)header * H2K_XLOG_SECTOR +
                   (header == 0 ? H2K_XLOG_H_CYCLES : H2K_XLOG_X_CYCLES) +
                   (size_t)word * 4,
               4);
    }
}

int
h2k_xlog_record_read(struct h2k_xlog *log, uint32_t at, uint32_t room,
                     struct h2k_xlog_record *out, const char **damage)
{
    *damage = NULL;
    if (h2k_xlog_read(log, at, 1, log->record) < 0)
        return -1;
    *damage = h2k_xlog_header_parse(log, log->record, at, out);
    if (*damage == NULL && out->length == 0)
        *damage = "a record is empty";
    else if (*damage == NULL && out->sectors > room)
        *damage = "a record reaches behind the log's end";
    if (*damage != NULL)
        return 0;
    if (h2k_xlog_read(log, at, out->sectors, log->record) < 0)
        return -1;
    if (!intact(log, out)) {
        *damage = "a record's checksum is wrong";
        return 0;
    }
    unpack(log, out);
    out->data = h2k_view_of(log->data, out->length);
    return 0;
}

/* Its one operation says so.  The operation's first word is not looked at,
 * so the data need not be put back together. */
int
h2k_xlog_record_unmounts(struct h2k_xlog *log,
                         const struct h2k_xlog_record *record, bool *out)
{
    uint8_t sector[H2K_XLOG_SECTOR];
    *out = false;
    if (record->ops != 1 || record->length < H2K_XLOG_OP_SIZE)
        return 0;
    if (h2k_xlog_read(log, h2k_xlog_forward(log, record->at, record->headers),
                      1, sector) < 0)
        return -1;
    *out = (sector[9] & H2K_XLOG_OP_UNMOUNT) != 0;
    return 0;
}
