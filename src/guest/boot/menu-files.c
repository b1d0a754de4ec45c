/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where loaders have their menus. */
#include "base/error.h"
#include "guest/boot/menu.h"
#include "guest/fix/backup.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define NAMES 6

static const struct places {
    const char *files[NAMES];       /* from the first NULL on, none */
    const char *directories[NAMES]; /* whose .cfg and .conf files are menus */
    const char *vendor[NAMES];      /* in EFI/NAME of a system partition */
} places[H2K_MENU_FILES] = {
    [H2K_MENU_GRUB2] = {
        .files = { "/boot/grub2/grub.cfg", "/boot/grub/grub.cfg",
                   "/boot/grub2/custom.cfg", "/boot/grub/custom.cfg" },
        .vendor = { "grub.cfg", "custom.cfg" },
    },
    [H2K_MENU_GRUB_LEGACY] = {
        .files = { "/boot/grub/grub.conf", "/boot/grub/menu.lst",
                   "/boot/boot/grub/menu.lst" },
        .vendor = { "grub.conf", "menu.lst" },
    },
    [H2K_MENU_SYSLINUX] = {
        .files = { "/boot/extlinux/extlinux.conf", "/boot/extlinux.conf",
                   "/boot/syslinux/syslinux.cfg", "/boot/syslinux.cfg",
                   "/extlinux.conf" },
        .directories = { "/boot/extlinux", "/boot/syslinux",
                         "/boot/isolinux", "/etc/update-extlinux.d" },
        .vendor = { "syslinux.cfg", "extlinux.conf" },
    },
    [H2K_MENU_LIMINE] = {
        .files = { "/boot/limine.conf", "/boot/limine/limine.conf",
                   "/boot/limine.cfg", "/boot/limine/limine.cfg",
                   "/limine.conf" },
        .vendor = { "limine.conf", "limine.cfg" },
    },
    [H2K_MENU_REFIND] = {
        .files = { "/boot/refind_linux.conf" },
        .vendor = { "refind.conf", "refind_linux.conf" },
    },
    [H2K_MENU_GRUBENV] = {
        .files = { "/boot/grub2/grubenv", "/boot/grub/grubenv" },
        .vendor = { "grubenv" },
    },
};

/* PATH, if it is a file, resolved. */
static int
add_file(struct h2k_root *root, const char *path, struct h2k_strings *paths)
{
    struct h2k_stat st;
    if (paths->count == H2K_MENU_FILES_MAX ||
        h2k_root_stat(root, path, &st) < 0 || !S_ISREG(st.mode))
        return 0;
    h2k_autofree char *real = h2k_root_realpath(root, path);
    return real == NULL ? -1 : h2k_strings_add_once(paths, real);
}

static bool
is_menu(const char *name)
{
    size_t length = strlen(name);
    return strstr(name, H2K_BACKUP_INFIX) == NULL &&
           ((length > 4 && strcasecmp(name + length - 4, ".cfg") == 0) ||
            (length > 5 && strcasecmp(name + length - 5, ".conf") == 0));
}

static int
add_directory(struct h2k_root *root, const char *directory,
              struct h2k_strings *paths)
{
    char **names;
    size_t count;
    int rc = 0;
    if (h2k_root_list(root, directory, &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && rc == 0; i++) {
        char path[H2K_PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        if (is_menu(names[i]))
            rc = add_file(root, path, paths);
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* NAMES in each EFI/VENDOR of the system partition at MOUNT. */
static int
add_vendors(struct h2k_root *root, const char *mount,
            const char *const *wanted, struct h2k_strings *paths)
{
    char **vendors, path[H2K_PATH_MAX];
    size_t count;
    int rc = 0;
    snprintf(path, sizeof(path), "%s/EFI", mount);
    if (h2k_root_list(root, path, &vendors, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && rc == 0; i++)
        for (size_t k = 0; k < NAMES && wanted[k] != NULL && rc == 0; k++) {
            snprintf(path, sizeof(path), "%s/EFI/%.255s/%s", mount, vendors[i],
                     wanted[k]);
            rc = add_file(root, path, paths);
        }
    h2k_root_free_names(vendors, count);
    return rc;
}

int
h2k_menu_files(struct h2k_root *root, enum h2k_menu_kind kind,
               struct h2k_strings *paths)
{
    static const char *const mounts[] = { "/boot/efi", "/efi", "/boot" };
    const struct places *p = &places[kind];
    for (size_t i = 0; i < NAMES && p->files[i] != NULL; i++)
        if (add_file(root, p->files[i], paths) < 0)
            return -1;
    for (size_t i = 0; i < NAMES && p->directories[i] != NULL; i++)
        if (add_directory(root, p->directories[i], paths) < 0)
            return -1;
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
        if (add_vendors(root, mounts[i], p->vendor, paths) < 0)
            return -1;
    return 0;
}
