/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Parts of LUKS's reader; private to it. */
#ifndef H2K_VOLUME_LUKS_HEADER_H
#define H2K_VOLUME_LUKS_HEADER_H

#include "base/secret.h"
#include "base/view.h"
#include "volume/luks/luks.h"

#define H2K_LUKS_SECTOR UINT64_C(512)
#define H2K_LUKS_KEY_MAX 64 /* bytes: two keys of AES-256 */

/* The versions.  As h2k_luks_read. */
int h2k_luks_read_1(struct h2k_block *container, struct h2k_luks *luks);
int h2k_luks_read_2(struct h2k_block *container, struct h2k_luks *luks);

/* What the JSON text of LUKS2 says, into *LUKS; the container has SIZE bytes,
 * its two headers HEADER_SIZE each.  H2K_E_CORRUPT. */
int h2k_luks_read_json(struct h2k_view text, uint64_t size,
                       uint64_t header_size, struct h2k_luks *luks);

/* A problem of the whole container; the first counts. */
void h2k_luks_refuse(struct h2k_luks *luks, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A slot more, if there is room. */
struct h2k_luks_slot *h2k_luks_add_slot(struct h2k_luks *luks, int number);
/* It costs so much: the slot is not tried when that is beyond the bounds.
 * MEMORY is in KiB. */
void h2k_luks_slot_cost(struct h2k_luks_slot *slot, uint64_t iterations,
                        uint64_t memory);

/* Checking the key that a slot gives costs so much; the whole container is
 * refused when that is beyond the bounds. */
void h2k_luks_check_cost(struct h2k_luks *luks, uint64_t iterations);

/* The volume's key by that of SLOT: 1 and *OUT, the caller's; 0: it does not
 * open it; -1 with the error.  unlock.c. */
int h2k_luks_unlock(const struct h2k_luks *luks, struct h2k_block *container,
                    const void *key, size_t size, uint64_t *budget,
                    struct h2k_secret **out);

#endif
