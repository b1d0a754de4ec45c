/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Compression": extents of zlib, LZO and zstd. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <zstd.h>

enum { ZLIB = 1, LZO = 2, ZSTD = 3 };

struct h2k_btrfs_unpacker {
    struct libdeflate_decompressor *deflate; /* made when first needed */
    ZSTD_DCtx *zstd;                         /* this, too */
    uint32_t sector_size;
};

struct h2k_btrfs_unpacker *
h2k_btrfs_unpacker_new(uint32_t sector_size)
{
    struct h2k_btrfs_unpacker *u = calloc(1, sizeof(*u));
    if (u == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    u->sector_size = sector_size;
    return u;
}

void
h2k_btrfs_unpacker_free(struct h2k_btrfs_unpacker *u)
{
    if (u == NULL)
        return;
    if (u->deflate != NULL)
        libdeflate_free_decompressor(u->deflate);
    ZSTD_freeDCtx(u->zstd);
    free(u);
}

/* What each gives: how many bytes of OUT it filled, or -1. */

static ssize_t
unpack_zlib(struct h2k_btrfs_unpacker *u, struct h2k_view data, uint8_t *out,
            size_t size)
{
    size_t used, made;
    if (u->deflate == NULL)
        u->deflate = libdeflate_alloc_decompressor();
    if (u->deflate == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (libdeflate_zlib_decompress_ex(u->deflate, data.data, data.size, out,
                                      size, &used,
                                      &made) != LIBDEFLATE_SUCCESS)
        return h2k_fail(H2K_E_CORRUPT, "its zlib stream is damaged");
    return (ssize_t)made;
}

/* The frame's end is not that of the extent, which is in whole sectors. */
static ssize_t
unpack_zstd(struct h2k_btrfs_unpacker *u, struct h2k_view data, uint8_t *out,
            size_t size)
{
    if (u->zstd == NULL)
        u->zstd = ZSTD_createDCtx();
    if (u->zstd == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    size_t frame = ZSTD_findFrameCompressedSize(data.data, data.size);
    size_t made = ZSTD_isError(frame) ? frame
                                      : ZSTD_decompressDCtx(u->zstd, out, size,
                                                            data.data, frame);
    if (ZSTD_isError(made))
        return h2k_fail(H2K_E_CORRUPT, "its zstd frame is damaged: %s",
                        ZSTD_getErrorName(made));
    return (ssize_t)made;
}

/*
 * The whole length, and segments behind their own lengths, of one sector
 * each when they are unpacked.  A length does not cross the end of a sector:
 * where less than its four bytes are left, they are skipped.
 */
static ssize_t
unpack_lzo(struct h2k_btrfs_unpacker *u, struct h2k_view data, uint8_t *out,
           size_t size)
{
    struct h2k_view whole, segment;
    size_t made = 0, at = 4;
    if (!h2k_view_slice(data, 0, h2k_view_le32(data, 0), &whole))
        return h2k_fail(H2K_E_CORRUPT, "its LZO segments are cut off");
    while (at < whole.size && made < size) {
        size_t left = u->sector_size - at % u->sector_size;
        if (left < 4)
            at += left;
        if (at >= whole.size)
            break;
        lzo_uint n = h2k_min_u64(u->sector_size, size - made);
        if (!h2k_view_slice(whole, at + 4, h2k_view_le32(whole, at),
                            &segment) ||
            lzo1x_decompress_safe(segment.data, segment.size, out + made, &n,
                                  NULL) != LZO_E_OK)
            return h2k_fail(H2K_E_CORRUPT, "its LZO segment at %zu is damaged",
                            at);
        at += 4 + segment.size;
        made += n;
    }
    return (ssize_t)made;
}

int
h2k_btrfs_unpack(struct h2k_btrfs_unpacker *u, unsigned type,
                 struct h2k_view data, uint8_t *out, size_t size)
{
    ssize_t made;
    if (type == ZLIB)
        made = unpack_zlib(u, data, out, size);
    else if (type == LZO)
        made = unpack_lzo(u, data, out, size);
    else if (type == ZSTD)
        made = unpack_zstd(u, data, out, size);
    else
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is compressed in the unknown way %u", type);
    if (made < 0)
        return -1;
    memset(out + made, 0, size - (size_t)made);
    return 0;
}
