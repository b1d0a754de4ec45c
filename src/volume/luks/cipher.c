/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * dm-crypt's ways of AES (Linux, Documentation/admin-guide/device-mapper/
 * dm-crypt.rst): each sector is encrypted by itself, from an initial vector
 * that is made of its number.
 */
#include "volume/luks/cipher.h"

#include "base/endian.h"
#include "base/error.h"
#include "base/secret.h"

#include <openssl/evp.h>
#include <string.h>

#define IV_SIZE 16

enum iv_kind {
    IV_PLAIN,   /* the number's low 32 bits */
    IV_PLAIN64, /* all of it, little-endian */
    IV_ESSIV,   /* the same, encrypted with the key's SHA-256 */
};

static const struct {
    const char *name;
    bool xts;
    enum iv_kind iv;
} known[] = {
    { "aes-xts-plain64", true, IV_PLAIN64 },
    { "aes-xts-plain", true, IV_PLAIN },
    { "aes-cbc-essiv:sha256", false, IV_ESSIV },
    { "aes-cbc-plain64", false, IV_PLAIN64 },
    { "aes-cbc-plain", false, IV_PLAIN },
};

struct h2k_luks_cipher {
    enum iv_kind iv;
    EVP_CIPHER_CTX *encrypt, *decrypt; /* with the key; copied for use */
    EVP_CIPHER_CTX *essiv;             /* or NULL */
};

static int
find_known(const char *name)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool
h2k_luks_cipher_known(const char *name)
{
    return find_known(name) >= 0;
}

void
h2k_luks_cipher_free(struct h2k_luks_cipher *cipher)
{
    if (cipher == NULL)
        return;
    EVP_CIPHER_CTX_free(cipher->encrypt);
    EVP_CIPHER_CTX_free(cipher->decrypt);
    EVP_CIPHER_CTX_free(cipher->essiv);
    free(cipher);
}

/* NULL where AES has no such key. */
static const EVP_CIPHER *
choose(bool xts, size_t size)
{
    if (xts)
        return size == 64   ? EVP_aes_256_xts()
               : size == 32 ? EVP_aes_128_xts()
                            : NULL;
    return size == 32   ? EVP_aes_256_cbc()
           : size == 24 ? EVP_aes_192_cbc()
           : size == 16 ? EVP_aes_128_cbc()
                        : NULL;
}

static EVP_CIPHER_CTX *
context(const EVP_CIPHER *type, const void *key, int encrypt)
{
    static const uint8_t iv[IV_SIZE];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx != NULL &&
        EVP_CipherInit_ex(ctx, type, NULL, key, iv, encrypt) == 1 &&
        EVP_CIPHER_CTX_set_padding(ctx, 0) == 1)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return h2k_fail_null(H2K_E_FAILED, "OpenSSL cannot use AES here");
}

static int
init_essiv(struct h2k_luks_cipher *cipher, const void *key, size_t size)
{
    uint8_t salt[32];
    if (EVP_Digest(key, size, salt, NULL, EVP_sha256(), NULL) != 1)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    cipher->essiv = context(EVP_aes_256_ecb(), salt, 1);
    h2k_wipe(salt, sizeof(salt));
    return cipher->essiv == NULL ? -1 : 0;
}

struct h2k_luks_cipher *
h2k_luks_cipher_new(const char *name, const void *key, size_t size)
{
    int index = find_known(name);
    const EVP_CIPHER *type = index < 0 ? NULL : choose(known[index].xts, size);
    if (type == NULL)
        return h2k_fail_null(H2K_E_CORRUPT, "LUKS: %s with a key of %zu bytes",
                             name, size);
    H2K_AUTO(h2k_luks_cipher) cipher = calloc(1, sizeof(*cipher));
    if (cipher == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    cipher->iv = known[index].iv;
    cipher->encrypt = context(type, key, 1);
    cipher->decrypt = cipher->encrypt == NULL ? NULL : context(type, key, 0);
    if (cipher->decrypt == NULL ||
        (cipher->iv == IV_ESSIV && init_essiv(cipher, key, size) < 0))
        return NULL;
    return h2k_steal(cipher);
}

/* A context of one's own: they are not for several threads. */
static EVP_CIPHER_CTX *
copy_context(const EVP_CIPHER_CTX *from)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx != NULL && EVP_CIPHER_CTX_copy(ctx, from) == 1)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return h2k_fail_null(H2K_E_NOMEM, "out of memory");
}

static bool
make_iv(const struct h2k_luks_cipher *cipher, EVP_CIPHER_CTX *essiv,
        uint64_t sector, uint8_t iv[IV_SIZE])
{
    int size = 0;
    memset(iv, 0, IV_SIZE);
    h2k_put_le64(iv, cipher->iv == IV_PLAIN ? sector & UINT32_MAX : sector);
    return essiv == NULL ||
           EVP_CipherUpdate(essiv, iv, &size, iv, IV_SIZE) == 1;
}

static bool
crypt_sectors(const struct h2k_luks_cipher *cipher, EVP_CIPHER_CTX *ctx,
              EVP_CIPHER_CTX *essiv, const uint8_t *from, uint8_t *to,
              size_t count, uint32_t sector_size, uint64_t first)
{
    uint8_t iv[IV_SIZE];
    for (size_t at = 0; at < count; at += sector_size) {
        int size = 0;
        if (!make_iv(cipher, essiv, first + at / 512, iv) ||
            EVP_CipherInit_ex(ctx, NULL, NULL, NULL, iv, -1) != 1 ||
            EVP_CipherUpdate(ctx, to + at, &size, from + at,
                             (int)sector_size) != 1 ||
            size != (int)sector_size)
            return false;
    }
    return true;
}

static int
crypt_all(const struct h2k_luks_cipher *cipher, const EVP_CIPHER_CTX *with,
          const void *from, void *to, size_t count, uint32_t sector_size,
          uint64_t first)
{
    EVP_CIPHER_CTX *essiv = NULL, *ctx = copy_context(with);
    if (ctx != NULL && cipher->essiv != NULL)
        essiv = copy_context(cipher->essiv);
    bool ready = ctx != NULL && (essiv != NULL || cipher->essiv == NULL);
    bool done = ready && crypt_sectors(cipher, ctx, essiv, from, to, count,
                                       sector_size, first);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_CTX_free(essiv);
    if (done)
        return 0;
    return ready ? h2k_fail(H2K_E_FAILED, "OpenSSL's AES failed") : -1;
}

int
h2k_luks_encrypt(const struct h2k_luks_cipher *cipher, const void *from,
                 void *to, size_t count, uint32_t sector_size, uint64_t first)
{
    return crypt_all(cipher, cipher->encrypt, from, to, count, sector_size,
                     first);
}

int
h2k_luks_decrypt(const struct h2k_luks_cipher *cipher, const void *from,
                 void *to, size_t count, uint32_t sector_size, uint64_t first)
{
    return crypt_all(cipher, cipher->decrypt, from, to, count, sector_size,
                     first);
}
