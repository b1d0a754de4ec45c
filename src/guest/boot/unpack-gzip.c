/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* gzip (RFC 1952), by ISA-L. */
#include "base/error.h"
#include "guest/boot/unpack.h"

#include <isa-l/igzip_lib.h>

static void *
gzip_open(struct h2k_unpack_input *input, enum h2k_compression compression)
{
    (void)input;
    (void)compression;
    struct inflate_state *state = malloc(sizeof(*state));
    if (state == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    isal_inflate_init(state);
    state->crc_flag = ISAL_GZIP;
    return state;
}

static int
gzip_decode(void *opaque, struct h2k_unpack_input *input, uint8_t *out,
            size_t size, size_t *got, bool *end)
{
    struct inflate_state *state = opaque;
    if (h2k_unpack_fill(input) < 0)
        return -1;
    uint32_t in = (uint32_t)(input->filled - input->at);
    uint32_t room = (uint32_t)h2k_min_u64(size, UINT32_MAX);
    state->next_in = input->bytes + input->at;
    state->avail_in = in;
    state->next_out = out;
    state->avail_out = room;
    if (isal_inflate(state) < 0)
        return h2k_fail(H2K_E_CORRUPT, "the gzip data is damaged");
    input->at = input->filled - state->avail_in;
    *got = room - state->avail_out;
    *end = state->block_state == ISAL_BLOCK_FINISH;
    if (!*end && *got == 0 && state->avail_in == in)
        return h2k_fail(H2K_E_CORRUPT, "the gzip data ends early");
    return 0;
}

const struct h2k_decoder_ops h2k_decoder_gzip = {
    .open = gzip_open,
    .decode = gzip_decode,
    .close = free,
};
