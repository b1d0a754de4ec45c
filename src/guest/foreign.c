/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/foreign.h"

#include "base/error.h"
#include "fs/guestfs/fallback.h"
#include "fs/guestfs/guestfs.h"

#include <stdio.h>
#include <string.h>

bool
h2k_foreign_wants(const struct h2k_guest_volume *volume)
{
    const struct h2k_fs_info *info = &volume->fs_info;
    return volume->block != NULL && volume->member_of == 0 &&
           h2k_guestfs_takes(info->type) &&
           (info->problem[0] == '\0' || info->refused);
}

/* ---- The appliance ---- */

static int
need_appliance(struct h2k_guest *guest)
{
    if (guest->appliance == NULL)
        guest->appliance = h2k_appliance_new(NULL);
    return guest->appliance == NULL ? -1 : 0;
}

void
h2k_foreign_rest(struct h2k_guest *guest)
{
    if (guest->appliance != NULL)
        h2k_appliance_stop(guest->appliance);
}

/* 1; 0 and VOLUME says what is missing. */
static int
check_appliance(struct h2k_guest *guest, struct h2k_guest_volume *volume)
{
    struct h2k_fs_info *info = &volume->fs_info;
    if (need_appliance(guest) < 0)
        return -1;
    if (h2k_appliance_check(guest->appliance) == 0)
        return 1;
    if (h2k_errcode() != H2K_E_COMPONENT)
        return -1;
    guest->component_missing = true;
    snprintf(info->problem, sizeof(info->problem),
             "%.20s needs libguestfs, and was not looked into: %.120s",
             info->type, h2k_errmsg());
    return 0;
}

/* All blocks are disks there; the first one's name. */
static int
add_blocks(struct h2k_guest *guest, struct h2k_block **blocks, size_t count,
           bool writable, char device[H2K_APPLIANCE_DEVICE])
{
    for (size_t i = 0; i < count; i++) {
        unsigned disk;
        if (h2k_appliance_add(guest->appliance, blocks[i], writable, &disk) <
            0)
            return -1;
        if (i == 0)
            h2k_appliance_device(disk, device);
    }
    return 0;
}

static bool
is_writable(const struct h2k_guest_volume *volume)
{
    return h2k_block_writable(volume->block);
}

/* ---- Read and written there ---- */

static int
open_there(struct h2k_guest *guest, struct h2k_guest_volume *volume,
           struct h2k_block **blocks, size_t count)
{
    char device[H2K_APPLIANCE_DEVICE];
    int rc = check_appliance(guest, volume);
    if (rc <= 0)
        return rc;
    if (add_blocks(guest, blocks, count, is_writable(volume), device) < 0)
        return -1;
    const struct h2k_guestfs_source source = {
        .device = device,
        .options = h2k_guestfs_options(volume->fs_info.type),
    };
    volume->fs =
        h2k_guestfs_open(guest->appliance, &source, is_writable(volume));
    if (volume->fs == NULL)
        return -1;
    volume->foreign = true;
    volume->fs_info.mountable = true;
    volume->fs_info.problem[0] = '\0';
    return 0;
}

/* ---- Read natively, and written there ---- */

struct sides {
    struct h2k_appliance *appliance; /* the guest's */
    char device[H2K_APPLIANCE_DEVICE];
    const char *options;
    char damage[200]; /* for which we do not write; or "" */
    size_t count;
    struct h2k_block *blocks[]; /* references */
};

static void
sides_close(void *opaque)
{
    struct sides *sides = opaque;
    for (size_t i = 0; i < sides->count; i++)
        h2k_block_unref(sides->blocks[i]);
    free(sides);
}

static struct h2k_fs *
open_reader(void *opaque)
{
    const struct sides *sides = opaque;
    struct h2k_fs_info info;
    return h2k_fs_open_members(sides->blocks, sides->count, false, &info);
}

/* It is mounted when it is first looked at. */
static bool
works(struct h2k_fs *fs)
{
    struct h2k_stat st;
    return h2k_fs_stat(fs, h2k_fs_root(fs), &st) == 0;
}

/* Linux would not mount it for writing: what is damaged says more than its
 * "wrong fs type, bad option, bad superblock". */
static struct h2k_fs *
blame_damage(const struct sides *sides)
{
    struct h2k_saved_error error;
    h2k_error_save(&error);
    if (!h2k_error_is_content())
        return NULL;
    return h2k_fail_null(H2K_E_CORRUPT, "%s (%.300s)", sides->damage,
                         error.message);
}

static struct h2k_fs *
open_writer(void *opaque)
{
    const struct sides *sides = opaque;
    const struct h2k_guestfs_source source = {
        .device = sides->device,
        .options = sides->options,
    };
    if (h2k_appliance_check(sides->appliance) < 0) {
        h2k_prefix("writing needs libguestfs, and nothing was written: ");
        return NULL;
    }
    struct h2k_fs *fs = h2k_guestfs_open(sides->appliance, &source, true);
    if (fs == NULL || sides->damage[0] == '\0' || works(fs))
        return fs;
    h2k_fs_close(fs);
    return blame_damage(sides);
}

static struct sides *
sides_new(struct h2k_guest *guest, const struct h2k_guest_volume *volume,
          struct h2k_block **blocks, size_t count, const char *damage)
{
    struct sides *sides =
        calloc(1, sizeof(*sides) + count * sizeof(struct h2k_block *));
    if (sides == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    sides->appliance = guest->appliance;
    snprintf(sides->damage, sizeof(sides->damage), "%.199s", damage);
    /* The top-level subvolume: the reader's paths are from there. */
    sides->options = strcmp(volume->fs_info.type, "btrfs") == 0
                         ? "subvolid=5"
                         : h2k_guestfs_options(volume->fs_info.type);
    for (size_t i = 0; i < count; i++)
        sides->blocks[sides->count++] = h2k_block_ref(blocks[i]);
    if (add_blocks(guest, blocks, count, true, sides->device) == 0)
        return sides;
    sides_close(sides);
    return NULL;
}

/* Somebody should look after it, though it does not keep us from going on. */
static int
warn_of_damage(struct h2k_guest *guest, const struct h2k_guest_volume *volume,
               const char *damage)
{
    char name[H2K_VOLUME_NAME];
    h2k_guest_volume_name(guest, volume, name);
    return h2k_strings_addf(&guest->warnings,
                            "%s: %s; only libguestfs would write to it", name,
                            damage);
}

/* Takes READER. */
static int
open_both(struct h2k_guest *guest, struct h2k_guest_volume *volume,
          struct h2k_block **blocks, size_t count, struct h2k_fs *reader,
          const char *damage)
{
    struct sides *opaque =
        need_appliance(guest) < 0
            ? NULL
            : sides_new(guest, volume, blocks, count, damage);
    if (opaque == NULL) {
        h2k_fs_close(reader);
        return -1;
    }
    /* What a log holds, Linux replays before anything is read; without it,
     * what is read is an earlier state. */
    const struct h2k_fallback_sides sides = {
        .open_reader = open_reader,
        .open_writer = open_writer,
        .close = sides_close,
        .opaque = opaque,
        .writer_first = !volume->fs_info.clean &&
                        h2k_appliance_check(guest->appliance) == 0,
    };
    volume->fs = h2k_fallback_new(reader, &sides);
    if (volume->fs == NULL)
        return -1;
    return damage[0] == '\0' ? 0 : warn_of_damage(guest, volume, damage);
}

int
h2k_foreign_open(struct h2k_guest *guest, struct h2k_guest_volume *volume,
                 struct h2k_block **blocks, size_t count)
{
    struct h2k_saved_error refusal;
    h2k_error_save(&refusal);
    if (!h2k_guestfs_takes(volume->fs_info.type))
        return -1;
    if (volume->fs_info.mountable && is_writable(volume)) {
        const char *damage = volume->fs_info.damaged ? refusal.message : "";
        struct h2k_fs *reader =
            h2k_fs_open_members(blocks, count, false, &volume->fs_info);
        if (reader != NULL)
            return open_both(guest, volume, blocks, count, reader, damage);
        if (!h2k_error_is_content())
            return -1;
    }
    if (h2k_errcode() != H2K_E_UNSUPPORTED)
        return h2k_error_restore(&refusal);
    return open_there(guest, volume, blocks, count);
}

/* ---- Logical volumes ---- */

/* The physical volumes that were looked at together with LOGICAL's. */
static int
add_group(struct h2k_guest *guest, const struct h2k_lvm_volume *logical)
{
    char device[H2K_APPLIANCE_DEVICE];
    for (size_t i = 0; i < guest->lvm_count; i++) {
        struct h2k_guest_lvm *g = &guest->lvm[i];
        if (logical < g->lvm->volumes ||
            logical >= g->lvm->volumes + g->lvm->count || g->foreign)
            continue;
        g->foreign = true;
        for (size_t s = 0; s < g->source_count; s++) {
            struct h2k_block *block = guest->volumes[g->sources[s]].block;
            if (add_blocks(guest, &block, 1, h2k_block_writable(block),
                           device) < 0)
                return -1;
        }
    }
    return 0;
}

/* LOGICAL cannot be read here, and libguestfs is missing. */
static int
note_unread(struct h2k_guest *guest, struct h2k_guest_volume *volume)
{
    struct h2k_fs_info *info = &volume->fs_info;
    char name[H2K_VOLUME_NAME];
    guest->component_missing = true;
    snprintf(info->problem, sizeof(info->problem),
             "%.70s; libguestfs can, and: %.100s", volume->logical->problem,
             h2k_errmsg());
    h2k_guest_volume_name(guest, volume, name);
    return h2k_strings_addf(&guest->warnings, "%s: %s", name, info->problem);
}

static bool
all_writable(const struct h2k_guest *guest,
             const struct h2k_guest_volume *volume)
{
    for (size_t i = 0; i < volume->below_count; i++)
        if (!is_writable(&guest->volumes[volume->below[i]]))
            return false;
    return true;
}

int
h2k_foreign_open_logical(struct h2k_guest *guest,
                         struct h2k_guest_volume *volume)
{
    char device[2 * H2K_LVM_NAME + 8];
    const struct h2k_lvm_volume *logical = volume->logical;
    if (need_appliance(guest) < 0)
        return -1;
    if (h2k_appliance_check(guest->appliance) < 0)
        return h2k_errcode() == H2K_E_COMPONENT ? note_unread(guest, volume)
                                                : -1;
    if (add_group(guest, logical) < 0)
        return -1;
    snprintf(device, sizeof(device), "/dev/%s/%s", logical->group,
             logical->name);
    const struct h2k_guestfs_source source = { .device = device };
    volume->fs = h2k_guestfs_open(guest->appliance, &source,
                                  all_writable(guest, volume));
    volume->foreign = true;
    return volume->fs == NULL ? -1 : 0;
}

/* ---- Looking ---- */

int
h2k_foreign_look(struct h2k_guest *guest, struct h2k_guest_volume *volume)
{
    struct h2k_stat st;
    struct h2k_fs_info *info = &volume->fs_info;
    char name[H2K_VOLUME_NAME];
    if (volume->fs == NULL)
        return 0;
    if (h2k_fs_stat(volume->fs, h2k_fs_root(volume->fs), &st) == 0) {
        info->problem[0] = '\0';
        return 1;
    }
    h2k_guest_volume_name(guest, volume, name);
    /* Others may be in it: what they hold would be missed in silence. */
    if (h2k_appliance_ended(guest->appliance))
        return h2k_prefix("%s: ", name);
    if (!h2k_error_is_content() && h2k_errcode() != H2K_E_COMPONENT &&
        h2k_errcode() != H2K_E_FAILED)
        return -1;
    if (h2k_errcode() == H2K_E_COMPONENT)
        guest->component_missing = true;
    snprintf(info->problem, sizeof(info->problem), "%.199s", h2k_errmsg());
    info->mountable = false;
    h2k_fs_close(volume->fs);
    volume->fs = NULL;
    return h2k_strings_addf(&guest->warnings, "%s: %s", name, info->problem);
}
