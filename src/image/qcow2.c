/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reading qcow2, versions 2 and 3 (QEMU's docs/interop/qcow2.txt, "Cluster
 * mapping").
 *
 * The L1 table is in memory.  L2 tables come through a bounded cache, as
 * clusters that are compressed do when only a part of one is asked for.
 * What runs on in the file is read into the caller's memory in one piece.
 * Internal snapshots are left alone.
 */
#include "base/checked.h"
#include "base/endian.h"
#include "base/error.h"
#include "base/log.h"
#include "image/cache.h"
#include "image/image.h"
#include "image/qcow2-decode.h"
#include "image/qcow2-format.h"
#include "image/qcow2-header.h"
#include "image/qcow2-places.h"

#include <inttypes.h>
#include <string.h>

#define L2_CACHE_BYTES ((size_t)8 << 20)
#define CLUSTER_CACHE_BYTES ((size_t)8 << 20)
/* An extent of data need not be longer than this many entries: the next call
 * goes on, and none takes long. */
#define EXTENT_ENTRIES_MAX 4096
/* So many L2 tables are looked at to tell whether an image is compressed. */
#define COMPRESSED_TABLES_MAX 16

struct qcow2 {
    struct h2k_block *file;
    struct h2k_qcow2_header header;
    uint8_t *l1;                 /* as in the file; header.l1_needed entries */
    struct h2k_cache *l2_tables; /* by their offset, as in the file */
    struct h2k_cache *clusters;  /* decoded, by their L2 entry */
    struct h2k_qcow2_decoders *decoders;
};

enum run_kind { RUN_ABSENT, RUN_ZERO, RUN_STORED, RUN_COMPRESSED };

/* A piece of the disk that is mapped in one way. */
struct run {
    enum run_kind kind;
    uint64_t place;  /* STORED: its offset in the file; COMPRESSED: its L2
                        entry; else 0 */
    uint64_t length; /* bytes */
};

static void
qcow2_close(void *state)
{
    struct qcow2 *q = state;
    h2k_cache_free(q->l2_tables);
    h2k_cache_free(q->clusters);
    h2k_qcow2_decoders_free(q->decoders);
    h2k_block_unref(q->file);
    free(q->l1);
    free(q);
}

/* Bytes of the disk that one L2 table maps. */
static uint64_t
l2_span(const struct qcow2 *q)
{
    return (uint64_t)q->header.l2_entries << q->header.cluster_bits;
}

static uint64_t
l2_offset(const struct qcow2 *q, uint64_t l1_index)
{
    return h2k_get_be64(q->l1 + l1_index * QCOW2_L1_ENTRY_SIZE) &
           QCOW2_ENTRY_OFFSET;
}

static int
fill_l2(void *opaque, uint64_t key, void *data)
{
    struct qcow2 *q = opaque;
    uint32_t size = q->header.cluster_size;
    if (key % size != 0)
        return h2k_fail(H2K_E_CORRUPT, "it is not on a cluster");
    if (!h2k_range_inside(key, size, h2k_block_size(q->file)))
        return h2k_fail(H2K_E_CORRUPT,
                        "it lies beyond the file's end, at %" PRIu64
                        ": the file was cut short, or is damaged",
                        h2k_block_size(q->file));
    return h2k_block_pread(q->file, data, size, key);
}

/* The L2 table that maps OFFSET of the disk; to be released. */
static const struct h2k_cache_entry *
get_l2(struct qcow2 *q, uint64_t offset)
{
    uint64_t index = offset / l2_span(q), place = l2_offset(q, index);
    const struct h2k_cache_entry *table =
        h2k_cache_get(q->l2_tables, place, fill_l2, q);
    if (table == NULL)
        h2k_prefix("L2 table %" PRIu64 " at byte %" PRIu64 ": ", index, place);
    return table;
}

static int
check_place(const struct qcow2 *q, uint64_t place)
{
    if (place % q->header.cluster_size != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "its place in the file, byte %" PRIu64
                        ", is not on a cluster",
                        place);
    if (place >= h2k_block_size(q->file))
        return h2k_fail(H2K_E_CORRUPT,
                        "its place in the file, byte %" PRIu64
                        ", lies beyond the file's end, at %" PRIu64
                        ": the file was cut short, or is damaged",
                        place, h2k_block_size(q->file));
    return 0;
}

/* "Standard Cluster Descriptor": bit 0 is version 3's. */
static int
map_standard(const struct qcow2 *q, uint64_t entry, struct run *run)
{
    run->place = entry & QCOW2_ENTRY_OFFSET;
    if (q->header.version >= 3 && (entry & QCOW2_L2_ZERO))
        run->kind = RUN_ZERO;
    else if (run->place == 0)
        run->kind = RUN_ABSENT;
    else
        run->kind = RUN_STORED;
    return run->kind == RUN_STORED ? check_place(q, run->place) : 0;
}

/* "Subcluster Allocation Bitmap (for standard clusters)". */
static int
map_subcluster(const struct qcow2 *q, uint64_t entry, uint64_t bitmap,
               uint32_t subcluster, struct run *run)
{
    bool stored = (bitmap >> subcluster & 1) != 0;
    bool zero = (bitmap >> (QCOW2_SUBCLUSTERS + subcluster) & 1) != 0;
    run->place = entry & QCOW2_ENTRY_OFFSET;
    if (stored && (zero || run->place == 0))
        return h2k_fail(H2K_E_CORRUPT,
                        "its subcluster %" PRIu32
                        " is marked as stored, and %s",
                        subcluster, zero ? "as zeros" : "has no place");
    run->kind = stored ? RUN_STORED : zero ? RUN_ZERO : RUN_ABSENT;
    return stored ? check_place(q, run->place) : 0;
}

/* How OFFSET is mapped by the L2 table that maps it, up to the end of its
 * cluster or subcluster. */
static int
map_unit(const struct qcow2 *q, const uint8_t *table, uint64_t offset,
         struct run *run)
{
    const struct h2k_qcow2_header *h = &q->header;
    uint32_t unit = h->cluster_size / h->subclusters;
    uint32_t within = (uint32_t)(offset & (h->cluster_size - 1));
    uint64_t cluster = offset >> h->cluster_bits;
    const uint8_t *at = table + cluster % h->l2_entries * h->l2_entry_size;
    uint64_t entry = h2k_get_be64(at);
    int rc = 0;
    if (entry & QCOW2_L2_COMPRESSED) {
        *run = (struct run){ RUN_COMPRESSED, entry, h->cluster_size - within };
        return 0;
    }
    if (h->extended_l2)
        rc = map_subcluster(q, entry, h2k_get_be64(at + QCOW2_L2_ENTRY_SIZE),
                            within / unit, run);
    else
        rc = map_standard(q, entry, run);
    run->place = run->kind == RUN_STORED ? run->place + within : 0;
    run->length = unit - within % unit;
    return rc < 0 ? h2k_prefix("cluster %" PRIu64 ": ", cluster) : 0;
}

static bool
goes_on(const struct run *run, const struct run *next)
{
    if (run->kind != next->kind)
        return false;
    return run->kind != RUN_STORED || run->place + run->length == next->place;
}

/* Lengthen RUN, which begins at OFFSET, while TABLE maps on in the same way
 * before END. */
static int
lengthen(const struct qcow2 *q, const uint8_t *table, uint64_t offset,
         uint64_t end, struct run *run)
{
    uint32_t entries = 0;
    while (offset + run->length < end) {
        struct run next;
        if (map_unit(q, table, offset + run->length, &next) < 0)
            return -1;
        if (!goes_on(run, &next))
            break;
        run->length += next.length;
        if (run->kind >= RUN_STORED && ++entries == EXTENT_ENTRIES_MAX)
            break;
    }
    return 0;
}

/* Parts of the disk without an L2 table are passed over by their entries. */
static void
map_absent(const struct qcow2 *q, uint64_t offset, uint64_t length,
           struct run *run)
{
    uint64_t index = offset / l2_span(q), end = offset + length;
    while (index < q->header.l1_needed && l2_offset(q, index) == 0 &&
           index * l2_span(q) < end)
        index++;
    *run = (struct run){ RUN_ABSENT, 0,
                         h2k_min_u64(index * l2_span(q), end) - offset };
}

/* How the disk is mapped at OFFSET, and for how much of LENGTH it is in the
 * same way.  A run of compressed clusters has the first one's place. */
static int
map_run(struct qcow2 *q, uint64_t offset, uint64_t length, struct run *run)
{
    if (l2_offset(q, offset / l2_span(q)) == 0) {
        map_absent(q, offset, length, run);
        return 0;
    }
    const struct h2k_cache_entry *table = get_l2(q, offset);
    if (table == NULL)
        return -1;
    uint64_t span_end = (offset / l2_span(q) + 1) * l2_span(q);
    uint64_t end = h2k_min_u64(offset + length, span_end);
    int rc = map_unit(q, table->data, offset, run);
    if (rc == 0)
        rc = lengthen(q, table->data, offset, end, run);
    h2k_cache_release(q->l2_tables, table);
    run->length = h2k_min_u64(run->length, end - offset);
    return rc;
}

/* The file can end within its last cluster: what is missing is zeros. */
static int
read_stored(struct qcow2 *q, uint8_t *buffer, uint64_t count, uint64_t place)
{
    uint64_t file_size = h2k_block_size(q->file);
    uint64_t there =
        place >= file_size ? 0 : h2k_min_u64(count, file_size - place);
    memset(buffer + there, 0, (size_t)(count - there));
    return h2k_block_pread(q->file, buffer, (size_t)there, place);
}

static int
fill_cluster(void *opaque, uint64_t key, void *data)
{
    struct qcow2 *q = opaque;
    return h2k_qcow2_decode(q->decoders, key, data);
}

/* A whole cluster is decoded where it is wanted; of another, *COUNT bytes at
 * most come from the cache. */
static int
read_compressed(struct qcow2 *q, uint64_t entry, uint8_t *buffer,
                uint64_t *count, uint64_t offset)
{
    uint32_t size = q->header.cluster_size;
    uint64_t within = offset & (size - 1);
    int rc = 0;
    *count = h2k_min_u64(*count, size - within);
    if (*count == size)
        rc = h2k_qcow2_decode(q->decoders, entry, buffer);
    else
        rc = h2k_cache_read(q->clusters, entry, (size_t)within, (size_t)*count,
                            buffer, fill_cluster, q);
    if (rc < 0)
        h2k_prefix("compressed cluster %" PRIu64 ": ",
                   offset >> q->header.cluster_bits);
    return rc;
}

static int
qcow2_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct qcow2 *q = state;
    uint8_t *at = buffer;
    uint64_t end = offset + count;
    while (offset < end) {
        struct run run;
        int rc = 0;
        if (map_run(q, offset, end - offset, &run) < 0)
            return -1;
        if (run.kind == RUN_STORED)
            rc = read_stored(q, at, run.length, run.place);
        else if (run.kind == RUN_COMPRESSED)
            rc = read_compressed(q, run.place, at, &run.length, offset);
        else
            memset(at, 0, (size_t)run.length);
        if (rc < 0)
            return -1;
        at += run.length;
        offset += run.length;
    }
    return 0;
}

/* Clusters that were given a place and never written, as preallocation does
 * it, are holes of the file. */
static int
stored_extent(struct qcow2 *q, const struct run *run, struct h2k_extent *out)
{
    struct h2k_extent there;
    uint64_t room = h2k_block_size(q->file) - run->place;
    uint64_t length = h2k_min_u64(run->length, room);
    if (h2k_block_extent(q->file, run->place, length, &there) < 0)
        return -1;
    bool all = there.length == length && length == run->length;
    out->length = all ? run->length : there.length;
    if (there.kind != H2K_EXTENT_DATA)
        out->kind = H2K_EXTENT_ZERO;
    return 0;
}

static int
qcow2_extent(void *state, uint64_t offset, uint64_t length,
             struct h2k_extent *out)
{
    struct qcow2 *q = state;
    struct run run;
    if (map_run(q, offset, length, &run) < 0)
        return -1;
    out->length = run.length;
    if (run.kind == RUN_ABSENT)
        out->kind = H2K_EXTENT_ABSENT;
    else if (run.kind == RUN_ZERO)
        out->kind = H2K_EXTENT_ZERO;
    else if (run.kind == RUN_STORED)
        return stored_extent(q, &run, out);
    return 0;
}

static const struct h2k_block_ops qcow2_ops = {
    .name = "qcow2",
    .close = qcow2_close,
    .pread = qcow2_pread,
    .extent = qcow2_extent,
};

int
h2k_qcow2_places(struct h2k_block *disk, uint64_t first, size_t count,
                 uint64_t *entries)
{
    struct qcow2 *q = h2k_block_state(disk, &qcow2_ops);
    uint64_t offset = first << q->header.cluster_bits;
    uint64_t index = first % q->header.l2_entries;
    memset(entries, 0, count * sizeof(*entries));
    if (q->header.extended_l2 || count > q->header.l2_entries - index)
        return h2k_fail(H2K_E_RANGE, "clusters of more than one table");
    if (l2_offset(q, first / q->header.l2_entries) == 0)
        return 0;
    const struct h2k_cache_entry *table = get_l2(q, offset);
    if (table == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        entries[i] =
            h2k_get_be64(table->data + (index + i) * QCOW2_L2_ENTRY_SIZE);
    h2k_cache_release(q->l2_tables, table);
    return 0;
}

static int
load(struct qcow2 *q)
{
    const struct h2k_qcow2_header *h = &q->header;
    if (h2k_qcow2_header_read(q->file, &q->header) < 0)
        return -1;
    q->l1 = h2k_block_read_alloc(q->file, h->l1_offset,
                                 (uint64_t)h->l1_needed * QCOW2_L1_ENTRY_SIZE,
                                 QCOW2_L1_BYTES_MAX, "the qcow2's L1 table");
    if (q->l1 == NULL)
        return -1;
    q->l2_tables = h2k_cache_new(h->cluster_size, L2_CACHE_BYTES);
    q->clusters = h2k_cache_new(h->cluster_size, CLUSTER_CACHE_BYTES);
    q->decoders = h2k_qcow2_decoders_new(q->file, h);
    if (q->l2_tables == NULL || q->clusters == NULL || q->decoders == NULL)
        return -1;
    if (h->dirty)
        h2k_log(H2K_LOG_WARNING,
                "the qcow2 was not closed cleanly (it is marked as dirty); "
                "its data is read as it stands");
    return 0;
}

/* Whether the first tables map a compressed cluster.  A table that cannot be
 * read fails when it is needed. */
static bool
looks_compressed(struct qcow2 *q)
{
    unsigned looked = 0;
    for (uint64_t i = 0; i < q->header.l1_needed; i++) {
        if (l2_offset(q, i) == 0)
            continue;
        const struct h2k_cache_entry *table = get_l2(q, i * l2_span(q));
        if (table == NULL || looked++ == COMPRESSED_TABLES_MAX)
            return false;
        bool found = false;
        for (uint32_t k = 0; k < q->header.l2_entries && !found; k++)
            found = h2k_get_be64(table->data + k * q->header.l2_entry_size) &
                    QCOW2_L2_COMPRESSED;
        h2k_cache_release(q->l2_tables, table);
        if (found)
            return true;
    }
    return false;
}

static struct h2k_block *
qcow2_open(struct h2k_block *file, const struct h2k_image_options *options,
           struct h2k_image_info *info)
{
    (void)options; /* a backing file is refused, allowed or not */
    struct qcow2 *q = calloc(1, sizeof(*q));
    if (q == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    q->file = h2k_block_ref(file);
    if (load(q) < 0) {
        qcow2_close(q);
        return NULL;
    }
    *info = (struct h2k_image_info){
        .format = "qcow2",
        .variant = q->header.version == 2 ? "v2" : "v3",
        .virtual_size = q->header.disk_size,
        .file_size = h2k_block_size(file),
        .granularity = q->header.cluster_size,
        .compressed = looks_compressed(q),
    };
    return h2k_block_new(&qcow2_ops, q, q->header.disk_size, false);
}

const struct h2k_image_format h2k_image_qcow2 = {
    .name = "qcow2",
    .magic = { { 0, QCOW2_MAGIC_SIZE, QCOW2_MAGIC } },
    .open = qcow2_open,
};
