/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * How an archive is put behind what an initramfs file ends with
 * (init/initramfs.c, unpack_to_rootfs).
 *
 * Plain, at a multiple of 4 bytes: behind a plain archive, and behind gzip,
 * bzip2, xz, lzo and zstd, whose decoders say where their stream ends.  lz4's
 * legacy frame has no end: the kernel takes what follows for its next block,
 * so there it is another frame of that kind, which continues the stream.
 * The kernel's lzma decoder may stop a byte short of its stream's end, and
 * the byte left over would stop everything: nothing is put there.
 */
#include "base/error.h"
#include "guest/fix/supplement.h"

#include <libdeflate.h>
#include <lzma.h>
#include <zstd.h>

#define LZ4_BLOCK (8u << 20) /* bytes that a legacy block decodes to */

/* A block of literals only: a token whose upper half is 15 and the rest of
 * the length in bytes of 255 (lz4_Block_format.md). */
static void
add_literals(struct h2k_buffer *out, const uint8_t *bytes, size_t count)
{
    size_t rest = count;
    uint8_t size[4];
    size_t at = out->size;
    h2k_buffer_add_zeros(out, sizeof(size));
    if (count < 15) {
        h2k_buffer_addc(out, (char)(count << 4));
    } else {
        h2k_buffer_addc(out, (char)0xf0);
        for (rest = count - 15; rest >= 255; rest -= 255)
            h2k_buffer_addc(out, (char)0xff);
        h2k_buffer_addc(out, (char)rest);
    }
    h2k_buffer_add(out, bytes, count);
    if (out->failed)
        return;
    h2k_put_le32(size, (uint32_t)(out->size - at - sizeof(size)));
    memcpy(out->data + at, size, sizeof(size));
}

/* Zeros first, so that the archive is aligned in the decoded stream. */
static void
wrap_lz4(uint64_t unpacked, const struct h2k_buffer *archive,
         struct h2k_buffer *out)
{
    static const uint8_t magic[4] = { 0x02, 0x21, 0x4c, 0x18 };
    static const uint8_t zeros[4] = { 0 };
    size_t padding = (size_t)(h2k_align_up(unpacked, 4) - unpacked);
    h2k_buffer_add(out, magic, sizeof(magic));
    if (padding > 0) {
        /* A short block ends a frame for some decoders. */
        add_literals(out, zeros, padding);
        h2k_buffer_add(out, magic, sizeof(magic));
    }
    for (size_t at = 0; at < archive->size; at += LZ4_BLOCK)
        add_literals(out, (const uint8_t *)archive->data + at,
                     (size_t)h2k_min_u64(LZ4_BLOCK, archive->size - at));
}

static int
compress_gzip(const struct h2k_buffer *archive, struct h2k_buffer *out)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    if (c == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    size_t bound = libdeflate_gzip_compress_bound(c, archive->size);
    h2k_autofree void *bytes = malloc(bound);
    size_t n = bytes == NULL
                   ? 0
                   : libdeflate_gzip_compress(c, archive->data, archive->size,
                                              bytes, bound);
    libdeflate_free_compressor(c);
    if (n == 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_buffer_add(out, bytes, n);
    return 0;
}

static int
compress_zstd(const struct h2k_buffer *archive, struct h2k_buffer *out)
{
    size_t bound = ZSTD_compressBound(archive->size);
    h2k_autofree void *bytes = malloc(bound);
    if (bytes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    size_t n = ZSTD_compress(bytes, bound, archive->data, archive->size, 12);
    if (ZSTD_isError(n))
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_buffer_add(out, bytes, n);
    return 0;
}

/* The kernel's decoder knows CRC-32 only (lib/xz). */
static int
compress_xz(const struct h2k_buffer *archive, struct h2k_buffer *out)
{
    size_t bound = lzma_stream_buffer_bound(archive->size), n = 0;
    h2k_autofree uint8_t *bytes = malloc(bound);
    if (bytes == NULL ||
        lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL,
                                (const uint8_t *)archive->data, archive->size,
                                bytes, &n, bound) != LZMA_OK)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_buffer_add(out, bytes, n);
    return 0;
}

/* MORE zeros, where a decoder must see a size of 0 to stop. */
static void
wrap_plain(uint64_t size, const struct h2k_buffer *archive,
           struct h2k_buffer *out, size_t more)
{
    h2k_buffer_add_zeros(out, more);
    h2k_buffer_add_zeros(out, (size_t)(h2k_align_up(size, 4) - size));
    h2k_buffer_add(out, archive->data, archive->size);
}

const char *
h2k_supplement_refused(const struct h2k_initramfs *initramfs)
{
    size_t count = initramfs->segment_count;
    if (count == 0 ||
        initramfs->segments[count - 1].compression != H2K_COMPRESSION_LZMA)
        return NULL;
    return "nothing can be appended safely to an initramfs that is compressed "
           "with lzma; set the generator to gzip, xz or zstd in the guest and "
           "make it anew";
}

int
h2k_supplement_wrap(const struct h2k_initramfs *initramfs,
                    const struct h2k_buffer *archive, bool tight,
                    struct h2k_buffer *out)
{
    const struct h2k_initramfs_segment *last =
        &initramfs->segments[initramfs->segment_count - 1];
    enum h2k_compression inner = h2k_initramfs_compression(initramfs);
    bool at_end = last->offset + last->length == initramfs->size;
    if (last->compression == H2K_COMPRESSION_LZ4 && at_end)
        wrap_lz4(last->unpacked, archive, out);
    else if (tight && inner == H2K_COMPRESSION_GZIP) {
        if (compress_gzip(archive, out) < 0)
            return -1;
    } else if (tight && inner == H2K_COMPRESSION_ZSTD) {
        if (compress_zstd(archive, out) < 0)
            return -1;
    } else if (tight && inner == H2K_COMPRESSION_XZ) {
        if (compress_xz(archive, out) < 0)
            return -1;
    } else
        wrap_plain(initramfs->size, archive, out,
                   last->compression == H2K_COMPRESSION_LZ4 ? 4 : 0);
    return h2k_buffer_check(out);
}

uint64_t
h2k_supplement_bytes(const struct h2k_initramfs *initramfs,
                     const struct h2k_supplement *supplement)
{
    bool lz4 = h2k_initramfs_compression(initramfs) == H2K_COMPRESSION_LZ4;
    return supplement->size + 8 + (lz4 ? supplement->size / 255 + 64 * 16 : 0);
}
