/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The content of a container.  What is read is whole sectors, decrypted; a
 * write of a part reads the rest of its sector first. */
#include "volume/luks/cipher.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

#define PIECE (16u << 10) /* bytes that are encrypted at once */
#define SECTOR_MAX 4096

struct content {
    struct h2k_block *container; /* a reference */
    struct h2k_luks_cipher *cipher;
    uint64_t offset; /* bytes */
    uint32_t sector_size;
    uint64_t iv_tweak;
};

static void
luks_close(void *state)
{
    struct content *c = state;
    h2k_block_unref(c->container);
    h2k_luks_cipher_free(c->cipher);
    free(c);
}

/* COUNT bytes of whole sectors at OFFSET. */
static int
read_sectors(struct content *c, void *buffer, size_t count, uint64_t offset)
{
    if (h2k_block_pread(c->container, buffer, count, c->offset + offset) < 0)
        return -1;
    return h2k_luks_decrypt(c->cipher, buffer, buffer, count, c->sector_size,
                            c->iv_tweak + offset / 512);
}

/* The same; BYTES are as they are, ROOM has place for as many. */
static int
write_sectors(struct content *c, const void *bytes, void *room, size_t count,
              uint64_t offset)
{
    if (h2k_luks_encrypt(c->cipher, bytes, room, count, c->sector_size,
                         c->iv_tweak + offset / 512) < 0)
        return -1;
    return h2k_block_pwrite(c->container, room, count, c->offset + offset);
}

/* How many of COUNT bytes at OFFSET are handled next: whole sectors, or what
 * there is of one, which begins at *SECTOR. */
static size_t
next_part(const struct content *c, uint64_t offset, size_t count, size_t most,
          uint64_t *sector)
{
    *sector = h2k_align_down(offset, c->sector_size);
    if (*sector == offset && count >= c->sector_size)
        return (size_t)h2k_align_down(count < most ? count : most,
                                      c->sector_size);
    size_t left = c->sector_size - (size_t)(offset - *sector);
    return count < left ? count : left;
}

static int
luks_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct content *c = state;
    uint8_t one[SECTOR_MAX], *to = buffer;
    while (count > 0) {
        uint64_t sector;
        size_t n = next_part(c, offset, count, PIECE, &sector);
        if (n % c->sector_size == 0) {
            if (read_sectors(c, to, n, offset) < 0)
                return -1;
        } else {
            if (read_sectors(c, one, c->sector_size, sector) < 0)
                return -1;
            memcpy(to, one + (offset - sector), n);
        }
        to += n;
        offset += n;
        count -= n;
    }
    return 0;
}

static int
luks_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    struct content *c = state;
    const uint8_t *from = buffer;
    h2k_autofree uint8_t *room = malloc(PIECE);
    uint8_t one[SECTOR_MAX];
    if (room == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    while (count > 0) {
        uint64_t sector;
        size_t n = next_part(c, offset, count, PIECE, &sector);
        if (n % c->sector_size == 0) {
            if (write_sectors(c, from, room, n, offset) < 0)
                return -1;
        } else {
            if (read_sectors(c, one, c->sector_size, sector) < 0)
                return -1;
            memcpy(one + (offset - sector), from, n);
            if (write_sectors(c, one, room, c->sector_size, sector) < 0)
                return -1;
        }
        from += n;
        offset += n;
        count -= n;
    }
    return 0;
}

/* Whole sectors only: half of one that is gone would take the other half with
 * it. */
static int
luks_discard(void *state, uint64_t offset, uint64_t length, uint64_t *bytes)
{
    struct content *c = state;
    uint64_t begin = h2k_align_up(offset, c->sector_size);
    uint64_t end = h2k_align_down(offset + length, c->sector_size);
    if (begin >= end)
        return 0;
    return h2k_block_discard(c->container, c->offset + begin, end - begin,
                             bytes);
}

static int
luks_flush(void *state)
{
    struct content *c = state;
    return h2k_block_flush(c->container);
}

static const struct h2k_block_ops luks_ops = {
    .name = "luks",
    .close = luks_close,
    .pread = luks_pread,
    .pwrite = luks_pwrite,
    .discard = luks_discard,
    .flush = luks_flush,
};

struct h2k_block *
h2k_luks_block_new(const struct h2k_luks *luks, struct h2k_block *container,
                   struct h2k_luks_cipher *cipher)
{
    struct content *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        h2k_luks_cipher_free(cipher);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    *c = (struct content){
        .container = h2k_block_ref(container),
        .cipher = cipher,
        .offset = luks->offset,
        .sector_size = luks->sector_size,
        .iv_tweak = luks->iv_tweak,
    };
    return h2k_block_new(&luks_ops, c, luks->length,
                         h2k_block_writable(container));
}
