/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Boot loaders' menus: their entries, and the devices in them. */
#include "guest/boot/menu.h"
#include "guest/fix/menu-rewrite.h"

#include "rewrite.h"

static int
fill_legacy(struct h2k_rewrite *rewrite)
{
    struct h2k_cmdline_roots roots = { 0 };
    return h2k_menu_rewrite(rewrite, &h2k_menu_grub_legacy, &roots);
}

static int
fill_syslinux(struct h2k_rewrite *rewrite)
{
    struct h2k_cmdline_roots roots = { 0 };
    return h2k_menu_rewrite(rewrite, &h2k_menu_syslinux, &roots);
}

static int
fill_limine(struct h2k_rewrite *rewrite)
{
    struct h2k_cmdline_roots roots = { 0 };
    return h2k_menu_rewrite(rewrite, &h2k_menu_limine, &roots);
}

static int
fill_refind(struct h2k_rewrite *rewrite)
{
    struct h2k_cmdline_roots roots = { 0 };
    return h2k_refind_rewrite(rewrite, &roots);
}

static int
fill_variables(struct h2k_rewrite *rewrite)
{
    static const char *const names[] = { "EXTLINUX_ROOT", "root", NULL };
    return h2k_cmdline_variables_rewrite(rewrite, names);
}

/* Entries are whole, and a menu can be asked for each by its own name. */
static void
check(struct h2k_menu *menu)
{
    if (menu == NULL)
        return;
    for (size_t i = 0; i < menu->count; i++) {
        const struct h2k_menu_entry *entry = &menu->items[i];
        if (entry->kernel == NULL || entry->place == NULL ||
            entry->title == NULL)
            abort();
        if (h2k_menu_default(menu, entry->title) > menu->count)
            abort();
    }
    if (h2k_menu_default(menu, NULL) > menu->count)
        abort();
    h2k_menu_free(menu);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    fuzz_rewrite(text, size, fill_legacy);
    fuzz_rewrite(text, size, fill_syslinux);
    fuzz_rewrite(text, size, fill_limine);
    fuzz_rewrite(text, size, fill_refind);
    fuzz_rewrite(text, size, fill_variables);
    check(h2k_menu_parse_grub("/boot/grub", text, size));
    check(
        h2k_menu_parse_lines("/boot/grub", &h2k_menu_grub_legacy, text, size));
    check(h2k_menu_parse_lines("/boot", &h2k_menu_syslinux, text, size));
    check(h2k_menu_parse_lines("/boot", &h2k_menu_limine, text, size));
    return 0;
}
