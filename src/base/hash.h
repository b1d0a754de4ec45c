/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* SHA-256 (FIPS 180-4), by OpenSSL, which uses the processor's own. */
#ifndef H2K_BASE_HASH_H
#define H2K_BASE_HASH_H

#include "base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

#define H2K_SHA256_SIZE 32
#define H2K_SHA256_HEX_SIZE 65 /* with the NUL */

struct h2k_sha256;

struct h2k_sha256 *h2k_sha256_new(void); /* NULL with H2K_E_NOMEM */
int h2k_sha256_update(struct h2k_sha256 *h, const void *data, size_t size);
/* The digest of all that was given; the state is then spent. */
int h2k_sha256_finish(struct h2k_sha256 *h, uint8_t digest[H2K_SHA256_SIZE]);
void h2k_sha256_free(struct h2k_sha256 *h);

H2K_DEFINE_AUTO(h2k_sha256, h2k_sha256_free)

/* Lower-case hexadecimal digits. */
void h2k_sha256_hex(const uint8_t digest[H2K_SHA256_SIZE],
                    char hex[H2K_SHA256_HEX_SIZE]);

#endif
