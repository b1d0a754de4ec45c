/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "vmdk-maker.h"

#include "base/endian.h"
#include "base/zero.h"

#include <libdeflate.h>
#include <stdlib.h>

#define SECTOR 512u
#define OVERHEAD 128u
#define GRAIN VMDK_MAKER_GRAIN
#define TABLE VMDK_MAKER_TABLE

struct maker {
    struct h2k_buffer *out;
    const uint8_t *disk;
    size_t size;
    enum vmdk_maker_fault fault;
    struct libdeflate_compressor *zlib;
    uint8_t *directory;
    size_t tables;
    uint8_t table[TABLE * 4];
    uint64_t grains; /* so far */
};

static uint32_t
here(const struct maker *m)
{
    return (uint32_t)(m->out->size / SECTOR);
}

static void
pad(struct maker *m)
{
    h2k_buffer_add_zeros(m->out, (SECTOR - m->out->size % SECTOR) % SECTOR);
}

static void
marker(struct maker *m, uint64_t value, uint32_t type)
{
    uint8_t sector[SECTOR] = { 0 };
    h2k_put_le64(sector, value);
    h2k_put_le32(sector + 12, type);
    h2k_buffer_add(m->out, sector, SECTOR);
}

static void
header(struct maker *m, uint64_t sectors, uint64_t directory)
{
    uint8_t h[SECTOR] = { 0 };
    memcpy(h, "KDMV", 4);
    h2k_put_le32(h + 4, 3);
    h2k_put_le32(h + 8, 0x30001);
    h2k_put_le64(h + 12, sectors);
    h2k_put_le64(h + 20, GRAIN / SECTOR);
    h2k_put_le64(h + 28, 1);
    h2k_put_le64(h + 36, 20);
    h2k_put_le32(h + 44, TABLE);
    h2k_put_le64(h + 56, directory);
    h2k_put_le64(h + 64, OVERHEAD);
    memcpy(h + 73, "\n \r\n", 4);
    h2k_put_le16(h + 77, 1);
    h2k_buffer_add(m->out, h, SECTOR);
}

static void
descriptor(struct maker *m)
{
    h2k_buffer_addf(m->out,
                    "# Disk DescriptorFile\nversion=1\nCID=fffffffe\n"
                    "parentCID=ffffffff\ncreateType=\"streamOptimized\"\n\n"
                    "RW %zu SPARSE \"disk.vmdk\"\n\nddb.adapterType = "
                    "\"lsilogic\"\n",
                    m->size / SECTOR);
    h2k_buffer_add_zeros(m->out, OVERHEAD * SECTOR - m->out->size);
}

/* Grain NUMBER's bytes, said to be of grain SAYS; gives its sector. */
static uint32_t
put_grain(struct maker *m, size_t number, uint64_t says)
{
    uint8_t whole[GRAIN] = { 0 }, packed[2 * GRAIN];
    size_t at = number * GRAIN;
    size_t count = m->size - at < GRAIN ? m->size - at : GRAIN;
    memcpy(whole, m->disk + at, count);
    size_t n = libdeflate_zlib_compress(m->zlib, whole, GRAIN, packed,
                                        sizeof(packed));
    uint32_t sector = here(m);
    uint8_t head[12];
    h2k_put_le64(head, says * (GRAIN / SECTOR));
    h2k_put_le32(head + 8, m->fault == VMDK_MAKER_HUGE_GRAIN && m->grains == 1
                               ? 1u << 30
                               : (uint32_t)n);
    if (m->fault == VMDK_MAKER_BAD_ZLIB && m->grains == 1)
        memset(packed, 0xff, n);
    h2k_buffer_add(m->out, head, sizeof(head));
    h2k_buffer_add(m->out, packed, n);
    pad(m);
    m->grains++;
    return sector;
}

static void
grain(struct maker *m, size_t number)
{
    size_t at = number * GRAIN;
    size_t count = m->size - at < GRAIN ? m->size - at : GRAIN;
    uint8_t *entry = m->table + number % TABLE * 4;
    bool odd = m->grains == 1; /* the one that goes wrong */
    if (h2k_is_zero(m->disk + at, count))
        return;
    if (m->fault == VMDK_MAKER_LOST_GRAIN && odd) {
        h2k_put_le32(entry, here(m));
        m->grains++;
        return;
    }
    if (m->fault == VMDK_MAKER_BACKWARDS && m->grains == 0) {
        h2k_put_le32(entry + 4, put_grain(m, number + 1, number + 1));
        h2k_put_le32(entry, put_grain(m, number, number));
        return;
    }
    if (m->fault == VMDK_MAKER_BACKWARDS && m->grains == 2 && number == 1)
        return; /* came before */
    uint32_t sector = put_grain(m, number, number);
    h2k_put_le32(entry, sector);
    if (m->fault == VMDK_MAKER_TWICE && odd)
        put_grain(m, number, number);
    if (m->fault == VMDK_MAKER_OUTSIDE && odd)
        put_grain(m, number, m->size / GRAIN + 1);
    if (m->fault == VMDK_MAKER_EXTRA_GRAIN && odd)
        h2k_put_le32(entry, 0);
    if (m->fault == VMDK_MAKER_MOVED_ENTRY && odd)
        h2k_put_le32(entry, sector + 1);
    if (m->fault == VMDK_MAKER_BAD_TYPE && odd)
        marker(m, 1, 77);
}

static void
table_done(struct maker *m, size_t number)
{
    if (h2k_is_zero(m->table, sizeof(m->table)))
        return;
    marker(m, sizeof(m->table) / SECTOR, 1);
    if (m->fault != VMDK_MAKER_LOST_TABLE)
        h2k_put_le32(m->directory + number * 4,
                     here(m) + (m->fault == VMDK_MAKER_MOVED_TABLE));
    h2k_buffer_add(m->out, m->table, sizeof(m->table));
    memset(m->table, 0, sizeof(m->table));
}

static void
ending(struct maker *m)
{
    uint64_t sectors = m->size / SECTOR;
    marker(m, (m->tables * 4 + SECTOR - 1) / SECTOR, 2);
    uint32_t directory = here(m);
    h2k_buffer_add(m->out, m->directory, m->tables * 4);
    pad(m);
    if (m->fault != VMDK_MAKER_NO_FOOTER) {
        marker(m, 1, 3);
        header(m, sectors + (m->fault == VMDK_MAKER_OTHER_FOOTER),
               directory + (m->fault == VMDK_MAKER_WRONG_FOOTER));
    }
    if (m->fault != VMDK_MAKER_NO_END)
        marker(m, 0, 0);
    if (m->fault == VMDK_MAKER_MORE)
        marker(m, 0, 0);
}

void
vmdk_make(struct h2k_buffer *out, const uint8_t *disk, size_t size,
          enum vmdk_maker_fault fault)
{
    size_t grains = (size + GRAIN - 1) / GRAIN;
    struct maker m = { .out = out,
                       .disk = disk,
                       .size = size,
                       .fault = fault,
                       .zlib = libdeflate_alloc_compressor(1),
                       .tables = (grains + TABLE - 1) / TABLE };
    m.directory = calloc(m.tables + 1, 4);
    if (m.zlib == NULL || m.directory == NULL)
        abort();
    header(&m, size / SECTOR, UINT64_MAX);
    descriptor(&m);
    for (size_t i = 0; i < grains; i++) {
        grain(&m, i);
        if (i % TABLE == TABLE - 1 || i == grains - 1)
            table_done(&m, i / TABLE);
    }
    ending(&m);
    libdeflate_free_compressor(m.zlib);
    free(m.directory);
}
