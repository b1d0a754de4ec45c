/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Mappings of encrypted volumes that only the kernel's command line names:
 * mkinitcpio's encrypt hook (cryptdevice=DEVICE:NAME:OPTIONS), systemd
 * (rd.luks.name=UUID=NAME, systemd-cryptsetup-generator(8)) and old
 * initramfs-tools (cryptopts=target=NAME,source=DEVICE).
 *
 * Command lines stand in menus of many kinds; a word of these in any of them
 * will do, whatever is around it.
 */
#include "base/error.h"
#include "base/strings.h"
#include "guest/boot/bls.h"
#include "guest/boot/menu.h"
#include "guest/resolve.h"

#include <string.h>

/* What is read for one name, in all. */
#define TEXT_LIMIT ((size_t)8 << 20)

struct word {
    const char *at;
    size_t length;
};

/* What follows NAME, a parameter with its '=', in WORD. */
static bool
take_name(struct word *word, const char *name)
{
    size_t length = strlen(name);
    if (word->length <= length || memcmp(word->at, name, length) != 0)
        return false;
    word->at += length;
    word->length -= length;
    return true;
}

static bool
equals(const char *at, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(at, text, length) == 0;
}

/* PREFIX and LENGTH bytes at AT as a device; false where they are none. */
static bool
put_device(const char *prefix, const char *at, size_t length,
           char device[H2K_MAPPING_DEVICE])
{
    size_t before = strlen(prefix);
    if (length == 0 || before + length >= H2K_MAPPING_DEVICE)
        return false;
    memcpy(device, prefix, before);
    memcpy(device + before, at, length);
    device[before + length] = '\0';
    return true;
}

static bool
read_cryptdevice(struct word value, const char *name,
                 char device[H2K_MAPPING_DEVICE])
{
    const char *colon = memchr(value.at, ':', value.length);
    if (colon == NULL)
        return false;
    size_t length = (size_t)(colon - value.at);
    size_t rest = value.length - length - 1;
    const char *end = memchr(colon + 1, ':', rest);
    if (!equals(colon + 1, end == NULL ? rest : (size_t)(end - colon - 1),
                name))
        return false;
    return put_device("", value.at, length, device);
}

static bool
read_luks_name(struct word value, const char *name,
               char device[H2K_MAPPING_DEVICE])
{
    const char *sign = memchr(value.at, '=', value.length);
    if (sign == NULL)
        return false;
    size_t length = (size_t)(sign - value.at);
    return equals(sign + 1, value.length - length - 1, name) &&
           put_device("UUID=", value.at, length, device);
}

static bool
read_cryptopts(struct word value, const char *name,
               char device[H2K_MAPPING_DEVICE])
{
    bool meant = false, there = false;
    while (value.length > 0) {
        const char *comma = memchr(value.at, ',', value.length);
        struct word one = { value.at, comma == NULL
                                          ? value.length
                                          : (size_t)(comma - value.at) };
        size_t taken = one.length + (comma != NULL);
        if (take_name(&one, "target="))
            meant = equals(one.at, one.length, name);
        else if (take_name(&one, "source="))
            there = put_device("", one.at, one.length, device);
        value.at += taken;
        value.length -= taken;
    }
    return meant && there;
}

static bool
read_word(struct word word, const char *name, char device[H2K_MAPPING_DEVICE])
{
    if (take_name(&word, "cryptdevice="))
        return read_cryptdevice(word, name, device);
    if (take_name(&word, "rd.luks.name=") || take_name(&word, "luks.name="))
        return read_luks_name(word, name, device);
    return take_name(&word, "cryptopts=") &&
           read_cryptopts(word, name, device);
}

/* The words of a line are between blanks and quotes, also where it is
 * NAME="…": a shell's assignment. */
static bool
read_line(const char *line, size_t size, const char *name,
          char device[H2K_MAPPING_DEVICE])
{
    static const char around[] = " \t\r\"'";
    size_t at = 0;
    while (at < size) {
        size_t end = at;
        while (end < size && line[end] != '\0' &&
               strchr(around, line[end]) == NULL)
            end++;
        if (at == 0 && end > 0 && line[0] == '#')
            return false;
        if (read_word((struct word){ line + at, end - at }, name, device))
            return true;
        at = end + 1;
    }
    return false;
}

bool
h2k_cmdline_mapping(const char *text, size_t size, const char *name,
                    char device[H2K_MAPPING_DEVICE])
{
    size_t at = 0;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text - at);
        if (read_line(text + at, length, name, device))
            return true;
        at += length + 1;
    }
    return false;
}

/* ---- Where they stand ---- */

/* The files of DIRECTORY. */
static int
add_directory(struct h2k_root *root, const char *directory,
              struct h2k_strings *paths)
{
    char **names;
    size_t count;
    int rc = 0;
    if (h2k_root_list(root, directory, &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && i < H2K_BLS_ENTRIES_MAX && rc == 0; i++)
        rc = h2k_strings_addf(paths, "%s/%s", directory, names[i]);
    h2k_root_free_names(names, count);
    return rc;
}

static int
list_files(struct h2k_root *root, struct h2k_strings *paths)
{
    static const char *const single[] = { "/etc/default/grub",
                                          "/etc/kernel/cmdline" };
    static const char *const directories[] = { "/etc/default/grub.d",
                                               "/etc/cmdline.d" };
    for (size_t i = 0; i < 2; i++)
        if (h2k_strings_add(paths, single[i]) < 0 ||
            add_directory(root, directories[i], paths) < 0)
            return -1;
    for (enum h2k_menu_kind kind = 0; kind < H2K_MENU_FILES; kind++)
        if (h2k_menu_files(root, kind, paths) < 0)
            return -1;
    for (size_t i = 0; h2k_bls_places[i].directory != NULL; i++)
        if (add_directory(root, h2k_bls_places[i].directory, paths) < 0)
            return -1;
    return 0;
}

int
h2k_resolve_cmdline(struct h2k_root *root, const char *name, char **out)
{
    char device[H2K_MAPPING_DEVICE];
    H2K_AUTO_STRINGS paths = { 0 };
    size_t left = TEXT_LIMIT;
    *out = NULL;
    if (list_files(root, &paths) < 0)
        return -1;
    for (size_t i = 0; i < paths.count && *out == NULL; i++) {
        h2k_autofree char *text = NULL;
        size_t size;
        if (h2k_root_read_file(root, paths.items[i], left, &text, &size) < 0) {
            if (!h2k_error_is_content())
                return -1;
            continue;
        }
        left -= size < left ? size : left;
        if (!h2k_cmdline_mapping(text, size, name, device))
            continue;
        *out = strdup(device);
        if (*out == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return 0;
}
