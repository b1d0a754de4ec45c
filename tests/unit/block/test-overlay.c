/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The overlay against a plain array that has the same done to it. */
#include "block/fault.h"
#include "block/memory.h"
#include "block/overlay.h"

#include "tap.h"

#define SIZE (100 * H2K_OVERLAY_CHUNK + 123)

static uint8_t parent_bytes[SIZE], model[SIZE], got[SIZE];

static uint32_t
next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Discarding leaves what was written and zeroes whole untouched chunks. */
static void
model_discard(const bool *written, uint64_t offset, uint64_t length)
{
    for (uint64_t c = 0; c < SIZE / H2K_OVERLAY_CHUNK; c++) {
        uint64_t begin = c * H2K_OVERLAY_CHUNK;
        if (begin >= offset &&
            begin + H2K_OVERLAY_CHUNK <= offset + length && !written[c])
            memset(model + begin, 0, H2K_OVERLAY_CHUNK);
    }
}

static bool
extents_agree(struct h2k_block *overlay)
{
    uint64_t at = 0;
    while (at < SIZE) {
        struct h2k_extent e;
        if (h2k_block_extent(overlay, at, SIZE - at, &e) < 0 ||
            e.offset != at || e.length == 0 || e.length > SIZE - at)
            return false;
        for (uint64_t i = 0; e.kind != H2K_EXTENT_DATA && i < e.length; i++)
            if (model[at + i] != 0)
                return false;
        at += e.length;
    }
    return true;
}

static void
test_random(void)
{
    uint32_t seed = 42;
    bool written[SIZE / H2K_OVERLAY_CHUNK + 1] = { false };
    for (size_t i = 0; i < SIZE; i++)
        parent_bytes[i] = (uint8_t)next_random(&seed);
    memcpy(model, parent_bytes, SIZE);
    H2K_AUTO(h2k_block) parent = h2k_memory_view(parent_bytes, SIZE);
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(parent, NULL);
    bool same = true, extents = true;
    for (int round = 0; round < 400; round++) {
        uint64_t offset = next_random(&seed) % SIZE;
        uint64_t length = next_random(&seed) % 20000 + 1;
        if (length > SIZE - offset)
            length = SIZE - offset;
        if (round % 4 == 3) {
            h2k_overlay_discard(overlay, offset, length);
            model_discard(written, offset, length);
        } else {
            uint8_t *bytes = malloc(length);
            for (uint64_t i = 0; i < length; i++)
                bytes[i] = (uint8_t)next_random(&seed);
            h2k_block_pwrite(overlay, bytes, length, offset);
            memcpy(model + offset, bytes, length);
            free(bytes);
            for (uint64_t c = offset / H2K_OVERLAY_CHUNK;
                 c <= (offset + length - 1) / H2K_OVERLAY_CHUNK; c++)
                written[c] = true;
        }
        same = same && h2k_block_pread(overlay, got, SIZE, 0) == 0 &&
               memcmp(got, model, SIZE) == 0;
        extents = extents && extents_agree(overlay);
    }
    ok(same, "400 random writes and discards read as the model");
    ok(extents, "what is not data reads as zeros");
    h2k_overlay_reset(overlay);
    ok(h2k_block_pread(overlay, got, SIZE, 0) == 0 &&
           memcmp(got, parent_bytes, SIZE) == 0 &&
           h2k_overlay_dirty(overlay) == 0,
       "after a reset it is the parent");
}

/* More than is kept in memory goes to the spill file and comes back. */
static void
test_spill(void)
{
    const uint64_t size = UINT64_C(48) << 20;
    H2K_AUTO(h2k_block) parent = h2k_memory_new(NULL, size);
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(parent, NULL);
    uint64_t word = 0, back = 0;
    bool good = true;
    for (uint64_t at = 8; at < size; at += 4096, word++)
        good = good && h2k_block_pwrite(overlay, &word, 8, at) == 0;
    word = 0;
    for (uint64_t at = 8; at < size; at += 4096, word++)
        good = good && h2k_block_pread(overlay, &back, 8, at) == 0 &&
               back == word;
    ok(good, "48 MiB of chunks are all there");
    ok(h2k_overlay_dirty(overlay) == size, "and counted");
    H2K_AUTO(h2k_block) nowhere = h2k_overlay_new(parent, "/nonexistent");
    int rc = 0;
    for (uint64_t at = 0; rc == 0 && at < size; at += 4096)
        rc = h2k_block_pwrite(nowhere, &word, 8, at);
    ok_error(rc < 0, H2K_E_OUTPUT, "/nonexistent");
}

static void
test_errors(void)
{
    H2K_AUTO(h2k_block) memory = h2k_memory_new(NULL, 65536);
    struct h2k_fault_plan plan = {
        .bad_offset = 4096, .bad_length = 1, .on_read = true
    };
    H2K_AUTO(h2k_block) bad = h2k_fault_new(memory, &plan);
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(bad, NULL);
    static uint8_t chunk[4096];
    ok_error(h2k_block_pwrite(overlay, "x", 1, 5000) < 0, H2K_E_IO,
             "injected read");
    ok(h2k_overlay_dirty(overlay) == 0, "a failed write leaves nothing");
    ok(h2k_block_pwrite(overlay, chunk, 4096, 4096) == 0,
       "a whole chunk needs nothing from below");
    ok(h2k_block_pread(overlay, got, 65536, 0) == 0,
       "and covers the bad place");
}

int
main(void)
{
    test_random();
    test_spill();
    test_errors();
    return tap_done();
}
