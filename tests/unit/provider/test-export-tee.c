/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One disk's bytes to hash, file and consumer. */
#include "base/error.h"
#include "provider/export-tee.h"

#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static char dir[] = "/tmp/test-tee.XXXXXX";

/* A consumer that keeps all it gets, and can be slow or fail. */
struct seen {
    uint8_t *bytes;
    size_t size;
    unsigned begun, ended;
    size_t fail_at; /* bytes; 0: never */
    useconds_t pause;
    char sha256[H2K_SHA256_HEX_SIZE];
};

static int
seen_begin(void *opaque, size_t disk, enum h2k_export_bytes what,
           uint64_t capacity)
{
    struct seen *s = opaque;
    (void)disk, (void)what, (void)capacity;
    s->size = 0;
    s->begun++;
    return 0;
}

static int
seen_data(void *opaque, size_t disk, const void *bytes, size_t count)
{
    struct seen *s = opaque;
    (void)disk;
    if (s->fail_at > 0 && s->size + count > s->fail_at)
        return h2k_fail(H2K_E_UNFIXABLE, "the consumer had enough");
    usleep(s->pause);
    memcpy(s->bytes + s->size, bytes, count);
    s->size += count;
    return 0;
}

static int
seen_end(void *opaque, size_t disk, const char sha256[H2K_SHA256_HEX_SIZE],
         uint64_t size)
{
    struct seen *s = opaque;
    (void)disk, (void)size;
    s->ended++;
    memcpy(s->sha256, sha256, H2K_SHA256_HEX_SIZE);
    return 0;
}

struct fixture {
    struct seen seen;
    struct h2k_export_consumer consumer;
    struct h2k_output *output;
    atomic_bool cancelled;
    struct h2k_tee *tee;
    uint8_t *disk; /* 20 MiB: data, with zeros in it */
    char expected[H2K_SHA256_HEX_SIZE];
};
#define DISK (20 * MIB + 12345)

static void
hash_of(const void *bytes, size_t size, char hex[H2K_SHA256_HEX_SIZE])
{
    uint8_t digest[H2K_SHA256_SIZE];
    struct h2k_sha256 *sha = h2k_sha256_new();
    h2k_sha256_update(sha, bytes, size);
    h2k_sha256_finish(sha, digest);
    h2k_sha256_free(sha);
    h2k_sha256_hex(digest, hex);
}

static void
setup(struct fixture *f, const char *name, bool resume)
{
    *f = (struct fixture){ 0 };
    f->seen.bytes = malloc(2 * DISK);
    f->disk = calloc(1, DISK);
    unsigned state = 1;
    for (size_t i = 0; i < DISK; i++) {
        state = state * 1664525 + 1013904223;
        /* Every third piece of 192 KiB, which is no multiple of a slot, and
         * the disk's last MiB, are zeros. */
        if (i / (192 << 10) % 3 != 1 && i < DISK - MIB)
            f->disk[i] = (uint8_t)(state >> 24);
    }
    hash_of(f->disk, DISK, f->expected);
    f->consumer = (struct h2k_export_consumer){ seen_begin, seen_data,
                                                seen_end, &f->seen };
    f->output = resume ? h2k_output_resume(name) : h2k_output_new(name);
    f->tee = h2k_tee_new(&(struct h2k_tee_target){
        .output = f->output,
        .consumer = &f->consumer,
        .what = H2K_BYTES_FLAT,
        .capacity = DISK,
        .cancelled = &f->cancelled,
    });
}

static void
teardown(struct fixture *f)
{
    h2k_tee_free(f->tee);
    h2k_output_free(f->output);
    free(f->seen.bytes);
    free(f->disk);
}

/* [from, to) of the disk, by pieces of no special size. */
static int
feed(struct fixture *f, size_t from, size_t to)
{
    for (size_t n = 1; from < to; from += n) {
        n = n * 3 % 70001 + 1;
        if (n > to - from)
            n = to - from;
        if (h2k_tee_data(f->tee, f->disk + from, n) < 0)
            return -1;
    }
    return 0;
}

static bool
file_is_disk(struct fixture *f)
{
    uint8_t *back = malloc(DISK);
    struct stat st;
    bool same =
        fstat(h2k_output_fd(f->output), &st) == 0 &&
        st.st_size == (off_t)DISK &&
        pread(h2k_output_fd(f->output), back, DISK, 0) == (ssize_t)DISK &&
        memcmp(back, f->disk, DISK) == 0;
    free(back);
    return same;
}

static bool
all_is_right(struct fixture *f)
{
    uint64_t size = 0;
    char hex[H2K_SHA256_HEX_SIZE] = "";
    return h2k_tee_finish(f->tee, &size, hex) == 0 && size == DISK &&
           strcmp(hex, f->expected) == 0 && f->seen.size == DISK &&
           memcmp(f->seen.bytes, f->disk, DISK) == 0 && f->seen.ended == 1 &&
           strcmp(f->seen.sha256, hex) == 0 && file_is_disk(f);
}

static void
test_whole(void)
{
    struct fixture f;
    setup(&f, "whole", false);
    struct stat st;
    ok(h2k_tee_begin(f.tee, 0) == 0 && feed(&f, 0, DISK) == 0 &&
           all_is_right(&f),
       "hash, file and consumer have the bytes");
    ok(fstat(h2k_output_fd(f.output), &st) == 0 &&
           (size_t)st.st_blocks * 512 < DISK - 5 * MIB,
       "with holes for zeros");
    teardown(&f);
}

static void
test_zeros(void)
{
    struct fixture f;
    setup(&f, "zeros", false);
    memset(f.disk + 3 * MIB + 77, 0, 9 * MIB);
    hash_of(f.disk, DISK, f.expected);
    ok(h2k_tee_begin(f.tee, 0) == 0 && feed(&f, 0, 3 * MIB + 77) == 0 &&
           h2k_tee_zeros(f.tee, 9 * MIB) == 0 &&
           feed(&f, 12 * MIB + 77, DISK) == 0 && all_is_right(&f),
       "zeros that were not brought count as those that were");
    teardown(&f);
}

static void
test_restart(void)
{
    struct fixture f;
    setup(&f, "restart", false);
    memset(f.disk, 7, MIB);
    ok(h2k_tee_begin(f.tee, 0) == 0 && feed(&f, 0, 5 * MIB) == 0,
       "a part of it");
    memset(f.disk, 0, MIB);
    hash_of(f.disk, DISK, f.expected);
    ok(h2k_tee_begin(f.tee, 0) == 0 && h2k_tee_size(f.tee) == 0 &&
           feed(&f, 0, DISK) == 0 && all_is_right(&f),
       "leaves nothing behind when it starts again");
    ok(f.seen.begun == 2, "which the consumer was told");
    teardown(&f);
}

static void
test_kept(void)
{
    struct fixture f;
    setup(&f, "kept", false);
    ok(h2k_tee_begin(f.tee, 0) == 0 && feed(&f, 0, 9 * MIB) == 0,
       "a first run");
    h2k_output_keep(f.output);
    teardown(&f);
    setup(&f, "kept", true);
    ok(h2k_tee_begin(f.tee, 4 * MIB) == 0 && h2k_tee_size(f.tee) == 4 * MIB &&
           feed(&f, 4 * MIB, DISK) == 0 && all_is_right(&f),
       "which another one goes on with");
    teardown(&f);
    setup(&f, "kept", true);
    ok_error(h2k_tee_begin(f.tee, 4 * MIB) < 0, H2K_E_OUTPUT,
             "has fewer bytes than were kept");
    teardown(&f);
}

static void
test_failures(void)
{
    struct fixture f;
    setup(&f, "failing", false);
    f.seen.fail_at = 6 * MIB;
    ok_error(h2k_tee_begin(f.tee, 0) < 0 || feed(&f, 0, DISK) < 0,
             H2K_E_UNFIXABLE, "the consumer had enough");
    ok_error(h2k_tee_data(f.tee, f.disk, DISK) < 0, H2K_E_UNFIXABLE,
             "the consumer had enough");
    teardown(&f);

    setup(&f, "failing", false);
    f.seen.pause = 1000;
    ok(h2k_tee_begin(f.tee, 0) == 0 && feed(&f, 0, DISK) == 0 &&
           all_is_right(&f),
       "a slow consumer gets all");
    teardown(&f);

    setup(&f, "failing", false);
    atomic_store(&f.cancelled, true);
    ok_error(h2k_tee_begin(f.tee, 0) < 0 || feed(&f, 0, DISK) < 0,
             H2K_E_FAILED, "another disk failed");
    teardown(&f);

    setup(&f, "failing", false);
    ok(h2k_tee_begin(f.tee, 0) == 0 && feed(&f, 0, 7 * MIB) == 0,
       "and one that is dropped in the middle ends");
    teardown(&f);
}

int
main(void)
{
    if (mkdtemp(dir) == NULL || chdir(dir) < 0)
        return 1;
    test_whole();
    test_zeros();
    test_restart();
    test_kept();
    test_failures();
    char command[100];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) != 0 ? 1 : tap_done();
}
