/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A LUKS container's header that is the input, or, where it is none, the JSON
 * text of LUKS2, on a container made for it.  No key is tried: that is
 * libcryptsetup's, and takes seconds.  The content, with some key, gives back
 * what it was given.
 */
#include "block/memory.h"
#include "volume/luks/cipher.h"
#include "volume/luks/header.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_SIZE (1u << 20)
#define HEADER_SIZE 16384
#define BINARY_SIZE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds)
        abort();
}

static void
put_be64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* TEXT in the first header of LUKS2, with its checksum. */
static void
wrap(uint8_t *container, const uint8_t *text, size_t size)
{
    memcpy(container, "LUKS\xba\xbe\0\2", 8);
    put_be64(container + 8, HEADER_SIZE);
    put_be64(container + 16, 1);
    memcpy(container + 72, "sha256", 6);
    if (size > HEADER_SIZE - BINARY_SIZE)
        size = HEADER_SIZE - BINARY_SIZE;
    memcpy(container + BINARY_SIZE, text, size);
    check(EVP_Digest(container, HEADER_SIZE, container + 448, NULL,
                     EVP_sha256(), NULL) == 1);
}

static void
use_place(struct h2k_block *block, uint64_t at)
{
    uint8_t bytes[5000], again[5000];
    uint64_t size = h2k_block_size(block), saved = 0;
    size_t count = (size_t)h2k_min_u64(sizeof(bytes), size - at);
    memset(bytes, (int)at | 1, count);
    check(h2k_block_pwrite(block, bytes, count, at) == 0);
    check(h2k_block_pread(block, again, count, at) == 0);
    check(memcmp(bytes, again, count) == 0);
    check(h2k_block_discard(block, at, count, &saved) == 0);
}

static void
use_content(const struct h2k_luks *luks, struct h2k_block *container)
{
    static const uint8_t key[64] = "two keys of AES-256 that differ, as XTS";
    size_t key_size = strncmp(luks->cipher, "aes-xts", 7) == 0 ? 64 : 32;
    struct h2k_luks_cipher *cipher =
        h2k_luks_cipher_new(luks->cipher, key, key_size);
    check(cipher != NULL);
    H2K_AUTO(h2k_block)
    content = h2k_luks_block_new(luks, container, cipher);
    check(content != NULL && h2k_block_size(content) == luks->length);
    use_place(content, 0);
    use_place(content, luks->length / 2);
    use_place(content, luks->length - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_luks luks;
    uint8_t *bytes = calloc(1, CONTAINER_SIZE);
    if (bytes == NULL || size > CONTAINER_SIZE) {
        free(bytes);
        return 0;
    }
    if (size > 6 && memcmp(data, "LUKS\xba\xbe", 6) == 0)
        memcpy(bytes, data, size);
    else
        wrap(bytes, data, size);
    H2K_AUTO(h2k_block) container = h2k_memory_new(bytes, CONTAINER_SIZE);
    free(bytes);
    if (container == NULL || h2k_luks_read(container, &luks) < 0)
        return 0;
    check(luks.slot_count <= H2K_LUKS_SLOTS_MAX);
    if (luks.problem[0] != '\0')
        return 0;
    check(luks.length > 0 &&
          h2k_range_inside(luks.offset, luks.length, CONTAINER_SIZE));
    for (size_t i = 0; i < luks.slot_count; i++) {
        const struct h2k_luks_slot *slot = &luks.slots[i];
        check(h2k_range_inside(slot->offset, slot->length, luks.offset));
        check(slot->problem[0] != '\0' || slot->cost <= H2K_LUKS_SLOT_COST);
    }
    use_content(&luks, container);
    return 0;
}
