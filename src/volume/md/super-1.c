/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Superblocks of version 1 (Linux, include/uapi/linux/raid/md_p.h, struct
 * mdp_superblock_1), numbers little-endian, sizes in sectors of 512 bytes:
 *
 *    0  u32  0xa92b4efc           128  u64  where the data begin
 *    4  u32  1                    136  u64  how many sectors they have
 *    8  u32  features             144  u64  where this superblock stands
 *   16  16   the array's UUID     152  u64  how far it was rebuilt
 *   32  32   its name             160  u32  this device's number
 *   64  u64  created              184  u8   flags
 *   72  i32  level                185  u8   bad blocks: shift
 *   76  u32  layout               186  u16  sectors of their list
 *   80  u64  used of each device  188  i32  where the list is, from here
 *   88  u32  chunk                200  u64  events
 *   92  u32  devices in use       216  u32  checksum
 *                                 220  u32  entries of the next
 *                                 256  u16  … each device's role
 */
#include "volume/md/super.h"

#include "base/error.h"
#include "base/view.h"

#include <string.h>

#define MAGIC UINT32_C(0xa92b4efc)
#define SUPER_SIZE 4096
#define ROLES 256
#define SECTORS_MAX (H2K_BLOCK_SIZE_MAX / H2K_MD_SECTOR)

enum {
    FEATURE_RECOVERY = 2,
    FEATURE_RESHAPE = 4,
    FEATURE_BAD_BLOCKS = 8,
    FEATURE_REPLACEMENT = 16,
    FEATURE_RAID0_LAYOUT = 4096,
};

/* The 32-bit words and the 16 bits that may be left over, added up, with the
 * checksum's own as 0 and the carries added in. */
static uint32_t
checksum(struct h2k_view super, size_t size)
{
    uint64_t sum = 0;
    size_t at = 0;
    for (; at + 4 <= size; at += 4)
        sum += at == 216 ? 0 : h2k_view_le32(super, at);
    if (at < size)
        sum += h2k_view_le16(super, at);
    return (uint32_t)(sum & UINT32_MAX) + (uint32_t)(sum >> 32);
}

static int
check(struct h2k_view v, const char *version)
{
    uint32_t count = h2k_view_le32(v, 220);
    if (count > H2K_MD_MEMBERS_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "its superblock (%s) has room for %u devices, at most "
                        "%d fit",
                        version, count, H2K_MD_MEMBERS_MAX);
    if (checksum(v, ROLES + 2 * count) != h2k_view_le32(v, 216))
        return h2k_fail(H2K_E_CORRUPT,
                        "the checksum of its superblock (%s) is wrong",
                        version);
    return 0;
}

/* Sectors to bytes; false where they are more than any disk has. */
static bool
to_bytes(uint64_t sectors, uint64_t *bytes)
{
    *bytes = sectors * H2K_MD_SECTOR;
    return sectors <= SECTORS_MAX;
}

static int
read_places(struct h2k_view v, struct h2k_block *member, uint64_t at,
            struct h2k_md_super *super)
{
    uint64_t chunk = h2k_view_le32(v, 88);
    super->chunk = chunk * H2K_MD_SECTOR;
    if (!to_bytes(h2k_view_le64(v, 80), &super->size) ||
        !to_bytes(h2k_view_le64(v, 128), &super->data) ||
        !to_bytes(h2k_view_le64(v, 136), &super->data_size) ||
        !h2k_range_inside(super->data, super->data_size,
                          h2k_block_size(member)))
        return h2k_fail(H2K_E_CORRUPT,
                        "its superblock says that its content goes beyond its "
                        "end: is the disk cut short?");
    if (at < super->data + super->data_size && super->data < at + SUPER_SIZE)
        return h2k_fail(H2K_E_CORRUPT,
                        "its superblock stands in its own content");
    return 0;
}

/* The list has an entry of 64 bits for each range, and ends with all ones. */
static int
read_bad_blocks(struct h2k_view v, struct h2k_block *member, uint64_t at,
                struct h2k_md_super *super)
{
    int64_t offset = (int32_t)h2k_view_le32(v, 188);
    uint64_t place = at + (uint64_t)(offset * (int64_t)H2K_MD_SECTOR);
    uint8_t entry[8];
    if ((h2k_view_le32(v, 8) & FEATURE_BAD_BLOCKS) == 0 ||
        h2k_view_le16(v, 186) == 0 || offset == 0)
        return 0;
    if (!h2k_range_inside(place, sizeof(entry), h2k_block_size(member)))
        return h2k_fail(H2K_E_CORRUPT, "its list of bad blocks lies outside");
    if (h2k_block_pread(member, entry, sizeof(entry), place) < 0)
        return -1;
    super->bad_blocks = h2k_get_le64(entry) != UINT64_MAX;
    return 0;
}

static int
read_roles(struct h2k_view v, struct h2k_md_super *super)
{
    super->device_count = h2k_view_le32(v, 220);
    super->roles = calloc(super->device_count + 1, sizeof(*super->roles));
    if (super->roles == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint32_t i = 0; i < super->device_count; i++)
        super->roles[i] = h2k_view_le16(v, ROLES + 2 * i);
    return 0;
}

int
h2k_md_super_read_1(struct h2k_block *member, uint64_t at, const char *version,
                    struct h2k_md_super *super)
{
    uint8_t bytes[SUPER_SIZE];
    struct h2k_view v = h2k_view_of(bytes, sizeof(bytes));
    if (!h2k_range_inside(at, sizeof(bytes), h2k_block_size(member)))
        return h2k_fail(H2K_E_NOENT, "too small");
    if (h2k_block_pread(member, bytes, sizeof(bytes), at) < 0)
        return -1;
    if (h2k_view_le32(v, 0) != MAGIC || h2k_view_le32(v, 4) != 1 ||
        h2k_view_le64(v, 144) != at / H2K_MD_SECTOR)
        return h2k_fail(H2K_E_NOENT, "no superblock");
    if (check(v, version) < 0 || read_places(v, member, at, super) < 0 ||
        read_bad_blocks(v, member, at, super) < 0)
        return -1;
    uint32_t features = h2k_view_le32(v, 8);
    memcpy(super->set, bytes + 16, sizeof(super->set));
    memcpy(super->name, bytes + 32, 32);
    super->version = version;
    super->at = at;
    super->minor = -1;
    super->created = h2k_view_le64(v, 64) & ((UINT64_C(1) << 40) - 1);
    super->events = h2k_view_le64(v, 200);
    super->level = (int32_t)h2k_view_le32(v, 72);
    super->layout = h2k_view_le32(v, 76);
    super->has_layout = (features & FEATURE_RAID0_LAYOUT) != 0;
    super->reshaping = (features & FEATURE_RESHAPE) != 0;
    super->raid_disks = h2k_view_le32(v, 92);
    super->number = h2k_view_le32(v, 160);
    super->rebuilding =
        (features & (FEATURE_RECOVERY | FEATURE_REPLACEMENT)) != 0;
    return read_roles(v, super);
}
