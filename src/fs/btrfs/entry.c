/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Dir item": names, of files and of extended attributes.  Those with the
 * same hash share an item. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

int
h2k_btrfs_entry_next(struct h2k_view item, size_t *at,
                     struct h2k_btrfs_entry *out)
{
    struct h2k_view head;
    if (*at == item.size)
        return 0;
    if (!h2k_view_slice(item, *at, H2K_BTRFS_ENTRY_SIZE, &head))
        return h2k_fail(H2K_E_CORRUPT, "a directory entry that is cut off");
    uint64_t name = h2k_view_le16(head, H2K_BTRFS_ENTRY_NAME_LENGTH);
    uint64_t data = h2k_view_le16(head, H2K_BTRFS_ENTRY_DATA_LENGTH);
    uint64_t begin = *at + H2K_BTRFS_ENTRY_SIZE;
    out->location = h2k_btrfs_key_get(head.data);
    out->type = h2k_view_u8(head, H2K_BTRFS_ENTRY_TYPE);
    if (name == 0 || name > H2K_NAME_MAX ||
        !h2k_view_slice(item, begin, name, &out->name) ||
        !h2k_view_slice(item, begin + name, data, &out->data))
        return h2k_fail(H2K_E_CORRUPT, "a directory entry that is cut off");
    if ((out->type & H2K_BTRFS_TYPE_ENCRYPTED) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED, "a name is encrypted");
    *at = (size_t)(begin + name + data);
    return 1;
}
