/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ifcfg files of RHEL and its kin: initscripts' sysconfig.txt, "Files in
 * /etc/sysconfig/network-scripts/", and nm-settings-ifcfg-rh(5). */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"
#include "guest/text/assignments.h"
#include "guest/text/ini.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char kind[] = "ifcfg";

struct ifcfg {
    char device[H2K_INI_FIELD], type[H2K_INI_FIELD];
    char mac[H2K_INI_FIELD], given_mac[H2K_INI_FIELD];
    char method[H2K_INI_FIELD], onboot[H2K_INI_FIELD];
    char physdev[H2K_INI_FIELD], vlan[H2K_INI_FIELD];
    char devicetype[H2K_INI_FIELD], uuid[H2K_INI_FIELD];
    char bonding[H2K_INI_FIELD];
    struct h2k_masked_addresses addresses;
};
static_assert(H2K_ASSIGNMENT_VALUE <= H2K_INI_FIELD, "a value fits");

static const struct h2k_ini_field fields[] = {
    { "", "DEVICE", offsetof(struct ifcfg, device) },
    { "", "TYPE", offsetof(struct ifcfg, type) },
    { "", "HWADDR", offsetof(struct ifcfg, mac) },
    { "", "MACADDR", offsetof(struct ifcfg, given_mac) },
    { "", "BOOTPROTO", offsetof(struct ifcfg, method) },
    { "", "ONBOOT", offsetof(struct ifcfg, onboot) },
    { "", "PHYSDEV", offsetof(struct ifcfg, physdev) },
    { "", "VLAN", offsetof(struct ifcfg, vlan) },
    { "", "DEVICETYPE", offsetof(struct ifcfg, devicetype) },
    { "", "UUID", offsetof(struct ifcfg, uuid) },
    { "", "BONDING_OPTS", offsetof(struct ifcfg, bonding) },
};
#define FIELDS (sizeof(fields) / sizeof(*fields))

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
take(struct h2k_network_reading *r, const char *path, struct ifcfg *c,
     const struct h2k_assignment *a)
{
    char *field = h2k_ini_place(fields, FIELDS, "", a->key, c);
    const char *address = number_behind(a->key, "IPADDR");
    const char *mask = number_behind(a->key, "NETMASK");
    if (mask == NULL)
        mask = number_behind(a->key, "PREFIX");
    if (address == NULL && strcmp(a->key, "IPV6ADDR") == 0)
        address = "6";
    if (field == NULL && address == NULL && mask == NULL)
        return 0;
    if (a->computed)
        return h2k_network_warn(r,
                                "%s: %s is what a shell makes of it, which "
                                "was not run",
                                path, a->key);
    if (address != NULL)
        return h2k_masked_add(&c->addresses.addresses, address, a->value);
    if (mask != NULL)
        return h2k_masked_add(&c->addresses.masks, mask, a->value);
    memcpy(field, a->value, H2K_ASSIGNMENT_VALUE);
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
        return h2k_network_add_once(&item->lower, c->physdev);
    return dot == NULL || item->lower.count > 0
               ? 0
               : h2k_strings_addn(&item->lower, c->device,
                                  (size_t)(dot - c->device));
}

/* initscripts' is_false(). */
static bool
is_false(const char *word)
{
    static const char *const words[] = { "no", "n", "false", "f", "0", "off" };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcasecmp(word, words[i]) == 0)
            return true;
    return false;
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
    if (item == NULL || h2k_interface_add_masked(item, &c->addresses) < 0)
        return -1;
    if (is_alias)
        return 0;
    item->type = type_of(c);
    h2k_interface_set_off(item, path, is_false(c->onboot));
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
read_file(struct h2k_network_reading *r, const struct h2k_network_file *file,
          void *opaque)
{
    struct ifcfg c = { 0 };
    (void)opaque;
    if (is_kept_copy(file->name))
        return 0;
    int rc = read_assignments(r, file->path, file->text, file->size, &c);
    /* initscripts go by the file's name then; for NetworkManager, which gives
     * each of its own a UUID, such a file is for any card. */
    if (c.device[0] == '\0' && c.mac[0] == '\0' && c.uuid[0] == '\0')
        snprintf(c.device, sizeof(c.device), "%s",
                 file->name + strlen("ifcfg-"));
    if (rc == 0)
        rc = keep(r, file->path, &c);
    h2k_masked_clear(&c.addresses);
    return rc;
}

int
h2k_ifcfg_read(struct h2k_network_reading *r)
{
    return h2k_network_each_file(r, "/etc/sysconfig/network-scripts", "ifcfg-",
                                 "", read_file, NULL);
}
