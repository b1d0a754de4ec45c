/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The edit "uefi": the path that any firmware starts from,
 * \EFI\BOOT\BOOTX64.EFI (UEFI specification, 3.5.1.1), made from the guest's
 * own loader.  The entries that the old machine started from were in its
 * NVRAM, and stay behind.
 *
 * A shim starts what stands beside it as grub (its README, "second stage"),
 * so that goes with it: with Secure Boot, what was signed stays signed.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "guest/fix/edits.h"
#include "guest/boot/esp.h"
#include "guest/guest.h"
#include "guest/text/ini.h"
#include "guest/inspect/inspect.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What FAT needs beside the content: directories, and ends of clusters. */
#define SPACE_MARGIN 65536
/* A loader, and what it starts. */
#define PROGRAMS 3

struct program {
    char from[H2K_PATH_MAX]; /* in the system partition */
    char to[H2K_PATH_MAX];
    char *data; /* owned */
    size_t size;
};

/* One system partition's turn. */
struct esp {
    struct h2k_fix *fix;
    struct h2k_root *root; /* its own tree */
    struct h2k_fs *fs;
    char where[H2K_PATH_MAX]; /* for messages, before "/EFI": its mount, or
                                 its volume's name */
    struct program programs[PROGRAMS];
    size_t count;
    bool starts; /* firmware finds something there by itself, or was told why
                    not */
};

static void
esp_clear(struct esp *esp)
{
    for (size_t i = 0; i < esp->count; i++)
        free(esp->programs[i].data);
    h2k_root_free(esp->root);
}

/* FROM, which is in VENDOR, is to be at EFI/BOOT/TO. */
static int
take_program(struct esp *esp, const char *vendor, const char *from,
             const char *to)
{
    struct program *p = &esp->programs[esp->count];
    snprintf(p->from, sizeof(p->from), "/EFI/%.255s/%.255s", vendor, from);
    snprintf(p->to, sizeof(p->to), "/EFI/BOOT/%.255s", to);
    p->data = NULL;
    if (h2k_root_read_file(esp->root, p->from, H2K_EFI_PROGRAM_MAX, &p->data,
                           &p->size) < 0)
        return -1;
    esp->count++;
    return 0;
}

/* The same for PREFIX and ARCH and ".efi", where there is such a program
 * and none at its new place. */
static int
take_companion(struct esp *esp, const char *vendor, const char *prefix,
               const char *arch)
{
    char name[64], directory[H2K_NAME_MAX + 8], found[H2K_NAME_MAX + 1];
    snprintf(name, sizeof(name), "%s%s.efi", prefix, arch);
    snprintf(directory, sizeof(directory), "/EFI/%s", vendor);
    if (h2k_esp_find(esp->root, "/EFI/BOOT", name, found) ||
        !h2k_esp_find(esp->root, directory, name, found))
        return 0;
    return take_program(esp, vendor, found, name);
}

/* Is there what firmware of some machine starts by itself?  "BOOTX64.EFI" */
static bool
has_fallback(struct esp *esp)
{
    char **names;
    size_t count;
    bool found = false;
    if (h2k_root_list(esp->root, "/EFI/BOOT", &names, &count) < 0)
        return false;
    for (size_t i = 0; i < count && !found; i++) {
        size_t length = strlen(names[i]);
        found = length > 8 && strncasecmp(names[i], "boot", 4) == 0 &&
                strcasecmp(names[i] + length - 4, ".efi") == 0;
    }
    h2k_root_free_names(names, count);
    return found;
}

/* What is to be copied; nothing where the fallback is there. */
static int
plan(struct esp *esp, const char *distro)
{
    char vendor[H2K_NAME_MAX + 1], loader[H2K_NAME_MAX + 1];
    char arch[H2K_EFI_ARCH], fallback[64], found[H2K_NAME_MAX + 1];
    bool there = has_fallback(esp);
    int rc = h2k_esp_vendor(esp->root, distro, vendor);
    esp->starts = true;
    if (rc < 0 && h2k_errcode() == H2K_E_UNSUPPORTED)
        return there ? 0
                     : h2k_fix_warn(esp->fix,
                                    "%s: %s; none was made the one to start "
                                    "from: copy the right one to \\EFI\\BOOT, "
                                    "or give the new machine a boot entry",
                                    esp->where, h2k_errmsg());
    if (rc > 0)
        rc = h2k_esp_loader(esp->root, vendor, loader, arch);
    if (rc <= 0) {
        esp->starts = there;
        return rc;
    }
    snprintf(fallback, sizeof(fallback), "BOOT%s.EFI", arch);
    for (char *c = fallback; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    if (h2k_esp_find(esp->root, "/EFI/BOOT", fallback, found))
        return 0;
    if (take_program(esp, vendor, loader, fallback) < 0)
        return -1;
    if (strncasecmp(loader, "shim", 4) != 0)
        return 0;
    return take_companion(esp, vendor, "grub", arch) < 0 ||
                   take_companion(esp, vendor, "mm", arch) < 0
               ? -1
               : 0;
}

static int
check_space(struct esp *esp)
{
    uint64_t free_bytes, needed = SPACE_MARGIN;
    for (size_t i = 0; i < esp->count; i++)
        needed += esp->programs[i].size;
    if (h2k_fs_space(esp->fs, &free_bytes) < 0)
        return -1;
    if (needed <= free_bytes)
        return 0;
    return h2k_fail(H2K_E_UNFIXABLE,
                    "%s: the boot loader's copy at \\EFI\\BOOT needs %llu "
                    "bytes, and %llu are free on the EFI system partition; "
                    "without it the new machine finds nothing to start: make "
                    "room there in the guest",
                    esp->where, (unsigned long long)needed,
                    (unsigned long long)free_bytes);
}

static int
copy_programs(struct esp *esp)
{
    if (esp->count == 0)
        return 0;
    if (check_space(esp) < 0 ||
        h2k_root_mkdirs(esp->root, "/EFI/BOOT", 0755) < 0)
        return -1;
    for (size_t i = 0; i < esp->count; i++) {
        const struct program *p = &esp->programs[i];
        char file[2 * H2K_PATH_MAX], what[H2K_PATH_MAX + 16];
        if (h2k_root_write_file(esp->root, p->to, p->data, p->size, 0755) < 0)
            return -1;
        snprintf(file, sizeof(file), "%s%s", esp->where, p->to);
        snprintf(what, sizeof(what), "a copy of %s", p->from);
        if (h2k_fix_record(esp->fix, file,
                           i == 0 ? "the loader that any firmware starts"
                                  : "what that loader starts, or needs",
                           NULL, what) < 0)
            return -1;
    }
    esp->fix->result->boot_updated = true;
    return 0;
}

/* *STARTS becomes true where something can be started from VOLUME. */
static int
fix_one(struct h2k_fix *fix, const struct h2k_guest_volume *volume,
        const char *distro, bool *starts)
{
    struct esp esp = { .fix = fix,
                       .fs = volume->fs,
                       .root = h2k_root_new(volume->fs) };
    if (esp.root == NULL)
        return -1;
    h2k_guest_volume_name(fix->guest, volume, esp.where);
    for (size_t i = 0; i < fix->guest->mount_count; i++)
        if (fix->guest->mounts[i].volume == volume &&
            fix->guest->mounts[i].mounted)
            snprintf(esp.where, sizeof(esp.where), "%s",
                     fix->guest->mounts[i].path);
    int rc = plan(&esp, distro);
    if (rc == 0)
        rc = copy_programs(&esp);
    *starts |= esp.starts;
    esp_clear(&esp);
    return rc;
}

/* A system partition by its type, or because it is mounted as one. */
static bool
is_esp(const struct h2k_guest *guest, const struct h2k_guest_volume *volume)
{
    if (volume->fs == NULL || strcmp(volume->fs_info.type, "vfat") != 0)
        return false;
    if (h2k_esp_type(volume->type))
        return true;
    for (size_t i = 0; i < guest->mount_count; i++)
        if (guest->mounts[i].volume == volume &&
            (strcmp(guest->mounts[i].path, "/boot/efi") == 0 ||
             strcmp(guest->mounts[i].path, "/efi") == 0))
            return true;
    return false;
}

/* A unified image or a kernel that the firmware started by an entry of its
 * own: a copy of it would stay behind when the guest updates it. */
static int
warn_of_nothing(struct h2k_fix *fix)
{
    const char *firmware = h2k_inspect_firmware(fix->guest);
    if (firmware == NULL || strcmp(firmware, "uefi") != 0)
        return 0;
    return h2k_fix_warn(fix,
                        "the firmware finds no loader at \\EFI\\BOOT, and "
                        "there is none to copy there; the boot entries of the "
                        "old machine stay behind: install one in the guest "
                        "before exporting it (\"bootctl install\", "
                        "\"grub-install --removable\"), or give the new "
                        "machine a boot entry");
}

static bool
applies(struct h2k_fix *fix)
{
    if (!fix->options->update_grub || fix->guest == NULL)
        return false;
    for (size_t i = 0; i < fix->guest->volume_count; i++)
        if (is_esp(fix->guest, &fix->guest->volumes[i]))
            return true;
    return false;
}

static int
run(struct h2k_fix *fix)
{
    h2k_autofree char *text = NULL;
    h2k_autofree char *distro = NULL;
    size_t size;
    bool starts = false;
    int there = h2k_fix_read(fix, "/etc/os-release", &text, &size);
    if (there == 0)
        there = h2k_fix_read(fix, "/usr/lib/os-release", &text, &size);
    if (there < 0 && !h2k_error_is_content())
        return -1;
    if (there > 0)
        distro = h2k_ini_get(text, "ID");
    for (size_t i = 0; i < fix->guest->volume_count; i++)
        if (is_esp(fix->guest, &fix->guest->volumes[i]) &&
            fix_one(fix, &fix->guest->volumes[i], distro, &starts) < 0)
            return -1;
    return starts ? 0 : warn_of_nothing(fix);
}

const struct h2k_edit h2k_edit_uefi = {
    .name = "uefi",
    .applies = applies,
    .run = run,
};
