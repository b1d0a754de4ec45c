/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The file allocation table: its entries, and the chains that they make
 * (fatgen103, "FAT Data Structure"). */
#include "fs/vfat/vfat.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>

/* ---- The volume ---- */

int
h2k_vfat_pwrite(struct h2k_vfat *v, const void *bytes, size_t count,
                uint64_t where)
{
    if (h2k_block_pwrite(v->volume, bytes, count, where) == 0)
        return 0;
    v->broken = true;
    return -1;
}

int
h2k_vfat_zero(struct h2k_vfat *v, uint64_t where, uint64_t length)
{
    if (h2k_block_zero(v->volume, where, length) == 0)
        return 0;
    v->broken = true;
    return -1;
}

uint64_t
h2k_vfat_place(const struct h2k_vfat *v, uint32_t cluster)
{
    return v->shape.data_offset +
           (uint64_t)(cluster - 2) * v->shape.cluster_size;
}

/* ---- Entries ---- */

/* The page that OFFSET of the table is in, which is inside. */
static struct h2k_vfat_page *
page_of(struct h2k_vfat *v, uint64_t offset)
{
    const struct h2k_vfat_shape *s = &v->shape;
    uint64_t number = offset / H2K_VFAT_PAGE;
    struct h2k_vfat_page *page = &v->pages[number % H2K_VFAT_PAGES];
    if (page->valid && page->number == number)
        return page;
    uint64_t begin = number * H2K_VFAT_PAGE;
    size_t count = (size_t)h2k_min_u64(H2K_VFAT_PAGE, s->fat_size - begin);
    page->valid = false;
    if (h2k_block_pread(v->volume, page->bytes, count,
                        s->fat_offset + s->active * s->fat_size + begin) < 0) {
        h2k_prefix("allocation table: ");
        return NULL;
    }
    page->valid = true;
    page->number = number;
    return page;
}

/* Where the entry of CLUSTER is, and how many bytes it touches: of FAT12's
 * 12 bits, two.  These may be in two pages. */
static uint64_t
entry_offset(const struct h2k_vfat *v, uint32_t cluster, size_t *count)
{
    *count = v->shape.bits == 32 ? 4 : 2;
    return (uint64_t)cluster * v->shape.bits / 8;
}

static int
read_entry(struct h2k_vfat *v, uint32_t cluster, uint8_t bytes[4])
{
    size_t count;
    uint64_t offset = entry_offset(v, cluster, &count);
    for (size_t i = 0; i < count; i++) {
        struct h2k_vfat_page *page = page_of(v, offset + i);
        if (page == NULL)
            return -1;
        bytes[i] = page->bytes[(offset + i) % H2K_VFAT_PAGE];
    }
    return 0;
}

/* The bytes as a number: in FAT12 an odd cluster has the upper 12 bits. */
static uint32_t
decode(const struct h2k_vfat *v, uint32_t cluster, const uint8_t bytes[4])
{
    switch (v->shape.bits) {
    case 12:
        return h2k_get_le16(bytes) >> (cluster % 2 * 4) & 0xfff;
    case 16:
        return h2k_get_le16(bytes);
    default: /* the upper 4 bits are reserved, and kept */
        return h2k_get_le32(bytes) & UINT32_C(0x0fffffff);
    }
}

int
h2k_vfat_get(struct h2k_vfat *v, uint32_t cluster, uint32_t *value)
{
    uint8_t bytes[4];
    if (read_entry(v, cluster, bytes) < 0)
        return -1;
    *value = decode(v, cluster, bytes);
    return 0;
}

static void
encode(const struct h2k_vfat *v, uint32_t cluster, uint32_t value,
       uint8_t bytes[4])
{
    unsigned shift = cluster % 2 * 4;
    uint32_t old = h2k_get_le16(bytes);
    switch (v->shape.bits) {
    case 12:
        old &= ~(UINT32_C(0xfff) << shift);
        h2k_put_le16(bytes, (uint16_t)(old | (value & 0xfff) << shift));
        break;
    case 16:
        h2k_put_le16(bytes, (uint16_t)value);
        break;
    default:
        h2k_put_le32(bytes, (h2k_get_le32(bytes) & UINT32_C(0xf0000000)) |
                                (value & UINT32_C(0x0fffffff)));
    }
}

int
h2k_vfat_set(struct h2k_vfat *v, uint32_t cluster, uint32_t value)
{
    const struct h2k_vfat_shape *s = &v->shape;
    uint8_t bytes[4];
    size_t count;
    uint64_t offset = entry_offset(v, cluster, &count);
    if (read_entry(v, cluster, bytes) < 0)
        return -1;
    encode(v, cluster, value, bytes);
    for (unsigned i = 0; i < s->fats; i++)
        if ((s->mirrored || i == s->active) &&
            h2k_vfat_pwrite(v, bytes, count,
                            s->fat_offset + i * s->fat_size + offset) < 0)
            return -1;
    for (size_t i = 0; i < count; i++) {
        struct h2k_vfat_page *page = page_of(v, offset + i);
        if (page == NULL)
            return -1;
        page->bytes[(offset + i) % H2K_VFAT_PAGE] = bytes[i];
    }
    return 0;
}

bool
h2k_vfat_is_cluster(const struct h2k_vfat *v, uint32_t value)
{
    return value >= 2 && value - 2 < v->shape.clusters;
}

/* The largest value of an entry, which ends a chain; it and the seven below
 * do. */
static uint32_t
end_of_chain(const struct h2k_vfat *v)
{
    return v->shape.bits == 32 ? UINT32_C(0x0fffffff)
                               : (UINT32_C(1) << v->shape.bits) - 1;
}

int
h2k_vfat_table_is_clean(struct h2k_vfat *v, bool *clean)
{
    uint32_t value, bits;
    *clean = !v->shape.dirty;
    if (v->shape.bits == 12) /* has no such bits */
        return 0;
    if (h2k_vfat_get(v, 1, &value) < 0)
        return -1;
    /* ClnShutBitMask and HrdErrBitMask */
    bits = v->shape.bits == 32 ? UINT32_C(0x0c000000) : 0xc000;
    *clean &= (value & bits) == bits;
    return 0;
}

/* ---- Chains ---- */

int
h2k_vfat_next(struct h2k_vfat *v, uint32_t cluster, uint32_t *next)
{
    uint32_t value;
    if (h2k_vfat_get(v, cluster, &value) < 0)
        return -1;
    *next = 0;
    if (value >= end_of_chain(v) - 7)
        return 0;
    if (!h2k_vfat_is_cluster(v, value))
        return h2k_fail(H2K_E_CORRUPT,
                        "cluster %" PRIu32 ": its chain goes on at %#" PRIx32
                        ", which is none; run fsck.fat on it first",
                        cluster, value);
    *next = value;
    return 0;
}

static int
chain_ends(uint32_t first, uint32_t index)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "the chain from cluster %" PRIu32
                    " ends before its %" PRIu32
                    ". cluster; run fsck.fat on it first",
                    first, index + 1);
}

int
h2k_vfat_nth(struct h2k_vfat *v, uint32_t first, uint32_t index,
             uint32_t *cluster)
{
    uint32_t at = first, i = 0;
    if (!h2k_vfat_is_cluster(v, first))
        return chain_ends(first, index);
    /* No more clusters than there are: a longer chain is a loop. */
    if (index >= v->shape.clusters)
        return chain_ends(first, v->shape.clusters);
    if (v->seen.first == first && v->seen.index <= index) {
        i = v->seen.index;
        at = v->seen.cluster;
    }
    for (; i < index; i++) {
        uint32_t next;
        if (h2k_vfat_next(v, at, &next) < 0)
            return -1;
        if (next == 0)
            return chain_ends(first, index);
        at = next;
    }
    v->seen.first = first;
    v->seen.index = index;
    v->seen.cluster = at;
    *cluster = at;
    return 0;
}

int
h2k_vfat_map(struct h2k_vfat *v, uint32_t first, uint64_t offset,
             uint64_t length, uint64_t *where, uint64_t *run)
{
    uint32_t size = v->shape.cluster_size, cluster, next;
    uint64_t inside = offset % size;
    if (h2k_vfat_nth(v, first, (uint32_t)(offset / size), &cluster) < 0)
        return -1;
    *where = h2k_vfat_place(v, cluster) + inside;
    *run = size - inside;
    while (*run < length) {
        if (h2k_vfat_next(v, cluster, &next) < 0)
            return -1;
        if (next != cluster + 1)
            break;
        cluster = next;
        *run += size;
    }
    *run = h2k_min_u64(*run, length);
    return 0;
}

/* ---- Allocation ---- */

int
h2k_vfat_count(struct h2k_vfat *v)
{
    uint32_t free = 0, value;
    if (v->counted)
        return 0;
    for (uint32_t i = 0; i < v->shape.clusters; i++) {
        if (h2k_vfat_get(v, i + 2, &value) < 0)
            return -1;
        free += value == 0;
    }
    v->free_clusters = free;
    v->counted = true;
    return 0;
}

int
h2k_vfat_need(struct h2k_vfat *v, uint64_t clusters)
{
    if (h2k_vfat_count(v) < 0)
        return -1;
    if (clusters <= v->free_clusters)
        return 0;
    return h2k_fail(H2K_E_NOSPACE,
                    "the filesystem is full: %" PRIu64
                    " bytes are needed, %" PRIu64 " are free",
                    clusters * v->shape.cluster_size,
                    (uint64_t)v->free_clusters * v->shape.cluster_size);
}

/* One free cluster, from v->next on and around; there is one. */
static int
take_free(struct h2k_vfat *v, uint32_t *cluster)
{
    uint32_t value, at = v->next;
    for (uint32_t i = 0; i < v->shape.clusters; i++, at++) {
        if (!h2k_vfat_is_cluster(v, at))
            at = 2;
        if (h2k_vfat_get(v, at, &value) < 0)
            return -1;
        if (value != 0)
            continue;
        if (h2k_vfat_set(v, at, end_of_chain(v)) < 0)
            return -1;
        v->free_clusters--;
        v->next = h2k_vfat_is_cluster(v, at + 1) ? at + 1 : 2;
        *cluster = at;
        return 0;
    }
    return h2k_fail(H2K_E_NOSPACE, "no free cluster is left");
}

int
h2k_vfat_allocate(struct h2k_vfat *v, uint32_t last, uint32_t count,
                  uint32_t *first)
{
    uint32_t cluster = 0;
    if (h2k_vfat_need(v, count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        if (take_free(v, &cluster) < 0 ||
            (last != 0 && h2k_vfat_set(v, last, cluster) < 0))
            return v->broken = true, -1;
        if (i == 0)
            *first = cluster;
        last = cluster;
    }
    return 0;
}

int
h2k_vfat_release(struct h2k_vfat *v, uint32_t first)
{
    v->seen.first = 0;
    if (first == 0)
        return 0;
    /* A loop ends by itself, at the cluster that is free already. */
    for (uint32_t at = first, next; at != 0; at = next) {
        if (h2k_vfat_next(v, at, &next) < 0 || h2k_vfat_set(v, at, 0) < 0)
            return v->broken = true, -1;
        v->free_clusters++;
        v->next = at < v->next ? at : v->next;
    }
    return 0;
}
