/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The log of an XFS volume ("XFS Algorithms & Data Structures", Journaling
 * Log): a ring of sectors, the records in it, and the transactions in those.
 *
 * What the log says is as hostile as the rest of the image.
 */
#ifndef H2K_FS_XFS_LOG_H
#define H2K_FS_XFS_LOG_H

#include "base/view.h"
#include "fs/xfs/xfs.h"

/* The log counts in these ("basic blocks"), whatever the disk's sectors. */
#define H2K_XLOG_SECTOR 512u
#define H2K_XLOG_MAGIC UINT32_C(0xfeedbabe)

/* One header sector keeps the first words of this much data. */
#define H2K_XLOG_CYCLE_SIZE 32768u
#define H2K_XLOG_CYCLE_SECTORS (H2K_XLOG_CYCLE_SIZE / H2K_XLOG_SECTOR)
/* The largest buffer that is written at once, its headers among it; data
 * alone may be as much in logs of others. */
#define H2K_XLOG_RECORD_MAX 262144u
#define H2K_XLOG_RECORD_SECTORS              \
    (H2K_XLOG_RECORD_MAX / H2K_XLOG_SECTOR + \
     H2K_XLOG_RECORD_MAX / H2K_XLOG_CYCLE_SIZE)
/* Buffers that may be on their way to the disk at one time, in any order. */
#define H2K_XLOG_BUFFERS 8u
#define H2K_XLOG_IN_FLIGHT \
    (H2K_XLOG_BUFFERS * (H2K_XLOG_RECORD_MAX / H2K_XLOG_SECTOR))

/* xlog_rec_header, by offset; big-endian but for the CRC. */
enum h2k_xlog_header {
    H2K_XLOG_H_MAGIC = 0,
    H2K_XLOG_H_CYCLE = 4,
    H2K_XLOG_H_VERSION = 8,
    H2K_XLOG_H_LEN = 12, /* bytes of data */
    H2K_XLOG_H_LSN = 16,
    H2K_XLOG_H_TAIL_LSN = 24,
    H2K_XLOG_H_CRC = 32,
    H2K_XLOG_H_PREV = 36,
    H2K_XLOG_H_OPS = 40,
    H2K_XLOG_H_CYCLES = 44,
    H2K_XLOG_H_FORMAT = 300,
    H2K_XLOG_H_UUID = 304,
    H2K_XLOG_H_SIZE = 320,   /* bytes of the buffer that it was made in */
    H2K_XLOG_H_END_32 = 324, /* where 32-bit kernels end its CRC */
    H2K_XLOG_H_END = 328,
    H2K_XLOG_X_CYCLES = 4, /* xlog_rec_ext_header */
    H2K_XLOG_X_END = 260,
};

/* xlog_op_header: tid, length, client, flags; big-endian. */
#define H2K_XLOG_OP_SIZE 12u
enum h2k_xlog_op_flag {
    H2K_XLOG_OP_START = 0x01,
    H2K_XLOG_OP_COMMIT = 0x02,
    H2K_XLOG_OP_CONTINUE = 0x04,
    H2K_XLOG_OP_WAS_CONT = 0x08,
    H2K_XLOG_OP_END = 0x10,
    H2K_XLOG_OP_UNMOUNT = 0x20,
};

/* h_fmt */
#define H2K_XLOG_LITTLE_ENDIAN 1u

/* Where a log record was written: the cycle in the upper half, the sector of
 * the ring in the lower.  Ordered as numbers are. */
static inline uint64_t
h2k_xlog_lsn(uint32_t cycle, uint32_t sector)
{
    return (uint64_t)cycle << 32 | sector;
}

struct h2k_xlog {
    struct h2k_block *volume; /* the caller's */
    uint64_t start;           /* bytes in the volume */
    uint32_t sectors;         /* of the ring */
    uint32_t align;           /* bytes that a record is a multiple of */
    bool v2, v5;
    uint8_t uuid[16];
    uint8_t *record; /* room for one, headers and data */
    uint8_t *data;   /* the data, as it was before it was written */

    /* What has to be replayed is [tail, head) of the ring; found by
     * h2k_xlog_find. */
    uint32_t head, tail; /* equal: nothing */
    uint32_t cycle;      /* of what is written at the head */
    uint32_t last;       /* the record before the head */
};

/* The log that XFS's superblock describes.  H2K_E_UNSUPPORTED for one on
 * another device. */
int h2k_xlog_open(struct h2k_xlog *log, struct h2k_xfs *xfs);
void h2k_xlog_close(struct h2k_xlog *log);

/* COUNT sectors from SECTOR on, around the ring's end.  COUNT is at most the
 * ring. */
int h2k_xlog_read(struct h2k_xlog *log, uint32_t sector, uint32_t count,
                  void *to);
/* The same, written to VOLUME. */
int h2k_xlog_write(struct h2k_xlog *log, struct h2k_block *volume,
                   uint32_t sector, uint32_t count, const void *from);

static inline uint32_t
h2k_xlog_forward(const struct h2k_xlog *log, uint32_t sector, uint32_t count)
{
    return (uint32_t)(((uint64_t)sector + count) % log->sectors);
}
/* From A forward to B. */
static inline uint32_t
h2k_xlog_distance(const struct h2k_xlog *log, uint32_t a, uint32_t b)
{
    return b >= a ? b - a : log->sectors - a + b;
}

/* ---- Records: log-record.c ---- */

struct h2k_xlog_record {
    uint32_t at;      /* the first sector */
    uint32_t headers; /* sectors of them */
    uint32_t length;  /* bytes of data */
    uint32_t sectors; /* altogether */
    uint32_t ops;
    uint32_t cycle;
    uint32_t format;
    uint64_t lsn, tail_lsn;
    struct h2k_view data;
};

/* What the sector HEADER says; NULL, or what is wrong with it.  Its data is
 * not looked at. */
const char *h2k_xlog_header_parse(const struct h2k_xlog *log,
                                  const uint8_t *header, uint32_t at,
                                  struct h2k_xlog_record *out);

/* The record at AT, at most ROOM sectors, checked; *DAMAGE is NULL or says
 * what is wrong.  Its data is in LOG->data until the next one is read. */
int h2k_xlog_record_read(struct h2k_xlog *log, uint32_t at, uint32_t room,
                         struct h2k_xlog_record *out, const char **damage);

/* Is the record an unmount record, and the last? */
int h2k_xlog_record_unmounts(struct h2k_xlog *log,
                             const struct h2k_xlog_record *record, bool *out);

/* ---- Where the log begins and ends: log-find.c ---- */

/* head, tail, cycle and last. */
int h2k_xlog_find(struct h2k_xlog *log);

#endif
