/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * LUKS1's header (LUKS On-Disk Format Specification 1.2.3, 2.1 and 2.2),
 * numbers big-endian:
 *
 *    0  6   "LUKS", 0xba, 0xbe    108 u32  bytes of the key
 *    6  u16 1                     164 u32  iterations for its digest
 *    8  32  cipher: "aes"         168 40   UUID, as text
 *   40  32  its mode              208 …    8 slots of 48 bytes:
 *   72  32  hash                           0 u32 active, 4 u32 iterations,
 *  104  u32 content, in sectors            8 32 salt, 40 u32 sector of its
 *                                          material, 44 u32 stripes
 */
#include "volume/luks/header.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define HEADER_SIZE 592
#define SLOTS 8
#define SLOT(n) (208u + 48u * (n))
#define ACTIVE UINT32_C(0x00ac71f3)
#define STRIPES_MAX 65536 /* cryptsetup makes 4000 */

static void
get_text(struct h2k_view v, uint64_t at, size_t size, char *to)
{
    memcpy(to, v.data + at, size);
    to[size] = '\0';
}

static int
read_slot(struct h2k_view v, uint32_t number, struct h2k_luks *luks)
{
    uint64_t at = SLOT(number);
    uint64_t key_size = h2k_view_be32(v, 108);
    uint64_t stripes = h2k_view_be32(v, at + 44);
    if (h2k_view_be32(v, at) != ACTIVE)
        return 0;
    struct h2k_luks_slot *slot = h2k_luks_add_slot(luks, (int)number);
    if (slot == NULL)
        return 0;
    slot->offset = h2k_view_be32(v, at + 40) * H2K_LUKS_SECTOR;
    slot->length = key_size * stripes;
    if (stripes == 0 || stripes > STRIPES_MAX || slot->offset < HEADER_SIZE ||
        !h2k_range_inside(slot->offset, slot->length, luks->offset))
        return h2k_fail(H2K_E_CORRUPT,
                        "LUKS: the material of key slot %u does not lie "
                        "between the header and the content",
                        number);
    h2k_luks_slot_cost(slot, h2k_view_be32(v, at + 4), 0);
    return 0;
}

static int
read_places(struct h2k_view v, uint64_t size, struct h2k_luks *luks)
{
    luks->offset = h2k_view_be32(v, 104) * H2K_LUKS_SECTOR;
    if (luks->offset == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "LUKS: its header is for content on another device");
    if (luks->offset >= size)
        return h2k_fail(H2K_E_CORRUPT,
                        "LUKS: its content begins beyond the end of the "
                        "volume: is the disk cut short?");
    luks->length = h2k_align_down(size - luks->offset, H2K_LUKS_SECTOR);
    uint32_t key_size = h2k_view_be32(v, 108);
    if (key_size == 0 || key_size > H2K_LUKS_KEY_MAX)
        return h2k_fail(H2K_E_CORRUPT, "LUKS: a key of %u bytes", key_size);
    h2k_luks_check_cost(luks, h2k_view_be32(v, 164));
    return 0;
}

int
h2k_luks_read_1(struct h2k_block *container, struct h2k_luks *luks)
{
    uint8_t bytes[HEADER_SIZE];
    struct h2k_view v = h2k_view_of(bytes, sizeof(bytes));
    char name[33], mode[33];
    uint64_t size = h2k_block_size(container);
    if (size < sizeof(bytes))
        return h2k_fail(H2K_E_NOENT, "too small");
    if (h2k_block_pread(container, bytes, sizeof(bytes), 0) < 0)
        return -1;
    if (!h2k_view_equal(v, 0, "LUKS\xba\xbe", 6) || h2k_view_be16(v, 6) != 1)
        return h2k_fail(H2K_E_NOENT, "no header of LUKS1");
    get_text(v, 8, 32, name);
    get_text(v, 40, 32, mode);
    get_text(v, 168, 40, luks->uuid);
    snprintf(luks->cipher, sizeof(luks->cipher), "%.31s-%.32s", name, mode);
    luks->version = 1;
    luks->sector_size = 512;
    luks->header_size = HEADER_SIZE;
    if (read_places(v, size, luks) < 0)
        return -1;
    for (uint32_t i = 0; i < SLOTS; i++)
        if (read_slot(v, i, luks) < 0)
            return -1;
    return 0;
}
