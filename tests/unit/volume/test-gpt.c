/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* GUID partition tables made by hand, the broken ones with checksums that
 * match: what sfdisk would not write. */
#include "block/fault.h"
#include "block/memory.h"
#include "volume/volume.h"

#include "base/endian.h"
#include "tap.h"

#include <libdeflate.h>

#define SECTORS 100
#define ENTRIES 8

/* A disk of 100 sectors: MBR, header, 2 sectors of entries, ..., 2 sectors
 * of entries, header. */
struct image {
    uint32_t sector_size;
    size_t size;
    uint8_t *bytes;
    uint8_t *first, *backup;                 /* headers */
    uint8_t *first_entries, *backup_entries; /* arrays */
};

static void
put_entry(uint8_t *entries, unsigned index, uint64_t first, uint64_t last,
          const char *name)
{
    static const uint8_t type[16] = { 0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84,
                                      0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69,
                                      0xd8, 0x47, 0x7d, 0xe4 };
    uint8_t *entry = entries + 128 * index;
    memcpy(entry, type, 16);
    memset(entry + 16, 0x10 + (int)index, 16);
    h2k_put_le64(entry + 32, first);
    h2k_put_le64(entry + 40, last);
    for (size_t i = 0; name[i] != '\0'; i++)
        h2k_put_le16(entry + 56 + 2 * i, (uint8_t)name[i]);
}

static void
seal_one(uint8_t *header, const uint8_t *entries)
{
    h2k_put_le32(header + 88, libdeflate_crc32(0, entries, ENTRIES * 128));
    h2k_put_le32(header + 16, 0);
    h2k_put_le32(header + 16, libdeflate_crc32(0, header, 92));
}

/* Make the checksums match again. */
static void
seal(struct image *image)
{
    seal_one(image->first, image->first_entries);
    seal_one(image->backup, image->backup_entries);
}

static void
put_header(uint8_t *header, uint64_t lba, uint64_t other, uint64_t entries)
{
    memcpy(header, "EFI PART", 8);
    h2k_put_le32(header + 8, 0x10000);
    h2k_put_le32(header + 12, 92);
    h2k_put_le64(header + 24, lba);
    h2k_put_le64(header + 32, other);
    h2k_put_le64(header + 40, 4);
    h2k_put_le64(header + 48, SECTORS - 4);
    memcpy(header + 56, "0123456789abcdef", 16);
    h2k_put_le64(header + 72, entries);
    h2k_put_le32(header + 80, ENTRIES);
    h2k_put_le32(header + 84, 128);
}

static struct image
image_new(uint32_t sector_size)
{
    struct image image = { .sector_size = sector_size,
                           .size = SECTORS * sector_size };
    uint8_t *p = image.bytes = calloc(1, image.size);
    p[510] = 0x55, p[511] = 0xaa;
    p[446 + 4] = 0xee;
    h2k_put_le32(p + 446 + 8, 1);
    h2k_put_le32(p + 446 + 12, SECTORS - 1);
    image.first = p + sector_size;
    image.first_entries = p + 2 * sector_size;
    image.backup_entries = p + (SECTORS - 3) * sector_size;
    image.backup = p + (SECTORS - 1) * sector_size;
    put_header(image.first, 1, SECTORS - 1, 2);
    put_header(image.backup, SECTORS - 1, 1, SECTORS - 3);
    for (int i = 0; i < 2; i++) {
        uint8_t *entries = i == 0 ? image.first_entries : image.backup_entries;
        put_entry(entries, 0, 4, 9, "first");
        put_entry(entries, 4, 10, 10, "one sector");
        put_entry(entries, 5, 50, SECTORS - 4, "");
    }
    seal(&image);
    return image;
}

/* For both copies of a header or of the entries. */
#define PUT(image, bits, part, at, value)                       \
    do {                                                        \
        h2k_put_le##bits((image).first##part + (at), (value));  \
        h2k_put_le##bits((image).backup##part + (at), (value)); \
        seal(&(image));                                         \
    } while (0)

static struct h2k_partition_table *
read_image(const struct image *image)
{
    H2K_AUTO(h2k_block) disk = h2k_memory_view(image->bytes, image->size);
    return h2k_partition_table_read(disk);
}

/* Reads it, frees all, and gives true when that failed. */
static bool
is_refused(struct image *image)
{
    struct h2k_partition_table *table = read_image(image);
    bool refused = table == NULL;
    h2k_partition_table_free(table);
    free(image->bytes);
    return refused;
}

static void
test_good(uint32_t sector_size)
{
    struct image image = image_new(sector_size);
    h2k_put_le64(image.first_entries + 48, 1 << 2);
    seal(&image);
    h2k_put_le64(image.backup_entries + 48, 1 << 2);
    seal(&image);
    H2K_AUTO(h2k_partition_table) table = read_image(&image);
    ok(table != NULL && table->count == 3, "a good table");
    ok_string(table->type, "gpt");
    ok_string(table->id, "33323130-3534-3736-3839-616263646566");
    ok(table->sector_size == sector_size && !table->used_backup,
       "sectors of %u bytes", sector_size);
    ok_string(table->problem, "");
    const struct h2k_partition *p = table->partitions;
    ok(p[0].number == 1 && p[1].number == 5 && p[2].number == 6,
       "numbers keep their gaps");
    ok(p[0].offset == 4ull * sector_size && p[0].length == 6ull * sector_size,
       "the last sector is the partition's");
    ok(p[1].length == sector_size, "one sector");
    ok(p[0].bootable && !p[1].bootable, "the legacy attribute");
    ok_string(p[0].label, "first");
    ok_string(p[0].type, "0fc63daf-8483-4772-8e79-3d69d8477de4");
    ok_string(p[1].uuid, "14141414-1414-1414-1414-141414141414");
    free(image.bytes);
}

static void
check_name(const uint16_t *units, const char *expected)
{
    struct image image = image_new(512);
    for (size_t i = 0; i < 36; i++)
        PUT(image, 16, _entries, 56 + 2 * i, units[i]);
    H2K_AUTO(h2k_partition_table) table = read_image(&image);
    ok_string(table == NULL ? NULL : table->partitions[0].label, expected);
    free(image.bytes);
}

static void
test_names(void)
{
    uint16_t longest[36];
    char text[36 * 3 + 1] = "";
    for (size_t i = 0; i < 36; i++) {
        longest[i] = 0x65e5;
        strcat(text, "\346\227\245");
    }
    check_name(longest, text);
    check_name((uint16_t[36]){ 'a', 0xe4, 0x7ff, 0x800, 0xffff, 0, 'x' },
               "a\303\244\337\277\340\240\200\357\277\277");
    check_name((uint16_t[36]){ 0xd83d, 0xde00, 0xdbff, 0xdfff },
               "\360\237\230\200\364\217\277\277");
    check_name((uint16_t[36]){ 0xde00, 'a', 0xd83d, 'b', 0xd83d },
               "\357\277\275a\357\277\275b\357\277\275");
    longest[35] = 0xd83d;
    strcpy(text + 35 * 3, "\357\277\275");
    check_name(longest, text);
}

static void
test_backup(void)
{
    struct image image = image_new(512);
    image.first[56]++;
    H2K_AUTO(h2k_partition_table) table = read_image(&image);
    ok(table != NULL && table->used_backup && table->count == 3,
       "the backup, where the first copy is damaged");
    ok_string(table->problem, "the backup is used: the header in sector 1 "
                              "does not match its checksum");
    image.backup_entries[0]++;
    ok_error(is_refused(&image), H2K_E_CORRUPT,
             "the entries at sector 97 do not match their checksum");

    image = image_new(512);
    memset(image.backup_entries + 128 * 5, 0, 128);
    seal(&image);
    H2K_AUTO(h2k_partition_table) differs = read_image(&image);
    ok(differs != NULL && differs->count == 3 && !differs->used_backup,
       "two good copies that differ: the first");
    ok_string(differs->problem, "the backup differs; the first is used");
    memset(image.backup, 0, 512);
    H2K_AUTO(h2k_partition_table) gone = read_image(&image);
    ok_string(gone == NULL ? NULL : gone->problem,
              "the backup is damaged: no header in sector 99");
    free(image.bytes);

    /* The first header is that of sector 99, copied by mistake. */
    image = image_new(512);
    memcpy(image.first, image.backup, 512);
    H2K_AUTO(h2k_partition_table) copied = read_image(&image);
    ok_string(copied == NULL ? NULL : copied->problem,
              "the backup is used: the header in sector 1 is that of sector "
              "99");
    free(image.bytes);
}

static void
test_hostile_headers(void)
{
    static const uint32_t sizes[] = { 0, 91, 513, UINT32_MAX };
    for (size_t i = 0; i < 4; i++) {
        struct image image = image_new(512);
        PUT(image, 32, , 12, sizes[i]);
        ok_error(is_refused(&image), H2K_E_CORRUPT, "says it has");
    }
    static const uint32_t entry_sizes[] = { 0, 1, 64, 127, 129, 384 };
    for (size_t i = 0; i < 6; i++) {
        struct image image = image_new(512);
        PUT(image, 32, , 84, entry_sizes[i]);
        ok_error(is_refused(&image), H2K_E_CORRUPT, "an entry has");
    }
    static const uint32_t counts[] = { 8193, 1 << 25, UINT32_MAX };
    for (size_t i = 0; i < 3; i++) {
        struct image image = image_new(512);
        PUT(image, 32, , 80, counts[i]);
        ok_error(is_refused(&image), H2K_E_CORRUPT, "larger than");
    }
    struct image image = image_new(512);
    PUT(image, 32, , 84, UINT32_C(1) << 31);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "larger than");
    static const uint64_t places[] = { 99, 100, UINT64_MAX / 512,
                                       UINT64_MAX / 512 + 1, UINT64_MAX };
    for (size_t i = 0; i < 5; i++) {
        image = image_new(512);
        PUT(image, 64, , 72, places[i]);
        ok_error(is_refused(&image), H2K_E_CORRUPT, "entries");
    }
    image = image_new(512);
    PUT(image, 64, , 48, 100);
    ok_error(is_refused(&image), H2K_E_SOURCE, "cut short");
    image = image_new(512);
    PUT(image, 64, , 48, UINT64_MAX);
    ok_error(is_refused(&image), H2K_E_SOURCE, "cut short");
    image = image_new(512);
    PUT(image, 64, , 40, 97);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "no room");
    image = image_new(512);
    PUT(image, 64, , 24, 7);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "that of sector 7");
}

static void
test_hostile_entries(void)
{
    struct image image = image_new(512);
    PUT(image, 64, _entries, 128 * 4 + 32, 9);
    ok_error(is_refused(&image), H2K_E_CORRUPT,
             "partitions 1 and 5 overlap at byte 4608");
    image = image_new(512);
    PUT(image, 64, _entries, 128 * 4 + 40, 60);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "partitions 5 and 6 overlap");
    image = image_new(512);
    PUT(image, 64, _entries, 32, 3);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "partition 1 ");
    image = image_new(512);
    PUT(image, 64, _entries, 128 * 5 + 40, 97);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "partition 6 ");
    image = image_new(512);
    PUT(image, 64, _entries, 40, 3);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "ends before it begins");
    image = image_new(512);
    PUT(image, 64, _entries, 40, UINT64_MAX);
    PUT(image, 64, _entries, 32, 0);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "partition 1 ");
    image = image_new(512);
    PUT(image, 64, _entries, 32, UINT64_MAX - 3);
    PUT(image, 64, _entries, 40, UINT64_MAX - 2);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "partition 1 ");
    image = image_new(512);
    PUT(image, 64, _entries, 32, (UINT64_C(1) << 55) + 4);
    PUT(image, 64, _entries, 40, (UINT64_C(1) << 55) + 5);
    ok_error(is_refused(&image), H2K_E_CORRUPT, "partition 1 ");
}

static void
test_where(void)
{
    struct image image = image_new(512);
    image.bytes[446 + 4] = 0x83;
    H2K_AUTO(h2k_partition_table) mbr = read_image(&image);
    ok_string(mbr == NULL ? NULL : mbr->type, "mbr");
    image.bytes[510] = 0;
    ok_error(is_refused(&image), H2K_E_NOENT, "no partition table");

    image = image_new(512);
    memset(image.first, 0, 512);
    memset(image.backup, 0, 512);
    ok_error(is_refused(&image), H2K_E_CORRUPT,
             "GUID partition table: no copy can be trusted; the first: no "
             "header in sector 1; the backup: no header in sector 99");

    image = image_new(512);
    for (size_t size = 0; size < 2048; size += 511) {
        H2K_AUTO(h2k_block) disk = h2k_memory_view(image.bytes, size);
        ok(h2k_partition_table_read(disk) == NULL,
           "a disk of %zu bytes has none", size);
    }
    H2K_AUTO(h2k_block) disk = h2k_memory_view(image.bytes, image.size);
    struct h2k_fault_plan plan = { .bad_offset = 512,
                                   .bad_length = 512,
                                   .on_read = true };
    H2K_AUTO(h2k_block) bad = h2k_fault_new(disk, &plan);
    ok_error(h2k_partition_table_read(bad) == NULL, H2K_E_IO, "injected");
    free(image.bytes);
}

int
main(void)
{
    test_good(512);
    test_good(4096);
    test_names();
    test_backup();
    test_hostile_headers();
    test_hostile_entries();
    test_where();
    return tap_done();
}
