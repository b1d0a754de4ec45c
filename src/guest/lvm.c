/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The guest's logical volumes, and the partitions that some of them hold. */
#include "base/error.h"
#include "block/slice.h"
#include "guest/guest.h"

#include <stdio.h>
#include <string.h>

/* Takes VOLUME's block. */
static int
add_probed(struct h2k_guest *guest, struct h2k_guest_volume *volume)
{
    char name[H2K_VOLUME_NAME];
    if (volume->block != NULL &&
        h2k_fs_probe(volume->block, &volume->fs_info) < 0) {
        h2k_block_unref(volume->block);
        h2k_guest_volume_name(guest, volume, name);
        return h2k_prefix("%s: ", name);
    }
    return h2k_guest_add_volume(guest, volume);
}

static int
add_partition(struct h2k_guest *guest, const struct h2k_lvm_volume *logical,
              const struct h2k_partition *p)
{
    struct h2k_guest_volume volume = {
        .disk = H2K_GUEST_NO_DISK,
        .logical = logical,
        .partition = p->number,
        .offset = p->offset,
        .length = p->length,
        .block = h2k_slice_new(logical->block, p->offset, p->length),
    };
    if (volume.block == NULL)
        return -1;
    snprintf(volume.uuid, sizeof(volume.uuid), "%s", p->uuid);
    snprintf(volume.type, sizeof(volume.type), "%s", p->type);
    snprintf(volume.label, sizeof(volume.label), "%s", p->label);
    return add_probed(guest, &volume);
}

/* A logical volume that holds nothing itself may be cut as a disk is. */
static int
add_partitions(struct h2k_guest *guest, const struct h2k_lvm_volume *logical)
{
    H2K_AUTO(h2k_partition_table)
    table = h2k_partition_table_read(logical->block);
    if (table == NULL)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < table->count; i++)
        if (add_partition(guest, logical, &table->partitions[i]) < 0)
            return -1;
    return 0;
}

static int
add_logical(struct h2k_guest *guest, const struct h2k_lvm_volume *logical)
{
    struct h2k_guest_volume volume = {
        .disk = H2K_GUEST_NO_DISK,
        .logical = logical,
        .length = logical->length,
        .block = logical->block == NULL ? NULL : h2k_block_ref(logical->block),
    };
    char name[H2K_VOLUME_NAME];
    if (logical->block == NULL)
        snprintf(volume.fs_info.problem, sizeof(volume.fs_info.problem),
                 "%.199s", logical->problem);
    h2k_guest_volume_name(guest, &volume, name);
    if (add_probed(guest, &volume) < 0 ||
        (logical->problem[0] != '\0' &&
         h2k_strings_addf(&guest->warnings, "%s: %s", name, logical->problem) <
             0))
        return -1;
    if (logical->block == NULL ||
        strcmp(guest->volumes[guest->volume_count - 1].fs_info.type,
               "unknown") != 0)
        return 0;
    return add_partitions(guest, logical);
}

/* What a guest itself would look at: partitions and disks that say they are
 * physical volumes. */
static int
open_lvm(struct h2k_guest *guest)
{
    size_t count = 0;
    h2k_autofree struct h2k_lvm_source *sources =
        calloc(guest->volume_count + 1, sizeof(*sources));
    h2k_autofree char(*names)[H2K_VOLUME_NAME] =
        calloc(guest->volume_count + 1, sizeof(*names));
    guest->lvm_sources =
        calloc(guest->volume_count + 1, sizeof(*guest->lvm_sources));
    if (sources == NULL || names == NULL || guest->lvm_sources == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (v->block == NULL || strcmp(v->fs_info.type, "LVM2_member") != 0)
            continue;
        h2k_guest_volume_name(guest, v, names[count]);
        guest->lvm_sources[count] = i;
        sources[count] = (struct h2k_lvm_source){ names[count], v->block };
        count++;
    }
    guest->lvm = h2k_lvm_open(sources, count);
    return guest->lvm == NULL ? -1 : 0;
}

int
h2k_guest_add_lvm(struct h2k_guest *guest)
{
    if (guest->lvm != NULL)
        return 0;
    if (open_lvm(guest) < 0)
        return -1;
    for (size_t i = 0; i < guest->lvm->problem_count; i++)
        if (h2k_strings_add(&guest->warnings, guest->lvm->problems[i]) < 0)
            return -1;
    for (size_t i = 0; i < guest->lvm->count; i++)
        if (add_logical(guest, &guest->lvm->volumes[i]) < 0)
            return -1;
    return 0;
}
