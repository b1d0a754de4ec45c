/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What udev is told by systemd.link(5) files of the administrator. */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"
#include "guest/text/ini.h"

#include <stdio.h>
#include <string.h>

struct link {
    char name[H2K_INI_FIELD], driver[H2K_INI_FIELD];
    struct h2k_strings macs;
    bool settings;  /* it says more than names */
    bool otherwise; /* it matches by more than those, or not by them */
};

static bool
is_about_names(const char *key)
{
    static const char *const keys[] = { "Name",
                                        "NamePolicy",
                                        "AlternativeName",
                                        "AlternativeNamesPolicy",
                                        "Description",
                                        "MACAddressPolicy" };
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* MACs of several lines add up; nothing behind '=' takes them back. */
static int
take_macs(struct link *l, const char *value)
{
    if (*value == '\0')
        h2k_strings_clear(&l->macs);
    return h2k_network_add_words(&l->macs, value, " \t");
}

static int
read_lines(const char *text, struct link *l)
{
    struct h2k_ini_cursor cursor = { .text = text, .joins = true };
    struct h2k_ini_line line;
    while (h2k_ini_next(&cursor, &line)) {
        bool match = strcmp(line.section, "Match") == 0;
        bool link = strcmp(line.section, "Link") == 0;
        if (match && (strcmp(line.key, "MACAddress") == 0 ||
                      strcmp(line.key, "PermanentMACAddress") == 0)) {
            if (take_macs(l, line.value) < 0)
                return -1;
        } else if (match && strcmp(line.key, "Driver") == 0)
            memcpy(l->driver, line.value, H2K_INI_FIELD);
        else if (match && strcmp(line.key, "Type") != 0)
            l->otherwise = true;
        else if (link && strcmp(line.key, "Name") == 0)
            memcpy(l->name, line.value, H2K_INI_FIELD);
        else if (link && !is_about_names(line.key))
            l->settings = true;
    }
    return 0;
}

static int
read_drop_in(struct h2k_network_reading *r, const struct h2k_network_file *f,
             void *link)
{
    (void)r;
    return read_lines(f->text, link);
}

static int
keep(struct h2k_network_reading *r, const char *path, struct link *l)
{
    bool virtio = strcmp(l->driver, "virtio_net") == 0;
    struct h2k_naming naming = {
        .by = H2K_NAMING_LINK,
        .name = l->name,
        .settings = l->settings,
        .any_virtio = virtio && l->macs.count == 0 && !l->otherwise,
        .file = (char *)path,
    };
    if (l->name[0] == '\0' && !l->settings)
        return 0;
    bool by_mac = !l->otherwise && (l->driver[0] == '\0' || virtio);
    for (size_t i = 0; by_mac && i < l->macs.count; i++) {
        char mac[H2K_MAC_TEXT];
        if (!h2k_mac_parse(l->macs.items[i], mac))
            continue;
        naming.mac = mac;
        if (h2k_network_add_naming(r, &naming) < 0)
            return -1;
    }
    return naming.mac != NULL ? 0 : h2k_network_add_naming(r, &naming);
}

static int
read_file(struct h2k_network_reading *r, const struct h2k_network_file *file,
          void *opaque)
{
    struct link l = { 0 };
    (void)opaque;
    int rc = read_lines(file->text, &l);
    if (rc == 0)
        rc = h2k_network_each_drop_in(r, file, read_drop_in, &l);
    if (rc == 0)
        rc = keep(r, file->path, &l);
    h2k_strings_clear(&l.macs);
    return rc;
}

int
h2k_link_files_read(struct h2k_network_reading *r)
{
    return h2k_network_each_file(r, "/etc/systemd/network", "", ".link",
                                 read_file, NULL);
}
