/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Leaves of attributes ("Leaf Attributes").  One that changes is written
 * anew, its names packed at its end: so it has no holes, and one free
 * region. */
#include "fs/xfs/attr-write.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

bool
h2k_xfs_attr_same(const struct h2k_xfs_attr *a, const struct h2k_xfs_attr *b)
{
    const uint32_t told = H2K_XFS_ATTR_NAMESPACES | H2K_XFS_ATTR_INCOMPLETE;
    return a->name_length == b->name_length &&
           (a->flags & told) == (b->flags & told) &&
           memcmp(a->name, b->name, a->name_length) == 0;
}

void
h2k_xfs_attr_leaf_free(struct h2k_xfs_attr_leaf *leaf)
{
    free(leaf->attr);
    free(leaf->bytes);
    *leaf = (struct h2k_xfs_attr_leaf){ 0 };
}

/* Bytes of a name at a leaf's end, with its value or the place of that.  The
 * latter is counted by the size that compilers give its structure. */
static uint32_t
name_size(const struct h2k_xfs_attr *a)
{
    uint32_t size = (a->flags & H2K_XFS_ATTR_LOCAL)
                        ? H2K_XFS_ANL_NAME + a->name_length + a->value_length
                        : H2K_XFS_ANR_NAME + 2 + a->name_length;
    return (uint32_t)h2k_align_up(size, 4);
}

int
h2k_xfs_attr_leaf_load(struct h2k_xfs_da *da, const struct h2k_xfs_buf *buf,
                       struct h2k_xfs_attr_leaf *leaf)
{
    uint32_t count = h2k_xfs_da_count(da, buf);
    *leaf = (struct h2k_xfs_attr_leaf){
        .attr = calloc((size_t)count + 1, sizeof(*leaf->attr)),
        .bytes = malloc(da->block_size),
        .count = count,
    };
    if (leaf->attr == NULL || leaf->bytes == NULL) {
        h2k_xfs_attr_leaf_free(leaf);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    memcpy(leaf->bytes, buf->data, da->block_size);
    struct h2k_view v = h2k_view_of(leaf->bytes, da->block_size);
    for (uint32_t i = 0; i < count; i++)
        if (!h2k_xfs_attr_leaf_get(da, v, i, &leaf->attr[i]) ||
            (i > 0 && leaf->attr[i].hash < leaf->attr[i - 1].hash))
            count = 0;
    if (count == leaf->count &&
        h2k_xfs_attr_leaf_fits(da, leaf->attr, leaf->count))
        return 0;
    h2k_xfs_attr_leaf_free(leaf);
    return h2k_xfs_da_damaged(da, "attributes that cannot be right");
}

bool
h2k_xfs_attr_leaf_fits(const struct h2k_xfs_da *da,
                       const struct h2k_xfs_attr *attr, uint32_t count)
{
    uint64_t size = da->attr_entries;
    for (uint32_t i = 0; i < count; i++)
        size += H2K_XFS_AE_SIZE + name_size(&attr[i]);
    return size <= da->block_size;
}

bool
h2k_xfs_attr_is_local(const struct h2k_xfs_da *da,
                      const struct h2k_xfs_attr *attr)
{
    struct h2k_xfs_attr local = *attr;
    local.flags |= H2K_XFS_ATTR_LOCAL;
    return name_size(&local) < da->block_size / 4 * 3;
}

static void
put_attr(const struct h2k_xfs_attr *a, uint8_t *entry, uint32_t place,
         uint8_t *name)
{
    h2k_put_be32(entry + H2K_XFS_AE_HASHVAL, a->hash);
    h2k_put_be16(entry + H2K_XFS_AE_NAMEIDX, (uint16_t)place);
    entry[H2K_XFS_AE_FLAGS] = (uint8_t)a->flags;
    if (a->flags & H2K_XFS_ATTR_LOCAL) {
        h2k_put_be16(name + H2K_XFS_ANL_VALUELEN, (uint16_t)a->value_length);
        name[H2K_XFS_ANL_NAMELEN] = (uint8_t)a->name_length;
        memcpy(name + H2K_XFS_ANL_NAME, a->name, a->name_length);
        if (a->value_length > 0)
            memcpy(name + H2K_XFS_ANL_NAME + a->name_length, a->value,
                   a->value_length);
        return;
    }
    h2k_put_be32(name + H2K_XFS_ANR_VALUEBLK, a->value_block);
    h2k_put_be32(name + H2K_XFS_ANR_VALUELEN, a->value_length);
    name[H2K_XFS_ANR_NAMELEN] = (uint8_t)a->name_length;
    memcpy(name + H2K_XFS_ANR_NAME, a->name, a->name_length);
}

int
h2k_xfs_attr_leaf_store(struct h2k_xfs_da *da, struct h2k_xfs_buf *buf,
                        const struct h2k_xfs_attr *attr, uint32_t count)
{
    bool v5 = da->xfs->geo.v5;
    uint8_t *d = buf->data;
    uint32_t first = da->block_size;
    uint32_t entries = da->attr_entries + count * H2K_XFS_AE_SIZE;
    if (h2k_xfs_da_dirty(da, buf) < 0)
        return -1;
    memset(d + da->counts, 0, da->block_size - da->counts);
    for (uint32_t i = 0; i < count; i++) {
        first -= name_size(&attr[i]);
        put_attr(&attr[i], d + da->attr_entries + i * H2K_XFS_AE_SIZE, first,
                 d + first);
    }
    uint8_t *map = d + (v5 ? H2K_XFS_AL_FREEMAP : H2K_XFS_AL_FREEMAP_V4);
    h2k_xfs_da_set_count(da, buf, count);
    h2k_put_be16(d + (v5 ? H2K_XFS_AL_USEDBYTES : H2K_XFS_AL_USEDBYTES_V4),
                 (uint16_t)(da->block_size - first));
    /* 0 is what 65536 is said by. */
    h2k_put_be16(d + (v5 ? H2K_XFS_AL_FIRSTUSED : H2K_XFS_AL_FIRSTUSED_V4),
                 (uint16_t)first);
    h2k_put_be16(map, (uint16_t)entries);
    h2k_put_be16(map + 2, (uint16_t)(first - entries));
    return 0;
}
