/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* NetworkManager's connections: nm-settings-keyfile(5). */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"
#include "guest/text/ini.h"

#include <stdio.h>
#include <string.h>

static const char kind[] = "NetworkManager";

struct connection {
    char uuid[H2K_INI_FIELD], name[H2K_INI_FIELD], type[H2K_INI_FIELD];
    char mac[H2K_INI_FIELD], given_mac[H2K_INI_FIELD];
    char method[H2K_INI_FIELD], driver[H2K_INI_FIELD];
    char parent[H2K_INI_FIELD], match[H2K_INI_FIELD];
    char autoconnect[H2K_INI_FIELD];
    struct h2k_strings addresses;
};

/* "ethernet" was "802-3-ethernet" once. */
static const struct h2k_ini_field fields[] = {
    { "connection", "uuid", offsetof(struct connection, uuid) },
    { "connection", "interface-name", offsetof(struct connection, name) },
    { "connection", "type", offsetof(struct connection, type) },
    { "connection", "autoconnect", offsetof(struct connection, autoconnect) },
    { "ethernet", "mac-address", offsetof(struct connection, mac) },
    { "ethernet", "cloned-mac-address",
      offsetof(struct connection, given_mac) },
    { "802-3-ethernet", "mac-address", offsetof(struct connection, mac) },
    { "802-3-ethernet", "cloned-mac-address",
      offsetof(struct connection, given_mac) },
    { "vlan", "parent", offsetof(struct connection, parent) },
    { "match", "driver", offsetof(struct connection, driver) },
    { "match", "interface-name", offsetof(struct connection, match) },
    { "ipv4", "method", offsetof(struct connection, method) },
};

/* "address1=10.3.0.4/24,10.3.0.1"; before 0.9.10 "addresses=10.3.0.4;24;…" */
static int
add_address(struct connection *c, const struct h2k_ini_line *line)
{
    char text[H2K_INI_FIELD];
    if (strncmp(line->section, "ipv", 3) != 0 ||
        strncmp(line->key, "address", strlen("address")) != 0 ||
        strcmp(line->key, "address-data") == 0)
        return 0;
    size_t n = strcspn(line->value, ",;");
    size_t prefix =
        strspn(line->value + n + (line->value[n] != '\0'), "0123456789");
    if (line->value[n] == ';' && prefix > 0)
        snprintf(text, sizeof(text), "%.*s/%.*s", (int)n, line->value,
                 (int)prefix, line->value + n + 1);
    else
        snprintf(text, sizeof(text), "%.*s", (int)n, line->value);
    return text[0] == '\0' ? 0 : h2k_network_add_once(&c->addresses, text);
}

static int
read_lines(const char *text, struct connection *c)
{
    struct h2k_ini_cursor cursor = { .text = text };
    struct h2k_ini_line line;
    while (h2k_ini_next(&cursor, &line))
        if (!h2k_ini_take(fields, sizeof(fields) / sizeof(*fields), &line,
                          c) &&
            add_address(c, &line) < 0)
            return -1;
    return 0;
}

static enum h2k_interface_type
type_of(const struct connection *c, const char *name)
{
    static const struct {
        const char *word;
        enum h2k_interface_type type;
    } types[] = {
        { "ethernet", H2K_INTERFACE_PHYSICAL },
        { "802-3-ethernet", H2K_INTERFACE_PHYSICAL },
        { "bond", H2K_INTERFACE_BOND },
        { "bridge", H2K_INTERFACE_BRIDGE },
        { "team", H2K_INTERFACE_TEAM },
        { "vlan", H2K_INTERFACE_VLAN },
        { "", H2K_INTERFACE_PHYSICAL },
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (strcmp(c->type, types[i].word) == 0)
            return c->type[0] == '\0' ? h2k_interface_type_of_name(name)
                                      : types[i].type;
    return H2K_INTERFACE_VIRTUAL;
}

/* The names that a connection is for: its own, or those of its match, of
 * which '|' and '&' say how they go with others, and '!' that it is for all
 * but this one. */
static int
list_names(const struct connection *c, struct h2k_strings *names)
{
    H2K_AUTO_STRINGS words = { 0 };
    if (c->name[0] != '\0')
        return h2k_strings_add(names, c->name);
    if (h2k_network_add_words(&words, c->match, ";,") < 0)
        return -1;
    for (size_t i = 0; i < words.count; i++) {
        const char *word = words.items[i];
        word += *word == '|' || *word == '&';
        if (*word != '!' && *word != '\0' &&
            h2k_network_add_once(names, word) < 0)
            return -1;
    }
    return 0;
}

static bool
is_off(const struct connection *c)
{
    return strcmp(c->autoconnect, "false") == 0 ||
           strcmp(c->autoconnect, "0") == 0 ||
           strcmp(c->autoconnect, "no") == 0;
}

/* MAC: of the card of this name, "" where it is not known. */
static int
keep(struct h2k_network_reading *r, const char *path,
     const struct connection *c, const char *name, const char *mac)
{
    struct h2k_interface *item =
        h2k_network_get(r, kind, name, mac[0] == '\0' ? NULL : mac, path);
    if (item == NULL || h2k_interface_set(&item->id, c->uuid) < 0 ||
        h2k_interface_set_mac(&item->mac, mac) < 0 ||
        h2k_interface_set_mac(&item->given_mac, c->given_mac) < 0 ||
        h2k_interface_set(&item->driver, c->driver) < 0 ||
        h2k_interface_set(&item->method, c->method) < 0 ||
        (c->parent[0] != '\0' &&
         h2k_network_add_once(&item->lower, c->parent) < 0))
        return -1;
    item->type = type_of(c, name);
    h2k_interface_set_off(item, path, is_off(c));
    for (size_t i = 0; i < c->addresses.count; i++)
        if (h2k_network_add_once(&item->addresses, c->addresses.items[i]) < 0)
            return -1;
    return 0;
}

static int
keep_all(struct h2k_network_reading *r, const char *path,
         const struct connection *c)
{
    H2K_AUTO_STRINGS names = { 0 };
    if (list_names(c, &names) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (strcmp(names.items[i], "lo") != 0 &&
            keep(r, path, c, names.items[i], names.count == 1 ? c->mac : "") <
                0)
            return -1;
    if (names.count > 0 || (c->mac[0] == '\0' && c->driver[0] == '\0'))
        return 0; /* without any of them it is for any card */
    return keep(r, path, c, "", c->mac);
}

/* NetworkManager passes over what others than its owner, root, may read. */
static int
check_mode(struct h2k_network_reading *r, const char *path)
{
    struct h2k_stat st;
    if (strncmp(path, "/etc/", 5) != 0 ||
        h2k_root_stat(r->root, path, &st) < 0 ||
        ((st.mode & 077) == 0 && st.uid == 0))
        return 0;
    return h2k_network_warn(r,
                            "%s: NetworkManager does not read it: it is to "
                            "be root's, with mode 0600",
                            path);
}

/* Names that NetworkManager passes over. */
static bool
is_passed_over(const char *name)
{
    static const char *const endings[] = { "~",    ".swp", ".swpx",
                                           ".pem", ".der", ".rpmnew" };
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        size_t m = strlen(endings[i]);
        if (n >= m && strcmp(name + n - m, endings[i]) == 0)
            return true;
    }
    return name[0] == '.';
}

static int
read_file(struct h2k_network_reading *r, const struct h2k_network_file *file,
          void *opaque)
{
    struct connection c = { 0 };
    (void)opaque;
    if (is_passed_over(file->name))
        return 0;
    int rc = read_lines(file->text, &c);
    if (rc == 0)
        rc = check_mode(r, file->path) < 0 ? -1 : keep_all(r, file->path, &c);
    h2k_strings_clear(&c.addresses);
    return rc;
}

int
h2k_keyfiles_read(struct h2k_network_reading *r)
{
    static const char *const directories[] = {
        "/etc/NetworkManager/system-connections",
        "/usr/lib/NetworkManager/system-connections",
    };
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
        if (h2k_network_each_file(r, directories[i], "", "", read_file, NULL) <
            0)
            return -1;
    return 0;
}
