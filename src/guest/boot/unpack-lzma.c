/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One .xz stream or one .lzma file, by liblzma.  Not by libarchive: it
 * reads xz streams on and on, and takes what follows the last for damage.
 */
#include "base/error.h"
#include "guest/boot/unpack.h"

#include <lzma.h>

/* The largest preset (-9) has a dictionary of 64 MiB. */
#define MEMORY_MAX (160u << 20)

static void *
lzma_open(struct h2k_unpack_input *input, enum h2k_compression compression)
{
    (void)input;
    lzma_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    lzma_ret rc = compression == H2K_COMPRESSION_XZ
                      ? lzma_stream_decoder(stream, MEMORY_MAX, 0)
                      : lzma_alone_decoder(stream, MEMORY_MAX);
    if (rc == LZMA_OK)
        return stream;
    free(stream);
    return h2k_fail_null(H2K_E_NOMEM, "out of memory");
}

static int
lzma_decode(void *opaque, struct h2k_unpack_input *input, uint8_t *out,
            size_t size, size_t *got, bool *end)
{
    lzma_stream *stream = opaque;
    if (h2k_unpack_fill(input) < 0)
        return -1;
    stream->next_in = input->bytes + input->at;
    stream->avail_in = input->filled - input->at;
    stream->next_out = out;
    stream->avail_out = size;
    lzma_ret rc = lzma_code(stream, LZMA_RUN);
    input->at = input->filled - stream->avail_in;
    *got = size - stream->avail_out;
    *end = rc == LZMA_STREAM_END;
    if (*end || rc == LZMA_OK)
        return 0;
    if (rc == LZMA_BUF_ERROR)
        return h2k_fail(H2K_E_CORRUPT, "the xz data ends early");
    if (rc == LZMA_MEMLIMIT_ERROR)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the xz data needs more than %u MiB to decode",
                        MEMORY_MAX >> 20);
    return h2k_fail(H2K_E_CORRUPT, "the xz data is damaged");
}

static void
lzma_close(void *opaque)
{
    lzma_end(opaque);
    free(opaque);
}

const struct h2k_decoder_ops h2k_decoder_lzma = {
    .open = lzma_open,
    .decode = lzma_decode,
    .close = lzma_close,
};
