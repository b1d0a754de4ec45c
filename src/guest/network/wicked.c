/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * wicked's own configuration, wicked(8) and wicked-config(5): XML files of
 * <interface> elements, one behind the other, without one around them.
 */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/xml.h"
#include "guest/network/reader.h"

#include <stdio.h>
#include <string.h>

#define FIELD 256
#define LEVELS_MAX 32

static const char kind[] = "wicked"; /* as of its ifcfg files */

/* NODE's name without the prefix, which nothing declares: "static" of
 * "ipv4:static". */
static const char *
name_of(const xmlNode *node)
{
    const char *name = (const char *)node->name;
    const char *colon = strrchr(name, ':');
    return colon == NULL ? name : colon + 1;
}

static bool
is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp(name_of(node), name) == 0;
}

static const xmlNode *
child(const xmlNode *node, const char *name)
{
    const xmlNode *at = node == NULL ? NULL : node->children;
    while (at != NULL && !is(at, name))
        at = at->next;
    return at;
}

/* The first word of NODE's text; "" for none. */
static void
text_of(const xmlNode *node, char out[FIELD])
{
    xmlChar *content = node == NULL ? NULL : xmlNodeGetContent(node);
    const char *text = content == NULL ? "" : (const char *)content;
    text += strspn(text, " \t\r\n");
    size_t n = strcspn(text, " \t\r\n");
    snprintf(out, FIELD, "%.*s", (int)(n < FIELD ? n : FIELD - 1), text);
    xmlFree(content);
}

/* The text of each element NAME below NODE. */
static int
collect(const xmlNode *node, const char *name, struct h2k_strings *list)
{
    for (const xmlNode *at = node->children; at != NULL; at = at->next) {
        char text[FIELD];
        if (at->type != XML_ELEMENT_NODE)
            continue;
        if (!is(at, name)) {
            if (collect(at, name, list) < 0)
                return -1;
            continue;
        }
        text_of(at, text);
        if (text[0] != '\0' && h2k_network_add_once(list, text) < 0)
            return -1;
    }
    return 0;
}

/* What an element of an interface says of it. */
static int
take(struct h2k_interface *item, const xmlNode *node)
{
    static const struct {
        const char *name;
        enum h2k_interface_type type;
    } types[] = {
        { "bond", H2K_INTERFACE_BOND },
        { "bridge", H2K_INTERFACE_BRIDGE },
        { "team", H2K_INTERFACE_TEAM },
        { "vlan", H2K_INTERFACE_VLAN },
        { "dummy", H2K_INTERFACE_VIRTUAL },
        { "macvlan", H2K_INTERFACE_VIRTUAL },
        { "tun", H2K_INTERFACE_VIRTUAL },
        { "tap", H2K_INTERFACE_VIRTUAL },
        { "vxlan", H2K_INTERFACE_VIRTUAL },
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (is(node, types[i].name)) {
            item->type = types[i].type;
            return collect(node, "device", &item->lower);
        }
    if (is(node, "static"))
        return h2k_interface_set(&item->method, "static") < 0
                   ? -1
                   : collect(node, "local", &item->addresses);
    if (is(node, "dhcp"))
        return h2k_interface_set(&item->method, "dhcp");
    if (is(node, "ethernet")) {
        char mac[FIELD];
        text_of(child(node, "address"), mac);
        return h2k_interface_set_mac(&item->given_mac, mac);
    }
    return 0;
}

/* "<interface><name>eth0</name>…"; instead of a name there may be what finds
 * the card: "<name namespace="ethernet"><permanent-address>…". */
static int
read_interface(struct h2k_network_reading *r, const char *path,
               const xmlNode *node)
{
    char name[FIELD], mac[FIELD], mode[FIELD];
    const xmlNode *names = child(node, "name");
    text_of(child(names, "permanent-address"), mac);
    text_of(mac[0] == '\0' ? names : NULL, name);
    text_of(child(child(node, "control"), "mode"), mode);
    if (strcmp(name, "lo") == 0 || (name[0] == '\0' && mac[0] == '\0'))
        return 0;
    struct h2k_interface *item =
        h2k_network_get(r, kind, name, mac[0] == '\0' ? NULL : mac, path);
    if (item == NULL)
        return -1;
    h2k_interface_set_off(
        item, path, strcmp(mode, "manual") == 0 || strcmp(mode, "off") == 0);
    for (const xmlNode *at = node->children; at != NULL; at = at->next)
        if (at->type == XML_ELEMENT_NODE && take(item, at) < 0)
            return -1;
    return 0;
}

/* With one element around all that is there, as XML wants it. */
static xmlDoc *
parse(const struct h2k_network_file *file)
{
    H2K_AUTO_BUFFER text = { 0 };
    const char *start = file->text + strspn(file->text, " \t\r\n");
    const char *end =
        strncmp(start, "<?xml", 5) == 0 ? strstr(start, "?>") : NULL;
    if (end != NULL)
        start = end + 2;
    h2k_buffer_adds(&text, "<wicked>");
    h2k_buffer_add(&text, start, file->size - (size_t)(start - file->text));
    h2k_buffer_adds(&text, "</wicked>");
    return h2k_buffer_check(&text) < 0
               ? NULL
               : h2k_xml_parse(text.data, text.size,
                               H2K_NETWORK_FILE_MAX +
                                   sizeof("<wicked></wicked>"),
                               LEVELS_MAX);
}

static int
read_file(struct h2k_network_reading *r, const struct h2k_network_file *file,
          void *opaque)
{
    xmlDoc *doc = parse(file);
    int rc = 0;
    (void)opaque;
    if (doc == NULL)
        return h2k_errcode() == H2K_E_NOMEM
                   ? -1
                   : h2k_network_warn(r, "%s: %s", file->path, h2k_errmsg());
    const xmlNode *at = xmlDocGetRootElement(doc)->children;
    for (; at != NULL && rc == 0; at = at->next)
        if (is(at, "interface"))
            rc = read_interface(r, file->path, at);
    xmlFreeDoc(doc);
    return rc;
}

int
h2k_wicked_read(struct h2k_network_reading *r)
{
    return h2k_network_each_file(r, "/etc/wicked/ifconfig", "", ".xml",
                                 read_file, NULL);
}
