/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Disks as they arrive, for tests in shell.
 *
 *   stream-tool make RAW OUT          a streamOptimized VMDK as servers send
 *   stream-tool decode STEP IN OUT    IN in pieces of STEP bytes, as raw
 *   stream-tool job [-k flat] [-s STEP] [-z none|zlib|zstd] [-t THREADS]
 *                   [-r] [-c BYTES] MANIFEST IN...
 *       a file for each of the manifest's disks, "-" for standard input, all
 *       fed at once, then the job; -r: each begins again after its half; -c:
 *       the capacity that is announced
 */
#include "base/error.h"
#include "image/vmdk-sparse.h"
#include "image/vmdk-stream.h"
#include "pipeline/job.h"

#include "vmdk-maker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
say(void)
{
    fprintf(stderr, "%s\n", h2k_errmsg());
    return h2k_exit_code(h2k_errcode());
}

/* ---- make ---- */

static int
make(const char *in, const char *out)
{
    H2K_AUTO_BUFFER b = { 0 };
    int fd = open(in, O_RDONLY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return 1;
    size_t size = (size_t)st.st_size;
    h2k_autofree uint8_t *disk = malloc(size);
    for (size_t at = 0; at < size;) {
        ssize_t n = read(fd, disk + at, size - at);
        if (n <= 0)
            return 1;
        at += (size_t)n;
    }
    close(fd);
    vmdk_make(&b, disk, size, VMDK_MAKER_GOOD);
    FILE *file = fopen(out, "wb");
    bool good = file != NULL && fwrite(b.data, 1, b.size, file) == b.size;
    return fclose(file) == 0 && good ? 0 : 1;
}

/* ---- decode ---- */

static int
decode_begin(void *opaque, uint64_t capacity, uint32_t grain_size)
{
    (void)grain_size;
    return ftruncate(*(int *)opaque, (off_t)capacity) == 0
               ? 0
               : h2k_fail_errno(H2K_E_OUTPUT, "the raw file");
}

static int
decode_grain(void *opaque, const struct h2k_vmdk_stream_grain *g)
{
    h2k_autofree uint8_t *bytes = malloc(g->size);
    if (h2k_vmdk_grain_inflate(g->bytes, g->stored, g->needed, bytes,
                               g->size) < 0)
        return -1;
    return pwrite(*(int *)opaque, bytes, g->needed, (off_t)g->offset) ==
                   (ssize_t)g->needed
               ? 0
               : h2k_fail_errno(H2K_E_OUTPUT, "the raw file");
}

static int
decode(const char *step_text, const char *in, const char *out)
{
    static const struct h2k_vmdk_stream_ops ops = { decode_begin,
                                                    decode_grain };
    size_t step = (size_t)atol(step_text);
    int fd = open(in, O_RDONLY);
    int raw = open(out, O_CREAT | O_TRUNC | O_RDWR, 0600);
    h2k_autofree uint8_t *bytes = malloc(step);
    H2K_AUTO(h2k_vmdk_stream) s = h2k_vmdk_stream_new(&ops, &raw);
    ssize_t n = 0;
    while ((n = read(fd, bytes, step)) > 0)
        if (h2k_vmdk_stream_feed(s, bytes, (size_t)n) < 0)
            return say();
    if (h2k_vmdk_stream_end(s) < 0)
        return say();
    close(fd);
    return close(raw);
}

/* ---- job ---- */

struct options {
    enum h2k_stream_kind kind;
    enum h2k_writer_compression compression;
    size_t step;
    unsigned threads;
    bool restart;
    uint64_t capacity;
};

struct feeding {
    const struct options *options;
    struct h2k_stream *stream;
    const char *path;
    uint64_t capacity;
    struct h2k_sha256 *sha;
    uint64_t size;
    pthread_t thread;
    struct h2k_saved_error error;
    int rc;
};

static int
feed_file(struct feeding *f, int fd, uint64_t limit)
{
    size_t step = f->options->step;
    h2k_autofree uint8_t *bytes = malloc(step);
    ssize_t n = 0;
    while (f->size < limit && (n = read(fd, bytes, step)) > 0) {
        if (h2k_sha256_update(f->sha, bytes, (size_t)n) < 0 ||
            h2k_stream_feed(f->stream, bytes, (size_t)n) < 0)
            return -1;
        f->size += (uint64_t)n;
    }
    return n < 0 ? h2k_fail_errno(H2K_E_SOURCE, "%s", f->path) : 0;
}

static int
begin_again(struct feeding *f, int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || feed_file(f, fd, (uint64_t)st.st_size / 2) < 0)
        return -1;
    h2k_sha256_free(f->sha);
    f->sha = h2k_sha256_new();
    f->size = 0;
    lseek(fd, 0, SEEK_SET);
    return h2k_stream_restart(f->stream, f->options->kind, f->capacity);
}

static int
feed(struct feeding *f)
{
    uint8_t digest[H2K_SHA256_SIZE];
    char hex[H2K_SHA256_HEX_SIZE];
    h2k_autofd int fd =
        strcmp(f->path, "-") == 0 ? dup(0) : open(f->path, O_RDONLY);
    f->sha = h2k_sha256_new();
    if ((f->options->restart && begin_again(f, fd) < 0) ||
        feed_file(f, fd, UINT64_MAX) < 0 ||
        h2k_sha256_finish(f->sha, digest) < 0)
        return -1;
    h2k_sha256_hex(digest, hex);
    return h2k_stream_end(f->stream, hex, f->size);
}

static void *
feeder(void *opaque)
{
    struct feeding *f = opaque;
    f->rc = feed(f);
    if (f->rc < 0)
        h2k_error_save(&f->error);
    h2k_sha256_free(f->sha);
    return NULL;
}

static int
start(struct h2k_stream_pool *pool, const struct h2k_manifest *m, size_t i,
      struct feeding *f)
{
    const struct h2k_manifest_output *output = h2k_manifest_output(m);
    h2k_autofree char *name =
        h2k_manifest_output_name(m, i, h2k_manifest_disk_count(m));
    h2k_autofree char *path = NULL;
    struct stat st;
    if (h2k_output_make_directory(output->directory, NULL) < 0 ||
        asprintf(&path, "%s/%s", output->directory, name) < 0)
        return -1;
    f->capacity = f->options->capacity;
    if (f->options->kind == H2K_STREAM_FLAT && f->capacity == 0 &&
        stat(f->path, &st) == 0)
        f->capacity = (uint64_t)st.st_size;
    const struct h2k_stream_request request = {
        .path = path,
        .format = h2k_writer_find(output->format),
        .options = { .compression = f->options->compression },
        .kind = f->options->kind,
        .capacity = f->capacity,
    };
    f->stream = h2k_stream_new(pool, &request);
    return f->stream == NULL ? -1 : 0;
}

static int
run_job(const struct h2k_manifest *m, struct feeding *feedings, size_t count)
{
    struct h2k_stream *streams[16];
    for (size_t i = 0; i < count; i++)
        streams[i] = feedings[i].stream;
    const struct h2k_job_settings settings = { .streams = streams };
    H2K_AUTO(h2k_report) report = h2k_report_new();
    h2k_report_begin(report, "export");
    h2k_report_succeed(report, json_pack("{s:s}", "transport", "lease"));
    return h2k_job_run(m, &settings, report);
}

static int
job(const struct options *options, const char *manifest, char **in,
    size_t count)
{
    struct feeding feedings[16] = { 0 };
    struct h2k_manifest *m = h2k_manifest_load(manifest, NULL);
    H2K_AUTO(h2k_stream_pool) pool = h2k_stream_pool_new(options->threads);
    if (m == NULL || pool == NULL || count > 16 ||
        count != h2k_manifest_disk_count(m))
        return say();
    int rc = 0;
    size_t started = 0;
    for (; rc == 0 && started < count; started++) {
        feedings[started].options = options;
        feedings[started].path = in[started];
        rc = start(pool, m, started, &feedings[started]);
        if (rc == 0)
            pthread_create(&feedings[started].thread, NULL, feeder,
                           &feedings[started]);
    }
    struct h2k_saved_error error;
    if (rc < 0)
        h2k_error_save(&error);
    for (size_t i = 0; i < started; i++) {
        if (feedings[i].stream == NULL)
            continue;
        pthread_join(feedings[i].thread, NULL);
        if (feedings[i].rc < 0 && rc == 0) {
            error = feedings[i].error;
            rc = -1;
        }
    }
    if (rc < 0)
        h2k_error_restore(&error);
    else
        rc = run_job(m, feedings, count);
    int status = rc < 0 ? say() : 0;
    for (size_t i = 0; i < count; i++)
        h2k_stream_free(feedings[i].stream);
    h2k_manifest_free(m);
    return status;
}

static int
job_main(int argc, char **argv)
{
    struct options o = { .step = 100000 };
    for (int c; (c = getopt(argc, argv, "k:s:z:t:c:r")) != -1;) {
        switch (c) {
        case 'k':
            o.kind = H2K_STREAM_FLAT;
            break;
        case 's':
            o.step = (size_t)atol(optarg);
            break;
        case 'z':
            o.compression = strcmp(optarg, "zlib") == 0   ? H2K_COMPRESS_ZLIB
                            : strcmp(optarg, "zstd") == 0 ? H2K_COMPRESS_ZSTD
                                                          : H2K_COMPRESS_NONE;
            break;
        case 't':
            o.threads = (unsigned)atoi(optarg);
            break;
        case 'c':
            o.capacity = (uint64_t)atoll(optarg);
            break;
        case 'r':
            o.restart = true;
            break;
        default:
            return 2;
        }
    }
    return job(&o, argv[optind], argv + optind + 1,
               (size_t)(argc - optind - 1));
}

int
main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "make") == 0)
        return make(argv[2], argv[3]);
    if (argc == 5 && strcmp(argv[1], "decode") == 0)
        return decode(argv[2], argv[3], argv[4]);
    if (argc > 3 && strcmp(argv[1], "job") == 0)
        return job_main(argc - 1, argv + 1);
    return 2;
}
