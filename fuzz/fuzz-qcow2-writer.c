/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the qcow2 writer writes, the check finds good and the reader reads
 * back the same.
 *
 * The first bytes choose the cluster size, the compression and how the disk
 * ends; each further pair is some clusters: of zeros, left out, of one byte,
 * of text, or of noise.
 */
#include "base/checked.h"
#include "block/file.h"
#include "image/image.h"
#include "image/qcow2-check.h"
#include "image/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DISK_MAX ((size_t)512 << 10)
#define RUN_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t disk_bytes[DISK_MAX], got[DISK_MAX];
static const struct h2k_image_writer_ops *const ops = &h2k_writer_qcow2;

static void
expect(bool what)
{
    if (!what)
        abort();
}

static void
fill(uint8_t *at, size_t count, uint8_t kind, uint32_t *seed)
{
    memset(at, kind == 2 ? 0x5a : 0, count);
    for (size_t i = 0; kind > 2 && i < count; i++) {
        *seed = *seed * 1664525 + 1013904223;
        at[i] = (uint8_t)(kind == 3 ? *seed >> 30 : *seed >> 24);
    }
}

/* The disk that the input describes; its size. */
static size_t
make_disk(const uint8_t *data, size_t size, uint32_t cluster)
{
    uint32_t seed = 1;
    size_t at = 0;
    for (; size >= 2 && at < DISK_MAX; data += 2, size -= 2) {
        size_t count = h2k_min_u64((uint64_t)cluster * (data[1] % RUN_MAX + 1),
                                   DISK_MAX - at);
        fill(disk_bytes + at, count, data[0] % 5, &seed);
        at += count;
    }
    return at;
}

static void
put_cluster(struct h2k_image_writer *w, struct h2k_image_encoder *e,
            uint64_t number, size_t disk_size)
{
    struct h2k_encoded encoded;
    uint32_t cluster = ops->cluster_size(w);
    size_t at = (size_t)number * cluster;
    size_t count = h2k_min_u64(cluster, disk_size - at);
    expect(ops->encode(e, disk_bytes + at, count, &encoded) == 0);
    if (encoded.zero || encoded.compressed || count < cluster)
        expect(ops->put(w, number, &encoded) == 0);
    else
        expect(ops->put_run(w, number, disk_bytes + at, count) == 0);
}

static void
write_disk(int fd, size_t size, const struct h2k_writer_options *options)
{
    struct h2k_image_writer *w = ops->create(fd, size, options);
    expect(w != NULL);
    struct h2k_image_encoder *e = ops->encoder_new(w);
    expect(e != NULL);
    uint64_t clusters = h2k_div_up(size, ops->cluster_size(w));
    for (uint64_t i = 0; i < clusters; i++)
        put_cluster(w, e, i, size);
    expect(ops->finish(w) == 0);
    ops->encoder_free(e);
    ops->free(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct h2k_writer_options options = {
        .compression = data[0] % 3,
        .level = data[0] / 3 % 4,
        .cluster_size = UINT32_C(512) << data[1] % 13,
    };
    struct h2k_image_options how = { .dirfd = -1 };
    struct h2k_image_info info;
    struct h2k_qcow2_check check;
    size_t count = make_disk(data + 3, size - 3, options.cluster_size);
    count = h2k_align_down(count - h2k_min_u64(count, data[2]), 512);
    int fd = memfd_create("qcow2", MFD_CLOEXEC);
    expect(fd >= 0);
    write_disk(fd, count, &options);
    H2K_AUTO(h2k_block) file = h2k_file_from_fd(fd, "qcow2", false);
    expect(h2k_qcow2_check(file, &check) == 0);
    expect(check.errors == 0 && check.leaks == 0);
    H2K_AUTO(h2k_block) disk = h2k_image_qcow2.open(file, &how, &info);
    expect(disk != NULL && h2k_block_size(disk) == count);
    expect(h2k_block_pread(disk, got, count, 0) == 0);
    expect(memcmp(got, disk_bytes, count) == 0);
    return 0;
}
