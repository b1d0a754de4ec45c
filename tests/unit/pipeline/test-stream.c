/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Disks converted while they arrive, many at once; and edits put into what
 * was written. */
#include "pipeline/stream.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "block/file.h"
#include "block/overlay.h"
#include "image/image.h"
#include "pipeline/merge.h"
#include "pipeline/readback.h"

#include "tap.h"
#include "vmdk-maker.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static char directory[] = "/tmp/test-stream.XXXXXX";
static const char no_sha[H2K_SHA256_HEX_SIZE] =
    "0000000000000000000000000000000000000000000000000000000000000000";

static uint32_t
next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Text, noise and nothing, in no order. */
static uint8_t *
make_disk(size_t size, uint32_t seed)
{
    uint8_t *disk = calloc(1, size);
    for (size_t at = 0; at < size;) {
        size_t count = next_random(&seed) % 300000 + 1;
        uint32_t kind = next_random(&seed) % 3;
        count = (size_t)h2k_min_u64(count, size - at);
        for (size_t i = 0; kind > 0 && i < count; i++)
            disk[at + i] =
                (uint8_t)(next_random(&seed) % (kind == 1 ? 9 : 256));
        at += count;
    }
    return disk;
}

static unsigned
files_left(void)
{
    unsigned count = 0;
    DIR *dir = opendir(directory);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* A disk and how it arrives. */
struct arrival {
    struct h2k_stream_pool *pool;
    uint32_t seed;
    enum h2k_stream_kind kind;
    const struct h2k_image_writer_ops *format;
    enum h2k_writer_compression compression;
    size_t size;
    unsigned restarts;
    uint8_t *disk;
    struct h2k_buffer vmdk;
    struct h2k_stream *stream;
    char path[64];
    bool good;
};

static struct h2k_stream *
open_stream(struct arrival *a)
{
    const struct h2k_stream_request request = {
        .path = a->path,
        .format = a->format,
        .options = { .compression = a->compression },
        .kind = a->kind,
        .capacity = a->size,
    };
    snprintf(a->path, sizeof(a->path), "%s/%u", directory, a->seed);
    return h2k_stream_new(a->pool, &request);
}

static int
feed(struct arrival *a, size_t end)
{
    uint32_t random = a->seed;
    const uint8_t *bytes =
        a->kind == H2K_STREAM_FLAT ? a->disk : (uint8_t *)a->vmdk.data;
    for (size_t at = 0; at < end;) {
        size_t count = next_random(&random) % 200000 + 1;
        count = (size_t)h2k_min_u64(count, end - at);
        if (h2k_stream_feed(a->stream, bytes + at, count) < 0)
            return -1;
        at += count;
    }
    return 0;
}

static size_t
arriving_size(const struct arrival *a)
{
    return a->kind == H2K_STREAM_FLAT ? a->size : a->vmdk.size;
}

/* What is in the output, by its own block and by its digest. */
static bool
check_content(const struct arrival *a)
{
    const struct h2k_stream_content *c = h2k_stream_content(a->stream);
    H2K_AUTO(h2k_block) disk = c == NULL ? NULL : h2k_stream_open(c);
    h2k_autofree uint8_t *got = malloc(a->size);
    if (disk == NULL || h2k_block_size(disk) != a->size ||
        h2k_block_pread(disk, got, a->size, 0) < 0 ||
        memcmp(got, a->disk, a->size) != 0)
        return false;
    struct h2k_verify_request request = {
        .fd = h2k_output_fd(c->output),
        .path = c->path,
        .format = a->format->name,
        .digest = c->converted.digest,
        .threads = 1,
    };
    if (h2k_verify(&request) < 0)
        return false;
    /* Again, without what was read back meanwhile. */
    request.places = c->places;
    request.cluster = c->cluster;
    return h2k_verify(&request) == 0;
}

static void *
arrive(void *opaque)
{
    struct arrival *a = opaque;
    a->disk = make_disk(a->size, a->seed);
    vmdk_make(&a->vmdk, a->disk, a->size, VMDK_MAKER_GOOD);
    a->stream = open_stream(a);
    bool good = a->stream != NULL;
    for (unsigned i = 0; good && i < a->restarts; i++)
        good = feed(a, arriving_size(a) / (i + 2)) == 0 &&
               h2k_stream_restart(a->stream, a->kind, a->size) == 0;
    a->good = good && feed(a, arriving_size(a)) == 0 &&
              h2k_stream_end(a->stream, no_sha, arriving_size(a)) == 0 &&
              check_content(a);
    if (!a->good)
        printf("# %u: %s\n", a->seed, h2k_errmsg());
    return NULL;
}

static void
arrival_free(struct arrival *a)
{
    h2k_stream_free(a->stream);
    h2k_buffer_free(&a->vmdk);
    free(a->disk);
}

static void
test_many(unsigned threads)
{
    static const struct {
        enum h2k_stream_kind kind;
        const struct h2k_image_writer_ops *format;
        enum h2k_writer_compression compression;
        size_t size;
        unsigned restarts;
    } cases[] = {
        { H2K_STREAM_VMDK, &h2k_writer_qcow2, H2K_COMPRESS_NONE, 9 * MIB + 512,
          0 },
        { H2K_STREAM_VMDK, &h2k_writer_qcow2, H2K_COMPRESS_ZLIB, 5 * MIB, 1 },
        { H2K_STREAM_VMDK, &h2k_writer_raw, H2K_COMPRESS_NONE, 34 * MIB, 0 },
        { H2K_STREAM_FLAT, &h2k_writer_qcow2, H2K_COMPRESS_ZSTD, 3 * MIB + 512,
          2 },
        { H2K_STREAM_FLAT, &h2k_writer_raw, H2K_COMPRESS_NONE, 2 * MIB, 3 },
        { H2K_STREAM_VMDK, &h2k_writer_qcow2, H2K_COMPRESS_NONE, 512, 0 },
    };
    enum { COUNT = sizeof(cases) / sizeof(cases[0]) };
    H2K_AUTO(h2k_stream_pool) pool = h2k_stream_pool_new(threads);
    struct arrival arrivals[COUNT] = { 0 };
    pthread_t ids[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        arrivals[i] = (struct arrival){ .pool = pool,
                                        .seed = i + 1,
                                        .kind = cases[i].kind,
                                        .format = cases[i].format,
                                        .compression = cases[i].compression,
                                        .size = cases[i].size,
                                        .restarts = cases[i].restarts };
        pthread_create(&ids[i], NULL, arrive, &arrivals[i]);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        pthread_join(ids[i], NULL);
        ok(arrivals[i].good, "%u threads, disk %u of many at once", threads,
           i);
        arrival_free(&arrivals[i]);
    }
    ok(files_left() == 0, "without a job nothing stays");
}

/* Every fault is found, wherever it is found; then it can begin again. */
static void
test_faults(void)
{
    H2K_AUTO(h2k_stream_pool) pool = h2k_stream_pool_new(2);
    for (int fault = 1; fault < VMDK_MAKER_FAULTS; fault++) {
        struct arrival a = { .pool = pool,
                             .seed = 77,
                             .format = &h2k_writer_qcow2,
                             .size = 4 * MIB };
        a.disk = make_disk(a.size, 3);
        memset(a.disk, 1, 200 * KIB); /* grains 0, 1, 2 */
        vmdk_make(&a.vmdk, a.disk, a.size, (enum vmdk_maker_fault)fault);
        a.stream = open_stream(&a);
        ok(feed(&a, a.vmdk.size) < 0 ||
               h2k_stream_end(a.stream, no_sha, a.vmdk.size) < 0,
           "fault %d: %s", fault, h2k_errmsg());
        ok(h2k_stream_content(a.stream) == NULL, "no disk has arrived");
        h2k_buffer_free(&a.vmdk);
        vmdk_make(&a.vmdk, a.disk, a.size, VMDK_MAKER_GOOD);
        ok(h2k_stream_restart(a.stream, a.kind, a.size) == 0 &&
               feed(&a, a.vmdk.size) == 0 &&
               h2k_stream_end(a.stream, no_sha, a.vmdk.size) == 0 &&
               check_content(&a),
           "and well the second time");
        arrival_free(&a);
    }
    ok(files_left() == 0, "nothing stays");
}

static void
test_ends(void)
{
    H2K_AUTO(h2k_stream_pool) pool = h2k_stream_pool_new(1);
    struct arrival a = { .pool = pool,
                         .seed = 5,
                         .kind = H2K_STREAM_FLAT,
                         .format = &h2k_writer_raw,
                         .size = 20 * MIB };
    a.disk = make_disk(a.size, 3);
    a.stream = open_stream(&a);
    ok(feed(&a, 19 * MIB) == 0 && files_left() == 1, "in the middle of it");
    ok_error(h2k_stream_end(a.stream, no_sha, 19 * MIB) < 0, H2K_E_CORRUPT,
             "cut short at byte 19922944");
    h2k_stream_restart(a.stream, a.kind, a.size);
    ok_error(feed(&a, a.size) < 0 || h2k_stream_feed(a.stream, a.disk, 1) < 0,
             H2K_E_CORRUPT, "more bytes arrive than");
    h2k_stream_restart(a.stream, a.kind, a.size);
    struct rlimit limit, small;
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 3 * MIB;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    ok_error(feed(&a, a.size) < 0 ||
                 h2k_stream_end(a.stream, no_sha, a.size) < 0,
             H2K_E_OUTPUT, "may not grow past");
    setrlimit(RLIMIT_FSIZE, &limit);
    struct arrival second = a;
    ok(open_stream(&second) == NULL && h2k_errcode() == H2K_E_OUTPUT,
       "one output, one stream");
    arrival_free(&a);
    ok(files_left() == 0, "given up: nothing stays");
}

/* ---- Reading back ---- */

/* A disk of one chunk, put; where it is, and that it is found there. */
static void
test_readback(enum h2k_writer_compression compression)
{
    const struct h2k_writer_options options = { .compression = compression };
    const struct h2k_image_options how = { .dirfd = -1 };
    struct h2k_image_info info;
    struct h2k_chunk_writer w;
    struct h2k_readback r;
    char path[64];
    uint64_t places = 0, written = 0;
    snprintf(path, sizeof(path), "%s/readback", directory);
    h2k_autofree uint8_t *bytes = make_disk(MIB, 21);
    H2K_AUTO(h2k_output) output = h2k_output_new(path);
    H2K_AUTO(h2k_digest) digest = h2k_digest_new(MIB);
    int rc = h2k_chunk_writer_init(&w, &h2k_writer_qcow2, &options, output,
                                   MIB, digest);
    struct h2k_image_encoder *e = w.ops->encoder_new(w.writer);
    struct h2k_chunk *chunk = calloc(1, h2k_chunk_size(&w));
    ok(rc == 0 && h2k_chunk_encode(&w, e, chunk, bytes, MIB) == 0 &&
           h2k_chunk_put(&w, chunk, bytes, MIB, 0) == 0,
       "a chunk is put");
    ok(h2k_readback_note(&w, chunk, 0, MIB, compression == H2K_COMPRESS_ZSTD,
                         &r) &&
           r.count == 16 && r.end > 0,
       "its places are told");
    ok(h2k_chunk_writer_finish(&w, &written) == 0, "the image is finished");
    int fd = h2k_output_fd(output);
    ok(h2k_readback_check(&r, fd, path, &places) == 0 && places != 0,
       "it is read back");
    H2K_AUTO(h2k_block)
    file = h2k_file_from_fd(fcntl(fd, F_DUPFD_CLOEXEC, 0), path, false);
    H2K_AUTO(h2k_block) disk = h2k_image_qcow2.open(file, &how, &info);
    ok(h2k_readback_holds(disk, 0, w.cluster, places) &&
           !h2k_readback_holds(disk, 0, w.cluster, places ^ 2) &&
           !h2k_readback_holds(disk, 0, w.cluster, 0),
       "the tables have it there");
    /* In the first cluster behind the header. */
    if (pwrite(fd, "damage", 6, 65536 + 5000) != 6)
        abort();
    ok(h2k_readback_check(&r, fd, path, &places) < 0 &&
           h2k_errcode() == H2K_E_VALIDATION,
       "damage is found: %s", h2k_errmsg());
    w.ops->encoder_free(e);
    h2k_chunk_writer_clear(&w);
    free(chunk);
}

/* ---- Merging ---- */

struct merging {
    struct h2k_block *disk;
    struct h2k_block *overlay;
    struct h2k_digest *digest;
    uint32_t cluster;
    uint64_t *places;
    uint32_t random;
    uint8_t *model;
    size_t window; /* of the model; edits are in it */
};

/* Writes, and discards, of which whole clusters surely read as zeros. */
static void
edit(struct merging *m, unsigned times)
{
    uint8_t bytes[9000];
    for (unsigned i = 0; i < times; i++) {
        size_t at = next_random(&m->random) % m->window;
        size_t count = next_random(&m->random) % sizeof(bytes) + 1;
        count = (size_t)h2k_min_u64(count, m->window - at);
        memset(bytes, (int)(next_random(&m->random) % 3), count);
        h2k_block_pwrite(m->overlay, bytes, count, at);
    }
    for (unsigned i = 0; i < times / 2; i++) {
        size_t at = next_random(&m->random) % m->window;
        size_t count = next_random(&m->random) % (3 * MIB);
        count = (size_t)h2k_min_u64(count, m->window - at);
        h2k_overlay_discard(m->overlay, at, count);
    }
    h2k_block_pread(m->overlay, m->model, m->window, 0);
}

/* As the overlay, but for what may stay of a cluster that is not discarded
 * as a whole: that is as it was. */
static bool
merged_right(const struct merging *m, const uint8_t *before)
{
    h2k_autofree uint8_t *got = malloc(m->window);
    if (h2k_block_pread(m->disk, got, m->window, 0) < 0)
        return false;
    for (size_t at = 0; at < m->window; at += m->cluster) {
        size_t count = (size_t)h2k_min_u64(m->cluster, m->window - at);
        if (memcmp(got + at, m->model + at, count) != 0 &&
            (memcmp(got + at, before + at, count) != 0 ||
             m->cluster == H2K_OVERLAY_CHUNK))
            return false;
    }
    return true;
}

static bool
merge(struct merging *m, struct h2k_merge_result *result)
{
    const struct h2k_merge_request request = { .overlay = m->overlay,
                                               .disk = m->disk,
                                               .digest = m->digest,
                                               .cluster = m->cluster,
                                               .places = m->places };
    h2k_autofree uint8_t *before = malloc(m->window);
    return h2k_block_pread(m->disk, before, m->window, 0) == 0 &&
           h2k_merge(&request, result) == 0 && merged_right(m, before);
}

static void
test_merge(const struct h2k_image_writer_ops *format,
           enum h2k_writer_compression compression)
{
    H2K_AUTO(h2k_stream_pool) pool = h2k_stream_pool_new(2);
    struct arrival a = { .pool = pool,
                         .seed = 9,
                         .format = format,
                         .compression = compression,
                         .size = 12 * MIB + 512 };
    struct h2k_merge_result result;
    arrive(&a);
    struct h2k_stream_content *c = h2k_stream_content(a.stream);
    H2K_AUTO(h2k_block) disk = h2k_stream_open(c);
    for (uint32_t round = 1; round <= 3; round++) {
        H2K_AUTO(h2k_block) overlay = h2k_overlay_new(disk, NULL);
        struct merging m = { .disk = disk,
                             .overlay = overlay,
                             .digest = c->converted.digest,
                             .cluster = c->cluster,
                             .places = c->places,
                             .random = round,
                             .model = a.disk,
                             .window = a.size };
        edit(&m, 20);
        ok(merge(&m, &result) && result.dropped > 0, "%s, %d: merged",
           format->name, compression);
        h2k_block_pread(disk, a.disk, a.size, 0);
        ok(check_content(&a), "and the digest knows");
    }
    /* A merge does not hide what was wrong before. */
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(disk, NULL);
    h2k_block_pwrite(disk, "damage", 6, 5 * MIB + 100);
    h2k_block_flush(disk);
    h2k_block_pread(disk, a.disk, a.size, 0);
    h2k_block_pwrite(overlay, "edit", 4, 5 * MIB + 9);
    const struct h2k_merge_request request = { .overlay = overlay,
                                               .disk = disk,
                                               .digest = c->converted.digest,
                                               .cluster = c->cluster };
    ok(h2k_merge(&request, &result) == 0, "merged over damage");
    h2k_block_pread(disk, a.disk, a.size, 0);
    ok_error(!check_content(&a), H2K_E_VALIDATION, "differs from what was");
    arrival_free(&a);
}

static int
digest_work(void *opaque, void *thread, struct h2k_sweep_item *item)
{
    (void)opaque;
    (void)thread;
    *(struct h2k_digest_value *)item->result =
        h2k_digest_bytes(item->bytes, item->length);
    return 0;
}

static int
digest_ordered(void *opaque, struct h2k_sweep_item *item)
{
    h2k_digest_put(opaque, item->offset,
                   *(struct h2k_digest_value *)item->result);
    return 0;
}

/* A disk whose digest has several chunks in a part. */
static void
test_merge_large(void)
{
    static const struct h2k_sweep_ops ops = {
        .result_size = sizeof(struct h2k_digest_value),
        .work = digest_work,
        .ordered = digest_ordered,
    };
    int fd = memfd_create("large", MFD_CLOEXEC);
    h2k_autofree uint8_t *bytes = make_disk(8 * MIB, 4);
    if (ftruncate(fd, (off_t)(5 * (UINT64_C(1) << 40))) < 0 ||
        pwrite(fd, bytes, 8 * MIB, 0) != (ssize_t)(8 * MIB))
        abort();
    H2K_AUTO(h2k_block)
    disk = h2k_file_from_fd(fcntl(fd, F_DUPFD_CLOEXEC, 0), "large", true);
    H2K_AUTO(h2k_digest) digest = h2k_digest_new(h2k_block_size(disk));
    h2k_sweep(disk, 2, &ops, digest, NULL);
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(disk, NULL);
    struct merging m = { .disk = disk,
                         .overlay = overlay,
                         .digest = digest,
                         .cluster = H2K_OVERLAY_CHUNK,
                         .model = bytes,
                         .window = 8 * MIB };
    struct h2k_merge_result result;
    edit(&m, 30);
    h2k_overlay_discard(overlay, 3 * MIB, UINT64_C(1) << 41);
    h2k_block_pread(overlay, bytes, 8 * MIB, 0);
    ok(merge(&m, &result), "a disk of 5 TiB");
    const struct h2k_verify_request request = {
        .fd = fd, .path = "large", .format = "raw", .digest = digest
    };
    ok(h2k_verify(&request) == 0, "and its digest");
    close(fd);
}

int
main(void)
{
    if (mkdtemp(directory) == NULL)
        return 1;
    test_many(1);
    test_many(3);
    test_faults();
    test_ends();
    test_readback(H2K_COMPRESS_NONE);
    test_readback(H2K_COMPRESS_ZLIB);
    test_readback(H2K_COMPRESS_ZSTD);
    test_merge(&h2k_writer_qcow2, H2K_COMPRESS_NONE);
    test_merge(&h2k_writer_qcow2, H2K_COMPRESS_ZLIB);
    test_merge(&h2k_writer_raw, H2K_COMPRESS_NONE);
    test_merge_large();
    rmdir(directory);
    return tap_done();
}
