/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which superblock a member has: mdadm(8), "--metadata", says where each
 * version stands. */
#include "volume/md/super.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

#define SIZE_MIN (128u << 10) /* version 0.90 reserves as much */

void
h2k_md_super_clear(struct h2k_md_super *super)
{
    free(super->roles);
    super->roles = NULL;
}

uint32_t
h2k_md_role(const struct h2k_md_super *super, uint32_t number)
{
    return number < super->device_count ? super->roles[number]
                                        : (uint32_t)H2K_MD_NO_ROLE;
}

static int
read_at(struct h2k_block *member, size_t place, struct h2k_md_super *super)
{
    uint64_t size = h2k_block_size(member);
    switch (place) {
    case 0:
        return h2k_md_super_read_1(member, 0, "1.1", super);
    case 1:
        return h2k_md_super_read_1(member, 4096, "1.2", super);
    case 2:
        return h2k_md_super_read_1(
            member, h2k_align_down(size / H2K_MD_SECTOR - 16, 8) * 512, "1.0",
            super);
    default:
        return h2k_md_super_read_0(
            member, h2k_align_down(size, 64 << 10) - (64 << 10), super);
    }
}

/* An older array's superblock may be left at another place: as for mdadm,
 * the one that was created last counts. */
int
h2k_md_super_read(struct h2k_block *member, struct h2k_md_super *super)
{
    bool found = false, damaged = false;
    struct h2k_saved_error error;
    *super = (struct h2k_md_super){ 0 };
    if (h2k_block_size(member) < SIZE_MIN)
        return h2k_fail(H2K_E_NOENT, "too small for a member");
    for (size_t place = 0; place < 4; place++) {
        struct h2k_md_super one = { 0 };
        if (read_at(member, place, &one) == 0) {
            bool newer = !found || one.created > super->created;
            h2k_md_super_clear(newer ? super : &one);
            if (newer)
                *super = one;
            found = true;
            continue;
        }
        h2k_md_super_clear(&one);
        if (!h2k_error_is_content())
            return -1;
        if (h2k_errcode() != H2K_E_NOENT && !damaged) {
            damaged = true;
            h2k_error_save(&error);
        }
    }
    if (found)
        return 0;
    if (damaged) {
        h2k_error_restore(&error);
        return -1;
    }
    return h2k_fail(H2K_E_NOENT, "no superblock of an array");
}

int
h2k_md_find(struct h2k_block *member, struct h2k_md_place *place)
{
    struct h2k_md_super super;
    int rc = h2k_md_super_read(member, &super);
    if (rc == 0)
        *place = (struct h2k_md_place){
            .offset = super.at,
            .absolute = strcmp(super.version, "0.90") != 0,
        };
    h2k_md_super_clear(&super);
    return rc;
}
