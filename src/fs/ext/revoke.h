/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which blocks a journal's later transactions took back ("journal.rst",
 * Revocation Block), for a replay. */
#ifndef H2K_FS_EXT_REVOKE_H
#define H2K_FS_EXT_REVOKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_revoke_entry {
    uint64_t block; /* + 1; 0: empty */
    uint32_t sequence;
};

/* Initialise with { 0 }. */
struct h2k_revoke_table {
    struct h2k_revoke_entry *entries; /* owned; CAPACITY of them */
    size_t count, capacity;
};

/* BLOCK was taken back by the transaction SEQUENCE; the latest counts.
 * H2K_E_CORRUPT beyond what a journal can hold. */
int h2k_revoke_add(struct h2k_revoke_table *table, uint64_t block,
                   uint32_t sequence);
/* Was BLOCK taken back by SEQUENCE or a later one? */
bool h2k_revoke_has(const struct h2k_revoke_table *table, uint64_t block,
                    uint32_t sequence);
void h2k_revoke_free(struct h2k_revoke_table *table);

/* Transactions are numbered around 2^32: is A before B? */
static inline bool
h2k_sequence_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

#endif
