/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit "menus": the command lines of loaders that have neither GRUB 2's
 * script nor entries in files of their own, and what their tools make them
 * from. */
#include "base/error.h"
#include "guest/boot/menu.h"
#include "guest/fix/edits.h"
#include "guest/fix/menu-rewrite.h"

#include <string.h>

/* What a loader's menu is made from. */
static const char *const sources[] = {
    "/etc/default/extlinux",     /* Debian's extlinux, */
    "/etc/default/u-boot",       /* and u-boot-menu */
    "/etc/update-extlinux.conf", /* Alpine */
    "/etc/default/limine",
};
/* dracut.conf(5): the command line of unified images that it makes. */
static const struct h2k_config_files dracut = {
    .files = { "/etc/dracut.conf" },
    .directory = "/etc/dracut.conf.d",
    .suffix = ".conf",
};
#define SOURCES (sizeof(sources) / sizeof(sources[0]))
static const char *const variables[] = {
    "EXTLINUX_ROOT",
    "EXTLINUX_PARAMETERS",
    "U_BOOT_ROOT",
    "U_BOOT_PARAMETERS",
    "root",
    "default_kernel_opts",
    "KERNEL_CMDLINE",
    "kernel_cmdline",
    NULL,
};

struct turn {
    enum h2k_menu_kind kind;
    struct h2k_cmdline_roots roots;
};

static const struct h2k_menu_syntax *
syntax_of(enum h2k_menu_kind kind)
{
    switch (kind) {
    case H2K_MENU_GRUB_LEGACY:
        return &h2k_menu_grub_legacy;
    case H2K_MENU_SYSLINUX:
        return &h2k_menu_syslinux;
    case H2K_MENU_LIMINE:
        return &h2k_menu_limine;
    default:
        return NULL;
    }
}

static int
fill_menu(struct h2k_rewrite *rewrite, void *opaque)
{
    struct turn *turn = opaque;
    const struct h2k_menu_syntax *syntax = syntax_of(turn->kind);
    return syntax == NULL ? h2k_refind_rewrite(rewrite, &turn->roots)
                          : h2k_menu_rewrite(rewrite, syntax, &turn->roots);
}

static int
fill_variables(struct h2k_rewrite *rewrite, void *opaque)
{
    (void)opaque;
    return h2k_cmdline_variables_rewrite(rewrite, variables);
}

/* All menus of one kind.  1 when one was changed. */
static int
fix_kind(struct h2k_fix *fix, struct turn *turn)
{
    H2K_AUTO_STRINGS paths = { 0 };
    int changed = 0;
    if (h2k_menu_files(fix->root, turn->kind, &paths) < 0)
        return -1;
    for (size_t i = 0; i < paths.count; i++) {
        int rc = h2k_rewrite_path(fix, paths.items[i], fill_menu, turn);
        if (rc < 0)
            return -1;
        changed |= rc;
    }
    return changed;
}

static bool
applies(struct h2k_fix *fix)
{
    H2K_AUTO_STRINGS paths = { 0 };
    if (!fix->options->update_grub)
        return false;
    for (int kind = 0; kind < H2K_MENU_KINDS; kind++)
        if (kind != H2K_MENU_GRUB2 &&
            h2k_menu_files(fix->root, (enum h2k_menu_kind)kind, &paths) < 0)
            return true; /* run() meets the same error */
    for (size_t i = 0; i < SOURCES; i++)
        if (h2k_root_exists(fix->root, sources[i]))
            return true;
    return paths.count > 0 || h2k_config_exists(fix, &dracut) ||
           h2k_root_exists(fix->root, "/etc/lilo.conf");
}

/* Is another loader's menu there too, so that a lost root in this one need
 * not be what starts the guest? */
static bool
has_other(struct h2k_fix *fix)
{
    H2K_AUTO_STRINGS paths = { 0 };
    return h2k_menu_files(fix->root, H2K_MENU_GRUB2, &paths) < 0 ||
           paths.count > 0 ||
           h2k_root_is_dir(fix->root, "/boot/loader/entries");
}

/* LILO starts what its map lists as sectors, and gives the kernel the number
 * of a device that will not be there: lilo.conf(5), "root". */
static int
check_lilo(struct h2k_fix *fix, bool others)
{
    if (others || !h2k_root_exists(fix->root, "/etc/lilo.conf"))
        return 0;
    return h2k_fail(
        H2K_E_UNFIXABLE,
        "/etc/lilo.conf: LILO starts this guest from a list of disk sectors "
        "that only lilo itself can make; install GRUB or EXTLINUX in the "
        "guest before exporting it, or set pipeline.fix.update_grub to false "
        "and give the new machine an IDE or SATA disk");
}

static int
run(struct h2k_fix *fix)
{
    struct turn turn = { 0 };
    H2K_AUTO_STRINGS paths = { 0 };
    bool changed = false, others = has_other(fix);
    for (int kind = 0; kind < H2K_MENU_KINDS; kind++) {
        if (kind == H2K_MENU_GRUB2)
            continue;
        turn.kind = (enum h2k_menu_kind)kind;
        int rc = fix_kind(fix, &turn);
        if (rc < 0 || h2k_menu_files(fix->root, turn.kind, &paths) < 0)
            return -1;
        changed |= rc > 0;
    }
    if (turn.roots.lost > 0 && turn.roots.good == 0 && !others)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "no entry of the boot loader's menu (%s) names a root "
                        "filesystem that is on the disks that were given: "
                        "give all disks of the guest, in the order that it "
                        "had them",
                        paths.items[0]);
    if (check_lilo(fix, others || paths.count > 0) < 0)
        return -1;
    for (size_t i = 0; i < SOURCES; i++)
        if (h2k_rewrite_path(fix, sources[i], fill_variables, NULL) < 0)
            return -1;
    if (h2k_config_rewrite(fix, &dracut, fill_variables, NULL) < 0)
        return -1;
    fix->result->boot_updated |= changed;
    return 0;
}

const struct h2k_edit h2k_edit_menus = {
    .name = "menus",
    .applies = applies,
    .run = run,
};
