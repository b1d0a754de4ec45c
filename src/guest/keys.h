/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Keys for the guest's encrypted volumes, as users give them:
 * NAME:key:TEXT, or NAME:file:PATH.
 *
 * NAME is a device as the guest knows it (/dev/sda3, /dev/vg/lv), DISK:N for
 * partition N of a disk, the container's UUID, or "all".
 */
#ifndef H2K_GUEST_KEYS_H
#define H2K_GUEST_KEYS_H

#include "base/secret.h"

struct h2k_key {
    char *name;                /* owned */
    struct h2k_secret *secret; /* owned */
    /* Of a file: how many bytes its first line has, which is the passphrase;
     * else the secret's size.  The whole is tried behind it, as a key file of
     * cryptsetup(8) is meant. */
    size_t line;
};

/* Initialise with { 0 }. */
struct h2k_keys {
    struct h2k_key *items; /* owned */
    size_t count;
};

/* The key that TEXT describes; a file is read now.  H2K_E_USAGE for what is
 * no key, never with what is secret of it; H2K_E_SOURCE for a file that
 * cannot be read. */
int h2k_keys_add(struct h2k_keys *keys, const char *text);
void h2k_keys_clear(struct h2k_keys *keys); /* wipes them */

#endif
