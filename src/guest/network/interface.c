/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What readers put into an interface: MACs, types, addresses, names. */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

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

void
h2k_interface_set_off(struct h2k_interface *item, const char *file, bool off)
{
    bool first = strcmp(item->file, file) == 0;
    item->off = off && (first || item->off);
}

int
h2k_network_add_once(struct h2k_strings *list, const char *text)
{
    return list->count >= H2K_NETWORK_LIST_MAX
               ? 0
               : h2k_strings_add_once(list, text);
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
        if (h2k_network_add_once(list, word) < 0)
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
        return atoi(mask) <= 128 ? atoi(mask) : -1;
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
        return h2k_network_add_once(&item->addresses, address);
    if (asprintf(&text, "%s/%d", address, prefix) < 0) {
        text = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return h2k_network_add_once(&item->addresses, text);
}

void
h2k_masked_clear(struct h2k_masked_addresses *masked)
{
    h2k_strings_clear(&masked->addresses);
    h2k_strings_clear(&masked->masks);
}

int
h2k_masked_add(struct h2k_strings *list, const char *key, const char *value)
{
    if (list->count >= H2K_NETWORK_LIST_MAX)
        return 0;
    return h2k_strings_add(list, key) < 0 ? -1 : h2k_strings_add(list, value);
}

int
h2k_interface_add_masked(struct h2k_interface *item,
                         const struct h2k_masked_addresses *masked)
{
    const struct h2k_strings *addresses = &masked->addresses;
    const struct h2k_strings *masks = &masked->masks;
    for (size_t i = 0; i + 1 < addresses->count; i += 2) {
        const char *mask = "";
        for (size_t k = 0; k + 1 < masks->count; k += 2)
            if (strcmp(masks->items[k], addresses->items[i]) == 0)
                mask = masks->items[k + 1];
        if (h2k_interface_add_address(item, addresses->items[i + 1], mask) < 0)
            return -1;
    }
    return 0;
}
