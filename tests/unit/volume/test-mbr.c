/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* MBR partition tables made by hand, most of them hostile. */
#include "block/memory.h"
#include "volume/volume.h"

#include "base/endian.h"
#include "tap.h"

#define SECTORS 2000

struct entry {
    uint8_t status, type;
    uint32_t first, count;
};

static uint8_t image[SECTORS * 512];

/* A table in SECTOR; entries not given are unused. */
static void
put_table(unsigned sector, const struct entry entries[4])
{
    uint8_t *p = image + sector * 512;
    p[510] = 0x55, p[511] = 0xaa;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t *at = p + 446 + 16 * i;
        at[0] = entries[i].status;
        at[4] = entries[i].type;
        h2k_put_le32(at + 8, entries[i].first);
        h2k_put_le32(at + 12, entries[i].count);
    }
}

#define ENTRIES(...) ((const struct entry[4]){ __VA_ARGS__ })

static struct h2k_partition_table *
read_image(void)
{
    H2K_AUTO(h2k_block) disk = h2k_memory_view(image, sizeof(image));
    return h2k_partition_table_read(disk);
}

static bool
is_refused(void)
{
    struct h2k_partition_table *table = read_image();
    h2k_partition_table_free(table);
    return table == NULL;
}

/* An MBR with one primary and an extended partition of sectors 1000 to
 * 1999. */
static void
reset(void)
{
    memset(image, 0, sizeof(image));
    h2k_put_le32(image + 440, 0xDEADBEEF);
    put_table(
        0, ENTRIES({ 0x80, 0x83, 100, 50 }, { 0 }, { 0, 0x0f, 1000, 1000 }));
    put_table(1000, ENTRIES({ 0, 0x83, 10, 90 }, { 0, 5, 100, 200 }));
    put_table(1100, ENTRIES({ 0, 0x07, 5, 50 }, { 0, 5, 500, 100 }));
    put_table(1500, ENTRIES({ 0x80, 0x82, 1, 499 }));
}

static void
test_good(void)
{
    reset();
    H2K_AUTO(h2k_partition_table) table = read_image();
    ok(table != NULL && table->count == 4, "a primary and three logical");
    ok_string(table->type, "mbr");
    ok_string(table->id, "0xdeadbeef");
    ok_string(table->problem, "");
    const struct h2k_partition *p = table->partitions;
    ok(p[0].number == 1 && p[0].offset == 51200 && p[0].length == 25600 &&
           p[0].bootable && !p[0].logical,
       "the primary");
    ok_string(p[0].uuid, "deadbeef-01");
    ok_string(p[0].type, "0x83");
    ok(p[1].number == 5 && p[1].offset == 1010 * 512 && p[1].logical,
       "a logical one counts from its own link");
    ok(p[2].number == 6 && p[2].offset == 1105 * 512 && !p[2].bootable,
       "also the second");
    ok_string(p[2].type, "0x7");
    ok(p[3].number == 7 && p[3].offset == 1501 * 512 &&
           p[3].length == 499 * 512 && p[3].bootable,
       "a link counts from the extended partition");

    put_table(1100, ENTRIES({ 0 }, { 0, 5, 500, 100 }));
    H2K_AUTO(h2k_partition_table) gap = read_image();
    ok(gap != NULL && gap->count == 3 && gap->partitions[2].number == 6,
       "a link without a partition takes no number");
    image[1100 * 512 + 510] = 0;
    H2K_AUTO(h2k_partition_table) ends = read_image();
    ok(ends != NULL && ends->count == 2, "a link without a signature ends it");
    ok_string(ends->problem, "logical partitions end at sector 1100, which "
                             "has no signature");
}

static void
test_two_extended(void)
{
    reset();
    put_table(0, ENTRIES({ 0, 0x85, 1000, 1000 }, { 0, 5, 200, 100 }));
    put_table(200, ENTRIES({ 0, 0x83, 1, 99 }));
    H2K_AUTO(h2k_partition_table) table = read_image();
    ok(table != NULL && table->count == 4 &&
           table->partitions[3].number == 8 &&
           table->partitions[3].offset == 201 * 512,
       "numbers go on in a second extended partition");
}

static void
test_hostile_primaries(void)
{
    reset();
    put_table(0, ENTRIES({ 0, 0x83, 1, 100 }, { 0, 0x83, 100, 10 }));
    ok_error(is_refused(), H2K_E_CORRUPT,
             "MBR partition table: partitions 1 and 2 overlap at byte 51200");
    put_table(0, ENTRIES({ 0, 0x83, 100, 10 }, { 0, 0x83, 1, 2000 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "partition 2 (");
    put_table(0, ENTRIES({ 0 }, { 0 }, { 0, 0x83, 0, 10 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "partition 3 (");
    put_table(0, ENTRIES({ 0, 0x83, UINT32_MAX, UINT32_MAX }));
    ok_error(is_refused(), H2K_E_CORRUPT, "partition 1 (");
    put_table(0, ENTRIES({ 0, 0x83, 1999, 1 }, { 0, 5, 2000, 1 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "partition 2 (");
    put_table(0, ENTRIES({ 0, 0x83, 1999, 1 }));
    ok(!is_refused(), "up to the last sector is fine");
}

static void
test_hostile_chains(void)
{
    reset();
    put_table(1500, ENTRIES({ 0, 0x83, 1, 10 }, { 0, 5, 100, 10 }));
    ok_error(is_refused(), H2K_E_CORRUPT,
             "comes back to sector 1100 before partition 8");
    put_table(1500, ENTRIES({ 0, 0x83, 1, 10 }, { 0, 5, 500, 10 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "comes back to sector 1500");
    put_table(1500, ENTRIES({ 0, 0x83, 1, 10 }, { 0, 5, 1000, 10 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "leaves extended partition 3");
    put_table(1500, ENTRIES({ 0, 0x83, 1, 10 }, { 0, 5, UINT32_MAX, 10 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "leaves extended partition 3");
    put_table(1500, ENTRIES({ 0, 0x83, 1, 500 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "partition 7 (");
    put_table(1500, ENTRIES({ 0, 0x83, 0, 5 }, { 0, 5, 600, 10 }));
    put_table(1600, ENTRIES({ 0, 0x83, UINT32_MAX, 5 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "partition 8 (");

    reset();
    put_table(1100, ENTRIES({ 0, 0x07, 5, 500 }, { 0, 5, 500, 100 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "partitions 6 and 7 overlap");

    reset();
    put_table(1000, ENTRIES({ 0, 0x83, 0, 90 }, { 0, 5, 100, 200 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "partition 5 (");

    /* More links than Linux has names for. */
    reset();
    put_table(0, ENTRIES({ 0, 0x0f, 1000, 1000 }));
    for (unsigned i = 0; i < 999; i++)
        put_table(1000 + i, ENTRIES({ 0 }, { 0, 5, i + 1, 1 }));
    ok_error(is_refused(), H2K_E_CORRUPT, "more than 256 links");
}

static void
test_not_a_table(void)
{
    reset();
    image[446] = 1;
    ok_error(is_refused(), H2K_E_NOENT, "no partition table");
    reset();
    put_table(0, ENTRIES({ 0 }));
    ok_error(is_refused(), H2K_E_NOENT, "no partition table");
    static const struct {
        unsigned offset;
        const char *text;
    } names[] = { { 3, "NTFS    " },
                  { 3, "EXFAT   " },
                  { 3, "-FVE-FS-" },
                  { 54, "FAT16   " },
                  { 82, "FAT32   " } };
    for (size_t i = 0; i < 5; i++) {
        reset();
        memcpy(image, "\xeb\x58\x90", 3);
        memcpy(image + names[i].offset, names[i].text, 8);
        ok_error(is_refused(), H2K_E_NOENT, "no partition table");
    }
    reset();
    memcpy(image, "\x33\xc0", 2);
    memcpy(image + 82, "FAT32   ", 8);
    ok(!is_refused(), "a name in boot code does not make it a filesystem");
    reset();
    image[446 + 4] = 0xee;
    ok_error(is_refused(), H2K_E_CORRUPT, "GUID partition table: no copy");
    reset();
    h2k_put_le32(image + 440, 0);
    H2K_AUTO(h2k_partition_table) table = read_image();
    ok_string(table->partitions[0].uuid, "");
}

int
main(void)
{
    test_good();
    test_two_extended();
    test_hostile_primaries();
    test_hostile_chains();
    test_not_a_table();
    return tap_done();
}
