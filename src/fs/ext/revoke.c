/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/ext/revoke.h"

#include "base/error.h"

#include <stdlib.h>

/* 64 MiB of memory.  A kernel takes back what it freed, at most everything
 * that one journal's transactions touched: tens of thousands of blocks. */
#define COUNT_MAX (UINT32_C(1) << 21)

/* Where BLOCK is, or would be. */
static struct h2k_revoke_entry *
find(struct h2k_revoke_entry *entries, size_t capacity, uint64_t block)
{
    size_t at = (size_t)((block * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    for (;; at++) {
        struct h2k_revoke_entry *entry = &entries[at & (capacity - 1)];
        if (entry->block == 0 || entry->block == block + 1)
            return entry;
    }
}

/* Kept at most half full, so that `find` ends soon. */
static int
grow(struct h2k_revoke_table *table)
{
    size_t capacity = table->capacity == 0 ? 1024 : table->capacity * 2;
    struct h2k_revoke_entry *entries = calloc(capacity, sizeof(*entries));
    if (entries == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < table->capacity; i++) {
        struct h2k_revoke_entry *old = &table->entries[i];
        if (old->block != 0)
            *find(entries, capacity, old->block - 1) = *old;
    }
    free(table->entries);
    table->entries = entries;
    table->capacity = capacity;
    return 0;
}

int
h2k_revoke_add(struct h2k_revoke_table *table, uint64_t block,
               uint32_t sequence)
{
    if (table->count >= COUNT_MAX)
        return h2k_fail(H2K_E_CORRUPT, "more than %u blocks are revoked",
                        (unsigned)COUNT_MAX);
    if (table->count >= table->capacity / 2 && grow(table) < 0)
        return -1;
    struct h2k_revoke_entry *entry =
        find(table->entries, table->capacity, block);
    if (entry->block == 0)
        table->count++;
    else if (h2k_sequence_before(sequence, entry->sequence))
        return 0;
    *entry = (struct h2k_revoke_entry){ block + 1, sequence };
    return 0;
}

bool
h2k_revoke_has(const struct h2k_revoke_table *table, uint64_t block,
               uint32_t sequence)
{
    if (table->capacity == 0)
        return false;
    const struct h2k_revoke_entry *entry =
        find(table->entries, table->capacity, block);
    return entry->block != 0 &&
           !h2k_sequence_before(entry->sequence, sequence);
}

void
h2k_revoke_free(struct h2k_revoke_table *table)
{
    free(table->entries);
    *table = (struct h2k_revoke_table){ 0 };
}
