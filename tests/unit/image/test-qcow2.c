/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The qcow2 reader and the structure check on an image made by hand, whole
 * and with each part of it damaged. */
#include "base/endian.h"
#include "block/fault.h"
#include "block/file.h"
#include "block/memory.h"
#include "image/image.h"
#include "image/qcow2-check.h"
#include "image/qcow2-format.h"
#include "image/writer.h"

#include "tap.h"

#include <libdeflate.h>
#include <pthread.h>
#include <sys/mman.h>

/*
 * Ten host clusters of 512 bytes: 0 the header, 1 the L1 table, 2 an L2
 * table, 3 data, 4 given out and marked as zero, 5 two compressed clusters,
 * 6 and 7 data, 8 the refcount table, 9 a refcount block.
 *
 * An L2 table maps 64 clusters.  The disk has 129; the first eight are:
 * stored in 3; zero; zero with a place, 4; compressed; compressed; absent;
 * stored in 6; stored in 7.
 */
#define C 512
#define HOST_CLUSTERS 10
#define DISK_SIZE (129 * C)
#define L1 (1 * C)
#define L2 (2 * C)
#define REFCOUNT_TABLE (8 * C)
#define REFCOUNT_BLOCK (9 * C)
#define COMPRESSED_SHIFT 61

struct image {
    uint8_t bytes[HOST_CLUSTERS * C];
};

static uint8_t expected[DISK_SIZE], got[DISK_SIZE];

static uint64_t
compressed_entry(uint64_t offset, size_t size)
{
    uint64_t sectors = (offset + size - 1) / 512 - offset / 512;
    return QCOW2_L2_COMPRESSED | offset | sectors << COMPRESSED_SHIFT;
}

static void
make_data(struct image *image)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    uint64_t at = 5 * C + 10;
    memset(expected, 0, sizeof(expected));
    for (int i = 0; i < 3; i++) {
        static const uint8_t guest[] = { 0, 6, 7 }, host[] = { 3, 6, 7 };
        memset(expected + guest[i] * C, 'A' + i, C);
        memset(image->bytes + host[i] * C, 'A' + i, C);
    }
    memset(image->bytes + 4 * C, 'x', C); /* must not be seen */
    for (int i = 3; i <= 4; i++) {
        memset(expected + i * C, 'a' + i, C);
        size_t size = libdeflate_deflate_compress(
            c, expected + i * C, C, image->bytes + at, 6 * C - at);
        h2k_put_be64(image->bytes + L2 + i * 8, compressed_entry(at, size));
        at += size;
    }
    libdeflate_free_compressor(c);
}

static struct image
make_image(void)
{
    struct image image = { .bytes = QCOW2_MAGIC };
    uint8_t *b = image.bytes;
    make_data(&image);
    h2k_put_be32(b + QCOW2_HEADER_VERSION, 3);
    h2k_put_be32(b + QCOW2_HEADER_CLUSTER_BITS, 9);
    h2k_put_be64(b + QCOW2_HEADER_SIZE, DISK_SIZE);
    h2k_put_be32(b + QCOW2_HEADER_L1_SIZE, 3);
    h2k_put_be64(b + QCOW2_HEADER_L1_OFFSET, L1);
    h2k_put_be64(b + QCOW2_HEADER_REFCOUNT_TABLE_OFFSET, REFCOUNT_TABLE);
    h2k_put_be32(b + QCOW2_HEADER_REFCOUNT_TABLE_CLUSTERS, 1);
    h2k_put_be32(b + QCOW2_HEADER_REFCOUNT_ORDER, 4);
    h2k_put_be32(b + QCOW2_HEADER_LENGTH, QCOW2_HEADER_COMPRESSION_END);
    h2k_put_be64(b + L1, L2 | QCOW2_ENTRY_COPIED);
    h2k_put_be64(b + L2 + 0 * 8, 3 * C | QCOW2_ENTRY_COPIED);
    h2k_put_be64(b + L2 + 1 * 8, QCOW2_L2_ZERO);
    h2k_put_be64(b + L2 + 2 * 8, 4 * C | QCOW2_ENTRY_COPIED | QCOW2_L2_ZERO);
    h2k_put_be64(b + L2 + 6 * 8, 6 * C | QCOW2_ENTRY_COPIED);
    h2k_put_be64(b + L2 + 7 * 8, 7 * C | QCOW2_ENTRY_COPIED);
    h2k_put_be64(b + REFCOUNT_TABLE, REFCOUNT_BLOCK);
    for (int i = 0; i < HOST_CLUSTERS; i++)
        h2k_put_be16(b + REFCOUNT_BLOCK + i * 2, i == 5 ? 2 : 1);
    return image;
}

static struct h2k_block *
open_block(struct h2k_block *file)
{
    struct h2k_image_options options = { .dirfd = -1 };
    return h2k_image_open_block(file, "qcow2", &options, NULL);
}

static struct h2k_block *
open_bytes(const void *bytes, size_t size)
{
    H2K_AUTO(h2k_block) file = h2k_memory_view(bytes, size);
    return open_block(file);
}

static int
read_all(struct h2k_block *disk)
{
    memset(got, 0xee, sizeof(got));
    return h2k_block_pread(disk, got, h2k_block_size(disk), 0);
}

static void
test_read(void)
{
    struct image image = make_image();
    H2K_AUTO(h2k_block) disk = open_bytes(&image, sizeof(image));
    if (!ok(disk != NULL, "opens"))
        return;
    ok(h2k_block_size(disk) == DISK_SIZE, "the disk's size");
    ok(read_all(disk) == 0 && memcmp(got, expected, DISK_SIZE) == 0,
       "reads as a whole");
    bool good = true;
    for (size_t step = 1; step < 4 * C; step = step * 3 + 1)
        for (size_t at = 0; at < 10 * C; at += step) {
            memset(got, 0xee, step);
            good = good && h2k_block_pread(disk, got, step, at) == 0 &&
                   memcmp(got, expected + at, step) == 0;
        }
    ok(good, "reads in pieces");
    /* Neighbours on the disk that are none in the file. */
    h2k_put_be64(image.bytes + L2 + 6 * 8, 7 * C);
    h2k_put_be64(image.bytes + L2 + 7 * 8, 6 * C);
    H2K_AUTO(h2k_block) swapped = open_bytes(&image, sizeof(image));
    ok(swapped != NULL && read_all(swapped) == 0 &&
           memcmp(got + 6 * C, expected + 7 * C, C) == 0 &&
           memcmp(got + 7 * C, expected + 6 * C, C) == 0,
       "clusters in another order");
    /* Version 2 has no zero flag: bit 0 is ignored. */
    h2k_put_be32(image.bytes + QCOW2_HEADER_VERSION, 2);
    H2K_AUTO(h2k_block) old = open_bytes(&image, sizeof(image));
    ok(old != NULL && h2k_block_pread(old, got, C, 2 * C) == 0 &&
           got[0] == 'x',
       "version 2 knows no zero flag");
}

static void
test_extents(void)
{
    static const struct h2k_extent want[] = {
        { 0, C, H2K_EXTENT_DATA },
        { 1 * C, 2 * C, H2K_EXTENT_ZERO },
        { 3 * C, 2 * C, H2K_EXTENT_DATA },
        { 5 * C, 1 * C, H2K_EXTENT_ABSENT },
        { 6 * C, 2 * C, H2K_EXTENT_DATA },
        { 8 * C, 56 * C, H2K_EXTENT_ABSENT },
        { 64 * C, 65 * C, H2K_EXTENT_ABSENT },
    };
    struct image image = make_image();
    H2K_AUTO(h2k_block) disk = open_bytes(&image, sizeof(image));
    uint64_t at = 0;
    bool good = true;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        struct h2k_extent e = { 0 };
        good = good && h2k_block_extent(disk, at, DISK_SIZE - at, &e) == 0 &&
               e.offset == want[i].offset && e.length == want[i].length &&
               e.kind == want[i].kind;
        at += e.length;
    }
    ok(good && at == DISK_SIZE, "extents: data, zeros, absent, merged");
}

/* One change to the image, and what is said of it by opening, by reading
 * all of it, or by the check; the check's findings have the code 0. */
struct damage {
    const char *name;
    uint64_t offset;
    unsigned bytes;
    uint64_t value;
    enum h2k_errcode code;
    const char *words;
};

static struct image
damaged(const struct damage *d)
{
    struct image image = make_image();
    uint8_t *at = image.bytes + d->offset;
    if (d->bytes == 1)
        *at = (uint8_t)d->value;
    else if (d->bytes == 2)
        h2k_put_be16(at, (uint16_t)d->value);
    else if (d->bytes == 4)
        h2k_put_be32(at, (uint32_t)d->value);
    else
        h2k_put_be64(at, d->value);
    return image;
}

static void
judge_failure(const struct damage *d, bool failed)
{
    bool good = failed && h2k_errcode() == d->code &&
                strstr(h2k_errmsg(), d->words) != NULL;
    ok(good, "%s: '%s'", d->name, d->words);
}

#define BIT(n) (UINT64_C(1) << (n))
#define CORRUPT H2K_E_CORRUPT
#define UNSUPPORTED H2K_E_UNSUPPORTED

static void
test_refused(void)
{
    static const struct damage table[] = {
        { "version 4", QCOW2_HEADER_VERSION, 4, 4, UNSUPPORTED, "version 4" },
        { "tiny clusters", QCOW2_HEADER_CLUSTER_BITS, 4, 8, CORRUPT, "2^8" },
        { "huge clusters", QCOW2_HEADER_CLUSTER_BITS, 4, 22, CORRUPT, "2^22" },
        { "no clusters", QCOW2_HEADER_CLUSTER_BITS, 4, UINT32_MAX, CORRUPT,
          "2^4294967295" },
        { "a huge disk", QCOW2_HEADER_SIZE, 8, UINT64_MAX, UNSUPPORTED,
          "1 PiB" },
        { "AES", QCOW2_HEADER_CRYPT_METHOD, 4, 1, UNSUPPORTED,
          "encrypted (AES)" },
        { "LUKS", QCOW2_HEADER_CRYPT_METHOD, 4, 2, UNSUPPORTED,
          "encrypted (LUKS)" },
        { "encryption 3", QCOW2_HEADER_CRYPT_METHOD, 4, 3, CORRUPT,
          "encryption method" },
        { "L1 too small", QCOW2_HEADER_L1_SIZE, 4, 2, CORRUPT, "needs 3" },
        { "L1 too large", QCOW2_HEADER_L1_SIZE, 4, UINT32_MAX, CORRUPT,
          "more than any" },
        { "L1 past the end", QCOW2_HEADER_L1_SIZE, 4, 4000, CORRUPT,
          "beyond the file's end" },
        { "L1 on the header", QCOW2_HEADER_L1_OFFSET, 8, 0, CORRUPT,
          "none can begin" },
        { "L1 off a cluster", QCOW2_HEADER_L1_OFFSET, 8, L1 + 8, CORRUPT,
          "none can begin" },
        { "L1 far away", QCOW2_HEADER_L1_OFFSET, 8, BIT(63), CORRUPT,
          "beyond the file's end" },
        { "marked corrupt", QCOW2_HEADER_INCOMPATIBLE, 8,
          BIT(QCOW2_INCOMPATIBLE_CORRUPT), CORRUPT, "qemu-img check" },
        { "external data", QCOW2_HEADER_INCOMPATIBLE, 8,
          BIT(QCOW2_INCOMPATIBLE_EXTERNAL_DATA), UNSUPPORTED,
          "external data file" },
        { "a feature", QCOW2_HEADER_INCOMPATIBLE, 8, BIT(40), UNSUPPORTED,
          "\"unnamed\" (incompatible bit 40)" },
        { "compression, no type", QCOW2_HEADER_INCOMPATIBLE, 8,
          BIT(QCOW2_INCOMPATIBLE_COMPRESSION), CORRUPT, "contradicts" },
        { "compression, no bit", QCOW2_HEADER_COMPRESSION, 1, 1, CORRUPT,
          "contradicts" },
        { "extended L2", QCOW2_HEADER_INCOMPATIBLE, 8,
          BIT(QCOW2_INCOMPATIBLE_EXTENDED_L2), CORRUPT, "too small" },
        { "refcounts of 128 bits", QCOW2_HEADER_REFCOUNT_ORDER, 4, 7, CORRUPT,
          "order" },
        { "a short header", QCOW2_HEADER_LENGTH, 4, 96, CORRUPT, "length" },
        { "an odd header", QCOW2_HEADER_LENGTH, 4, 108, CORRUPT, "length" },
        { "a long header", QCOW2_HEADER_LENGTH, 4, 1024, CORRUPT, "length" },
        { "backing outside", QCOW2_HEADER_BACKING_OFFSET, 8, BIT(40), CORRUPT,
          "outside of its header" },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct image image = damaged(&table[i]);
        H2K_AUTO(h2k_block) disk = open_bytes(&image, sizeof(image));
        judge_failure(&table[i], disk == NULL);
    }
}

/* What the file says is shown, made harmless. */
static void
test_names(void)
{
    struct image image = make_image();
    uint8_t *b = image.bytes, *table = b + QCOW2_HEADER_COMPRESSION_END;
    h2k_put_be64(b + QCOW2_HEADER_BACKING_OFFSET, 400);
    h2k_put_be32(b + QCOW2_HEADER_BACKING_SIZE, 12);
    memcpy(b + 400, "base\x1b[2Jx\nyz", 12);
    H2K_AUTO(h2k_block) backing = open_bytes(&image, sizeof(image));
    ok_error(backing == NULL, UNSUPPORTED, "backing file \"base?[2Jx?yz\"");

    h2k_put_be64(b + QCOW2_HEADER_INCOMPATIBLE, BIT(40));
    h2k_put_be32(table, 0x12345678); /* unknown, to be passed over */
    h2k_put_be32(table + 4, 3);
    h2k_put_be32(table + 16, QCOW2_EXTENSION_FEATURE_NAMES);
    h2k_put_be32(table + 20, QCOW2_FEATURE_ENTRY_SIZE);
    table[25] = 40;
    memcpy(table + 26, "time travel", 11);
    H2K_AUTO(h2k_block) feature = open_bytes(&image, sizeof(image));
    ok_error(feature == NULL, UNSUPPORTED, "\"time travel\" (incompat");
    h2k_put_be32(table + 20, UINT32_MAX);
    H2K_AUTO(h2k_block) cut = open_bytes(&image, sizeof(image));
    ok_error(cut == NULL, UNSUPPORTED, "\"unnamed\"");
}

static void
test_unreadable(void)
{
    static const struct damage table[] = {
        { "L2 off a cluster", L1, 8, L2 + C / 2, CORRUPT,
          "beyond the file's end" },
        { "L2 beyond", L1, 8, BIT(40), CORRUPT, "L2 table 0 at byte 10995" },
        { "L2 at the end", L1, 8, HOST_CLUSTERS * C, CORRUPT, "cut short" },
        { "data beyond", L2, 8, BIT(40), CORRUPT, "cluster 0: " },
        { "data at the end", L2 + 6 * 8, 8, HOST_CLUSTERS * C, CORRUPT,
          "cluster 6: " },
        { "compressed beyond", L2 + 3 * 8, 8, QCOW2_L2_COMPRESSED | BIT(40),
          CORRUPT, "compressed cluster 3: " },
        { "no deflate", L2 + 3 * 8, 8, QCOW2_L2_COMPRESSED | (6 * C), CORRUPT,
          "compressed cluster 3: at byte 3072" },
        { "all ones", L2 + 3 * 8, 8, UINT64_MAX, CORRUPT, "beyond" },
        /* A stored block of one byte, and one of 513. */
        { "too short", 5 * C + 10, 8, 0x010100feff780000, CORRUPT,
          "1 bytes, where" },
        { "too long", 5 * C + 10, 8, 0x010102fefd780000, CORRUPT,
          "compressed cluster 3: " },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct image image = damaged(&table[i]);
        if (i == 0) /* clusters of 1024 have places off a cluster */
            h2k_put_be64(image.bytes + L1, (UINT64_C(1) << 55) | C);
        H2K_AUTO(h2k_block) disk = open_bytes(&image, sizeof(image));
        judge_failure(&table[i], disk != NULL && read_all(disk) < 0);
    }
}

/* Tables that point at themselves and at one another give nonsense, and
 * nothing worse. */
static void
test_cycles(void)
{
    struct image image = make_image();
    h2k_put_be64(image.bytes + L1, L1);
    h2k_put_be64(image.bytes + L1 + 8, L2);
    h2k_put_be64(image.bytes + L2, L2);
    H2K_AUTO(h2k_block) disk = open_bytes(&image, sizeof(image));
    ok(disk != NULL && read_all(disk) <= 0, "tables in a circle end");
    struct h2k_qcow2_check result;
    H2K_AUTO(h2k_block) file = h2k_memory_view(&image, sizeof(image));
    ok(h2k_qcow2_check(file, &result) == 0 && result.overlaps >= 2,
       "and the check finds them");
}

/* Cut off anywhere: refused when opened, or when the missing part is read;
 * never other bytes than the image had. */
static void
test_truncated(void)
{
    struct image image = make_image();
    bool good = true;
    int opened = 0, whole = 0;
    for (size_t size = 0; size < sizeof(image); size++) {
        h2k_autofree void *bytes = malloc(size + 1);
        memcpy(bytes, &image, size);
        H2K_AUTO(h2k_block) disk = open_bytes(bytes, size);
        opened += disk != NULL;
        if (disk == NULL || read_all(disk) < 0)
            continue;
        whole++;
        /* A last cluster may be short, and ends in zeros. */
        good = good && size > 7 * C;
        for (size_t i = 0; i < DISK_SIZE; i++)
            good = good && (got[i] == expected[i] || got[i] == 0);
    }
    ok(good && opened > 0 && whole > 0,
       "cut off at each byte: %d open, %d read, none lies", opened, whole);
}

static void
test_faults(void)
{
    struct image image = make_image();
    H2K_AUTO(h2k_block) file = h2k_memory_view(&image, sizeof(image));
    static const uint64_t places[] = { 100, L1, L2, 3 * C, 5 * C + 20 };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct h2k_fault_plan plan = { .bad_offset = places[i],
                                       .bad_length = 1,
                                       .on_read = true };
        H2K_AUTO(h2k_block) bad = h2k_fault_new(file, &plan);
        H2K_AUTO(h2k_block) disk = open_block(bad);
        bool failed = disk == NULL || read_all(disk) < 0;
        ok(failed && h2k_errcode() == H2K_E_IO,
           "a read error at byte %d is an I/O error", (int)places[i]);
    }
}

static struct h2k_qcow2_check
check_image(const struct image *image)
{
    struct h2k_qcow2_check result;
    H2K_AUTO(h2k_block) file = h2k_memory_view(image, sizeof(*image));
    if (h2k_qcow2_check(file, &result) < 0)
        result = (struct h2k_qcow2_check){ .first = "not done" };
    return result;
}

static void
test_check(void)
{
    /* `code` is 0 for errors and 1 for leaks alone. */
    static const struct damage table[] = {
        { "a refcount too low", REFCOUNT_BLOCK + 3 * 2, 2, 0, 0,
          "host cluster 3 has a refcount of 0 and is used 1 times" },
        { "a shared one too low", REFCOUNT_BLOCK + 5 * 2, 2, 1, 0,
          "host cluster 5 has a refcount of 1 and is used 2 times" },
        { "a shared one too high", REFCOUNT_BLOCK + 5 * 2, 2, 3, 1,
          "used 2 times: a leak" },
        { "no refcounts", REFCOUNT_TABLE, 8, 0, 0, "refcount of 0" },
        { "a leak", L2 + 7 * 8, 8, 0, 1, "host cluster 7" },
        { "data on the L1 table", L2 + 7 * 8, 8, L1 | QCOW2_ENTRY_COPIED, 0,
          "host cluster 1 is a table, and something else" },
        { "data on data", L2 + 7 * 8, 8, (6 * C) | QCOW2_ENTRY_COPIED, 0,
          "host cluster 6 has a refcount of 1 and is used 2 times" },
        { "not marked copied", L2 + 7 * 8, 8, 7 * C, 0,
          "an entry says otherwise" },
        { "compressed and copied", L2 + 3 * 8, 8,
          QCOW2_L2_COMPRESSED | QCOW2_ENTRY_COPIED | (5 * C), 0,
          "marked as its host cluster's only user" },
        { "L2 beyond", L1, 8, BIT(40) | QCOW2_ENTRY_COPIED, 0,
          "L2 table 0 at byte 1099511627776 lies beyond" },
        { "a reserved bit in L1", L1, 8, L2 | 2 | QCOW2_ENTRY_COPIED, 0,
          "L1 entry 0 has reserved" },
        { "a reserved bit in L2", L2, 8, (3 * C) | 4 | QCOW2_ENTRY_COPIED, 0,
          "cluster 0 has reserved" },
        { "stored nowhere", L2, 8, QCOW2_ENTRY_COPIED, 0, "stored nowhere" },
        { "data beyond", L2, 8, BIT(40), 0, "cluster 0 at byte 10995" },
        { "compressed beyond", L2 + 3 * 8, 8, QCOW2_L2_COMPRESSED | BIT(40), 0,
          "compressed cluster 3 at byte 10995" },
        { "a block beyond", REFCOUNT_TABLE + 8, 8, ~UINT64_C(511), 0,
          "refcount block 1 at byte 18446744073709551104 lies beyond" },
        { "a block off a cluster", REFCOUNT_TABLE + 8, 8, 17, 0,
          "refcount table entry 1 has reserved" },
    };
    struct image image = make_image();
    struct h2k_qcow2_check r = check_image(&image);
    ok(r.errors == 0 && r.leaks == 0 && r.data_clusters == 6 &&
           r.compressed_clusters == 2 && r.first[0] == '\0',
       "the whole image is good: %s", r.first);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct damage *d = &table[i];
        image = damaged(d);
        r = check_image(&image);
        bool good =
            strstr(r.first, d->words) != NULL &&
            (d->code == 0 ? r.errors > 0 : r.errors == 0 && r.leaks == 1);
        if (!ok(good, "check: %s", d->name))
            printf("# errors %d leaks %d: %s\n", (int)r.errors, (int)r.leaks,
                   r.first);
    }
}

static void
test_check_refuses(void)
{
    static const struct damage table[] = {
        { "snapshots", QCOW2_HEADER_SNAPSHOT_COUNT, 4, 1, UNSUPPORTED,
          "internal snapshots" },
        { "no refcount table", QCOW2_HEADER_REFCOUNT_TABLE_OFFSET, 8, 0,
          CORRUPT, "none can begin" },
        { "refcount table beyond", QCOW2_HEADER_REFCOUNT_TABLE_OFFSET, 8,
          BIT(40), CORRUPT, "refcount table" },
        { "a huge refcount table", QCOW2_HEADER_REFCOUNT_TABLE_CLUSTERS, 4,
          UINT32_MAX, CORRUPT, "larger than" },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct image image = damaged(&table[i]);
        struct h2k_qcow2_check r;
        H2K_AUTO(h2k_block) file = h2k_memory_view(&image, sizeof(image));
        judge_failure(&table[i], h2k_qcow2_check(file, &r) < 0);
    }
}

#define BIG_CLUSTERS 150
#define BIG_CLUSTER 65536
#define BIG_SIZE ((size_t)BIG_CLUSTERS * BIG_CLUSTER)

struct reader {
    struct h2k_block *disk;
    const uint8_t *bytes;
    uint32_t seed;
    bool good;
};

static void *
read_randomly(void *opaque)
{
    struct reader *r = opaque;
    uint8_t *piece = malloc(3 * BIG_CLUSTER);
    for (int i = 0; i < 60; i++) {
        r->seed = r->seed * 1664525 + 1013904223;
        size_t at = (r->seed >> 4) % BIG_SIZE;
        size_t count = (r->seed >> 8) % (3 * BIG_CLUSTER) + 1;
        if (i % 3 == 0) {
            at -= at % BIG_CLUSTER;
            count = BIG_CLUSTER;
        }
        if (count > BIG_SIZE - at)
            count = BIG_SIZE - at;
        r->good = r->good && h2k_block_pread(r->disk, piece, count, at) == 0 &&
                  memcmp(piece, r->bytes + at, count) == 0;
    }
    free(piece);
    return NULL;
}

static struct h2k_block *
write_image(const uint8_t *bytes, enum h2k_writer_compression compression)
{
    const struct h2k_image_writer_ops *ops = &h2k_writer_qcow2;
    struct h2k_writer_options options = { .compression = compression,
                                          .level = 1 };
    int fd = memfd_create("image", MFD_CLOEXEC), rc = 0;
    struct h2k_image_writer *w = ops->create(fd, BIG_SIZE, &options);
    struct h2k_image_encoder *e = ops->encoder_new(w);
    for (uint64_t i = 0; i < BIG_CLUSTERS && rc == 0; i++) {
        struct h2k_encoded encoded;
        rc = ops->encode(e, bytes + i * BIG_CLUSTER, BIG_CLUSTER, &encoded);
        if (rc == 0)
            rc = ops->put(w, i, &encoded);
    }
    if (rc == 0)
        rc = ops->finish(w);
    ops->encoder_free(e);
    ops->free(w);
    H2K_AUTO(h2k_block) file = h2k_file_from_fd(fd, "image", false);
    struct h2k_qcow2_check check;
    ok(rc == 0 && h2k_qcow2_check(file, &check) == 0 && check.errors == 0 &&
           check.leaks == 0 && check.data_clusters == BIG_CLUSTERS,
       "what was written is good");
    return rc < 0 ? NULL : open_block(file);
}

/* Threads that share the caches each get the right bytes. */
static void
test_threads(enum h2k_writer_compression compression)
{
    uint8_t *bytes = malloc(BIG_SIZE);
    struct reader readers[4];
    pthread_t threads[4];
    bool good = true;
    for (size_t i = 0; i < BIG_SIZE; i++)
        bytes[i] = (uint8_t)(i / BIG_CLUSTER * 7 + (i >> 5) % 11);
    H2K_AUTO(h2k_block) disk = write_image(bytes, compression);
    for (unsigned i = 0; i < 4; i++) {
        readers[i] = (struct reader){ disk, bytes, i + 1, disk != NULL };
        if (readers[i].good)
            pthread_create(&threads[i], NULL, read_randomly, &readers[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        if (disk != NULL)
            pthread_join(threads[i], NULL);
        good = good && readers[i].good;
    }
    ok(good, "four threads read, compression %d", (int)compression);
    free(bytes);
}

int
main(void)
{
    test_read();
    test_extents();
    test_refused();
    test_names();
    test_unreadable();
    test_cycles();
    test_truncated();
    test_faults();
    test_check();
    test_check_refuses();
    test_threads(H2K_COMPRESS_NONE);
    test_threads(H2K_COMPRESS_ZLIB);
    test_threads(H2K_COMPRESS_ZSTD);
    return tap_done();
}
