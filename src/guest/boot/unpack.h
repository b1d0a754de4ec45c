/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One compressed stream that stands somewhere in a block, decoded piece by
 * piece in constant memory.  It ends where its format says, so that what
 * follows it can be found.
 */
#ifndef H2K_GUEST_UNPACK_H
#define H2K_GUEST_UNPACK_H

#include "base/view.h"
#include "block/block.h"

/* What Linux decompresses in an initramfs (lib/decompress.c). */
enum h2k_compression {
    H2K_COMPRESSION_NONE,
    H2K_COMPRESSION_GZIP,
    H2K_COMPRESSION_BZIP2,
    H2K_COMPRESSION_LZMA,
    H2K_COMPRESSION_XZ,
    H2K_COMPRESSION_LZO,
    H2K_COMPRESSION_LZ4, /* the legacy frame, as the kernel wants it */
    H2K_COMPRESSION_ZSTD,
};

const char *h2k_compression_name(enum h2k_compression compression);

/* By the first bytes, as the kernel does; NONE when none fits. */
enum h2k_compression h2k_compression_detect(struct h2k_view start);

struct h2k_unpack;

/* The stream that begins at OFFSET of BLOCK, which must outlive it.  NONE
 * gives the block's own bytes. */
struct h2k_unpack *h2k_unpack_new(struct h2k_block *block, uint64_t offset,
                                  enum h2k_compression compression);
void h2k_unpack_free(struct h2k_unpack *unpack);
H2K_DEFINE_AUTO(h2k_unpack, h2k_unpack_free)

/* The next bytes: *GOT is fewer than SIZE only at the stream's end.
 * H2K_E_CORRUPT for a damaged or cut stream. */
int h2k_unpack_read(struct h2k_unpack *unpack, void *buffer, size_t size,
                    size_t *got);
/* Pass over up to COUNT bytes; *PASSED is fewer only at the end. */
int h2k_unpack_skip(struct h2k_unpack *unpack, uint64_t count,
                    uint64_t *passed);
/* How many bytes were given or passed over. */
uint64_t h2k_unpack_produced(const struct h2k_unpack *unpack);
/* How many bytes of the block the stream took, when its end was reached. */
uint64_t h2k_unpack_consumed(const struct h2k_unpack *unpack);

/* ---- For decoders ---- */

/* The block's bytes from where the stream stands: at most CHUNK of them. */
#define H2K_UNPACK_CHUNK 131072
struct h2k_unpack_input {
    struct h2k_block *block;
    uint64_t next; /* of the block, behind what is in the buffer */
    uint64_t end;  /* of the block */
    size_t at, filled;
    uint8_t bytes[H2K_UNPACK_CHUNK];
};

/* Read more when the buffer is used up.  0 also at the block's end, when
 * at == filled afterwards. */
int h2k_unpack_fill(struct h2k_unpack_input *input);

/* One decoder.  `decode` gives up to SIZE bytes, 0 with *END at the
 * stream's end, and takes its input through h2k_unpack_fill. */
struct h2k_decoder_ops {
    void *(*open)(struct h2k_unpack_input *input,
                  enum h2k_compression compression);
    int (*decode)(void *state, struct h2k_unpack_input *input, uint8_t *out,
                  size_t size, size_t *got, bool *end);
    void (*close)(void *state);
};

extern const struct h2k_decoder_ops h2k_decoder_gzip;    /* unpack-gzip.c */
extern const struct h2k_decoder_ops h2k_decoder_zstd;    /* unpack-zstd.c */
extern const struct h2k_decoder_ops h2k_decoder_lzma;    /* unpack-lzma.c */
extern const struct h2k_decoder_ops h2k_decoder_lzo;     /* unpack-lzo.c */
extern const struct h2k_decoder_ops h2k_decoder_archive; /* unpack-archive.c */

#endif
