/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * "Checksum tree": reading files' data.  Much is read at a time; a sector
 * whose checksum is wrong is read again from the other copies.
 */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

/* So many bytes are read and checked at a time. */
#define PIECE (1u << 20)

/* The checksums of COUNT sectors from LOGICAL on into SUMS. */
static int
read_sums(struct h2k_btrfs *fs, uint64_t logical, size_t count, uint8_t *sums)
{
    size_t size = h2k_btrfs_sum_size(fs->super.sum_type);
    uint32_t sector = fs->super.sector_size;
    H2K_BTRFS_CURSOR(c, fs, &fs->csum_tree);
    const struct h2k_btrfs_key key = { H2K_BTRFS_CSUM_OBJECT,
                                       H2K_BTRFS_EXTENT_CSUM, logical };
    int rc = h2k_btrfs_seek_before(&c, key);
    for (; rc > 0; rc = h2k_btrfs_next(&c)) {
        uint64_t skip = (logical - c.key.offset) / sector;
        uint64_t have = c.item.size / size;
        if (c.key.object != H2K_BTRFS_CSUM_OBJECT ||
            c.key.type != H2K_BTRFS_EXTENT_CSUM || c.key.offset > logical ||
            skip >= have || (logical - c.key.offset) % sector != 0)
            break;
        size_t n = (size_t)h2k_min_u64(have - skip, count);
        memcpy(sums, c.item.data + skip * size, n * size);
        sums += n * size;
        count -= n;
        logical += (uint64_t)n * sector;
        if (count == 0)
            return 0;
    }
    return rc < 0 ? -1
                  : h2k_fail(H2K_E_CORRUPT,
                             "data at %" PRIu64 " has no checksum", logical);
}

/* 1 when the sector at BYTES is what SUM says. */
static int
is_right(const struct h2k_btrfs *fs, const uint8_t *bytes, const uint8_t *sum)
{
    uint8_t is[H2K_BTRFS_SUM_SIZE];
    unsigned type = fs->super.sum_type;
    if (h2k_btrfs_sum(type, bytes, fs->super.sector_size, is) < 0)
        return -1;
    return memcmp(is, sum, h2k_btrfs_sum_size(type)) == 0;
}

/* One sector from whichever copy has it; SUM may be NULL. */
static int
repair_sector(struct h2k_btrfs *fs, uint8_t *bytes, uint64_t logical,
              const uint8_t *sum)
{
    const struct h2k_btrfs_chunk *chunk;
    if (h2k_btrfs_chunk_find(fs, logical, &chunk) < 0)
        return -1;
    int rc = 0;
    for (unsigned copy = 0; copy < chunk->copies; copy++) {
        rc = h2k_btrfs_pread(fs, bytes, fs->super.sector_size, logical, copy);
        if (rc == 0)
            rc = sum == NULL ? 1 : is_right(fs, bytes, sum);
        if (rc > 0)
            return 0;
    }
    return rc < 0 ? -1
                  : h2k_fail(H2K_E_CORRUPT,
                             "data at %" PRIu64
                             ": no copy has the right checksum",
                             logical);
}

/* At most PIECE bytes; SUMS is NULL or has room for their checksums. */
static int
read_piece(struct h2k_btrfs *fs, uint8_t *bytes, size_t count,
           uint64_t logical, uint8_t *sums)
{
    uint32_t sector = fs->super.sector_size;
    size_t size = h2k_btrfs_sum_size(fs->super.sum_type);
    if (sums != NULL && read_sums(fs, logical, count / sector, sums) < 0)
        return -1;
    bool whole = h2k_btrfs_pread(fs, bytes, count, logical, 0) == 0;
    if (!whole &&
        (h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_INTERRUPTED))
        return -1;
    if (whole && sums == NULL)
        return 0;
    for (size_t at = 0; at < count; at += sector) {
        const uint8_t *sum = sums == NULL ? NULL : sums + at / sector * size;
        int right = whole ? is_right(fs, bytes + at, sum) : 0;
        if (right < 0 || (right == 0 && repair_sector(fs, bytes + at,
                                                      logical + at, sum) < 0))
            return -1;
    }
    return 0;
}

int
h2k_btrfs_data_read(struct h2k_btrfs *fs, void *buffer, size_t count,
                    uint64_t logical, bool verify)
{
    uint8_t *to = buffer;
    h2k_autofree uint8_t *sums = NULL;
    if (verify) {
        size_t sectors =
            (size_t)h2k_min_u64(count, PIECE) / fs->super.sector_size;
        sums = malloc(sectors * h2k_btrfs_sum_size(fs->super.sum_type) + 1);
        if (sums == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    for (size_t n; count > 0; to += n, logical += n, count -= n) {
        n = (size_t)h2k_min_u64(count, PIECE);
        if (read_piece(fs, to, n, logical, sums) < 0)
            return -1;
    }
    return 0;
}
