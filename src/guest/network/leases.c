/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Leases that dhclient keeps (dhclient.leases(5)): which interface had
 * which client identifier, which is a MAC where its first byte is 1 (RFC
 * 2132, 9.14).  A hint: what was so once.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "1:0:50:56:aa:bb:1", of hex bytes, as a MAC. */
static bool
client_mac(const char *text, char mac[H2K_MAC_TEXT])
{
    unsigned b[7];
    if (sscanf(text, " %2x:%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2],
               &b[3], &b[4], &b[5], &b[6]) != 7 ||
        b[0] != 1)
        return false;
    snprintf(mac, H2K_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[1], b[2],
             b[3], b[4], b[5], b[6]);
    return true;
}

static bool
is_known(const struct h2k_network *network, const char *name, const char *mac)
{
    for (size_t i = 0; i < network->naming_count; i++) {
        const struct h2k_naming *n = &network->namings[i];
        if (n->by == H2K_NAMING_LEASE && strcmp(n->name, name) == 0 &&
            strcmp(n->mac, mac) == 0)
            return true;
    }
    return false;
}

static int
read_file(struct h2k_network_reading *r, const struct h2k_network_file *file,
          void *opaque)
{
    static const char identifier[] = "dhcp-client-identifier";
    char interface[64] = "", mac[H2K_MAC_TEXT];
    (void)opaque;
    for (const char *text = file->text; *text != '\0';) {
        /* sscanf() measures all that is left of a text at each call. */
        char line[256];
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof(line), "%.*s",
                 (int)(length < sizeof(line) ? length : sizeof(line) - 1),
                 text);
        text += length + (text[length] == '\n');
        const char *at = strstr(line, identifier);
        if (line[strspn(line, " \t")] == '}')
            interface[0] = '\0';
        sscanf(line, " interface \"%63[^\"]\"", interface);
        if (at == NULL || interface[0] == '\0' ||
            !client_mac(at + strlen(identifier), mac) ||
            is_known(r->out, interface, mac))
            continue;
        struct h2k_naming naming = { .by = H2K_NAMING_LEASE,
                                     .name = interface,
                                     .mac = mac,
                                     .file = (char *)file->path };
        if (h2k_network_add_naming(r, &naming) < 0)
            return -1;
    }
    return 0;
}

int
h2k_leases_read(struct h2k_network_reading *r)
{
    static const char *const directories[] = { "/var/lib/dhcp",
                                               "/var/lib/dhclient",
                                               "/var/lib/NetworkManager" };
    static const char *const endings[] = { ".leases", ".lease" };
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
        for (size_t k = 0; k < sizeof(endings) / sizeof(*endings); k++)
            if (h2k_network_each_file(r, directories[i], "dhclient",
                                      endings[k], read_file, NULL) < 0)
                return -1;
    return 0;
}
