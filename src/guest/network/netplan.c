/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* netplan's YAML (netplan-yaml(5)): the definitions of each type, by their
 * ids. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "guest/network/reader.h"

#include <libfyaml.h>
#include <stdio.h>

static const char kind[] = "netplan";

#define FIELD 256

/* The text of a scalar, at most FIELD - 1 bytes; "" for anything else. */
static void
scalar(struct fy_node *node, char out[FIELD])
{
    size_t n = 0;
    const char *text = node == NULL ? NULL : fy_node_get_scalar(node, &n);
    snprintf(out, FIELD, "%.*s", text == NULL ? 0 : (int)(n < 255 ? n : 255),
             text == NULL ? "" : text);
}

static struct fy_node *
child(struct fy_node *node, const char *key)
{
    return node == NULL || !fy_node_is_mapping(node)
               ? NULL
               : fy_node_mapping_lookup_by_string(node, key, FY_NT);
}

static void
field(struct fy_node *node, const char *key, char out[FIELD])
{
    scalar(child(node, key), out);
}

/* YAML 1.1's truth, as netplan reads it. */
static bool
is_true(const char *text)
{
    return strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0 ||
           strcasecmp(text, "on") == 0 || strcasecmp(text, "y") == 0;
}

/* A list's scalars, or the keys of its mappings ("addresses" has both). */
static int
add_list(struct h2k_strings *to, struct fy_node *list)
{
    void *iterator = NULL;
    struct fy_node *node;
    if (list == NULL || !fy_node_is_sequence(list))
        return 0;
    while ((node = fy_node_sequence_iterate(list, &iterator)) != NULL) {
        char text[FIELD];
        void *inner = NULL;
        struct fy_node_pair *pair = fy_node_is_mapping(node)
                                        ? fy_node_mapping_iterate(node, &inner)
                                        : NULL;
        scalar(pair == NULL ? node : fy_node_pair_key(pair), text);
        if (text[0] != '\0' && h2k_network_add_once(to, text) < 0)
            return -1;
    }
    return 0;
}

/* What a definition says of the card that it is about. */
struct match {
    char name[FIELD], mac[FIELD], driver[FIELD], set_name[FIELD];
    bool given; /* there is a "match" */
};

static void
read_match(struct fy_node *value, struct match *m)
{
    struct fy_node *match = child(value, "match");
    struct fy_node *driver = child(match, "driver");
    m->given = match != NULL;
    field(match, "name", m->name);
    field(match, "macaddress", m->mac);
    field(value, "set-name", m->set_name);
    if (driver != NULL && fy_node_is_sequence(driver))
        driver = fy_node_sequence_get_by_index(driver, 0);
    scalar(driver, m->driver);
}

static int
fill(struct h2k_interface *item, const char *id, const struct match *m,
     struct fy_node *value)
{
    char given[FIELD], dhcp4[FIELD], dhcp6[FIELD], link[FIELD];
    field(value, "macaddress", given);
    field(value, "dhcp4", dhcp4);
    field(value, "dhcp6", dhcp6);
    field(value, "link", link);
    bool dhcp = is_true(dhcp4) || is_true(dhcp6);
    item->renamed = item->renamed || m->set_name[0] != '\0';
    if (h2k_interface_set(&item->id, id) < 0 ||
        h2k_interface_set(&item->driver, m->driver) < 0 ||
        h2k_interface_set_mac(&item->given_mac, given) < 0 ||
        h2k_interface_set(&item->method, dhcp ? "dhcp" : "static") < 0 ||
        (link[0] != '\0' && h2k_network_add_once(&item->lower, link) < 0) ||
        add_list(&item->lower, child(value, "interfaces")) < 0)
        return -1;
    return add_list(&item->addresses, child(value, "addresses"));
}

/* One definition, "ID: { match: { macaddress: … }, set-name: …, … }". */
static int
add_definition(struct h2k_network_reading *r, const char *file,
               enum h2k_interface_type type, struct fy_node_pair *pair)
{
    struct fy_node *value = fy_node_pair_value(pair);
    struct match m;
    char id[FIELD];
    scalar(fy_node_pair_key(pair), id);
    read_match(value, &m);
    const char *name = m.set_name[0] != '\0' ? m.set_name
                       : m.given             ? m.name
                                             : id;
    /* A later file adds to a definition of the same id. */
    struct h2k_interface *item = h2k_network_find_id(r->out, kind, id);
    if (item == NULL) {
        if (id[0] == '\0' ||
            (name[0] == '\0' && m.mac[0] == '\0' && m.driver[0] == '\0'))
            return 0;
        item = h2k_network_get(r, kind, name, m.mac[0] == '\0' ? NULL : m.mac,
                               file);
    }
    if (item == NULL || h2k_interface_set_mac(&item->mac, m.mac) < 0)
        return -1;
    item->type = type;
    return fill(item, id, &m, value);
}

static const struct section {
    const char *key;
    enum h2k_interface_type type;
} sections[] = {
    { "ethernets", H2K_INTERFACE_PHYSICAL },
    { "bonds", H2K_INTERFACE_BOND },
    { "bridges", H2K_INTERFACE_BRIDGE },
    { "vlans", H2K_INTERFACE_VLAN },
    { "tunnels", H2K_INTERFACE_VIRTUAL },
    { "vrfs", H2K_INTERFACE_VIRTUAL },
    { "dummy-devices", H2K_INTERFACE_VIRTUAL },
    { "virtual-ethernets", H2K_INTERFACE_VIRTUAL },
    { "wifis", H2K_INTERFACE_VIRTUAL },
};

static int
read_section(struct h2k_network_reading *r, const char *file,
             struct fy_node *network, const struct section *section)
{
    struct fy_node *definitions = child(network, section->key);
    void *iterator = NULL;
    struct fy_node_pair *pair;
    if (definitions == NULL || !fy_node_is_mapping(definitions))
        return 0;
    while ((pair = fy_node_mapping_iterate(definitions, &iterator)) != NULL)
        if (add_definition(r, file, section->type, pair) < 0)
            return -1;
    return 0;
}

/* Nothing is printed: without a place of its own for them libfyaml's
 * complaints go to standard error. */
static struct fy_document *
parse(const char *text, size_t size)
{
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (diag == NULL)
        return NULL;
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = { .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG,
                                   .diag = diag };
    struct fy_document *document =
        fy_document_build_from_string(&config, text, size);
    fy_diag_destroy(diag);
    return document;
}

static int
read_file(struct h2k_network_reading *r, const struct h2k_network_file *file,
          void *opaque)
{
    struct fy_document *document = NULL;
    int rc = 0;
    (void)opaque;
    if (strspn(file->text, " \t\r\n") == file->size)
        return 0;
    /* libfyaml 0.7.12 scans a directive that is no UTF-8 for ever. */
    if (h2k_utf8_valid_prefix(file->text, file->size) == file->size)
        document = parse(file->text, file->size);
    if (document == NULL)
        return h2k_network_warn(r, "%s: no YAML that can be read", file->path);
    struct fy_node *network = child(fy_document_root(document), "network");
    for (size_t i = 0; i < sizeof(sections) / sizeof(*sections) && rc == 0;
         i++)
        rc = read_section(r, file->path, network, &sections[i]);
    fy_document_destroy(document);
    return rc;
}

int
h2k_netplan_read(struct h2k_network_reading *r)
{
    static const char *const directories[] = { "/usr/lib/netplan",
                                               "/etc/netplan" };
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
        if (h2k_network_each_file(r, directories[i], "", ".yaml", read_file,
                                  NULL) < 0)
            return -1;
    return 0;
}
