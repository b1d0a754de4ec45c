/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "volume/lvm/index.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

int
h2k_lvm_index_reserve(struct h2k_lvm_index *index, size_t count)
{
    index->entries = calloc(count + 1, sizeof(*index->entries));
    return index->entries == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

void
h2k_lvm_index_add(struct h2k_lvm_index *index, const char *name,
                  uint32_t owner, uint32_t number)
{
    index->entries[index->count++] =
        (struct h2k_lvm_entry){ name, owner, number };
}

static int
compare(const void *a, const void *b)
{
    const struct h2k_lvm_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    if (x->owner != y->owner)
        return x->owner < y->owner ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

void
h2k_lvm_index_sort(struct h2k_lvm_index *index)
{
    qsort(index->entries, index->count, sizeof(*index->entries), compare);
}

void
h2k_lvm_index_clear(struct h2k_lvm_index *index)
{
    free(index->entries);
    *index = (struct h2k_lvm_index){ 0 };
}

size_t
h2k_lvm_index_find(const struct h2k_lvm_index *index, const char *name)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(index->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
h2k_lvm_index_is(const struct h2k_lvm_index *index, size_t at,
                 const char *name)
{
    return at < index->count && strcmp(index->entries[at].name, name) == 0;
}
