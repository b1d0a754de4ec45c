/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/error.h"
#include "block/fault.h"
#include "block/memory.h"
#include "block/overlay.h"
#include "pipeline/digest.h"
#include "pipeline/sweep.h"

#include "tap.h"

#define MIB (UINT64_C(1) << 20)
#define SIZE (40 * MIB + 5000)

struct seen {
    uint64_t last;
    bool ascending;
    unsigned chunks;
    uint64_t fail_at;
    struct h2k_digest *digest;
};

static int
work(void *opaque, void *thread, struct h2k_sweep_item *item)
{
    (void)opaque;
    (void)thread;
    *(struct h2k_digest_value *)item->result =
        h2k_digest_bytes(item->bytes, item->length);
    return 0;
}

static int
ordered(void *opaque, struct h2k_sweep_item *item)
{
    struct seen *seen = opaque;
    seen->ascending =
        seen->ascending && (seen->chunks == 0 || item->offset > seen->last);
    seen->last = item->offset;
    seen->chunks++;
    h2k_digest_put(seen->digest, item->offset,
                   *(struct h2k_digest_value *)item->result);
    if (seen->fail_at != 0 && item->offset >= seen->fail_at)
        return h2k_fail(H2K_E_OUTPUT, "failed at %u", seen->chunks);
    return 0;
}

static const struct h2k_sweep_ops ops = {
    .result_size = sizeof(struct h2k_digest_value),
    .work = work,
    .ordered = ordered,
};

static void
last_progress(void *opaque, uint64_t done, uint64_t total)
{
    uint64_t *both = opaque;
    both[0] = done;
    both[1] = total;
}

static void
test_whole(struct h2k_block *disk)
{
    struct seen one = { .ascending = true }, many = { .ascending = true };
    uint64_t both[2] = { 0, 0 }, offset, length;
    struct h2k_progress progress = { last_progress, both };
    H2K_AUTO(h2k_digest) a = one.digest = h2k_digest_new(SIZE);
    H2K_AUTO(h2k_digest) b = many.digest = h2k_digest_new(SIZE);
    ok(h2k_sweep(disk, 1, &ops, &one, NULL) == 0, "one thread");
    ok(h2k_sweep(disk, 7, &ops, &many, &progress) == 0, "seven threads");
    ok(one.ascending && many.ascending, "results come in order");
    ok(one.chunks == 31 && many.chunks == 31,
       "chunks without data are not read");
    ok(both[0] == both[1] && both[1] == SIZE - 10 * MIB,
       "the progress ends at the total, which is the data");
    ok(h2k_digest_equal(a, b, &offset, &length), "and the same digest");
}

/* One byte changed is found, and where. */
static void
test_difference(struct h2k_block *disk)
{
    struct seen before = { .ascending = true }, after = before;
    uint64_t offset = 0, length = 0;
    H2K_AUTO(h2k_digest) a = before.digest = h2k_digest_new(SIZE);
    H2K_AUTO(h2k_digest) b = after.digest = h2k_digest_new(SIZE);
    h2k_sweep(disk, 2, &ops, &before, NULL);
    h2k_block_pwrite(disk, "x", 1, SIZE - 1);
    h2k_sweep(disk, 2, &ops, &after, NULL);
    ok(!h2k_digest_equal(a, b, &offset, &length) && offset == 40 * MIB &&
           length == 5000,
       "a changed last byte is found in the last chunk");
}

static void
test_errors(struct h2k_block *disk)
{
    struct seen seen = { .ascending = true, .fail_at = 20 * MIB };
    H2K_AUTO(h2k_digest) digest = seen.digest = h2k_digest_new(SIZE);
    ok_error(h2k_sweep(disk, 4, &ops, &seen, NULL) < 0, H2K_E_OUTPUT,
             "failed at 11");
    struct h2k_fault_plan plan = {
        .bad_offset = 30 * MIB, .bad_length = 1, .on_read = true
    };
    H2K_AUTO(h2k_block) bad = h2k_fault_new(disk, &plan);
    seen = (struct seen){ .ascending = true, .digest = digest };
    ok_error(h2k_sweep(bad, 4, &ops, &seen, NULL) < 0, H2K_E_IO,
             "injected read error");
    ok(seen.last < 30 * MIB, "nothing behind the error was ordered");
}

static void
test_large_digest(void)
{
    /* Parts of many chunks: order matters, zeros do not. */
    const uint64_t size = UINT64_C(1) << 50;
    uint64_t offset, length;
    struct h2k_digest_value one = h2k_digest_bytes("one", 3);
    struct h2k_digest_value two = h2k_digest_bytes("two", 3);
    struct h2k_digest_value zero = h2k_digest_bytes("\0\0\0", 3);
    H2K_AUTO(h2k_digest) a = h2k_digest_new(size);
    H2K_AUTO(h2k_digest) b = h2k_digest_new(size);
    h2k_digest_put(a, 0, one);
    h2k_digest_put(a, MIB, zero);
    h2k_digest_put(a, 2 * MIB, two);
    h2k_digest_put(b, 0, one);
    h2k_digest_put(b, 2 * MIB, two);
    ok(h2k_digest_equal(a, b, &offset, &length), "zeros may be left out");
    h2k_digest_put(b, 3 * MIB, two);
    ok(!h2k_digest_equal(a, b, &offset, &length), "more data differs");
}

int
main(void)
{
    H2K_AUTO(h2k_block) memory = h2k_memory_new(NULL, SIZE);
    for (uint64_t at = 0; at + 8 < SIZE; at += 4096)
        h2k_block_pwrite(memory, &at, sizeof(at), at);
    H2K_AUTO(h2k_block) disk = h2k_overlay_new(memory, NULL);
    h2k_overlay_discard(disk, 10 * MIB, 10 * MIB);
    test_whole(disk);
    test_difference(disk);
    test_errors(disk);
    test_large_digest();
    return tap_done();
}
