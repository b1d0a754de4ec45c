/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/xfs/dir-entry.h"

#include "base/checked.h"
#include "fs/xfs/format-dir.h"

uint32_t
h2k_xfs_hash(const char *name, size_t length)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < length; i++)
        hash = (uint8_t)name[i] ^ (hash << 7 | hash >> 25);
    return hash;
}

uint32_t
h2k_xfs_dir_names_begin(const struct h2k_xfs *xfs)
{
    return xfs->geo.v5 ? H2K_XFS_DD_SIZE : H2K_XFS_DD_SIZE_V4;
}

uint32_t
h2k_xfs_dir_names_end(const struct h2k_xfs_buf *buf)
{
    uint32_t end = buf->length - H2K_XFS_DBT_SIZE;
    if (buf->kind != H2K_XFS_DIR_BLOCK)
        return buf->length;
    return end - h2k_get_be32(buf->data + end + H2K_XFS_DBT_COUNT) *
                     H2K_XFS_DL_ENTRY_SIZE;
}

uint32_t
h2k_xfs_dir_entry_size(const struct h2k_xfs *xfs, uint32_t length)
{
    uint32_t size = H2K_XFS_DE_NAME + length + xfs->geo.ftype + 2;
    return (uint32_t)h2k_align_up(size, H2K_XFS_DIR_ALIGN);
}

bool
h2k_xfs_dir_entry_get(const struct h2k_xfs *xfs, struct h2k_view v,
                      uint32_t offset, struct h2k_xfs_dir_entry *out)
{
    struct h2k_view e;
    *out = (struct h2k_xfs_dir_entry){ 0 };
    if (offset % H2K_XFS_DIR_ALIGN != 0 ||
        !h2k_view_has(v, offset, H2K_XFS_DIR_ALIGN))
        return false;
    out->unused = h2k_view_be16(v, offset) == H2K_XFS_DIR_FREE_TAG;
    if (out->unused) {
        out->size = h2k_view_be16(v, offset + H2K_XFS_DU_LENGTH);
        return out->size > 0 && out->size % H2K_XFS_DIR_ALIGN == 0 &&
               h2k_view_has(v, offset, out->size);
    }
    out->length = h2k_view_u8(v, offset + H2K_XFS_DE_NAMELEN);
    out->size = h2k_xfs_dir_entry_size(xfs, out->length);
    if (out->length == 0 || !h2k_view_slice(v, offset, out->size, &e) ||
        h2k_view_be16(e, out->size - 2) != offset)
        return false;
    out->ino = h2k_view_be64(e, H2K_XFS_DE_INUMBER);
    out->name = e.data + H2K_XFS_DE_NAME;
    return true;
}

/* Numbers are of 64 bits where one of them needs that. */
static uint32_t
ino_size(struct h2k_view v)
{
    return h2k_view_u8(v, H2K_XFS_SF_I8COUNT) == 0 ? 4 : 8;
}

uint32_t
h2k_xfs_dir_short_begin(struct h2k_view v)
{
    uint32_t begin = H2K_XFS_SF_PARENT + ino_size(v);
    return h2k_view_has(v, 0, begin) ? begin : 0;
}

bool
h2k_xfs_dir_short_get_next(const struct h2k_xfs *xfs, struct h2k_view v,
                           uint32_t *at, struct h2k_xfs_dir_entry *out)
{
    uint32_t length = h2k_view_u8(v, *at + H2K_XFS_SF_ENTRY_NAMELEN);
    uint32_t ino = H2K_XFS_SF_ENTRY_NAME + length + xfs->geo.ftype;
    struct h2k_view e;
    *out = (struct h2k_xfs_dir_entry){ 0 };
    if (length == 0 || !h2k_view_slice(v, *at, ino + ino_size(v), &e))
        return false;
    out->length = length;
    out->name = e.data + H2K_XFS_SF_ENTRY_NAME;
    out->size = (uint32_t)e.size;
    out->ino =
        ino_size(v) == 8 ? h2k_view_be64(e, ino) : h2k_view_be32(e, ino);
    *at += out->size;
    return true;
}
