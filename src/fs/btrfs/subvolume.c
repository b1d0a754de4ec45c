/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Subvolumes: "Root item", "Root backref item", and the default one. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_BITS 46
#define NUMBER_MAX ((UINT64_C(1) << NUMBER_BITS) - 1)

/* "Root backref item": directory, sequence, length of the name, name. */
#define BACKREF_NAME_LENGTH 16
#define BACKREF_SIZE 18
/* "Inode ref item": index, length of the name, name. */
#define REF_NAME_LENGTH 8
#define REF_SIZE 10

/* ---- Numbers ---- */

int
h2k_btrfs_ino_pack(const struct h2k_btrfs *fs, const struct h2k_btrfs_ino *ino,
                   h2k_ino *out)
{
    uint64_t index = (uint64_t)(ino->subvolume - fs->subvolumes);
    if (ino->number == 0 || ino->number > NUMBER_MAX)
        return h2k_fail(H2K_E_CORRUPT, "inode %" PRIu64, ino->number);
    *out = index << 48 | (uint64_t)ino->kind << NUMBER_BITS | ino->number;
    return 0;
}

int
h2k_btrfs_ino_unpack(const struct h2k_btrfs *fs, h2k_ino packed,
                     struct h2k_btrfs_ino *out)
{
    uint64_t index = packed >> 48;
    unsigned kind = packed >> NUMBER_BITS & 3;
    if (index >= fs->subvolume_count || kind > H2K_BTRFS_PLACEHOLDER)
        return h2k_fail(H2K_E_NOENT, "btrfs: no inode 0x%" PRIx64, packed);
    out->subvolume = &fs->subvolumes[index];
    out->kind = kind;
    out->number = packed & NUMBER_MAX;
    return 0;
}

h2k_ino
h2k_btrfs_subvolume_top(const struct h2k_btrfs *fs,
                        const struct h2k_btrfs_subvolume *s)
{
    h2k_ino out = 0;
    h2k_btrfs_ino_pack(fs, &(struct h2k_btrfs_ino){ s, H2K_BTRFS_DIR, s->top },
                       &out);
    return out;
}

/* ---- Which there are ---- */

const struct h2k_btrfs_subvolume *
h2k_btrfs_subvolume_find(const struct h2k_btrfs *fs, uint64_t id)
{
    size_t low = 0, high = fs->subvolume_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct h2k_btrfs_subvolume *s = &fs->subvolumes[middle];
        if (s->tree.id == id)
            return s;
        if (s->tree.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void
h2k_btrfs_subvolumes_free(struct h2k_btrfs *fs)
{
    for (size_t i = 0; i < fs->subvolume_count; i++)
        free(fs->subvolumes[i].name);
    free(fs->subvolumes);
}

struct loading {
    struct h2k_btrfs *fs;
    size_t allocated;
    struct h2k_btrfs_subvolume *last; /* NULL: none of this id yet */
};

/* One whose deletion was begun is not there any more. */
static int
load_root(struct loading *l, uint64_t id, struct h2k_view item)
{
    struct h2k_btrfs *fs = l->fs;
    if (h2k_view_le32(item, H2K_BTRFS_ROOT_REFS) == 0)
        return 0;
    if (fs->subvolume_count == l->allocated) {
        size_t more = l->allocated == 0 ? 16 : l->allocated * 2;
        struct h2k_btrfs_subvolume *list =
            reallocarray(fs->subvolumes, more, sizeof(*list));
        if (list == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        fs->subvolumes = list;
        l->allocated = more;
    }
    if (fs->subvolume_count >= H2K_BTRFS_SUBVOLUMES_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "more than %u subvolumes",
                        H2K_BTRFS_SUBVOLUMES_MAX);
    struct h2k_btrfs_subvolume *s = &fs->subvolumes[fs->subvolume_count];
    *s = (struct h2k_btrfs_subvolume){
        .top = h2k_view_le64(item, H2K_BTRFS_ROOT_DIRID),
        .read_only = (h2k_view_le64(item, H2K_BTRFS_ROOT_FLAGS) &
                      H2K_BTRFS_ROOT_READ_ONLY) != 0,
    };
    if (s->top == 0 || s->top > NUMBER_MAX)
        s->top = H2K_BTRFS_FIRST_FREE;
    if (h2k_btrfs_root_item(item, id, &s->tree) < 0)
        return -1;
    fs->subvolume_count++;
    l->last = s;
    return 0;
}

/* A subvolume is at one place only, so there is one such item. */
static int
load_backref(struct h2k_btrfs_subvolume *s, uint64_t parent,
             struct h2k_view item)
{
    struct h2k_view name;
    if (s->name != NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "subvolume %" PRIu64 " is at two places", s->tree.id);
    if (!h2k_view_slice(item, BACKREF_SIZE,
                        h2k_view_le16(item, BACKREF_NAME_LENGTH), &name) ||
        name.size == 0 || name.size > H2K_NAME_MAX ||
        s->tree.id == H2K_BTRFS_FS_TREE)
        return h2k_fail(H2K_E_CORRUPT, "subvolume %" PRIu64 ": its name",
                        s->tree.id);
    s->name = strndup((const char *)name.data, name.size);
    if (s->name == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    s->parent = parent;
    s->parent_dir = h2k_view_le64(item, 0);
    return 0;
}

static int
load_item(struct loading *l, const struct h2k_btrfs_cursor *c)
{
    uint64_t id = c->key.object;
    if (id != H2K_BTRFS_FS_TREE && id < H2K_BTRFS_FIRST_FREE)
        return 0;
    if (l->last != NULL && l->last->tree.id != id)
        l->last = NULL;
    if (c->key.type == H2K_BTRFS_ROOT_ITEM)
        return l->last != NULL
                   ? h2k_fail(H2K_E_CORRUPT,
                              "subvolume %" PRIu64 " is there twice", id)
                   : load_root(l, id, c->item);
    if (c->key.type == H2K_BTRFS_ROOT_BACKREF && l->last != NULL)
        return load_backref(l->last, c->key.offset, c->item);
    return 0;
}

/* The entry "default" of the root tree's own directory. */
static int
find_default(struct h2k_btrfs *fs)
{
    struct h2k_btrfs_entry entry;
    size_t at = 0;
    H2K_BTRFS_CURSOR(c, fs, &fs->root_tree);
    const struct h2k_btrfs_key key = { fs->super.root_dir, H2K_BTRFS_DIR_ITEM,
                                       h2k_btrfs_name_hash("default", 7) };
    int rc = h2k_btrfs_find(&c, key);
    while (rc > 0 && (rc = h2k_btrfs_entry_next(c.item, &at, &entry)) > 0)
        if (h2k_view_equal(entry.name, 0, "default", 7) &&
            entry.name.size == 7) {
            const struct h2k_btrfs_subvolume *s =
                h2k_btrfs_subvolume_find(fs, entry.location.object);
            if (s != NULL)
                fs->default_subvolume = (size_t)(s - fs->subvolumes);
        }
    return rc;
}

int
h2k_btrfs_subvolumes_load(struct h2k_btrfs *fs)
{
    struct loading l = { .fs = fs };
    H2K_BTRFS_CURSOR(c, fs, &fs->root_tree);
    const struct h2k_btrfs_key first = { H2K_BTRFS_FS_TREE,
                                         H2K_BTRFS_ROOT_ITEM, 0 };
    int rc = h2k_btrfs_seek(&c, first);
    for (; rc > 0 && c.key.object <= H2K_BTRFS_LAST_FREE;
         rc = h2k_btrfs_next(&c))
        if (load_item(&l, &c) < 0)
            return -1;
    if (rc < 0)
        return -1;
    if (fs->subvolume_count == 0 ||
        fs->subvolumes[0].tree.id != H2K_BTRFS_FS_TREE)
        return h2k_fail(H2K_E_CORRUPT, "its top-level subvolume is missing");
    return find_default(fs);
}

/* ---- Where they are ---- */

/* Put NAME and a slash before TEXT + *AT. */
static int
put_name(char *text, size_t *at, const void *name, size_t length)
{
    if (length + 1 > *at)
        return h2k_fail(H2K_E_UNSUPPORTED, "a path longer than %d bytes",
                        H2K_PATH_MAX);
    *at -= length + 1;
    memcpy(text + *at, name, length);
    text[*at + length] = '/';
    return 0;
}

/* "Inode ref item": the names from the top of S down to its directory. */
static int
put_directories(struct h2k_btrfs *fs, const struct h2k_btrfs_subvolume *s,
                uint64_t directory, char *text, size_t *at)
{
    H2K_BTRFS_CURSOR(c, fs, &s->tree);
    while (directory != s->top) {
        struct h2k_view name;
        const struct h2k_btrfs_key key = { directory, H2K_BTRFS_INODE_REF, 0 };
        int rc = h2k_btrfs_seek(&c, key);
        if (rc < 0)
            return -1;
        if (rc == 0 || c.key.object != directory ||
            c.key.type != H2K_BTRFS_INODE_REF ||
            !h2k_view_slice(c.item, REF_SIZE,
                            h2k_view_le16(c.item, REF_NAME_LENGTH), &name))
            return h2k_fail(H2K_E_CORRUPT, "directory %" PRIu64 " is nowhere",
                            directory);
        if (put_name(text, at, name.data, name.size) < 0)
            return -1;
        directory = c.key.offset;
    }
    return 0;
}

/* The path of S into TEXT, whose last byte is its end; where it begins. */
static int
put_path(struct h2k_btrfs *fs, const struct h2k_btrfs_subvolume *s,
         char text[H2K_PATH_MAX + 1], size_t *at)
{
    *at = H2K_PATH_MAX;
    while (s->tree.id != H2K_BTRFS_FS_TREE) {
        const struct h2k_btrfs_subvolume *parent =
            h2k_btrfs_subvolume_find(fs, s->parent);
        if (s->name == NULL || parent == NULL)
            return h2k_fail(H2K_E_CORRUPT, "subvolume %" PRIu64 " is nowhere",
                            s->tree.id);
        if (put_name(text, at, s->name, strlen(s->name)) < 0 ||
            put_directories(fs, parent, s->parent_dir, text, at) < 0)
            return -1;
        s = parent;
    }
    text[*at < H2K_PATH_MAX ? H2K_PATH_MAX - 1 : H2K_PATH_MAX] = '\0';
    return 0;
}

int
h2k_btrfs_each_subvolume(void *state, h2k_subvolume_fn fn, void *opaque)
{
    struct h2k_btrfs *fs = state;
    char text[H2K_PATH_MAX + 1];
    for (size_t i = 0; i < fs->subvolume_count; i++) {
        const struct h2k_btrfs_subvolume *s = &fs->subvolumes[i];
        size_t at;
        if (put_path(fs, s, text, &at) < 0) {
            if (!h2k_error_is_content())
                return -1;
            continue; /* it has no path */
        }
        const struct h2k_subvolume found = {
            .root = h2k_btrfs_subvolume_top(fs, s),
            .path = text + at,
            .read_only = s->read_only,
        };
        int rc = fn(opaque, &found);
        if (rc != 0)
            return rc;
    }
    return 0;
}
