/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From a pair of numbers to a third, which is not 0. */
#ifndef H2K_FS_GUESTFS_MAP_H
#define H2K_FS_GUESTFS_MAP_H

#include <stddef.h>
#include <stdint.h>

/* Initialise with { 0 }. */
struct h2k_map {
    struct h2k_map_slot *slots;
    size_t allocated; /* a power of two, or 0 */
    size_t used;
};

/* 0 where there is none. */
size_t h2k_map_get(const struct h2k_map *map, uint64_t a, uint64_t b);
/* Set or replace; VALUE 0 forgets it.  Neither replacing nor forgetting
 * fails. */
int h2k_map_set(struct h2k_map *map, uint64_t a, uint64_t b, size_t value);
void h2k_map_clear(struct h2k_map *map); /* empties it */

#endif
