/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* systemd-networkd: systemd.network(5) and systemd.netdev(5). */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"
#include "guest/text/ini.h"

#include <stdio.h>
#include <string.h>

static const char kind[] = "networkd";
static const char directory[] = "/etc/systemd/network";

struct unit {
    char name[H2K_INI_FIELD], kind[H2K_INI_FIELD], type[H2K_INI_FIELD];
    char mac[H2K_INI_FIELD], given_mac[H2K_INI_FIELD];
    char method[H2K_INI_FIELD], driver[H2K_INI_FIELD];
    struct h2k_strings addresses;
};

static char *
find_field(struct unit *u, const struct h2k_ini_line *line)
{
    const struct {
        const char *section, *key;
        char *field;
    } table[] = {
        { "Match", "Name", u->name },
        { "Match", "MACAddress", u->mac },
        { "Match", "PermanentMACAddress", u->mac },
        { "Match", "Driver", u->driver },
        { "Match", "Kind", u->kind },
        { "Match", "Type", u->type },
        { "Network", "DHCP", u->method },
        { "Link", "MACAddress", u->given_mac },
        { "NetDev", "Name", u->name },
        { "NetDev", "Kind", u->kind },
        { "NetDev", "MACAddress", u->given_mac },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(line->section, table[i].section) == 0 &&
            strcmp(line->key, table[i].key) == 0)
            return table[i].field;
    return NULL;
}

static int
read_lines(const char *text, struct unit *u)
{
    struct h2k_ini_cursor cursor = { .text = text };
    struct h2k_ini_line line;
    while (h2k_ini_next(&cursor, &line)) {
        char *field = find_field(u, &line);
        if (field != NULL)
            memcpy(field, line.value, H2K_INI_FIELD);
        else if (strcmp(line.key, "Address") == 0 && line.value[0] != '\0' &&
                 (strcmp(line.section, "Network") == 0 ||
                  strcmp(line.section, "Address") == 0) &&
                 h2k_strings_add_once(&u->addresses, line.value) < 0)
            return -1;
    }
    return 0;
}

static enum h2k_interface_type
type_of_kind(const char *word)
{
    static const struct {
        const char *word;
        enum h2k_interface_type type;
    } types[] = {
        { "bond", H2K_INTERFACE_BOND },
        { "bridge", H2K_INTERFACE_BRIDGE },
        { "vlan", H2K_INTERFACE_VLAN },
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (strcmp(word, types[i].word) == 0)
            return types[i].type;
    return H2K_INTERFACE_VIRTUAL;
}

/* One of the names that a unit is for. */
static int
keep(struct h2k_network_reading *r, const char *path, const struct unit *u,
     const char *name, bool netdev)
{
    char mac[H2K_INI_FIELD];
    snprintf(mac, sizeof(mac), "%.*s", (int)strcspn(u->mac, " \t"), u->mac);
    struct h2k_interface *item =
        h2k_network_get(r, kind, name, mac[0] == '\0' ? NULL : mac, path);
    if (item == NULL || h2k_interface_set_mac(&item->mac, mac) < 0 ||
        h2k_interface_set_mac(&item->given_mac, u->given_mac) < 0 ||
        h2k_interface_set(&item->driver, u->driver) < 0 ||
        h2k_interface_set(&item->method, u->method) < 0)
        return -1;
    if (netdev || u->kind[0] != '\0')
        item->type = type_of_kind(u->kind);
    for (size_t i = 0; i < u->addresses.count; i++)
        if (h2k_strings_add_once(&item->addresses, u->addresses.items[i]) < 0)
            return -1;
    return 0;
}

/* A [Match] may have several names; '!' before the first is for all others,
 * and a type alone is for any card. */
static int
keep_all(struct h2k_network_reading *r, const char *path, const struct unit *u,
         bool netdev)
{
    H2K_AUTO_STRINGS names = { 0 };
    if (u->name[0] == '!')
        return 0;
    if (h2k_network_add_words(&names, u->name, " \t") < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (strcmp(names.items[i], "lo") != 0 &&
            keep(r, path, u, names.items[i], netdev) < 0)
            return -1;
    if (names.count > 0 || (u->mac[0] == '\0' && u->driver[0] == '\0'))
        return 0;
    return keep(r, path, u, "", netdev);
}

static int
read_unit(struct h2k_network_reading *r, const char *path, const char *name,
          const char *text, size_t size)
{
    struct unit u = { 0 };
    size_t n = strlen(name);
    (void)size;
    int rc = read_lines(text, &u);
    if (rc == 0)
        rc = keep_all(r, path, &u,
                      n > 7 && strcmp(name + n - 7, ".netdev") == 0);
    h2k_strings_clear(&u.addresses);
    return rc;
}

/* What is made first, so that what is configured is known for it. */
int
h2k_networkd_read(struct h2k_network_reading *r)
{
    if (h2k_network_each_file(r, directory, "", ".netdev", read_unit) < 0)
        return -1;
    return h2k_network_each_file(r, directory, "", ".network", read_unit);
}
