/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/hash.h"

#include "base/error.h"

#include <openssl/evp.h>

/* An EVP_MD_CTX under a name of ours: nothing else needs to know OpenSSL. */
static EVP_MD_CTX *
context(struct h2k_sha256 *h)
{
    return (EVP_MD_CTX *)h;
}

struct h2k_sha256 *
h2k_sha256_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return h2k_fail_null(H2K_E_NOMEM, "cannot start SHA-256");
    }
    return (struct h2k_sha256 *)ctx;
}

int
h2k_sha256_update(struct h2k_sha256 *h, const void *data, size_t size)
{
    if (EVP_DigestUpdate(context(h), data, size) != 1)
        return h2k_fail(H2K_E_FAILED, "SHA-256 failed");
    return 0;
}

int
h2k_sha256_finish(struct h2k_sha256 *h, uint8_t digest[H2K_SHA256_SIZE])
{
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context(h), digest, &size) != 1 ||
        size != H2K_SHA256_SIZE)
        return h2k_fail(H2K_E_FAILED, "SHA-256 failed");
    return 0;
}

void
h2k_sha256_free(struct h2k_sha256 *h)
{
    EVP_MD_CTX_free(context(h));
}

void
h2k_sha256_hex(const uint8_t digest[H2K_SHA256_SIZE],
               char hex[H2K_SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < H2K_SHA256_SIZE; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * H2K_SHA256_SIZE] = '\0';
}
