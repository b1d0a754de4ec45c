/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The log as a ring of sectors, and whether it is clean. */
#include "fs/xfs/log.h"

#include "base/error.h"
#include "fs/xfs/format.h"

#include <string.h>

/* 2 GiB: "Journaling Log", as much as an LSN of the log's users can name. */
#define LOG_MAX (UINT64_C(1) << 31)

/* One transfer of the ring, up to its end. */
static uint32_t
piece(const struct h2k_xlog *log, uint32_t sector, uint32_t count)
{
    return (uint32_t)h2k_min_u64(count, log->sectors - sector);
}

int
h2k_xlog_read(struct h2k_xlog *log, uint32_t sector, uint32_t count, void *to)
{
    uint32_t first = piece(log, sector, count);
    size_t size = (size_t)first * H2K_XLOG_SECTOR;
    if (h2k_block_pread(log->volume, to, size,
                        log->start + (uint64_t)sector * H2K_XLOG_SECTOR) < 0)
        return -1;
    if (first == count)
        return 0;
    return h2k_block_pread(log->volume, (uint8_t *)to + size,
                           (size_t)(count - first) * H2K_XLOG_SECTOR,
                           log->start);
}

int
h2k_xlog_write(struct h2k_xlog *log, struct h2k_block *volume, uint32_t sector,
               uint32_t count, const void *from)
{
    uint32_t first = piece(log, sector, count);
    size_t size = (size_t)first * H2K_XLOG_SECTOR;
    if (h2k_block_pwrite(volume, from, size,
                         log->start + (uint64_t)sector * H2K_XLOG_SECTOR) < 0)
        return -1;
    if (first == count)
        return 0;
    return h2k_block_pwrite(volume, (const uint8_t *)from + size,
                            (size_t)(count - first) * H2K_XLOG_SECTOR,
                            log->start);
}

/* Where the ring is, checked: the rest relies on it. */
static int
place(struct h2k_xlog *log, const struct h2k_xfs *xfs)
{
    const struct h2k_xfs_geometry *geo = &xfs->geo;
    uint64_t bytes;
    if (geo->log_start == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the log is on another device, which we do not have");
    if (ckd_mul(&bytes, geo->log_blocks, (uint64_t)geo->block_size) ||
        bytes > LOG_MAX || bytes < H2K_XLOG_RECORD_MAX ||
        !h2k_xfs_fsb_valid(xfs, geo->log_start))
        return h2k_fail(H2K_E_CORRUPT, "the log is nowhere in the volume");
    log->start = h2k_xfs_fsb_offset(xfs, geo->log_start);
    if (!h2k_range_inside(log->start, bytes, h2k_block_size(xfs->volume)))
        return h2k_fail(H2K_E_CORRUPT, "the log ends behind the volume");
    log->sectors = (uint32_t)(bytes / H2K_XLOG_SECTOR);
    return 0;
}

/* What a record's length is a multiple of: the stripe unit, which is at
 * least a sector of the log's device. */
static int
read_unit(struct h2k_xlog *log, struct h2k_view super)
{
    uint32_t sector = h2k_view_be16(super, H2K_XFS_SB_LOGSECTSIZE);
    uint32_t unit = h2k_view_be32(super, H2K_XFS_SB_LOGSUNIT);
    log->v2 = (h2k_view_be16(super, H2K_XFS_SB_VERSIONNUM) &
               H2K_XFS_VERSION_LOGV2) != 0;
    log->align = log->v2 && unit > 1 ? unit : H2K_XLOG_SECTOR;
    if (log->align < sector)
        log->align = sector;
    if (log->align % H2K_XLOG_SECTOR != 0 || log->align > H2K_XLOG_RECORD_MAX)
        return h2k_fail(H2K_E_CORRUPT, "the log has a stripe unit of %u bytes",
                        log->align);
    return 0;
}

int
h2k_xlog_open(struct h2k_xlog *log, struct h2k_xfs *xfs)
{
    uint8_t super[H2K_XFS_SB_SIZE];
    *log = (struct h2k_xlog){ .volume = xfs->volume, .v5 = xfs->geo.v5 };
    if (place(log, xfs) < 0 ||
        h2k_block_pread(xfs->volume, super, sizeof(super), 0) < 0 ||
        read_unit(log, h2k_view_of(super, sizeof(super))) < 0)
        return -1;
    memcpy(log->uuid, super + H2K_XFS_SB_UUID, sizeof(log->uuid));
    log->record = malloc((size_t)H2K_XLOG_RECORD_SECTORS * H2K_XLOG_SECTOR);
    log->data = malloc(H2K_XLOG_RECORD_MAX);
    if (log->record == NULL || log->data == NULL) {
        h2k_xlog_close(log);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return 0;
}

void
h2k_xlog_close(struct h2k_xlog *log)
{
    free(log->record);
    free(log->data);
    log->record = NULL;
    log->data = NULL;
}

int
h2k_xfs_log_is_clean(struct h2k_xfs *xfs)
{
    struct h2k_xlog log;
    if (h2k_xlog_open(&log, xfs) < 0)
        return h2k_prefix("log: ");
    int rc = h2k_xlog_find(&log);
    if (rc == 0)
        rc = log.head == log.tail;
    h2k_xlog_close(&log);
    return rc < 0 ? h2k_prefix("log: ") : rc;
}
