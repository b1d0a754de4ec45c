/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Superblocks of version 0.90 (Linux, include/uapi/linux/raid/md_p.h, struct
 * mdp_superblock_s): 1024 words of 32 bits, in the byte order of the machine
 * that has written them, which here is little-endian.
 *
 *    0  0xa92b4efc           32  (updated)
 *    1  0                    38  checksum
 *    2  90; 91 in a reshape  39  events, low
 *    5  UUID, first part     40  events, high
 *    6  created              64  layout
 *    7  level                65  chunk, bytes
 *    8  KiB of each device   128 27 devices of 32 words: number, major, minor,
 *   10  devices in use           role, state
 *   11  minor number         992 this device, the same
 *   13  UUID, three more
 */
#include "volume/md/super.h"

#include "base/error.h"
#include "base/view.h"

#include <string.h>

#define MAGIC UINT32_C(0xa92b4efc)
#define WORDS 1024
#define DEVICES 27
#define DEVICE(n) (128 + 32 * (n))
#define SELF 992

/* The state of a device, as bits. */
enum { STATE_FAULTY = 1, STATE_ACTIVE = 2, STATE_SYNC = 4, STATE_REMOVED = 8 };

static uint32_t
word(struct h2k_view v, uint64_t n)
{
    return h2k_view_le32(v, 4 * n);
}

static uint32_t
checksum(struct h2k_view v)
{
    uint64_t sum = 0;
    for (uint64_t n = 0; n < WORDS; n++)
        sum += n == 38 ? 0 : word(v, n);
    return (uint32_t)(sum & UINT32_MAX) + (uint32_t)(sum >> 32);
}

/* As version 1 has them. */
static uint16_t
role_of(struct h2k_view v, uint32_t device)
{
    uint32_t role = word(v, DEVICE(device) + 3);
    uint32_t state = word(v, DEVICE(device) + 4);
    if ((state & STATE_FAULTY) != 0)
        return H2K_MD_FAULTY;
    if ((state & STATE_REMOVED) != 0 || (state & STATE_SYNC) == 0 ||
        role >= DEVICES)
        return H2K_MD_NO_ROLE;
    return (uint16_t)role;
}

static int
read_roles(struct h2k_view v, struct h2k_md_super *super)
{
    super->device_count = DEVICES;
    super->roles = calloc(DEVICES, sizeof(*super->roles));
    if (super->roles == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint32_t i = 0; i < DEVICES; i++)
        super->roles[i] = role_of(v, i);
    return 0;
}

/* blkid's order: the first character shown is the word's highest. */
static void
read_uuid(struct h2k_view v, uint8_t set[16])
{
    static const uint8_t words[] = { 5, 13, 14, 15 };
    for (size_t i = 0; i < 4; i++)
        h2k_put_be32(set + 4 * i, word(v, words[i]));
}

int
h2k_md_super_read_0(struct h2k_block *member, uint64_t at,
                    struct h2k_md_super *super)
{
    uint8_t bytes[4 * WORDS];
    struct h2k_view v = h2k_view_of(bytes, sizeof(bytes));
    if (h2k_block_pread(member, bytes, sizeof(bytes), at) < 0)
        return -1;
    if (word(v, 0) != MAGIC || word(v, 1) != 0 || word(v, 2) < 90)
        return h2k_fail(H2K_E_NOENT, "no superblock");
    if (checksum(v) != word(v, 38))
        return h2k_fail(H2K_E_CORRUPT,
                        "the checksum of its superblock (0.90) is wrong");
    read_uuid(v, super->set);
    super->version = "0.90";
    super->at = at;
    super->minor = (int)(word(v, 11) & 0xfffff);
    super->created = word(v, 6);
    super->events = (uint64_t)word(v, 40) << 32 | word(v, 39);
    super->level = (int32_t)word(v, 7);
    super->layout = word(v, 64);
    super->has_layout = super->layout != 0;
    super->reshaping = word(v, 2) > 90;
    super->raid_disks = word(v, 10);
    super->chunk = word(v, 65);
    super->size = (uint64_t)word(v, 8) * 1024;
    super->number = word(v, SELF);
    super->data_size = at;
    return read_roles(v, super);
}
