/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Attributes in the inode ("Short Form Attributes"): read whole, changed,
 * written whole. */
#include "fs/xfs/attr-write.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/format-btree.h"
#include "fs/xfs/format-inode.h"

#include <string.h>

uint32_t
h2k_xfs_attr_short_size(const struct h2k_xfs_attr *attr)
{
    return H2K_XFS_ASF_ENTRY_NAME + attr->name_length + attr->value_length;
}

/* A copy of ATTR, whose own place will be written to. */
static int
take(void *opaque, const struct h2k_xfs_attr *attr)
{
    struct h2k_xfs_attr_short *all = opaque;
    uint32_t size = attr->name_length + attr->value_length;
    if (all->count == H2K_XFS_ATTR_SHORT_MAX ||
        size > sizeof(all->bytes) - all->used)
        return h2k_fail(H2K_E_CORRUPT, "more attributes than have room");
    uint8_t *bytes = all->bytes + all->used;
    struct h2k_xfs_attr *to = &all->attr[all->count++];
    *to = *attr;
    to->name = bytes;
    to->value = bytes + attr->name_length;
    memcpy(bytes, attr->name, attr->name_length);
    memcpy(bytes + attr->name_length, attr->value, attr->value_length);
    all->used += size;
    return 0;
}

int
h2k_xfs_attr_short_load(struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode,
                        struct h2k_xfs_attr_short *out)
{
    struct h2k_xfs_attrs attrs;
    out->count = out->used = 0;
    if (h2k_xfs_attrs_open(xfs, inode->ino, &attrs) < 0)
        return -1;
    int rc = h2k_xfs_attr_each(&attrs, 0, take, out);
    h2k_xfs_attrs_close(&attrs);
    return rc;
}

/* Bytes of the data fork that are in use, where they are at its beginning;
 * all of it otherwise. */
static uint32_t
data_used(const struct h2k_xfs *xfs, const struct h2k_xfs_inode *inode)
{
    uint32_t room = 0;
    h2k_xfs_fork_area(xfs, inode, H2K_XFS_DATA_FORK, &room);
    uint64_t used = room;
    switch (h2k_xfs_fork_format(inode, H2K_XFS_DATA_FORK)) {
    case H2K_XFS_DEV:
        used = 8;
        break;
    case H2K_XFS_LOCAL:
        used = h2k_max_u64(H2K_XFS_BMDR_MIN, h2k_xfs_inode_size(inode));
        break;
    case H2K_XFS_EXTENTS:
        used = h2k_xfs_fork_extents(xfs, inode, H2K_XFS_DATA_FORK) *
               H2K_XFS_BMBT_REC_SIZE;
        used = h2k_max_u64(H2K_XFS_BMDR_MIN, used);
        break;
    case H2K_XFS_BTREE:
        break;
    }
    return (uint32_t)h2k_min_u64(used, room);
}

/* The fork gets room for SIZE bytes, of what the data fork does not use: 1,
 * or 0. */
static int
make_room(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode, uint32_t size)
{
    uint32_t data_room = 0, room = 0;
    uint8_t *data =
        h2k_xfs_fork_area(xfs, inode, H2K_XFS_DATA_FORK, &data_room);
    h2k_xfs_fork_area(xfs, inode, H2K_XFS_ATTR_FORK, &room);
    uint32_t all = data_room + room;
    uint32_t used = (uint32_t)h2k_align_up(data_used(xfs, inode), 8);
    if (size <= room)
        return 1;
    if (!xfs->geo.attr2 || size > all || used > (all - size) / 8 * 8)
        return 0;
    if (h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    uint32_t fork = (all - size) / 8;
    /* Its content is written again by the caller. */
    memset(data + (size_t)fork * 8, 0, all - (size_t)fork * 8);
    inode->raw[H2K_XFS_DI_FORKOFF] = (uint8_t)fork;
    return 1;
}

static uint32_t
total_size(const struct h2k_xfs_attr_short *all)
{
    uint32_t size = H2K_XFS_ASF_SIZE;
    for (uint32_t i = 0; i < all->count; i++)
        size += h2k_xfs_attr_short_size(&all->attr[i]);
    return size;
}

static void
put_all(const struct h2k_xfs_attr_short *all, uint8_t *area)
{
    uint8_t *p = area + H2K_XFS_ASF_SIZE;
    h2k_put_be16(area + H2K_XFS_ASF_TOTSIZE, (uint16_t)total_size(all));
    area[H2K_XFS_ASF_COUNT] = (uint8_t)all->count;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct h2k_xfs_attr *a = &all->attr[i];
        p[H2K_XFS_ASF_ENTRY_NAMELEN] = (uint8_t)a->name_length;
        p[H2K_XFS_ASF_ENTRY_VALUELEN] = (uint8_t)a->value_length;
        p[H2K_XFS_ASF_ENTRY_FLAGS] =
            (uint8_t)(a->flags & H2K_XFS_ATTR_NAMESPACES);
        memcpy(p + H2K_XFS_ASF_ENTRY_NAME, a->name, a->name_length);
        if (a->value_length > 0)
            memcpy(p + H2K_XFS_ASF_ENTRY_NAME + a->name_length, a->value,
                   a->value_length);
        p += h2k_xfs_attr_short_size(a);
    }
}

int
h2k_xfs_attr_short_init(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode)
{
    uint32_t room = 0;
    if (h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    uint8_t *area = h2k_xfs_fork_area(xfs, inode, H2K_XFS_ATTR_FORK, &room);
    inode->raw[H2K_XFS_DI_AFORMAT] = H2K_XFS_LOCAL;
    memset(area, 0, room);
    h2k_put_be16(area + H2K_XFS_ASF_TOTSIZE, H2K_XFS_ASF_SIZE);
    return 0;
}

int
h2k_xfs_attr_short_set(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                       const struct h2k_xfs_attr *attr)
{
    struct h2k_xfs_attr_short all;
    uint32_t i = 0, room = 0;
    if (attr->value_length > UINT8_MAX)
        return 0;
    if (h2k_xfs_attr_short_load(xfs, inode, &all) < 0)
        return -1;
    while (i < all.count && !h2k_xfs_attr_same(&all.attr[i], attr))
        i++;
    if (i == H2K_XFS_ATTR_SHORT_MAX)
        return 0;
    if (i == all.count)
        all.count++;
    all.attr[i] = *attr;
    int rc = make_room(xfs, inode, total_size(&all));
    if (rc <= 0)
        return rc;
    if (h2k_xfs_inode_dirty(xfs, inode) < 0)
        return -1;
    uint8_t *area = h2k_xfs_fork_area(xfs, inode, H2K_XFS_ATTR_FORK, &room);
    memset(area, 0, room);
    put_all(&all, area);
    return 1;
}
