/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/guestfs/map.h"

#include "base/error.h"

#include <stdbool.h>
#include <stdlib.h>

/* A slot that was used keeps its key, so that those behind it are found. */
struct h2k_map_slot {
    uint64_t a, b;
    size_t value;
    bool used;
};

/* The finalizer of SplitMix64 spreads the bits. */
static size_t
place(uint64_t a, uint64_t b)
{
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) + b;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(x ^ (x >> 31));
}

/* Where the key is, or would be; at least half of the slots are free. */
static struct h2k_map_slot *
find(const struct h2k_map *map, uint64_t a, uint64_t b)
{
    for (size_t i = place(a, b);; i++) {
        struct h2k_map_slot *slot = &map->slots[i & (map->allocated - 1)];
        if (!slot->used || (slot->a == a && slot->b == b))
            return slot;
    }
}

static int
grow(struct h2k_map *map)
{
    struct h2k_map more = {
        .allocated = map->allocated == 0 ? 64 : map->allocated * 2,
        .used = map->used,
    };
    more.slots = calloc(more.allocated, sizeof(*more.slots));
    if (more.slots == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < map->allocated; i++) {
        const struct h2k_map_slot *slot = &map->slots[i];
        if (slot->used)
            *find(&more, slot->a, slot->b) = *slot;
    }
    free(map->slots);
    *map = more;
    return 0;
}

size_t
h2k_map_get(const struct h2k_map *map, uint64_t a, uint64_t b)
{
    return map->allocated == 0 ? 0 : find(map, a, b)->value;
}

int
h2k_map_set(struct h2k_map *map, uint64_t a, uint64_t b, size_t value)
{
    struct h2k_map_slot *slot = map->allocated == 0 ? NULL : find(map, a, b);
    if (slot != NULL && slot->used) {
        slot->value = value;
        return 0;
    }
    if (value == 0)
        return 0;
    if (map->used >= map->allocated / 2) {
        if (grow(map) < 0)
            return -1;
        slot = find(map, a, b);
    }
    map->used++;
    *slot = (struct h2k_map_slot){ a, b, value, true };
    return 0;
}

void
h2k_map_clear(struct h2k_map *map)
{
    free(map->slots);
    *map = (struct h2k_map){ 0 };
}
