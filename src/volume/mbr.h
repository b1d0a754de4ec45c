/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The sector that MBR tables, their extended partitions, and GPT's
 * protective MBR share.  There is no standard but use; UEFI Specification
 * 2.10, section 5.2, describes it:
 *
 *   0    boot code
 *   440  u32   disk signature (in sector 0)
 *   446  4 entries of 16 bytes:
 *          0  u8    status: 0x80 is active, 0x00 is not
 *          1  u8[3] first sector as cylinder, head and sector, not used
 *          4  u8    type
 *          5  u8[3] last sector in the same way, not used
 *          8  u32   first sector
 *         12  u32   number of sectors
 *   510  0x55 0xaa
 */
#ifndef H2K_VOLUME_MBR_H
#define H2K_VOLUME_MBR_H

#include "base/view.h"
#include "block/block.h"

#define H2K_MBR_SIZE 512
#define H2K_MBR_ENTRIES 4
#define H2K_MBR_GPT_PROTECTIVE 0xee

struct h2k_mbr_entry {
    uint8_t status;
    uint8_t type;
    uint32_t first; /* sectors; from where depends on the table */
    uint32_t count; /* sectors; 0 for an unused entry */
};

static inline struct h2k_mbr_entry
h2k_mbr_entry(struct h2k_view sector, unsigned index)
{
    uint64_t at = 446 + 16 * (uint64_t)index;
    return (struct h2k_mbr_entry){
        .status = h2k_view_u8(sector, at),
        .type = h2k_view_u8(sector, at + 4),
        .first = h2k_view_le32(sector, at + 8),
        .count = h2k_view_le32(sector, at + 12),
    };
}

static inline bool
h2k_mbr_has_signature(struct h2k_view sector)
{
    return h2k_view_le16(sector, 510) == 0xaa55;
}

/* Does SECTOR say that a GPT holds the disk? */
bool h2k_mbr_is_protective(struct h2k_view sector);

#endif
