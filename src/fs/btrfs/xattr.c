/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Xattr item": entries as directories have them, with a value behind the
 * name. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

static int
prefix_inode(const struct h2k_btrfs_ino *ino)
{
    return h2k_prefix("btrfs: inode %" PRIu64 " of subvolume %" PRIu64 ": ",
                      ino->number, ino->subvolume->tree.id);
}

static int
take_value(struct h2k_view data, void **value, size_t *size)
{
    *value = malloc(data.size + 1);
    if (*value == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    memcpy(*value, data.data, data.size);
    *size = data.size;
    return 0;
}

static int
get_value(struct h2k_btrfs *fs, const struct h2k_btrfs_ino *ino,
          const char *name, void **value, size_t *size)
{
    size_t length = strlen(name), at = 0;
    struct h2k_btrfs_entry entry;
    H2K_BTRFS_CURSOR(c, fs, &ino->subvolume->tree);
    const struct h2k_btrfs_key key = { ino->number, H2K_BTRFS_XATTR_ITEM,
                                       h2k_btrfs_name_hash(name, length) };
    int rc = h2k_btrfs_find(&c, key);
    while (rc > 0 && (rc = h2k_btrfs_entry_next(c.item, &at, &entry)) > 0)
        if (entry.name.size == length &&
            memcmp(entry.name.data, name, length) == 0)
            return take_value(entry.data, value, size);
    return rc < 0 ? -1 : h2k_fail(H2K_E_NOENT, "no attribute '%s'", name);
}

int
h2k_btrfs_getxattr(void *state, h2k_ino packed, const char *name, void **value,
                   size_t *size)
{
    struct h2k_btrfs *fs = state;
    struct h2k_btrfs_ino ino;
    if (h2k_btrfs_ino_unpack(fs, packed, &ino) < 0)
        return -1;
    if (ino.kind == H2K_BTRFS_PLACEHOLDER)
        return h2k_fail(H2K_E_NOENT, "btrfs: no attribute '%s'", name);
    return get_value(fs, &ino, name, value, size) < 0 ? prefix_inode(&ino) : 0;
}

static int
list_item(const struct h2k_btrfs_ino *ino, struct h2k_view item,
          h2k_xattr_fn fn, void *opaque)
{
    struct h2k_btrfs_entry entry;
    char name[H2K_NAME_MAX + 1];
    size_t at = 0;
    int rc;
    while ((rc = h2k_btrfs_entry_next(item, &at, &entry)) > 0) {
        memcpy(name, entry.name.data, entry.name.size);
        name[entry.name.size] = '\0';
        if (strlen(name) != entry.name.size) {
            h2k_fail(H2K_E_CORRUPT, "an attribute's name with a NUL");
            return prefix_inode(ino);
        }
        rc = fn(opaque, name);
        if (rc != 0)
            return rc;
    }
    return rc < 0 ? prefix_inode(ino) : 0;
}

int
h2k_btrfs_listxattr(void *state, h2k_ino packed, h2k_xattr_fn fn, void *opaque)
{
    struct h2k_btrfs *fs = state;
    struct h2k_btrfs_ino ino;
    if (h2k_btrfs_ino_unpack(fs, packed, &ino) < 0)
        return -1;
    if (ino.kind == H2K_BTRFS_PLACEHOLDER)
        return 0;
    H2K_BTRFS_CURSOR(c, fs, &ino.subvolume->tree);
    const struct h2k_btrfs_key key = { ino.number, H2K_BTRFS_XATTR_ITEM, 0 };
    int rc = h2k_btrfs_seek(&c, key);
    for (; rc > 0 && c.key.object == ino.number &&
           c.key.type == H2K_BTRFS_XATTR_ITEM;
         rc = h2k_btrfs_next(&c)) {
        int told = list_item(&ino, c.item, fn, opaque);
        if (told != 0)
            return told;
    }
    return rc < 0 ? prefix_inode(&ino) : 0;
}
