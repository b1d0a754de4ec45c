/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One zstd frame (RFC 8878), by libzstd. */
#include "base/error.h"
#include "guest/boot/unpack.h"

#include <zstd.h>

/* The kernel accepts a window of 8 MiB at least, zstd --ultra --long makes
 * up to 128 MiB. */
#define WINDOW_LOG_MAX 27

static void *
zstd_open(struct h2k_unpack_input *input, enum h2k_compression compression)
{
    (void)input;
    (void)compression;
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (stream == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return stream;
}

static int
zstd_decode(void *opaque, struct h2k_unpack_input *input, uint8_t *out,
            size_t size, size_t *got, bool *end)
{
    if (h2k_unpack_fill(input) < 0)
        return -1;
    ZSTD_inBuffer in = { input->bytes, input->filled, input->at };
    ZSTD_outBuffer produced = { out, size, 0 };
    size_t rc = ZSTD_decompressStream(opaque, &produced, &in);
    if (ZSTD_isError(rc))
        return h2k_fail(H2K_E_CORRUPT, "the zstd data is damaged: %s",
                        ZSTD_getErrorName(rc));
    bool moved = in.pos > input->at || produced.pos > 0;
    input->at = in.pos;
    *got = produced.pos;
    *end = rc == 0;
    if (!*end && !moved)
        return h2k_fail(H2K_E_CORRUPT, "the zstd data ends early");
    return 0;
}

static void
zstd_close(void *opaque)
{
    ZSTD_freeDStream(opaque);
}

const struct h2k_decoder_ops h2k_decoder_zstd = {
    .open = zstd_open,
    .decode = zstd_decode,
    .close = zstd_close,
};
