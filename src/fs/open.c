/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a volume holds, and opening it: the table of types. */
#include "fs/fs.h"

#include "base/error.h"
#include "fs/types.h"

#include <stdio.h>
#include <string.h>

/* Members first: nothing inside one is for use alone. */
static const struct h2k_fs_type *const types[] = {
    &h2k_member_type, &h2k_ext_type,   &h2k_vfat_type,
    &h2k_xfs_type,    &h2k_btrfs_type, &h2k_foreign_type,
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static void
info_clear(struct h2k_fs_info *info)
{
    memset(info, 0, sizeof(*info));
    info->type = "unknown";
}

/* Does VOLUME hold TYPE?  Damage that its probe finds is told in INFO: the
 * volume does hold one then. */
static int
probe_type(const struct h2k_fs_type *type, struct h2k_block *volume,
           struct h2k_fs_info *info)
{
    info_clear(info);
    int rc = type->probe(volume, info);
    if (rc >= 0)
        return rc;
    if (h2k_errcode() != H2K_E_CORRUPT && h2k_errcode() != H2K_E_UNSUPPORTED)
        return -1;
    if (strcmp(info->type, "unknown") == 0)
        info->type = type->name;
    info->mountable = false;
    info->refused = h2k_errcode() == H2K_E_UNSUPPORTED;
    snprintf(info->problem, sizeof(info->problem), "%s", h2k_errmsg());
    return 1;
}

/* The type that VOLUME holds; *FOUND is NULL when none does.  Two at once
 * are one too many: the remains of an earlier one cannot be told from the
 * living one, and writing to the wrong one destroys the other. */
static int
find_type(struct h2k_block *volume, struct h2k_fs_info *info,
          const struct h2k_fs_type **found)
{
    info_clear(info);
    *found = NULL;
    for (size_t i = 0; i < TYPES; i++) {
        struct h2k_fs_info this;
        int rc = probe_type(types[i], volume, &this);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        if (*found == NULL) {
            *info = this;
            *found = types[i];
            if (types[i] == &h2k_member_type)
                break;
            continue;
        }
        info->mountable = info->refused = false;
        snprintf(info->problem, sizeof(info->problem),
                 "carries the signatures of both %s and %s; remove the stale "
                 "one with wipefs first",
                 info->type, this.type);
        break;
    }
    return 0;
}

int
h2k_fs_probe(struct h2k_block *volume, struct h2k_fs_info *info)
{
    const struct h2k_fs_type *found = NULL;
    return find_type(volume, info, &found);
}

/* The type of what VOLUME holds, which can be opened; or NULL. */
static const struct h2k_fs_type *
find_openable(struct h2k_block *volume, bool writable,
              struct h2k_fs_info *info)
{
    const struct h2k_fs_type *type = NULL;
    if (find_type(volume, info, &type) < 0)
        return NULL;
    if (type == NULL)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "no filesystem that we know is here");
    if (!info->mountable || type->open == NULL)
        return h2k_fail_null(H2K_E_UNSUPPORTED, "%s: %s", info->type,
                             info->problem[0] != '\0' ? info->problem
                                                      : "not read by us");
    if (writable && !h2k_block_writable(volume))
        return h2k_fail_null(H2K_E_READONLY,
                             "%s: the volume is read-only, and writing was "
                             "asked for",
                             info->type);
    return type;
}

struct h2k_fs *
h2k_fs_open(struct h2k_block *volume, bool writable, struct h2k_fs_info *info)
{
    struct h2k_fs_info unused;
    if (info == NULL)
        info = &unused;
    const struct h2k_fs_type *type = find_openable(volume, writable, info);
    return type == NULL ? NULL : type->open(volume, writable, info);
}

struct h2k_fs *
h2k_fs_open_members(struct h2k_block *const *volumes, size_t count,
                    bool writable, struct h2k_fs_info *info)
{
    struct h2k_fs_info unused;
    const struct h2k_fs_type *type = NULL;
    if (info == NULL)
        info = &unused;
    if (count == 0)
        return h2k_fail_null(H2K_E_RANGE, "no volume is given");
    for (size_t i = count; i-- > 0;) {
        type = find_openable(volumes[i], writable, info);
        if (type == NULL)
            return NULL;
        if (count > 1 && type->open_members == NULL)
            return h2k_fail_null(H2K_E_UNSUPPORTED,
                                 "%s: is in one volume alone, and %zu are "
                                 "given",
                                 info->type, count);
    }
    return count == 1 ? type->open(volumes[0], writable, info)
                      : type->open_members(volumes, count, writable, info);
}
