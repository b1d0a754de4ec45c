/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit "loader-entries": the boot loader entries that systemd-boot and
 * Fedora's grub read, and the variables that these may have. */
#include "base/error.h"
#include "guest/fix/bls-rewrite.h"
#include "guest/boot/bls.h"
#include "guest/boot/menu.h"
#include "guest/fix/edits.h"

#include <string.h>

static int
fill_entry(struct h2k_rewrite *rewrite, void *roots)
{
    return h2k_bls_rewrite(rewrite, roots);
}

/* The block keeps its size, which grub checks.  1 when it was changed. */
static int
fix_environment(struct h2k_fix *fix, const char *path,
                struct h2k_cmdline_roots *roots)
{
    h2k_autofree char *text = NULL;
    h2k_autofree char *block = NULL;
    H2K_AUTO_REWRITE rewrite = { .devices = &fix->devices };
    int there = h2k_fix_read(fix, path, &text, &rewrite.size);
    if (there <= 0)
        return there;
    rewrite.text = text;
    if (h2k_grubenv_rewrite(&rewrite, roots, &block) < 0)
        return h2k_prefix("%s: ", path);
    for (size_t i = 0; i < rewrite.warnings.count; i++)
        if (h2k_fix_warn(fix, "%s: %s", path, rewrite.warnings.items[i]) < 0)
            return -1;
    if (block == NULL)
        return 0;
    if (h2k_fix_replace(fix, path, block, rewrite.size) < 0)
        return -1;
    for (size_t i = 0; i < rewrite.count; i++) {
        const struct h2k_replacement *item = &rewrite.items[i];
        if (h2k_fix_record_bytes(fix, path, item->what, text + item->offset,
                                 item->length, item->text,
                                 strlen(item->text)) < 0)
            return -1;
    }
    return 1;
}

static bool
applies(struct h2k_fix *fix)
{
    if (!fix->options->update_grub)
        return false;
    for (const struct h2k_bls_place *p = h2k_bls_places; p->directory != NULL;
         p++)
        if (h2k_root_is_dir(fix->root, p->directory))
            return true;
    return false;
}

static int
run(struct h2k_fix *fix)
{
    struct h2k_cmdline_roots roots = { 0 };
    H2K_AUTO_STRINGS environments = { 0 };
    bool changed = false;
    for (const struct h2k_bls_place *p = h2k_bls_places; p->directory != NULL;
         p++) {
        int rc = h2k_rewrite_directory(fix, p->directory, ".conf", fill_entry,
                                       &roots);
        if (rc < 0)
            return -1;
        changed |= rc > 0;
    }
    if (h2k_menu_files(fix->root, H2K_MENU_GRUBENV, &environments) < 0)
        return -1;
    for (size_t i = 0; i < environments.count; i++) {
        int rc = fix_environment(fix, environments.items[i], &roots);
        if (rc < 0)
            return -1;
        changed |= rc > 0;
    }
    if (roots.lost > 0 && roots.good == 0)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "no boot loader entry names a root filesystem that is "
                        "on the disks that were given: give all disks of the "
                        "guest, in the order that it had them");
    fix->result->boot_updated |= changed;
    return 0;
}

const struct h2k_edit h2k_edit_loader_entries = {
    .name = "loader-entries",
    .applies = applies,
    .run = run,
};
