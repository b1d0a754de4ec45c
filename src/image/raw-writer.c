/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Writing raw images: the disk's bytes, with holes where they are zeros. */
#include "base/checked.h"
#include "base/error.h"
#include "image/writer-file.h"
#include "image/writer.h"
#include "base/zero.h"

#include <inttypes.h>
#include <stdlib.h>

#define CLUSTER_SIZE_DEFAULT 4096u
#define CLUSTER_SIZE_MIN 512u
#define CLUSTER_SIZE_MAX (2u << 20)

struct h2k_image_writer {
    struct h2k_writer_file file;
    uint32_t cluster_size;
    uint64_t next; /* the lowest number that may come */
};

struct h2k_image_encoder {
    uint32_t cluster_size;
};

static struct h2k_image_writer *
raw_create(int fd, uint64_t virtual_size, const struct h2k_writer_options *o)
{
    uint32_t cluster_size =
        o->cluster_size == 0 ? CLUSTER_SIZE_DEFAULT : o->cluster_size;
    if (o->compression != H2K_COMPRESS_NONE)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "a raw image cannot be compressed: choose qcow2, "
                             "or no compression");
    if (!h2k_is_power_of_two(cluster_size) ||
        cluster_size < CLUSTER_SIZE_MIN || cluster_size > CLUSTER_SIZE_MAX)
        return h2k_fail_null(H2K_E_RANGE,
                             "a cluster size of %" PRIu32
                             " bytes: a power of two from 512 to 2097152 is "
                             "needed",
                             cluster_size);
    if (virtual_size > INT64_MAX)
        return h2k_fail_null(H2K_E_RANGE, "the disk is too large");
    struct h2k_image_writer *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    w->cluster_size = cluster_size;
    h2k_writer_file_init(&w->file, fd, virtual_size);
    return w;
}

static uint32_t
raw_cluster_size(const struct h2k_image_writer *w)
{
    return w->cluster_size;
}

static struct h2k_image_encoder *
raw_encoder_new(const struct h2k_image_writer *w)
{
    struct h2k_image_encoder *e = malloc(sizeof(*e));
    if (e == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    e->cluster_size = w->cluster_size;
    return e;
}

static void
raw_encoder_free(struct h2k_image_encoder *e)
{
    free(e);
}

static int
raw_encode(struct h2k_image_encoder *e, const void *bytes, size_t count,
           struct h2k_encoded *out)
{
    if (count == 0 || count > e->cluster_size)
        return h2k_fail(H2K_E_RANGE, "%zu bytes are no cluster", count);
    *out = (struct h2k_encoded){ .data = bytes,
                                 .size = count,
                                 .zero = h2k_is_zero(bytes, count) };
    return 0;
}

static int
raw_put_run(struct h2k_image_writer *w, uint64_t number, const void *bytes,
            size_t byte_count)
{
    uint64_t offset = 0, size = w->file.disk_size;
    if (number < w->next || ckd_mul(&offset, number, w->cluster_size) ||
        !h2k_range_inside(offset, byte_count, size) ||
        (byte_count % w->cluster_size != 0 && offset + byte_count != size))
        return h2k_fail(H2K_E_RANGE,
                        "%zu bytes at cluster %" PRIu64
                        " do not follow, or do not fit the disk",
                        byte_count, number);
    w->next = number + h2k_div_up(byte_count, w->cluster_size);
    return h2k_writer_file_put(&w->file, bytes, byte_count, offset);
}

static int
raw_put(struct h2k_image_writer *w, uint64_t number,
        const struct h2k_encoded *encoded)
{
    if (encoded->zero)
        return 0;
    return raw_put_run(w, number, encoded->data, encoded->size);
}

static int
raw_finish(struct h2k_image_writer *w)
{
    return h2k_writer_file_resize(&w->file, w->file.disk_size);
}

static uint64_t
raw_written(const struct h2k_image_writer *w)
{
    return w->file.written;
}

static void
raw_free(struct h2k_image_writer *w)
{
    if (w != NULL)
        h2k_writer_file_clear(&w->file);
    free(w);
}

const struct h2k_image_writer_ops h2k_writer_raw = {
    .name = "raw",
    .can_compress = false,
    .create = raw_create,
    .cluster_size = raw_cluster_size,
    .encoder_new = raw_encoder_new,
    .encoder_free = raw_encoder_free,
    .encode = raw_encode,
    .put = raw_put,
    .put_run = raw_put_run,
    .finish = raw_finish,
    .written = raw_written,
    .free = raw_free,
};
