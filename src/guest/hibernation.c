/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A system that sleeps: its memory is in swap space, whose signature says so
 * instead of SWAPSPACE2 (kernel, kernel/power/swap.c; uswsusp).  Its
 * filesystems are as a running system's, and it would go on with drivers of
 * machines that are gone.
 */
#include "base/error.h"
#include "base/view.h"
#include "guest/fstab-read.h"
#include "guest/guest.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SIGNATURE 10 /* bytes, at the end of the first page */

static bool
is_asleep(const uint8_t *signature)
{
    static const char *const sleeping[] = { "S1SUSPEND", "S2SUSPEND",
                                            "ULSUSPEND", "LINHIB0001" };
    struct h2k_view v = h2k_view_of(signature, SIGNATURE);
    for (size_t i = 0; i < sizeof(sleeping) / sizeof(sleeping[0]); i++)
        if (h2k_view_equal(v, 0, sleeping[i], strlen(sleeping[i])))
            return true;
    return false;
}

/* 1 when the file PATH is swap space with a sleeping system, 0, -1. */
static int
file_sleeps(struct h2k_guest *guest, const char *path)
{
    static const uint32_t pages[] = { 4096, 65536 };
    uint8_t signature[SIGNATURE];
    struct h2k_place place;
    struct h2k_stat st;
    if (h2k_root_lookup(guest->root, path, &place) < 0 ||
        h2k_fs_stat(place.fs, place.ino, &st) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < 2 && S_ISREG(st.mode) && st.size >= pages[i]; i++) {
        if (h2k_fs_read(place.fs, place.ino, signature, SIGNATURE,
                        pages[i] - SIGNATURE) < 0)
            return h2k_error_is_content() ? 0 : -1;
        if (is_asleep(signature))
            return 1;
    }
    return 0;
}

/* Swap files that fstab names. */
static int
find_in_files(struct h2k_guest *guest, char where[H2K_VOLUME_NAME])
{
    h2k_autofree char *text = NULL;
    h2k_autofree struct h2k_fstab_entry *entry = malloc(sizeof(*entry));
    size_t size;
    if (entry == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (h2k_root_read_file(guest->root, "/etc/fstab", H2K_FSTAB_LIMIT, &text,
                           &size) < 0)
        return h2k_error_is_content() ? 0 : -1;
    struct h2k_fstab_cursor cursor = { .text = text, .size = size };
    while (h2k_fstab_next(&cursor, entry)) {
        if (strcmp(entry->type, "swap") != 0 || entry->spec[0] != '/' ||
            strncmp(entry->spec, "/dev/", 5) == 0)
            continue;
        int rc = file_sleeps(guest, entry->spec);
        if (rc > 0)
            snprintf(where, H2K_VOLUME_NAME, "%.*s", H2K_VOLUME_NAME - 1,
                     entry->spec);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int
h2k_guest_check_awake(struct h2k_guest *guest)
{
    char where[H2K_VOLUME_NAME];
    int found = 0;
    for (size_t i = 0; i < guest->volume_count && found == 0; i++)
        if (h2k_guest_sees(guest, &guest->volumes[i]) &&
            strcmp(guest->volumes[i].fs_info.type, "swsuspend") == 0) {
            h2k_guest_volume_name(guest, &guest->volumes[i], where);
            found = 1;
        }
    if (found == 0 && guest->root != NULL)
        found = find_in_files(guest, where);
    if (found <= 0)
        return found;
    return h2k_fail(H2K_E_UNFIXABLE,
                    "the guest is hibernated: its memory is in %s, and what "
                    "it had not written yet is only there; start it where it "
                    "was, shut it down, and export it again",
                    where);
}
