/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is given out for a new qcow2 never overlaps, and what is written to
 * it is there in the end, however pieces, gaps and flushes fall. */
#include "base/cleanup.h"
#include "base/endian.h"
#include "image/qcow2-layout.h"

#include "tap.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct pieces {
    struct h2k_writer_file file;
    struct h2k_qcow2_layout layout;
    uint8_t *model; /* what the file must hold */
    uint8_t *taken; /* of each byte: whether it was given out */
    size_t size;
    uint16_t *counts; /* of each host cluster */
    uint32_t seed;
    bool good;
};

static uint32_t
next_random(struct pieces *p)
{
    p->seed = p->seed * 1664525 + 1013904223;
    return p->seed >> 8;
}

/* SIZE bytes at OFFSET were given out; the first of them are written. */
static int
fill(struct pieces *p, uint64_t offset, size_t room, size_t size)
{
    uint8_t value = (uint8_t)(next_random(p) % 255 + 1);
    if (offset + room > p->size || memchr(p->taken + offset, 1, room) != NULL)
        p->good = false;
    if (!p->good)
        return -1;
    memset(p->taken + offset, 1, room);
    memset(p->model + offset, value, size);
    h2k_autofree void *bytes = malloc(size);
    memset(bytes, value, size);
    return h2k_qcow2_layout_write(&p->layout, bytes, size, offset);
}

static int
one_piece(struct pieces *p, uint32_t bits)
{
    uint64_t offset = 0;
    uint32_t cluster = UINT32_C(1) << bits, kind = next_random(p) % 4;
    uint32_t size = next_random(p) % (cluster - 1) + 1;
    if (kind > 0) {
        size = kind == 1 ? size / 16 + 1 : size;
        if (h2k_qcow2_layout_bytes(&p->layout, size, &offset) < 0)
            return -1;
        uint64_t last = (offset + size - 1) >> bits;
        for (uint64_t i = offset >> bits; i <= last; i++)
            p->counts[i]++;
        return fill(p, offset, size, size);
    }
    uint32_t count = next_random(p) % 50 == 0 ? (1 << 20 >> bits) + 1 : 1;
    if (h2k_qcow2_layout_clusters(&p->layout, count, &offset) < 0)
        return -1;
    for (uint64_t i = 0; i < count; i++)
        p->counts[(offset >> bits) + i]++;
    size_t room = (size_t)count << bits;
    return fill(p, offset, room,
                next_random(p) % 2 == 0 ? room : next_random(p) % room + 1);
}

/* Each host cluster's refcount is how often it was given out, and one for
 * those that the layout took for itself. */
static bool
counts_agree(const struct pieces *p, const uint8_t *file, size_t size,
             uint64_t table, uint32_t bits)
{
    bool good = true;
    uint32_t per_block = (1u << bits) / 2;
    for (uint64_t i = 0; i < size >> bits; i++) {
        uint64_t block = h2k_get_be64(file + table + i / per_block * 8);
        uint16_t stored = h2k_get_be16(file + block + i % per_block * 2);
        good = good && stored == (p->counts[i] == 0 ? 1 : p->counts[i]);
    }
    return good;
}

static bool
file_agrees(const struct pieces *p, uint64_t table, uint32_t bits)
{
    struct stat st;
    if (fstat(p->file.fd, &st) < 0 || (size_t)st.st_size > p->size)
        return false;
    size_t size = (size_t)st.st_size;
    uint8_t *file = mmap(NULL, size, PROT_READ, MAP_SHARED, p->file.fd, 0);
    bool good = file != MAP_FAILED;
    /* What was never given out is the layout's own. */
    for (size_t i = 0; good && i < size; i++)
        if (p->taken[i])
            good = file[i] == p->model[i];
    good = good && counts_agree(p, file, size, table, bits);
    munmap(file, size);
    return good;
}

static void
test_random(uint32_t bits, size_t size, unsigned rounds)
{
    bool good = true;
    for (unsigned round = 0; good && round < rounds; round++) {
        int fd = memfd_create("layout", MFD_CLOEXEC), rc = 0;
        struct pieces p = { .size = 2 * size + (8 << bits),
                            .seed = round + bits,
                            .good = true };
        uint64_t table = 0;
        uint32_t clusters = 0;
        h2k_writer_file_init(&p.file, fd, size);
        p.model = calloc(1, p.size);
        p.taken = calloc(1, p.size);
        p.counts = calloc((p.size >> bits) + 1, sizeof(*p.counts));
        rc = h2k_qcow2_layout_init(&p.layout, &p.file, bits);
        while (rc == 0 && p.layout.next << bits < size)
            rc = one_piece(&p, bits);
        if (rc == 0)
            rc = h2k_qcow2_layout_finish(&p.layout, &table, &clusters);
        good = rc == 0 && p.good && file_agrees(&p, table, bits);
        h2k_qcow2_layout_clear(&p.layout);
        h2k_writer_file_clear(&p.file);
        close(fd);
        free(p.model);
        free(p.taken);
        free(p.counts);
    }
    ok(good, "random pieces, clusters of 2^%u bytes", bits);
}

int
main(void)
{
    test_random(9, (size_t)5 << 20, 12);
    test_random(12, (size_t)7 << 20, 4);
    test_random(14, (size_t)12 << 20, 3);
    test_random(16, (size_t)12 << 20, 3);
    test_random(21, (size_t)40 << 20, 2);
    return tap_done();
}
