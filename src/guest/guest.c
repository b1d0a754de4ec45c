/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/guest.h"

#include "base/error.h"
#include "guest/deployments.h"
#include "guest/foreign.h"
#include "guest/boot/kernels.h"
#include "guest/packages/packages.h"
#include "guest/volumes.h"

#include <stdio.h>
#include <string.h>

struct h2k_guest *
h2k_guest_new(void)
{
    struct h2k_guest *guest = calloc(1, sizeof(*guest));
    if (guest == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    guest->unlock_cost = H2K_LUKS_TOTAL_COST;
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
    h2k_ostree_free(guest->ostree);
    if (guest->packages != NULL)
        h2k_packages_clear(guest->packages);
    free(guest->packages);
    h2k_root_free(guest->root);
    free_mounts(guest);
    h2k_guest_free_volumes(guest);
    h2k_appliance_free(guest->appliance);
    for (size_t i = 0; i < guest->disk_count; i++) {
        free(guest->disks[i].id);
        h2k_partition_table_free(guest->disks[i].table);
        h2k_block_unref(guest->disks[i].block);
    }
    free(guest->disks);
    h2k_strings_clear(&guest->problems);
    h2k_strings_clear(&guest->warnings);
    free(guest);
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
        int member = h2k_guest_is_array_disk(disk->block, disk->table);
        if (member < 0)
            return h2k_prefix("%s: ", disk->id);
        return member != 0
                   ? h2k_guest_add_bare(guest, index)
                   : h2k_guest_add_partitions(guest, index, disk->table);
    }
    if (h2k_errcode() == H2K_E_NOENT)
        return h2k_guest_add_bare(guest, index);
    if (h2k_errcode() != H2K_E_CORRUPT)
        return h2k_prefix("%s: ", disk->id);
    snprintf(disk->problem, sizeof(disk->problem), "%s", h2k_errmsg());
    return h2k_strings_addf(&guest->warnings, "%s: %s", disk->id,
                            disk->problem);
}

struct h2k_guest *
h2k_guest_open(const struct h2k_disk_source *disks, size_t count,
               const struct h2k_guest_settings *settings)
{
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    if (guest == NULL)
        return NULL;
    if (settings != NULL)
        guest->settings = *settings;
    for (size_t i = 0; i < count; i++)
        if (h2k_guest_add_disk(guest, &disks[i]) < 0)
            return NULL;
    if (h2k_guest_assemble(guest) < 0)
        return NULL;
    return h2k_steal(guest);
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
    h2k_foreign_rest(guest);
    return 0;
}
