/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit "lvm": the guest's LVM2 finds its physical volumes on disks that
 * have other names and ids. */
#include "guest/fix/lvm-config.h"

#include "base/error.h"
#include "guest/fix/edits.h"

#define DEVICES "/etc/lvm/devices/system.devices"

static const struct h2k_config_files config = {
    .files = { "/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf" },
    .directory = "/etc/lvm/profile",
    .suffix = ".profile",
};

static int
fill_devices(struct h2k_rewrite *rewrite, void *opaque)
{
    return h2k_lvm_devices_rewrite(rewrite, opaque);
}

/* Without the file LVM2 looks at every disk. */
static int
fix_devices(struct h2k_fix *fix)
{
    bool only = false;
    if (h2k_rewrite_path(fix, DEVICES, fill_devices, &only) < 0)
        return -1;
    if (!only)
        return 0;
    if (h2k_fix_remove(fix, DEVICES) < 0)
        return -1;
    return h2k_fix_record(fix, DEVICES,
                          "the list of LVM's devices, all of them VMware's",
                          DEVICES, NULL);
}

static bool
applies(struct h2k_fix *fix)
{
    return h2k_config_exists(fix, &config) ||
           h2k_root_exists(fix->root, DEVICES);
}

static int
run(struct h2k_fix *fix)
{
    if (h2k_config_rewrite(fix, &config, h2k_lvm_filter_rewrite, NULL) < 0)
        return -1;
    return fix_devices(fix);
}

const struct h2k_edit h2k_edit_lvm = {
    .name = "lvm",
    .applies = applies,
    .run = run,
};
