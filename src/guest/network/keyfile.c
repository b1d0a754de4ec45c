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

/* Where a key's value goes.  "ethernet" was "802-3-ethernet" once. */
static char *
find_field(struct connection *c, const struct h2k_ini_line *line)
{
    const struct {
        const char *section, *key;
        char *field;
    } table[] = {
        { "connection", "uuid", c->uuid },
        { "connection", "interface-name", c->name },
        { "connection", "type", c->type },
        { "connection", "autoconnect", c->autoconnect },
        { "ethernet", "mac-address", c->mac },
        { "ethernet", "cloned-mac-address", c->given_mac },
        { "802-3-ethernet", "mac-address", c->mac },
        { "802-3-ethernet", "cloned-mac-address", c->given_mac },
        { "vlan", "parent", c->parent },
        { "match", "driver", c->driver },
        { "match", "interface-name", c->match },
        { "ipv4", "method", c->method },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(line->section, table[i].section) == 0 &&
            strcmp(line->key, table[i].key) == 0)
            return table[i].field;
    return NULL;
}

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
    return text[0] == '\0' ? 0 : h2k_strings_add_once(&c->addresses, text);
}

static int
read_lines(const char *text, struct connection *c)
{
    struct h2k_ini_cursor cursor = { .text = text };
    struct h2k_ini_line line;
    while (h2k_ini_next(&cursor, &line)) {
        char *field = find_field(c, &line);
        if (field != NULL)
            memcpy(field, line.value, H2K_INI_FIELD);
        else if (add_address(c, &line) < 0)
            return -1;
    }
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

/* The name that a connection is for: its own, or the one of its match. */
static const char *
name_of(struct connection *c)
{
    size_t n = strcspn(c->match, ";,");
    if (c->name[0] != '\0')
        return c->name;
    if (c->match[0] == '!' || c->match[0] == '&' || c->match[0] == '|')
        return "";
    c->match[n] = '\0';
    return c->match;
}

static int
keep(struct h2k_network_reading *r, const char *path, struct connection *c)
{
    const char *name = name_of(c);
    if ((name[0] == '\0' && c->mac[0] == '\0' && c->driver[0] == '\0') ||
        strcmp(name, "lo") == 0)
        return 0; /* for any card */
    struct h2k_interface *item = h2k_network_get(
        r, kind, name, c->mac[0] == '\0' ? NULL : c->mac, path);
    if (item == NULL || h2k_interface_set(&item->id, c->uuid) < 0 ||
        h2k_interface_set_mac(&item->mac, c->mac) < 0 ||
        h2k_interface_set_mac(&item->given_mac, c->given_mac) < 0 ||
        h2k_interface_set(&item->driver, c->driver) < 0 ||
        h2k_interface_set(&item->method, c->method) < 0 ||
        (c->parent[0] != '\0' &&
         h2k_strings_add_once(&item->lower, c->parent) < 0))
        return -1;
    item->type = type_of(c, name);
    item->off = strcmp(c->autoconnect, "false") == 0 ||
                strcmp(c->autoconnect, "0") == 0 ||
                strcmp(c->autoconnect, "no") == 0;
    for (size_t i = 0; i < c->addresses.count; i++)
        if (h2k_strings_add_once(&item->addresses, c->addresses.items[i]) < 0)
            return -1;
    return 0;
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
    return h2k_strings_addf(r->warnings,
                            "%s: NetworkManager does not read it: it is to "
                            "be root's, with mode 0600",
                            path);
}

static int
read_file(struct h2k_network_reading *r, const char *path, const char *name,
          const char *text, size_t size)
{
    struct connection c = { 0 };
    size_t n = strlen(name);
    (void)size;
    if (name[0] == '.' || name[n - 1] == '~')
        return 0; /* NetworkManager passes over them too */
    int rc = read_lines(text, &c);
    if (rc == 0)
        rc = check_mode(r, path) < 0 ? -1 : keep(r, path, &c);
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
        if (h2k_network_each_file(r, directories[i], "", "", read_file) < 0)
            return -1;
    return 0;
}
