/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/vmdk-stream-tables.h"

#include "base/error.h"

#include <inttypes.h>
#include <xxhash.h>

int
h2k_vmdk_sums_add(struct h2k_vmdk_sums *sums, uint64_t key, uint64_t sum)
{
    if (sums->count > 0 && sums->items[sums->count - 1].key == key) {
        sums->items[sums->count - 1].sum += sum;
        return 0;
    }
    if (sums->count == sums->capacity) {
        size_t capacity = 2 * sums->capacity + 64;
        struct h2k_vmdk_sum *items =
            reallocarray(sums->items, capacity, sizeof(*items));
        if (items == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        sums->items = items;
        sums->capacity = capacity;
    }
    sums->items[sums->count++] = (struct h2k_vmdk_sum){ key, sum };
    return 0;
}

uint64_t
h2k_vmdk_entry_hash(uint64_t index, uint32_t sector)
{
    uint64_t pair[2] = { index, sector };
    return XXH3_64bits(pair, sizeof(pair));
}

static const struct h2k_vmdk_sum *
find(const struct h2k_vmdk_sums *sums, uint64_t key)
{
    size_t low = 0, high = sums->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sums->items[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sums->count && sums->items[low].key == key ? &sums->items[low]
                                                            : NULL;
}

static int
compare_table(uint64_t number, uint32_t sector, uint64_t expected,
              const struct h2k_vmdk_sums *found, bool found_all)
{
    const struct h2k_vmdk_sum *table = find(found, sector);
    if (sector == H2K_VMDK_ENTRY_NONE && expected != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "grain table %" PRIu64
                        " is in no directory, and there are grains of it: "
                        "damaged, or a part is missing",
                        number);
    if (sector != H2K_VMDK_ENTRY_NONE && table == NULL && found_all)
        return h2k_fail(H2K_E_CORRUPT,
                        "grain table %" PRIu64 " is not at sector %" PRIu32
                        ", where the grain directory has it",
                        number, sector);
    if (expected != (table == NULL ? 0 : table->sum))
        return h2k_fail(H2K_E_CORRUPT,
                        "grain table %" PRIu64
                        " does not name the grains that the stream has: "
                        "damaged, or a part is missing",
                        number);
    return 0;
}

int
h2k_vmdk_sums_compare(const uint8_t *directory, uint64_t count,
                      const struct h2k_vmdk_sums *expected,
                      const struct h2k_vmdk_sums *found, bool found_all)
{
    size_t next = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t sum = 0;
        if (next < expected->count && expected->items[next].key == i)
            sum = expected->items[next++].sum;
        if (compare_table(i, h2k_vmdk_entry(directory, i), sum, found,
                          found_all) < 0)
            return -1;
    }
    return 0;
}
