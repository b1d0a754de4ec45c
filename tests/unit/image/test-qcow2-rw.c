/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Changing a finished qcow2, against the same changes in memory.
 *
 * With three arguments, test-image-qcow2-rw SEED QCOW2 RAW, it leaves one
 * such image and what its disk must be, for other tools to judge.
 */
#include "base/checked.h"
#include "base/error.h"
#include "block/file.h"
#include "image/image.h"
#include "image/qcow2-check.h"
#include "image/qcow2-rw.h"
#include "image/writer.h"

#include "tap.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISK_MAX ((size_t)6 << 20)

struct model {
    uint32_t random;
    size_t size;
    uint8_t *bytes;
    int fd;
};

static uint32_t
next_random(struct model *m)
{
    m->random = m->random * 1664525 + 1013904223;
    return m->random >> 8;
}

/* Zeros, one byte, text, or noise. */
static void
fill(struct model *m, uint8_t *at, size_t count)
{
    uint32_t kind = next_random(m) % 4;
    memset(at, kind == 1 ? 0x5a : 0, count);
    for (size_t i = 0; kind >= 2 && i < count; i++)
        at[i] = (uint8_t)(next_random(m) % (kind == 2 ? 7 : 256));
}

static void
make(struct model *m, const struct h2k_writer_options *options)
{
    const struct h2k_image_writer_ops *ops = &h2k_writer_qcow2;
    struct h2k_image_writer *w = ops->create(m->fd, m->size, options);
    struct h2k_image_encoder *e = ops->encoder_new(w);
    uint32_t cluster = ops->cluster_size(w);
    struct h2k_encoded encoded;
    for (uint64_t i = 0; i * cluster < m->size; i++) {
        size_t at = (size_t)i * cluster;
        size_t count = (size_t)h2k_min_u64(cluster, m->size - at);
        if (next_random(m) % 3 == 0)
            continue; /* left out: zeros */
        fill(m, m->bytes + at, count);
        if (ops->encode(e, m->bytes + at, count, &encoded) < 0 ||
            ops->put(w, i, &encoded) < 0)
            abort();
    }
    if (ops->finish(w) < 0)
        abort();
    ops->encoder_free(e);
    ops->free(w);
}

/* Writes and zeros somewhere, mostly small, some of whole clusters. */
static bool
change(struct model *m, struct h2k_block *disk, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        size_t at = next_random(m) % m->size;
        size_t count = next_random(m) % (i % 7 == 0 ? 300000 : 5000) + 1;
        if (next_random(m) % 3 == 0)
            at = h2k_align_down(at, 65536);
        count = (size_t)h2k_min_u64(count, m->size - at);
        if (next_random(m) % 3 == 0) {
            memset(m->bytes + at, 0, count);
            if (h2k_block_zero(disk, at, count) < 0)
                return false;
            continue;
        }
        fill(m, m->bytes + at, count);
        if (h2k_block_pwrite(disk, m->bytes + at, count, at) < 0)
            return false;
    }
    return true;
}

static bool
same(const struct model *m, struct h2k_block *disk)
{
    h2k_autofree uint8_t *got = malloc(m->size);
    return h2k_block_pread(disk, got, m->size, 0) == 0 &&
           memcmp(got, m->bytes, m->size) == 0;
}

/* By the reader, and by the check. */
static bool
good_file(const struct model *m)
{
    static const struct h2k_image_options options = { .dirfd = -1 };
    struct h2k_image_info info;
    struct h2k_qcow2_check check;
    int fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
    H2K_AUTO(h2k_block) file = h2k_file_from_fd(fd, "qcow2", false);
    if (h2k_qcow2_check(file, &check) < 0 || check.errors + check.leaks > 0) {
        printf("# %s\n", check.first);
        return false;
    }
    H2K_AUTO(h2k_block)
    disk = h2k_image_qcow2.open(file, &options, &info);
    return disk != NULL && same(m, disk);
}

static void
start(struct model *m, uint32_t seed, int fd)
{
    static const uint32_t clusters[] = { 512, 4096, 65536, 2 << 20 };
    struct h2k_writer_options options = {
        .compression = seed % 3,
        .cluster_size = clusters[seed / 3 % 4],
    };
    *m = (struct model){ .random = seed * 7919 + 1, .fd = fd };
    size_t size = options.cluster_size == 512 ? DISK_MAX / 8 : DISK_MAX;
    m->size = h2k_align_down(size - next_random(m) % 100000, 512);
    m->bytes = calloc(1, m->size);
    make(m, &options);
}

static void
test_random(uint32_t seed)
{
    struct model m;
    start(&m, seed, memfd_create("qcow2", MFD_CLOEXEC));
    H2K_AUTO(h2k_block) disk = h2k_qcow2_rw_open(m.fd, "qcow2");
    bool good = ok(disk != NULL && h2k_block_size(disk) == m.size,
                   "image %u opens", seed);
    for (unsigned round = 0; good && round < 3; round++) {
        good = ok(change(&m, disk, 60) && same(&m, disk),
                  "image %u, round %u: the disk", seed, round);
        good = good && ok(h2k_block_flush(disk) == 0 && good_file(&m),
                          "image %u, round %u: the file", seed, round);
    }
    h2k_block_unref(h2k_steal(disk));
    disk = h2k_qcow2_rw_open(m.fd, "qcow2");
    ok(disk != NULL && change(&m, disk, 10) && h2k_block_flush(disk) == 0 &&
           good_file(&m),
       "image %u: opened again", seed);
    free(m.bytes);
    close(m.fd);
}

/* A file that outgrows its refcount table, which then moves. */
static void
test_table_moves(void)
{
    const struct h2k_writer_options options = { .cluster_size = 512 };
    struct model m = { .random = 1,
                       .size = (size_t)24 << 20,
                       .fd = memfd_create("qcow2", MFD_CLOEXEC) };
    m.bytes = calloc(1, m.size);
    struct h2k_image_writer *w =
        h2k_writer_qcow2.create(m.fd, m.size, &options);
    if (h2k_writer_qcow2.finish(w) < 0)
        abort();
    h2k_writer_qcow2.free(w);
    H2K_AUTO(h2k_block) disk = h2k_qcow2_rw_open(m.fd, "qcow2");
    uint8_t before, after;
    ok(pread(m.fd, &before, 1, 59) == 1 && before == 1,
       "a refcount table of one cluster");
    memset(m.bytes, 0x5a, m.size);
    ok(h2k_block_pwrite(disk, m.bytes, m.size, 0) == 0 &&
           h2k_block_flush(disk) == 0 && good_file(&m),
       "a disk filled");
    ok(pread(m.fd, &after, 1, 59) == 1 && after > 1,
       "and a table of %u clusters", after);
    ok(change(&m, disk, 30) && h2k_block_flush(disk) == 0 && good_file(&m),
       "changed further");
    free(m.bytes);
    close(m.fd);
}

/* What is dropped is won back from the host. */
static void
test_holes(void)
{
    struct model m;
    struct stat before, after;
    char path[] = "/tmp/test-qcow2-rw.XXXXXX";
    start(&m, 6, mkstemp(path)); /* not compressed, clusters of 64 KiB */
    unlink(path);
    H2K_AUTO(h2k_block) disk = h2k_qcow2_rw_open(m.fd, "qcow2");
    fstat(m.fd, &before);
    memset(m.bytes, 0, m.size);
    ok(h2k_block_zero(disk, 0, m.size) == 0 && h2k_block_flush(disk) == 0 &&
           good_file(&m),
       "all of a disk dropped");
    fstat(m.fd, &after);
    ok(after.st_blocks * 512 < (1 << 20) && before.st_blocks * 512 > 1 << 20,
       "its space as well: from %ld to %ld blocks", (long)before.st_blocks,
       (long)after.st_blocks);
    struct h2k_extent e;
    ok(h2k_block_extent(disk, 0, m.size, &e) == 0 &&
           e.kind == H2K_EXTENT_ABSENT && e.length == m.size,
       "and it is absent");
    free(m.bytes);
    close(m.fd);
}

/* What differs from our writer's images is not touched. */
static void
test_refusals(void)
{
    static const struct {
        unsigned at;
        uint8_t value;
        const char *words;
    } cases[] = {
        { 7, 2, "has not made" },    /* version 2 */
        { 99, 3, "has not made" },   /* refcounts of 8 bits */
        { 63, 1, "has not made" },   /* a snapshot */
        { 79, 1, "has not made" },   /* dirty */
        { 79, 16, "has not made" },  /* extended L2 entries */
        { 40, 1, "lies beyond" },    /* the L1 table */
        { 54, 3, "beyond the end" }, /* the refcount table, elsewhere */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model m;
        start(&m, 6, memfd_create("qcow2", MFD_CLOEXEC));
        if (pwrite(m.fd, &cases[i].value, 1, cases[i].at) != 1)
            abort();
        if (cases[i].at == 54 && pwrite(m.fd, "\x7f", 1, 51) != 1)
            abort();
        struct h2k_block *disk = h2k_qcow2_rw_open(m.fd, "qcow2");
        ok(disk == NULL && strstr(h2k_errmsg(), cases[i].words) != NULL,
           "byte %u: %s", cases[i].at, h2k_errmsg());
        h2k_block_unref(disk);
        free(m.bytes);
        close(m.fd);
    }
}

static int
leave(const char *seed, const char *qcow2, const char *raw)
{
    struct model m;
    int out = open(raw, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    start(&m, (uint32_t)atoi(seed),
          open(qcow2, O_CREAT | O_TRUNC | O_RDWR, 0600));
    H2K_AUTO(h2k_block) disk = h2k_qcow2_rw_open(m.fd, qcow2);
    bool good = disk != NULL && change(&m, disk, 150) &&
                h2k_block_flush(disk) == 0 &&
                write(out, m.bytes, m.size) == (ssize_t)m.size;
    free(m.bytes);
    close(m.fd);
    close(out);
    if (!good)
        fprintf(stderr, "%s\n", h2k_errmsg());
    return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
    if (argc == 4)
        return leave(argv[1], argv[2], argv[3]);
    for (uint32_t seed = 0; seed < 24; seed++)
        test_random(seed);
    test_table_moves();
    test_holes();
    test_refusals();
    return tap_done();
}
