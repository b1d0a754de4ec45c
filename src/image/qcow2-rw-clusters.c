/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Host cluster management" in QEMU's docs/interop/qcow2.txt. */
#include "image/qcow2-rw-clusters.h"

#include "base/checked.h"
#include "base/endian.h"
#include "base/error.h"
#include "image/qcow2-format.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define REFCOUNT_SIZE 2 /* bytes: refcount_order 4 */
#define ENTRY_SIZE QCOW2_REFCOUNT_TABLE_ENTRY_SIZE

static uint64_t
cluster_size(const struct h2k_qcow2_clusters *c)
{
    return UINT64_C(1) << c->cluster_bits;
}

/* Clusters that one block counts. */
static uint64_t
block_entries(const struct h2k_qcow2_clusters *c)
{
    return cluster_size(c) / REFCOUNT_SIZE;
}

int
h2k_qcow2_clusters_read(const struct h2k_qcow2_clusters *c, void *bytes,
                        size_t count, uint64_t offset)
{
    uint8_t *at = bytes;
    while (count > 0) {
        ssize_t n = pread(c->fd, at, count, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return h2k_fail_errno(H2K_E_IO, "%s: cannot read at byte %" PRIu64,
                                  c->path, offset);
        if (n == 0) { /* the last clusters may not be written yet */
            memset(at, 0, count);
            return 0;
        }
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return 0;
}

int
h2k_qcow2_clusters_write(const struct h2k_qcow2_clusters *c, const void *bytes,
                         size_t count, uint64_t offset)
{
    const uint8_t *at = bytes;
    while (count > 0) {
        ssize_t n = pwrite(c->fd, at, count, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return h2k_fail_errno(H2K_E_OUTPUT,
                                  "%s: cannot write at byte %" PRIu64, c->path,
                                  offset);
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return 0;
}

static uint64_t
block_offset(const struct h2k_qcow2_clusters *c, uint64_t index)
{
    return h2k_get_be64(c->table + index * ENTRY_SIZE);
}

int
h2k_qcow2_clusters_init(struct h2k_qcow2_clusters *c, int fd, const char *path,
                        struct h2k_block *file,
                        const struct h2k_qcow2_header *h)
{
    uint64_t file_size = h2k_block_size(file);
    uint64_t size = (uint64_t)h->refcount_clusters << h->cluster_bits;
    *c = (struct h2k_qcow2_clusters){
        .fd = fd,
        .path = path,
        .cluster_bits = h->cluster_bits,
        .next = file_size >> h->cluster_bits,
        .counted = file_size >> h->cluster_bits,
        .table_offset = h->refcount_offset,
        .table_clusters = h->refcount_clusters,
    };
    c->block = malloc((size_t)cluster_size(c));
    c->table =
        h2k_block_read_alloc(file, h->refcount_offset, size,
                             QCOW2_REFCOUNT_TABLE_BYTES_MAX, "refcount table");
    if (c->block == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (c->table == NULL)
        return -1;
    c->block_count = h2k_div_up(c->next, block_entries(c));
    for (uint64_t i = 0; i < size / ENTRY_SIZE; i++) {
        uint64_t offset = block_offset(c, i);
        if ((i < c->block_count) != (offset != 0) ||
            offset % cluster_size(c) != 0 ||
            !h2k_range_inside(offset, cluster_size(c), file_size))
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "its refcount table is not as our writer makes "
                            "it, in entry %" PRIu64,
                            i);
    }
    return size / ENTRY_SIZE >= c->block_count
               ? 0
               : h2k_fail(H2K_E_CORRUPT, "its refcount table is too small");
}

void
h2k_qcow2_clusters_clear(struct h2k_qcow2_clusters *c)
{
    free(c->table);
    free(c->block);
    free(c->dropped);
}

/* ---- Reference counts that are in their blocks ---- */

static int
store_block(struct h2k_qcow2_clusters *c)
{
    if (!c->block_dirty)
        return 0;
    c->block_dirty = false;
    return h2k_qcow2_clusters_write(c, c->block, (size_t)cluster_size(c),
                                    block_offset(c, c->block_index));
}

static int
load_block(struct h2k_qcow2_clusters *c, uint64_t index)
{
    if (c->block_loaded && c->block_index == index)
        return 0;
    if (store_block(c) < 0)
        return -1;
    c->block_loaded = false;
    if (h2k_qcow2_clusters_read(c, c->block, (size_t)cluster_size(c),
                                block_offset(c, index)) < 0)
        return -1;
    c->block_index = index;
    c->block_loaded = true;
    return 0;
}

/* The count of CLUSTER, below `counted`, in its block. */
static uint8_t *
count_of(struct h2k_qcow2_clusters *c, uint64_t cluster)
{
    if (load_block(c, cluster / block_entries(c)) < 0)
        return NULL;
    return c->block + cluster % block_entries(c) * REFCOUNT_SIZE;
}

static int
set_count(struct h2k_qcow2_clusters *c, uint64_t cluster, uint16_t count)
{
    uint8_t *at = count_of(c, cluster);
    if (at == NULL)
        return -1;
    h2k_put_be16(at, count);
    c->block_dirty = true;
    return 0;
}

/* ---- Giving out and taking back ---- */

int
h2k_qcow2_clusters_take(struct h2k_qcow2_clusters *c, uint64_t *offset)
{
    uint64_t cluster =
        c->dropped_count > 0 ? c->dropped[--c->dropped_count] : c->next++;
    *offset = cluster << c->cluster_bits;
    return cluster < c->counted ? set_count(c, cluster, 1) : 0;
}

/* To be given out again.  Only clusters that no table in the file names: so
 * that no reader's older view of the file sees them change. */
static int
drop(struct h2k_qcow2_clusters *c, uint64_t cluster)
{
    if (c->dropped_count == c->dropped_capacity) {
        size_t capacity = 2 * c->dropped_capacity + 64;
        uint64_t *dropped =
            reallocarray(c->dropped, capacity, sizeof(*dropped));
        if (dropped == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        c->dropped = dropped;
        c->dropped_capacity = capacity;
    }
    c->dropped[c->dropped_count++] = cluster;
    return 0;
}

/* Advice: where a filesystem has no holes, the space is not won back. */
static void
punch(const struct h2k_qcow2_clusters *c, uint64_t cluster)
{
    fallocate(c->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              (off_t)(cluster << c->cluster_bits), (off_t)cluster_size(c));
}

static int
release(struct h2k_qcow2_clusters *c, uint64_t cluster)
{
    if (cluster >= c->next)
        return h2k_fail(H2K_E_CORRUPT, "a cluster beyond the file's end");
    if (cluster >= c->counted)
        return drop(c, cluster);
    uint8_t *at = count_of(c, cluster);
    if (at == NULL)
        return -1;
    uint16_t count = h2k_get_be16(at);
    if (count == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "host cluster %" PRIu64 " is used and not counted",
                        cluster);
    h2k_put_be16(at, (uint16_t)(count - 1));
    c->block_dirty = true;
    if (count == 1)
        punch(c, cluster);
    return 0;
}

int
h2k_qcow2_clusters_release(struct h2k_qcow2_clusters *c, uint64_t offset,
                           uint64_t size)
{
    uint64_t last = (offset + size - 1) >> c->cluster_bits;
    for (uint64_t i = offset >> c->cluster_bits; i <= last; i++)
        if (release(c, i) < 0)
            return -1;
    return 0;
}

/* ---- The end ---- */

/* How many blocks and clusters of table the file needs, when these are
 * counted as well.  The table stays where it is while it is large enough. */
static void
measure(const struct h2k_qcow2_clusters *c, uint64_t *blocks, uint64_t *table)
{
    uint64_t there = (uint64_t)c->table_clusters << c->cluster_bits;
    uint64_t last_blocks, last_table;
    *blocks = *table = 0;
    do {
        last_blocks = *blocks;
        last_table = *table;
        uint64_t total =
            h2k_div_up(c->next + *blocks + *table, block_entries(c));
        *blocks = total - c->block_count;
        if (total * ENTRY_SIZE > there)
            *table = h2k_div_up(total * ENTRY_SIZE, cluster_size(c));
    } while (*blocks != last_blocks || *table != last_table);
}

/* The table moves to CLUSTERS new ones. */
static int
move_table(struct h2k_qcow2_clusters *c, uint64_t clusters)
{
    size_t size = (size_t)(clusters << c->cluster_bits);
    if (size > QCOW2_REFCOUNT_TABLE_BYTES_MAX)
        return h2k_fail(H2K_E_OUTPUT,
                        "the qcow2 has grown larger than its cluster size "
                        "allows: choose larger clusters");
    uint8_t *table = calloc(1, size);
    if (table == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    memcpy(table, c->table, (size_t)(c->block_count * ENTRY_SIZE));
    free(c->table);
    c->table = table;
    uint64_t old = c->table_offset, old_clusters = c->table_clusters;
    c->table_offset = c->next << c->cluster_bits;
    c->table_clusters = (uint32_t)clusters;
    c->table_moved = true;
    c->next += clusters;
    return h2k_qcow2_clusters_release(c, old, old_clusters << c->cluster_bits);
}

/* One user each of the clusters in [counted, next). */
static int
count_new(struct h2k_qcow2_clusters *c)
{
    uint64_t end = c->next;
    for (uint64_t i = c->counted; i < end; i++) {
        uint64_t index = i / block_entries(c);
        if (index >= c->block_count) {
            if (store_block(c) < 0)
                return -1;
            memset(c->block, 0, (size_t)cluster_size(c));
            c->block_index = index;
            c->block_loaded = true;
            c->block_count = index + 1;
        }
        if (set_count(c, i, 1) < 0)
            return -1;
    }
    c->counted = end;
    return 0;
}

int
h2k_qcow2_clusters_flush(struct h2k_qcow2_clusters *c)
{
    uint64_t blocks = 0, table = 0;
    measure(c, &blocks, &table);
    if (table > 0 && move_table(c, table) < 0)
        return -1;
    for (uint64_t i = 0; i < blocks; i++)
        h2k_put_be64(c->table + (c->block_count + i) * ENTRY_SIZE,
                     c->next++ << c->cluster_bits);
    if (count_new(c) < 0)
        return -1;
    for (size_t i = 0; i < c->dropped_count; i++) {
        punch(c, c->dropped[i]);
        if (set_count(c, c->dropped[i], 0) < 0)
            return -1;
    }
    if (store_block(c) < 0 ||
        h2k_qcow2_clusters_write(c, c->table,
                                 (size_t)c->table_clusters << c->cluster_bits,
                                 c->table_offset) < 0)
        return -1;
    if (ftruncate(c->fd, (off_t)(c->next << c->cluster_bits)) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s", c->path);
    return 0;
}
