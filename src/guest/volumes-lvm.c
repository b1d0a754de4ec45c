/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The guest's logical volumes. */
#include "base/error.h"
#include "guest/volumes.h"

#include <stdio.h>

static int
add_logical(struct h2k_guest *guest, const struct h2k_guest_lvm *found,
            const struct h2k_lvm_volume *logical)
{
    struct h2k_guest_volume volume = {
        .kind = H2K_VOLUME_LOGICAL,
        .logical = logical,
        .length = logical->length,
        .block = logical->block,
    };
    if (!logical->foreign)
        return h2k_guest_add_made(guest, &volume, found->sources,
                                  logical->sources, logical->source_count,
                                  logical->problem);
    /* LVM in libguestfs' appliance may read it: foreign.c tells. */
    snprintf(volume.fs_info.problem, sizeof(volume.fs_info.problem), "%.199s",
             logical->problem);
    return h2k_guest_add_made(guest, &volume, found->sources, logical->sources,
                              logical->source_count, "");
}

/* A place for LVM in the guest, which takes it and the list of MEMBERS. */
static struct h2k_guest_lvm *
keep_lvm(struct h2k_guest *guest, struct h2k_lvm **lvm,
         struct h2k_guest_members *members)
{
    struct h2k_guest_lvm *all =
        reallocarray(guest->lvm, guest->lvm_count + 1, sizeof(*all));
    if (all == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    guest->lvm = all;
    all[guest->lvm_count] = (struct h2k_guest_lvm){
        .lvm = h2k_steal(*lvm),
        .sources = h2k_steal(members->volumes),
        .source_count = members->count,
    };
    return &all[guest->lvm_count++];
}

static int
find_among(struct h2k_guest *guest, bool nested, bool only_whole)
{
    H2K_AUTO_GUEST_MEMBERS members = { 0 };
    if (h2k_guest_list_members(guest, "LVM2_member", nested, &members) < 0)
        return -1;
    if (members.count == 0)
        return 0;
    H2K_AUTO(h2k_lvm)
    lvm = h2k_lvm_open(members.sources, members.count, only_whole);
    if (lvm == NULL || h2k_guest_add_problems(guest, &lvm->problems) < 0)
        return -1;
    if (!h2k_guest_take_members(guest, &members, lvm->used, only_whole))
        return 0;
    const struct h2k_guest_lvm *kept = keep_lvm(guest, &lvm, &members);
    if (kept == NULL)
        return -1;
    for (size_t i = 0; i < kept->lvm->count; i++)
        if (add_logical(guest, kept, &kept->lvm->volumes[i]) < 0)
            return -1;
    return 0;
}

int
h2k_guest_find_lvm(struct h2k_guest *guest, bool only_whole)
{
    return find_among(guest, false, only_whole) < 0
               ? -1
               : find_among(guest, true, only_whole);
}
