/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Writes what an image's reader gives as a raw file, for comparing with
 * other tools:  image-cat [-t THREADS] [-r SEED] [-f FORMAT] [-e] IMAGE [OUT]
 *
 * Ordinarily the disk is read in pieces of 1 MiB; with -r in pieces of odd
 * sizes, at odd places and in an order that SEED gives.  Zeros are not
 * written.  -e prints the extents instead, and -i what opening found.
 */
#include "base/error.h"
#include "image/image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE (1 << 20)
#define ODD_PIECE_MAX 200000

struct piece {
    uint64_t offset;
    size_t count;
};

struct job {
    struct h2k_block *disk;
    int out;
    struct piece *pieces;
    size_t piece_count;
    atomic_size_t next;
    atomic_bool failed;
};

static uint32_t
next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*state >> 33);
}

static void
cut(struct job *job, uint64_t seed)
{
    uint64_t size = h2k_block_size(job->disk);
    size_t limit = (size_t)(size / (seed == 0 ? PIECE : 1)) + 1;
    if (limit > (1 << 20))
        limit = 1 << 20;
    job->pieces = calloc(limit, sizeof(*job->pieces));
    uint64_t offset = 0;
    while (offset < size && job->piece_count < limit) {
        uint64_t count =
            seed == 0 ? PIECE : next_random(&seed) % ODD_PIECE_MAX + 1;
        if (count > size - offset)
            count = size - offset;
        job->pieces[job->piece_count++] =
            (struct piece){ offset, (size_t)count };
        offset += count;
    }
    for (size_t i = job->piece_count; seed != 0 && i > 1; i--) {
        size_t j = next_random(&seed) % i;
        struct piece swap = job->pieces[i - 1];
        job->pieces[i - 1] = job->pieces[j];
        job->pieces[j] = swap;
    }
}

static bool
all_zero(const char *bytes, size_t count)
{
    return count == 0 ||
           (bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0);
}

static void *
work(void *opaque)
{
    struct job *job = opaque;
    char *buffer = malloc(PIECE);
    size_t i;
    while (!job->failed &&
           (i = atomic_fetch_add(&job->next, 1)) < job->piece_count) {
        struct piece p = job->pieces[i];
        if (h2k_block_pread(job->disk, buffer, p.count, p.offset) < 0) {
            fprintf(stderr, "%s\n", h2k_errmsg());
            job->failed = true;
        } else if (!all_zero(buffer, p.count) &&
                   pwrite(job->out, buffer, p.count, (off_t)p.offset) !=
                       (ssize_t)p.count) {
            perror("pwrite");
            job->failed = true;
        }
    }
    free(buffer);
    return NULL;
}

static int
copy(struct h2k_block *disk, const char *out, unsigned threads, uint64_t seed)
{
    pthread_t ids[64];
    struct job job = { .disk = disk };
    job.out = open(out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (job.out < 0 || ftruncate(job.out, (off_t)h2k_block_size(disk)) < 0) {
        perror(out);
        return 1;
    }
    cut(&job, seed);
    for (unsigned i = 0; i < threads; i++)
        pthread_create(&ids[i], NULL, work, &job);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    close(job.out);
    free(job.pieces);
    return job.failed ? 1 : 0;
}

static int
print_extents(struct h2k_block *disk)
{
    static const char *const names[] = { "data", "zero", "absent" };
    uint64_t at = 0, size = h2k_block_size(disk);
    while (at < size) {
        struct h2k_extent e;
        if (h2k_block_extent(disk, at, size - at, &e) < 0) {
            fprintf(stderr, "%s\n", h2k_errmsg());
            return 1;
        }
        printf("%" PRIu64 " %" PRIu64 " %s\n", e.offset, e.length,
               names[e.kind]);
        at += e.length;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    unsigned threads = 1;
    uint64_t seed = 0;
    const char *format = NULL;
    bool extents = false, info_only = false;
    int option;
    while ((option = getopt(argc, argv, "t:r:f:ei")) != -1)
        switch (option) {
        case 't':
            threads = (unsigned)atoi(optarg);
            break;
        case 'r':
            seed = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            format = optarg;
            break;
        case 'e':
            extents = true;
            break;
        case 'i':
            info_only = true;
            break;
        default:
            return 2;
        }
    if (optind >= argc || threads < 1 || threads > 64)
        return 2;
    struct h2k_image_info info;
    H2K_AUTO(h2k_block)
    disk = h2k_image_open(argv[optind], format, NULL, &info, NULL);
    if (disk == NULL) {
        fprintf(stderr, "%s\n", h2k_errmsg());
        return 1;
    }
    if (info_only) {
        printf("%s %s %" PRIu64 " %" PRIu32 " %s\n", info.format,
               info.variant[0] != '\0' ? info.variant : "-", info.virtual_size,
               info.granularity, info.compressed ? "compressed" : "plain");
        return 0;
    }
    if (extents)
        return print_extents(disk);
    return optind + 1 < argc ? copy(disk, argv[optind + 1], threads, seed) : 2;
}
