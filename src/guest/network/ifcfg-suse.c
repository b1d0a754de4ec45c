/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ifcfg files of SUSE, which wicked reads: ifcfg(5), ifcfg-bonding(5),
 * ifcfg-bridge(5), ifcfg-vlan(5), ifcfg-team(5). */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"
#include "guest/text/assignments.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char kind[] = "wicked";
static const char directory[] = "/etc/sysconfig/network";

/* SLES 10: "ifcfg-eth-id-00:50:56:aa:bb:01". */
static const char by_mac[] = "eth-id-";

struct file {
    struct h2k_network_reading *r;
    const char *path;
    size_t item; /* of the list */
    struct h2k_masked_addresses addresses;
};

static struct h2k_interface *
item_of(const struct file *f)
{
    return &f->r->out->items[f->item];
}

/* What follows PREFIX: "", "_1", "0"; NULL for another key. */
static const char *
behind(const char *key, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(key, prefix, n) == 0 ? key + n : NULL;
}

static bool
is_yes(const char *value)
{
    return strcasecmp(value, "yes") == 0 || strcasecmp(value, "on") == 0;
}

/* Keys that say what the interface is, and what it stands on. */
static int
take_type(struct h2k_interface *item, const struct h2k_assignment *a)
{
    static const struct {
        const char *key;
        enum h2k_interface_type type;
        bool lower; /* the value names interfaces */
    } table[] = {
        { "BONDING_SLAVE", H2K_INTERFACE_BOND, true },
        { "BRIDGE_PORTS", H2K_INTERFACE_BRIDGE, true },
        { "ETHERDEVICE", H2K_INTERFACE_VLAN, true },
        { "TEAM_PORT_DEVICE", H2K_INTERFACE_TEAM, true },
        { "MACVLAN_DEVICE", H2K_INTERFACE_VIRTUAL, true },
        { "TUNNEL", H2K_INTERFACE_VIRTUAL, false },
        { "TEAM_RUNNER", H2K_INTERFACE_TEAM, false },
        { "VETH_PEER_NAME", H2K_INTERFACE_VIRTUAL, false },
    };
    if (strcmp(a->key, "BONDING_MASTER") == 0 && is_yes(a->value))
        item->type = H2K_INTERFACE_BOND;
    if (strcmp(a->key, "BRIDGE") == 0 && is_yes(a->value))
        item->type = H2K_INTERFACE_BRIDGE;
    if (strcmp(a->key, "INTERFACETYPE") == 0 &&
        strcasecmp(a->value, "dummy") == 0)
        item->type = H2K_INTERFACE_VIRTUAL;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        if (behind(a->key, table[i].key) == NULL || a->value[0] == '\0')
            continue;
        item->type = table[i].type;
        return table[i].lower
                   ? h2k_network_add_words(&item->lower, a->value, " \t")
                   : 0;
    }
    return 0;
}

static int
take_value(struct file *f, const struct h2k_assignment *a)
{
    struct h2k_interface *item = item_of(f);
    const char *suffix;
    if (strcmp(a->key, "BOOTPROTO") == 0)
        return h2k_interface_set(&item->method, a->value);
    if (strcmp(a->key, "LLADDR") == 0)
        return h2k_interface_set_mac(&item->given_mac, a->value);
    if (strcmp(a->key, "STARTMODE") == 0)
        item->off =
            strcmp(a->value, "off") == 0 || strcmp(a->value, "manual") == 0;
    if ((suffix = behind(a->key, "IPADDR")) != NULL)
        return h2k_masked_add(&f->addresses.addresses, suffix, a->value);
    if ((suffix = behind(a->key, "NETMASK")) != NULL ||
        (suffix = behind(a->key, "PREFIXLEN")) != NULL)
        return a->value[0] == '\0'
                   ? 0
                   : h2k_masked_add(&f->addresses.masks, suffix, a->value);
    return take_type(item, a);
}

static int
read_assignments(struct file *f, const char *text, size_t size)
{
    H2K_AUTO_ASSIGNMENTS from = { .shell = { .text = text, .size = size } };
    struct h2k_assignment a;
    int rc;
    while ((rc = h2k_assignments_next(&from, &a)) > 0) {
        if (a.computed &&
            h2k_network_warn(f->r,
                             "%s: %s is what a shell makes of it, which was "
                             "not run",
                             f->path, a.key) < 0)
            return -1;
        if (!a.computed && take_value(f, &a) < 0)
            return -1;
    }
    return rc;
}

static int
finish(const struct file *f)
{
    struct h2k_interface *item = item_of(f);
    const char *dot = strrchr(item->name, '.');
    if (h2k_interface_add_masked(item, &f->addresses) < 0)
        return -1;
    if (dot == NULL || item->lower.count > 0)
        return 0;
    return h2k_strings_addn(&item->lower, item->name,
                            (size_t)(dot - item->name));
}

static int
read_file(struct h2k_network_reading *r, const struct h2k_network_file *file,
          void *opaque)
{
    const char *device = file->name + strlen("ifcfg-");
    const char *mac = NULL;
    (void)opaque;
    /* The suffixes of copies, which wicked passes over. */
    if (strcmp(device, "lo") == 0 || strpbrk(device, "~") != NULL ||
        strcmp(device, "template") == 0 || strstr(device, ".rpm") != NULL ||
        strstr(device, ".bak") != NULL || strstr(device, ".orig") != NULL ||
        strstr(device, ".backup") != NULL)
        return 0;
    if (strncmp(device, by_mac, strlen(by_mac)) == 0) {
        mac = device + strlen(by_mac);
        device = "";
    }
    struct h2k_interface *item =
        h2k_network_get(r, kind, device, mac, file->path);
    if (item == NULL)
        return -1;
    struct file f = { .r = r,
                      .path = file->path,
                      .item = (size_t)(item - r->out->items) };
    int rc = read_assignments(&f, file->text, file->size);
    if (rc == 0)
        rc = finish(&f);
    h2k_masked_clear(&f.addresses);
    return rc;
}

int
h2k_ifcfg_suse_read(struct h2k_network_reading *r)
{
    return h2k_network_each_file(r, directory, "ifcfg-", "", read_file, NULL);
}
