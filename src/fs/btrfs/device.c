/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The devices of a filesystem: those that are given, by their superblocks,
 * and those that are missing, by what speaks of them. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"
#include "fs/probe.h"

#include <inttypes.h>
#include <stdio.h>

static struct h2k_btrfs_device *
grow_devices(struct h2k_btrfs *fs)
{
    if (fs->device_count >= H2K_BTRFS_DEVICES_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "more than %u devices",
                             H2K_BTRFS_DEVICES_MAX);
    struct h2k_btrfs_device *devices =
        reallocarray(fs->devices, fs->device_count + 1, sizeof(*fs->devices));
    if (devices == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    fs->devices = devices;
    devices[fs->device_count] = (struct h2k_btrfs_device){ 0 };
    return &devices[fs->device_count++];
}

/* The next member, of what was read into SUPER. */
static int
add_member(struct h2k_btrfs *fs, struct h2k_block *volume,
           const struct h2k_btrfs_super *super)
{
    for (size_t i = 0; i < fs->device_count; i++)
        if (fs->devices[i].id == super->device)
            return h2k_fail(H2K_E_CORRUPT,
                            "device %" PRIu64 " is there twice: give only one "
                            "of the two volumes",
                            super->device);
    size_t member = fs->device_count;
    struct h2k_btrfs_device *device = grow_devices(fs);
    if (device == NULL)
        return -1;
    device->id = super->device;
    memcpy(device->uuid, super->device_uuid, 16);
    device->block = h2k_block_ref(volume);
    device->member = member;
    device->size = super->device_size;
    return 0;
}

static int
open_member(struct h2k_btrfs *fs, struct h2k_block *volume,
            struct h2k_btrfs_super *super, struct h2k_fs_info *info)
{
    struct h2k_fs_info this = { .type = "unknown" };
    int rc = h2k_btrfs_super_read(volume, super, &this);
    if (rc == 0)
        return h2k_fail(H2K_E_CORRUPT, "a volume without btrfs' superblock");
    if (rc < 0)
        return -1;
    if (fs->device_count > 0 &&
        memcmp(fs->super.fsid, super->fsid, sizeof(super->fsid)) != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "the volumes are of two filesystems: %s and %s",
                        info->uuid, this.uuid);
    if (fs->device_count == 0 || super->generation > fs->super.generation) {
        fs->super = *super;
        *info = this;
    }
    return add_member(fs, volume, super);
}

int
h2k_btrfs_devices_open(struct h2k_btrfs *fs, struct h2k_block *const *volumes,
                       size_t count, struct h2k_fs_info *info)
{
    h2k_autofree uint64_t *generations = calloc(count, sizeof(uint64_t));
    h2k_autofree struct h2k_btrfs_super *super = malloc(sizeof(*super));
    if (generations == NULL || super == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        if (open_member(fs, volumes[i], super, info) < 0)
            return -1;
        generations[i] = super->generation;
    }
    for (size_t i = 0; i < count; i++)
        fs->devices[i].stale = generations[i] < fs->super.generation;
    return 0;
}

void
h2k_btrfs_devices_close(struct h2k_btrfs *fs)
{
    for (size_t i = 0; i < fs->device_count; i++)
        h2k_block_unref(fs->devices[i].block);
    free(fs->devices);
}

int
h2k_btrfs_device_find(struct h2k_btrfs *fs, uint64_t id,
                      const uint8_t uuid[16], size_t *index)
{
    for (size_t i = 0; i < fs->device_count; i++)
        if (fs->devices[i].id == id &&
            memcmp(fs->devices[i].uuid, uuid, 16) == 0) {
            *index = i;
            return 0;
        }
    struct h2k_btrfs_device *device = grow_devices(fs);
    if (device == NULL)
        return -1;
    device->id = id;
    memcpy(device->uuid, uuid, 16);
    *index = fs->device_count - 1;
    return 0;
}

bool
h2k_btrfs_devices_missing(const struct h2k_btrfs *fs, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < fs->device_count && used < size; i++) {
        const struct h2k_btrfs_device *device = &fs->devices[i];
        struct h2k_fs_info name = { 0 };
        if (device->block != NULL)
            continue;
        h2k_probe_uuid(&name, device->uuid);
        int n = snprintf(text + used, size - used,
                         "%sdevice %" PRIu64 " (UUID %s)",
                         used > 0 ? ", " : "", device->id, name.uuid);
        used += n > 0 ? (size_t)n : 0;
    }
    return used > 0;
}
