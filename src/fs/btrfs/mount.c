/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which subvolume a mount's options mean; btrfs(5), "subvol" and
 * "subvolid". */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>
#include <stdlib.h>

struct wanted {
    const char *path; /* of PATH_LENGTH bytes, or NULL */
    size_t path_length;
    bool has_id;
    uint64_t id;
};

static bool
take_option(const char *option, size_t length, const char *name,
            const char **value)
{
    size_t n = strlen(name);
    if (length < n || strncmp(option, name, n) != 0)
        return false;
    *value = option + n;
    return true;
}

/* Zero is the top-level one, as it is to Linux. */
static int
take_id(const char *value, size_t length, struct wanted *out)
{
    char digits[32], *end = digits;
    if (length < sizeof(digits)) {
        memcpy(digits, value, length);
        digits[length] = '\0';
        out->id = strtoull(digits, &end, 0);
    }
    if (end == digits || *end != '\0' || *digits == '-')
        return h2k_fail(H2K_E_NOENT, "btrfs: subvolid=%.*s is no number",
                        (int)h2k_min_u64(length, 40), value);
    out->has_id = true;
    if (out->id == 0)
        out->id = H2K_BTRFS_FS_TREE;
    return 0;
}

static int
take_options(const char *options, struct wanted *out)
{
    *out = (struct wanted){ 0 };
    while (*options != '\0') {
        size_t length = strcspn(options, ",");
        const char *value;
        if (take_option(options, length, "subvol=", &value)) {
            out->path = value;
            out->path_length = length - (size_t)(value - options);
        } else if (take_option(options, length, "subvolid=", &value) &&
                   take_id(value, length - (size_t)(value - options), out) < 0)
            return -1;
        options += length;
        options += *options == ',';
    }
    return 0;
}

/* Only a subvolume's top can be mounted. */
static int
check_top(const struct h2k_btrfs *fs, h2k_ino ino, const struct wanted *wanted)
{
    struct h2k_btrfs_ino at;
    if (h2k_btrfs_ino_unpack(fs, ino, &at) < 0)
        return -1;
    if (at.kind != H2K_BTRFS_DIR || at.number != at.subvolume->top)
        return h2k_fail(H2K_E_NOENT, "btrfs: '%.*s' is no subvolume",
                        (int)h2k_min_u64(wanted->path_length, 300),
                        wanted->path);
    if (wanted->has_id && at.subvolume->tree.id != wanted->id)
        return h2k_fail(H2K_E_NOENT,
                        "btrfs: subvolume '%.*s' has the id %" PRIu64
                        ", not %" PRIu64,
                        (int)h2k_min_u64(wanted->path_length, 300),
                        wanted->path, at.subvolume->tree.id, wanted->id);
    return 0;
}

/* The path goes down from the top-level subvolume. */
static int
find_path(struct h2k_btrfs *fs, const struct wanted *wanted, h2k_ino *root)
{
    const char *at = wanted->path, *end = at + wanted->path_length;
    char name[H2K_NAME_MAX + 1];
    struct h2k_stat st;
    *root = h2k_btrfs_subvolume_top(fs, &fs->subvolumes[0]);
    for (;;) {
        while (at < end && *at == '/')
            at++;
        size_t length = 0;
        while (at + length < end && at[length] != '/')
            length++;
        if (length == 0)
            return check_top(fs, *root, wanted);
        if (length > H2K_NAME_MAX)
            return h2k_fail(H2K_E_NOENT, "btrfs: '%.40s...' is no name", at);
        memcpy(name, at, length);
        name[length] = '\0';
        at += length;
        if (h2k_btrfs_stat(fs, *root, &st) < 0 ||
            h2k_btrfs_lookup(fs, *root, name, root) < 0)
            return h2k_prefix("subvolume '%.*s': ",
                              (int)h2k_min_u64(wanted->path_length, 300),
                              wanted->path);
    }
}

int
h2k_btrfs_subvolume(void *state, const char *options, h2k_ino *root)
{
    struct h2k_btrfs *fs = state;
    struct wanted wanted;
    if (take_options(options, &wanted) < 0)
        return -1;
    if (wanted.path != NULL)
        return find_path(fs, &wanted, root);
    const struct h2k_btrfs_subvolume *s =
        &fs->subvolumes[fs->default_subvolume];
    if (wanted.has_id)
        s = h2k_btrfs_subvolume_find(fs, wanted.id);
    if (s == NULL)
        return h2k_fail(H2K_E_NOENT, "btrfs: no subvolume %" PRIu64,
                        wanted.id);
    *root = h2k_btrfs_subvolume_top(fs, s);
    return 0;
}
