/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is rare: bzip2 and lz4, by libarchive's filters. */
#include "base/error.h"
#include "guest/boot/unpack.h"

#include <archive.h>
#include <archive_entry.h>

/* LZ4's legacy frame: this magic, then blocks with their compressed size in
 * front (lz4_Frame_format.md, "Legacy frame").  Nothing marks its end. */
#define LZ4_MAGIC 0x184c2102
/* LZ4_COMPRESSBOUND of a block's 8 MiB. */
#define LZ4_BLOCK_MAX ((8u << 20) + (8u << 20) / 255 + 16)
/* Every block but a frame's last decodes to 8 MiB. */
#define LZ4_BLOCKS_MAX 4096

struct archive_state {
    struct archive *archive;
    struct h2k_unpack_input *input;
    uint64_t begin;   /* of the stream in the block */
    uint64_t taken;   /* given to libarchive */
    uint64_t allowed; /* how much it may have: to the frame's end */
    bool started;
};

/* The end of the lz4 frame, or of several one after another, at START: as
 * the kernel does (lib/decompress_unlz4.c), it ends at a size of 0, and here
 * also at one that no block can have. */
static int
lz4_length(struct h2k_block *block, uint64_t start, uint64_t *length)
{
    uint64_t at = start, size = h2k_block_size(block);
    uint8_t bytes[4];
    for (int i = 0; i < LZ4_BLOCKS_MAX; i++) {
        if (!h2k_range_inside(at, sizeof(bytes), size))
            break;
        if (h2k_block_pread(block, bytes, sizeof(bytes), at) < 0)
            return -1;
        uint32_t n = h2k_get_le32(bytes);
        if (n == LZ4_MAGIC)
            n = 0;
        else if (n == 0 || n > LZ4_BLOCK_MAX ||
                 !h2k_range_inside(at + 4, n, size))
            break;
        at += 4 + n;
    }
    *length = at - start;
    return 0;
}

static la_ssize_t
feed(struct archive *archive, void *opaque, const void **bytes)
{
    struct archive_state *s = opaque;
    (void)archive;
    /* All that was given is used up when more is asked for. */
    s->input->at = s->input->filled;
    if (h2k_unpack_fill(s->input) < 0)
        return ARCHIVE_FATAL;
    size_t n = (size_t)h2k_min_u64(s->input->filled - s->input->at,
                                   s->allowed - s->taken);
    *bytes = s->input->bytes + s->input->at;
    s->taken += n;
    return (la_ssize_t)n;
}

static void
archive_close(void *opaque)
{
    struct archive_state *s = opaque;
    archive_read_free(s->archive);
    free(s);
}

/* libarchive may run a program where it was built without the library; then
 * it says ARCHIVE_WARN, and we do without. */
static int
add_filter(struct archive *archive, enum h2k_compression compression)
{
    int rc = compression == H2K_COMPRESSION_LZ4
                 ? archive_read_support_filter_lz4(archive)
                 : archive_read_support_filter_bzip2(archive);
    if (rc != ARCHIVE_OK)
        return h2k_fail(H2K_E_COMPONENT, "libarchive was built without %s",
                        h2k_compression_name(compression));
    archive_read_support_format_raw(archive);
    return 0;
}

static void *
archive_open_state(struct h2k_unpack_input *input,
                   enum h2k_compression compression)
{
    struct archive_state *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    s->input = input;
    s->begin = input->next;
    s->allowed = UINT64_MAX;
    s->archive = archive_read_new();
    if (s->archive == NULL) {
        free(s);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    if (add_filter(s->archive, compression) < 0 ||
        (compression == H2K_COMPRESSION_LZ4 &&
         lz4_length(input->block, input->next, &s->allowed) < 0)) {
        archive_close(s);
        return NULL;
    }
    return s;
}

/* The first read: which libarchive does when it is opened. */
static int
archive_start(struct archive_state *s)
{
    struct archive_entry *entry;
    s->started = true;
    if (archive_read_open(s->archive, s, NULL, feed, NULL) != ARCHIVE_OK ||
        archive_read_next_header(s->archive, &entry) != ARCHIVE_OK ||
        archive_filter_count(s->archive) < 2)
        return h2k_fail(H2K_E_CORRUPT, "the compressed data is damaged");
    return 0;
}

/* The stream took less than what libarchive was given. */
static void
put_back(struct archive_state *s)
{
    int64_t used = archive_filter_bytes(s->archive, -1);
    uint64_t taken = used < 0 ? s->taken : (uint64_t)used;
    if (s->allowed != UINT64_MAX)
        taken = s->allowed;
    s->input->next = s->begin + taken;
    s->input->at = s->input->filled = 0;
}

static int
archive_decode(void *opaque, struct h2k_unpack_input *input, uint8_t *out,
               size_t size, size_t *got, bool *end)
{
    struct archive_state *s = opaque;
    (void)input;
    if (!s->started && archive_start(s) < 0)
        return -1;
    la_ssize_t n = archive_read_data(s->archive, out, size);
    if (n < 0)
        return h2k_fail(H2K_E_CORRUPT, "the compressed data is damaged");
    *got = (size_t)n;
    *end = n == 0;
    if (*end)
        put_back(s);
    return 0;
}

const struct h2k_decoder_ops h2k_decoder_archive = {
    .open = archive_open_state,
    .decode = archive_decode,
    .close = archive_close,
};
