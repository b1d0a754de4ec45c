/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What udev is told by rules of the administrator, 70-persistent-net.rules
 * of older systems among them. */
#include "guest/network/udev-rules.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *
h2k_udev_rule_end(const char *text)
{
    const char *p = text;
    bool comment = text[strspn(text, " \t")] == '#';
    for (;;) {
        p += strcspn(p, "\n");
        if (comment || *p == '\0' || p == text || p[-1] != '\\')
            return p;
        p++;
    }
}

/* What separates terms, continued lines too. */
static const char *
skip(const char *p, const char *end)
{
    while (p < end && strchr(" \t\r,\n\\", *p) != NULL)
        p++;
    return p;
}

/* [P, up to one of STOP or END) into OUT; behind it. */
static const char *
copy_until(const char *p, const char *end, const char *stop,
           char out[H2K_UDEV_FIELD])
{
    size_t n = 0;
    for (; p < end && strchr(stop, *p) == NULL; p++)
        if (n < H2K_UDEV_FIELD - 1)
            out[n++] = *p;
    out[n] = '\0';
    return p;
}

bool
h2k_udev_next(const char **at, const char *end, struct h2k_udev_term *term)
{
    const char *p = skip(*at, end);
    size_t n = 0;
    *term = (struct h2k_udev_term){ 0 };
    if (p == end || *p == '#')
        return false;
    p = copy_until(p, end, "{=!+-: \t\"", term->key);
    if (p < end && *p == '{') {
        p = copy_until(p + 1, end, "}", term->attribute);
        p += p < end;
    }
    while (p < end && strchr(" \t", *p) != NULL)
        p++;
    while (p < end && n < 2 && strchr("=!+-:", *p) != NULL)
        term->operator[n++] = * p++;
    while (p < end && strchr(" \t", *p) != NULL)
        p++;
    if (p < end && (*p == 'e' || *p == 'i')) /* e"…", i"…" */
        p++;
    if (p == end || *p != '"' || n == 0)
        return false;
    p = copy_until(p + 1, end, "\"", term->value);
    *at = p + (p < end);
    return p < end;
}

/* What one rule says. */
struct rule {
    char name[H2K_UDEV_FIELD], mac[H2K_MAC_TEXT];
    bool names, net, otherwise, any_virtio;
};

/* Does it hold for any card?  What persistent-net rules add to the MAC. */
static bool
holds_anyway(const struct h2k_udev_term *t)
{
    static const struct {
        const char *key, *attribute, *value;
    } terms[] = {
        { "ACTION", "", "add" },      { "DRIVERS", "", "?*" },
        { "ATTR", "type", "1" },      { "ATTR", "dev_id", "0x0" },
        { "ATTR", "dev_port", "0" },  { "KERNEL", "", "eth*" },
        { "SYSFS", "type", "1" },     { "KERNEL", "", "*" },
        { "KERNEL", "", "en*|eth*" }, { "KERNEL", "", "e*" },
    };
    for (size_t i = 0; i < sizeof(terms) / sizeof(*terms); i++)
        if (strcmp(t->key, terms[i].key) == 0 &&
            strcmp(t->attribute, terms[i].attribute) == 0 &&
            strcmp(t->value, terms[i].value) == 0)
            return true;
    return false;
}

static void
add_term(struct rule *rule, const struct h2k_udev_term *t)
{
    bool compares =
        strcmp(t->operator, "==") == 0 || strcmp(t->operator, "!=") == 0;
    bool equals = strcmp(t->operator, "==") == 0;
    bool is_attribute = strcmp(t->key, "ATTR") == 0 ||
                        strcmp(t->key, "ATTRS") == 0 ||
                        strcmp(t->key, "SYSFS") == 0;
    if (strcmp(t->key, "NAME") == 0 && !compares) {
        rule->names = t->value[0] != '\0';
        snprintf(rule->name, sizeof(rule->name), "%s", t->value);
    } else if (!compares) {
        return;
    } else if (equals && strcmp(t->key, "SUBSYSTEM") == 0) {
        rule->net = strcmp(t->value, "net") == 0;
    } else if (equals && is_attribute &&
               strcmp(t->attribute, "address") == 0) {
        rule->otherwise =
            rule->otherwise || !h2k_mac_parse(t->value, rule->mac);
    } else if (equals && strcmp(t->key, "DRIVERS") == 0 &&
               strcmp(t->value, "virtio_net") == 0) {
        rule->any_virtio = true;
    } else if (!equals || !holds_anyway(t)) {
        rule->otherwise = true;
    }
}

static int
read_file(struct h2k_network_reading *r, const struct h2k_network_file *file,
          void *opaque)
{
    const char *text = file->text;
    (void)opaque;
    while (*text != '\0') {
        const char *end = h2k_udev_rule_end(text);
        struct rule rule = { 0 };
        struct h2k_udev_term term;
        while (h2k_udev_next(&text, end, &term))
            add_term(&rule, &term);
        text = end + (*end == '\n');
        /* A name with '$' or '%' is not known here. */
        if (!rule.net || !rule.names || strpbrk(rule.name, "$%") != NULL)
            continue;
        bool by_mac = rule.mac[0] != '\0' && !rule.otherwise;
        struct h2k_naming naming = {
            .by = H2K_NAMING_RULE,
            .name = rule.name,
            .mac = by_mac ? rule.mac : NULL,
            .any_virtio =
                rule.any_virtio && !rule.otherwise && rule.mac[0] == '\0',
            .file = (char *)file->path,
        };
        if (h2k_network_add_naming(r, &naming) < 0)
            return -1;
    }
    return 0;
}

int
h2k_udev_rules_read(struct h2k_network_reading *r)
{
    return h2k_network_each_file(r, "/etc/udev/rules.d", "", ".rules",
                                 read_file, NULL);
}
