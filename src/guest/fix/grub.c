/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit of GRUB 2: its menu, what the next menu is made from, and the
 * map of the disks that were. */
#include "guest/fix/grub.h"

#include "base/error.h"
#include "guest/boot/menu.h"
#include "guest/fix/edits.h"

#include <string.h>

static const char *const device_maps[] = {
    "/boot/grub/device.map",
    "/boot/grub2/device.map",
};
#define DEFAULTS "/etc/default/grub"
#define DEFAULTS_PARTS "/etc/default/grub.d"
#define MENU_PARTS "/etc/grub.d"
/* kernel-install(8) and ukify(1); mkinitcpio(8), whose parts these are. */
#define KERNEL_CMDLINE "/etc/kernel/cmdline"
static const char *const cmdline_parts[] = { "/etc/kernel/cmdline.d",
                                             "/etc/cmdline.d" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
fill_menu(struct h2k_rewrite *rewrite, void *seen)
{
    return h2k_grub_cfg_rewrite(rewrite, seen);
}

static int
fill_default(struct h2k_rewrite *rewrite, void *seen)
{
    return h2k_grub_default_rewrite(rewrite, seen);
}

static int
fill_cmdline(struct h2k_rewrite *rewrite, void *seen)
{
    struct h2k_cmdline_roots roots = { 0 };
    const struct h2k_grub_seen *grub = seen;
    return h2k_cmdline_rewrite(
        rewrite, rewrite->text, rewrite->size, NULL, 0,
        grub->bare_kernel ? H2K_READER_KERNEL : H2K_READER_USERLAND, &roots);
}

/* Scripts of grub-mkconfig's that print the rest of themselves, a part of the
 * next menu: 40_custom and what people copy from it. */
static int
fill_custom(struct h2k_rewrite *rewrite, void *opaque)
{
    static const char tail[] = "exec tail -n +3 $0";
    struct h2k_grub_seen seen = { 0 };
    const char *line = memchr(rewrite->text, '\n', rewrite->size);
    size_t left =
        line == NULL ? 0 : rewrite->size - (size_t)(line + 1 - rewrite->text);
    (void)opaque;
    return left < sizeof(tail) - 1 ||
                   memcmp(line + 1, tail, sizeof(tail) - 1) != 0
               ? 0
               : h2k_grub_cfg_rewrite(rewrite, &seen);
}

static bool
applies(struct h2k_fix *fix)
{
    H2K_AUTO_STRINGS menus = { 0 };
    if (!fix->options->update_grub)
        return false;
    for (size_t i = 0; i < COUNT(device_maps); i++)
        if (h2k_root_exists(fix->root, device_maps[i]))
            return true;
    return h2k_menu_files(fix->root, H2K_MENU_GRUB2, &menus) < 0 ||
           menus.count > 0 || h2k_root_exists(fix->root, DEFAULTS) ||
           h2k_root_exists(fix->root, KERNEL_CMDLINE) ||
           h2k_root_is_dir(fix->root, cmdline_parts[0]) ||
           h2k_root_is_dir(fix->root, cmdline_parts[1]);
}

/* RC of an h2k_rewrite call: remember a change. */
static int
note(struct h2k_fix *fix, int rc)
{
    if (rc > 0)
        fix->result->boot_updated = true;
    return rc < 0 ? -1 : 0;
}

/* The map says which of the old disks is GRUB's hd0; without it the guest's
 * grub-install looks for itself. */
static int
remove_device_map(struct h2k_fix *fix, const char *path)
{
    h2k_autofree char *text = NULL;
    size_t size;
    int there = h2k_fix_read(fix, path, &text, &size);
    if (there <= 0)
        return there;
    if (h2k_fix_remove(fix, path) < 0 ||
        h2k_fix_record_bytes(fix, path, "GRUB's map of the disks that were",
                             text, size, NULL, 0) < 0)
        return -1;
    return 1;
}

static int
run(struct h2k_fix *fix)
{
    struct h2k_grub_seen seen = { 0 };
    H2K_AUTO_STRINGS menus = { 0 };
    if (h2k_menu_files(fix->root, H2K_MENU_GRUB2, &menus) < 0)
        return -1;
    for (size_t i = 0; i < menus.count; i++)
        if (note(fix,
                 h2k_rewrite_path(fix, menus.items[i], fill_menu, &seen)) < 0)
            return -1;
    if (seen.roots.lost > 0 && seen.roots.good == 0)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "no entry of GRUB's menu names a root filesystem that "
                        "is on the disks that were given: give all disks of "
                        "the guest, in the order that it had them");
    if (note(fix, h2k_rewrite_path(fix, DEFAULTS, fill_default, &seen)) < 0 ||
        note(fix, h2k_rewrite_directory(fix, DEFAULTS_PARTS, ".cfg",
                                        fill_default, &seen)) < 0 ||
        note(fix, h2k_rewrite_directory(fix, MENU_PARTS, "", fill_custom,
                                        NULL)) < 0 ||
        note(fix, h2k_rewrite_path(fix, KERNEL_CMDLINE, fill_cmdline, &seen)) <
            0)
        return -1;
    for (size_t i = 0; i < COUNT(cmdline_parts); i++)
        if (note(fix, h2k_rewrite_directory(fix, cmdline_parts[i], ".conf",
                                            fill_cmdline, &seen)) < 0)
            return -1;
    for (size_t i = 0; i < COUNT(device_maps); i++)
        if (note(fix, remove_device_map(fix, device_maps[i])) < 0)
            return -1;
    return 0;
}

const struct h2k_edit h2k_edit_grub = {
    .name = "grub",
    .applies = applies,
    .run = run,
};
