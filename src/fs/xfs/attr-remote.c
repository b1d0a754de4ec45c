/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Values in blocks of their own ("Remote Attribute Values"): in version 5
 * each block has a header. */
#include "fs/xfs/attr-write.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/xfs/verify.h"

#include <string.h>

/* These blocks are not logged; so much their LSN says. */
#define NOT_LOGGED UINT64_MAX

static uint32_t
header_size(const struct h2k_xfs_da *da)
{
    return da->xfs->geo.v5 ? H2K_XFS_RM_SIZE : 0;
}

static uint32_t
block_count(const struct h2k_xfs_da *da, uint32_t length)
{
    return (uint32_t)h2k_div_up(length, da->block_size - header_size(da));
}

static int
put_block(struct h2k_xfs_da *da, const struct h2k_xfs_attr *attr,
          uint32_t number)
{
    uint32_t header = header_size(da), at = number * (da->block_size - header);
    uint32_t n = (uint32_t)h2k_min_u64(attr->value_length - at,
                                       da->block_size - header);
    struct h2k_xfs_buf *buf =
        h2k_xfs_da_new_at(da, attr->value_block + number, H2K_XFS_ATTR_REMOTE);
    if (buf == NULL)
        return -1;
    memcpy(buf->data + header, attr->value + at, n);
    if (header == 0)
        return 0;
    h2k_put_be32(buf->data + H2K_XFS_RM_OFFSET, at);
    h2k_put_be32(buf->data + H2K_XFS_RM_BYTES, n);
    h2k_put_be64(buf->data + H2K_XFS_RM_LSN, NOT_LOGGED);
    return 0;
}

int
h2k_xfs_attr_remote_put(struct h2k_xfs_da *da, struct h2k_xfs_attr *attr)
{
    uint32_t count = block_count(da, attr->value_length);
    uint64_t at = h2k_xfs_da_hole(da, 0, count);
    if (h2k_xfs_da_fill(da, at, count, false) < 0)
        return -1;
    attr->flags &= ~H2K_XFS_ATTR_LOCAL;
    attr->value_block = (uint32_t)at;
    for (uint32_t i = 0; i < count; i++)
        if (put_block(da, attr, i) < 0)
            return -1;
    return 0;
}

int
h2k_xfs_attr_remote_drop(struct h2k_xfs_da *da,
                         const struct h2k_xfs_attr *attr)
{
    return attr->value_length == 0
               ? 0
               : h2k_xfs_da_punch(da, attr->value_block,
                                  block_count(da, attr->value_length));
}
