/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/qcow2-check.h"

#include "base/checked.h"
#include "base/endian.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "image/qcow2-decode.h"
#include "image/qcow2-format.h"
#include "image/qcow2-header.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Host clusters counted in one pass over the tables. */
#define WINDOW_MAX (UINT64_C(1) << 24)
#define COUNT_MAX UINT16_MAX

/* How a host cluster is used. */
enum use {
    USE_TABLE = 1,      /* by the header or a table */
    USE_COPIED = 2,     /* by an entry that says its refcount is one */
    USE_NOT_COPIED = 4, /* by an entry that says it is not */
};

struct check {
    struct h2k_block *file;
    uint64_t file_size, file_clusters;
    struct h2k_qcow2_header header;
    struct h2k_qcow2_check *result;
    uint8_t *l1, *refcount_table; /* as in the file */
    uint64_t refcount_entries;
    uint8_t *cluster; /* an L2 table or a refcount block */

    /* The window: host clusters [first, first + window). */
    uint64_t first, window;
    uint16_t *counts; /* references to each; COUNT_MAX: that many or more */
    uint8_t *uses;    /* of each: bits of enum use */
};

/* A leak or a wrong reference count found before gives way. */
__attribute__((format(printf, 2, 3))) static void
found_error(struct check *c, const char *format, ...)
{
    if (c->result->errors++ > c->result->refcounts)
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(c->result->first, sizeof(c->result->first), format, ap);
    va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void
wrong_refcount(struct check *c, const char *format, ...)
{
    c->result->refcounts++;
    if (c->result->errors++ > 0)
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(c->result->first, sizeof(c->result->first), format, ap);
    va_end(ap);
}

/* What a table says is judged in the first pass only. */
static bool
judging(const struct check *c)
{
    return c->first == 0;
}

/* One reference to each host cluster that [offset, offset + size), inside
 * the file or shortly behind it, touches. */
static void
count_range(struct check *c, uint64_t offset, uint64_t size, enum use use)
{
    uint64_t i = offset >> c->header.cluster_bits;
    uint64_t last = (offset + size - 1) >> c->header.cluster_bits;
    for (; i <= last && i < c->file_clusters; i++) {
        if (i < c->first || i - c->first >= c->window)
            continue;
        uint16_t *count = &c->counts[i - c->first];
        *count += *count < COUNT_MAX;
        c->uses[i - c->first] |= (uint8_t)use;
    }
}

/* Is OFFSET where a table or a cluster can be?  The last cluster of a file
 * need not be whole, when it is not a table. */
static bool
good_place(struct check *c, uint64_t offset, bool table, const char *what,
           uint64_t number)
{
    uint64_t least = table ? c->header.cluster_size : 1;
    const char *fault = NULL;
    if (offset % c->header.cluster_size != 0)
        fault = "is not on a cluster";
    else if (!h2k_range_inside(offset, least, c->file_size))
        fault = "lies beyond the file's end";
    if (fault != NULL && judging(c))
        found_error(c, "%s %" PRIu64 " at byte %" PRIu64 " %s", what, number,
                    offset, fault);
    return fault == NULL;
}

static void
reserved_bits(struct check *c, uint64_t bits, const char *what,
              uint64_t number)
{
    if (bits != 0 && judging(c))
        found_error(c, "%s %" PRIu64 " has reserved bits set (%#" PRIx64 ")",
                    what, number, bits);
}

static enum use
copied_use(uint64_t entry)
{
    return entry & QCOW2_ENTRY_COPIED ? USE_COPIED : USE_NOT_COPIED;
}

static void
check_compressed(struct check *c, uint64_t number, uint64_t entry)
{
    uint64_t offset = 0, size = 0;
    h2k_qcow2_compressed_range(&c->header, entry, &offset, &size);
    if (judging(c)) {
        c->result->data_clusters++;
        c->result->compressed_clusters++;
        if (entry & QCOW2_ENTRY_COPIED)
            found_error(c,
                        "compressed cluster %" PRIu64
                        " is marked as its host cluster's only user",
                        number);
        if (offset >= c->file_size)
            found_error(c,
                        "compressed cluster %" PRIu64 " at byte %" PRIu64
                        " lies beyond the file's end",
                        number, offset);
    }
    count_range(c, offset, size, 0);
}

/* "Subcluster Allocation Bitmap". */
static void
check_bitmap(struct check *c, uint64_t number, uint64_t entry, uint64_t bitmap)
{
    uint64_t stored = bitmap & UINT32_MAX, zero = bitmap >> QCOW2_SUBCLUSTERS;
    if (entry & QCOW2_L2_COMPRESSED)
        reserved_bits(c, bitmap, "the bitmap of compressed cluster", number);
    else if (judging(c) &&
             ((stored & zero) != 0 ||
              (stored != 0 && (entry & QCOW2_ENTRY_OFFSET) == 0)))
        found_error(c,
                    "cluster %" PRIu64
                    " has subclusters that are stored, and zero or nowhere",
                    number);
}

static void
check_standard(struct check *c, uint64_t number, uint64_t entry)
{
    bool zero_flag = c->header.version >= 3 && !c->header.extended_l2;
    uint64_t offset = entry & QCOW2_ENTRY_OFFSET;
    reserved_bits(
        c, entry & (QCOW2_L2_RESERVED | (zero_flag ? 0 : QCOW2_L2_ZERO)),
        "the L2 entry of cluster", number);
    if (offset == 0) {
        if (entry & QCOW2_ENTRY_COPIED && judging(c))
            found_error(c, "cluster %" PRIu64 " is stored nowhere", number);
        return;
    }
    if (judging(c))
        c->result->data_clusters++;
    if (good_place(c, offset, false, "cluster", number))
        count_range(c, offset, c->header.cluster_size, copied_use(entry));
}

static int
check_l2(struct check *c, uint64_t l1_index, uint64_t offset)
{
    const struct h2k_qcow2_header *h = &c->header;
    if (h2k_check_interrupt() < 0 ||
        h2k_block_pread(c->file, c->cluster, h->cluster_size, offset) < 0)
        return -1;
    for (uint32_t i = 0; i < h->l2_entries; i++) {
        uint64_t number = l1_index * h->l2_entries + i;
        const uint8_t *at = c->cluster + i * h->l2_entry_size;
        uint64_t entry = h2k_get_be64(at);
        if (h->extended_l2)
            check_bitmap(c, number, entry,
                         h2k_get_be64(at + QCOW2_L2_ENTRY_SIZE));
        if (entry & QCOW2_L2_COMPRESSED)
            check_compressed(c, number, entry);
        else if (entry != 0)
            check_standard(c, number, entry);
    }
    return 0;
}

/* A file has no more L2 tables than clusters: a table that is used again and
 * again must not be followed as often. */
static int
check_l1(struct check *c)
{
    uint64_t followed = 0;
    for (uint64_t i = 0; i < c->header.l1_entries; i++) {
        uint64_t entry = h2k_get_be64(c->l1 + i * QCOW2_L1_ENTRY_SIZE);
        uint64_t offset = entry & QCOW2_ENTRY_OFFSET;
        reserved_bits(c, entry & QCOW2_L1_RESERVED, "L1 entry", i);
        if (offset == 0 || !good_place(c, offset, true, "L2 table", i))
            continue;
        count_range(c, offset, c->header.cluster_size,
                    USE_TABLE | copied_use(entry));
        if (followed++ < c->file_clusters && check_l2(c, i, offset) < 0)
            return h2k_prefix("L2 table %" PRIu64 ": ", i);
    }
    return 0;
}

static uint64_t
refcount_block(const struct check *c, uint64_t index)
{
    return index >= c->refcount_entries
               ? 0
               : h2k_get_be64(c->refcount_table +
                              index * QCOW2_REFCOUNT_TABLE_ENTRY_SIZE);
}

/* All references to the clusters of the window. */
static int
count_references(struct check *c)
{
    const struct h2k_qcow2_header *h = &c->header;
    memset(c->counts, 0, (size_t)c->window * sizeof(*c->counts));
    memset(c->uses, 0, (size_t)c->window);
    count_range(c, 0, h->cluster_size, USE_TABLE);
    if (h->l1_entries > 0)
        count_range(c, h->l1_offset,
                    (uint64_t)h->l1_entries * QCOW2_L1_ENTRY_SIZE, USE_TABLE);
    count_range(c, h->refcount_offset,
                (uint64_t)h->refcount_clusters * h->cluster_size, USE_TABLE);
    for (uint64_t i = 0; i < c->refcount_entries; i++) {
        uint64_t offset = refcount_block(c, i);
        reserved_bits(c, offset & QCOW2_REFCOUNT_TABLE_RESERVED,
                      "refcount table entry", i);
        if (offset != 0 && good_place(c, offset, true, "refcount block", i))
            count_range(c, offset, h->cluster_size, USE_TABLE);
    }
    return check_l1(c);
}

/* "Refcount block entry": less than a byte wide, from the low bits up. */
static uint64_t
stored_refcount(const struct check *c, const uint8_t *block, uint64_t index)
{
    uint32_t bits = c->header.refcount_bits;
    switch (bits) {
    case 8:
        return block[index];
    case 16:
        return h2k_get_be16(block + index * 2);
    case 32:
        return h2k_get_be32(block + index * 4);
    case 64:
        return h2k_get_be64(block + index * 8);
    default:
        return block[index * bits / 8] >> index * bits % 8 &
               ((1u << bits) - 1);
    }
}

static void
leaked(struct check *c, uint64_t cluster, uint64_t stored, uint64_t counted)
{
    if (c->result->leaks++ == 0 && c->result->errors == 0)
        snprintf(c->result->first, sizeof(c->result->first),
                 "host cluster %" PRIu64 " has a refcount of %" PRIu64
                 " and is used %" PRIu64 " times: a leak",
                 cluster, stored, counted);
}

/* Every table is its clusters' only user. */
static void
judge_cluster(struct check *c, uint64_t cluster, uint64_t stored)
{
    uint16_t counted = c->counts[cluster - c->first];
    uint8_t use = c->uses[cluster - c->first];
    if (use & USE_TABLE && counted > 1) {
        c->result->overlaps++;
        found_error(c,
                    "host cluster %" PRIu64
                    " is a table, and something else as well",
                    cluster);
    } else if (stored < counted) {
        wrong_refcount(c,
                       "host cluster %" PRIu64 " has a refcount of %" PRIu64
                       " and is used %u times",
                       cluster, stored, counted);
    } else if (stored > counted && counted < COUNT_MAX) {
        leaked(c, cluster, stored, counted);
    }
    if ((use & USE_COPIED && stored != 1) ||
        (use & USE_NOT_COPIED && stored == 1))
        wrong_refcount(c,
                       "host cluster %" PRIu64 " has a refcount of %" PRIu64
                       ", and an entry says otherwise",
                       cluster, stored);
}

static int
judge_window(struct check *c)
{
    uint64_t end = h2k_min_u64(c->first + c->window, c->file_clusters);
    uint64_t per_block =
        (uint64_t)c->header.cluster_size * 8 / c->header.refcount_bits;
    bool there = false;
    for (uint64_t i = c->first; i < end; i++) {
        if (i == c->first || i % per_block == 0) {
            uint64_t offset = refcount_block(c, i / per_block);
            there =
                offset != 0 && offset % c->header.cluster_size == 0 &&
                h2k_range_inside(offset, c->header.cluster_size, c->file_size);
            if (there && h2k_block_pread(c->file, c->cluster,
                                         c->header.cluster_size, offset) < 0)
                return h2k_prefix("refcount block: ");
        }
        judge_cluster(
            c, i, there ? stored_refcount(c, c->cluster, i % per_block) : 0);
    }
    return 0;
}

static int
load_tables(struct check *c)
{
    const struct h2k_qcow2_header *h = &c->header;
    if (h2k_qcow2_header_read(c->file, &c->header) < 0)
        return -1;
    if (h->snapshot_count > 0 || h->bitmaps)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the qcow2 has %s, which are not checked: use "
                        "\"qemu-img check\"",
                        h->snapshot_count > 0 ? "internal snapshots"
                                              : "persistent bitmaps");
    uint64_t size = (uint64_t)h->refcount_clusters << h->cluster_bits;
    if (h->refcount_offset == 0 || size == 0 ||
        h->refcount_offset % h->cluster_size != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2's refcount table is at byte %" PRIu64
                        ", where none can begin, or empty",
                        h->refcount_offset);
    c->file_size = h2k_block_size(c->file);
    c->file_clusters = h2k_div_up(c->file_size, h->cluster_size);
    c->refcount_entries = size / QCOW2_REFCOUNT_TABLE_ENTRY_SIZE;
    c->l1 = h2k_block_read_alloc(c->file, h->l1_offset,
                                 (uint64_t)h->l1_entries * QCOW2_L1_ENTRY_SIZE,
                                 QCOW2_L1_BYTES_MAX, "the qcow2's L1 table");
    c->refcount_table = h2k_block_read_alloc(c->file, h->refcount_offset, size,
                                             QCOW2_REFCOUNT_TABLE_BYTES_MAX,
                                             "the qcow2's refcount table");
    return c->l1 == NULL || c->refcount_table == NULL ? -1 : 0;
}

static int
run(struct check *c)
{
    if (load_tables(c) < 0)
        return -1;
    c->window = h2k_min_u64(c->file_clusters, WINDOW_MAX);
    c->cluster = malloc(c->header.cluster_size);
    c->counts = calloc((size_t)c->window, sizeof(*c->counts));
    c->uses = calloc((size_t)c->window, 1);
    if (c->cluster == NULL || c->counts == NULL || c->uses == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory for the check");
    for (; c->first < c->file_clusters; c->first += c->window)
        if (count_references(c) < 0 || judge_window(c) < 0)
            return -1;
    return 0;
}

int
h2k_qcow2_check(struct h2k_block *file, struct h2k_qcow2_check *result)
{
    struct check c = { .file = file, .result = result };
    *result = (struct h2k_qcow2_check){ 0 };
    int rc = run(&c);
    free(c.l1);
    free(c.refcount_table);
    free(c.cluster);
    free(c.counts);
    free(c.uses);
    return rc;
}
