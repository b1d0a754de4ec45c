/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/guest.h"

#include "base/error.h"
#include "block/slice.h"
#include "guest/kernels.h"

#include <stdio.h>
#include <string.h>

struct h2k_guest *
h2k_guest_new(void)
{
    struct h2k_guest *guest = calloc(1, sizeof(*guest));
    if (guest == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return guest;
}

static void
free_mounts(struct h2k_guest *guest)
{
    for (size_t i = 0; i < guest->mount_count; i++) {
        free(guest->mounts[i].path);
        free(guest->mounts[i].spec);
        free(guest->mounts[i].type);
        free(guest->mounts[i].options);
    }
    free(guest->mounts);
}

void
h2k_guest_free(struct h2k_guest *guest)
{
    if (guest == NULL)
        return;
    h2k_kernels_free(guest->kernels);
    h2k_root_free(guest->root);
    free_mounts(guest);
    for (size_t i = 0; i < guest->volume_count; i++) {
        h2k_fs_close(guest->volumes[i].fs);
        h2k_block_unref(guest->volumes[i].block);
    }
    free(guest->volumes);
    h2k_lvm_free(guest->lvm);
    free(guest->lvm_sources);
    for (size_t i = 0; i < guest->disk_count; i++) {
        free(guest->disks[i].id);
        h2k_partition_table_free(guest->disks[i].table);
        h2k_block_unref(guest->disks[i].block);
    }
    free(guest->disks);
    h2k_strings_clear(&guest->warnings);
    free(guest);
}

/* Room for one more at the end of guest->volumes. */
static int
grow_volumes(struct h2k_guest *guest)
{
    if (guest->volume_count >= H2K_GUEST_VOLUMES_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "more than %d volumes",
                        H2K_GUEST_VOLUMES_MAX);
    struct h2k_guest_volume *volumes = reallocarray(
        guest->volumes, guest->volume_count + 1, sizeof(*volumes));
    if (volumes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    guest->volumes = volumes;
    return 0;
}

int
h2k_guest_add_volume(struct h2k_guest *guest,
                     const struct h2k_guest_volume *volume)
{
    if (grow_volumes(guest) < 0) {
        h2k_fs_close(volume->fs);
        h2k_block_unref(volume->block);
        return -1;
    }
    struct h2k_guest_volume *added = &guest->volumes[guest->volume_count++];
    *added = *volume;
    if (added->fs_info.type == NULL)
        added->fs_info.type = "unknown";
    return 0;
}

/* The slice is probed; what it holds is opened later, by assembling. */
static int
add_slice(struct h2k_guest *guest, struct h2k_guest_volume *volume)
{
    struct h2k_guest_disk *disk = &guest->disks[volume->disk];
    volume->block = h2k_slice_new(disk->block, volume->offset, volume->length);
    if (volume->block == NULL)
        return -1;
    if (h2k_fs_probe(volume->block, &volume->fs_info) < 0) {
        h2k_block_unref(volume->block);
        return h2k_prefix("%s partition %u: ", disk->id, volume->partition);
    }
    return h2k_guest_add_volume(guest, volume);
}

static int
add_partitions(struct h2k_guest *guest, size_t index)
{
    const struct h2k_partition_table *table = guest->disks[index].table;
    for (size_t i = 0; i < table->count; i++) {
        const struct h2k_partition *p = &table->partitions[i];
        struct h2k_guest_volume volume = {
            .disk = index,
            .partition = p->number,
            .offset = p->offset,
            .length = p->length,
        };
        snprintf(volume.uuid, sizeof(volume.uuid), "%s", p->uuid);
        snprintf(volume.type, sizeof(volume.type), "%s", p->type);
        snprintf(volume.label, sizeof(volume.label), "%s", p->label);
        if (add_slice(guest, &volume) < 0)
            return -1;
    }
    return 0;
}

/* A filesystem on the bare disk: for one without partitions.  Its boot
 * sector may look like an MBR, so it is looked for first. */
static int
add_bare(struct h2k_guest *guest, size_t index)
{
    struct h2k_guest_volume volume = {
        .disk = index,
        .length = h2k_block_size(guest->disks[index].block),
    };
    return volume.length == 0 ? 0 : add_slice(guest, &volume);
}

static struct h2k_guest_disk *
grow_disks(struct h2k_guest *guest)
{
    if (guest->disk_count >= H2K_GUEST_DISKS_MAX)
        return h2k_fail_null(H2K_E_UNSUPPORTED, "more than %d disks",
                             H2K_GUEST_DISKS_MAX);
    struct h2k_guest_disk *disks =
        reallocarray(guest->disks, guest->disk_count + 1, sizeof(*disks));
    if (disks == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    guest->disks = disks;
    disks[guest->disk_count] = (struct h2k_guest_disk){ 0 };
    return &disks[guest->disk_count];
}

int
h2k_guest_add_disk(struct h2k_guest *guest,
                   const struct h2k_disk_source *source)
{
    struct h2k_guest_disk *disk = grow_disks(guest);
    if (disk == NULL)
        return -1;
    disk->id = strdup(source->id);
    if (disk->id == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    disk->block = h2k_block_ref(source->block);
    size_t index = guest->disk_count++;

    disk->table = h2k_partition_table_read(disk->block);
    if (disk->table != NULL) {
        if (disk->table->problem[0] != '\0' &&
            h2k_strings_addf(&guest->warnings, "%s: %s", disk->id,
                             disk->table->problem) < 0)
            return -1;
        return add_partitions(guest, index);
    }
    if (h2k_errcode() == H2K_E_NOENT)
        return add_bare(guest, index);
    if (h2k_errcode() != H2K_E_CORRUPT)
        return h2k_prefix("%s: ", disk->id);
    snprintf(disk->problem, sizeof(disk->problem), "%s", h2k_errmsg());
    return h2k_strings_addf(&guest->warnings, "%s: %s", disk->id,
                            disk->problem);
}

struct h2k_guest *
h2k_guest_open(const struct h2k_disk_source *disks, size_t count)
{
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    if (guest == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (h2k_guest_add_disk(guest, &disks[i]) < 0)
            return NULL;
    if (h2k_guest_assemble(guest) < 0)
        return NULL;
    return h2k_steal(guest);
}

void
h2k_guest_volume_name(const struct h2k_guest *guest,
                      const struct h2k_guest_volume *volume,
                      char text[H2K_VOLUME_NAME])
{
    char logical[2 * H2K_LVM_NAME + 8];
    const char *id = volume->disk < guest->disk_count
                         ? guest->disks[volume->disk].id
                         : "disk";
    if (volume->logical != NULL) {
        snprintf(logical, sizeof(logical), "/dev/%s/%s",
                 volume->logical->group, volume->logical->name);
        id = logical;
    }
    if (volume->partition == 0)
        snprintf(text, H2K_VOLUME_NAME, "%.270s", id);
    else
        snprintf(text, H2K_VOLUME_NAME, "%.270s partition %u", id,
                 volume->partition);
}

const struct h2k_guest_mount *
h2k_guest_find_mount(const struct h2k_guest *guest, const char *path)
{
    for (size_t i = 0; i < guest->mount_count; i++)
        if (strcmp(guest->mounts[i].path, path) == 0)
            return &guest->mounts[i];
    return NULL;
}

int
h2k_guest_flush(struct h2k_guest *guest)
{
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *volume = &guest->volumes[i];
        char name[H2K_VOLUME_NAME];
        if (volume->fs == NULL || !h2k_fs_writable(volume->fs))
            continue;
        if (h2k_fs_flush(volume->fs) < 0) {
            h2k_guest_volume_name(guest, volume, name);
            return h2k_prefix("%s: ", name);
        }
    }
    return 0;
}
