/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/qcow2-decode.h"

#include "base/checked.h"
#include "base/error.h"
#include "image/inflate.h"
#include "image/qcow2-format.h"

#include <inttypes.h>
#include <pthread.h>
#include <zstd.h>

struct decoder {
    struct decoder *next;
    ZSTD_DCtx *zstd; /* NULL for deflate */
    uint8_t *in;     /* room for the longest compressed cluster */
};

struct h2k_qcow2_decoders {
    struct h2k_block *file;
    const struct h2k_qcow2_header *header;
    pthread_mutex_t lock;
    struct decoder *idle;
};

struct h2k_qcow2_decoders *
h2k_qcow2_decoders_new(struct h2k_block *file,
                       const struct h2k_qcow2_header *header)
{
    struct h2k_qcow2_decoders *d = malloc(sizeof(*d));
    if (d == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    *d = (struct h2k_qcow2_decoders){ .file = file, .header = header };
    pthread_mutex_init(&d->lock, NULL);
    return d;
}

static void
decoder_free(struct decoder *decoder)
{
    ZSTD_freeDCtx(decoder->zstd);
    free(decoder->in);
    free(decoder);
}

void
h2k_qcow2_decoders_free(struct h2k_qcow2_decoders *decoders)
{
    if (decoders == NULL)
        return;
    for (struct decoder *at = decoders->idle, *next; at != NULL; at = next) {
        next = at->next;
        decoder_free(at);
    }
    pthread_mutex_destroy(&decoders->lock);
    free(decoders);
}

/* The descriptor's count of sectors has cluster_bits - 8 bits. */
static size_t
compressed_size_max(const struct h2k_qcow2_header *header)
{
    return (size_t)QCOW2_SECTOR << (header->cluster_bits - 8);
}

static struct decoder *
decoder_new(const struct h2k_qcow2_header *header)
{
    struct decoder *decoder = malloc(sizeof(*decoder));
    if (decoder == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    *decoder = (struct decoder){
        .zstd = header->zstd ? ZSTD_createDCtx() : NULL,
        .in = malloc(compressed_size_max(header)),
    };
    if (decoder->in == NULL || (header->zstd && decoder->zstd == NULL)) {
        decoder_free(decoder);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory for decompressing");
    }
    return decoder;
}

static struct decoder *
decoder_take(struct h2k_qcow2_decoders *d)
{
    pthread_mutex_lock(&d->lock);
    struct decoder *decoder = d->idle;
    if (decoder != NULL)
        d->idle = decoder->next;
    pthread_mutex_unlock(&d->lock);
    return decoder != NULL ? decoder : decoder_new(d->header);
}

static void
decoder_return(struct h2k_qcow2_decoders *d, struct decoder *decoder)
{
    pthread_mutex_lock(&d->lock);
    decoder->next = d->idle;
    d->idle = decoder;
    pthread_mutex_unlock(&d->lock);
}

/* What follows the frame in its last sector is another cluster's, so that
 * the frame's own end is looked for first.  A frame is decoded in one call,
 * whatever window it declares: no memory but OUT is needed. */
static int
unzstd(struct decoder *decoder, size_t in_size, void *out, size_t capacity,
       size_t *produced)
{
    size_t frame = ZSTD_findFrameCompressedSize(decoder->in, in_size);
    if (!ZSTD_isError(frame)) {
        frame = ZSTD_decompressDCtx(decoder->zstd, out, capacity, decoder->in,
                                    frame);
        *produced = frame;
    }
    if (ZSTD_isError(frame))
        return h2k_fail(H2K_E_CORRUPT, "the zstd data is invalid: %s",
                        ZSTD_getErrorName(frame));
    return 0;
}

static int
decompress(struct decoder *decoder, size_t in_size, void *out,
           size_t cluster_size)
{
    size_t produced = 0;
    int rc = decoder->zstd != NULL
                 ? unzstd(decoder, in_size, out, cluster_size, &produced)
                 : h2k_inflate(H2K_INFLATE_RAW, decoder->in, in_size, out,
                               cluster_size, &produced);
    if (rc == 0 && produced != cluster_size)
        return h2k_fail(H2K_E_CORRUPT,
                        "it has %zu bytes, where a cluster has %zu", produced,
                        cluster_size);
    return rc;
}

void
h2k_qcow2_compressed_range(const struct h2k_qcow2_header *header,
                           uint64_t entry, uint64_t *offset, uint64_t *size)
{
    unsigned shift = qcow2_compressed_shift(header->cluster_bits);
    uint64_t descriptor = entry & ~(QCOW2_L2_COMPRESSED | QCOW2_ENTRY_COPIED);
    *offset = descriptor & ((UINT64_C(1) << shift) - 1);
    *size =
        ((descriptor >> shift) + 1) * QCOW2_SECTOR - *offset % QCOW2_SECTOR;
}

/* The file can end within the last sector of its last cluster. */
int
h2k_qcow2_decode(struct h2k_qcow2_decoders *decoders, uint64_t entry,
                 void *out)
{
    uint64_t offset = 0, size = 0;
    uint64_t file_size = h2k_block_size(decoders->file);
    h2k_qcow2_compressed_range(decoders->header, entry, &offset, &size);
    if (offset >= file_size)
        return h2k_fail(H2K_E_CORRUPT,
                        "its compressed bytes, at byte %" PRIu64
                        ", lie beyond the file's end, at %" PRIu64,
                        offset, file_size);
    size = h2k_min_u64(size, file_size - offset);
    struct decoder *decoder = decoder_take(decoders);
    if (decoder == NULL)
        return -1;
    int rc =
        h2k_block_pread(decoders->file, decoder->in, (size_t)size, offset);
    if (rc == 0 && decompress(decoder, (size_t)size, out,
                              decoders->header->cluster_size) < 0)
        rc = h2k_prefix("at byte %" PRIu64 " of the file: ", offset);
    decoder_return(decoders, decoder);
    return rc;
}
