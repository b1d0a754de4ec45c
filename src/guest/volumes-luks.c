/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The guest's encrypted volumes, as far as there are keys for them. */
#include "base/error.h"
#include "guest/keys.h"
#include "guest/volumes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Trying a key takes seconds: hostile disks shall not take hours. */
#define CONTAINERS_MAX 64

/* Is NAME that of volume INDEX?  1, 0, or -1 with an error. */
static int
is_named(struct h2k_guest *guest, size_t index, const char *name)
{
    const struct h2k_guest_volume *v = &guest->volumes[index], *meant;
    if (strcmp(name, "all") == 0 || strcasecmp(name, v->fs_info.uuid) == 0 ||
        h2k_guest_is_called(guest, v, name))
        return 1;
    if (h2k_guest_resolve(guest, name, &meant) < 0)
        return h2k_error_is_content() ? 0 : -1;
    return meant == v;
}

/* The inside of volume INDEX by KEY: its line, then all of it.  As
 * h2k_luks_open. */
static int
try_key(struct h2k_guest *guest, size_t index, const struct h2k_luks *luks,
        const struct h2k_key *key, struct h2k_block **out)
{
    struct h2k_block *block = guest->volumes[index].block;
    const char *text = h2k_secret_text(key->secret);
    size_t size = h2k_secret_size(key->secret);
    int rc = 0;
    if (key->line > 0)
        rc = h2k_luks_open(luks, block, text, key->line, &guest->unlock_cost,
                           out);
    if (rc == 0 && size > key->line)
        rc = h2k_luks_open(luks, block, text, size, &guest->unlock_cost, out);
    return rc;
}

/* With every key that is named for it; *TRIED: there was one. */
static int
try_keys(struct h2k_guest *guest, size_t index, const struct h2k_luks *luks,
         bool *tried, struct h2k_block **out)
{
    const struct h2k_keys *keys = guest->settings.keys;
    *tried = false;
    *out = NULL;
    for (size_t i = 0; keys != NULL && i < keys->count; i++) {
        int rc = is_named(guest, index, keys->items[i].name);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        *tried = true;
        rc = try_key(guest, index, luks, &keys->items[i], out);
        if (rc != 0)
            return rc;
    }
    return 0;
}

__attribute__((format(printf, 3, 4))) static int
note_locked(struct h2k_guest *guest, size_t index, const char *format, ...)
{
    struct h2k_guest_volume *v = &guest->volumes[index];
    char name[H2K_VOLUME_NAME];
    va_list ap;
    va_start(ap, format);
    vsnprintf(v->fs_info.problem, sizeof(v->fs_info.problem), format, ap);
    va_end(ap);
    h2k_guest_volume_name(guest, v, name);
    return h2k_strings_addf(&guest->warnings, "%s: %s", name,
                            v->fs_info.problem);
}

/* Why some slots were not tried, for the message; *ALL: none was. */
static const char *
slot_problem(const struct h2k_luks *luks, bool *all)
{
    const char *problem = NULL;
    *all = true;
    for (size_t i = 0; i < luks->slot_count; i++) {
        bool usable = luks->slots[i].problem[0] == '\0';
        *all &= !usable;
        if (!usable)
            problem = luks->slots[i].problem;
    }
    return problem;
}

static int
note_closed(struct h2k_guest *guest, size_t index, const struct h2k_luks *luks,
            bool tried)
{
    bool none;
    const char *slot = slot_problem(luks, &none);
    if (none)
        return note_locked(
            guest, index, "LUKS%d: no key slot of it can be opened%s%s",
            luks->version, slot == NULL ? "" : ": ", slot == NULL ? "" : slot);
    if (!tried)
        return note_locked(guest, index,
                           "it is encrypted with LUKS%d, and there is no key "
                           "for it: give --key %s:file:PATH",
                           luks->version, luks->uuid);
    return note_locked(guest, index,
                       "it is encrypted with LUKS%d (UUID %s), and the key "
                       "given for it is wrong%s%s",
                       luks->version, luks->uuid,
                       slot == NULL ? "" : "; a slot was not tried: ",
                       slot == NULL ? "" : slot);
}

static int
add_inside(struct h2k_guest *guest, size_t index, const struct h2k_luks *luks,
           struct h2k_block *block)
{
    struct h2k_guest_volume volume = {
        .kind = H2K_VOLUME_CRYPT,
        .length = luks->length,
        .block = block,
    };
    return h2k_guest_add_upon(guest, &volume, &index, 1);
}

int
h2k_guest_look_into_luks(struct h2k_guest *guest, size_t index)
{
    H2K_AUTO(h2k_block) inside = NULL;
    bool tried;
    h2k_autofree struct h2k_luks *luks = malloc(sizeof(*luks));
    if (luks == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (h2k_luks_read(guest->volumes[index].block, luks) < 0)
        return h2k_error_is_content()
                   ? note_locked(guest, index, "%.190s", h2k_errmsg())
                   : -1;
    if (luks->problem[0] != '\0')
        return note_locked(guest, index, "LUKS%d: %.190s", luks->version,
                           luks->problem);
    if (guest->containers++ >= CONTAINERS_MAX)
        return note_locked(guest, index,
                           "more than %d encrypted volumes: it is not opened",
                           CONTAINERS_MAX);
    int rc = try_keys(guest, index, luks, &tried, &inside);
    if (rc < 0)
        return h2k_error_is_content()
                   ? note_locked(guest, index, "%.190s", h2k_errmsg())
                   : -1;
    if (rc == 0)
        return note_closed(guest, index, luks, tried);
    guest->volumes[index].taken = true;
    return add_inside(guest, index, luks, h2k_steal(inside));
}

/* A key that no container has had: a slip of its name, most likely. */
int
h2k_guest_check_keys(struct h2k_guest *guest)
{
    const struct h2k_keys *keys = guest->settings.keys;
    for (size_t i = 0; keys != NULL && i < keys->count; i++) {
        int found = 0;
        for (size_t k = 0; found == 0 && k < guest->volume_count; k++)
            if (strcmp(guest->volumes[k].fs_info.type, "crypto_LUKS") == 0)
                found = is_named(guest, k, keys->items[i].name);
        if (found < 0)
            return -1;
        if (found == 0 &&
            h2k_strings_addf(&guest->warnings,
                             "no encrypted volume of the guest is %.200s: the "
                             "key for it was not used",
                             keys->items[i].name) < 0)
            return -1;
    }
    return 0;
}
