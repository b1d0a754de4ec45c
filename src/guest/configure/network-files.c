/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit that puts `configuration.network` into the guest: files, each for
 * the program that reads them, in its folder. */
#include "guest/configure/database.h"
#include "guest/fix/edits.h"

#include "base/error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* One program that sets up networks. */
struct renderer {
    const char *name;
    const char *folder;
    uint32_t mode;
    const char *suffixes; /* of the names that it reads, between blanks; NULL
                             for any */
    const char *signs[4]; /* one of these is there where it is */
};

static const struct renderer networkd = {
    .name = "systemd-networkd",
    .folder = "/etc/systemd/network",
    .mode = 0644,
    .suffixes = ".network .netdev .link",
    .signs = { "/usr/lib/systemd/systemd-networkd",
               "/lib/systemd/systemd-networkd" },
};
static const struct renderer netplan = {
    .name = "netplan",
    .folder = "/etc/netplan",
    .mode = 0600,
    .suffixes = ".yaml",
    .signs = { "/usr/sbin/netplan", "/usr/share/netplan", "/usr/bin/netplan" },
};
static const struct renderer network_manager = {
    .name = "NetworkManager",
    .folder = "/etc/NetworkManager/system-connections",
    .mode = 0600,
    .signs = { "/usr/sbin/NetworkManager", "/usr/bin/NetworkManager" },
};
static const struct renderer ifupdown = {
    .name = "ifupdown",
    .folder = "/etc/network/interfaces.d",
    .mode = 0644,
    .signs = { "/sbin/ifup", "/usr/sbin/ifup" },
};
static const struct renderer red_hat = {
    .name = "what reads ifcfg files",
    .folder = "/etc/sysconfig/network-scripts",
    .mode = 0644,
    .signs = { "/etc/sysconfig/network-scripts" },
};
static const struct renderer suse = {
    .name = "what reads ifcfg files",
    .folder = "/etc/sysconfig/network",
    .mode = 0644,
    .signs = { "/etc/sysconfig/network/config", "/etc/sysconfig/network/dhcp",
               "/usr/sbin/wicked" },
};

static bool
applies(struct h2k_fix *fix)
{
    const struct h2k_configuration *c = fix->options->configuration;
    return c != NULL &&
           (c->network.systemd_networkd.count > 0 ||
            c->network.netplan.count > 0 ||
            c->network.networkmanager.count > 0 ||
            c->network.interfaces.count > 0 || c->network.ifcfg.count > 0);
}

/* What the report shows of a file: nothing of one that may hold a key. */
static int
show(const char *content, char **out)
{
    static const char *const secrets[] = { "psk",     "password", "passphrase",
                                           "private", "secret",   "key" };
    *out = NULL;
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (strcasestr(content, secrets[i]) != NULL) {
            if (asprintf(out, "(%zu bytes, with a secret in them, perhaps)",
                         strlen(content)) < 0)
                *out = NULL;
            return *out != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
        }
    *out = strdup(content);
    return *out != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

/* Who may read a file. */
struct access {
    uint32_t mode;
    struct h2k_owner owner;
};

/* systemd.netdev(5): a unit with a key in it is for root and for networkd's
 * own group, where the guest has that. */
static int
find_access(struct h2k_fix *fix, const struct renderer *r, const char *content,
            struct access *out)
{
    static const char *const keys[] = { "PrivateKey=", "PresharedKey=",
                                        "\nKey=" };
    struct h2k_database groups = { .kind = &h2k_group_kind };
    struct h2k_record record;
    bool secret = false;
    *out = (struct access){ .mode = r->mode };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        secret = secret || strstr(content, keys[i]) != NULL;
    if (r != &networkd || !secret)
        return 0;
    int rc = h2k_database_read(&groups, fix, NULL);
    if (rc == 0 && h2k_database_find(&groups, "systemd-network", &record) &&
        h2k_record_id(&record, H2K_GROUP_GID, &out->owner.gid))
        out->mode = 0640;
    h2k_database_free(&groups);
    return rc;
}

/* A file that was there may be open to more than its reader stands for:
 * NetworkManager reads none that others can. */
static int
close_mode(struct h2k_fix *fix, const char *path, const struct access *access)
{
    struct h2k_stat st;
    struct h2k_place place;
    char before[8], after[8];
    uint32_t mode = access->mode, gid = access->owner.gid;
    if (h2k_root_stat(fix->root, path, &st) < 0)
        return -1;
    if ((mode & 07) != 0 || (st.mode & 077 & ~mode) == 0)
        return 0;
    snprintf(before, sizeof(before), "%04o", st.mode & 07777);
    snprintf(after, sizeof(after), "%04o", mode & 07777);
    if (h2k_root_lookup(fix->root, path, &place) < 0 ||
        (gid != 0 && h2k_fs_chown(place.fs, place.ino, st.uid, gid) < 0) ||
        h2k_fs_chmod(place.fs, place.ino, mode) < 0)
        return -1;
    return h2k_fix_record(fix, path, "who may read it", before, after);
}

static int
put_file(struct h2k_fix *fix, const char *path, const struct access *access,
         const char *content)
{
    h2k_autofree char *before = NULL;
    h2k_autofree char *shown_before = NULL;
    h2k_autofree char *shown = NULL;
    size_t size, length = strlen(content);
    int there = h2k_fix_read(fix, path, &before, &size);
    if (there < 0)
        return -1;
    if (there > 0 && size == length && memcmp(before, content, size) == 0)
        return close_mode(fix, path, access);
    if ((there > 0 ? h2k_fix_replace(fix, path, content, length)
                   : h2k_fix_create_as(fix, path, content, length,
                                       access->mode, &access->owner)) < 0 ||
        (there > 0 && show(before, &shown_before) < 0) ||
        show(content, &shown) < 0 ||
        h2k_fix_record(fix, path, "a part of the network's configuration",
                       shown_before, shown) < 0)
        return -1;
    return close_mode(fix, path, access);
}

/* Does the renderer read a file of this name? */
static bool
is_read(const struct renderer *r, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (r->suffixes == NULL)
        return true;
    const char *found = dot == NULL ? NULL : strstr(r->suffixes, dot);
    size_t size = dot == NULL ? 0 : strlen(dot);
    return found != NULL && (found[size] == ' ' || found[size] == '\0');
}

static bool
is_installed(struct h2k_fix *fix, const struct renderer *r)
{
    for (size_t i = 0; i < 4 && r->signs[i] != NULL; i++)
        if (h2k_root_exists(fix->root, r->signs[i]))
            return true;
    return false;
}

static int
put_files(struct h2k_fix *fix, const struct renderer *r,
          const struct h2k_configured_files *files)
{
    bool installed = is_installed(fix, r);
    for (size_t i = 0; i < files->count; i++) {
        const struct h2k_configured_file *file = &files->items[i];
        struct access access;
        char path[H2K_PATH_MAX];
        /* "interfaces" is ifupdown's main file, which stands above. */
        if (r == &ifupdown && strcmp(file->name, "interfaces") == 0)
            snprintf(path, sizeof(path), "/etc/network/interfaces");
        else
            snprintf(path, sizeof(path), "%s/%s", r->folder, file->name);
        if (find_access(fix, r, file->content, &access) < 0 ||
            put_file(fix, path, &access, file->content) < 0)
            return -1;
        if (!is_read(r, file->name) &&
            h2k_fix_warn(fix, "%s: %s reads only names with %s at the end",
                         path, r->name, r->suffixes) < 0)
            return -1;
    }
    if (files->count == 0 || installed)
        return 0;
    return h2k_fix_warn(fix,
                        "%s: the guest does not have %s, so that nothing "
                        "reads the files there",
                        r->folder, r->name);
}

/* "source-directory" wants names as run-parts(8) does. */
static int
check_plain_names(struct h2k_fix *fix,
                  const struct h2k_configured_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (strchr(files->items[i].name, '.') != NULL)
            return h2k_fix_warn(fix,
                                "/etc/network/interfaces: reads no names "
                                "with a dot, such as %s, by "
                                "source-directory; leave it out of the name",
                                files->items[i].name);
    return 0;
}

/* ifupdown reads its folder where its main file says so: interfaces(5). */
static int
check_sourced(struct h2k_fix *fix, const struct h2k_configured_files *files)
{
    h2k_autofree char *text = NULL;
    size_t size;
    bool parts = false;
    for (size_t i = 0; i < files->count; i++)
        parts = parts || strcmp(files->items[i].name, "interfaces") != 0;
    if (!parts)
        return 0;
    int there = h2k_fix_read(fix, "/etc/network/interfaces", &text, &size);
    if (there < 0)
        return -1;
    for (const char *p = text; p != NULL && *p != '\0';) {
        p += strspn(p, " \t\n");
        size_t line = strcspn(p, "\n");
        if (strncmp(p, "source", 6) == 0 &&
            memmem(p, line, "interfaces.d", 12) != NULL)
            return strncmp(p, "source-directory", 16) == 0
                       ? check_plain_names(fix, files)
                       : 0;
        p += line;
    }
    return h2k_fix_warn(fix,
                        "/etc/network/interfaces: does not read "
                        "/etc/network/interfaces.d; add the line \"source "
                        "/etc/network/interfaces.d/*\" to it");
}

/* Is networkd started, by its own unit or by netplan? */
static int
check_networkd(struct h2k_fix *fix)
{
    static const char *const links[] = {
        "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
        "/etc/systemd/system/dbus-org.freedesktop.network1.service",
        "/etc/systemd/system/sockets.target.wants/systemd-networkd.socket",
    };
    if (!is_installed(fix, &networkd) || is_installed(fix, &netplan))
        return 0;
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (h2k_root_has(fix->root, links[i]))
            return 0;
    return h2k_fix_warn(fix, "/etc/systemd/network: systemd-networkd is not "
                             "started in the guest; put it under "
                             "services.enable");
}

static int
run(struct h2k_fix *fix)
{
    const struct h2k_configuration *c = fix->options->configuration;
    bool is_suse = !h2k_root_is_dir(fix->root, red_hat.folder) &&
                   h2k_root_is_dir(fix->root, suse.folder);
    if (put_files(fix, &networkd, &c->network.systemd_networkd) < 0 ||
        put_files(fix, &netplan, &c->network.netplan) < 0 ||
        put_files(fix, &network_manager, &c->network.networkmanager) < 0 ||
        put_files(fix, &ifupdown, &c->network.interfaces) < 0 ||
        put_files(fix, is_suse ? &suse : &red_hat, &c->network.ifcfg) < 0 ||
        check_sourced(fix, &c->network.interfaces) < 0)
        return -1;
    return c->network.systemd_networkd.count > 0 ? check_networkd(fix) : 0;
}

const struct h2k_edit h2k_edit_network_files = {
    .name = "configure-network",
    .applies = applies,
    .run = run,
};
