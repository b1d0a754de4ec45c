/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Volumes stand on disks and on each other in any order: LVM on LUKS on a
 * partition, LUKS on a logical volume, LVM over arrays.  So it is looked
 * again after everything that was found, until nothing new turns up.
 */
#include "guest/volumes.h"

#include "base/error.h"
#include "block/slice.h"

#include <stdio.h>
#include <string.h>

void
h2k_guest_free_volumes(struct h2k_guest *guest)
{
    for (size_t i = 0; i < guest->volume_count; i++) {
        h2k_fs_close(guest->volumes[i].fs);
        h2k_block_unref(guest->volumes[i].block);
        free(guest->volumes[i].below);
    }
    free(guest->volumes);
    for (size_t i = 0; i < guest->lvm_count; i++) {
        h2k_lvm_free(guest->lvm[i].lvm);
        free(guest->lvm[i].sources);
    }
    free(guest->lvm);
    for (size_t i = 0; i < guest->md_count; i++)
        h2k_md_free(guest->md[i]);
    free(guest->md);
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
        free(volume->below);
        return -1;
    }
    struct h2k_guest_volume *added = &guest->volumes[guest->volume_count++];
    *added = *volume;
    if (added->fs_info.type == NULL)
        added->fs_info.type = "unknown";
    return 0;
}

int
h2k_guest_add_problem(struct h2k_guest *guest, const char *text)
{
    if (h2k_strings_contain(&guest->problems, text))
        return 0;
    return h2k_strings_add(&guest->problems, text) < 0
               ? -1
               : h2k_strings_add(&guest->warnings, text);
}

int
h2k_guest_add_problems(struct h2k_guest *guest,
                       const struct h2k_strings *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        if (h2k_guest_add_problem(guest, texts->items[i]) < 0)
            return -1;
    return 0;
}

/* VOLUME's block is probed; what it holds is opened later, by assembling. */
static int
add_probed(struct h2k_guest *guest, struct h2k_guest_volume *volume)
{
    char name[H2K_VOLUME_NAME];
    if (volume->block != NULL &&
        h2k_fs_probe(volume->block, &volume->fs_info) < 0) {
        h2k_guest_volume_name(guest, volume, name);
        h2k_block_unref(volume->block);
        free(volume->below);
        return h2k_prefix("%s: ", name);
    }
    return h2k_guest_add_volume(guest, volume);
}

/* ---- On a disk ---- */

/* P of a table on BLOCK. */
static int
set_partition(struct h2k_guest_volume *volume, struct h2k_block *block,
              const struct h2k_partition *p)
{
    volume->partition = p->number;
    volume->offset = p->offset;
    volume->length = p->length;
    snprintf(volume->uuid, sizeof(volume->uuid), "%s", p->uuid);
    snprintf(volume->type, sizeof(volume->type), "%s", p->type);
    snprintf(volume->label, sizeof(volume->label), "%s", p->label);
    volume->block = h2k_slice_new(block, p->offset, p->length);
    return volume->block == NULL ? -1 : 0;
}

int
h2k_guest_add_partitions(struct h2k_guest *guest, size_t index,
                         const struct h2k_partition_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        struct h2k_guest_volume volume = { .disk = index };
        if (set_partition(&volume, guest->disks[index].block,
                          &table->partitions[i]) < 0 ||
            add_probed(guest, &volume) < 0)
            return -1;
    }
    return 0;
}

int
h2k_guest_add_bare(struct h2k_guest *guest, size_t index)
{
    struct h2k_block *block = guest->disks[index].block;
    struct h2k_guest_volume volume = {
        .disk = index,
        .length = h2k_block_size(block),
        .block = h2k_block_ref(block),
    };
    if (volume.length > 0)
        return add_probed(guest, &volume);
    h2k_block_unref(volume.block);
    return 0;
}

/* ---- On other volumes ---- */

/* The device mapper's devices have no partitions of the kernel's: a table
 * there is a virtual machine's, whose disk the volume is. */
static bool
is_nested(const struct h2k_guest *guest, const struct h2k_guest_volume *volume,
          const size_t *below, size_t count)
{
    bool nested = false;
    for (size_t i = 0; i < count; i++)
        nested |= guest->volumes[below[i]].nested ||
                  (volume->kind == H2K_VOLUME_PARTITION &&
                   (guest->volumes[below[i]].kind == H2K_VOLUME_LOGICAL ||
                    guest->volumes[below[i]].kind == H2K_VOLUME_CRYPT));
    return nested;
}

static int
note_too_deep(struct h2k_guest *guest, const struct h2k_guest_volume *volume)
{
    char name[H2K_VOLUME_NAME], text[H2K_VOLUME_NAME + 80];
    h2k_guest_volume_name(guest, volume, name);
    snprintf(text, sizeof(text),
             "%s: more than %d volumes stand on each other there", name,
             H2K_GUEST_LAYERS_MAX);
    return h2k_guest_add_problem(guest, text);
}

int
h2k_guest_add_upon(struct h2k_guest *guest, struct h2k_guest_volume *volume,
                   const size_t *below, size_t count)
{
    volume->disk = H2K_GUEST_NO_DISK;
    volume->nested = is_nested(guest, volume, below, count);
    volume->below = calloc(count + 1, sizeof(*volume->below));
    if (volume->below == NULL) {
        h2k_block_unref(volume->block);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    volume->below_count = count;
    for (size_t i = 0; i < count; i++) {
        unsigned layer = guest->volumes[below[i]].layer + 1;
        volume->below[i] = below[i];
        volume->layer = layer > volume->layer ? layer : volume->layer;
    }
    if (volume->layer < H2K_GUEST_LAYERS_MAX)
        return add_probed(guest, volume);
    int rc = note_too_deep(guest, volume);
    h2k_block_unref(volume->block);
    free(volume->below);
    volume->below = NULL;
    volume->below_count = 0;
    return rc;
}

/* A volume that holds nothing itself may be cut as a disk is.  Partitions of
 * partitions are not looked for: a boot sector would be taken for a table. */
static int
find_partitions(struct h2k_guest *guest, size_t index)
{
    H2K_AUTO(h2k_block) block = h2k_block_ref(guest->volumes[index].block);
    H2K_AUTO(h2k_partition_table) table = h2k_partition_table_read(block);
    if (table == NULL)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < table->count; i++) {
        struct h2k_guest_volume volume = { .kind = H2K_VOLUME_PARTITION };
        if (set_partition(&volume, block, &table->partitions[i]) < 0 ||
            h2k_guest_add_upon(guest, &volume, &index, 1) < 0)
            return -1;
    }
    return 0;
}

static int
look_into(struct h2k_guest *guest, size_t index)
{
    const struct h2k_guest_volume *v = &guest->volumes[index];
    if (v->block == NULL)
        return 0;
    if (strcmp(v->fs_info.type, "crypto_LUKS") == 0)
        return h2k_guest_look_into_luks(guest, index);
    if (v->kind != H2K_VOLUME_PARTITION &&
        strcmp(v->fs_info.type, "unknown") == 0)
        return find_partitions(guest, index);
    return 0;
}

/* What stands on a single volume. */
static int
find_inside(struct h2k_guest *guest, bool only_whole)
{
    (void)only_whole;
    while (guest->looked < guest->volume_count)
        if (look_into(guest, guest->looked++) < 0)
            return -1;
    return 0;
}

/* In the order in which they are tried: what lacks a part waits until
 * nothing else is left to be found, and after each find it starts again.
 * Every find is a volume, of which there are only so many. */
int
h2k_guest_find_volumes(struct h2k_guest *guest)
{
    static const struct {
        int (*find)(struct h2k_guest *guest, bool only_whole);
        bool only_whole;
    } steps[] = {
        { find_inside, true },         { h2k_guest_find_arrays, true },
        { h2k_guest_find_lvm, true },  { h2k_guest_find_arrays, false },
        { h2k_guest_find_lvm, false },
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]);) {
        size_t before = guest->volume_count;
        if (steps[i].find(guest, steps[i].only_whole) < 0)
            return -1;
        i = guest->volume_count > before ? 0 : i + 1;
    }
    return h2k_guest_check_keys(guest);
}
