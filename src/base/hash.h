/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * SHA-256, and what others sum with (FIPS 180-4), by OpenSSL, which uses the
 * processor's own.
 */
#ifndef H2K_BASE_HASH_H
#define H2K_BASE_HASH_H

#include "base/cleanup.h"

#include <stdbool.h>
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

/* What the manifest of an OVF may have sums of. */
enum h2k_hash_kind {
    H2K_HASH_SHA1,
    H2K_HASH_SHA256,
    H2K_HASH_SHA512,
};
#define H2K_HASH_HEX_SIZE 129 /* of any, with the NUL */

const char *h2k_hash_name(enum h2k_hash_kind kind); /* "SHA-256" */
const char *h2k_hash_word(enum h2k_hash_kind kind); /* "sha256" */
/* The kind whose sums have as many digits as HEX. */
bool h2k_hash_kind_of(const char *hex, enum h2k_hash_kind *kind);

struct h2k_hash;
struct h2k_hash *h2k_hash_new(enum h2k_hash_kind kind); /* or H2K_E_NOMEM */
int h2k_hash_update(struct h2k_hash *h, const void *data, size_t size);
/* The digest of all that was given, in lower-case digits; the state is then
 * spent. */
int h2k_hash_finish(struct h2k_hash *h, char hex[H2K_HASH_HEX_SIZE]);
void h2k_hash_free(struct h2k_hash *h);
H2K_DEFINE_AUTO(h2k_hash, h2k_hash_free)

#endif
