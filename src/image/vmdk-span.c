/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A disk of several extents in a row, each in a file beside the descriptor. */
#include "image/vmdk.h"

#include "base/checked.h"
#include "base/error.h"
#include "block/slice.h"
#include "image/image.h"

#include <inttypes.h>
#include <string.h>

struct piece {
    uint64_t offset, length;
    struct h2k_block *block; /* NULL: reads as zeros */
    char *name;
};

struct span {
    struct piece *pieces;
    size_t count;
};

/* What the pieces' files came to. */
struct sums {
    uint64_t file_size;
    uint32_t granularity;
    bool compressed;
};

static void
span_close(void *state)
{
    struct span *span = state;
    for (size_t i = 0; i < span->count; i++) {
        h2k_block_unref(span->pieces[i].block);
        free(span->pieces[i].name);
    }
    free(span->pieces);
    free(span);
}

static const struct piece *
piece_at(const struct span *span, uint64_t offset)
{
    size_t low = 0, high = span->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (span->pieces[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return &span->pieces[low];
}

static int
span_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    uint8_t *at = buffer;
    while (count > 0) {
        const struct piece *p = piece_at(state, offset);
        uint64_t inside = offset - p->offset;
        size_t n = (size_t)h2k_min_u64(count, p->length - inside);
        if (p->block == NULL)
            memset(at, 0, n);
        else if (h2k_block_pread(p->block, at, n, inside) < 0)
            return h2k_prefix("%s: ", p->name);
        at += n;
        offset += n;
        count -= n;
    }
    return 0;
}

static int
span_extent(void *state, uint64_t offset, uint64_t length,
            struct h2k_extent *out)
{
    const struct piece *p = piece_at(state, offset);
    uint64_t inside = offset - p->offset;
    out->length = h2k_min_u64(length, p->length - inside);
    if (p->block == NULL) {
        out->kind = H2K_EXTENT_ZERO;
        return 0;
    }
    if (h2k_block_extent(p->block, inside, out->length, out) < 0)
        return h2k_prefix("%s: ", p->name);
    out->offset = offset;
    return 0;
}

static const struct h2k_block_ops span_ops = {
    .name = "vmdk",
    .close = span_close,
    .pread = span_pread,
    .extent = span_extent,
};

static struct h2k_block *
open_flat(struct h2k_block *file, const struct h2k_vmdk_extent *e)
{
    uint64_t offset = e->offset * H2K_VMDK_SECTOR;
    uint64_t length = e->sectors * H2K_VMDK_SECTOR;
    uint64_t size = h2k_block_size(file);
    if (!h2k_range_inside(offset, length, size))
        return h2k_fail_null(H2K_E_CORRUPT,
                             "cut short at byte %" PRIu64 " of an expected "
                             "%" PRIu64,
                             size, offset + length);
    return h2k_slice_new(file, offset, length);
}

static struct h2k_block *
open_sparse(struct h2k_block *file, const struct h2k_vmdk_extent *e,
            struct sums *sums)
{
    struct h2k_vmdk_header header;
    if (h2k_vmdk_header_read(file, &header) < 0)
        return NULL;
    if (header.capacity < e->sectors)
        return h2k_fail_null(H2K_E_CORRUPT,
                             "holds %" PRIu64 " sectors, the descriptor says "
                             "%" PRIu64,
                             header.capacity, e->sectors);
    H2K_AUTO(h2k_block) disk = h2k_vmdk_sparse_open(file, &header);
    uint32_t grain = (uint32_t)header.grain_size * H2K_VMDK_SECTOR;
    if (grain > sums->granularity)
        sums->granularity = grain;
    sums->compressed |= header.compressed;
    return disk == NULL ? NULL
                        : h2k_slice_new(disk, 0, e->sectors * H2K_VMDK_SECTOR);
}

static struct h2k_block *
open_extent(const struct h2k_vmdk_extent *e,
            const struct h2k_image_options *options, struct sums *sums)
{
    if (options->archive == NULL && options->dirfd < 0)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "its data is in the file '%s' beside it, which "
                             "cannot be reached from here",
                             e->file);
    H2K_AUTO(h2k_block) file = h2k_image_open_beside(options, e->file);
    if (file == NULL && h2k_errcode() == H2K_E_NOENT)
        return h2k_fail_null(H2K_E_SOURCE,
                             "its data is in the file '%s' beside it, which "
                             "is not there: copy it there too",
                             e->file);
    if (file == NULL)
        return NULL;
    sums->file_size += h2k_block_size(file);
    struct h2k_block *block = e->type == H2K_VMDK_FLAT
                                  ? open_flat(file, e)
                                  : open_sparse(file, e, sums);
    if (block == NULL)
        h2k_prefix("%s: ", e->file);
    return block;
}

static int
add_piece(struct span *span, const struct h2k_vmdk_extent *e,
          const struct h2k_image_options *options, struct sums *sums)
{
    struct piece *last =
        span->count == 0 ? NULL : &span->pieces[span->count - 1];
    struct piece *piece = &span->pieces[span->count];
    *piece = (struct piece){
        .offset = last == NULL ? 0 : last->offset + last->length,
        .length = e->sectors * H2K_VMDK_SECTOR,
    };
    if (e->type == H2K_VMDK_ZERO) {
        span->count++;
        return 0;
    }
    piece->block = open_extent(e, options, sums);
    if (piece->block == NULL)
        return -1;
    span->count++;
    piece->name = strdup(e->file);
    return piece->name != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

struct h2k_block *
h2k_vmdk_span_open(const struct h2k_vmdk_descriptor *d,
                   const struct h2k_image_options *options,
                   uint64_t *file_size, uint32_t *granularity,
                   bool *compressed)
{
    struct sums sums = { .granularity = H2K_VMDK_SECTOR };
    struct span *span = calloc(1, sizeof(*span));
    if (span != NULL)
        span->pieces = calloc(d->extent_count, sizeof(*span->pieces));
    if (span == NULL || span->pieces == NULL) {
        free(span);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < d->extent_count; i++)
        if (add_piece(span, &d->extents[i], options, &sums) < 0) {
            span_close(span);
            return NULL;
        }
    *file_size = sums.file_size;
    *granularity = sums.granularity;
    *compressed = sums.compressed;
    return h2k_block_new(&span_ops, span, d->sectors * H2K_VMDK_SECTOR, false);
}
