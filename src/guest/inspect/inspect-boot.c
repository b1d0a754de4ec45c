/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/inspect/inspect.h"

#include "guest/boot/esp.h"
#include "guest/boot/menu.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What GRUB's manual calls a BIOS boot partition. */
#define TYPE_BIOS_BOOT "21686148-6449-6e6f-744e-656564454649"

static const char *const esp_mounts[] = { "/boot/efi", "/efi", "/boot" };

const char *
h2k_inspect_bootloader(struct h2k_root *root)
{
    static const struct {
        const char *path, *name;
    } signs[] = {
        { "/boot/loader/loader.conf", "systemd-boot" },
        { "/efi/loader/loader.conf", "systemd-boot" },
        { "/boot/efi/loader/loader.conf", "systemd-boot" },
        { "/boot/grub/grub.conf", "grub" },
        { "/boot/grub/menu.lst", "grub" },
        { "/boot/extlinux/extlinux.conf", "extlinux" },
        { "/boot/extlinux.conf", "extlinux" },
        { "/boot/syslinux/syslinux.cfg", "syslinux" },
        { "/boot/limine.conf", "limine" },
        { "/boot/limine/limine.conf", "limine" },
        { "/boot/limine.cfg", "limine" },
        { "/boot/refind_linux.conf", "refind" },
        { "/etc/lilo.conf", "lilo" },
    };
    H2K_AUTO_STRINGS menus = { 0 };
    if (h2k_menu_files(root, H2K_MENU_GRUB2, &menus) == 0 && menus.count > 0)
        return "grub2";
    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
        if (h2k_root_exists(root, signs[i].path))
            return signs[i].name;
    /* RHEL 6 with UEFI has its menu on the system partition. */
    return h2k_menu_files(root, H2K_MENU_GRUB_LEGACY, &menus) == 0 &&
                   menus.count > 0
               ? "grub"
               : NULL;
}

/* The disk that the firmware starts from: /boot's, or the root's. */
static size_t
boot_disk(const struct h2k_guest *guest)
{
    const struct h2k_guest_mount *boot = h2k_guest_find_mount(guest, "/boot");
    if (boot != NULL && boot->volume != NULL)
        return boot->volume->disk;
    return guest->root_volume->disk;
}

/* Has a directory a loader in it?  They end in ".efi", whatever the
 * machine. */
static bool
has_loader(struct h2k_root *root, const char *path)
{
    char **names;
    size_t count;
    bool found = false;
    if (h2k_root_list(root, path, &names, &count) < 0)
        return false;
    for (size_t i = 0; i < count && !found; i++) {
        size_t length = strlen(names[i]);
        found = length > 4 && strcasecmp(names[i] + length - 4, ".efi") == 0;
    }
    h2k_root_free_names(names, count);
    return found;
}

/* Is a loader below the system partition at MOUNT ("" for its own root)?
 * The fallback is in EFI/BOOT, a vendor's in EFI/NAME (UEFI specification,
 * 3.5.1.1 and 13.3.1.3). */
static bool
has_efi_loader(struct h2k_root *root, const char *mount)
{
    char **vendors, path[H2K_PATH_MAX];
    size_t count;
    bool found = false;
    snprintf(path, sizeof(path), "%s/EFI", mount);
    if (h2k_root_list(root, path, &vendors, &count) < 0)
        return false;
    for (size_t i = 0; i < count && !found; i++) {
        snprintf(path, sizeof(path), "%s/EFI/%.255s", mount, vendors[i]);
        found = has_loader(root, path);
    }
    h2k_root_free_names(vendors, count);
    return found;
}

/* A system partition that we cannot read is taken to be used; one that we
 * can read has something to start from, or is empty. */
static bool
esp_starts(const struct h2k_guest_volume *volume)
{
    if (volume->fs == NULL)
        return true;
    H2K_AUTO(h2k_root) root = h2k_root_new(volume->fs);
    return root != NULL && has_efi_loader(root, "");
}

const char *
h2k_inspect_firmware(const struct h2k_guest *guest)
{
    size_t disk = boot_disk(guest);
    bool esp = false, bios = false;
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        bool is_esp = h2k_esp_type(v->type);
        esp |= is_esp && esp_starts(v); /* it may be alone on its disk */
        /* Logical volumes are on no disk alone: any may be the one. */
        bios |= (v->disk == disk || disk == H2K_GUEST_NO_DISK) &&
                strcasecmp(v->type, TYPE_BIOS_BOOT) == 0;
    }
    if (disk < guest->disk_count) {
        const struct h2k_partition_table *table = guest->disks[disk].table;
        bios |= table == NULL || (strcmp(table->type, "mbr") == 0 && !esp);
    }
    for (size_t i = 0; i < 3; i++)
        esp |= has_efi_loader(guest->root, esp_mounts[i]);
    bios |= h2k_root_exists(guest->root, "/boot/grub/i386-pc/core.img") ||
            h2k_root_exists(guest->root, "/boot/grub2/i386-pc/core.img");
    return esp ? (bios ? "both" : "uefi") : (bios ? "bios" : NULL);
}

bool
h2k_inspect_shim(struct h2k_root *root)
{
    static const char *const names[] = { "shimx64.efi", "shimaa64.efi",
                                         "shim.efi" };
    for (size_t i = 0; i < 3; i++) {
        char path[H2K_PATH_MAX];
        char **vendors;
        size_t count;
        bool found = false;
        strcpy(path, esp_mounts[i]);
        strcat(path, "/EFI");
        if (h2k_root_list(root, path, &vendors, &count) < 0)
            continue;
        for (size_t k = 0; k < count && !found; k++)
            for (size_t n = 0; n < 3 && !found; n++) {
                snprintf(path, sizeof(path), "%s/EFI/%.255s/%s", esp_mounts[i],
                         vendors[k], names[n]);
                found = h2k_root_exists(root, path);
            }
        h2k_root_free_names(vendors, count);
        if (found)
            return true;
    }
    return false;
}
