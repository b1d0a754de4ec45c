/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * "Dir item" and "Dir index item": directories.
 *
 * A directory is where its own inode says that it is, and at one place only:
 * so no path can go round in a circle.  The same goes for subvolumes.
 */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>

/* "Inode ref item": the one of directory NUMBER names DIR. */
static int
check_parent(struct h2k_btrfs *fs, const struct h2k_btrfs_ino *dir,
             uint64_t number)
{
    H2K_BTRFS_CURSOR(c, fs, &dir->subvolume->tree);
    const struct h2k_btrfs_key key = { number, H2K_BTRFS_INODE_REF, 0 };
    int rc = h2k_btrfs_seek(&c, key);
    bool right = rc > 0 && c.key.object == number &&
                 c.key.type == H2K_BTRFS_INODE_REF &&
                 c.key.offset == dir->number && number != dir->subvolume->top;
    if (right && (rc = h2k_btrfs_next(&c)) > 0)
        right = c.key.object != number || c.key.type != H2K_BTRFS_INODE_REF;
    if (rc < 0)
        return -1;
    return right ? 0
                 : h2k_fail(H2K_E_CORRUPT,
                            "directory %" PRIu64 " says that it is elsewhere",
                            number);
}

/* A subvolume's top; or a placeholder, where DIR is a snapshot's and the
 * subvolume is in what it was taken of. */
static void
resolve_subvolume(const struct h2k_btrfs *fs, const struct h2k_btrfs_ino *dir,
                  const struct h2k_btrfs_entry *entry,
                  struct h2k_btrfs_ino *out)
{
    const struct h2k_btrfs_subvolume *s =
        h2k_btrfs_subvolume_find(fs, entry->location.object);
    *out = (struct h2k_btrfs_ino){ dir->subvolume, H2K_BTRFS_PLACEHOLDER,
                                   dir->number };
    if (s != NULL && s->name != NULL && s->parent == dir->subvolume->tree.id &&
        s->parent_dir == dir->number && strlen(s->name) == entry->name.size &&
        memcmp(s->name, entry->name.data, entry->name.size) == 0)
        *out = (struct h2k_btrfs_ino){ s, H2K_BTRFS_DIR, s->top };
}

/* What an entry of DIR means. */
static int
resolve(struct h2k_btrfs *fs, const struct h2k_btrfs_ino *dir,
        const struct h2k_btrfs_entry *entry, h2k_ino *out)
{
    struct h2k_btrfs_ino ino = { dir->subvolume, H2K_BTRFS_FILE,
                                 entry->location.object };
    if (entry->location.type == H2K_BTRFS_ROOT_ITEM)
        resolve_subvolume(fs, dir, entry, &ino);
    else if (entry->location.type != H2K_BTRFS_INODE_ITEM)
        return h2k_fail(H2K_E_CORRUPT, "an entry for something of type %u",
                        entry->location.type);
    else if (entry->type == H2K_BTRFS_TYPE_DIR) {
        ino.kind = H2K_BTRFS_DIR;
        if (check_parent(fs, dir, ino.number) < 0)
            return -1;
    }
    return h2k_btrfs_ino_pack(fs, &ino, out);
}

static int
prefix_dir(const struct h2k_btrfs_ino *dir)
{
    return h2k_prefix("btrfs: directory %" PRIu64 " of subvolume %" PRIu64
                      ": ",
                      dir->number, dir->subvolume->tree.id);
}

static int
look_up(struct h2k_btrfs *fs, const struct h2k_btrfs_ino *dir,
        const char *name, h2k_ino *out)
{
    size_t length = strlen(name), at = 0;
    struct h2k_btrfs_entry entry;
    H2K_BTRFS_CURSOR(c, fs, &dir->subvolume->tree);
    const struct h2k_btrfs_key key = { dir->number, H2K_BTRFS_DIR_ITEM,
                                       h2k_btrfs_name_hash(name, length) };
    int rc = h2k_btrfs_find(&c, key);
    while (rc > 0 && (rc = h2k_btrfs_entry_next(c.item, &at, &entry)) > 0)
        if (entry.name.size == length &&
            memcmp(entry.name.data, name, length) == 0)
            return resolve(fs, dir, &entry, out);
    return rc < 0 ? -1 : h2k_fail(H2K_E_NOENT, "no '%s'", name);
}

int
h2k_btrfs_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out)
{
    struct h2k_btrfs *fs = state;
    struct h2k_btrfs_ino ino;
    if (h2k_btrfs_ino_unpack(fs, dir, &ino) < 0)
        return -1;
    if (ino.kind == H2K_BTRFS_PLACEHOLDER)
        return h2k_fail(H2K_E_NOENT,
                        "btrfs: no '%s': the subvolume is not in this "
                        "snapshot",
                        name);
    return look_up(fs, &ino, name, out) < 0 ? prefix_dir(&ino) : 0;
}

/* The name as a string: what no path could have is damage. */
static int
take_name(const struct h2k_btrfs_entry *entry, char name[H2K_NAME_MAX + 1])
{
    memcpy(name, entry->name.data, entry->name.size);
    name[entry->name.size] = '\0';
    if (strlen(name) != entry->name.size || strchr(name, '/') != NULL ||
        strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return h2k_fail(H2K_E_CORRUPT, "'%s' is not a file's name", name);
    return 0;
}

/* One item: -1 with the error's place said, what FN gives, or 0. */
static int
list_item(struct h2k_btrfs *fs, const struct h2k_btrfs_ino *dir,
          struct h2k_view item, h2k_readdir_fn fn, void *opaque)
{
    struct h2k_btrfs_entry entry;
    char name[H2K_NAME_MAX + 1];
    size_t at = 0;
    h2k_ino ino;
    int rc;
    while ((rc = h2k_btrfs_entry_next(item, &at, &entry)) > 0) {
        if (take_name(&entry, name) < 0 || resolve(fs, dir, &entry, &ino) < 0)
            return prefix_dir(dir);
        rc = fn(opaque, name, ino);
        if (rc != 0)
            return rc;
    }
    return rc < 0 ? prefix_dir(dir) : 0;
}

int
h2k_btrfs_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    struct h2k_btrfs *fs = state;
    struct h2k_btrfs_ino ino;
    if (h2k_btrfs_ino_unpack(fs, dir, &ino) < 0)
        return -1;
    if (ino.kind == H2K_BTRFS_PLACEHOLDER)
        return 0;
    H2K_BTRFS_CURSOR(c, fs, &ino.subvolume->tree);
    const struct h2k_btrfs_key key = { ino.number, H2K_BTRFS_DIR_INDEX, 0 };
    int rc = h2k_btrfs_seek(&c, key);
    for (; rc > 0 && c.key.object == ino.number &&
           c.key.type == H2K_BTRFS_DIR_INDEX;
         rc = h2k_btrfs_next(&c)) {
        int told = list_item(fs, &ino, c.item, fn, opaque);
        if (told != 0)
            return told;
    }
    return rc < 0 ? prefix_dir(&ino) : 0;
}
