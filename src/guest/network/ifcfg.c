/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ifcfg files of RHEL and its kin: initscripts' sysconfig.txt, "Files in
 * /etc/sysconfig/network-scripts/", and nm-settings-ifcfg-rh(5). */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"
#include "guest/text/assignments.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char kind[] = "ifcfg";

struct ifcfg {
    char device[H2K_ASSIGNMENT_VALUE], type[H2K_ASSIGNMENT_VALUE];
    char mac[H2K_ASSIGNMENT_VALUE], given_mac[H2K_ASSIGNMENT_VALUE];
    char method[H2K_ASSIGNMENT_VALUE], onboot[H2K_ASSIGNMENT_VALUE];
    char physdev[H2K_ASSIGNMENT_VALUE], vlan[H2K_ASSIGNMENT_VALUE];
    char devicetype[H2K_ASSIGNMENT_VALUE], uuid[H2K_ASSIGNMENT_VALUE];
    char mask[H2K_ASSIGNMENT_VALUE], bonding[H2K_ASSIGNMENT_VALUE];
    struct h2k_strings addresses; /* key and value by turns */
    struct h2k_strings masks;     /* the same */
};

static char *
find_field(struct ifcfg *c, const char *key)
{
    const struct {
        const char *key;
        char *field;
    } table[] = {
        { "DEVICE", c->device },
        { "TYPE", c->type },
        { "HWADDR", c->mac },
        { "MACADDR", c->given_mac },
        { "BOOTPROTO", c->method },
        { "ONBOOT", c->onboot },
        { "PHYSDEV", c->physdev },
        { "VLAN", c->vlan },
        { "DEVICETYPE", c->devicetype },
        { "UUID", c->uuid },
        { "BONDING_OPTS", c->bonding },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(key, table[i].key) == 0)
            return table[i].field;
    return NULL;
}

/* "IPADDR", "IPADDR2": the digits behind PREFIX; NULL for another key. */
static const char *
number_behind(const char *key, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(key, prefix, n) == 0 &&
                   strspn(key + n, "0123456789") == strlen(key + n)
               ? key + n
               : NULL;
}

static int
add_pair(struct h2k_strings *list, const char *key, const char *value)
{
    return h2k_strings_add(list, key) < 0 ? -1 : h2k_strings_add(list, value);
}

static int
take(struct h2k_network_reading *r, const char *path, struct ifcfg *c,
     const struct h2k_assignment *a)
{
    char *field = find_field(c, a->key);
    const char *address = number_behind(a->key, "IPADDR");
    const char *mask = number_behind(a->key, "NETMASK");
    if (mask == NULL)
        mask = number_behind(a->key, "PREFIX");
    if (address == NULL && strcmp(a->key, "IPV6ADDR") == 0)
        address = "6";
    if (field == NULL && address == NULL && mask == NULL)
        return 0;
    if (a->computed)
        return h2k_strings_addf(r->warnings,
                                "%s: %s is what a shell makes of it, which "
                                "was not run",
                                path, a->key);
    if (field != NULL)
        memcpy(field, a->value, H2K_ASSIGNMENT_VALUE);
    else
        return add_pair(address != NULL ? &c->addresses : &c->masks,
                        address != NULL ? address : mask, a->value);
    return 0;
}

static int
read_assignments(struct h2k_network_reading *r, const char *path,
                 const char *text, size_t size, struct ifcfg *c)
{
    H2K_AUTO_ASSIGNMENTS from = { .shell = { .text = text, .size = size } };
    struct h2k_assignment a;
    int rc;
    while ((rc = h2k_assignments_next(&from, &a)) > 0)
        if (take(r, path, c, &a) < 0)
            return -1;
    return rc;
}

static enum h2k_interface_type
type_of(const struct ifcfg *c)
{
    static const struct {
        const char *word;
        enum h2k_interface_type type;
    } types[] = {
        { "Ethernet", H2K_INTERFACE_PHYSICAL },
        { "TeamPort", H2K_INTERFACE_PHYSICAL },
        { "OVSPort", H2K_INTERFACE_PHYSICAL },
        { "Bond", H2K_INTERFACE_BOND },
        { "Bridge", H2K_INTERFACE_BRIDGE },
        { "OVSBridge", H2K_INTERFACE_BRIDGE },
        { "OVSBond", H2K_INTERFACE_BOND },
        { "Vlan", H2K_INTERFACE_VLAN },
        { "Team", H2K_INTERFACE_TEAM },
    };
    const char *word = strcasecmp(c->type, "Team") == 0 ||
                               c->devicetype[0] == '\0' ||
                               strcasecmp(c->devicetype, "ovs") == 0
                           ? c->type
                           : c->devicetype;
    if (strcasecmp(c->vlan, "yes") == 0)
        return H2K_INTERFACE_VLAN;
    if (c->bonding[0] != '\0')
        return H2K_INTERFACE_BOND;
    enum h2k_interface_type by_name = h2k_interface_type_of_name(c->device);
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (strcasecmp(word, types[i].word) == 0)
            /* TYPE=Ethernet stands in files of VLANs and bonds, too. */
            return types[i].type == H2K_INTERFACE_PHYSICAL ? by_name
                                                           : types[i].type;
    return word[0] == '\0' ? by_name : H2K_INTERFACE_VIRTUAL;
}

/* What a VLAN is on: "PHYSDEV", or its name before the dot. */
static int
add_lower(struct h2k_interface *item, const struct ifcfg *c)
{
    const char *dot = strrchr(c->device, '.');
    if (item->type != H2K_INTERFACE_VLAN)
        return 0;
    if (c->physdev[0] != '\0')
        return h2k_strings_add_once(&item->lower, c->physdev);
    return dot == NULL || item->lower.count > 0
               ? 0
               : h2k_strings_addn(&item->lower, c->device,
                                  (size_t)(dot - c->device));
}

static int
add_addresses(struct h2k_interface *item, const struct ifcfg *c)
{
    for (size_t i = 0; i + 1 < c->addresses.count; i += 2) {
        const char *mask = "";
        for (size_t k = 0; k + 1 < c->masks.count; k += 2)
            if (strcmp(c->masks.items[k], c->addresses.items[i]) == 0)
                mask = c->masks.items[k + 1];
        if (h2k_interface_add_address(item, c->addresses.items[i + 1], mask) <
            0)
            return -1;
    }
    return 0;
}

static int
keep(struct h2k_network_reading *r, const char *path, struct ifcfg *c)
{
    size_t alias = strcspn(c->device, ":"); /* "eth0:1" is of eth0 */
    bool is_alias = c->device[alias] == ':';
    c->device[alias] = '\0';
    if (strcmp(c->device, "lo") == 0 ||
        (c->device[0] == '\0' && c->mac[0] == '\0'))
        return 0;
    struct h2k_interface *item = h2k_network_get(
        r, kind, c->device, c->mac[0] == '\0' ? NULL : c->mac, path);
    if (item == NULL || add_addresses(item, c) < 0)
        return -1;
    if (is_alias)
        return 0;
    item->type = type_of(c);
    item->off = strcasecmp(c->onboot, "no") == 0;
    if (h2k_interface_set_mac(&item->mac, c->mac) < 0 ||
        h2k_interface_set_mac(&item->given_mac, c->given_mac) < 0 ||
        h2k_interface_set(&item->id, c->uuid) < 0 ||
        h2k_interface_set(&item->method, c->method) < 0)
        return -1;
    return add_lower(item, c);
}

/* Copies that editors, rpm and people keep, which are not read. */
static bool
is_kept_copy(const char *name)
{
    static const char *const endings[] = { "~",       ".bak",     ".orig",
                                           ".rpmnew", ".rpmorig", ".rpmsave",
                                           ".old",    ".save" };
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        size_t m = strlen(endings[i]);
        if (n >= m && strcmp(name + n - m, endings[i]) == 0)
            return true;
    }
    return strstr(name, ".backup.hyper2kvm.") != NULL ||
           strstr(name, "-range") != NULL;
}

static int
read_file(struct h2k_network_reading *r, const char *path, const char *name,
          const char *text, size_t size)
{
    struct ifcfg c = { 0 };
    if (is_kept_copy(name))
        return 0;
    int rc = read_assignments(r, path, text, size, &c);
    /* NetworkManager's own files may have a MAC alone. */
    if (c.device[0] == '\0' && c.mac[0] == '\0')
        snprintf(c.device, sizeof(c.device), "%s", name + strlen("ifcfg-"));
    if (rc == 0)
        rc = keep(r, path, &c);
    h2k_strings_clear(&c.addresses);
    h2k_strings_clear(&c.masks);
    return rc;
}

int
h2k_ifcfg_read(struct h2k_network_reading *r)
{
    return h2k_network_each_file(r, "/etc/sysconfig/network-scripts", "ifcfg-",
                                 "", read_file);
}
