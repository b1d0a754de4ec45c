/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What writers promise whatever the format: order, ranges, space, memory. */
#include "block/file.h"
#include "image/image.h"
#include "image/qcow2-check.h"
#include "image/writer.h"
#include "base/zero.h"

#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLUSTER 65536u

static uint8_t data[4 * CLUSTER], got[4 * CLUSTER];

static int
new_file(void)
{
    int fd = memfd_create("image", MFD_CLOEXEC);
    if (fd < 0)
        abort();
    return fd;
}

static void
test_find(void)
{
    ok(h2k_writer_find("qcow2") == &h2k_writer_qcow2 &&
           h2k_writer_find("raw") == &h2k_writer_raw,
       "both writers are found");
    ok_error(h2k_writer_find("vdi") == NULL, H2K_E_UNSUPPORTED,
             "vdi cannot be written");
}

static void
test_zero(void)
{
    static uint8_t bytes[100];
    bool good = true;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 1;
        for (size_t n = 0; n <= sizeof(bytes); n++)
            good = good && h2k_is_zero(bytes, n) == (n <= i);
        bytes[i] = 0;
    }
    ok(good, "one byte that is not zero is seen wherever it is");
}

static void
refuses(const struct h2k_image_writer_ops *ops,
        const struct h2k_writer_options *options, uint64_t size,
        enum h2k_errcode code, const char *words)
{
    h2k_autofd int fd = new_file();
    struct h2k_image_writer *w = ops->create(fd, size, options);
    ok_error(w == NULL, code, words);
    ops->free(w);
}

static void
test_options(void)
{
    refuses(&h2k_writer_raw,
            &(struct h2k_writer_options){ .compression = H2K_COMPRESS_ZLIB },
            1, H2K_E_UNSUPPORTED, "cannot be compressed");
    for (int i = 0; i < 2; i++) {
        const struct h2k_image_writer_ops *ops =
            i == 0 ? &h2k_writer_raw : &h2k_writer_qcow2;
        refuses(ops, &(struct h2k_writer_options){ .cluster_size = 1000 }, 1,
                H2K_E_RANGE, "power of two");
        refuses(ops, &(struct h2k_writer_options){ .cluster_size = 4 << 20 },
                1, H2K_E_RANGE, "power of two");
    }
    refuses(&h2k_writer_qcow2, &(struct h2k_writer_options){ .level = 10 }, 1,
            H2K_E_RANGE, "level of 10");
    refuses(&h2k_writer_qcow2,
            &(struct h2k_writer_options){ .cluster_size = 512 },
            UINT64_C(1) << 40, H2K_E_UNSUPPORTED, "choose larger ones");
}

static int
put_at(const struct h2k_image_writer_ops *ops, struct h2k_image_writer *w,
       uint64_t number, size_t count)
{
    struct h2k_encoded encoded = { .data = data, .size = count };
    return ops->put(w, number, &encoded);
}

static void
test_order(const struct h2k_image_writer_ops *ops)
{
    struct h2k_writer_options options = { .cluster_size = CLUSTER };
    h2k_autofd int fd = new_file();
    struct h2k_image_writer *w = ops->create(fd, 3 * CLUSTER + 512, &options);
    ok(w != NULL && ops->cluster_size(w) == CLUSTER, "%s: created", ops->name);
    ok(put_at(ops, w, 1, CLUSTER) == 0, "%s: a cluster", ops->name);
    ok_error(put_at(ops, w, 1, CLUSTER) < 0, H2K_E_RANGE, "do not follow");
    ok_error(put_at(ops, w, 0, CLUSTER) < 0, H2K_E_RANGE, "do not follow");
    ok_error(put_at(ops, w, 2, 512) < 0, H2K_E_RANGE, "do not fit");
    ok_error(put_at(ops, w, 3, CLUSTER) < 0, H2K_E_RANGE, "do not fit");
    ok_error(put_at(ops, w, 4, 512) < 0, H2K_E_RANGE, "do not fit");
    ok_error(put_at(ops, w, UINT64_MAX, 512) < 0, H2K_E_RANGE, "do not f");
    ok_error(ops->put_run(w, 2, data, 3 * CLUSTER) < 0, H2K_E_RANGE,
             "do not fit");
    ok(ops->put_run(w, 2, data, CLUSTER + 512) == 0,
       "%s: the last cluster need not be whole", ops->name);
    ok(ops->finish(w) == 0, "%s: finished", ops->name);
    struct stat st;
    ok(fstat(fd, &st) == 0 && ops->written(w) <= (uint64_t)st.st_size,
       "%s: holes are not counted as written", ops->name);
    ops->free(w);
}

/* All clusters of DATA, a disk of SIZE bytes, are put one by one. */
static int
write_disk(const struct h2k_image_writer_ops *ops, int fd, size_t size,
           const struct h2k_writer_options *options)
{
    struct h2k_image_writer *w = ops->create(fd, size, options);
    struct h2k_image_encoder *e = w == NULL ? NULL : ops->encoder_new(w);
    uint32_t cluster = w == NULL ? 1 : ops->cluster_size(w);
    int rc = e == NULL ? -1 : 0;
    for (size_t at = 0; rc == 0 && at < size; at += cluster) {
        struct h2k_encoded encoded;
        size_t count = size - at < cluster ? size - at : cluster;
        rc = ops->encode(e, data + at, count, &encoded);
        if (rc == 0)
            rc = ops->put(w, at / cluster, &encoded);
    }
    if (rc == 0)
        rc = ops->finish(w);
    ops->encoder_free(e);
    ops->free(w);
    return rc;
}

static void
test_no_space(void)
{
    struct h2k_writer_options options = { 0 };
    h2k_autofd int full = open("/dev/full", O_RDWR | O_CLOEXEC);
    ok_error(write_disk(&h2k_writer_qcow2, full, sizeof(data), &options) < 0,
             H2K_E_OUTPUT, "make room");
    ok_error(write_disk(&h2k_writer_raw, full, sizeof(data), &options) < 0,
             H2K_E_OUTPUT, "make room");
    h2k_autofd int closed = -1;
    ok_error(write_disk(&h2k_writer_raw, closed, sizeof(data), &options) < 0,
             H2K_E_OUTPUT, "cannot write the output at byte 0");

    h2k_autofd int fd = new_file();
    struct rlimit old, small = { 2 * CLUSTER, RLIM_INFINITY };
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    int rc = write_disk(&h2k_writer_qcow2, fd, sizeof(data), &options);
    setrlimit(RLIMIT_FSIZE, &old);
    ok_error(rc < 0, H2K_E_OUTPUT, "ulimit");
    ok(pread(fd, got, 4, 0) != 4 || memcmp(got, "QFI\xfb", 4) != 0,
       "a qcow2 that was not finished has no magic");
}

/* A cluster that does not shrink stays as it is; one that does has to come
 * from whichever encoder. */
static void
test_encode(void)
{
    for (int i = 0; i < 3; i++) {
        struct h2k_writer_options options = { .compression = i };
        h2k_autofd int fd = new_file();
        struct h2k_image_writer *w =
            h2k_writer_qcow2.create(fd, sizeof(data), &options);
        struct h2k_image_encoder *e = h2k_writer_qcow2.encoder_new(w);
        struct h2k_encoded noise, text, zero;
        static uint8_t a[CLUSTER], zeros[CLUSTER];
        memset(a, 'a', sizeof(a));
        int rc = h2k_writer_qcow2.encode(e, data, CLUSTER, &noise);
        ok(rc == 0 && !noise.compressed && noise.data == data &&
               noise.size == CLUSTER && !noise.zero,
           "noise is stored as it is");
        rc = h2k_writer_qcow2.encode(e, a, CLUSTER, &text);
        ok(rc == 0 && text.compressed == (i > 0) &&
               (i == 0 || text.size < 500),
           "what shrinks is compressed when asked for");
        rc = h2k_writer_qcow2.encode(e, zeros, 512, &zero);
        ok(rc == 0 && zero.zero && !zero.compressed, "zeros are found");
        ok_error(h2k_writer_qcow2.encode(e, zeros, CLUSTER + 1, &zero) < 0,
                 H2K_E_RANGE, "no cluster");
        h2k_writer_qcow2.encoder_free(e);
        h2k_writer_qcow2.free(w);
    }
}

/* A raw file has holes where the disk has zeros, and its whole size. */
static void
test_raw(void)
{
    h2k_autofd int fd = new_file();
    struct h2k_writer_options options = { 0 };
    struct stat st;
    const size_t size = sizeof(data) - 100;
    memset(data + CLUSTER, 0, 2 * CLUSTER);
    ok(write_disk(&h2k_writer_raw, fd, size, &options) == 0 &&
           fstat(fd, &st) == 0 && st.st_size == (off_t)size,
       "raw: the file has the disk's size");
    ok(st.st_blocks * 512 <= 2 * CLUSTER, "raw: zeros are holes");
    ok(pread(fd, got, size, 0) == (ssize_t)size &&
           memcmp(got, data, size) == 0,
       "raw: the same bytes");
}

/* Time and memory go with the data: 64 TiB with three clusters. */
static void
test_huge(void)
{
    const uint64_t size = UINT64_C(64) << 40, step = size / CLUSTER / 3;
    struct h2k_writer_options options = { .compression = H2K_COMPRESS_NONE };
    struct h2k_image_options how = { .dirfd = -1 };
    struct h2k_image_info info;
    struct h2k_qcow2_check check;
    int fd = new_file();
    struct h2k_image_writer *w = h2k_writer_qcow2.create(fd, size, &options);
    for (uint64_t i = 0; i < 3; i++)
        if (put_at(&h2k_writer_qcow2, w, i * step, CLUSTER) < 0)
            abort();
    ok(h2k_writer_qcow2.finish(w) == 0 &&
           h2k_writer_qcow2.written(w) < 4 << 20,
       "64 TiB with 192 KiB of data make a small file");
    h2k_writer_qcow2.free(w);
    H2K_AUTO(h2k_block) file = h2k_file_from_fd(fd, "huge", false);
    ok(h2k_qcow2_check(file, &check) == 0 && check.errors == 0 &&
           check.leaks == 0 && check.data_clusters == 3,
       "its structure is good: %s", check.first);
    H2K_AUTO(h2k_block) disk = h2k_image_qcow2.open(file, &how, &info);
    uint64_t at = 0, bytes = 0;
    int extents = 0;
    struct h2k_extent e;
    for (; at < size && h2k_block_extent(disk, at, size - at, &e) == 0;
         at += e.length, extents++)
        bytes += e.kind == H2K_EXTENT_DATA ? e.length : 0;
    ok(at == size && bytes == 3 * CLUSTER && extents < 20,
       "its extents are found in %d steps", extents);
    ok(h2k_block_pread(disk, got, CLUSTER, 2 * step * CLUSTER) == 0 &&
           memcmp(got, data, CLUSTER) == 0,
       "the last cluster reads back");
}

int
main(void)
{
    uint32_t seed = 7;
    for (size_t i = 0; i < sizeof(data); i++) {
        seed = seed * 1664525 + 1013904223;
        data[i] = (uint8_t)(seed >> 24);
    }
    test_find();
    test_zero();
    test_options();
    test_order(&h2k_writer_qcow2);
    test_order(&h2k_writer_raw);
    test_no_space();
    test_encode();
    test_huge();
    test_raw();
    return tap_done();
}
