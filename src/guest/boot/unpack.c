/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/unpack.h"

#include "base/error.h"
#include "base/interrupt.h"

struct h2k_unpack {
    const struct h2k_decoder_ops *ops; /* NULL: nothing to decode */
    void *state;
    bool end;
    uint64_t start;
    uint64_t produced;
    struct h2k_unpack_input input;
};

/* Linux, lib/decompress.c: compressed_formats. */
static const struct {
    uint8_t magic[2];
    enum h2k_compression compression;
} magics[] = {
    { { 0x1f, 0x8b }, H2K_COMPRESSION_GZIP },
    { { 0x1f, 0x9e }, H2K_COMPRESSION_GZIP },
    { { 0x42, 0x5a }, H2K_COMPRESSION_BZIP2 },
    { { 0x5d, 0x00 }, H2K_COMPRESSION_LZMA },
    { { 0xfd, 0x37 }, H2K_COMPRESSION_XZ },
    { { 0x89, 0x4c }, H2K_COMPRESSION_LZO },
    { { 0x02, 0x21 }, H2K_COMPRESSION_LZ4 },
    { { 0x28, 0xb5 }, H2K_COMPRESSION_ZSTD },
};

const char *
h2k_compression_name(enum h2k_compression compression)
{
    static const char *const names[] = { "none", "gzip", "bzip2", "lzma",
                                         "xz",   "lzo",  "lz4",   "zstd" };
    return names[compression];
}

enum h2k_compression
h2k_compression_detect(struct h2k_view start)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
        if (h2k_view_equal(start, 0, magics[i].magic, 2))
            return magics[i].compression;
    return H2K_COMPRESSION_NONE;
}

static const struct h2k_decoder_ops *
decoder_for(enum h2k_compression compression)
{
    switch (compression) {
    case H2K_COMPRESSION_GZIP:
        return &h2k_decoder_gzip;
    case H2K_COMPRESSION_ZSTD:
        return &h2k_decoder_zstd;
    case H2K_COMPRESSION_XZ:
    case H2K_COMPRESSION_LZMA:
        return &h2k_decoder_lzma;
    case H2K_COMPRESSION_BZIP2:
    case H2K_COMPRESSION_LZ4:
        return &h2k_decoder_archive;
    case H2K_COMPRESSION_LZO:
        return &h2k_decoder_lzo;
    case H2K_COMPRESSION_NONE:
        break;
    }
    return NULL;
}

struct h2k_unpack *
h2k_unpack_new(struct h2k_block *block, uint64_t offset,
               enum h2k_compression compression)
{
    uint64_t size = h2k_block_size(block);
    if (offset > size)
        return h2k_fail_null(H2K_E_RANGE, "a stream behind the file's end");
    H2K_AUTO(h2k_unpack) unpack = calloc(1, sizeof(*unpack));
    if (unpack == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    unpack->start = offset;
    unpack->input.block = block;
    unpack->input.next = offset;
    unpack->input.end = size;
    const struct h2k_decoder_ops *ops = decoder_for(compression);
    if (ops != NULL) {
        unpack->state = ops->open(&unpack->input, compression);
        if (unpack->state == NULL)
            return NULL;
        unpack->ops = ops;
    }
    return h2k_steal(unpack);
}

void
h2k_unpack_free(struct h2k_unpack *unpack)
{
    if (unpack == NULL)
        return;
    if (unpack->ops != NULL)
        unpack->ops->close(unpack->state);
    free(unpack);
}

int
h2k_unpack_fill(struct h2k_unpack_input *input)
{
    if (input->at < input->filled || input->next >= input->end)
        return 0;
    if (h2k_check_interrupt() < 0)
        return -1;
    size_t count =
        (size_t)h2k_min_u64(sizeof(input->bytes), input->end - input->next);
    if (h2k_block_pread(input->block, input->bytes, count, input->next) < 0)
        return -1;
    input->next += count;
    input->at = 0;
    input->filled = count;
    return 0;
}

/* The block's bytes as they are. */
static int
copy_plain(struct h2k_unpack *u, uint8_t *out, size_t size, size_t *got)
{
    struct h2k_unpack_input *input = &u->input;
    if (h2k_unpack_fill(input) < 0)
        return -1;
    *got = (size_t)h2k_min_u64(size, input->filled - input->at);
    memcpy(out, input->bytes + input->at, *got);
    input->at += *got;
    u->end = *got == 0;
    return 0;
}

int
h2k_unpack_read(struct h2k_unpack *u, void *buffer, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size && !u->end) {
        size_t n = 0;
        uint8_t *out = (uint8_t *)buffer + *got;
        if ((u->ops == NULL ? copy_plain(u, out, size - *got, &n)
                            : u->ops->decode(u->state, &u->input, out,
                                             size - *got, &n, &u->end)) < 0)
            return -1;
        *got += n;
        u->produced += n;
    }
    return 0;
}

/* Nothing to decode: step over it. */
static void
skip_plain(struct h2k_unpack *u, uint64_t count, uint64_t *passed)
{
    struct h2k_unpack_input *input = &u->input;
    uint64_t there = input->filled - input->at;
    uint64_t step = h2k_min_u64(count, there);
    input->at += (size_t)step;
    uint64_t far = h2k_min_u64(count - step, input->end - input->next);
    input->next += far;
    *passed = step + far;
    u->produced += *passed;
}

int
h2k_unpack_skip(struct h2k_unpack *u, uint64_t count, uint64_t *passed)
{
    uint8_t scratch[16384];
    *passed = 0;
    if (u->ops == NULL) {
        skip_plain(u, count, passed);
        return 0;
    }
    while (*passed < count) {
        size_t n;
        if (h2k_unpack_read(
                u, scratch,
                (size_t)h2k_min_u64(sizeof(scratch), count - *passed), &n) < 0)
            return -1;
        if (n == 0)
            break;
        *passed += n;
    }
    return 0;
}

uint64_t
h2k_unpack_produced(const struct h2k_unpack *unpack)
{
    return unpack->produced;
}

uint64_t
h2k_unpack_consumed(const struct h2k_unpack *unpack)
{
    const struct h2k_unpack_input *input = &unpack->input;
    return input->next - (input->filled - input->at) - unpack->start;
}
