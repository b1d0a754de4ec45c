/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* netplan's YAML: network.ethernets.NAME. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "guest/network/network.h"

#include <libfyaml.h>
#include <stdio.h>

/* The text of a scalar, at most SIZE - 1 bytes; "" for anything else. */
static void
scalar(struct fy_node *node, char *out, size_t size)
{
    size_t n = 0;
    const char *text = node == NULL ? NULL : fy_node_get_scalar(node, &n);
    snprintf(out, size, "%.*s", text == NULL ? 0 : (int)(n < 255 ? n : 255),
             text == NULL ? "" : text);
}

static struct fy_node *
child(struct fy_node *node, const char *key)
{
    return node == NULL || !fy_node_is_mapping(node)
               ? NULL
               : fy_node_mapping_lookup_by_string(node, key, FY_NT);
}

static int
add_addresses(struct h2k_interface *item, struct fy_node *list)
{
    void *iterator = NULL;
    struct fy_node *node;
    if (list == NULL || !fy_node_is_sequence(list))
        return 0;
    while ((node = fy_node_sequence_iterate(list, &iterator)) != NULL) {
        char text[256];
        scalar(node, text, sizeof(text));
        if (text[0] != '\0' &&
            h2k_strings_add_once(&item->addresses, text) < 0)
            return -1;
    }
    return 0;
}

/* "NAME: { match: { macaddress: … }, set-name: …, addresses: [ … ] }" */
static int
add_ethernet(struct h2k_interfaces *out, const char *file, struct fy_node *key,
             struct fy_node *value)
{
    char id[256], name[256], mac[256], dhcp[256];
    scalar(key, id, sizeof(id));
    scalar(child(value, "set-name"), name, sizeof(name));
    scalar(child(child(value, "match"), "macaddress"), mac, sizeof(mac));
    scalar(child(value, "dhcp4"), dhcp, sizeof(dhcp));
    if (name[0] == '\0' && child(value, "match") == NULL)
        memcpy(name, id, sizeof(name));
    if (name[0] == '\0' && mac[0] == '\0')
        return 0;
    struct h2k_interface *item = h2k_interfaces_get(
        out, "netplan", name, mac[0] == '\0' ? NULL : mac, file);
    if (item == NULL)
        return -1;
    bool automatic = dhcp[0] == 't' || dhcp[0] == 'y';
    if (h2k_interface_set(&item->method, automatic ? "dhcp" : "static") < 0)
        return -1;
    return add_addresses(item, child(value, "addresses"));
}

int
h2k_netplan_read(const char *file, const char *text, size_t size,
                 struct h2k_interfaces *out, struct h2k_strings *warnings)
{
    struct fy_parse_cfg config = { .flags = FYPCF_QUIET };
    struct fy_document *document = NULL;
    /* libfyaml 0.7.12 scans a directive that is no UTF-8 for ever. */
    if (h2k_utf8_valid_prefix(text, size) == size)
        document = fy_document_build_from_string(&config, text, size);
    if (document == NULL)
        return h2k_strings_addf(warnings, "%s: no YAML that can be read",
                                file);
    struct fy_node *root = fy_document_root(document);
    struct fy_node *ethernets = child(child(root, "network"), "ethernets");
    void *iterator = NULL;
    struct fy_node_pair *pair;
    int rc = 0;
    while (rc == 0 && ethernets != NULL && fy_node_is_mapping(ethernets) &&
           (pair = fy_node_mapping_iterate(ethernets, &iterator)) != NULL)
        rc = add_ethernet(out, file, fy_node_pair_key(pair),
                          fy_node_pair_value(pair));
    fy_document_destroy(document);
    return rc;
}
