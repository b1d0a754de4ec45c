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
    };
    char name[H2K_VOLUME_NAME];
    h2k_autofree size_t *below =
        calloc(logical->source_count + 1, sizeof(*below));
    if (below == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < logical->source_count; i++)
        below[i] = found->sources[logical->sources[i]];
    if (logical->block != NULL)
        volume.block = h2k_block_ref(logical->block);
    else
        snprintf(volume.fs_info.problem, sizeof(volume.fs_info.problem),
                 "%.199s", logical->problem);
    if (h2k_guest_add_upon(guest, &volume, below, logical->source_count) < 0)
        return -1;
    if (logical->problem[0] == '\0')
        return 0;
    h2k_guest_volume_name(guest, &volume, name);
    return h2k_strings_addf(&guest->warnings, "%s: %s", name,
                            logical->problem);
}

/* What a guest itself would look at: volumes that say they are physical
 * ones. */
static struct h2k_lvm *
open_lvm(const struct h2k_guest *guest, const size_t *members, size_t count,
         bool only_whole)
{
    h2k_autofree struct h2k_lvm_source *sources =
        calloc(count + 1, sizeof(*sources));
    h2k_autofree char(*names)[H2K_VOLUME_NAME] =
        calloc(count + 1, sizeof(*names));
    if (sources == NULL || names == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[members[i]];
        h2k_guest_volume_name(guest, v, names[i]);
        sources[i] = (struct h2k_lvm_source){ names[i], v->block };
    }
    return h2k_lvm_open(sources, count, only_whole);
}

/* A place for them in the guest, which takes both. */
static struct h2k_guest_lvm *
keep_lvm(struct h2k_guest *guest, struct h2k_lvm **lvm, size_t **sources,
         size_t count)
{
    struct h2k_guest_lvm *all =
        reallocarray(guest->lvm, guest->lvm_count + 1, sizeof(*all));
    if (all == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    guest->lvm = all;
    all[guest->lvm_count] = (struct h2k_guest_lvm){
        .lvm = h2k_steal(*lvm),
        .sources = h2k_steal(*sources),
        .source_count = count,
    };
    return &all[guest->lvm_count++];
}

/* Was any taken?  What is left in the end is not looked at again: a text that
 * does not list the volume it is on would be found for ever. */
static bool
take_members(struct h2k_guest *guest, const struct h2k_lvm *lvm,
             const size_t *members, size_t count, bool only_whole)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        guest->volumes[members[i]].taken = lvm->used[i] || !only_whole;
        any |= guest->volumes[members[i]].taken;
    }
    return any;
}

int
h2k_guest_find_lvm(struct h2k_guest *guest, bool only_whole)
{
    h2k_autofree size_t *members = NULL;
    size_t count;
    if (h2k_guest_list_members(guest, "LVM2_member", &members, &count) < 0)
        return -1;
    if (count == 0)
        return 0;
    H2K_AUTO(h2k_lvm) lvm = open_lvm(guest, members, count, only_whole);
    if (lvm == NULL)
        return -1;
    for (size_t i = 0; i < lvm->problem_count; i++)
        if (h2k_guest_add_problem(guest, lvm->problems[i]) < 0)
            return -1;
    if (!take_members(guest, lvm, members, count, only_whole))
        return 0;
    const struct h2k_guest_lvm *kept = keep_lvm(guest, &lvm, &members, count);
    if (kept == NULL)
        return -1;
    for (size_t i = 0; i < kept->lvm->count; i++)
        if (add_logical(guest, kept, &kept->lvm->volumes[i]) < 0)
            return -1;
    return 0;
}
