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
    char kind[H2K_INI_FIELD], type[H2K_INI_FIELD], driver[H2K_INI_FIELD];
    char given_mac[H2K_INI_FIELD], method[H2K_INI_FIELD];
    char policy[H2K_INI_FIELD], unmanaged[H2K_INI_FIELD];
    char hypervisor[H2K_INI_FIELD];
    struct h2k_strings names, macs, addresses;
    struct h2k_strings upper; /* what stands on it */
};

static void
unit_clear(struct unit *u)
{
    h2k_strings_clear(&u->names);
    h2k_strings_clear(&u->macs);
    h2k_strings_clear(&u->addresses);
    h2k_strings_clear(&u->upper);
}
#define AUTO_UNIT __attribute__((cleanup(unit_clear))) struct unit

/* ---- Lines ---- */

/* Keys that may be there several times: their words add up, and nothing
 * behind '=' takes back what was there.  NULL for other keys. */
static struct h2k_strings *
find_list(struct unit *u, const struct h2k_ini_line *line)
{
    const struct {
        const char *section, *key;
        struct h2k_strings *list;
    } table[] = {
        { "Match", "Name", &u->names },
        { "Match", "MACAddress", &u->macs },
        { "Match", "PermanentMACAddress", &u->macs },
        { "NetDev", "Name", &u->names },
        { "Network", "Address", &u->addresses },
        { "Address", "Address", &u->addresses },
        { "Network", "Bond", &u->upper },
        { "Network", "Bridge", &u->upper },
        { "Network", "VLAN", &u->upper },
        { "Network", "MACVLAN", &u->upper },
        { "Network", "IPVLAN", &u->upper },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(line->section, table[i].section) == 0 &&
            strcmp(line->key, table[i].key) == 0)
            return table[i].list;
    return NULL;
}

static int
read_lines(const char *text, struct unit *u)
{
    static const struct h2k_ini_field fields[] = {
        { "Match", "Driver", offsetof(struct unit, driver) },
        { "Match", "Kind", offsetof(struct unit, kind) },
        { "Match", "Type", offsetof(struct unit, type) },
        { "Match", "Virtualization", offsetof(struct unit, hypervisor) },
        { "Network", "DHCP", offsetof(struct unit, method) },
        { "Link", "MACAddress", offsetof(struct unit, given_mac) },
        { "Link", "ActivationPolicy", offsetof(struct unit, policy) },
        { "Link", "Unmanaged", offsetof(struct unit, unmanaged) },
        { "NetDev", "Kind", offsetof(struct unit, kind) },
        { "NetDev", "MACAddress", offsetof(struct unit, given_mac) },
    };
    struct h2k_ini_cursor cursor = { .text = text, .joins = true };
    struct h2k_ini_line line;
    while (h2k_ini_next(&cursor, &line)) {
        struct h2k_strings *list = find_list(u, &line);
        if (list == NULL) {
            h2k_ini_take(fields, sizeof(fields) / sizeof(*fields), &line, u);
            continue;
        }
        if (line.value[0] == '\0')
            h2k_strings_clear(list);
        if (h2k_network_add_words(list, line.value, " \t") < 0)
            return -1;
    }
    return 0;
}

static int
read_drop_in(struct h2k_network_reading *r, const struct h2k_network_file *f,
             void *unit)
{
    (void)r;
    return read_lines(f->text, unit);
}

/* ---- What they mean ---- */

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

/* A [Match] of all but some ("!…") does not tell a type. */
static void
set_type(struct h2k_interface *item, const struct unit *u, bool made)
{
    if (made || (u->kind[0] != '\0' && u->kind[0] != '!'))
        item->type = type_of_kind(u->kind);
    else if (u->type[0] != '\0' && u->type[0] != '!' &&
             strcmp(u->type, "ether") != 0)
        item->type = type_of_kind(u->type);
}

static bool
is_off(const struct unit *u)
{
    static const char *const words[] = { "down", "always-down", "manual" };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(u->policy, words[i]) == 0)
            return true;
    return strcmp(u->unmanaged, "yes") == 0 ||
           strcmp(u->unmanaged, "true") == 0;
}

/* NAME is below each bond, bridge and so on that its file names. */
static int
add_upper(struct h2k_network_reading *r, const struct unit *u,
          const char *name)
{
    for (size_t i = 0; i < u->upper.count; i++) {
        struct h2k_interface *upper =
            h2k_network_find(r->out, kind, u->upper.items[i]);
        if (upper != NULL && h2k_network_add_once(&upper->lower, name) < 0)
            return -1;
    }
    return 0;
}

/* One of the names that a unit is for, "" where there is none. */
static int
keep(struct h2k_network_reading *r, const char *path, const struct unit *u,
     const char *name, bool made)
{
    /* Of several MACs or names it is not known which goes with which. */
    const char *mac =
        u->macs.count == 1 && u->names.count <= 1 ? u->macs.items[0] : NULL;
    struct h2k_interface *item = h2k_network_get(r, kind, name, mac, path);
    if (item == NULL ||
        (mac != NULL && h2k_interface_set_mac(&item->mac, mac) < 0) ||
        h2k_interface_set_mac(&item->given_mac, u->given_mac) < 0 ||
        h2k_interface_set(&item->driver, u->driver) < 0 ||
        h2k_interface_set(&item->method, u->method) < 0)
        return -1;
    set_type(item, u, made);
    if (!made)
        h2k_interface_set_off(item, path, is_off(u));
    for (size_t i = 0; i < u->addresses.count; i++)
        if (h2k_network_add_once(&item->addresses, u->addresses.items[i]) < 0)
            return -1;
    return name[0] == '\0' ? 0 : add_upper(r, u, name);
}

/* A [Match] may have several names; '!' before the first is for all others,
 * and a type alone is for any card. */
static int
keep_all(struct h2k_network_reading *r, const char *path, const struct unit *u,
         bool made)
{
    if (u->names.count > 0 && u->names.items[0][0] == '!')
        return 0;
    for (size_t i = 0; i < u->names.count; i++)
        if (strcmp(u->names.items[i], "lo") != 0 &&
            keep(r, path, u, u->names.items[i], made) < 0)
            return -1;
    if (u->names.count > 0 || (u->macs.count == 0 && u->driver[0] == '\0'))
        return 0;
    return keep(r, path, u, "", made);
}

static int
read_unit(struct h2k_network_reading *r, const struct h2k_network_file *file,
          bool made)
{
    AUTO_UNIT u = { 0 };
    if (read_lines(file->text, &u) < 0 ||
        h2k_network_each_drop_in(r, file, read_drop_in, &u) < 0)
        return -1;
    if (strcmp(u.hypervisor, "vmware") == 0 &&
        h2k_network_warn(r,
                         "%s: it is for VMware alone; change "
                         "\"Virtualization=vmware\" to \"kvm\" in it",
                         file->path) < 0)
        return -1;
    return keep_all(r, file->path, &u, made);
}

static int
read_netdev(struct h2k_network_reading *r, const struct h2k_network_file *file,
            void *opaque)
{
    (void)opaque;
    return read_unit(r, file, true);
}

static int
read_network(struct h2k_network_reading *r,
             const struct h2k_network_file *file, void *opaque)
{
    (void)opaque;
    return read_unit(r, file, false);
}

/* What is made first, so that what is configured is known for it. */
int
h2k_networkd_read(struct h2k_network_reading *r)
{
    if (h2k_network_each_file(r, directory, "", ".netdev", read_netdev, NULL) <
        0)
        return -1;
    return h2k_network_each_file(r, directory, "", ".network", read_network,
                                 NULL);
}
