/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/network/udev.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "guest/boot/bls.h"
#include "guest/boot/menu.h"

#include <stdio.h>
#include <string.h>

#define CMDLINE_FILE_MAX (1u << 20)

/* systemd's NEWS, "CHANGES WITH 245": PermanentMACAddress=.  Before, Type= is
 * udev's DEVTYPE, which a card has not. */
#define CARDS_ARE_TOLD_SINCE 245

static bool
is_rule(struct h2k_root *root, const char *name)
{
    static const char *const directories[] = { "/usr/lib/udev/rules.d",
                                               "/lib/udev/rules.d",
                                               "/etc/udev/rules.d" };
    char path[256];
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
        snprintf(path, sizeof(path), "%s/%s", directories[i], name);
        if (h2k_root_exists(root, path))
            return true;
    }
    return false;
}

/* An empty file or a link to /dev/null in the administrator's directory
 * takes the place of the distribution's. */
static bool
is_masked(struct h2k_root *root, const char *path)
{
    char target[H2K_PATH_MAX + 1];
    struct h2k_stat st;
    if (h2k_root_readlink(root, path, target) == 0 &&
        strcmp(target, "/dev/null") == 0)
        return true;
    return h2k_root_stat(root, path, &st) == 0 && st.size == 0;
}

/* The newest NNN of libsystemd-shared-NNN.so in DIRECTORY, or 0; Fedora has
 * "-NNN.N-N.fcNN.so". */
static int
shared_version(struct h2k_root *root, const char *directory, int *version)
{
    char **names;
    size_t count;
    if (h2k_root_list(root, directory, &names, &count) < 0)
        return h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO ? -1
                                                                         : 0;
    for (size_t i = 0; i < count; i++) {
        int found;
        if (sscanf(names[i], "libsystemd-shared-%4d", &found) == 1 &&
            found > *version)
            *version = found;
    }
    h2k_root_free_names(names, count);
    return 0;
}

static int
systemd_version(struct h2k_root *root, int *version)
{
    static const char *const directories[] = {
        "/usr/lib/systemd",
        "/lib/systemd",
        "/usr/lib64/systemd",
        "/usr/lib/x86_64-linux-gnu/systemd",
        "/usr/lib/aarch64-linux-gnu/systemd",
        "/usr/lib/i386-linux-gnu/systemd",
    };
    *version = 0;
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
        if (shared_version(root, directories[i], version) < 0)
            return -1;
    return 0;
}

/* ---- The kernel's command line ---- */

/* Does a line of TEXT that is no comment have the word? */
static bool
has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *line = text; *line != '\0';) {
        const char *end = line + strcspn(line, "\n");
        const char *first = line + strspn(line, " \t");
        const char *at = memmem(line, (size_t)(end - line), word, n);
        if (at != NULL && *first != '#' &&
            (at == line || strchr(" \t\"'=", at[-1]) != NULL) &&
            (at + n == end || strchr(" \t\r\"'", at[n]) != NULL))
            return true;
        line = end + (*end == '\n');
    }
    return false;
}

static int
file_has_word(struct h2k_root *root, const char *path, const char *word)
{
    h2k_autofree char *text = NULL;
    size_t size;
    if (h2k_root_read_file(root, path, CMDLINE_FILE_MAX, &text, &size) < 0)
        return h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO ? -1
                                                                         : 0;
    return has_word(text, word);
}

static int
entries_have_word(struct h2k_root *root, const char *directory,
                  const char *word)
{
    char **names;
    size_t count;
    int rc = 0;
    if (h2k_root_list(root, directory, &names, &count) < 0)
        return h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO ? -1
                                                                         : 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        rc = file_has_word(root, path, word);
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* In the menus of one kind?  1, 0, -1. */
static int
menus_have_word(struct h2k_root *root, enum h2k_menu_kind kind,
                const char *word)
{
    H2K_AUTO_STRINGS paths = { 0 };
    int rc = h2k_menu_files(root, kind, &paths);
    for (size_t i = 0; i < paths.count && rc == 0; i++)
        rc = file_has_word(root, paths.items[i], word);
    return rc;
}

/* Is WORD on any command line that a boot loader gives?  1, 0, -1. */
static int
on_command_line(struct h2k_root *root, const char *word)
{
    static const char *const files[] = {
        "/etc/kernel/cmdline",
        "/boot/photon.cfg",
        "/boot/systemd.cfg",
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files) && rc == 0; i++)
        rc = file_has_word(root, files[i], word);
    for (int kind = 0; kind < H2K_MENU_FILES && rc == 0; kind++)
        rc = menus_have_word(root, kind, word);
    for (const struct h2k_bls_place *place = h2k_bls_places;
         place->directory != NULL && rc == 0; place++)
        rc = entries_have_word(root, place->directory, word);
    return rc;
}

int
h2k_udev_look(struct h2k_root *root, struct h2k_udev *out)
{
    static const char setup[] = "80-net-setup-link.rules";
    static const char slot[] = "80-net-name-slot.rules";
    int version;
    int asked = on_command_line(root, "net.ifnames=0");
    if (asked < 0 || systemd_version(root, &version) < 0)
        return -1;
    bool by_link =
        is_rule(root, setup) &&
        !is_masked(root, "/etc/udev/rules.d/80-net-setup-link.rules");
    bool by_slot =
        is_rule(root, slot) &&
        !is_masked(root, "/etc/udev/rules.d/80-net-name-slot.rules");
    *out = (struct h2k_udev){
        .present = h2k_root_is_dir(root, "/usr/lib/udev/rules.d") ||
                   h2k_root_is_dir(root, "/lib/udev/rules.d"),
        .link_files = by_link && version >= CARDS_ARE_TOLD_SINCE,
        .kernel_names =
            asked > 0 || (!by_link && !by_slot) ||
            is_masked(root, "/etc/systemd/network/99-default.link"),
        .generator = is_rule(root, "75-persistent-net-generator.rules") &&
                     !is_masked(root, "/etc/udev/rules.d/"
                                      "75-persistent-net-generator.rules"),
    };
    return 0;
}
