/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/edits.h"

#include "guest/guest.h"

/* clang-format off */
const struct h2k_edit *const h2k_edits[] = {
    &h2k_edit_fstab,
    &h2k_edit_crypttab,
    &h2k_edit_grub,
    &h2k_edit_loader_entries,
    &h2k_edit_menus,
    &h2k_edit_unified,
    &h2k_edit_uefi,
    &h2k_edit_lvm,
    &h2k_edit_resume,
    &h2k_edit_modprobe,
    &h2k_edit_xorg,
    &h2k_edit_vmware_tools,
    &h2k_edit_image_based,
    &h2k_edit_guest_agent,
    &h2k_edit_users,
    &h2k_edit_services,
    &h2k_edit_hostname,
    &h2k_edit_network_files,
    &h2k_edit_network,
    &h2k_edit_initramfs,
    NULL,
};
/* clang-format on */

int
h2k_fix_run(struct h2k_guest *guest, const struct h2k_fix_options *options,
            struct h2k_fix_result *result)
{
    struct h2k_fix fix = {
        .guest = guest,
        .root = guest->root,
        .devices = h2k_devices_of_guest(guest),
        .options = options,
        .result = result,
    };
    if (h2k_guest_check_awake(guest) < 0)
        return -1;
    if (h2k_fix_run_edits(&fix, h2k_edits) < 0)
        return -1;
    return h2k_guest_flush(guest);
}
