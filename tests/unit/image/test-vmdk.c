/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* VMDK images made by hand, good ones and each way of being damaged. */
#include "base/endian.h"
#include "block/fault.h"
#include "block/memory.h"
#include "image/image.h"

#include "tap.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <unistd.h>

#define SECTOR 512
#define GRAIN 4096
#define TABLE 2048
#define CAPACITY 100 /* sectors: 12 grains and a half */
#define DISK_SIZE (CAPACITY * SECTOR)

/* Both images: grains 0, 3, 4 and 12 have data, 1 is zero by its entry, the
 * others are absent. */
static uint8_t disk[13 * GRAIN];
static const uint32_t data_grains[] = { 0, 3, 4, 12 };

static uint8_t image[64 << 10];
static size_t image_size;

/* Where things are in the images, in sectors. */
enum {
    DESCRIPTOR_AT = 1,
    DIRECTORY_AT = 2,
    TABLE_AT = 3,
    OTHER_DIRECTORY_AT = 7,
    OTHER_TABLE_AT = 8,
    GRAINS_AT = 16,
};

static const char descriptor[] =
    "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"
    "createType=\"monolithicSparse\"\nRW 100 SPARSE \"x.vmdk\"\n";

static void
put32(uint64_t offset, uint32_t value)
{
    h2k_put_le32(image + offset, value);
}

static void
put64(uint64_t offset, uint64_t value)
{
    h2k_put_le64(image + offset, value);
}

static void
put_header(uint64_t at, uint32_t flags, uint64_t directory)
{
    memcpy(image + at, "KDMV", 4);
    put32(at + 4, 2);
    put32(at + 8, flags);
    put64(at + 12, CAPACITY);
    put64(at + 20, GRAIN / SECTOR);
    put64(at + 28, DESCRIPTOR_AT);
    put64(at + 36, 1);
    put32(at + 44, TABLE / 4);
    put64(at + 48, (flags & 2) != 0 ? OTHER_DIRECTORY_AT : 0);
    put64(at + 56, directory);
    put64(at + 64, GRAINS_AT);
    memcpy(image + at + 73, "\n \r\n", 4);
    h2k_put_le16(image + at + 77, (flags & 0x10000) != 0);
}

static void
make_disk(void)
{
    for (size_t i = 0; i < sizeof(data_grains) / sizeof(data_grains[0]); i++)
        for (size_t j = 0; j < GRAIN; j++)
            disk[data_grains[i] * GRAIN + j] = (uint8_t)(i + 1 + j * j / 7);
}

/* Hosted sparse: grains 3 and 4 follow one another in the file. */
static void
make_plain(void)
{
    memset(image, 0, sizeof(image));
    put_header(0, 0x7, DIRECTORY_AT);
    memcpy(image + SECTOR, descriptor, sizeof(descriptor));
    put32(DIRECTORY_AT * SECTOR, TABLE_AT);
    put32(OTHER_DIRECTORY_AT * SECTOR, OTHER_TABLE_AT);
    put32(TABLE_AT * SECTOR + 4, 1);
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t at = GRAINS_AT + i * GRAIN / SECTOR;
        put32(TABLE_AT * SECTOR + data_grains[i] * 4, at);
        memcpy(image + at * SECTOR, disk + data_grains[i] * GRAIN, GRAIN);
    }
    memcpy(image + OTHER_TABLE_AT * SECTOR, image + TABLE_AT * SECTOR, TABLE);
    image_size = GRAINS_AT * SECTOR + 4 * GRAIN;
}

static void
put_marker(uint64_t sectors, uint32_t type)
{
    put64(image_size, sectors);
    put32(image_size + 12, type);
    image_size += SECTOR;
}

static uint64_t grain_offset[4];

/* COUNT bytes as compressed grain I; the file's size afterwards is whole
 * sectors. */
static void
put_grain(uint32_t i, const uint8_t *bytes, size_t count)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t room = sizeof(image) - image_size - 12;
    grain_offset[i] = image_size;
    put64(image_size, (uint64_t)data_grains[i] * GRAIN / SECTOR);
    size_t stored = libdeflate_zlib_compress(c, bytes, count,
                                             image + image_size + 12, room);
    put32(image_size + 8, (uint32_t)stored);
    image_size = (image_size + 12 + stored + SECTOR - 1) / SECTOR * SECTOR;
    libdeflate_free_compressor(c);
}

/* A stream: grains behind markers, the directory at the end.  COUNT bytes
 * are in the third grain, which should have GRAIN. */
static void
make_stream_with(const uint8_t *third, size_t count)
{
    memset(image, 0, sizeof(image));
    put_header(0, 0x30005, UINT64_MAX);
    memcpy(image + SECTOR, descriptor, sizeof(descriptor));
    image_size = 2 * SECTOR;
    for (uint32_t i = 0; i < 4; i++)
        put_grain(i, i == 2 ? third : disk + data_grains[i] * GRAIN,
                  i == 2   ? count
                  : i == 3 ? GRAIN / 2
                           : GRAIN);
    put_marker(4, 1);
    uint64_t table = image_size;
    for (uint32_t i = 0; i < 4; i++)
        put32(table + data_grains[i] * 4,
              (uint32_t)(grain_offset[i] / SECTOR));
    put32(table + 4, 1);
    image_size += TABLE;
    put_marker(1, 2);
    uint64_t directory = image_size;
    put32(directory, (uint32_t)(table / SECTOR));
    image_size += SECTOR;
    put_marker(1, 3);
    put_header(image_size, 0x30005, directory / SECTOR);
    image_size += SECTOR;
    put_marker(0, 0);
}

static void
make_stream(void)
{
    make_stream_with(disk + 4 * GRAIN, GRAIN);
}

static struct h2k_block *
open_image(struct h2k_image_info *info)
{
    H2K_AUTO(h2k_block) file = h2k_memory_view(image, image_size);
    return h2k_image_open_block(file, "vmdk", NULL, info);
}

/* The whole disk in pieces of PIECE bytes is what it should be. */
static bool
reads_well(struct h2k_block *block, size_t piece)
{
    static uint8_t got[DISK_SIZE];
    memset(got, 0xee, sizeof(got));
    for (size_t at = 0; at < DISK_SIZE; at += piece)
        if (h2k_block_pread(block, got + at,
                            at + piece > DISK_SIZE ? DISK_SIZE - at : piece,
                            at) < 0)
            return false;
    return memcmp(got, disk, DISK_SIZE) == 0;
}

static bool
image_reads_well(void)
{
    H2K_AUTO(h2k_block) block = open_image(NULL);
    return block != NULL && reads_well(block, DISK_SIZE);
}

static bool
extents_are(struct h2k_block *block)
{
    static const struct h2k_extent expected[] = {
        { 0, GRAIN, H2K_EXTENT_DATA },
        { GRAIN, GRAIN, H2K_EXTENT_ZERO },
        { 2 * GRAIN, GRAIN, H2K_EXTENT_ABSENT },
        { 3 * GRAIN, 2 * GRAIN, H2K_EXTENT_DATA },
        { 5 * GRAIN, 7 * GRAIN, H2K_EXTENT_ABSENT },
        { 12 * GRAIN, GRAIN / 2, H2K_EXTENT_DATA },
    };
    uint64_t at = 0;
    for (size_t i = 0; i < 6; i++) {
        struct h2k_extent e;
        if (h2k_block_extent(block, at, DISK_SIZE - at, &e) < 0 ||
            e.offset != expected[i].offset || e.length != expected[i].length ||
            e.kind != expected[i].kind)
            return false;
        at += e.length;
    }
    return at == DISK_SIZE;
}

static void
test_good(void (*make)(void), const char *what)
{
    static const size_t pieces[] = { DISK_SIZE, GRAIN, 2 * GRAIN, 1000, 5000 };
    struct h2k_image_info info;
    make();
    H2K_AUTO(h2k_block) block = open_image(&info);
    for (size_t i = 0; i < 5; i++)
        ok(block != NULL && reads_well(block, pieces[i]),
           "%s: reads in pieces of %zu", what, pieces[i]);
    ok(extents_are(block), "%s: extents", what);
    ok(info.virtual_size == DISK_SIZE && info.file_size == image_size &&
           info.granularity == GRAIN &&
           info.compressed == (make == make_stream),
       "%s: what opening tells", what);
    ok_string(info.variant, "monolithicSparse");
}

struct damage {
    void (*make)(void);
    uint64_t offset;
    unsigned width; /* bytes of VALUE, little-endian */
    uint64_t value;
    enum h2k_errcode code;
    const char *words;
};

static void
inflict(const struct damage *d)
{
    uint8_t bytes[8];
    d->make();
    h2k_put_le64(bytes, d->value);
    memcpy(image + d->offset, bytes, d->width);
}

/* clang-format off */
static const struct damage open_damages[] = {
    { make_plain, 4, 4, 0, H2K_E_UNSUPPORTED, "version 0" },
    { make_plain, 4, 4, 4, H2K_E_UNSUPPORTED, "version 4" },
    { make_plain, 75, 1, '\n', H2K_E_CORRUPT, "text mode" },
    { make_plain, 77, 2, 1, H2K_E_CORRUPT, "both that grains are" },
    { make_plain, 77, 2, 2, H2K_E_UNSUPPORTED, "algorithm 2" },
    { make_plain, 12, 8, UINT64_MAX, H2K_E_UNSUPPORTED, "1 PiB" },
    { make_plain, 12, 8, UINT64_C(1) << 41, H2K_E_CORRUPT, "grain directory" },
    { make_plain, 12, 8, UINT64_C(1) << 30, H2K_E_CORRUPT, "grain directory" },
    { make_plain, 20, 8, 0, H2K_E_CORRUPT, "grain size of 0" },
    { make_plain, 20, 8, 4, H2K_E_CORRUPT, "grain size of 4" },
    { make_plain, 20, 8, 100, H2K_E_CORRUPT, "grain size of 100" },
    { make_plain, 20, 8, UINT64_C(1) << 40, H2K_E_CORRUPT, "grain size of" },
    { make_plain, 28, 8, 1000, H2K_E_CORRUPT, "embedded descriptor" },
    { make_plain, 28, 8, UINT64_MAX, H2K_E_CORRUPT, "embedded descriptor" },
    { make_plain, 28, 8, 0, H2K_E_UNSUPPORTED, "only a part of a disk" },
    { make_plain, SECTOR, 1, 0, H2K_E_UNSUPPORTED, "only a part of a disk" },
    { make_plain, 36, 8, 1000, H2K_E_CORRUPT, "1000 sectors: 512 are" },
    { make_plain, 44, 4, 0, H2K_E_CORRUPT, "tables of 0 entries" },
    { make_plain, 44, 4, 513, H2K_E_CORRUPT, "tables of 513 entries" },
    { make_plain, 44, 4, 1u << 31, H2K_E_CORRUPT, "entries" },
    { make_stream, 8, 4, 0x10005, H2K_E_UNSUPPORTED, "without markers" },
    { make_stream, 12, 8, 99, H2K_E_CORRUPT, "do not agree" },
    { make_stream, 20, 8, 16, H2K_E_CORRUPT, "do not agree" },
    { make_stream, 44, 4, 256, H2K_E_CORRUPT, "do not agree" },
    { make_plain, 8, 4, 0x30007, H2K_E_CORRUPT, "both that grains are" },
    { make_plain, 56, 8, UINT64_MAX, H2K_E_CORRUPT, "with a footer" },
};
/* clang-format on */

static void
test_damaged_headers(void)
{
    size_t count = sizeof(open_damages) / sizeof(open_damages[0]);
    for (size_t i = 0; i < count; i++) {
        inflict(&open_damages[i]);
        ok_error(open_image(NULL) == NULL, open_damages[i].code,
                 open_damages[i].words);
    }
}

/* Without a redundant copy, what is wrong in a directory or table is an
 * error; with one it is not. */
static void
test_redundant(void)
{
    static const struct damage damages[] = {
        { make_plain, 56, 8, 0, 0, "grain directory is at sector 0" },
        { make_plain, 56, 8, 1 << 20, 0, "grain directory is at sector" },
        { make_plain, 56, 8, UINT64_MAX / 2, 0, "grain directory is at" },
        { make_plain, DIRECTORY_AT * SECTOR, 4, 5000, 0,
          "grain table 0 lies" },
        { make_plain, DIRECTORY_AT * SECTOR, 4, UINT32_MAX, 0, "grain table" },
        { make_plain, DIRECTORY_AT * SECTOR, 4, 1, 0, "overlaps" },
        { make_plain, TABLE_AT * SECTOR, 4, 5000, 0, "sector 0 lies beyond" },
        { make_plain, TABLE_AT * SECTOR, 4, UINT32_MAX, 0, "sector 0 lies" },
        { make_plain, TABLE_AT * SECTOR, 4, 2, 0, "overlaps" },
        { make_plain, TABLE_AT * SECTOR + 12, 4, 1, 0, NULL },
    };
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        const struct damage *d = &damages[i];
        inflict(d);
        if (d->words == NULL) { /* 1 would be a grain of zeros */
            put32(8, 0x3);
            put32(TABLE_AT * SECTOR + 4, 0);
            put32(OTHER_TABLE_AT * SECTOR + 4, 0);
        }
        ok(image_reads_well(), "damage %zu: the redundant copy serves", i);
        put32(8, d->words == NULL ? 0x1 : 0x5);
        ok_error(open_image(NULL) == NULL, H2K_E_CORRUPT,
                 d->words == NULL ? "overlaps" : d->words);
    }
}

/* Where both are damaged, what is good in the first still serves. */
static void
test_both_damaged(void)
{
    make_plain();
    put32(TABLE_AT * SECTOR + 12 * 4, 5000);
    put32(OTHER_TABLE_AT * SECTOR, 5000);
    ok_error(open_image(NULL) == NULL, H2K_E_CORRUPT, "sector 96 lies beyond");
    make_plain();
    put64(56, 1 << 20);
    put64(48, 1 << 21);
    ok_error(open_image(NULL) == NULL, H2K_E_CORRUPT, "at sector 1048576");
}

static void
test_damaged_grains(void)
{
    make_stream();
    uint64_t marker = grain_offset[2];
    const struct damage damages[] = {
        { make_stream, marker, 8, 24, 0, "says that it is sector 24" },
        { make_stream, marker + 8, 4, 0, 0, "has 0 bytes" },
        { make_stream, marker + 8, 4, UINT32_MAX, 0, "has 4294967295 bytes" },
        { make_stream, marker + 8, 4, 8000, 0, "beyond the end" },
        { make_stream, marker + 8, 4, 1, 0, "header" },
        { make_stream, marker + 8, 4, 40, 0, "invalid or ends early" },
        { make_stream, marker + 12, 2, 0, 0, "header" },
        { make_stream, marker + 14, 1, 0xff, 0, "invalid" },
    };
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        uint8_t got[GRAIN];
        inflict(&damages[i]);
        H2K_AUTO(h2k_block) block = open_image(NULL);
        ok_error(h2k_block_pread(block, got, GRAIN, 4 * GRAIN) < 0,
                 H2K_E_CORRUPT, damages[i].words);
        ok_error(h2k_block_pread(block, got, 10, 4 * GRAIN + 7) < 0,
                 H2K_E_CORRUPT, "grain of sector 32, at byte");
        ok(h2k_block_pread(block, got, GRAIN, 3 * GRAIN) == 0 &&
               memcmp(got, disk + 3 * GRAIN, GRAIN) == 0,
           "the grain before it is not concerned");
    }
}

static void
test_grain_sizes(void)
{
    uint8_t got[GRAIN];
    static uint8_t larger[GRAIN + 1];
    make_stream_with(larger, GRAIN + 1);
    H2K_AUTO(h2k_block) large = open_image(NULL);
    ok_error(h2k_block_pread(large, got, GRAIN, 4 * GRAIN) < 0, H2K_E_CORRUPT,
             "inflates to more than 4096");
    make_stream_with(disk + 4 * GRAIN, GRAIN - 1);
    H2K_AUTO(h2k_block) small = open_image(NULL);
    ok_error(h2k_block_pread(small, got, GRAIN, 4 * GRAIN) < 0, H2K_E_CORRUPT,
             "4095 bytes only, not 4096");
    make_stream();
    uint32_t stored = h2k_get_le32(image + grain_offset[1] + 8);
    image[grain_offset[1] + 12 + stored - 1] ^= 1;
    H2K_AUTO(h2k_block) rotten = open_image(NULL);
    ok_error(h2k_block_pread(rotten, got, GRAIN, 3 * GRAIN) < 0, H2K_E_CORRUPT,
             "does not match its checksum");
}

/* Cut anywhere, a file must give an error when it is opened. */
static void
test_cut(void (*make)(void), const char *what)
{
    bool refused = true, worded = true;
    make();
    size_t whole = image_size;
    for (image_size = 0; image_size < whole; image_size += 100) {
        H2K_AUTO(h2k_block) block = open_image(NULL);
        /* The last grain's second half is not the disk's. */
        if (make == make_plain && image_size + GRAIN / 2 >= whole)
            break;
        refused = refused && block == NULL;
        worded = worded && (image_size < 8 || h2k_errcode() == H2K_E_CORRUPT);
        if (image_size >= 3 * SECTOR)
            worded = worded && strstr(h2k_errmsg(), "cut short") != NULL;
    }
    ok(refused && worded, "%s: cut short anywhere, it is refused by name",
       what);
}

static void
test_faults(void)
{
    uint8_t got[GRAIN];
    make_stream();
    H2K_AUTO(h2k_block) file = h2k_memory_view(image, image_size);
    struct h2k_fault_plan plan = { .bad_offset = grain_offset[2],
                                   .bad_length = 1,
                                   .on_read = true };
    H2K_AUTO(h2k_block) bad = h2k_fault_new(file, &plan);
    H2K_AUTO(h2k_block) block = h2k_image_open_block(bad, NULL, NULL, NULL);
    ok_error(h2k_block_pread(block, got, GRAIN, 4 * GRAIN) < 0, H2K_E_IO,
             "injected read error");
    ok_error(h2k_block_pread(block, got, 1, 4 * GRAIN) < 0, H2K_E_IO,
             "grain of sector 32");
    static uint8_t both[2 * GRAIN];
    ok_error(h2k_block_pread(block, both, 2 * GRAIN, 3 * GRAIN) < 0, H2K_E_IO,
             "grain of sector 32");
    ok(h2k_block_pread(block, got, GRAIN, 3 * GRAIN) == 0,
       "a bad place behind a grain does not fail it");

    make_plain();
    H2K_AUTO(h2k_block) plain = h2k_memory_view(image, image_size);
    plan = (struct h2k_fault_plan){ .bad_offset = TABLE_AT * SECTOR,
                                    .bad_length = 1,
                                    .on_read = true };
    H2K_AUTO(h2k_block) unreadable = h2k_fault_new(plain, &plan);
    H2K_AUTO(h2k_block)
    other = h2k_image_open_block(unreadable, NULL, NULL, NULL);
    ok(other != NULL && reads_well(other, DISK_SIZE),
       "a grain table that cannot be read: the redundant one serves");
    bool failed = true;
    for (uint64_t n = 1; n < 8; n++) {
        plan = (struct h2k_fault_plan){ .reads_before_failure = n };
        H2K_AUTO(h2k_block) late = h2k_fault_new(plain, &plan);
        H2K_AUTO(h2k_block) b = h2k_image_open_block(late, "vmdk", NULL, NULL);
        failed = failed && (b == NULL || !reads_well(b, DISK_SIZE));
    }
    ok(failed, "each read that fails is an error");
}

static void
test_sizes(void)
{
    make_plain();
    put64(12, 0);
    H2K_AUTO(h2k_block) empty = open_image(NULL);
    ok(empty != NULL && h2k_block_size(empty) == 0, "a disk of no bytes");
    make_plain();
    put32(8, 0x3);
    put32(TABLE_AT * SECTOR + 4, 0);
    put32(4, 1);
    ok(image_reads_well(), "version 1");
    put32(4, 3);
    put64(28, 0);
    put64(36, 0);
    ok_error(open_image(NULL) == NULL, H2K_E_UNSUPPORTED, "part of a disk");
    make_stream();
    put64(28, 0);
    H2K_AUTO(h2k_block) bare = open_image(NULL);
    ok(bare != NULL && reads_well(bare, DISK_SIZE),
       "a stream without a descriptor");
}

static struct h2k_block *
open_text(const char *text)
{
    H2K_AUTO(h2k_block) file = h2k_memory_view(text, strlen(text));
    return h2k_image_open_block(file, "vmdk", NULL, NULL);
}

#define HEAD "# Disk DescriptorFile\nversion=1\n"

static void
test_descriptors(void)
{
    H2K_AUTO(h2k_block)
    zeros = open_text(HEAD "parentCID = \"FFFFFFFF\"\r\n  RW 7 ZERO\r\n"
                           "RDONLY 1 ZERO\nddb.x = \"y\"");
    ok(zeros != NULL && h2k_block_size(zeros) == 8 * SECTOR, "zero extents");
    uint8_t byte = 1;
    struct h2k_extent e;
    ok(h2k_block_pread(zeros, &byte, 1, 8 * SECTOR - 1) == 0 && byte == 0 &&
           h2k_block_extent(zeros, 7 * SECTOR, 10, &e) == 0 &&
           e.kind == H2K_EXTENT_ZERO && e.offset == 7 * SECTOR,
       "read as zeros, and say so");
    static const struct {
        const char *text;
        enum h2k_errcode code;
        const char *words;
    } bad[] = {
        { HEAD, H2K_E_CORRUPT, "names no extent" },
        { HEAD "parentCID=0badcafe\nRW 1 ZERO", H2K_E_UNSUPPORTED,
          "0badcafe): consolidate the VM's snapshots" },
        { HEAD "parentCID=x\n", H2K_E_CORRUPT, "line 3" },
        { HEAD "parentCID=1ffffffff0ffffffff\n", H2K_E_CORRUPT, "line 3" },
        { HEAD "RW 0 ZERO", H2K_E_CORRUPT, "size" },
        { HEAD "RW", H2K_E_CORRUPT, "size" },
        { HEAD "RW -1 ZERO", H2K_E_CORRUPT, "size" },
        { HEAD "RW 99999999999999999999 ZERO", H2K_E_CORRUPT, "size" },
        { HEAD "RW 2199023255552 ZERO\nRW 1 ZERO", H2K_E_UNSUPPORTED, "PiB" },
        { HEAD "RW 1 FLAT", H2K_E_CORRUPT, "no file" },
        { HEAD "RW 1 FLAT \"", H2K_E_CORRUPT, "no file" },
        { HEAD "RW 1 FLAT \"x\" y", H2K_E_CORRUPT, "offset" },
        { HEAD "RW 1 FLAT \"x\" 0", H2K_E_UNSUPPORTED, "file 'x' beside it" },
        { HEAD "RW 1", H2K_E_UNSUPPORTED, "unknown type ''" },
        { HEAD "RW 1 HEAVY \"x\"", H2K_E_UNSUPPORTED, "type 'HEAVY'" },
        { HEAD "RW 1 SESPARSE \"x\"", H2K_E_UNSUPPORTED, "SESPARSE" },
        { HEAD "RW 1 VMFSSPARSE \"x\"", H2K_E_UNSUPPORTED, "COWD" },
        { HEAD "NOACCESS 1 ZERO", H2K_E_UNSUPPORTED, "NOACCESS" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ok_error(open_text(bad[i].text) == NULL, bad[i].code, bad[i].words);
    make_plain();
    memcpy(image + SECTOR + 45, "parentCID=00000001", 18);
    ok_error(open_image(NULL) == NULL, H2K_E_UNSUPPORTED, "consolidate");
    make_plain();
    memcpy(image + SECTOR + sizeof(descriptor) - 1, "RW 1 ZERO\n", 10);
    ok_error(open_image(NULL) == NULL, H2K_E_UNSUPPORTED, "other files");
}

static char directory[] = "/tmp/test-vmdk.XXXXXX";

static void
write_file(const char *name, const void *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    fwrite(bytes, 1, size, file);
    fclose(file);
}

static struct h2k_block *
open_described(const char *extents)
{
    char text[512], path[256];
    snprintf(text, sizeof(text), HEAD "createType=\"vmfs\"\n%s", extents);
    write_file("d.vmdk", text, strlen(text));
    snprintf(path, sizeof(path), "%s/d.vmdk", directory);
    return h2k_image_open(path, "vmdk", NULL, NULL, NULL);
}

/* Extents in files beside the descriptor, and names that lead elsewhere. */
static void
test_files(void)
{
    char path[256];
    uint8_t got[4 * SECTOR];
    if (mkdtemp(directory) == NULL)
        abort();
    make_plain();
    write_file("sparse", image, image_size);
    write_file("flat", disk, 3 * SECTOR);
    H2K_AUTO(h2k_block)
    d = open_described("RW 2 FLAT \"flat\" 1\nRW 3 ZERO\n"
                       "RW 100 SPARSE \"sparse\"\nRW 3 VMFS \"flat\"\n");
    ok(d != NULL && h2k_block_size(d) == 108 * SECTOR, "four extents");
    ok(h2k_block_pread(d, got, 2 * SECTOR, 0) == 0 &&
           memcmp(got, disk + SECTOR, 2 * SECTOR) == 0,
       "flat, at an offset");
    ok(h2k_block_pread(d, got, 3 * SECTOR, 4 * SECTOR) == 0 && got[0] == 0 &&
           memcmp(got + SECTOR, disk, 2 * SECTOR) == 0,
       "across zero and sparse");
    struct h2k_extent e;
    ok(h2k_block_extent(d, 5 * SECTOR + GRAIN, 9999, &e) == 0 &&
           e.kind == H2K_EXTENT_ZERO && e.length == GRAIN &&
           e.offset == 5 * SECTOR + GRAIN,
       "a sparse extent's extents are moved to its place");
    ok_error(open_described("RW 3 FLAT \"flat\" 1\n") == NULL, H2K_E_CORRUPT,
             "flat: cut short at byte 1536 of an expected 2048");
    ok_error(open_described("RW 101 SPARSE \"sparse\"\n") == NULL,
             H2K_E_CORRUPT, "holds 100 sectors, the descriptor says 101");
    ok_error(open_described("RW 1 SPARSE \"flat\"\n") == NULL, H2K_E_CORRUPT,
             "flat: no VMDK header");
    ok_error(open_described("RW 1 FLAT \"gone\"\n") == NULL, H2K_E_SOURCE,
             "gone");
    ok_error(open_described("RW 1 FLAT \"/etc/passwd\" 0\n") == NULL,
             H2K_E_CORRUPT, "not a plain name");
    ok_error(open_described("RW 1 FLAT \"..\" 0\n") == NULL, H2K_E_CORRUPT,
             "not a plain name");
    snprintf(path, sizeof(path), "%s/link", directory);
    ok(symlink("/etc/passwd", path) == 0, "a link");
    ok_error(open_described("RW 1 FLAT \"link\" 0\n") == NULL, H2K_E_SOURCE,
             "link");
    static const char *const names[] = { "sparse", "flat", "d.vmdk", "link" };
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

int
main(void)
{
    make_disk();
    test_good(make_plain, "sparse");
    test_good(make_stream, "stream");
    test_damaged_headers();
    test_redundant();
    test_both_damaged();
    test_damaged_grains();
    test_grain_sizes();
    test_cut(make_plain, "sparse");
    test_cut(make_stream, "stream");
    test_faults();
    test_sizes();
    test_descriptors();
    test_files();
    return tap_done();
}
