/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Names under /dev/mapper of encrypted volumes: /etc/crypttab gives them
 * (crypttab(5)), or the kernel's command line; where neither does, systemd
 * and dracut make luks-UUID.
 */
#include "base/error.h"
#include "guest/fstab-read.h"
#include "guest/resolve.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CRYPTTAB_LIMIT (1u << 20)
#define NESTED_MAX 8 /* mappings on mappings */

/* What stands inside CONTAINER. */
static int
find_inside(struct h2k_guest *guest, const struct h2k_guest_volume *container,
            const char *spec, const struct h2k_guest_volume **out)
{
    char name[H2K_VOLUME_NAME];
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (v->kind != H2K_VOLUME_CRYPT ||
            &guest->volumes[v->below[0]] != container)
            continue;
        *out = v;
        return 0;
    }
    h2k_guest_volume_name(guest, container, name);
    return h2k_fail(H2K_E_UNSUPPORTED, "%s: it is in %s, which is not open",
                    spec, name);
}

static int
find_in_crypttab(struct h2k_guest *guest, const char *name, char **out)
{
    h2k_autofree char *text = NULL;
    size_t size;
    *out = NULL;
    if (h2k_root_read_file(guest->root, "/etc/crypttab", CRYPTTAB_LIMIT, &text,
                           &size) < 0)
        return h2k_error_is_content() ? 0 : -1;
    h2k_autofree struct h2k_fstab_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    /* Its first two fields are written as those of fstab. */
    struct h2k_fstab_cursor cursor = { .text = text, .size = size };
    while (*out == NULL && h2k_fstab_next(&cursor, entry))
        if (strcmp(entry->spec, name) == 0) {
            *out = strdup(entry->dir);
            if (*out == NULL)
                return h2k_fail(H2K_E_NOMEM, "out of memory");
        }
    return 0;
}

/* The device of mapping NAME into *OUT, the caller's; NULL: it has none. */
static int
find_mapping(struct h2k_guest *guest, const char *name, char **out)
{
    *out = NULL;
    if (guest->root == NULL)
        return 0;
    if (find_in_crypttab(guest, name, out) < 0)
        return -1;
    return *out != NULL ? 0 : h2k_resolve_cmdline(guest->root, name, out);
}

static int
find_by_uuid(struct h2k_guest *guest, const char *uuid, const char *spec,
             const struct h2k_guest_volume **out)
{
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (strcmp(v->fs_info.type, "crypto_LUKS") == 0 &&
            h2k_guest_sees(guest, v) && strcasecmp(v->fs_info.uuid, uuid) == 0)
            return find_inside(guest, v, spec, out);
    }
    return h2k_fail(H2K_E_NOENT, "%s: no encrypted volume has this UUID",
                    spec);
}

/* "CRYPT-LUKS2-0123…-name": what follows disk/by-id/dm-uuid-, with the UUID's
 * digits alone. */
static bool
is_dm_uuid(const char *name, const char **mapping)
{
    if (strncmp(name, "CRYPT-LUKS", 10) != 0 || strlen(name) < 10 + 3 + 32 + 1)
        return false;
    *mapping = strchr(name + 12, '-');
    if (*mapping == NULL)
        return false;
    (*mapping)++;
    return true;
}

int
h2k_resolve_mapping(struct h2k_guest *guest, const char *name,
                    const char *spec, const struct h2k_guest_volume **out)
{
    const struct h2k_guest_volume *container;
    h2k_autofree char *device = NULL;
    if (strncmp(name, "mapper/", 7) == 0)
        name += 7;
    else if (strncmp(name, "disk/by-id/dm-name-", 19) == 0)
        name += 19;
    else if (strncmp(name, "disk/by-id/dm-uuid-", 19) != 0 ||
             !is_dm_uuid(name + 19, &name))
        return h2k_fail(H2K_E_NOENT, "%s: no mapping's name", spec);
    if (find_mapping(guest, name, &device) < 0)
        return -1;
    if (device == NULL && strncmp(name, "luks-", 5) == 0)
        return find_by_uuid(guest, name + 5, spec, out);
    if (device == NULL)
        return h2k_fail(
            H2K_E_NOENT,
            "%s: neither a logical volume, nor in /etc/crypttab or "
            "on the kernel's command line",
            spec);
    if (guest->resolving >= NESTED_MAX)
        return h2k_fail(H2K_E_CORRUPT, "%s: its mappings go round", spec);
    guest->resolving++;
    int rc = h2k_guest_resolve(guest, device, &container);
    guest->resolving--;
    return rc < 0 ? -1 : find_inside(guest, container, spec, out);
}
