/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Drivers of VMware's cards in what finds a card by its driver: netplan's
 * "match: driver:", systemd's and NetworkManager's "Driver=" and "driver=",
 * udev's DRIVERS== and ENV{ID_NET_DRIVER}==.  All of them have the word
 * "driver" before the name, on the same line or, in YAML, on one above.
 */
#include "guest/fix/network-drivers.h"
#include "guest/fix/rewrite.h"

#include "base/error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* VMware's own, and those of the cards that it emulates. */
static const char *const drivers[] = { "vmxnet3", "vmxnet2", "vmxnet",
                                       "e1000e",  "e1000",   "pcnet32" };

static bool
is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The length of the driver's name at AT, a word of its own, or 0. */
static size_t
driver_at(const struct h2k_rewrite *rewrite, size_t at, size_t end)
{
    const char *text = rewrite->text;
    if (at > 0 && is_word(text[at - 1]))
        return 0;
    for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
        size_t n = strlen(drivers[i]);
        if (end - at >= n && memcmp(text + at, drivers[i], n) == 0 &&
            (at + n == end || !is_word(text[at + n])))
            return n;
    }
    return 0;
}

/* Behind the first "driver" of a line, or SIZE_MAX. */
static size_t
behind_driver(const char *line, size_t size)
{
    for (size_t i = 0; i + 6 <= size; i++)
        if (strncasecmp(line + i, "driver", 6) == 0)
            return i + 6;
    return SIZE_MAX;
}

/* "- vmxnet3", below "driver:". */
static bool
is_item(const char *line, size_t size)
{
    while (size > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        size--;
    }
    return size > 0 && *line == '-';
}

static int
fill(struct h2k_rewrite *rewrite, void *opaque)
{
    bool listed = false; /* lines above are a list of drivers */
    (void)opaque;
    for (size_t at = 0; at < rewrite->size;) {
        const char *line = rewrite->text + at;
        const char *newline = memchr(line, '\n', rewrite->size - at);
        size_t size =
            newline == NULL ? rewrite->size - at : (size_t)(newline - line);
        size_t first = strspn(line, " \t");
        bool comment = first < size && strchr("#;", line[first]) != NULL;
        bool item = is_item(line, size);
        size_t driver = behind_driver(line, size);
        if (!comment && size > 0)
            listed = driver != SIZE_MAX || (listed && item);
        for (size_t i = item ? first : driver; listed && !comment && i < size;
             i++) {
            size_t n = driver_at(rewrite, at + i, at + size);
            if (n == 0)
                continue;
            if (h2k_rewrite_add(rewrite, at + i, n, "virtio_net",
                                "the driver that a network card is found "
                                "by") < 0)
                return -1;
            i += n - 1;
        }
        at += size + 1;
    }
    return 0;
}

static bool
ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

/* Drop-ins of systemd's units. */
static int
rewrite_drop_ins(struct h2k_fix *fix, const char *directory)
{
    char **names = NULL;
    size_t count = 0;
    int rc = 0;
    if (!h2k_root_is_dir(fix->root, directory))
        return 0;
    if (h2k_root_list(fix->root, directory, &names, &count) < 0)
        return -1;
    for (size_t i = 0; i < count && rc >= 0; i++) {
        char path[H2K_PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        if (ends_with(names[i], ".network.d") ||
            ends_with(names[i], ".link.d"))
            rc = h2k_rewrite_directory(fix, path, ".conf", fill, NULL);
    }
    h2k_root_free_names(names, count);
    return rc < 0 ? -1 : 0;
}

int
h2k_network_drivers(struct h2k_fix *fix)
{
    static const struct h2k_config_files places[] = {
        { .directory = "/etc/udev/rules.d", .suffix = ".rules" },
        { .directory = "/etc/systemd/network", .suffix = ".link" },
        { .directory = "/etc/systemd/network", .suffix = ".network" },
        { .directory = "/etc/netplan", .suffix = ".yaml" },
        { .files = { "/etc/NetworkManager/NetworkManager.conf" },
          .directory = "/etc/NetworkManager/conf.d",
          .suffix = ".conf" },
        { .directory = "/etc/NetworkManager/system-connections",
          .suffix = "" },
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if (h2k_config_rewrite(fix, &places[i], fill, NULL) < 0)
            return -1;
    return rewrite_drop_ins(fix, "/etc/systemd/network");
}
