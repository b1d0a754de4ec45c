/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * image-write FORMAT COMPRESSION LEVEL CLUSTER-SIZE RAW IMAGE
 *
 * The bytes of RAW into a new IMAGE, through two encoders that take turns,
 * so that a cluster that leans on its encoder's last one is found.  Holes
 * of RAW are left out.
 */
#include "base/checked.h"
#include "block/file.h"
#include "image/writer.h"

#include <fcntl.h>
#include <hyper2kvm/error.h>
#include <stdio.h>
#include <string.h>

#define ENCODERS 2
#define RUN_BYTES ((size_t)4 << 20)

struct job {
    const struct h2k_image_writer_ops *ops;
    struct h2k_image_writer *writer;
    struct h2k_image_encoder *encoders[ENCODERS];
    uint32_t cluster;
    uint8_t *bytes; /* RUN_BYTES */
};

/* Clusters stored as they are go out in runs, as CONVERT does it. */
static int
put_bytes(struct job *j, uint64_t offset, size_t length)
{
    struct h2k_encoded encoded;
    uint64_t number = offset / j->cluster, run_number = number;
    size_t run = 0, at = 0;
    for (; at < length; at += j->cluster, number++) {
        size_t count = h2k_min_u64(j->cluster, length - at);
        if (j->ops->encode(j->encoders[number % ENCODERS], j->bytes + at,
                           count, &encoded) < 0)
            return -1;
        if (!encoded.zero && !encoded.compressed)
            continue;
        if (at > run && j->ops->put_run(j->writer, run_number, j->bytes + run,
                                        at - run) < 0)
            return -1;
        if (j->ops->put(j->writer, number, &encoded) < 0)
            return -1;
        run = at + j->cluster;
        run_number = number + 1;
    }
    if (run >= length)
        return 0;
    return j->ops->put_run(j->writer, run_number, j->bytes + run,
                           length - run);
}

static int
write_all(struct job *j, struct h2k_block *raw)
{
    uint64_t size = h2k_block_size(raw), at = 0;
    while (at < size) {
        struct h2k_extent e;
        if (h2k_block_extent(raw, at, size - at, &e) < 0)
            return -1;
        if (e.kind != H2K_EXTENT_DATA) {
            at += e.length;
            continue;
        }
        /* Once for each piece, however many extents are in it. */
        at = h2k_align_down(at, RUN_BYTES);
        size_t length = h2k_min_u64(RUN_BYTES, size - at);
        if (h2k_block_pread(raw, j->bytes, length, at) < 0 ||
            put_bytes(j, at, length) < 0)
            return -1;
        at += length;
    }
    return j->ops->finish(j->writer);
}

static int
run(struct job *j, char **argv)
{
    static const char *const compressions[] = { "none", "zlib", "zstd" };
    struct h2k_writer_options options = { .level = atoi(argv[3]),
                                          .cluster_size =
                                              (uint32_t)atoi(argv[4]) };
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(argv[2], compressions[i]) == 0)
            options.compression = i;
    H2K_AUTO(h2k_block) raw = h2k_file_open(argv[5]);
    h2k_autofd int fd = open(argv[6], O_RDWR | O_CREAT | O_TRUNC, 0666);
    j->ops = h2k_writer_find(argv[1]);
    if (raw == NULL || j->ops == NULL || fd < 0)
        return -1;
    j->writer = j->ops->create(fd, h2k_block_size(raw), &options);
    if (j->writer == NULL)
        return -1;
    j->cluster = j->ops->cluster_size(j->writer);
    for (unsigned i = 0; i < ENCODERS; i++)
        if ((j->encoders[i] = j->ops->encoder_new(j->writer)) == NULL)
            return -1;
    return write_all(j, raw);
}

int
main(int argc, char **argv)
{
    struct job j = { .bytes = aligned_alloc(4096, RUN_BYTES) };
    if (argc != 7 || j.bytes == NULL)
        return 2;
    int rc = run(&j, argv);
    if (rc < 0)
        fprintf(stderr, "image-write: %s\n", h2k_errmsg());
    for (unsigned i = 0; i < ENCODERS && j.encoders[i] != NULL; i++)
        j.ops->encoder_free(j.encoders[i]);
    if (j.writer != NULL)
        j.ops->free(j.writer);
    free(j.bytes);
    return rc < 0;
}
