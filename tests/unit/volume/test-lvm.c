/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Groups of LVM2 that are read in part or not at all, by their metadata. */
#include "block/memory.h"
#include "volume/lvm/label.h"
#include "volume/lvm/lvm.h"

#include "base/endian.h"
#include "tap.h"

#define SECTOR 512
#define AREA 4096
#define TEXT 8192
#define DISK_SIZE (256u << 10)
#define EXTENTS (160u * SECTOR) /* where they begin; 4 KiB each */
#define ID "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static uint8_t disk[DISK_SIZE];

/* A logical volume of one extent, the EXTENTth. */
#define LINEAR(name, status, extent)                                   \
    name " {\nid = \"" name "bbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb\"\n" \
         "status = [" status "]\nsegment_count = 1\nsegment1 {\n"      \
         "start_extent = 0\nextent_count = 1\ntype = \"striped\"\n"    \
         "stripe_count = 1\nstripes = [\"pv0\", " extent "]\n}\n}\n"
#define SHOWN "\"READ\", \"WRITE\", \"VISIBLE\""
#define INNER "\"READ\", \"WRITE\""

/* One with SEGMENT's own lines. */
#define OTHER(name, status, segment)                                   \
    name " {\nid = \"" name "bbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb\"\n" \
         "status = [" status "]\nsegment_count = 1\nsegment1 {\n"      \
         "start_extent = 0\nextent_count = 1\n" segment "}\n}\n"

/* A physical volume at DISK, of its own ID, with TEXT as its metadata, in an
 * area with room for ROOM bytes. */
static void
put_physical(uint8_t *to, const char *id, const char *text, size_t size,
             size_t room, size_t disk_size)
{
    uint8_t *label = to + SECTOR, *area = to + AREA;
    memcpy(label, "LABELONE", 8);
    h2k_put_le64(label + 8, 1);
    h2k_put_le32(label + 20, 32);
    memcpy(label + 24, "LVM2 001", 8);
    memcpy(label + 32, id, 32);
    h2k_put_le64(label + 64, disk_size);
    h2k_put_le64(label + 72, EXTENTS);
    h2k_put_le64(label + 104, AREA);
    h2k_put_le64(label + 112, room + SECTOR);
    h2k_put_le32(label + 16,
                 h2k_lvm_crc(H2K_LVM_CRC, label + 20, SECTOR - 20));
    memcpy(area + 4, " LVM2 x[5A%r0N*>", 16);
    h2k_put_le32(area + 20, 1);
    h2k_put_le64(area + 24, AREA);
    h2k_put_le64(area + 32, room + SECTOR);
    h2k_put_le64(area + 40, SECTOR);
    h2k_put_le64(area + 48, size);
    memcpy(area + SECTOR, text, size);
    h2k_put_le32(area + 56, h2k_lvm_crc(H2K_LVM_CRC, text, size));
    h2k_put_le32(area, h2k_lvm_crc(H2K_LVM_CRC, area + 4, SECTOR - 4));
}

/* The volumes VOLUMES on a physical one. */
static struct h2k_lvm *
open_group(const char *volumes)
{
    char text[TEXT];
    int size = snprintf(
        text, sizeof(text),
        "vg0 {\nid = \"vvvvvv-vvvv-vvvv-vvvv-vvvv-vvvv-vvvvvv\"\nseqno = 4\n"
        "format = \"lvm2\"\nstatus = [\"RESIZEABLE\", \"READ\", \"WRITE\"]\n"
        "extent_size = 8\nphysical_volumes {\npv0 {\n"
        "id = \"AAAAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAAAA\"\n"
        "status = [\"ALLOCATABLE\"]\ndev_size = 512\npe_start = 160\n"
        "pe_count = 40\n}\n}\nlogical_volumes {\n%s}\n}\n"
        "contents = \"Text Format Volume Group\"\nversion = 1\n",
        volumes);
    put_physical(disk, ID, text, (size_t)size, TEXT, DISK_SIZE);
    H2K_AUTO(h2k_block) block = h2k_memory_new(disk, sizeof(disk));
    const struct h2k_volume_source source = { "disk-0", block };
    return h2k_lvm_open(&source, 1, false);
}

static const struct h2k_lvm_volume *
find(const struct h2k_lvm *lvm, const char *name)
{
    static const struct h2k_lvm_volume none;
    for (size_t i = 0; i < lvm->count; i++)
        if (strcmp(lvm->volumes[i].name, name) == 0)
            return &lvm->volumes[i];
    return &none;
}

static void
test_snapshots(void)
{
    H2K_AUTO(h2k_lvm)
    lvm = open_group(LINEAR("xx", SHOWN, "0") LINEAR("cw", SHOWN, "1")
                         OTHER("s0", INNER,
                               "type = \"snapshot\"\nchunk_size = 8\n"
                               "origin = \"xx\"\ncow_store = \"cw\"\n"));
    const struct h2k_lvm_volume *v = find(lvm, "xx");
    ok(v->block != NULL && !h2k_block_writable(v->block),
       "a volume with a snapshot is read, and not written");
    ok_string(v->problem, "snapshot cw needs its content, so it is not "
                          "written");
    H2K_AUTO(h2k_lvm)
    merging = open_group(LINEAR("xx", SHOWN, "0") LINEAR(
        "cw", INNER, "1") OTHER("s0", INNER,
                                "type = \"snapshot\"\nchunk_size = 8\n"
                                "origin = \"xx\"\nmerging_store = \"cw\"\n"));
    v = find(merging, "xx");
    ok(v->block == NULL, "with one that goes back into it, it is not read");
    ok_string(v->problem, "snapshot cw is being merged into it");
}

static void
test_refused(void)
{
    static const struct {
        const char *segment, *problem;
    } cases[] = {
        { "type = \"thin\"\nthin_pool = \"pp\"\ntransaction_id = 0\n"
          "device_id = 1\n",
          "LVM's \"thin\" is not read yet" },
        { "type = \"cache\"\ncache_pool = \"pp\"\norigin = \"oo\"\n",
          "LVM's \"cache\" is not read yet" },
        { "type = \"raid5\"\ndevice_count = 1\nraids = [\"pp\",\"oo\"]\n",
          "LVM's \"raid5\" is not read yet" },
        { "type = \"vdo\"\nvdo_pool = \"pp\"\n",
          "LVM's \"vdo\" is not read yet" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[TEXT];
        snprintf(
            text, sizeof(text), "%s%s%s",
            LINEAR("pp", INNER, "0") LINEAR(
                "oo", INNER,
                "1") "tt {\nid = \"ttbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb\"\n"
                     "status = [" SHOWN "]\nsegment_count = 1\nsegment1 {\n"
                     "start_extent = 0\nextent_count = 1\n",
            cases[i].segment, "}\n}\n");
        H2K_AUTO(h2k_lvm) lvm = open_group(text);
        const struct h2k_lvm_volume *v = find(lvm, "tt");
        ok(v->block == NULL, "not read: %s", cases[i].problem);
        ok_string(v->problem, cases[i].problem);
    }
}

/* A pool is shown by lvs(8), and holds nothing that could be mounted. */
static void
test_pool(void)
{
    H2K_AUTO(h2k_lvm)
    lvm = open_group(
        LINEAR("td", INNER, "0") LINEAR("tm", INNER, "1")
            OTHER("tp", SHOWN,
                  "type = \"thin-pool\"\nmetadata = \"tm\"\npool = \"td\"\n"
                  "transaction_id = 1\nchunk_size = 128\n")
                OTHER("tt", SHOWN, "type = \"thin\"\nthin_pool = \"tp\"\n"));
    ok(lvm != NULL && lvm->count == 1 && find(lvm, "tt")->foreign,
       "a thin volume is listed, and its pool is not");
}

/* What dm-raid keeps at the start of a metadata volume. */
static void
put_super(unsigned extent, uint64_t events, uint64_t failed, uint64_t rebuilt)
{
    uint8_t *at = disk + EXTENTS + 4096 * extent;
    memcpy(at, "DmRd", 4);
    h2k_put_le64(at + 16, events);
    h2k_put_le64(at + 24, failed);
    h2k_put_le64(at + 32, rebuilt);
}

static const char raid1[] = LINEAR("m0", INNER, "0") LINEAR("m1", INNER, "1")
    LINEAR("i0", INNER, "2") LINEAR("i1", INNER, "3")
        OTHER("rr", SHOWN,
              "type = \"raid1\"\ndevice_count = 2\n"
              "raids = [\"m0\",\"i0\",\"m1\",\"i1\"]\n");

/* The first byte of the array: of leg 0 it is '0', of leg 1 '1'. */
static char
first_byte(void)
{
    char byte = '?';
    H2K_AUTO(h2k_lvm) lvm = open_group(raid1);
    const struct h2k_lvm_volume *v = find(lvm, "rr");
    if (v->block == NULL || h2k_block_pread(v->block, &byte, 1, 0) < 0)
        return '?';
    return byte;
}

static void
test_stale_legs(void)
{
    disk[EXTENTS + 4096 * 2] = '0';
    disk[EXTENTS + 4096 * 3] = '1';
    put_super(0, 7, 0, UINT64_MAX);
    put_super(1, 7, 0, UINT64_MAX);
    ok(first_byte() == '0', "both legs are in sync: the first");
    put_super(0, 4, 0, UINT64_MAX);
    ok(first_byte() == '1', "the first has missed changes");
    put_super(0, 7, 1, UINT64_MAX);
    put_super(1, 7, 1, UINT64_MAX);
    ok(first_byte() == '1', "the first has failed");
    put_super(0, 7, 0, 8);
    put_super(1, 7, 0, UINT64_MAX);
    ok(first_byte() == '1', "the first is being rebuilt");
    put_super(1, 7, 0, 8);
    ok(first_byte() == '?', "no leg is in sync");
}

/* Disks of LARGE bytes, each with a group of its own, whose text has so many
 * entries that two of them are all that is read. */
#define LARGE (2u << 20)
#define DISKS 3

static struct h2k_block *
large_disk(unsigned n)
{
    h2k_autofree uint8_t *bytes = calloc(1, LARGE);
    h2k_autofree char *text = malloc(LARGE);
    char id[33];
    if (bytes == NULL || text == NULL)
        abort();
    snprintf(id, sizeof(id), "%032u", n);
    int size =
        snprintf(text, LARGE,
                 "vg%u {\nid = \"vvvvvv-vvvv-vvvv-vvvv-vvvv-vvvv-vvvvv%u\"\n"
                 "seqno = 1\nextent_size = 8\nphysical_volumes {\npv0 {\n"
                 "id = \"000000-0000-0000-0000-0000-0000-00000%u\"\n"
                 "pe_start = 160\npe_count = 1\n}\n}\n}\nx = [ 0",
                 n, n, n);
    for (unsigned i = 0; i < 500000; i++, size += 2)
        memcpy(text + size, ",0", 2);
    text[size++] = ']';
    put_physical(bytes, id, text, (size_t)size, LARGE - AREA - SECTOR, LARGE);
    return h2k_memory_new(bytes, LARGE);
}

static void
test_too_much(void)
{
    struct h2k_volume_source sources[DISKS];
    static const char *const names[DISKS] = { "one", "two", "three" };
    for (unsigned i = 0; i < DISKS; i++)
        sources[i] = (struct h2k_volume_source){ names[i], large_disk(i) };
    H2K_AUTO(h2k_lvm) lvm = h2k_lvm_open(sources, DISKS, false);
    ok(lvm != NULL && lvm->used[0] && lvm->used[1] && !lvm->used[2],
       "of endless metadata, so much is read");
    ok_string(lvm == NULL || lvm->problems.count != 1 ? ""
                                                      : lvm->problems.items[0],
              "three: LVM2: there is too much metadata on all physical "
              "volumes together: give only the guest's own disks");
    for (unsigned i = 0; i < DISKS; i++)
        h2k_block_unref(sources[i].block);
}

/* Names that mean two things. */
static void
test_same_names(void)
{
    H2K_AUTO(h2k_lvm)
    lvm = open_group(LINEAR("aa", SHOWN, "0") LINEAR("aa", SHOWN, "1"));
    ok(lvm != NULL && lvm->count == 2, "two volumes of one name are listed");
    H2K_AUTO(h2k_lvm)
    own = open_group(
        "pv0 {\nid = \"p0bbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb\"\n"
        "status = [" SHOWN "]\nsegment_count = 1\nsegment1 {\n"
        "start_extent = 0\nextent_count = 1\ntype = \"striped\"\n"
        "stripes = [\"pv0\", 0]\n}\n}\n" OTHER(
            "on", SHOWN, "type = \"striped\"\nstripes = [\"pv0\", 1]\n"));
    ok(own != NULL && own->count == 2 && find(own, "on")->block != NULL,
       "a physical volume's name comes before a logical one's");
}

int
main(void)
{
    test_snapshots();
    test_refused();
    test_pool();
    test_stale_legs();
    test_too_much();
    test_same_names();
    return tap_done();
}
