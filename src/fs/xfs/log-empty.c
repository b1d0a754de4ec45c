/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * An empty log, as unmounting leaves it ("Journaling Log"): nothing of the
 * current cycle stands where the next records will come to lie, and the last
 * record says that it was unmounted.
 */
#include "base/crc32c.h"
#include "base/error.h"
#include "fs/xfs/log-replay.h"

#include <string.h>

/* xfs_unmount_log_format: its magic in the first 16 bits. */
#define UNMOUNT_MAGIC 0x556e
#define UNMOUNT_SIZE 8u
#define UNMOUNT_TID UINT32_C(0xb0c0d0d0)
#define CLIENT_LOG 0xaa

/* Sectors that are cleared at once. */
#define PIECE 64u

/* A sector's cycle, for what is COUNT sectors behind the head and was
 * written in CYCLE there: behind the ring's end it is one more. */
static uint32_t
cycle_at(const struct h2k_xlog *log, uint32_t count, uint32_t cycle)
{
    return log->head + (uint64_t)count >= log->sectors ? cycle + 1 : cycle;
}

static void
put_header(const struct h2k_xlog *log, uint8_t *header, uint32_t at,
           uint32_t cycle)
{
    memset(header, 0, H2K_XLOG_SECTOR);
    h2k_put_be32(header + H2K_XLOG_H_MAGIC, H2K_XLOG_MAGIC);
    h2k_put_be32(header + H2K_XLOG_H_CYCLE, cycle);
    h2k_put_be32(header + H2K_XLOG_H_VERSION, log->v2 ? 2 : 1);
    h2k_put_be64(header + H2K_XLOG_H_LSN, h2k_xlog_lsn(cycle, at));
    h2k_put_be64(header + H2K_XLOG_H_TAIL_LSN,
                 h2k_xlog_lsn(log->cycle, log->head));
    h2k_put_be32(header + H2K_XLOG_H_FORMAT, H2K_XLOG_LITTLE_ENDIAN);
    memcpy(header + H2K_XLOG_H_UUID, log->uuid, 16);
}

/* Buffers may have been on their way when the head came to be where it is,
 * and have arrived in part: headers without records, of the cycle before,
 * take their place. */
static int
clear_ahead(struct h2k_xlog_replay *r)
{
    struct h2k_xlog *log = &r->log;
    uint32_t count = (uint32_t)h2k_min_u64(H2K_XLOG_IN_FLIGHT, log->sectors);
    for (uint32_t done = 0; done < count;) {
        uint32_t some = (uint32_t)h2k_min_u64(PIECE, count - done);
        uint32_t first = h2k_xlog_forward(log, log->head, done);
        for (uint32_t i = 0; i < some; i++)
            put_header(log, r->buffer + (size_t)i * H2K_XLOG_SECTOR,
                       h2k_xlog_forward(log, first, i),
                       cycle_at(log, done + i, log->cycle - 1));
        if (h2k_xlog_write(log, r->target, first, some, r->buffer) < 0)
            return -1;
        done += some;
    }
    return 0;
}

/* The first word of each sector of data goes into the headers, and the cycle
 * is put in its place. */
static void
pack(const struct h2k_xlog *log, uint8_t *record, uint32_t headers,
     uint32_t sectors)
{
    for (uint32_t i = 1; i < headers; i++)
        h2k_put_be32(record + (size_t)i * H2K_XLOG_SECTOR,
                     cycle_at(log, i, log->cycle));
    for (uint32_t i = 0; i < sectors - headers; i++) {
        uint32_t header = i / H2K_XLOG_CYCLE_SECTORS;
        uint32_t word = i % H2K_XLOG_CYCLE_SECTORS;
        uint8_t *data = record + (size_t)(headers + i) * H2K_XLOG_SECTOR;
        memcpy(record + (size_t)header * H2K_XLOG_SECTOR +
                   (header == 0 ? H2K_XLOG_H_CYCLES : H2K_XLOG_X_CYCLES) +
                   (size_t)word * 4,
               data, 4);
        h2k_put_be32(data, cycle_at(log, headers + i, log->cycle));
    }
}

static void
put_crc(uint8_t *record, uint32_t headers, uint32_t length)
{
    uint32_t crc = h2k_crc32c(0, record, H2K_XLOG_H_END);
    for (uint32_t i = 1; i < headers; i++)
        crc = h2k_crc32c(crc, record + (size_t)i * H2K_XLOG_SECTOR,
                         H2K_XLOG_X_END);
    crc = h2k_crc32c(crc, record + (size_t)headers * H2K_XLOG_SECTOR, length);
    h2k_put_le32(record + H2K_XLOG_H_CRC, crc);
}

static void
put_operation(uint8_t *op)
{
    h2k_put_be32(op, UNMOUNT_TID);
    h2k_put_be32(op + 4, UNMOUNT_SIZE);
    op[8] = CLIENT_LOG;
    op[9] = H2K_XLOG_OP_UNMOUNT;
    h2k_put_le16(op + H2K_XLOG_OP_SIZE, UNMOUNT_MAGIC);
}

/* One record, padded to the stripe unit. */
static int
write_unmount(struct h2k_xlog_replay *r)
{
    struct h2k_xlog *log = &r->log;
    uint32_t unit = log->align;
    uint32_t size = unit > H2K_XLOG_CYCLE_SIZE ? unit : H2K_XLOG_CYCLE_SIZE;
    uint32_t headers =
        log->v2 ? (uint32_t)h2k_div_up(size, H2K_XLOG_CYCLE_SIZE) : 1;
    uint32_t used = UNMOUNT_SIZE + H2K_XLOG_OP_SIZE;
    uint32_t bytes =
        (uint32_t)h2k_div_up(headers * H2K_XLOG_SECTOR + used, unit) * unit;
    uint32_t length = log->v2 ? bytes - headers * H2K_XLOG_SECTOR : used;
    uint32_t sectors = headers + (uint32_t)h2k_div_up(length, H2K_XLOG_SECTOR);
    uint8_t *record = log->record;
    memset(record, 0, (size_t)sectors * H2K_XLOG_SECTOR);
    put_header(log, record, log->head, log->cycle);
    h2k_put_be32(record + H2K_XLOG_H_LEN, length);
    h2k_put_be32(record + H2K_XLOG_H_PREV, log->last);
    h2k_put_be32(record + H2K_XLOG_H_OPS, 1);
    h2k_put_be32(record + H2K_XLOG_H_SIZE, size);
    put_operation(record + (size_t)headers * H2K_XLOG_SECTOR);
    pack(log, record, headers, sectors);
    put_crc(record, headers, length);
    return h2k_xlog_write(log, r->target, log->head, sectors, record);
}

int
h2k_xlog_empty(struct h2k_xlog_replay *r)
{
    if (clear_ahead(r) < 0)
        return -1;
    return write_unmount(r);
}
