/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit that puts VMware Tools out of service: services off, modules no
 * longer asked for, an installation from VMware's archive removed.  Packages
 * stay in the package database. */
#include "guest/fix/edits.h"
#include "guest/fix/lines.h"
#include "guest/fix/vmware_tools.h"

#include <string.h>

static const char *const module_lists[] = { "/etc/modules",
                                            "/etc/initramfs-tools/modules" };
#define MODULES_LOAD "/etc/modules-load.d"

static const char *const modules[] = { "vmxnet", "vmxnet3",  "vmhgfs",
                                       "vmci",   "vmmemctl", "vmblock",
                                       "vmsync", "pvscsi",   "vmwgfx",
                                       NULL };

static bool
is_vmware_module(const struct h2k_rewrite *rewrite, struct h2k_field name)
{
    static const char *const prefixes[] = { "vmw_", "vmware" };
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t length = strlen(prefixes[i]);
        if (name.length >= length &&
            memcmp(rewrite->text + name.at, prefixes[i], length) == 0)
            return true;
    }
    return h2k_field_is_any(rewrite, name, modules);
}

static int
fill_modules(struct h2k_rewrite *rewrite, void *opaque)
{
    struct h2k_line line;
    size_t cursor = 0;
    (void)opaque;
    while (h2k_line_next(rewrite, &cursor, &line))
        if (is_vmware_module(rewrite, line.fields[0]) &&
            h2k_line_comment_out(rewrite, &line, "a VMware driver to load") <
                0)
            return -1;
    return 0;
}

static bool
applies(struct h2k_fix *fix)
{
    return fix->options->remove_vmware_tools;
}

static int
run(struct h2k_fix *fix)
{
    if (h2k_vmware_remove_files(fix) < 0 ||
        h2k_vmware_disable_units(fix) < 0 ||
        h2k_vmware_disable_scripts(fix) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(module_lists) / sizeof(module_lists[0]); i++)
        if (h2k_rewrite_path(fix, module_lists[i], fill_modules, NULL) < 0)
            return -1;
    return h2k_rewrite_directory(fix, MODULES_LOAD, ".conf", fill_modules,
                                 NULL) < 0
               ? -1
               : 0;
}

const struct h2k_edit h2k_edit_vmware_tools = {
    .name = "vmware-tools",
    .applies = applies,
    .run = run,
};
