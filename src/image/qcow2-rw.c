/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/qcow2-rw.h"

#include "base/checked.h"
#include "base/endian.h"
#include "base/error.h"
#include "base/zero.h"
#include "block/file.h"
#include "image/qcow2-decode.h"
#include "image/qcow2-format.h"
#include "image/qcow2-rw-clusters.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

struct rw {
    pthread_mutex_t lock; /* readers share the tables' memory */
    int fd;
    char *path;
    struct h2k_block *file; /* as it was when it was opened */
    struct h2k_qcow2_header header;
    struct h2k_qcow2_decoders *decoders;
    struct h2k_qcow2_clusters clusters;
    uint8_t *l1; /* as in the file */
    bool l1_dirty;
    uint8_t *l2; /* the table that was used last */
    uint64_t l2_index;
    bool l2_loaded, l2_dirty;
    uint8_t *bytes; /* a cluster */
};

static void
rw_close(void *state)
{
    struct rw *q = state;
    h2k_qcow2_clusters_clear(&q->clusters);
    h2k_qcow2_decoders_free(q->decoders);
    h2k_block_unref(q->file);
    if (q->fd >= 0)
        close(q->fd);
    free(q->l1);
    free(q->l2);
    free(q->bytes);
    free(q->path);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

/* ---- Tables ---- */

static uint64_t
l1_entry(const struct rw *q, uint64_t index)
{
    return h2k_get_be64(q->l1 + index * QCOW2_L1_ENTRY_SIZE);
}

static int
store_l2(struct rw *q)
{
    if (!q->l2_dirty)
        return 0;
    q->l2_dirty = false;
    return h2k_qcow2_clusters_write(
        &q->clusters, q->l2, q->header.cluster_size,
        l1_entry(q, q->l2_index) & QCOW2_ENTRY_OFFSET);
}

/* Table INDEX into q->l2; one of zeros where there is none. */
static int
load_l2(struct rw *q, uint64_t index)
{
    if (q->l2_loaded && q->l2_index == index)
        return 0;
    if (store_l2(q) < 0)
        return -1;
    uint64_t offset = l1_entry(q, index) & QCOW2_ENTRY_OFFSET;
    q->l2_loaded = false;
    if (offset == 0)
        memset(q->l2, 0, q->header.cluster_size);
    else if (h2k_qcow2_clusters_read(&q->clusters, q->l2,
                                     q->header.cluster_size, offset) < 0)
        return -1;
    q->l2_index = index;
    q->l2_loaded = true;
    return 0;
}

/* A standard cluster is its host cluster's only user, and no other kind is
 * marked so: everything else is not our writer's. */
static int
check_entry(const struct rw *q, uint64_t number, uint64_t entry)
{
    uint64_t offset = entry & QCOW2_ENTRY_OFFSET;
    uint64_t end = q->clusters.next << q->header.cluster_bits;
    bool good = entry == 0;
    if (entry & QCOW2_L2_COMPRESSED) {
        uint64_t size;
        h2k_qcow2_compressed_range(&q->header, entry, &offset, &size);
        good = !(entry & QCOW2_ENTRY_COPIED) && offset > 0 && offset < end;
    } else if (entry != 0) {
        good = entry == (offset | QCOW2_ENTRY_COPIED) && offset > 0 &&
               offset % q->header.cluster_size == 0 && offset < end;
    }
    return good ? 0
                : h2k_fail(H2K_E_UNSUPPORTED,
                           "cluster %" PRIu64
                           " is not stored as our writer does it",
                           number);
}

static int
get_entry(struct rw *q, uint64_t number, uint64_t *entry)
{
    uint64_t index = number % q->header.l2_entries;
    if (load_l2(q, number / q->header.l2_entries) < 0)
        return -1;
    *entry = h2k_get_be64(q->l2 + index * QCOW2_L2_ENTRY_SIZE);
    return check_entry(q, number, *entry);
}

/* After get_entry of the same cluster. */
static int
set_entry(struct rw *q, uint64_t number, uint64_t entry)
{
    uint64_t index = number / q->header.l2_entries, offset = 0;
    if (l1_entry(q, index) == 0) {
        if (h2k_qcow2_clusters_take(&q->clusters, &offset) < 0)
            return -1;
        h2k_put_be64(q->l1 + index * QCOW2_L1_ENTRY_SIZE,
                     offset | QCOW2_ENTRY_COPIED);
        q->l1_dirty = true;
    }
    h2k_put_be64(q->l2 + number % q->header.l2_entries * QCOW2_L2_ENTRY_SIZE,
                 entry);
    q->l2_dirty = true;
    return 0;
}

/* What ENTRY named is not needed any more. */
static int
release_entry(struct rw *q, uint64_t entry)
{
    uint64_t offset = entry & QCOW2_ENTRY_OFFSET,
             size = q->header.cluster_size;
    if (entry == 0)
        return 0;
    if (entry & QCOW2_L2_COMPRESSED)
        h2k_qcow2_compressed_range(&q->header, entry, &offset, &size);
    return h2k_qcow2_clusters_release(&q->clusters, offset, size);
}

/* ---- One cluster ---- */

/* COUNT bytes from WITHIN the cluster on. */
static int
read_cluster(struct rw *q, uint64_t entry, size_t within, uint8_t *bytes,
             size_t count)
{
    if (entry == 0) {
        memset(bytes, 0, count);
        return 0;
    }
    if (!(entry & QCOW2_L2_COMPRESSED))
        return h2k_qcow2_clusters_read(&q->clusters, bytes, count,
                                       (entry & QCOW2_ENTRY_OFFSET) + within);
    if (count == q->header.cluster_size)
        return h2k_qcow2_decode(q->decoders, entry, bytes);
    if (h2k_qcow2_decode(q->decoders, entry, q->bytes) < 0)
        return -1;
    memcpy(bytes, q->bytes + within, count);
    return 0;
}

/* A new place, for the whole cluster. */
static int
write_new(struct rw *q, uint64_t number, uint64_t entry, size_t within,
          const uint8_t *bytes, size_t count)
{
    uint64_t offset = 0;
    if (count < q->header.cluster_size) {
        if (read_cluster(q, entry, 0, q->bytes, q->header.cluster_size) < 0)
            return -1;
        memcpy(q->bytes + within, bytes, count);
        bytes = q->bytes;
    }
    if (h2k_qcow2_clusters_take(&q->clusters, &offset) < 0 ||
        h2k_qcow2_clusters_write(&q->clusters, bytes, q->header.cluster_size,
                                 offset) < 0 ||
        set_entry(q, number, offset | QCOW2_ENTRY_COPIED) < 0)
        return -1;
    return release_entry(q, entry);
}

static int
write_cluster(struct rw *q, uint64_t number, size_t within,
              const uint8_t *bytes, size_t count)
{
    uint64_t entry = 0;
    if (get_entry(q, number, &entry) < 0)
        return -1;
    if (entry == 0 && h2k_is_zero(bytes, count))
        return 0;
    if (entry == 0 || entry & QCOW2_L2_COMPRESSED)
        return write_new(q, number, entry, within, bytes, count);
    return h2k_qcow2_clusters_write(&q->clusters, bytes, count,
                                    (entry & QCOW2_ENTRY_OFFSET) + within);
}

static int
drop_cluster(struct rw *q, uint64_t number)
{
    uint64_t entry = 0;
    if (get_entry(q, number, &entry) < 0)
        return -1;
    if (entry == 0)
        return 0;
    return set_entry(q, number, 0) < 0 ? -1 : release_entry(q, entry);
}

/* ---- The block ---- */

/* The part of the request, COUNT bytes at OFFSET, that is in one cluster. */
static size_t
part(const struct rw *q, uint64_t offset, uint64_t count, size_t *within)
{
    *within = (size_t)(offset & (q->header.cluster_size - 1));
    return (size_t)h2k_min_u64(count, q->header.cluster_size - *within);
}

static int
read_all(struct rw *q, uint8_t *at, size_t count, uint64_t offset)
{
    while (count > 0) {
        size_t within, n = part(q, offset, count, &within);
        uint64_t entry = 0, number = offset >> q->header.cluster_bits;
        if (get_entry(q, number, &entry) < 0 ||
            read_cluster(q, entry, within, at, n) < 0)
            return h2k_prefix("cluster %" PRIu64 ": ", number);
        at += n;
        offset += n;
        count -= n;
    }
    return 0;
}

static int
rw_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct rw *q = state;
    pthread_mutex_lock(&q->lock);
    int rc = read_all(q, buffer, count, offset);
    pthread_mutex_unlock(&q->lock);
    return rc;
}

static int
rw_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    struct rw *q = state;
    const uint8_t *at = buffer;
    while (count > 0) {
        size_t within, n = part(q, offset, count, &within);
        uint64_t number = offset >> q->header.cluster_bits;
        if (write_cluster(q, number, within, at, n) < 0)
            return h2k_prefix("cluster %" PRIu64 ": ", number);
        at += n;
        offset += n;
        count -= n;
    }
    return 0;
}

/* A part of a cluster: to the disk's end is as good as whole. */
static int
rw_zero(void *state, uint64_t offset, uint64_t length)
{
    static const uint8_t zeros[4096];
    struct rw *q = state;
    while (length > 0) {
        size_t within, n = part(q, offset, length, &within);
        bool whole = within == 0 && (n == q->header.cluster_size ||
                                     offset + n == q->header.disk_size);
        uint64_t number = offset >> q->header.cluster_bits;
        if (!whole)
            n = (size_t)h2k_min_u64(n, sizeof(zeros));
        int rc = whole ? drop_cluster(q, number)
                       : write_cluster(q, number, within, zeros, n);
        if (rc < 0)
            return h2k_prefix("cluster %" PRIu64 ": ", number);
        offset += n;
        length -= n;
    }
    return 0;
}

static int
find_extent(struct rw *q, uint64_t offset, uint64_t length,
            struct h2k_extent *out)
{
    uint64_t done = 0, entry = 0;
    while (done < length) {
        size_t within, n = part(q, offset + done, length - done, &within);
        if (get_entry(q, (offset + done) >> q->header.cluster_bits, &entry) <
            0)
            return -1;
        enum h2k_extent_kind kind =
            entry == 0 ? H2K_EXTENT_ABSENT : H2K_EXTENT_DATA;
        if (done == 0)
            out->kind = kind;
        else if (kind != out->kind)
            break;
        done += n;
        if (((offset + done) >> q->header.cluster_bits) %
                q->header.l2_entries ==
            0)
            break; /* the table's end: none takes long */
    }
    out->length = done;
    return 0;
}

static int
rw_extent(void *state, uint64_t offset, uint64_t length,
          struct h2k_extent *out)
{
    struct rw *q = state;
    pthread_mutex_lock(&q->lock);
    int rc = find_extent(q, offset, length, out);
    pthread_mutex_unlock(&q->lock);
    return rc;
}

static int
store_header(struct rw *q)
{
    uint8_t bytes[12];
    h2k_put_be64(bytes, q->clusters.table_offset);
    h2k_put_be32(bytes + 8, q->clusters.table_clusters);
    q->clusters.table_moved = false;
    return h2k_qcow2_clusters_write(&q->clusters, bytes, sizeof(bytes),
                                    QCOW2_HEADER_REFCOUNT_TABLE_OFFSET);
}

static int
rw_flush(void *state)
{
    struct rw *q = state;
    if (store_l2(q) < 0)
        return -1;
    if (q->l1_dirty && h2k_qcow2_clusters_write(&q->clusters, q->l1,
                                                (size_t)q->header.l1_entries *
                                                    QCOW2_L1_ENTRY_SIZE,
                                                q->header.l1_offset) < 0)
        return -1;
    q->l1_dirty = false;
    if (h2k_qcow2_clusters_flush(&q->clusters) < 0)
        return -1;
    return q->clusters.table_moved ? store_header(q) : 0;
}

static const struct h2k_block_ops rw_ops = {
    .name = "qcow2",
    .close = rw_close,
    .pread = rw_pread,
    .pwrite = rw_pwrite,
    .zero = rw_zero,
    .extent = rw_extent,
    .flush = rw_flush,
};

/* ---- Opening ---- */

static int
check_ours(const struct rw *q)
{
    const struct h2k_qcow2_header *h = &q->header;
    bool ours = h->version == 3 && !h->extended_l2 && !h->dirty &&
                !h->bitmaps && h->snapshot_count == 0 &&
                h->refcount_bits == 16 && h->refcount_clusters > 0 &&
                h->l1_entries == h->l1_needed &&
                h2k_block_size(q->file) % h->cluster_size == 0;
    return ours ? 0
                : h2k_fail(H2K_E_UNSUPPORTED,
                           "a qcow2 that our writer has not made is not "
                           "changed");
}

static int
check_l1(const struct rw *q)
{
    for (uint64_t i = 0; i < q->header.l1_entries; i++) {
        uint64_t entry = l1_entry(q, i), offset = entry & QCOW2_ENTRY_OFFSET;
        if (entry != 0 &&
            (entry != (offset | QCOW2_ENTRY_COPIED) || offset == 0 ||
             offset % q->header.cluster_size != 0 ||
             !h2k_range_inside(offset, q->header.cluster_size,
                               h2k_block_size(q->file))))
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "L1 entry %" PRIu64 " is not as our writer makes "
                            "it",
                            i);
    }
    return 0;
}

static int
load(struct rw *q)
{
    struct h2k_qcow2_header *h = &q->header;
    if (h2k_qcow2_header_read(q->file, h) < 0 || check_ours(q) < 0)
        return -1;
    q->l1 = h2k_block_read_alloc(q->file, h->l1_offset,
                                 (uint64_t)h->l1_entries * QCOW2_L1_ENTRY_SIZE,
                                 QCOW2_L1_BYTES_MAX, "the qcow2's L1 table");
    q->l2 = malloc(h->cluster_size);
    q->bytes = malloc(h->cluster_size);
    if (q->l1 == NULL)
        return -1;
    if (q->l2 == NULL || q->bytes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    q->decoders = h2k_qcow2_decoders_new(q->file, h);
    if (q->decoders == NULL || check_l1(q) < 0)
        return -1;
    return h2k_qcow2_clusters_init(&q->clusters, q->fd, q->path, q->file, h);
}

static int
open_file(struct rw *q, int fd)
{
    q->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    int other = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (q->fd < 0 || other < 0) {
        if (other >= 0)
            close(other);
        return h2k_fail_errno(H2K_E_IO, "%s", q->path);
    }
    q->file = h2k_file_from_fd(other, q->path, false);
    return q->file == NULL ? -1 : 0;
}

struct h2k_block *
h2k_qcow2_rw_open(int fd, const char *path)
{
    struct rw *q = calloc(1, sizeof(*q));
    if (q == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    pthread_mutex_init(&q->lock, NULL);
    q->fd = -1;
    q->path = strdup(path);
    if (q->path == NULL)
        h2k_fail(H2K_E_NOMEM, "out of memory");
    if (q->path == NULL || open_file(q, fd) < 0 || load(q) < 0) {
        rw_close(q);
        return NULL;
    }
    return h2k_block_new(&rw_ops, q, q->header.disk_size, true);
}
