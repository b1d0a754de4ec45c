/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/network/network.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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
h2k_network_warn(struct h2k_network_reading *r, const char *format, ...)
{
    H2K_AUTO_BUFFER text = { 0 };
    va_list ap;
    if (r->warned >= H2K_NETWORK_WARNINGS_MAX)
        return 0;
    r->warned++;
    va_start(ap, format);
    h2k_buffer_vaddf(&text, format, ap);
    va_end(ap);
    if (h2k_buffer_check(&text) < 0)
        return -1;
    return h2k_strings_add(r->warnings, h2k_buffer_text(&text));
}

int
h2k_network_text(struct h2k_network_reading *r, const char *path, char **text,
                 size_t *size)
{
    *text = NULL;
    *size = 0;
    if (r->bytes >= H2K_NETWORK_BYTES_MAX)
        return 0;
    if (h2k_root_read_file(r->root, path, H2K_NETWORK_FILE_MAX, text, size) ==
        0) {
        r->bytes += *size;
        if (r->bytes >= H2K_NETWORK_BYTES_MAX &&
            h2k_network_warn(r,
                             "%s: the network's configuration is more than "
                             "%u MiB; what comes behind this file is not read",
                             path, H2K_NETWORK_BYTES_MAX >> 20) < 0)
            return -1;
        return 1;
    }
    if (h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR)
        return 0;
    if (h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO)
        return -1;
    return h2k_network_warn(r, "%s: %s", path, h2k_errmsg());
}

/* One of a directory's files.  What is none, /dev/null behind a link too,
 * which masks a file of the distribution's, says nothing. */
static int
one_file(struct h2k_network_reading *r, const char *directory,
         const char *name, h2k_network_file_fn fn, void *opaque)
{
    h2k_autofree char *text = NULL, *path = NULL;
    struct h2k_stat st;
    size_t size;
    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    if (h2k_root_stat(r->root, path, &st) == 0 && !S_ISREG(st.mode))
        return 0;
    int rc = h2k_network_text(r, path, &text, &size);
    struct h2k_network_file file = {
        .path = path, .name = name, .text = text, .size = size
    };
    return rc <= 0 ? rc : fn(r, &file, opaque);
}

int
h2k_network_each_file(struct h2k_network_reading *r, const char *directory,
                      const char *beginning, const char *ending,
                      h2k_network_file_fn fn, void *opaque)
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
            rc = one_file(r, directory, names[i], fn, opaque);
    }
    h2k_root_free_names(names, count);
    return rc;
}

int
h2k_network_each_drop_in(struct h2k_network_reading *r,
                         const struct h2k_network_file *file,
                         h2k_network_file_fn fn, void *opaque)
{
    h2k_autofree char *directory = NULL;
    if (asprintf(&directory, "%s.d", file->path) < 0) {
        directory = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return h2k_network_each_file(r, directory, "", ".conf", fn, opaque);
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
        h2k_ifupdown_read, h2k_networkd_read,   h2k_netplan_read,
        h2k_keyfiles_read, h2k_ifcfg_read,      h2k_ifcfg_suse_read,
        h2k_wicked_read,   h2k_link_files_read, h2k_udev_rules_read,
        h2k_leases_read,
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
