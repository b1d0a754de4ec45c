/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * LUKS2's two headers (LUKS2 On-Disk Format Specification, 2.1), numbers
 * big-endian.  Each is a sector of 4096 bytes and a JSON text behind it:
 *
 *    0  6   "LUKS", 0xba, 0xbe; "SKUL", … in the second
 *    6  u16 2
 *    8  u64 bytes of it, text included     72  32  the checksum's name
 *   16  u64 sequence number               168  40  UUID, as text
 *   24  48  label                         256  u64 where it stands
 *                                         448  64  checksum, taken with zeros
 *                                                  here
 */
#include "volume/luks/header.h"

#include "base/error.h"
#include <openssl/evp.h>

#include <string.h>

#define BINARY_SIZE 4096
#define SIZE_MIN 16384
#define SIZE_MAX_2 (4u << 20)

/* One copy, checked. */
struct copy {
    uint8_t *bytes; /* owned; NULL: it is not there or damaged */
    uint64_t size;
    uint64_t sequence;
};

static bool
is_size(uint64_t size)
{
    return size >= SIZE_MIN && size <= SIZE_MAX_2 && h2k_is_power_of_two(size);
}

static bool
sum_is_right(uint8_t *bytes, uint64_t size)
{
    uint8_t stored[64], sum[32];
    if (memcmp(bytes + 72, "sha256", 7) != 0)
        return false;
    memcpy(stored, bytes + 448, sizeof(stored));
    memset(bytes + 448, 0, sizeof(stored));
    int rc = EVP_Digest(bytes, size, sum, NULL, EVP_sha256(), NULL);
    memcpy(bytes + 448, stored, sizeof(stored));
    return rc == 1 && memcmp(sum, stored, sizeof(sum)) == 0;
}

/* The copy at OFFSET, which begins with MAGIC, if it can be believed.  -1
 * only for reading errors. */
static int
read_copy(struct h2k_block *container, uint64_t offset, const char *magic,
          struct copy *copy)
{
    uint8_t head[BINARY_SIZE];
    struct h2k_view v = h2k_view_of(head, sizeof(head));
    uint64_t end = h2k_block_size(container);
    if (!h2k_range_inside(offset, sizeof(head), end))
        return 0;
    if (h2k_block_pread(container, head, sizeof(head), offset) < 0)
        return -1;
    uint64_t size = h2k_view_be64(v, 8);
    if (!h2k_view_equal(v, 0, magic, 6) || h2k_view_be16(v, 6) != 2 ||
        !is_size(size) || h2k_view_be64(v, 256) != offset ||
        !h2k_range_inside(offset, size, end))
        return 0;
    copy->bytes = h2k_block_read_alloc(container, offset, size, SIZE_MAX_2,
                                       "LUKS2's header");
    if (copy->bytes == NULL)
        return -1;
    if (!sum_is_right(copy->bytes, size)) {
        free(h2k_steal(copy->bytes));
        return 0;
    }
    copy->size = size;
    copy->sequence = h2k_view_be64(v, 16);
    return 0;
}

/* The second stands behind the first, whose size is one of a few. */
static int
read_copies(struct h2k_block *container, struct copy *first,
            struct copy *second)
{
    if (read_copy(container, 0, "LUKS\xba\xbe", first) < 0)
        return -1;
    if (first->bytes != NULL)
        return read_copy(container, first->size, "SKUL\xba\xbe", second);
    for (uint64_t at = SIZE_MIN; at <= SIZE_MAX_2 && second->bytes == NULL;
         at *= 2)
        if (read_copy(container, at, "SKUL\xba\xbe", second) < 0)
            return -1;
    return 0;
}

static int
read_best(struct h2k_block *container, const struct copy *copy,
          struct h2k_luks *luks)
{
    luks->version = 2;
    luks->header_size = 2 * copy->size;
    memcpy(luks->label, copy->bytes + 24, 48);
    memcpy(luks->uuid, copy->bytes + 168, 40);
    return h2k_luks_read_json(
        h2k_view_of(copy->bytes + BINARY_SIZE, copy->size - BINARY_SIZE),
        h2k_block_size(container), copy->size, luks);
}

int
h2k_luks_read_2(struct h2k_block *container, struct h2k_luks *luks)
{
    uint8_t head[8];
    struct copy first = { 0 }, second = { 0 };
    if (h2k_block_size(container) < sizeof(head))
        return h2k_fail(H2K_E_NOENT, "too small");
    if (h2k_block_pread(container, head, sizeof(head), 0) < 0)
        return -1;
    int rc = read_copies(container, &first, &second);
    if (rc == 0 && first.bytes == NULL && second.bytes == NULL)
        rc = memcmp(head, "LUKS\xba\xbe", 6) != 0
                 ? h2k_fail(H2K_E_NOENT, "no header of LUKS")
                 : h2k_fail(H2K_E_CORRUPT,
                            "LUKS2: both copies of its header are damaged");
    else if (rc == 0)
        rc =
            read_best(container,
                      first.bytes == NULL || (second.bytes != NULL &&
                                              second.sequence > first.sequence)
                          ? &second
                          : &first,
                      luks);
    free(first.bytes);
    free(second.bytes);
    return rc;
}
