/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Superblock": finding the newest of a device's copies that is sound, and
 * whether it asks for anything that we do not do. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"
#include "fs/probe.h"

#include <inttypes.h>
#include <stdio.h>

/* "Superblock", incompat_flags: what changes how things are found. */
static const struct {
    uint64_t flag;
    const char *name;
} refused[] = {
    { UINT64_C(1) << 12, "zones" },
    { UINT64_C(1) << 13, "the second extent tree" },
    { UINT64_C(1) << 14, "a RAID stripe tree" },
    { UINT64_C(1) << 17, "a remap tree" },
};
#define KNOWN UINT64_C(0x10fff)

uint64_t
h2k_btrfs_super_place(unsigned index)
{
    return index == 0 ? H2K_BTRFS_SUPER_OFFSET
                      : UINT64_C(16384) << (12 * index);
}

static struct h2k_view
view(const struct h2k_btrfs_super *super)
{
    return h2k_view_of(super->bytes, sizeof(super->bytes));
}

/* Copy INDEX as it stands: 1, or 0 when it is none. */
static int
read_copy(struct h2k_block *volume, unsigned index,
          struct h2k_btrfs_super *super)
{
    uint64_t place = h2k_btrfs_super_place(index);
    if (!h2k_range_inside(place, H2K_BTRFS_SUPER_SIZE, h2k_block_size(volume)))
        return 0;
    if (h2k_block_pread(volume, super->bytes, H2K_BTRFS_SUPER_SIZE, place) < 0)
        return -1;
    return h2k_view_equal(view(super), H2K_BTRFS_SUPER_MAGIC, "_BHRfS_M", 8);
}

/* Is it whole, and what belongs to copy INDEX?  1, 0, or -1. */
static int
check_copy(const struct h2k_btrfs_super *super, unsigned index)
{
    uint8_t sum[H2K_BTRFS_SUM_SIZE];
    struct h2k_view v = view(super);
    unsigned type = h2k_view_le16(v, H2K_BTRFS_SUPER_SUM_TYPE);
    if (h2k_view_le64(v, H2K_BTRFS_SUPER_BYTENR) !=
            h2k_btrfs_super_place(index) ||
        type >= H2K_BTRFS_SUM_TYPES)
        return 0;
    if (h2k_btrfs_sum(type, super->bytes + H2K_BTRFS_SUM_SIZE,
                      H2K_BTRFS_SUPER_SIZE - H2K_BTRFS_SUM_SIZE, sum) < 0)
        return -1;
    return memcmp(sum, super->bytes, h2k_btrfs_sum_size(type)) == 0;
}

static void
take_fields(struct h2k_btrfs_super *s)
{
    struct h2k_view v = view(s);
    struct h2k_view device;
    h2k_view_slice(v, H2K_BTRFS_SUPER_DEVICE, H2K_BTRFS_DEVICE_SIZE, &device);
    s->generation = h2k_view_le64(v, H2K_BTRFS_SUPER_GENERATION);
    s->flags = h2k_view_le64(v, H2K_BTRFS_SUPER_FLAGS);
    s->incompat = h2k_view_le64(v, H2K_BTRFS_SUPER_INCOMPAT);
    s->compat_ro = h2k_view_le64(v, H2K_BTRFS_SUPER_COMPAT_RO);
    s->root = h2k_view_le64(v, H2K_BTRFS_SUPER_ROOT);
    s->chunk_root = h2k_view_le64(v, H2K_BTRFS_SUPER_CHUNK_ROOT);
    s->chunk_root_generation =
        h2k_view_le64(v, H2K_BTRFS_SUPER_CHUNK_GENERATION);
    s->log_root = h2k_view_le64(v, H2K_BTRFS_SUPER_LOG_ROOT);
    s->bytes_used = h2k_view_le64(v, H2K_BTRFS_SUPER_BYTES_USED);
    s->root_dir = h2k_view_le64(v, H2K_BTRFS_SUPER_ROOT_DIR);
    s->devices = h2k_view_le64(v, H2K_BTRFS_SUPER_DEVICES);
    s->device = h2k_view_le64(device, H2K_BTRFS_DEVICE_ID);
    s->device_size = h2k_view_le64(device, H2K_BTRFS_DEVICE_TOTAL);
    s->root_level = h2k_view_u8(v, H2K_BTRFS_SUPER_ROOT_LEVEL);
    s->chunk_root_level = h2k_view_u8(v, H2K_BTRFS_SUPER_CHUNK_ROOT_LEVEL);
    s->sum_type = h2k_view_le16(v, H2K_BTRFS_SUPER_SUM_TYPE);
    s->sector_size = h2k_view_le32(v, H2K_BTRFS_SUPER_SECTOR_SIZE);
    s->node_size = h2k_view_le32(v, H2K_BTRFS_SUPER_NODE_SIZE);
    memcpy(s->fsid, s->bytes + H2K_BTRFS_SUPER_FSID, 16);
    memcpy(s->metadata_uuid,
           s->bytes + ((s->incompat & H2K_BTRFS_METADATA_UUID) != 0
                           ? H2K_BTRFS_SUPER_METADATA_UUID
                           : H2K_BTRFS_SUPER_FSID),
           16);
    memcpy(s->device_uuid, device.data + H2K_BTRFS_DEVICE_UUID, 16);
}

/* What blkid prints, from the first copy, whatever the rest is. */
static void
identify(const struct h2k_btrfs_super *super, struct h2k_fs_info *info)
{
    info->type = "btrfs";
    h2k_probe_uuid(info, super->bytes + H2K_BTRFS_SUPER_FSID);
    h2k_probe_label(info, super->bytes + H2K_BTRFS_SUPER_LABEL,
                    H2K_BTRFS_LABEL_SIZE);
}

static int
check_features(const struct h2k_btrfs_super *s)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        if ((s->incompat & refused[i].flag) != 0)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "has %s, which is not read by us",
                            refused[i].name);
    if ((s->incompat & ~KNOWN) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has features that we do not know (0x%" PRIx64 ")",
                        s->incompat & ~KNOWN);
    if ((s->flags & H2K_BTRFS_FLAG_METADUMP) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is the dump of a filesystem, without its files' "
                        "content: btrfs-image -r makes one of it");
    if ((s->flags & H2K_BTRFS_FLAG_CHANGING) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "a change of its UUID or checksums has not ended: "
                        "run btrfstune again");
    return 0;
}

static int
check_shape(const struct h2k_btrfs_super *s, uint64_t volume_size)
{
    if (!h2k_is_power_of_two(s->sector_size) || s->sector_size < 4096 ||
        s->sector_size > 65536)
        return h2k_fail(H2K_E_CORRUPT, "sectors of %" PRIu32 " bytes",
                        s->sector_size);
    if (!h2k_is_power_of_two(s->node_size) || s->node_size < s->sector_size ||
        s->node_size > 65536)
        return h2k_fail(H2K_E_CORRUPT, "nodes of %" PRIu32 " bytes",
                        s->node_size);
    if (s->root_level >= H2K_BTRFS_LEVELS ||
        s->chunk_root_level >= H2K_BTRFS_LEVELS)
        return h2k_fail(H2K_E_CORRUPT, "a tree with more than %u levels",
                        H2K_BTRFS_LEVELS);
    if (s->devices == 0 || s->devices > H2K_BTRFS_DEVICES_MAX)
        return h2k_fail(H2K_E_CORRUPT, "is of %" PRIu64 " devices",
                        s->devices);
    if (s->device_size > volume_size)
        return h2k_fail(H2K_E_CORRUPT,
                        "has %" PRIu64 " bytes of a volume of %" PRIu64
                        ": it was cut",
                        s->device_size, volume_size);
    return 0;
}

/* The newest copy that is sound and of the same filesystem, into *BEST;
 * whether there is one. */
static int
find_newest(struct h2k_block *volume, struct h2k_btrfs_super *best)
{
    struct h2k_btrfs_super copy;
    uint8_t fsid[16];
    bool found = false;
    memcpy(fsid, best->bytes + H2K_BTRFS_SUPER_FSID, sizeof(fsid));
    for (unsigned i = 0; i < H2K_BTRFS_SUPER_COPIES; i++) {
        int rc = read_copy(volume, i, &copy);
        if (rc > 0)
            rc = check_copy(&copy, i);
        if (rc < 0)
            return -1;
        if (rc == 0 || !h2k_view_equal(view(&copy), H2K_BTRFS_SUPER_FSID, fsid,
                                       sizeof(fsid)))
            continue;
        take_fields(&copy);
        if (!found || copy.generation > best->generation)
            *best = copy;
        found = true;
    }
    return found;
}

int
h2k_btrfs_super_read(struct h2k_block *volume, struct h2k_btrfs_super *super,
                     struct h2k_fs_info *info)
{
    int rc = read_copy(volume, 0, super);
    if (rc <= 0)
        return rc;
    identify(super, info);
    info->size = h2k_block_size(volume);
    rc = find_newest(volume, super);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "no copy of its superblock has the right checksum");
    if (check_features(super) < 0 ||
        check_shape(super, h2k_block_size(volume)) < 0)
        return -1;
    info->size = super->device_size;
    info->clean = super->log_root == 0;
    info->devices = super->devices;
    info->device = super->device;
    return 1;
}
