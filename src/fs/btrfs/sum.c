/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Checksums: CRC-32C, xxHash64, and OpenSSL's. */
#include "base/crc32c.h"
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <xxhash.h>

static const uint8_t sizes[H2K_BTRFS_SUM_TYPES] = { 4, 8, 32, 32 };

/* BLAKE2b is told its digest's size before it begins; an OpenSSL before 3.2
 * cannot do that, and gives one of 64 bytes. */
static int
blake2(const void *data, size_t size, uint8_t sum[H2K_BTRFS_SUM_SIZE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    size_t wanted = H2K_BTRFS_SUM_SIZE;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_size_t(OSSL_DIGEST_PARAM_SIZE, &wanted),
        OSSL_PARAM_END,
    };
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    bool done = EVP_DigestInit_ex2(context, EVP_blake2b512(), params) == 1 &&
                EVP_DigestUpdate(context, data, size) == 1 &&
                EVP_DigestFinal_ex(context, digest, &length) == 1;
    EVP_MD_CTX_free(context);
    if (!done || length != H2K_BTRFS_SUM_SIZE)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "its checksums are of BLAKE2b with 256 bits, which "
                        "needs OpenSSL 3.2");
    memcpy(sum, digest, H2K_BTRFS_SUM_SIZE);
    return 0;
}

static int
sha256(const void *data, size_t size, uint8_t sum[H2K_BTRFS_SUM_SIZE])
{
    if (EVP_Digest(data, size, sum, NULL, EVP_sha256(), NULL) != 1)
        return h2k_fail(H2K_E_UNSUPPORTED, "OpenSSL gives no SHA-256");
    return 0;
}

int
h2k_btrfs_sum(unsigned type, const void *data, size_t size,
              uint8_t sum[H2K_BTRFS_SUM_SIZE])
{
    memset(sum, 0, H2K_BTRFS_SUM_SIZE);
    switch (type) {
    case H2K_BTRFS_CRC32C:
        h2k_put_le32(sum, h2k_crc32c(0, data, size));
        return 0;
    case H2K_BTRFS_XXHASH:
        h2k_put_le64(sum, XXH64(data, size, 0));
        return 0;
    case H2K_BTRFS_SHA256:
        return sha256(data, size, sum);
    case H2K_BTRFS_BLAKE2:
        return blake2(data, size, sum);
    }
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "its checksums are of the unknown type %u", type);
}

int
h2k_btrfs_sum_check_type(unsigned type)
{
    uint8_t sum[H2K_BTRFS_SUM_SIZE];
    return h2k_btrfs_sum(type, "", 0, sum);
}

size_t
h2k_btrfs_sum_size(unsigned type)
{
    return sizes[type];
}

uint32_t
h2k_btrfs_name_hash(const char *name, size_t length)
{
    return ~h2k_crc32c(1, name, length);
}
