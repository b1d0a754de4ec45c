/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One file of lzop, of blocks by LZO1X, as the kernel reads it
 * (lib/decompress_unlzo.c): a header, blocks with their sizes in front, a
 * size of 0.  All numbers are big endian.
 */
#include "base/error.h"
#include "guest/boot/unpack.h"

#include <lzo/lzo1x.h>

/* The kernel's LZO_BLOCK_SIZE: a block decodes to no more. */
#define BLOCK_MAX (256u << 10)

#define VERSION_WITH_LEVEL 0x0940
/* Flags of the header: checksums of what is decoded, and of what is not. */
#define FLAG_ADLER32_D 0x1u
#define FLAG_ADLER32_C 0x2u
#define FLAG_CRC32_D 0x100u
#define FLAG_CRC32_C 0x200u
#define FLAG_FILTER 0x800u

struct lzo_state {
    bool started;
    uint32_t flags;
    size_t at, filled; /* of what is decoded */
    uint8_t in[BLOCK_MAX];
    uint8_t out[BLOCK_MAX];
};

static void *
lzo_open(struct h2k_unpack_input *input, enum h2k_compression compression)
{
    (void)input;
    (void)compression;
    struct lzo_state *state = calloc(1, sizeof(*state));
    if (state == NULL || lzo_init() != LZO_E_OK) {
        free(state);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    return state;
}

/* COUNT bytes of input; into OUT, or nowhere. */
static int
take(struct h2k_unpack_input *input, uint8_t *out, size_t count)
{
    while (count > 0) {
        if (h2k_unpack_fill(input) < 0)
            return -1;
        size_t n = (size_t)h2k_min_u64(count, input->filled - input->at);
        if (n == 0)
            return h2k_fail(H2K_E_CORRUPT, "the lzo data ends early");
        if (out != NULL) {
            memcpy(out, input->bytes + input->at, n);
            out += n;
        }
        input->at += n;
        count -= n;
    }
    return 0;
}

static int
take_be32(struct h2k_unpack_input *input, uint32_t *number)
{
    uint8_t bytes[4];
    if (take(input, bytes, sizeof(bytes)) < 0)
        return -1;
    *number = h2k_get_be32(bytes);
    return 0;
}

static int
read_header(struct lzo_state *s, struct h2k_unpack_input *input)
{
    static const uint8_t magic[9] = { 0x89, 'L',  'Z',  'O', 0,
                                      '\r', '\n', 0x1a, '\n' };
    uint8_t head[13], name;
    if (take(input, head, sizeof(head)) < 0)
        return -1;
    if (memcmp(head, magic, sizeof(magic)) != 0)
        return h2k_fail(H2K_E_CORRUPT, "the lzo data is damaged");
    bool levels = h2k_get_be16(head + 9) >= VERSION_WITH_LEVEL;
    /* What version is needed, the method, its level. */
    if (take(input, NULL, levels ? 4 : 1) < 0 ||
        take_be32(input, &s->flags) < 0)
        return -1;
    /* A filter; mode and times; the file's name, and a checksum. */
    size_t rest = (s->flags & FLAG_FILTER ? 4 : 0) + (levels ? 12 : 8);
    return take(input, NULL, rest) < 0 || take(input, &name, 1) < 0 ||
                   take(input, NULL, (size_t)name + 4) < 0
               ? -1
               : 0;
}

/* The next block; *END where there is none. */
static int
read_block(struct lzo_state *s, struct h2k_unpack_input *input, bool *end)
{
    uint32_t size, packed;
    if (take_be32(input, &size) < 0)
        return -1;
    *end = size == 0;
    if (*end)
        return 0;
    if (take_be32(input, &packed) < 0)
        return -1;
    if (size > BLOCK_MAX || packed > size || packed == 0)
        return h2k_fail(H2K_E_CORRUPT, "the lzo data is damaged");
    size_t sums = 0;
    for (unsigned i = 0; i < 2; i++) {
        sums += s->flags & (i == 0 ? FLAG_ADLER32_D : FLAG_CRC32_D) ? 4 : 0;
        if (packed < size)
            sums +=
                s->flags & (i == 0 ? FLAG_ADLER32_C : FLAG_CRC32_C) ? 4 : 0;
    }
    lzo_uint n = size;
    if (take(input, NULL, sums) < 0 ||
        take(input, packed == size ? s->out : s->in, packed) < 0)
        return -1;
    if (packed < size &&
        (lzo1x_decompress_safe(s->in, packed, s->out, &n, NULL) != LZO_E_OK ||
         n != size))
        return h2k_fail(H2K_E_CORRUPT, "the lzo data is damaged");
    s->at = 0;
    s->filled = size;
    return 0;
}

static int
lzo_decode(void *opaque, struct h2k_unpack_input *input, uint8_t *out,
           size_t size, size_t *got, bool *end)
{
    struct lzo_state *s = opaque;
    *got = 0;
    *end = false;
    if (!s->started && read_header(s, input) < 0)
        return -1;
    s->started = true;
    if (s->at == s->filled && read_block(s, input, end) < 0)
        return -1;
    if (*end)
        return 0;
    *got = (size_t)h2k_min_u64(size, s->filled - s->at);
    memcpy(out, s->out + s->at, *got);
    s->at += *got;
    return 0;
}

const struct h2k_decoder_ops h2k_decoder_lzo = {
    .open = lzo_open,
    .decode = lzo_decode,
    .close = free,
};
