/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/xfs/log-table.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* 192 MiB of memory.  A log of 2 GiB may cancel millions of buffers. */
#define COUNT_MAX (UINT32_C(1) << 22)

/* Where it is, or would be. */
static struct h2k_xlog_entry *
find(struct h2k_xlog_entry *entries, size_t capacity, uint64_t key,
     uint32_t kind)
{
    uint64_t hash =
        (key ^ (uint64_t)kind << 48) * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t at = (size_t)(hash >> 32);; at++) {
        struct h2k_xlog_entry *entry = &entries[at & (capacity - 1)];
        if (!entry->used || (entry->key == key && entry->kind == kind))
            return entry;
    }
}

/* Kept at most half full, so that `find` ends soon. */
static int
grow(struct h2k_xlog_table *table)
{
    size_t capacity = table->capacity == 0 ? 1024 : table->capacity * 2;
    struct h2k_xlog_entry *entries = calloc(capacity, sizeof(*entries));
    if (entries == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < table->capacity; i++) {
        const struct h2k_xlog_entry *old = &table->entries[i];
        if (old->used)
            *find(entries, capacity, old->key, old->kind) = *old;
    }
    free(table->entries);
    table->entries = entries;
    table->capacity = capacity;
    return 0;
}

uint32_t *
h2k_xlog_table_count(struct h2k_xlog_table *table, uint64_t key, uint32_t kind)
{
    if (table->used >= COUNT_MAX)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "it has more than %u items of a kind",
                             (unsigned)COUNT_MAX);
    if (table->used >= table->capacity / 2 && grow(table) < 0)
        return NULL;
    struct h2k_xlog_entry *entry =
        find(table->entries, table->capacity, key, kind);
    if (!entry->used) {
        *entry = (struct h2k_xlog_entry){ key, kind, 0, true };
        table->used++;
    }
    return &entry->count;
}

uint32_t *
h2k_xlog_table_find(const struct h2k_xlog_table *table, uint64_t key,
                    uint32_t kind)
{
    if (table->used == 0)
        return NULL;
    struct h2k_xlog_entry *entry =
        find(table->entries, table->capacity, key, kind);
    return entry->used ? &entry->count : NULL;
}

void
h2k_xlog_table_clear(struct h2k_xlog_table *table)
{
    if (table->used > 0)
        memset(table->entries, 0, table->capacity * sizeof(*table->entries));
    table->used = 0;
}

void
h2k_xlog_table_free(struct h2k_xlog_table *table)
{
    free(table->entries);
    *table = (struct h2k_xlog_table){ 0 };
}
