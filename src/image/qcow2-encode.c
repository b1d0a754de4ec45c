/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/qcow2-encode.h"

#include "base/error.h"
#include "base/zero.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* libdeflate's level 3 makes files smaller than zlib's 6, which QEMU uses (280
 * MiB for 290 on a Debian guest), in less time than its own 6 (271 MiB) needs
 * by a third. */
#define ZLIB_LEVEL_DEFAULT 3
#define ZSTD_LEVEL_DEFAULT 3

struct h2k_image_encoder {
    enum h2k_writer_compression compression;
    int level;
    uint32_t cluster_size;
    struct libdeflate_compressor *deflate;
    ZSTD_CCtx *zstd;
    uint8_t *out;    /* what a cluster is compressed into */
    uint8_t *padded; /* the disk's last cluster, when it is not whole */
};

static bool
make_compressor(struct h2k_image_encoder *e)
{
    switch (e->compression) {
    case H2K_COMPRESS_ZLIB:
        if (e->level == 0)
            e->level = ZLIB_LEVEL_DEFAULT;
        e->deflate = libdeflate_alloc_compressor(e->level);
        return e->deflate != NULL;
    case H2K_COMPRESS_ZSTD:
        if (e->level == 0)
            e->level = ZSTD_LEVEL_DEFAULT;
        e->zstd = ZSTD_createCCtx();
        return e->zstd != NULL;
    case H2K_COMPRESS_NONE:
        break;
    }
    return true;
}

struct h2k_image_encoder *
h2k_qcow2_encoder_new(enum h2k_writer_compression compression, int level,
                      uint32_t cluster_size)
{
    struct h2k_image_encoder *e = malloc(sizeof(*e));
    if (e == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    *e = (struct h2k_image_encoder){ .compression = compression,
                                     .level = level,
                                     .cluster_size = cluster_size,
                                     .out = malloc(cluster_size),
                                     .padded = malloc(cluster_size) };
    if (e->out == NULL || e->padded == NULL || !make_compressor(e)) {
        h2k_qcow2_encoder_free(e);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory for a compressor");
    }
    return e;
}

void
h2k_qcow2_encoder_free(struct h2k_image_encoder *encoder)
{
    if (encoder == NULL)
        return;
    libdeflate_free_compressor(encoder->deflate);
    ZSTD_freeCCtx(encoder->zstd);
    free(encoder->out);
    free(encoder->padded);
    free(encoder);
}

/* A whole cluster's compressed size, or 0 when it would not shrink. */
static size_t
compress_cluster(struct h2k_image_encoder *e, const void *bytes)
{
    size_t size = e->cluster_size, room = size - 1;
    if (e->deflate != NULL)
        return libdeflate_deflate_compress(e->deflate, bytes, size, e->out,
                                           room);
    if (e->zstd == NULL)
        return 0;
    size_t n = ZSTD_compressCCtx(e->zstd, e->out, room, bytes, size, e->level);
    return ZSTD_isError(n) ? 0 : n;
}

int
h2k_qcow2_encode(struct h2k_image_encoder *encoder, const void *bytes,
                 size_t count, struct h2k_encoded *out)
{
    struct h2k_image_encoder *e = encoder;
    if (count == 0 || count > e->cluster_size)
        return h2k_fail(H2K_E_RANGE, "%zu bytes are no cluster", count);
    *out = (struct h2k_encoded){ .data = bytes, .size = count };
    out->zero = h2k_is_zero(bytes, count);
    if (out->zero || e->compression == H2K_COMPRESS_NONE)
        return 0;
    if (count < e->cluster_size) {
        memcpy(e->padded, bytes, count);
        memset(e->padded + count, 0, e->cluster_size - count);
        bytes = e->padded;
    }
    size_t size = compress_cluster(e, bytes);
    if (size > 0)
        *out = (struct h2k_encoded){ .data = e->out,
                                     .size = size,
                                     .compressed = true };
    return 0;
}
