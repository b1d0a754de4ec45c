/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/network/network.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void
free_interface(struct h2k_interface *item)
{
    free(item->name);
    free(item->id);
    free(item->mac);
    free(item->given_mac);
    free(item->driver);
    free(item->method);
    free(item->file);
    h2k_strings_clear(&item->addresses);
    h2k_strings_clear(&item->lower);
}

static void
free_naming(struct h2k_naming *naming)
{
    free(naming->name);
    free(naming->mac);
    free(naming->file);
}

void
h2k_network_free(struct h2k_network *network)
{
    for (size_t i = 0; i < network->count; i++)
        free_interface(&network->items[i]);
    for (size_t i = 0; i < network->naming_count; i++)
        free_naming(&network->namings[i]);
    free(network->items);
    free(network->namings);
    *network = (struct h2k_network){ 0 };
}

/* ---- Words ---- */

bool
h2k_mac_parse(const char *text, char mac[H2K_MAC_TEXT])
{
    size_t digits = 0, at = 0;
    for (; *text != '\0'; text++) {
        if (isxdigit((unsigned char)*text) && digits < 12) {
            if (digits > 0 && digits % 2 == 0)
                mac[at++] = ':';
            mac[at++] = (char)tolower((unsigned char)*text);
            digits++;
        } else if (strchr(":-.", *text) == NULL || digits == 0 ||
                   digits % (*text == '.' ? 4 : 2) != 0 || digits == 12) {
            return false;
        }
    }
    mac[at] = '\0';
    return digits == 12;
}

const char *
h2k_interface_type_name(enum h2k_interface_type type)
{
    static const char *const names[] = {
        [H2K_INTERFACE_PHYSICAL] = "physical",
        [H2K_INTERFACE_BOND] = "bond",
        [H2K_INTERFACE_BRIDGE] = "bridge",
        [H2K_INTERFACE_TEAM] = "team",
        [H2K_INTERFACE_VLAN] = "vlan",
        [H2K_INTERFACE_VIRTUAL] = "virtual",
    };
    return names[type];
}

/* Is NAME one of PREFIX and a number? */
static bool
is_numbered(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(name, prefix, n) == 0 && name[n] != '\0' &&
           strspn(name + n, "0123456789") == strlen(name + n);
}

enum h2k_interface_type
h2k_interface_type_of_name(const char *name)
{
    static const struct {
        const char *prefix;
        enum h2k_interface_type type;
    } usual[] = {
        { "bond", H2K_INTERFACE_BOND },
        { "team", H2K_INTERFACE_TEAM },
        { "br", H2K_INTERFACE_BRIDGE },
        { "virbr", H2K_INTERFACE_BRIDGE },
        { "vmbr", H2K_INTERFACE_BRIDGE },
        { "docker", H2K_INTERFACE_BRIDGE },
        { "vlan", H2K_INTERFACE_VLAN },
        { "dummy", H2K_INTERFACE_VIRTUAL },
        { "tun", H2K_INTERFACE_VIRTUAL },
        { "tap", H2K_INTERFACE_VIRTUAL },
        { "wg", H2K_INTERFACE_VIRTUAL },
        { "ppp", H2K_INTERFACE_VIRTUAL },
        { "gre", H2K_INTERFACE_VIRTUAL },
        { "sit", H2K_INTERFACE_VIRTUAL },
        { "ip6tnl", H2K_INTERFACE_VIRTUAL },
        { "vxlan", H2K_INTERFACE_VIRTUAL },
        { "vrf", H2K_INTERFACE_VIRTUAL },
        { "ipsec", H2K_INTERFACE_VIRTUAL },
        { "ib", H2K_INTERFACE_VIRTUAL },
        { "wlan", H2K_INTERFACE_VIRTUAL },
        { "wwan", H2K_INTERFACE_VIRTUAL },
        { "lo", H2K_INTERFACE_VIRTUAL },
    };
    if (strchr(name, '.') != NULL)
        return H2K_INTERFACE_VLAN;
    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
        if (is_numbered(name, usual[i].prefix))
            return usual[i].type;
    /* systemd.net-naming-scheme(7): wireless. */
    if (strncmp(name, "wlp", 3) == 0 || strncmp(name, "wlx", 3) == 0 ||
        strncmp(name, "veth", 4) == 0 || strncmp(name, "br-", 3) == 0)
        return H2K_INTERFACE_VIRTUAL;
    return H2K_INTERFACE_PHYSICAL;
}

bool
h2k_is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

int
h2k_interface_set(char **field, const char *value)
{
    if (*field != NULL || *value == '\0')
        return 0;
    *field = strdup(value);
    return *field == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

int
h2k_interface_set_mac(char **field, const char *value)
{
    char mac[H2K_MAC_TEXT];
    return h2k_mac_parse(value, mac) ? h2k_interface_set(field, mac) : 0;
}

int
h2k_network_add_words(struct h2k_strings *list, const char *words,
                      const char *separators)
{
    while (*(words += strspn(words, separators)) != '\0') {
        size_t n = strcspn(words, separators);
        h2k_autofree char *word = strndup(words, n);
        if (word == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        if (h2k_strings_add_once(list, word) < 0)
            return -1;
        words += n;
    }
    return 0;
}

/* "255.255.255.0" as 24, "24" as 24; -1 for anything else. */
static int
prefix_of(const char *mask)
{
    struct in_addr in;
    size_t n = strlen(mask);
    if (n > 0 && n <= 3 && strspn(mask, "0123456789") == n)
        return atoi(mask);
    if (inet_pton(AF_INET, mask, &in) != 1)
        return -1;
    uint32_t bits = ntohl(in.s_addr);
    int prefix = __builtin_popcount(bits);
    uint32_t expected = prefix == 0 ? 0 : ~UINT32_C(0) << (32 - prefix);
    return bits == expected ? prefix : -1;
}

int
h2k_interface_add_address(struct h2k_interface *item, const char *address,
                          const char *mask)
{
    int prefix = prefix_of(mask);
    h2k_autofree char *text = NULL;
    if (*address == '\0')
        return 0;
    if (strchr(address, '/') != NULL || prefix < 0)
        return h2k_strings_add_once(&item->addresses, address);
    if (asprintf(&text, "%s/%d", address, prefix) < 0) {
        text = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return h2k_strings_add_once(&item->addresses, text);
}

/* ---- The lists ---- */

static bool
is_same(const struct h2k_interface *item, const char *name, const char *mac)
{
    if (name[0] != '\0' || item->name[0] != '\0')
        return strcmp(item->name, name) == 0;
    return mac != NULL && item->mac != NULL && strcmp(item->mac, mac) == 0;
}

struct h2k_interface *
h2k_network_find(struct h2k_network *network, const char *source,
                 const char *name)
{
    for (size_t i = 0; i < network->count; i++)
        if (strcmp(network->items[i].source, source) == 0 &&
            strcmp(network->items[i].name, name) == 0)
            return &network->items[i];
    return NULL;
}

struct h2k_interface *
h2k_network_find_id(struct h2k_network *network, const char *source,
                    const char *id)
{
    for (size_t i = 0; i < network->count; i++)
        if (strcmp(network->items[i].source, source) == 0 &&
            network->items[i].id != NULL &&
            strcmp(network->items[i].id, id) == 0)
            return &network->items[i];
    return NULL;
}

struct h2k_interface *
h2k_network_get(struct h2k_network_reading *r, const char *source,
                const char *name, const char *mac, const char *file)
{
    struct h2k_network *out = r->out;
    char usual[H2K_MAC_TEXT];
    if (mac != NULL)
        mac = h2k_mac_parse(mac, usual) ? usual : NULL;
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->items[i].source, source) == 0 &&
            is_same(&out->items[i], name, mac))
            return &out->items[i];
    if (out->count == H2K_INTERFACES_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "more than %d interfaces",
                             H2K_INTERFACES_MAX);
    struct h2k_interface *items =
        reallocarray(out->items, out->count + 1, sizeof(*items));
    if (items == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    out->items = items;
    struct h2k_interface *item = &items[out->count];
    *item = (struct h2k_interface){
        .source = source,
        .name = strdup(name),
        .type = h2k_interface_type_of_name(name),
        .pattern = h2k_is_pattern(name),
    };
    if (item->name == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    out->count++;
    if (h2k_interface_set(&item->file, file) < 0 ||
        (mac != NULL && h2k_interface_set(&item->mac, mac) < 0))
        return NULL;
    return item;
}

int
h2k_network_add_naming(struct h2k_network_reading *r,
                       const struct h2k_naming *naming)
{
    struct h2k_network *out = r->out;
    if (out->naming_count == H2K_NAMINGS_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "%s: more than %d rules that name interfaces",
                        naming->file, H2K_NAMINGS_MAX);
    struct h2k_naming *namings =
        reallocarray(out->namings, out->naming_count + 1, sizeof(*namings));
    if (namings == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    out->namings = namings;
    struct h2k_naming *copy = &namings[out->naming_count++];
    *copy = *naming;
    copy->name = strdup(naming->name);
    copy->file = strdup(naming->file);
    copy->mac = naming->mac == NULL ? NULL : strdup(naming->mac);
    if (copy->name == NULL || copy->file == NULL ||
        (naming->mac != NULL && copy->mac == NULL))
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}

/* ---- Files ---- */

int
h2k_network_text(struct h2k_network_reading *r, const char *path, char **text,
                 size_t *size)
{
    *text = NULL;
    *size = 0;
    if (h2k_root_read_file(r->root, path, H2K_NETWORK_FILE_MAX, text, size) ==
        0)
        return 1;
    if (h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR)
        return 0;
    if (h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO)
        return -1;
    return h2k_strings_addf(r->warnings, "%s: %s", path, h2k_errmsg());
}

/* One of a directory's files, where its name begins and ends so. */
static int
one_file(struct h2k_network_reading *r, const char *directory,
         const char *name, h2k_network_file_fn fn)
{
    h2k_autofree char *text = NULL, *path = NULL;
    size_t size;
    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    if (h2k_root_is_dir(r->root, path))
        return 0;
    int rc = h2k_network_text(r, path, &text, &size);
    return rc <= 0 ? rc : fn(r, path, name, text, size);
}

int
h2k_network_each_file(struct h2k_network_reading *r, const char *directory,
                      const char *beginning, const char *ending,
                      h2k_network_file_fn fn)
{
    char **names;
    size_t count, m = strlen(ending);
    if (h2k_root_list(r->root, directory, &names, &count) < 0)
        return h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO ? -1
                                                                         : 0;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        size_t n = strlen(names[i]);
        if (n >= m && strcmp(names[i] + n - m, ending) == 0 &&
            strncmp(names[i], beginning, strlen(beginning)) == 0)
            rc = one_file(r, directory, names[i], fn);
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* ---- All of it ---- */

/* What an interface stands on may be named by an id. */
static int
resolve_lower(struct h2k_network *network, struct h2k_interface *item)
{
    for (size_t i = 0; i < item->lower.count; i++) {
        const struct h2k_interface *found =
            h2k_network_find_id(network, item->source, item->lower.items[i]);
        if (found == NULL || found->name[0] == '\0' || found->pattern)
            continue;
        char *name = strdup(found->name);
        if (name == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        free(item->lower.items[i]);
        item->lower.items[i] = name;
    }
    return 0;
}

int
h2k_network_read(struct h2k_root *root, struct h2k_network *out,
                 struct h2k_strings *warnings)
{
    static int (*const readers[])(struct h2k_network_reading * r) = {
        h2k_ifupdown_read,   h2k_networkd_read,   h2k_netplan_read,
        h2k_keyfiles_read,   h2k_ifcfg_read,      h2k_ifcfg_suse_read,
        h2k_link_files_read, h2k_udev_rules_read, h2k_leases_read,
    };
    struct h2k_network_reading r = { .root = root,
                                     .out = out,
                                     .warnings = warnings };
    for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
        if (readers[i](&r) < 0)
            return -1;
    for (size_t i = 0; i < out->count; i++)
        if (resolve_lower(out, &out->items[i]) < 0)
            return -1;
    return 0;
}
