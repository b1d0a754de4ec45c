/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Writing qcow2, version 3 (QEMU's docs/interop/qcow2.txt): data clusters
 * as they come; the L2 table of a part of the disk when that part is done;
 * the L1 table, the refcount table and its last blocks at the end; and the
 * header when all else is there, so that a file that was cut off while it
 * was written has no magic.
 */
#include "base/checked.h"
#include "base/endian.h"
#include "base/error.h"
#include "image/qcow2-encode.h"
#include "image/qcow2-format.h"
#include "image/qcow2-layout.h"
#include "image/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CLUSTER_BITS_DEFAULT 16

struct h2k_image_writer {
    struct h2k_writer_file file;
    struct h2k_qcow2_layout layout;
    enum h2k_writer_compression compression;
    int level;
    uint32_t cluster_bits;
    uint64_t virtual_size;
    uint64_t cluster_count; /* of the disk */
    uint64_t next;          /* the lowest number that may come */
    uint8_t *l1;            /* the L1 table as in the file */
    uint64_t l1_entries;
    uint8_t *l2; /* the L2 table of the part that is written now */
    uint64_t l2_index;
    bool l2_used;
};

static uint32_t
qcow2_cluster_size(const struct h2k_image_writer *w)
{
    return UINT32_C(1) << w->cluster_bits;
}

static uint64_t
l2_entries(const struct h2k_image_writer *w)
{
    return qcow2_cluster_size(w) / QCOW2_L2_ENTRY_SIZE;
}

static int
take_options(struct h2k_image_writer *w, const struct h2k_writer_options *o)
{
    w->compression = o->compression;
    w->level = o->level;
    w->cluster_bits = CLUSTER_BITS_DEFAULT;
    if (o->level < 0 || o->level > 9)
        return h2k_fail(H2K_E_RANGE,
                        "a compression level of %d: 1 (fast) to 9 (small) "
                        "are there",
                        o->level);
    if (o->cluster_size == 0)
        return 0;
    if (!h2k_is_power_of_two(o->cluster_size) ||
        o->cluster_size < UINT32_C(1) << QCOW2_CLUSTER_BITS_MIN ||
        o->cluster_size > UINT32_C(1) << QCOW2_CLUSTER_BITS_MAX)
        return h2k_fail(H2K_E_RANGE,
                        "a cluster size of %" PRIu32
                        " bytes: a power of two from 512 to 2097152 is needed",
                        o->cluster_size);
    w->cluster_bits = (uint32_t)__builtin_ctz(o->cluster_size);
    return 0;
}

static int
make_tables(struct h2k_image_writer *w)
{
    w->cluster_count = h2k_div_up(w->virtual_size, qcow2_cluster_size(w));
    w->l1_entries = h2k_div_up(w->cluster_count, l2_entries(w));
    if (w->l1_entries > QCOW2_L1_BYTES_MAX / QCOW2_L1_ENTRY_SIZE)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "a disk of %" PRIu64
                        " bytes is too large for a qcow2 with clusters of "
                        "%" PRIu32 " bytes: choose larger ones",
                        w->virtual_size, qcow2_cluster_size(w));
    w->l1 = calloc((size_t)w->l1_entries + 1, QCOW2_L1_ENTRY_SIZE);
    w->l2 = calloc(1, qcow2_cluster_size(w));
    if (w->l1 == NULL || w->l2 == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return h2k_qcow2_layout_init(&w->layout, &w->file, w->cluster_bits);
}

static void
qcow2_free(struct h2k_image_writer *w)
{
    if (w == NULL)
        return;
    h2k_qcow2_layout_clear(&w->layout);
    h2k_writer_file_clear(&w->file);
    free(w->l1);
    free(w->l2);
    free(w);
}

static struct h2k_image_writer *
qcow2_create(int fd, uint64_t virtual_size, const struct h2k_writer_options *o)
{
    struct h2k_image_writer *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    h2k_writer_file_init(&w->file, fd, virtual_size);
    w->virtual_size = virtual_size;
    if (take_options(w, o) < 0 || make_tables(w) < 0) {
        qcow2_free(w);
        return NULL;
    }
    return w;
}

static struct h2k_image_encoder *
qcow2_encoder_new(const struct h2k_image_writer *w)
{
    return h2k_qcow2_encoder_new(w->compression, w->level,
                                 qcow2_cluster_size(w));
}

/* The current part of the disk is done: its L2 table goes to the file. */
static int
store_l2(struct h2k_image_writer *w)
{
    uint64_t offset = 0;
    if (!w->l2_used)
        return 0;
    if (h2k_qcow2_layout_clusters(&w->layout, 1, &offset) < 0 ||
        h2k_qcow2_layout_write(&w->layout, w->l2, qcow2_cluster_size(w),
                               offset) < 0)
        return -1;
    h2k_put_be64(w->l1 + w->l2_index * QCOW2_L1_ENTRY_SIZE,
                 offset | QCOW2_ENTRY_COPIED);
    memset(w->l2, 0, qcow2_cluster_size(w));
    w->l2_used = false;
    return 0;
}

static int
map_cluster(struct h2k_image_writer *w, uint64_t number, uint64_t entry)
{
    if (number / l2_entries(w) != w->l2_index && store_l2(w) < 0)
        return -1;
    w->l2_index = number / l2_entries(w);
    w->l2_used = true;
    h2k_put_be64(w->l2 + number % l2_entries(w) * QCOW2_L2_ENTRY_SIZE, entry);
    w->next = number + 1;
    return 0;
}

/* BYTE_COUNT bytes from NUMBER on follow what was put, and only the disk's
 * end is not whole. */
static int
check_run(const struct h2k_image_writer *w, uint64_t number, size_t byte_count)
{
    uint64_t offset = 0, size = w->virtual_size;
    bool whole = byte_count % qcow2_cluster_size(w) == 0;
    if (number >= w->next && byte_count > 0 &&
        !ckd_mul(&offset, number, qcow2_cluster_size(w)) &&
        h2k_range_inside(offset, byte_count, size) &&
        (whole || offset + byte_count == size))
        return 0;
    return h2k_fail(H2K_E_RANGE,
                    "%zu bytes at cluster %" PRIu64
                    " do not follow, or do not fit the disk",
                    byte_count, number);
}

/* A run may span the parts of several L2 tables.  Its data is given out and
 * written as a whole first, so that it goes out in one piece. */
static int
qcow2_put_run(struct h2k_image_writer *w, uint64_t number, const void *bytes,
              size_t byte_count)
{
    uint64_t offset = 0;
    uint64_t clusters = h2k_div_up(byte_count, qcow2_cluster_size(w));
    if (check_run(w, number, byte_count) < 0 ||
        h2k_qcow2_layout_clusters(&w->layout, clusters, &offset) < 0 ||
        h2k_qcow2_layout_write(&w->layout, bytes, byte_count, offset) < 0)
        return -1;
    for (uint64_t i = 0; i < clusters; i++) {
        uint64_t host = offset + (i << w->cluster_bits);
        if (map_cluster(w, number + i, host | QCOW2_ENTRY_COPIED) < 0)
            return -1;
    }
    return 0;
}

static int
put_compressed(struct h2k_image_writer *w, uint64_t number,
               const struct h2k_encoded *encoded)
{
    uint64_t offset = 0;
    if (h2k_qcow2_layout_bytes(&w->layout, (uint32_t)encoded->size, &offset) <
            0 ||
        h2k_qcow2_layout_write(&w->layout, encoded->data, encoded->size,
                               offset) < 0)
        return -1;
    uint64_t last = offset + encoded->size - 1;
    uint64_t sectors = last / QCOW2_SECTOR - offset / QCOW2_SECTOR;
    return map_cluster(w, number,
                       QCOW2_L2_COMPRESSED | offset |
                           sectors << qcow2_compressed_shift(w->cluster_bits));
}

static int
qcow2_put(struct h2k_image_writer *w, uint64_t number,
          const struct h2k_encoded *encoded)
{
    if (encoded->zero)
        return 0;
    if (!encoded->compressed)
        return qcow2_put_run(w, number, encoded->data, encoded->size);
    if (number < w->next || number >= w->cluster_count || encoded->size == 0 ||
        encoded->size >= qcow2_cluster_size(w))
        return h2k_fail(H2K_E_RANGE,
                        "%zu compressed bytes for cluster %" PRIu64
                        " do not follow, or do not fit the disk",
                        encoded->size, number);
    return put_compressed(w, number, encoded);
}

/* "Feature name table": what an older QEMU calls a bit that it refuses. */
static size_t
put_feature_names(uint8_t *out)
{
    static const struct {
        uint8_t type, bit;
        char name[QCOW2_FEATURE_NAME_SIZE];
    } names[] = {
        { QCOW2_FEATURE_TYPE_INCOMPATIBLE, QCOW2_INCOMPATIBLE_DIRTY,
          "dirty bit" },
        { QCOW2_FEATURE_TYPE_INCOMPATIBLE, QCOW2_INCOMPATIBLE_CORRUPT,
          "corrupt bit" },
        { QCOW2_FEATURE_TYPE_INCOMPATIBLE, QCOW2_INCOMPATIBLE_COMPRESSION,
          "compression type" },
    };
    uint8_t *at = out + QCOW2_EXTENSION_HEADER_SIZE;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        at[0] = names[i].type;
        at[1] = names[i].bit;
        memcpy(at + QCOW2_FEATURE_NAME_OFFSET, names[i].name,
               QCOW2_FEATURE_NAME_SIZE);
        at += QCOW2_FEATURE_ENTRY_SIZE;
    }
    size_t size = (size_t)(at - out);
    h2k_put_be32(out, QCOW2_EXTENSION_FEATURE_NAMES);
    h2k_put_be32(out + 4, (uint32_t)(size - QCOW2_EXTENSION_HEADER_SIZE));
    return size;
}

/* What stays zero: no backing file, no encryption, no snapshots, and the
 * end of the header extensions. */
static int
store_header(struct h2k_image_writer *w, uint64_t l1_offset,
             uint64_t refcount_table, uint32_t refcount_clusters)
{
    uint8_t header[1 << QCOW2_CLUSTER_BITS_MIN] = { 0 };
    bool zstd = w->compression == H2K_COMPRESS_ZSTD;
    memcpy(header + QCOW2_HEADER_MAGIC, QCOW2_MAGIC, QCOW2_MAGIC_SIZE);
    h2k_put_be32(header + QCOW2_HEADER_VERSION, 3);
    h2k_put_be32(header + QCOW2_HEADER_CLUSTER_BITS, w->cluster_bits);
    /* QEMU counts whole sectors, and would drop a part of one. */
    h2k_put_be64(header + QCOW2_HEADER_SIZE,
                 h2k_align_up(w->virtual_size, QCOW2_SECTOR));
    h2k_put_be32(header + QCOW2_HEADER_L1_SIZE, (uint32_t)w->l1_entries);
    h2k_put_be64(header + QCOW2_HEADER_L1_OFFSET, l1_offset);
    h2k_put_be64(header + QCOW2_HEADER_REFCOUNT_TABLE_OFFSET, refcount_table);
    h2k_put_be32(header + QCOW2_HEADER_REFCOUNT_TABLE_CLUSTERS,
                 refcount_clusters);
    if (zstd)
        h2k_put_be64(header + QCOW2_HEADER_INCOMPATIBLE,
                     UINT64_C(1) << QCOW2_INCOMPATIBLE_COMPRESSION);
    h2k_put_be32(header + QCOW2_HEADER_REFCOUNT_ORDER,
                 QCOW2_REFCOUNT_ORDER_V2);
    h2k_put_be32(header + QCOW2_HEADER_LENGTH, QCOW2_HEADER_COMPRESSION_END);
    header[QCOW2_HEADER_COMPRESSION] =
        zstd ? QCOW2_COMPRESSION_ZSTD : QCOW2_COMPRESSION_ZLIB;
    put_feature_names(header + QCOW2_HEADER_COMPRESSION_END);
    return h2k_writer_file_put(&w->file, header, sizeof(header), 0);
}

static int
qcow2_finish(struct h2k_image_writer *w)
{
    uint64_t l1_offset = 0, refcount_table = 0;
    uint32_t refcount_clusters = 0;
    uint64_t l1_bytes = w->l1_entries * QCOW2_L1_ENTRY_SIZE;
    uint64_t l1_clusters = h2k_div_up(l1_bytes, qcow2_cluster_size(w));
    if (store_l2(w) < 0)
        return -1;
    if (l1_clusters > 0 &&
        (h2k_qcow2_layout_clusters(&w->layout, l1_clusters, &l1_offset) < 0 ||
         h2k_qcow2_layout_write(&w->layout, w->l1, (size_t)l1_bytes,
                                l1_offset) < 0))
        return -1;
    if (h2k_qcow2_layout_finish(&w->layout, &refcount_table,
                                &refcount_clusters) < 0)
        return -1;
    return store_header(w, l1_offset, refcount_table, refcount_clusters);
}

static uint64_t
qcow2_written(const struct h2k_image_writer *w)
{
    return w->file.written;
}

/* A cluster that was not put is zeros, and so is an entry of a table that is
 * not the current one. */
static uint64_t
qcow2_place(const struct h2k_image_writer *w, uint64_t number)
{
    if (!w->l2_used || number / l2_entries(w) != w->l2_index)
        return 0;
    return h2k_get_be64(w->l2 + number % l2_entries(w) * QCOW2_L2_ENTRY_SIZE);
}

static uint64_t
qcow2_flushed(const struct h2k_image_writer *w)
{
    return w->layout.base;
}

const struct h2k_image_writer_ops h2k_writer_qcow2 = {
    .name = "qcow2",
    .can_compress = true,
    .create = qcow2_create,
    .cluster_size = qcow2_cluster_size,
    .encoder_new = qcow2_encoder_new,
    .encoder_free = h2k_qcow2_encoder_free,
    .encode = h2k_qcow2_encode,
    .put = qcow2_put,
    .put_run = qcow2_put_run,
    .place = qcow2_place,
    .flushed = qcow2_flushed,
    .finish = qcow2_finish,
    .written = qcow2_written,
    .free = qcow2_free,
};
