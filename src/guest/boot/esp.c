/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/esp.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool
h2k_esp_type(const char *type)
{
    return strcasecmp(type, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b") == 0 ||
           strcasecmp(type, "0xef") == 0;
}

/* The types that firmware starts, with the names of UEFI's table 3-2. */
static const struct {
    uint16_t machine;
    const char *arch;
} machines[] = {
    { 0x8664, "x64" },         { 0x014c, "ia32" },    { 0xaa64, "aa64" },
    { 0x01c2, "arm" },         { 0x5064, "riscv64" }, { 0x5032, "riscv32" },
    { 0x6264, "loongarch64" },
};
#define MACHINES (sizeof(machines) / sizeof(machines[0]))

const char *
h2k_efi_arch(const void *program, size_t size)
{
    struct h2k_view v = h2k_view_of(program, size);
    if (!h2k_view_equal(v, 0, "MZ", 2))
        return NULL;
    uint32_t pe = h2k_view_le32(v, 0x3c);
    if (!h2k_view_equal(v, pe, "PE\0\0", 4))
        return NULL;
    uint16_t machine = h2k_view_le16(v, (uint64_t)pe + 4);
    for (size_t i = 0; i < MACHINES; i++)
        if (machines[i].machine == machine)
            return machines[i].arch;
    return NULL;
}

bool
h2k_esp_find(struct h2k_root *root, const char *directory, const char *name,
             char found[H2K_NAME_MAX + 1])
{
    char **names;
    size_t count;
    bool there = false;
    if (h2k_root_list(root, directory, &names, &count) < 0)
        return false;
    for (size_t i = 0; i < count && !there; i++)
        if (strcasecmp(names[i], name) == 0) {
            snprintf(found, H2K_NAME_MAX + 1, "%s", names[i]);
            there = true;
        }
    h2k_root_free_names(names, count);
    return there;
}

static bool
is_program(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcasecmp(name + length - 4, ".efi") == 0;
}

/* Programs that are no loader, and start something else, or nothing. */
static bool
is_helper(const char *name)
{
    static const char *const helpers[] = { "mm",       "fb",   "MokManager",
                                           "fallback", "fwup", "memtest" };
    for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
        if (strncasecmp(name, helpers[i], strlen(helpers[i])) == 0)
            return true;
    return false;
}

/* What a loader is worth, the best first; 0: it is none. */
static int
rank(const char *name)
{
    if (!is_program(name) || is_helper(name))
        return 0;
    if (strncasecmp(name, "shim", 4) == 0)
        return 4;
    if (strncasecmp(name, "grub", 4) == 0)
        return 3;
    if (strncasecmp(name, "systemd-boot", 12) == 0)
        return 2;
    return 1;
}

/* The machine that the program PATH is for.  1, 0 for no program, -1. */
static int
program_arch(struct h2k_root *root, const char *path, const char **arch)
{
    uint8_t head[4096]; /* the header stands behind a small DOS program */
    struct h2k_place place;
    struct h2k_stat st;
    *arch = NULL;
    if (h2k_root_lookup(root, path, &place) < 0 ||
        h2k_fs_stat(place.fs, place.ino, &st) < 0)
        return h2k_error_is_content() ? 0 : -1;
    size_t size = st.size < sizeof(head) ? (size_t)st.size : sizeof(head);
    if (!S_ISREG(st.mode) ||
        h2k_fs_read(place.fs, place.ino, head, size, 0) < 0)
        return S_ISREG(st.mode) && !h2k_error_is_content() ? -1 : 0;
    *arch = h2k_efi_arch(head, size);
    return *arch != NULL;
}

int
h2k_esp_loader(struct h2k_root *root, const char *vendor,
               char name[H2K_NAME_MAX + 1], char arch[H2K_EFI_ARCH])
{
    char directory[H2K_NAME_MAX + 8], path[H2K_PATH_MAX];
    char **names;
    size_t count, of_best = 0;
    int best = 0, found = 0;
    snprintf(directory, sizeof(directory), "/EFI/%s", vendor);
    if (h2k_root_list(root, directory, &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && found >= 0; i++) {
        const char *machine;
        int worth = rank(names[i]);
        if (worth == 0 || worth < best)
            continue;
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        int rc = program_arch(root, path, &machine);
        if (rc < 0)
            found = -1;
        if (rc <= 0)
            continue;
        of_best = worth == best ? of_best + 1 : 1;
        if (worth > best || of_best == 1) {
            snprintf(name, H2K_NAME_MAX + 1, "%s", names[i]);
            snprintf(arch, H2K_EFI_ARCH, "%s", machine);
        }
        best = worth;
        found = 1;
    }
    h2k_root_free_names(names, count);
    /* Several programs without a known name: which is started is a guess. */
    return found == 1 && best == 1 && of_best > 1 ? 0 : found;
}

/* The directory that a distribution uses where that is not its ID. */
static const char *
vendor_of(const char *distro)
{
    static const struct {
        const char *distro, *vendor;
    } names[] = {
        { "rhel", "redhat" },  { "ol", "redhat" },
        { "sles", "sles" },    { "opensuse-leap", "opensuse" },
        { "arch", "systemd" }, { "opensuse-tumbleweed", "opensuse" },
        { "amzn", "amzn" },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(distro, names[i].distro) == 0)
            return names[i].vendor;
    return distro;
}

/* The loader of another system, or no loader at all. */
static bool
is_foreign(const char *name)
{
    return strcasecmp(name, "BOOT") == 0 ||
           strcasecmp(name, "Microsoft") == 0 ||
           strcasecmp(name, "tools") == 0 || strcasecmp(name, "Linux") == 0;
}

static int
choose_vendor(struct h2k_root *root, char **names, size_t count,
              const char *wanted, char vendor[H2K_NAME_MAX + 1])
{
    H2K_AUTO_BUFFER all = { 0 };
    char loader[H2K_NAME_MAX + 1], arch[H2K_EFI_ARCH];
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_foreign(names[i]))
            continue;
        int rc = h2k_esp_loader(root, names[i], loader, arch);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        h2k_buffer_addf(&all, "%s%s", found > 0 ? ", " : "", names[i]);
        found++;
        snprintf(vendor, H2K_NAME_MAX + 1, "%s", names[i]);
        if (wanted != NULL && strcasecmp(names[i], wanted) == 0)
            return 1;
    }
    if (found <= 1)
        return (int)found;
    return h2k_fail(H2K_E_UNSUPPORTED, "loaders of several systems: %s",
                    h2k_buffer_text(&all));
}

int
h2k_esp_vendor(struct h2k_root *root, const char *distro,
               char vendor[H2K_NAME_MAX + 1])
{
    char **names;
    size_t count;
    if (h2k_root_list(root, "/EFI", &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    int rc = choose_vendor(root, names, count,
                           distro == NULL ? NULL : vendor_of(distro), vendor);
    h2k_root_free_names(names, count);
    return rc;
}
