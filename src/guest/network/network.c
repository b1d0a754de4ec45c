/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/network/network.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "guest/text/ini.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SOURCE_DEPTH_MAX 4
/* Files that name each other by patterns would be read again and again. */
#define SOURCES_MAX 256

void
h2k_interfaces_free(struct h2k_interfaces *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct h2k_interface *item = &list->items[i];
        free(item->name);
        free(item->mac);
        free(item->method);
        free(item->file);
        h2k_strings_clear(&item->addresses);
    }
    free(list->items);
    *list = (struct h2k_interfaces){ 0 };
}

int
h2k_interface_set(char **field, const char *value)
{
    if (*field != NULL)
        return 0;
    *field = strdup(value);
    return *field == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

static bool
is_same(const struct h2k_interface *item, const char *name, const char *mac)
{
    if (name[0] != '\0' || item->name[0] != '\0')
        return strcmp(item->name, name) == 0;
    return mac != NULL && item->mac != NULL && strcasecmp(item->mac, mac) == 0;
}

struct h2k_interface *
h2k_interfaces_get(struct h2k_interfaces *list, const char *kind,
                   const char *name, const char *mac, const char *file)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].kind, kind) == 0 &&
            is_same(&list->items[i], name, mac))
            return &list->items[i];
    if (list->count == H2K_INTERFACES_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "more than %d interfaces",
                             H2K_INTERFACES_MAX);
    struct h2k_interface *items =
        reallocarray(list->items, list->count + 1, sizeof(*items));
    if (items == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    list->items = items;
    struct h2k_interface *item = &items[list->count++];
    *item = (struct h2k_interface){ .kind = kind };
    if (h2k_interface_set(&item->name, name) < 0 ||
        h2k_interface_set(&item->file, file) < 0 ||
        (mac != NULL && h2k_interface_set(&item->mac, mac) < 0))
        return NULL;
    return item;
}

struct reading {
    struct h2k_root *root;
    struct h2k_interfaces *out;
    struct h2k_strings *warnings;
    unsigned sources; /* ifupdown files read so far */
};

/* PATH as text; 1, 0 when there is none that can be read, -1. */
static int
read_text(struct reading *r, const char *path, char **text, size_t *size)
{
    if (h2k_root_read_file(r->root, path, H2K_NETWORK_FILE_MAX, text, size) ==
        0)
        return 1;
    if (h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR)
        return 0;
    if (h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO)
        return -1;
    return h2k_strings_addf(r->warnings, "%s: %s", path, h2k_errmsg());
}

typedef int (*file_fn)(struct reading *r, const char *path, const char *name,
                       const char *text, size_t size);

/* FN for each file of DIRECTORY whose name begins and ends so. */
static int
each_file(struct reading *r, const char *directory, const char *beginning,
          const char *ending, file_fn fn)
{
    char **names;
    size_t count, m = strlen(ending);
    if (h2k_root_list(r->root, directory, &names, &count) < 0)
        return h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR
                   ? 0
                   : -1;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        h2k_autofree char *text = NULL, *path = NULL;
        size_t size, n = strlen(names[i]);
        if (n < m || strcmp(names[i] + n - m, ending) != 0 ||
            strncmp(names[i], beginning, strlen(beginning)) != 0)
            continue;
        if (asprintf(&path, "%s/%s", directory, names[i]) < 0) {
            path = NULL;
            rc = h2k_fail(H2K_E_NOMEM, "out of memory");
            continue;
        }
        rc = read_text(r, path, &text, &size);
        if (rc > 0)
            rc = fn(r, path, names[i], text, size);
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* ---- ifupdown: interfaces(5) ---- */

/* Words of a line, up to four. */
struct words {
    char word[4][256];
    size_t count;
};

static const char *
next_words(const char *p, struct words *words)
{
    const char *end = p + strcspn(p, "\n");
    words->count = 0;
    while (words->count < 4) {
        p += strspn(p, " \t\r");
        size_t n = strcspn(p, " \t\r\n");
        if (n == 0 || p >= end)
            break;
        snprintf(words->word[words->count++], sizeof(words->word[0]), "%.*s",
                 (int)(n < 255 ? n : 255), p);
        p += n;
    }
    return end + (*end == '\n');
}

static int read_ifupdown(struct reading *r, const char *path, const char *text,
                         int depth);

/* "source FILE", "source DIRECTORY/PATTERN" or "source-directory DIR". */
static int
read_source(struct reading *r, const char *pattern, int depth)
{
    char directory[256];
    snprintf(directory, sizeof(directory), "%s", pattern);
    if (depth >= SOURCE_DEPTH_MAX || r->sources >= SOURCES_MAX ||
        pattern[0] != '/')
        return 0;
    if (!h2k_root_is_dir(r->root, directory)) {
        char *slash = strrchr(directory, '/');
        if (strpbrk(pattern, "*?[") == NULL) {
            h2k_autofree char *text = NULL;
            size_t size;
            int rc = read_text(r, pattern, &text, &size);
            return rc <= 0 ? rc : read_ifupdown(r, pattern, text, depth + 1);
        }
        *slash = '\0'; /* every file there: patterns are nearly always so */
    }
    char **names;
    size_t count;
    if (h2k_root_list(r->root, directory, &names, &count) < 0)
        return 0;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0 && r->sources < SOURCES_MAX; i++) {
        h2k_autofree char *text = NULL;
        char path[600];
        size_t size;
        struct h2k_stat st;
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        if (h2k_root_stat(r->root, path, &st) < 0 ||
            (st.mode & 0170000) != 0100000)
            continue;
        rc = read_text(r, path, &text, &size);
        if (rc > 0)
            rc = read_ifupdown(r, path, text, depth + 1);
    }
    h2k_root_free_names(names, count);
    return rc;
}

static int
read_stanza_line(struct h2k_interface *item, const struct words *w)
{
    if (strcmp(w->word[0], "address") == 0)
        return h2k_strings_add_once(&item->addresses, w->word[1]);
    if (strcmp(w->word[0], "hwaddress") == 0)
        return h2k_interface_set(
            &item->mac,
            w->word[strcmp(w->word[1], "ether") == 0 ? w->count - 1 : 1]);
    return 0;
}

static int
read_ifupdown(struct reading *r, const char *path, const char *text, int depth)
{
    size_t item = SIZE_MAX; /* which stanza a line belongs to */
    struct words w;
    r->sources++;
    while (*text != '\0') {
        text = next_words(text, &w);
        if (w.count < 2 || w.word[0][0] == '#')
            continue;
        if (strcmp(w.word[0], "iface") == 0) {
            item = SIZE_MAX;
            if (strcmp(w.word[1], "lo") == 0 || w.word[1][0] == '\0')
                continue;
            struct h2k_interface *found =
                h2k_interfaces_get(r->out, "ifupdown", w.word[1], NULL, path);
            if (found == NULL ||
                (w.count == 4 &&
                 h2k_interface_set(&found->method, w.word[3]) < 0))
                return -1;
            item = (size_t)(found - r->out->items);
        } else if (strcmp(w.word[0], "source") == 0 ||
                   strcmp(w.word[0], "source-directory") == 0) {
            if (read_source(r, w.word[1], depth) < 0)
                return -1;
        } else if (item != SIZE_MAX &&
                   read_stanza_line(&r->out->items[item], &w) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- Files of keys and values ---- */

/* What the formats call the same things. */
struct ini_keys {
    const char *kind;
    const char *name[2], *mac[2], *method[2], *address[2]; /* section, key */
};

static bool
is_key(const struct h2k_ini_line *line, const char *const key[2])
{
    return key[1] != NULL && strcmp(line->section, key[0]) == 0 &&
           strcmp(line->key, key[1]) == 0;
}

struct ini_found {
    char name[H2K_INI_FIELD], mac[H2K_INI_FIELD], method[H2K_INI_FIELD];
    struct h2k_strings addresses;
};

static int
read_ini(const char *text, const struct ini_keys *keys,
         struct ini_found *found)
{
    struct h2k_ini_cursor cursor = { .text = text };
    struct h2k_ini_line line;
    while (h2k_ini_next(&cursor, &line)) {
        char *field = is_key(&line, keys->name)     ? found->name
                      : is_key(&line, keys->mac)    ? found->mac
                      : is_key(&line, keys->method) ? found->method
                                                    : NULL;
        if (field != NULL)
            memcpy(field, line.value, H2K_INI_FIELD);
        else if (is_key(&line, keys->address) &&
                 h2k_strings_add_once(&found->addresses, line.value) < 0)
            return -1;
    }
    return 0;
}

static int
keep_found(struct reading *r, const char *path, const char *kind,
           struct ini_found *found)
{
    if ((found->name[0] == '\0' && found->mac[0] == '\0') ||
        strcmp(found->name, "lo") == 0)
        return 0;
    struct h2k_interface *item =
        h2k_interfaces_get(r->out, kind, found->name,
                           found->mac[0] == '\0' ? NULL : found->mac, path);
    if (item == NULL || (found->method[0] != '\0' &&
                         h2k_interface_set(&item->method, found->method) < 0))
        return -1;
    for (size_t i = 0; i < found->addresses.count; i++)
        if (h2k_strings_add_once(&item->addresses, found->addresses.items[i]) <
            0)
            return -1;
    return 0;
}

static int
read_keys(struct reading *r, const char *path, const char *text,
          const struct ini_keys *keys, const char *name)
{
    struct ini_found found = { 0 };
    int rc = read_ini(text, keys, &found);
    if (found.name[0] == '\0')
        snprintf(found.name, sizeof(found.name), "%s", name);
    if (rc == 0)
        rc = keep_found(r, path, keys->kind, &found);
    h2k_strings_clear(&found.addresses);
    return rc;
}

static int
read_networkd(struct reading *r, const char *path, const char *name,
              const char *text, size_t size)
{
    static const struct ini_keys keys = {
        .kind = "networkd",
        .name = { "Match", "Name" },
        .mac = { "Match", "MACAddress" },
        .method = { "Network", "DHCP" },
        .address = { "Network", "Address" },
    };
    (void)name;
    (void)size;
    return read_keys(r, path, text, &keys, "");
}

static int
read_manager(struct reading *r, const char *path, const char *name,
             const char *text, size_t size)
{
    static const struct ini_keys keys = {
        .kind = "NetworkManager",
        .name = { "connection", "interface-name" },
        .mac = { "ethernet", "mac-address" },
        .method = { "ipv4", "method" },
        .address = { "ipv4", "address1" },
    };
    (void)name;
    (void)size;
    return read_keys(r, path, text, &keys, "");
}

static int
read_ifcfg(struct reading *r, const char *path, const char *name,
           const char *text, size_t size)
{
    static const struct ini_keys keys = {
        .kind = "ifcfg",
        .name = { "", "DEVICE" },
        .mac = { "", "HWADDR" },
        .method = { "", "BOOTPROTO" },
        .address = { "", "IPADDR" },
    };
    (void)size;
    const char *suffix = name + strlen("ifcfg-");
    if (strchr(suffix, '.') != NULL || strchr(suffix, '~') != NULL)
        return 0; /* a copy that somebody keeps, or a VLAN */
    return read_keys(r, path, text, &keys, suffix);
}

static int
read_netplan(struct reading *r, const char *path, const char *name,
             const char *text, size_t size)
{
    (void)name;
    return h2k_netplan_read(path, text, size, r->out, r->warnings);
}

int
h2k_interfaces_read(struct h2k_root *root, struct h2k_interfaces *out,
                    struct h2k_strings *warnings)
{
    static const struct {
        const char *directory, *beginning, *ending;
        file_fn fn;
    } places[] = {
        { "/etc/systemd/network", "", ".network", read_networkd },
        { "/etc/netplan", "", ".yaml", read_netplan },
        { "/etc/NetworkManager/system-connections", "", "", read_manager },
        { "/etc/sysconfig/network-scripts", "ifcfg-", "", read_ifcfg },
        { "/etc/sysconfig/network", "ifcfg-", "", read_ifcfg },
    };
    struct reading r = { .root = root, .out = out, .warnings = warnings };
    h2k_autofree char *text = NULL;
    size_t size;
    int rc = read_text(&r, "/etc/network/interfaces", &text, &size);
    if (rc < 0 ||
        (rc > 0 && read_ifupdown(&r, "/etc/network/interfaces", text, 0) < 0))
        return -1;
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if (each_file(&r, places[i].directory, places[i].beginning,
                      places[i].ending, places[i].fn) < 0)
            return -1;
    return 0;
}
