/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The ciphers of dm-crypt that are read, and blocks of them; private to
 * LUKS's reader. */
#ifndef H2K_VOLUME_LUKS_CIPHER_H
#define H2K_VOLUME_LUKS_CIPHER_H

#include "volume/luks/luks.h"

struct h2k_luks_cipher;

/* "aes-xts-plain64", "aes-cbc-essiv:sha256", … */
bool h2k_luks_cipher_known(const char *name);

/* NULL with H2K_E_CORRUPT where the key has not the cipher's size. */
struct h2k_luks_cipher *h2k_luks_cipher_new(const char *name, const void *key,
                                            size_t size);
void h2k_luks_cipher_free(struct h2k_luks_cipher *cipher);
H2K_DEFINE_AUTO(h2k_luks_cipher, h2k_luks_cipher_free)

/*
 * COUNT bytes, whole sectors of SECTOR_SIZE, from FROM to TO, which may be the
 * same; FIRST is the number of their first sector, counted in 512 bytes
 * whatever SECTOR_SIZE is.  Any number of threads may use one cipher.
 */
int h2k_luks_encrypt(const struct h2k_luks_cipher *cipher, const void *from,
                     void *to, size_t count, uint32_t sector_size,
                     uint64_t first);
int h2k_luks_decrypt(const struct h2k_luks_cipher *cipher, const void *from,
                     void *to, size_t count, uint32_t sector_size,
                     uint64_t first);

/* The content of CONTAINER.  Takes CIPHER, on failure too. */
struct h2k_block *h2k_luks_block_new(const struct h2k_luks *luks,
                                     struct h2k_block *container,
                                     struct h2k_luks_cipher *cipher);

#endif
