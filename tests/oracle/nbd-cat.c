/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A disk of an NBD server, for comparing:  nbd-cat [-e | -i] URI [OUT]
 *
 * Four threads read it in pieces of odd sizes into OUT; -e prints the
 * extents, those of one kind joined; -i reads on until it is interrupted.
 */
#include "base/error.h"
#include "base/interrupt.h"
#include "block/nbd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE 123457
#define THREADS 4

struct job {
    struct h2k_block *disk;
    int out;
    atomic_uint_fast64_t next;
    atomic_bool failed;
};

static void *
work(void *opaque)
{
    struct job *job = opaque;
    uint64_t size = h2k_block_size(job->disk), at;
    char *buffer = malloc(PIECE);
    while (!job->failed && (at = atomic_fetch_add(&job->next, PIECE)) < size) {
        size_t count = size - at < PIECE ? (size_t)(size - at) : PIECE;
        if (h2k_block_pread(job->disk, buffer, count, at) < 0) {
            fprintf(stderr, "%s\n", h2k_errmsg());
            job->failed = true;
        } else if (pwrite(job->out, buffer, count, (off_t)at) !=
                   (ssize_t)count) {
            perror("pwrite");
            job->failed = true;
        }
    }
    free(buffer);
    return NULL;
}

static int
copy(struct h2k_block *disk, const char *path)
{
    struct job job = { .disk = disk };
    pthread_t ids[THREADS];
    job.out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&ids[i], NULL, work, &job);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    close(job.out);
    return job.failed ? 1 : 0;
}

static int
print_extents(struct h2k_block *disk)
{
    static const char *const names[] = { "data", "zero", "absent" };
    uint64_t size = h2k_block_size(disk), begin = 0, at = 0;
    enum h2k_extent_kind kind = H2K_EXTENT_DATA;
    while (at < size) {
        struct h2k_extent e;
        if (h2k_block_extent(disk, at, size - at, &e) < 0) {
            fprintf(stderr, "%s\n", h2k_errmsg());
            return 1;
        }
        if (at > begin && e.kind != kind) {
            printf("%" PRIu64 " %" PRIu64 " %s\n", begin, at, names[kind]);
            begin = at;
        }
        kind = e.kind;
        at += e.length;
    }
    if (size > 0)
        printf("%" PRIu64 " %" PRIu64 " %s\n", begin, size, names[kind]);
    return 0;
}

static void
on_signal(int signal)
{
    (void)signal;
    h2k_interrupt();
}

static int
read_on(struct h2k_block *disk)
{
    char byte[512];
    signal(SIGALRM, on_signal);
    alarm(1);
    while (h2k_block_pread(disk, byte, sizeof(byte), 0) == 0)
        ;
    fprintf(stderr, "%s\n", h2k_errmsg());
    return 1;
}

int
main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    bool option = argv[1][0] == '-';
    H2K_AUTO(h2k_block) disk = h2k_nbd_open(argv[option ? 2 : 1]);
    if (disk == NULL) {
        fprintf(stderr, "%s\n", h2k_errmsg());
        return 1;
    }
    if (!option)
        return copy(disk, argv[2]);
    return argv[1][1] == 'e' ? print_extents(disk) : read_on(disk);
}
