/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A streamOptimized VMDK as it arrives: cut anywhere it is the same disk, and
 * whatever is wrong with it is an error. */
#include "base/error.h"
#include "block/memory.h"
#include "image/image.h"
#include "image/vmdk-sparse.h"
#include "image/vmdk-stream.h"

#include "tap.h"
#include "vmdk-maker.h"

#include <inttypes.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

struct sink {
    uint8_t *disk;
    uint64_t capacity, last;
    unsigned grains;
    bool ascending;
};

static int
begin(void *opaque, uint64_t capacity, uint32_t grain_size)
{
    struct sink *sink = opaque;
    sink->capacity = capacity;
    sink->ascending = grain_size == VMDK_MAKER_GRAIN;
    sink->disk = calloc(1, (size_t)capacity + grain_size);
    return 0;
}

static int
grain(void *opaque, const struct h2k_vmdk_stream_grain *g)
{
    struct sink *sink = opaque;
    sink->ascending &= sink->grains++ == 0 || g->offset > sink->last;
    sink->last = g->offset;
    return h2k_vmdk_grain_inflate(g->bytes, g->stored, g->needed,
                                  sink->disk + g->offset, g->size);
}

static const struct h2k_vmdk_stream_ops ops = { begin, grain };

/* Feeds all of SIZE bytes in pieces of STEP. */
static int
decode(const char *bytes, size_t size, size_t step, struct sink *sink)
{
    H2K_AUTO(h2k_vmdk_stream) s = h2k_vmdk_stream_new(&ops, sink);
    *sink = (struct sink){ 0 };
    for (size_t at = 0; at < size; at += step)
        if (h2k_vmdk_stream_feed(s, bytes + at,
                                 size - at < step ? size - at : step) < 0)
            return -1;
    return h2k_vmdk_stream_end(s);
}

static void
fill(uint8_t *disk, size_t at, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        disk[at + i] = (uint8_t)(seed >> (i / 9000 % 2 == 0 ? 24 : 31));
    }
}

/* Grains in two tables, one of them not whole; a table without any. */
static uint8_t *
make_disk(size_t size)
{
    uint8_t *disk = calloc(1, size);
    if (size < 3 * MIB) {
        fill(disk, 0, size, 1);
        return disk;
    }
    fill(disk, 0, 200 * KIB, 1);
    fill(disk, 1 * MIB + 5, 130 * KIB, 2);
    if (size > 70 * MIB)
        fill(disk, 66 * MIB, 300 * KIB, 3);
    fill(disk, size - 700, 700, 4);
    return disk;
}

static void
test_whole(size_t size)
{
    static const size_t steps[] = { 1, 7, 511, 512, 513, 4096, 65537, MIB };
    h2k_autofree uint8_t *disk = make_disk(size);
    H2K_AUTO_BUFFER b = { 0 };
    vmdk_make(&b, disk, size, VMDK_MAKER_GOOD);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct sink sink;
        int rc = decode(b.data, b.size, steps[i], &sink);
        ok(rc == 0 && sink.capacity == size && sink.ascending &&
               memcmp(sink.disk, disk, size) == 0,
           "%zu bytes of disk, in pieces of %zu", size, steps[i]);
        free(sink.disk);
    }
    /* The maker makes what the other reader reads. */
    static const struct h2k_image_options options = { .dirfd = -1 };
    struct h2k_image_info info;
    h2k_autofree uint8_t *got = malloc(size);
    H2K_AUTO(h2k_block) file = h2k_memory_view(b.data, b.size);
    H2K_AUTO(h2k_block)
    image = h2k_image_vmdk.open(file, &options, &info);
    ok(image != NULL && h2k_block_size(image) == size &&
           h2k_block_pread(image, got, size, 0) == 0 &&
           memcmp(got, disk, size) == 0,
       "the same by random access");
}

static void
test_cut_short(void)
{
    size_t size = 3 * MIB;
    h2k_autofree uint8_t *disk = make_disk(size);
    H2K_AUTO_BUFFER b = { 0 };
    vmdk_make(&b, disk, size, VMDK_MAKER_GOOD);
    unsigned wrong = 0, tried = 0;
    for (size_t end = 0; end < b.size; end += end % 512 < 40 ? 1 : 437) {
        struct sink sink;
        tried++;
        if (decode(b.data, end, 100000, &sink) == 0 ||
            strstr(h2k_errmsg(), "cut short at byte") == NULL)
            wrong++;
        free(sink.disk);
    }
    ok(wrong == 0 && tried > 1000, "cut short at %u places: %u not found",
       tried, wrong);
}

static void
test_faults(void)
{
    static const struct {
        enum h2k_errcode code;
        const char *words;
    } says[VMDK_MAKER_FAULTS] = {
        [VMDK_MAKER_LOST_GRAIN] = { H2K_E_CORRUPT, "a part is missing" },
        [VMDK_MAKER_EXTRA_GRAIN] = { H2K_E_CORRUPT, "does not name" },
        [VMDK_MAKER_TWICE] = { H2K_E_UNSUPPORTED, "late, or twice" },
        [VMDK_MAKER_BACKWARDS] = { H2K_E_UNSUPPORTED, "late, or twice" },
        [VMDK_MAKER_MOVED_ENTRY] = { H2K_E_CORRUPT, "does not name" },
        [VMDK_MAKER_MOVED_TABLE] = { H2K_E_CORRUPT, "is not at sector" },
        [VMDK_MAKER_LOST_TABLE] = { H2K_E_CORRUPT, "is in no directory" },
        [VMDK_MAKER_NO_FOOTER] = { H2K_E_CORRUPT, "stream's end" },
        [VMDK_MAKER_OTHER_FOOTER] = { H2K_E_CORRUPT, "do not agree" },
        [VMDK_MAKER_WRONG_FOOTER] = { H2K_E_CORRUPT, "and it is at" },
        [VMDK_MAKER_NO_END] = { H2K_E_CORRUPT, "cut short at byte" },
        [VMDK_MAKER_MORE] = { H2K_E_CORRUPT, "behind the stream's end" },
        [VMDK_MAKER_OUTSIDE] = { H2K_E_CORRUPT, "the disk can have none" },
        [VMDK_MAKER_HUGE_GRAIN] = { H2K_E_CORRUPT, "1073741824 bytes" },
        [VMDK_MAKER_BAD_TYPE] = { H2K_E_CORRUPT, "unknown type 77" },
        [VMDK_MAKER_BAD_ZLIB] = { H2K_E_CORRUPT, "zlib" },
    };
    size_t size = 3 * MIB;
    h2k_autofree uint8_t *disk = make_disk(size);
    for (int fault = 1; fault < VMDK_MAKER_FAULTS; fault++) {
        H2K_AUTO_BUFFER b = { 0 };
        struct sink sink;
        vmdk_make(&b, disk, size, (enum vmdk_maker_fault)fault);
        ok_error(decode(b.data, b.size, 1000, &sink) < 0, says[fault].code,
                 says[fault].words);
        free(sink.disk);
    }
}

/* Bytes of the header that are something else. */
static void
test_headers(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *words;
    } cases[] = {
        { 0, 'X', "is no VMDK" },
        { 4, 9, "version 9" },
        { 10, 0, "both that grains are compressed" },
        { 20, 100, "a grain size of" },
        { 64, 0, "the grains begin at sector 0" },
        { 64, 2, "is not before the grains" },
        { 45, 0, "grain tables of 0 entries" },
        { 74, 'x', "line ends were rewritten" },
        { 56, 0, "byte" },
    };
    size_t size = 3 * MIB;
    h2k_autofree uint8_t *disk = make_disk(size);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        H2K_AUTO_BUFFER b = { 0 };
        struct sink sink;
        vmdk_make(&b, disk, size, VMDK_MAKER_GOOD);
        b.data[cases[i].at] = (char)cases[i].value;
        ok_error(decode(b.data, b.size, 1000, &sink) < 0,
                 H2K_E_CORRUPT + (cases[i].at == 4), cases[i].words);
        free(sink.disk);
    }
}

int
main(void)
{
    test_whole(512);
    test_whole(65536);
    test_whole(3 * MIB + 512 * 3);
    test_whole(100 * MIB);
    test_cut_short();
    test_faults();
    test_headers();
    return tap_done();
}
