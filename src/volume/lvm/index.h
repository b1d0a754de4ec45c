/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is found by its name or UUID, of which hostile metadata may have
 * hundreds of thousands; private to LVM2's reader. */
#ifndef H2K_VOLUME_LVM_INDEX_H
#define H2K_VOLUME_LVM_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_lvm_entry {
    const char *name; /* another's, which outlives the index */
    uint32_t owner, index;
};

/* Initialise with { 0 }. */
struct h2k_lvm_index {
    struct h2k_lvm_entry *entries; /* owned; by name, owner and index */
    size_t count;
};

/* Room for COUNT entries, which are then added, and sorted once. */
int h2k_lvm_index_reserve(struct h2k_lvm_index *index, size_t count);
void h2k_lvm_index_add(struct h2k_lvm_index *index, const char *name,
                       uint32_t owner, uint32_t number);
void h2k_lvm_index_sort(struct h2k_lvm_index *index);
void h2k_lvm_index_clear(struct h2k_lvm_index *index);

/* The first place with NAME, or where it would be. */
size_t h2k_lvm_index_find(const struct h2k_lvm_index *index, const char *name);
/* Is there an entry with NAME at this place? */
bool h2k_lvm_index_is(const struct h2k_lvm_index *index, size_t at,
                      const char *name);

#endif
