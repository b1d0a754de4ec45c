/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Members of Linux software RAID (linux/raid/md_p.h). */
#include "fs/probe.h"

#include "base/error.h"

#include <string.h>

#define MD_MAGIC UINT32_C(0xa92b4efc)
#define SUPER_SIZE 256

/* Version 1: set_uuid at 16, set_name at 32, super_offset at 144. */
static bool
is_version_1(struct h2k_view super, uint64_t at, struct h2k_fs_info *info)
{
    if (h2k_view_le32(super, 0) != MD_MAGIC || h2k_view_le32(super, 4) != 1 ||
        h2k_view_le64(super, 144) != at / 512)
        return false;
    h2k_probe_uuid(info, super.data + 16);
    h2k_probe_label(info, super.data + 32, 32);
    return true;
}

/* Version 0.90: the UUID's words stand at 20 and from 52 on. */
static bool
is_version_0(struct h2k_view super, struct h2k_fs_info *info)
{
    uint8_t id[16];
    if (h2k_view_le32(super, 0) != MD_MAGIC || h2k_view_le32(super, 4) != 0 ||
        h2k_view_le32(super, 8) < 90)
        return false;
    memcpy(id, super.data + 20, 4);
    memcpy(id + 4, super.data + 52, 12);
    for (int i = 0; i < 16; i += 4)
        h2k_put_be32(id + i, h2k_get_le32(id + i));
    h2k_probe_uuid(info, id);
    return true;
}

int
h2k_probe_md(struct h2k_block *volume, struct h2k_fs_info *info)
{
    uint64_t size = h2k_block_size(volume);
    if (size < (128 << 10))
        return 0;
    const uint64_t places[] = {
        0,                                           /* 1.1 */
        4096,                                        /* 1.2 */
        h2k_align_down(size / 512 - 16, 8) * 512,    /* 1.0 */
        h2k_align_down(size, 64 << 10) - (64 << 10), /* 0.90 */
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint8_t bytes[SUPER_SIZE];
        if (h2k_block_pread(volume, bytes, sizeof(bytes), places[i]) < 0)
            return -1;
        struct h2k_view super = h2k_view_of(bytes, sizeof(bytes));
        if (i < 3 ? !is_version_1(super, places[i], info)
                  : !is_version_0(super, info))
            continue;
        info->type = "linux_raid_member";
        info->size = size;
        return 1;
    }
    return 0;
}
