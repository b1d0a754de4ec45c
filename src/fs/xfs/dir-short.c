/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names in the inode ("Shortform Directories"): read whole, changed, and
 * written whole. */
#include "fs/xfs/dir.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/format-inode.h"

#include <string.h>
#include <sys/stat.h>

#define NAMES_MAX 255
#define DOTS 2 /* "." and "..", which only blocks have entries for */

struct names {
    uint32_t count;
    h2k_ino parent;
    struct h2k_xfs_name name[NAMES_MAX + 1];
    uint8_t bytes[2048]; /* what the names point into */
};

/* That of an entry, whose name is at BYTES and has its type behind it. */
static struct h2k_xfs_name
name_of_entry(const struct h2k_xfs_dir *dir, const struct h2k_xfs_dir_entry *e,
              const uint8_t *bytes)
{
    return (struct h2k_xfs_name){
        .bytes = bytes,
        .length = e->length,
        .hash = h2k_xfs_hash((const char *)bytes, e->length),
        .ino = e->ino,
        .type = dir->xfs->geo.ftype ? e->name[e->length] : H2K_XFS_FT_UNKNOWN,
    };
}

static uint8_t *
put_ino(uint8_t *p, uint32_t size, h2k_ino ino)
{
    if (size == 8)
        h2k_put_be64(p, ino);
    else
        h2k_put_be32(p, (uint32_t)ino);
    return p + size;
}

static int
load_names(const struct h2k_xfs_dir *dir, struct names *names)
{
    uint32_t room = 0;
    const uint8_t *area =
        h2k_xfs_fork_area(dir->xfs, dir->inode, H2K_XFS_DATA_FORK, &room);
    uint64_t size = h2k_xfs_inode_size(dir->inode);
    if (size > room || size > sizeof(names->bytes))
        return h2k_xfs_da_damaged(&dir->da, "more names than have room");
    memcpy(names->bytes, area, (size_t)size);
    struct h2k_view v = h2k_view_of(names->bytes, (size_t)size);
    uint32_t at = h2k_xfs_dir_short_begin(v);
    if (at == 0)
        return h2k_xfs_da_damaged(&dir->da, "a directory without a header");
    names->count = h2k_view_u8(v, H2K_XFS_SF_COUNT);
    names->parent = at == H2K_XFS_SF_PARENT + 8
                        ? h2k_view_be64(v, H2K_XFS_SF_PARENT)
                        : h2k_view_be32(v, H2K_XFS_SF_PARENT);
    for (uint32_t i = 0; i < names->count; i++) {
        struct h2k_xfs_dir_entry e;
        if (!h2k_xfs_dir_short_get_next(dir->xfs, v, &at, &e))
            return h2k_xfs_da_damaged(&dir->da, "names that cannot be right");
        names->name[i] = name_of_entry(dir, &e, e.name);
    }
    return at == size
               ? 0
               : h2k_xfs_da_damaged(&dir->da, "bytes behind the last name");
}

/* Numbers that need 64 bits, the parent's among them. */
static uint32_t
large_numbers(const struct names *names)
{
    uint32_t large = names->parent > UINT32_MAX;
    for (uint32_t i = 0; i < names->count; i++)
        large += names->name[i].ino > UINT32_MAX;
    return large;
}

/* Do they fit into the inode, and would they into a directory of one block?
 * Entries say where they would be there. */
static bool
names_fit(const struct h2k_xfs_dir *dir, const struct names *names,
          uint32_t room)
{
    uint32_t ino_size = large_numbers(names) == 0 ? 4 : 8;
    uint32_t size = H2K_XFS_SF_PARENT + ino_size;
    uint32_t block = dir->data_header + H2K_XFS_DBT_SIZE +
                     h2k_xfs_dir_entry_size(dir->xfs, 1) +
                     h2k_xfs_dir_entry_size(dir->xfs, 2) +
                     (names->count + DOTS) * H2K_XFS_DL_ENTRY_SIZE;
    for (uint32_t i = 0; i < names->count; i++) {
        size += H2K_XFS_SF_ENTRY_NAME + names->name[i].length +
                dir->xfs->geo.ftype + ino_size;
        block += h2k_xfs_dir_entry_size(dir->xfs, names->name[i].length);
    }
    return names->count <= NAMES_MAX && size <= room &&
           block <= dir->da.block_size;
}

static void
put_names(const struct h2k_xfs_dir *dir, const struct names *names,
          uint8_t *area)
{
    uint32_t large = large_numbers(names), ino_size = large == 0 ? 4 : 8;
    uint32_t offset = dir->data_header + h2k_xfs_dir_entry_size(dir->xfs, 1) +
                      h2k_xfs_dir_entry_size(dir->xfs, 2);
    area[H2K_XFS_SF_COUNT] = (uint8_t)names->count;
    area[H2K_XFS_SF_I8COUNT] = (uint8_t)large;
    uint8_t *p = put_ino(area + H2K_XFS_SF_PARENT, ino_size, names->parent);
    for (uint32_t i = 0; i < names->count; i++) {
        const struct h2k_xfs_name *name = &names->name[i];
        p[H2K_XFS_SF_ENTRY_NAMELEN] = (uint8_t)name->length;
        h2k_put_be16(p + H2K_XFS_SF_ENTRY_OFFSET, (uint16_t)offset);
        memcpy(p + H2K_XFS_SF_ENTRY_NAME, name->bytes, name->length);
        p += H2K_XFS_SF_ENTRY_NAME + name->length;
        if (dir->xfs->geo.ftype)
            *p++ = name->type;
        p = put_ino(p, ino_size, name->ino);
        offset += h2k_xfs_dir_entry_size(dir->xfs, name->length);
    }
    h2k_put_be64(dir->inode->raw + H2K_XFS_DI_FILE_SIZE, (uint64_t)(p - area));
}

/* NAMES into the inode: 1, or 0 where they have no room. */
static int
store_names(struct h2k_xfs_dir *dir, const struct names *names)
{
    uint32_t room = 0;
    uint8_t *area =
        h2k_xfs_fork_area(dir->xfs, dir->inode, H2K_XFS_DATA_FORK, &room);
    if (!names_fit(dir, names, room))
        return 0;
    if (h2k_xfs_inode_dirty(dir->xfs, dir->inode) < 0)
        return -1;
    memset(area, 0, room);
    put_names(dir, names, area);
    return 1;
}

static struct h2k_xfs_name *
find_name(struct names *names, const struct h2k_xfs_name *name)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (names->name[i].length == name->length &&
            memcmp(names->name[i].bytes, name->bytes, name->length) == 0)
            return &names->name[i];
    return NULL;
}

int
h2k_xfs_dir_short_add(struct h2k_xfs_dir *dir, const struct h2k_xfs_name *name)
{
    struct names names;
    if (load_names(dir, &names) < 0)
        return -1;
    names.name[names.count++] = *name;
    return store_names(dir, &names);
}

int
h2k_xfs_dir_short_remove(struct h2k_xfs_dir *dir,
                         const struct h2k_xfs_name *name)
{
    struct names names;
    if (load_names(dir, &names) < 0)
        return -1;
    struct h2k_xfs_name *found = find_name(&names, name);
    if (found == NULL)
        return 0;
    names.count--;
    memmove(found, found + 1,
            (size_t)(&names.name[names.count] - found) * sizeof(*found));
    return store_names(dir, &names);
}

int
h2k_xfs_dir_short_replace(struct h2k_xfs_dir *dir,
                          const struct h2k_xfs_name *name)
{
    struct names names;
    if (load_names(dir, &names) < 0)
        return -1;
    struct h2k_xfs_name *found = find_name(&names, name);
    if (found == NULL)
        return 0;
    found->ino = name->ino;
    found->type = name->type;
    int rc = store_names(dir, &names);
    if (rc != 0)
        return rc;
    /* Its number needs more bytes than the inode has. */
    if (h2k_xfs_dir_short_to_block(dir) < 0)
        return -1;
    struct h2k_xfs_dir_spot spot;
    rc = h2k_xfs_dir_find(dir, name, &spot);
    if (rc > 0)
        h2k_xfs_dir_data_set(dir, spot.data, spot.offset, name);
    return rc;
}

/* NAME into BUF, where its names end at END and its entries' array begins. */
static int
put_in_block(struct h2k_xfs_dir *dir, struct h2k_xfs_dir_leaf *leaf,
             uint32_t end, const struct h2k_xfs_name *name)
{
    uint32_t offset = 0;
    if (h2k_xfs_dir_data_room(dir, leaf->buf, end, name, &offset) < 0)
        return -1;
    if (offset == 0)
        return h2k_xfs_da_damaged(&dir->da, "more names than have room");
    if (h2k_xfs_dir_data_put(dir, leaf->buf, end, name, offset) < 0)
        return -1;
    return h2k_xfs_dir_leaf_insert(dir, leaf, name->hash,
                                   offset / H2K_XFS_DIR_ALIGN);
}

static int
fill_block(struct h2k_xfs_dir *dir, struct h2k_xfs_buf *buf,
           const struct names *names)
{
    const struct h2k_xfs_name dots[DOTS] = {
        h2k_xfs_name_of(".", dir->inode->ino, S_IFDIR),
        h2k_xfs_name_of("..", names->parent, S_IFDIR),
    };
    uint32_t end = dir->da.block_size - H2K_XFS_DBT_SIZE -
                   (names->count + DOTS) * H2K_XFS_DL_ENTRY_SIZE;
    struct h2k_xfs_dir_leaf leaf = {
        .buf = buf,
        .entries = buf->data + end,
        .room = names->count + DOTS,
    };
    h2k_xfs_dir_data_clear(dir, buf, end);
    for (uint32_t i = 0; i < DOTS; i++)
        if (put_in_block(dir, &leaf, end, &dots[i]) < 0)
            return -1;
    for (uint32_t i = 0; i < names->count; i++)
        if (put_in_block(dir, &leaf, end, &names->name[i]) < 0)
            return -1;
    return 0;
}

int
h2k_xfs_dir_short_to_block(struct h2k_xfs_dir *dir)
{
    struct names names;
    if (load_names(dir, &names) < 0)
        return -1;
    if (!names_fit(dir, &names, UINT32_MAX))
        return h2k_xfs_da_damaged(&dir->da, "more names than have room");
    if (h2k_xfs_fork_make_extents(dir->xfs, dir->inode, H2K_XFS_DATA_FORK) < 0)
        return -1;
    struct h2k_xfs_buf *buf = h2k_xfs_da_new(&dir->da, 0, H2K_XFS_DIR_BLOCK);
    if (buf == NULL || h2k_xfs_inode_dirty(dir->xfs, dir->inode) < 0)
        return -1;
    h2k_put_be64(dir->inode->raw + H2K_XFS_DI_FILE_SIZE, dir->da.block_size);
    dir->form = H2K_XFS_DIR_ONE_BLOCK;
    return fill_block(dir, buf, &names);
}

/* ---- From blocks, when few are left ---- */

/* A name of a block into NAMES: 1, or 0 where there is no room. */
static int
collect(const struct h2k_xfs_dir *dir, struct names *names, uint32_t *used,
        const struct h2k_xfs_dir_entry *e)
{
    if (e->length == 1 && e->name[0] == '.')
        return 1;
    if (e->length == 2 && memcmp(e->name, "..", 2) == 0) {
        names->parent = e->ino;
        return 1;
    }
    if (names->count == NAMES_MAX || e->length > sizeof(names->bytes) - *used)
        return 0;
    uint8_t *bytes = names->bytes + *used;
    memcpy(bytes, e->name, e->length);
    *used += e->length;
    names->name[names->count++] = name_of_entry(dir, e, bytes);
    return 1;
}

/* All names of BUF, the only block: 1, or 0 where there are too many. */
static int
collect_all(const struct h2k_xfs_dir *dir, const struct h2k_xfs_buf *buf,
            struct names *names)
{
    struct h2k_view v = h2k_view_of(buf->data, h2k_xfs_dir_names_end(buf));
    struct h2k_xfs_dir_entry e;
    uint32_t used = 0;
    names->count = 0;
    names->parent = 0;
    for (uint32_t at = dir->data_header; at < v.size; at += e.size) {
        if (!h2k_xfs_dir_entry_get(dir->xfs, v, at, &e))
            return h2k_xfs_da_damaged(&dir->da, "a damaged block of names");
        if (!e.unused && collect(dir, names, &used, &e) == 0)
            return 0;
    }
    return names->parent != 0
               ? 1
               : h2k_xfs_da_damaged(&dir->da, "a directory without \"..\"");
}

int
h2k_xfs_dir_block_to_short(struct h2k_xfs_dir *dir)
{
    static const enum h2k_xfs_kind kinds[] = { H2K_XFS_DIR_BLOCK,
                                               H2K_XFS_DIR_DATA,
                                               H2K_XFS_KINDS };
    struct names names;
    uint32_t room = 0;
    if (h2k_xfs_inode_size(dir->inode) != dir->da.block_size)
        return 0;
    struct h2k_xfs_buf *buf = h2k_xfs_da_read_any(&dir->da, 0, kinds);
    if (buf == NULL)
        return -1;
    int rc = collect_all(dir, buf, &names);
    h2k_xfs_fork_area(dir->xfs, dir->inode, H2K_XFS_DATA_FORK, &room);
    if (rc <= 0 || !names_fit(dir, &names, room))
        return rc < 0 ? -1 : 0;
    if (h2k_xfs_da_punch(&dir->da, 0, UINT64_MAX) < 0 ||
        h2k_xfs_inode_dirty(dir->xfs, dir->inode) < 0)
        return -1;
    dir->inode->raw[H2K_XFS_DI_FORMAT] = H2K_XFS_LOCAL;
    dir->form = H2K_XFS_DIR_IN_INODE;
    return store_names(dir, &names);
}
