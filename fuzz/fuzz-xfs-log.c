/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Replaying a damaged log of XFS.  A volume whose log is refused is not
 * written to; one that is replayed has a clean log.
 *
 * An input is a list of sectors of 512 bytes, each behind its number in two
 * bytes, the lower first; the rest of 32 MiB is zero.  The checksums of the
 * log's records are made right, so that what is behind them is looked at.
 * Seeds: mkfs.xfs -d size=32m, a mount, some changes, "xfs_io -x -c
 * shutdown"; the log and what its replay changes.
 */
#include "base/crc32c.h"
#include "block/overlay.h"
#include "fs/xfs/log.h"
#include "fs/xfs/super.h"

#include <stdlib.h>
#include <string.h>

#define SECTORS 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where each sector's bytes are in the input; NULL: zeros. */
struct sectors {
    const uint8_t *at[SECTORS];
};

static int
sectors_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    const struct sectors *s = state;
    uint8_t *to = buffer;
    while (count > 0) {
        size_t within = offset % H2K_XLOG_SECTOR;
        size_t n = H2K_XLOG_SECTOR - within;
        const uint8_t *from = s->at[offset / H2K_XLOG_SECTOR];
        n = n < count ? n : count;
        if (from == NULL)
            memset(to, 0, n);
        else
            memcpy(to, from + within, n);
        to += n;
        offset += n;
        count -= n;
    }
    return 0;
}

static const struct h2k_block_ops sectors_ops = {
    .name = "sectors",
    .close = free,
    .pread = sectors_pread,
};

/* The record at sector AT, if it is one, gets the CRC of what it holds. */
static void
seal(struct h2k_block *image, uint32_t at)
{
    static uint8_t record[H2K_XLOG_RECORD_SECTORS * H2K_XLOG_SECTOR];
    uint64_t offset = (uint64_t)at * H2K_XLOG_SECTOR;
    if (h2k_block_pread(image, record, H2K_XLOG_SECTOR, offset) < 0 ||
        h2k_get_be32(record) != H2K_XLOG_MAGIC)
        return;
    uint32_t length = h2k_get_be32(record + H2K_XLOG_H_LEN);
    uint32_t buffer = h2k_get_be32(record + H2K_XLOG_H_SIZE);
    uint32_t headers = (uint32_t)h2k_div_up(buffer, H2K_XLOG_CYCLE_SIZE);
    uint32_t used = (uint32_t)h2k_div_up(length, H2K_XLOG_CYCLE_SIZE);
    headers = headers == 0 ? 1 : headers;
    if (length > H2K_XLOG_RECORD_MAX || buffer > H2K_XLOG_RECORD_MAX ||
        h2k_block_pread(image, record, headers * H2K_XLOG_SECTOR + length,
                        offset) < 0)
        return;
    h2k_put_le32(record + H2K_XLOG_H_CRC, 0);
    uint32_t crc = h2k_crc32c(0, record, H2K_XLOG_H_END);
    for (uint32_t i = 1; i < headers && i < used; i++)
        crc = h2k_crc32c(crc, record + i * H2K_XLOG_SECTOR, H2K_XLOG_X_END);
    crc = h2k_crc32c(crc, record + headers * H2K_XLOG_SECTOR, length);
    h2k_put_le32(record + H2K_XLOG_H_CRC, crc);
    if (h2k_block_pwrite(image, record, H2K_XLOG_SECTOR, offset) < 0)
        abort();
}

static struct h2k_block *
make_image(const uint8_t *data, size_t size)
{
    struct sectors *s = calloc(1, sizeof(*s));
    if (s == NULL)
        abort();
    const size_t entry = 2 + H2K_XLOG_SECTOR;
    for (size_t i = 0; i + entry <= size; i += entry)
        s->at[h2k_get_le16(data + i)] = data + i + 2;
    H2K_AUTO(h2k_block)
    base = h2k_block_new(&sectors_ops, s, (uint64_t)SECTORS * H2K_XLOG_SECTOR,
                         false);
    H2K_AUTO(h2k_block)
    image = base == NULL ? NULL : h2k_overlay_new(base, NULL);
    if (image == NULL)
        abort();
    for (size_t i = 0; i + entry <= size; i += entry)
        seal(image, h2k_get_le16(data + i));
    return h2k_steal(image);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_fs_info info;
    H2K_AUTO(h2k_block) image = make_image(data, size);
    struct h2k_xfs xfs = { .volume = image, .writable = true };
    if (h2k_xfs_super_read(image, false, &xfs.geo, &info) != 1)
        return 0;
    int clean = h2k_xfs_log_is_clean(&xfs);
    uint64_t before = h2k_overlay_dirty(image);
    if (h2k_xfs_log_replay(&xfs) < 0) {
        if (clean == 1 || h2k_overlay_dirty(image) != before)
            abort();
        return 0;
    }
    /* The log's place is that of the volume as it was. */
    if (clean < 0 || h2k_xfs_log_is_clean(&xfs) != 1)
        abort();
    return 0;
}
