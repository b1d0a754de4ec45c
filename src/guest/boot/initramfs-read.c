/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Splitting an initramfs into its archives, and listing each. */
#include "base/error.h"
#include "guest/boot/cpio.h"
#include "guest/boot/initramfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

struct reader {
    struct h2k_initramfs *out;
    struct h2k_block *file;
    size_t capacity;
    uint64_t unpacked, names; /* bytes so far, against the limits */
    uint64_t offset;          /* of the archive that is read */
};

/* What stops the reading and is no error of ours goes into `problem`, and
 * the value is 1. */
__attribute__((format(printf, 2, 3))) static int
give_up(struct reader *r, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(r->out->problem, sizeof(r->out->problem), format, ap);
    va_end(ap);
    return 1;
}

/* An error from decoding: damage is a problem, the rest stays an error. */
static int
decoding_failed(struct reader *r)
{
    enum h2k_errcode code = h2k_errcode();
    if (code != H2K_E_CORRUPT && code != H2K_E_UNSUPPORTED &&
        code != H2K_E_COMPONENT)
        return -1;
    return give_up(r, "the archive at %llu: %s", (unsigned long long)r->offset,
                   h2k_errmsg());
}

/* ---- One archive ---- */

static int
add_entry(struct reader *r, const struct h2k_cpio_header *header, char *name,
          char *target)
{
    struct h2k_initramfs *out = r->out;
    while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
        name += name[0] == '/' ? 1 : 2;
    if (name[0] == '\0' || strcmp(name, ".") == 0)
        return 0;
    r->names += strlen(name) + (target == NULL ? 0 : strlen(target));
    if (out->entry_count >= H2K_INITRAMFS_ENTRIES_MAX ||
        r->names > H2K_INITRAMFS_NAMES_MAX)
        return give_up(r, "more than %d files", H2K_INITRAMFS_ENTRIES_MAX);
    if (out->entry_count == r->capacity) {
        size_t capacity = r->capacity == 0 ? 1024 : r->capacity * 2;
        struct h2k_initramfs_entry *entries =
            reallocarray(out->entries, capacity, sizeof(*entries));
        if (entries == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        out->entries = entries;
        r->capacity = capacity;
    }
    struct h2k_initramfs_entry *entry = &out->entries[out->entry_count];
    *entry = (struct h2k_initramfs_entry){
        .name = strdup(name),
        .target = target == NULL ? NULL : strdup(target),
        .mode = header->mode,
    };
    out->entry_count++;
    if (entry->name == NULL || (target != NULL && entry->target == NULL))
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}

/* COUNT bytes, or the archive ends early. */
static int
take(struct reader *r, struct h2k_unpack *u, void *bytes, size_t count)
{
    size_t got;
    if (h2k_unpack_read(u, bytes, count, &got) < 0)
        return decoding_failed(r);
    return got == count ? 0
                        : give_up(r, "the archive at %llu ends early",
                                  (unsigned long long)r->offset);
}

static int
pass(struct reader *r, struct h2k_unpack *u, uint64_t count)
{
    uint64_t passed;
    if (r->unpacked + h2k_unpack_produced(u) + count >
        H2K_INITRAMFS_UNPACKED_MAX)
        return give_up(r, "more than %llu MiB when unpacked",
                       (unsigned long long)H2K_INITRAMFS_UNPACKED_MAX >> 20);
    if (h2k_unpack_skip(u, count, &passed) < 0)
        return decoding_failed(r);
    return passed == count ? 0
                           : give_up(r, "the archive at %llu ends early",
                                     (unsigned long long)r->offset);
}

/* Zeros from where the stream stands to a multiple of 4 bytes. */
static int
pass_padding(struct reader *r, struct h2k_unpack *u, uint64_t begin)
{
    uint64_t at = h2k_unpack_produced(u) - begin;
    return pass(r, u, h2k_align_up(at, 4) - at);
}

/* The entry behind HEADER: 2 for the trailer. */
static int
read_entry(struct reader *r, struct h2k_unpack *u, uint64_t begin,
           const struct h2k_cpio_header *header)
{
    char name[H2K_CPIO_NAME_MAX], target[H2K_CPIO_NAME_MAX];
    char *link = NULL;
    int rc = take(r, u, name, header->name_size);
    if (rc != 0)
        return rc;
    if (name[header->name_size - 1] != '\0')
        return give_up(r, "a file name without an end");
    if (strcmp(name, H2K_CPIO_TRAILER) == 0)
        return 2;
    if ((rc = pass_padding(r, u, begin)) != 0)
        return rc;
    uint32_t left = header->file_size;
    if (S_ISLNK(header->mode) && left < sizeof(target)) {
        if ((rc = take(r, u, target, left)) != 0)
            return rc;
        target[left] = '\0';
        left = 0;
        link = target;
    }
    if ((rc = pass(r, u, left)) != 0 || (rc = pass_padding(r, u, begin)) != 0)
        return rc;
    return add_entry(r, header, name, link);
}

/* Entries until the trailer.  The stream stands behind a header that is in
 * BYTES; padding counts from BEGIN of the stream. */
static int
read_archive(struct reader *r, struct h2k_unpack *u, uint64_t begin,
             uint8_t bytes[H2K_CPIO_HEADER])
{
    for (;;) {
        struct h2k_cpio_header header;
        if (!h2k_cpio_parse(h2k_view_of(bytes, H2K_CPIO_HEADER), &header))
            return give_up(r, "no cpio header where one should be");
        int rc = read_entry(r, u, begin, &header);
        if (rc != 0)
            return rc == 2 ? 0 : rc;
        if ((rc = take(r, u, bytes, H2K_CPIO_HEADER)) != 0)
            return rc;
    }
}

/* ---- The archives of a stream ---- */

/* Zeros, of any number; the first other byte in *FOUND.  0 at the stream's
 * end, 1 for a byte, -1 an error, 2 a problem. */
static int
pass_zeros(struct reader *r, struct h2k_unpack *u, uint8_t *found)
{
    for (;;) {
        size_t got;
        if (r->unpacked + h2k_unpack_produced(u) > H2K_INITRAMFS_UNPACKED_MAX)
            return give_up(r, "too many zeros") + 1;
        if (h2k_unpack_read(u, found, 1, &got) < 0)
            return decoding_failed(r) < 0 ? -1 : 2;
        if (got == 0)
            return 0;
        if (*found != 0)
            return 1;
    }
}

/* A compressed stream to its end: archives with zeros between them. */
static int
read_stream(struct reader *r, struct h2k_unpack *u)
{
    for (;;) {
        uint8_t bytes[H2K_CPIO_HEADER];
        int rc = pass_zeros(r, u, bytes);
        if (rc != 1)
            return rc == 2 ? 1 : rc;
        uint64_t begin = h2k_unpack_produced(u) - 1;
        if (begin % 4 != 0)
            return give_up(r, "an archive that is not aligned");
        if ((rc = take(r, u, bytes + 1, sizeof(bytes) - 1)) != 0 ||
            (rc = read_archive(r, u, begin, bytes)) != 0)
            return rc;
    }
}

/* A plain archive: it ends behind its trailer. */
static int
read_plain(struct reader *r, struct h2k_unpack *u)
{
    uint8_t bytes[H2K_CPIO_HEADER];
    int rc = take(r, u, bytes, sizeof(bytes));
    return rc != 0 ? rc : read_archive(r, u, 0, bytes);
}

static int
read_segment(struct reader *r, struct h2k_initramfs_segment *segment)
{
    size_t entries = r->out->entry_count;
    r->offset = segment->offset;
    H2K_AUTO(h2k_unpack)
    u = h2k_unpack_new(r->file, segment->offset, segment->compression);
    if (u == NULL)
        return decoding_failed(r);
    int rc = segment->compression == H2K_COMPRESSION_NONE ? read_plain(r, u)
                                                          : read_stream(r, u);
    segment->length = h2k_unpack_consumed(u);
    segment->unpacked = h2k_unpack_produced(u);
    segment->entries = r->out->entry_count - entries;
    r->unpacked += segment->unpacked;
    return rc;
}

/* ---- The file ---- */

/* The next byte of the file that is not zero, from *AT on. */
static int
find_next(struct h2k_block *file, uint64_t *at)
{
    uint8_t bytes[4096];
    uint64_t size = h2k_block_size(file);
    while (*at < size) {
        size_t n = (size_t)h2k_min_u64(sizeof(bytes), size - *at);
        if (h2k_block_pread(file, bytes, n, *at) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            if (bytes[i] != 0) {
                *at += i;
                return 0;
            }
        *at += n;
    }
    return 0;
}

static struct h2k_initramfs_segment *
add_segment(struct h2k_initramfs *out, uint64_t offset)
{
    struct h2k_initramfs_segment *segments =
        reallocarray(out->segments, out->segment_count + 1, sizeof(*segments));
    if (segments == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    out->segments = segments;
    segments[out->segment_count] =
        (struct h2k_initramfs_segment){ .offset = offset };
    return &segments[out->segment_count++];
}

/* The segment at OFFSET, by its first bytes (init/initramfs.c,
 * unpack_to_rootfs). */
static int
read_at(struct reader *r, uint64_t offset)
{
    uint8_t bytes[6];
    if (!h2k_range_inside(offset, sizeof(bytes), r->out->size))
        return give_up(r, "a few odd bytes at %llu",
                       (unsigned long long)offset);
    if (h2k_block_pread(r->file, bytes, sizeof(bytes), offset) < 0)
        return -1;
    struct h2k_view start = h2k_view_of(bytes, sizeof(bytes));
    bool plain = memcmp(bytes, "07070", 5) == 0;
    if (plain && offset % 4 != 0)
        return give_up(r, "an archive at %llu, which is not aligned",
                       (unsigned long long)offset);
    enum h2k_compression compression = h2k_compression_detect(start);
    if (!plain && compression == H2K_COMPRESSION_NONE)
        return give_up(r, "something unknown at %llu of %llu bytes",
                       (unsigned long long)offset,
                       (unsigned long long)r->out->size);
    if (r->out->segment_count == H2K_INITRAMFS_SEGMENTS_MAX)
        return give_up(r, "more than %d archives", H2K_INITRAMFS_SEGMENTS_MAX);
    struct h2k_initramfs_segment *segment = add_segment(r->out, offset);
    if (segment == NULL)
        return -1;
    segment->compression = compression;
    return read_segment(r, segment);
}

static int
read_file(struct reader *r)
{
    uint64_t at = 0;
    if (r->out->size > H2K_INITRAMFS_SIZE_MAX) {
        give_up(r, "it has %llu bytes", (unsigned long long)r->out->size);
        return 0;
    }
    for (;;) {
        if (find_next(r->file, &at) < 0)
            return -1;
        if (at == r->out->size)
            return 0;
        int rc = read_at(r, at);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        at += r->out->segments[r->out->segment_count - 1].length;
    }
}

/* ---- By name ---- */

static int
compare_entries(const void *a, const void *b)
{
    const struct h2k_initramfs_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void
free_entry(struct h2k_initramfs_entry *entry)
{
    free(entry->name);
    free(entry->target);
}

/* A later entry replaces an earlier one of its name: the sort must not mix
 * equal ones, and glibc's qsort may, so their order is compared too. */
struct ordered {
    struct h2k_initramfs_entry entry;
    size_t order;
};

static int
compare_ordered(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    int rc = strcmp(x->entry.name, y->entry.name);
    return rc != 0 ? rc : (x->order < y->order ? -1 : 1);
}

static int
sort_entries(struct h2k_initramfs *out)
{
    size_t n = out->entry_count, kept = 0;
    if (n == 0)
        return 0;
    h2k_autofree struct ordered *all = calloc(n, sizeof(*all));
    if (all == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        all[i] = (struct ordered){ out->entries[i], i };
    qsort(all, n, sizeof(*all), compare_ordered);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && strcmp(all[i].entry.name, all[i + 1].entry.name) == 0)
            free_entry(&all[i].entry);
        else
            out->entries[kept++] = all[i].entry;
    }
    out->entry_count = kept;
    return 0;
}

const struct h2k_initramfs_entry *
h2k_initramfs_find(const struct h2k_initramfs *initramfs, const char *name)
{
    struct h2k_initramfs_entry key = { .name = (char *)name };
    if (initramfs->entry_count == 0)
        return NULL;
    return bsearch(&key, initramfs->entries, initramfs->entry_count,
                   sizeof(key), compare_entries);
}

struct h2k_initramfs *
h2k_initramfs_read(struct h2k_block *file)
{
    H2K_AUTO(h2k_initramfs) out = calloc(1, sizeof(*out));
    if (out == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    out->size = h2k_block_size(file);
    struct reader reader = { .out = out, .file = file };
    if (read_file(&reader) < 0 || sort_entries(out) < 0)
        return NULL;
    if (out->segment_count == 0 && out->problem[0] == '\0')
        snprintf(out->problem, sizeof(out->problem), "it is empty");
    return h2k_steal(out);
}

void
h2k_initramfs_free(struct h2k_initramfs *initramfs)
{
    if (initramfs == NULL)
        return;
    for (size_t i = 0; i < initramfs->entry_count; i++)
        free_entry(&initramfs->entries[i]);
    free(initramfs->entries);
    free(initramfs->segments);
    free(initramfs);
}
