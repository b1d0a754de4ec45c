/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit that puts VMware Tools out of service: services off, modules no
 * longer asked for, an installation from VMware's archive removed.  Packages
 * stay in the package database. */
#include "guest/fix/edits.h"
#include "guest/fix/vmware-tools.h"

static bool
applies(struct h2k_fix *fix)
{
    return fix->options->remove_vmware_tools;
}

static int
run(struct h2k_fix *fix)
{
    return h2k_vmware_remove_files(fix) < 0 ||
                   h2k_vmware_disable_units(fix) < 0 ||
                   h2k_vmware_disable_scripts(fix) < 0 ||
                   h2k_vmware_disable_jobs(fix) < 0 ||
                   h2k_vmware_disable_autostart(fix) < 0 ||
                   h2k_vmware_forget_modules(fix) < 0
               ? -1
               : 0;
}

const struct h2k_edit h2k_edit_vmware_tools = {
    .name = "vmware-tools",
    .applies = applies,
    .run = run,
};
