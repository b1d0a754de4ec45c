/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/hash.h"

#include "base/error.h"

#include <openssl/evp.h>
#include <string.h>

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

static void
to_hex(const uint8_t *digest, size_t size, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * size] = '\0';
}

void
h2k_sha256_hex(const uint8_t digest[H2K_SHA256_SIZE],
               char hex[H2K_SHA256_HEX_SIZE])
{
    to_hex(digest, H2K_SHA256_SIZE, hex);
}

/* ---- Any kind ---- */

static const struct {
    const char *name, *word;
    size_t digits;
} kinds[] = {
    [H2K_HASH_SHA1] = { "SHA-1", "sha1", 40 },
    [H2K_HASH_SHA256] = { "SHA-256", "sha256", 64 },
    [H2K_HASH_SHA512] = { "SHA-512", "sha512", 128 },
};

const char *
h2k_hash_name(enum h2k_hash_kind kind)
{
    return kinds[kind].name;
}

const char *
h2k_hash_word(enum h2k_hash_kind kind)
{
    return kinds[kind].word;
}

bool
h2k_hash_kind_of(const char *hex, enum h2k_hash_kind *kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (strlen(hex) == kinds[i].digits) {
            *kind = (enum h2k_hash_kind)i;
            return true;
        }
    return false;
}

struct h2k_hash *
h2k_hash_new(enum h2k_hash_kind kind)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = kind == H2K_HASH_SHA1     ? EVP_sha1()
                       : kind == H2K_HASH_SHA512 ? EVP_sha512()
                                                 : EVP_sha256();
    if (ctx == NULL || EVP_DigestInit_ex(ctx, md, NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return h2k_fail_null(H2K_E_NOMEM, "cannot start %s", kinds[kind].name);
    }
    return (struct h2k_hash *)ctx;
}

int
h2k_hash_update(struct h2k_hash *h, const void *data, size_t size)
{
    if (EVP_DigestUpdate((EVP_MD_CTX *)h, data, size) != 1)
        return h2k_fail(H2K_E_FAILED, "a checksum failed");
    return 0;
}

int
h2k_hash_finish(struct h2k_hash *h, char hex[H2K_HASH_HEX_SIZE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_DigestFinal_ex((EVP_MD_CTX *)h, digest, &size) != 1 ||
        2 * size >= H2K_HASH_HEX_SIZE)
        return h2k_fail(H2K_E_FAILED, "a checksum failed");
    to_hex(digest, size, hex);
    return 0;
}

void
h2k_hash_free(struct h2k_hash *h)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)h);
}
