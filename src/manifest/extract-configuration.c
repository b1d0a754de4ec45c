/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* `configuration` of a manifest as typed data, in the document's arena. */
#include "manifest/internal.h"

/* The children of the list under KEY in MAP: an array with a place of SIZE
 * bytes for each, and the first; NULL for none and for no memory. */
static void *
get_list(struct h2k_manifest *m, const struct h2k_node *map, const char *key,
         size_t size, const struct h2k_node **first)
{
    const struct h2k_node *list = h2k_node_get(map, key);
    if (list == NULL || list->kind != H2K_NODE_LIST || list->count == 0)
        return NULL;
    *first = list->first;
    return h2k_document_alloc(m->doc, list->count, size);
}

static struct h2k_names
get_names(struct h2k_manifest *m, const struct h2k_node *map, const char *key)
{
    const struct h2k_node *node;
    const char **items = get_list(m, map, key, sizeof(*items), &node);
    struct h2k_names names = { .items = items };
    if (items == NULL)
        return names;
    for (; node != NULL; node = node->next)
        if (node->kind == H2K_NODE_STRING)
            items[names.count++] = node->text;
    return names;
}

static struct h2k_configured_user
get_user(struct h2k_manifest *m, const struct h2k_node *node)
{
    const int64_t most = UINT32_MAX - 1;
    return (struct h2k_configured_user){
        .name = h2k_extract_string(node, "name", ""),
        .uid = h2k_extract_integer(node, "uid", 0, most, -1),
        .gid = h2k_extract_integer(node, "gid", 0, most, -1),
        .groups = get_names(m, node, "groups"),
        .comment = h2k_extract_string(node, "comment", NULL),
        .home = h2k_extract_string(node, "home", NULL),
        .shell = h2k_extract_string(node, "shell", NULL),
        .password = h2k_extract_string(node, "password", NULL),
        .password_plain = h2k_extract_string(node, "password_plain", NULL),
        .ssh_authorized_keys = get_names(m, node, "ssh_authorized_keys"),
        .sudo = h2k_extract_string(node, "sudo", NULL),
        .lock_given = h2k_node_get(node, "lock") != NULL,
        .lock = h2k_extract_bool(node, "lock", false),
    };
}

static void
extract_users(struct h2k_manifest *m, const struct h2k_node *map)
{
    const struct h2k_node *node;
    struct h2k_configured_user *users =
        get_list(m, map, "create", sizeof(*users), &node);
    m->configuration.users.create = users;
    m->configuration.users.disable = get_names(m, map, "disable");
    m->configuration.users.remove = get_names(m, map, "delete");
    for (size_t i = 0; users != NULL && node != NULL; node = node->next) {
        users[i++] = get_user(m, node);
        m->configuration.users.create_count = i;
    }
}

static void
extract_hostname(struct h2k_manifest *m, const struct h2k_node *map)
{
    const struct h2k_node *node;
    struct h2k_configured_host *hosts =
        get_list(m, map, "hosts", sizeof(*hosts), &node);
    m->configuration.hostname.hostname =
        h2k_extract_string(map, "hostname", NULL);
    m->configuration.hostname.domain = h2k_extract_string(map, "domain", NULL);
    m->configuration.hostname.hosts = hosts;
    for (size_t i = 0; hosts != NULL && node != NULL; node = node->next) {
        hosts[i++] = (struct h2k_configured_host){
            .ip = h2k_extract_string(node, "ip", ""),
            .names = h2k_extract_string(node, "hostname", ""),
        };
        m->configuration.hostname.host_count = i;
    }
}

static struct h2k_configured_files
get_files(struct h2k_manifest *m, const struct h2k_node *map, const char *key)
{
    const struct h2k_node *node;
    struct h2k_configured_file *items =
        get_list(m, map, key, sizeof(*items), &node);
    struct h2k_configured_files files = { .items = items };
    if (items == NULL)
        return files;
    for (; node != NULL; node = node->next)
        items[files.count++] = (struct h2k_configured_file){
            .name = h2k_extract_string(node, "filename", ""),
            .content = h2k_extract_string(node, "content", ""),
        };
    return files;
}

void
h2k_manifest_extract_configuration(struct h2k_manifest *m)
{
    const struct h2k_node *map = h2k_node_get(m->modern, "configuration");
    const struct h2k_node *services = h2k_node_get(map, "services");
    const struct h2k_node *network = h2k_node_get(map, "network");
    struct h2k_configuration *out = &m->configuration;
    extract_users(m, h2k_node_get(map, "users"));
    extract_hostname(m, h2k_node_get(map, "hostname"));
    out->services.enable = get_names(m, services, "enable");
    out->services.disable = get_names(m, services, "disable");
    out->services.mask = get_names(m, services, "mask");
    out->network.systemd_networkd = get_files(m, network, "systemd_networkd");
    out->network.netplan = get_files(m, network, "netplan");
    out->network.networkmanager = get_files(m, network, "networkmanager");
    out->network.interfaces = get_files(m, network, "interfaces");
    out->network.ifcfg = get_files(m, network, "ifcfg");
}
