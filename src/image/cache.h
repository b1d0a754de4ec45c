/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A bounded cache of what an image's numbers stand for: tables, and clusters
 * or grains once they are decoded.  All entries have one size; the least
 * recently used goes first.
 *
 * Thread-safe.  An entry is filled outside the lock, and once: a second
 * thread that wants it meanwhile waits.  An entry in use is not evicted, so
 * the bound can be passed by as many entries as there are threads.
 */
#ifndef H2K_IMAGE_CACHE_H
#define H2K_IMAGE_CACHE_H

#include "base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct h2k_cache;

/* One filled entry; `data` is the cache's entry size long, read-only, and
 * aligned for any type. */
struct h2k_cache_entry {
    const uint8_t *data;
};

/* Fill DATA, all of the entry size, for KEY.  0, or -1 with the error set:
 * then nothing is kept, and the next who asks tries again. */
typedef int (*h2k_cache_fill)(void *opaque, uint64_t key, void *data);

/* Room for about BYTES, at least one entry, of ENTRY_SIZE bytes each; memory
 * is taken as entries come.  NULL with H2K_E_NOMEM. */
struct h2k_cache *h2k_cache_new(size_t entry_size, size_t bytes);
void h2k_cache_free(struct h2k_cache *cache); /* nothing may be in use */

H2K_DEFINE_AUTO(h2k_cache, h2k_cache_free)

/* The entry of KEY, filled if it is not there; NULL with the error set.
 * Each one got must be released. */
const struct h2k_cache_entry *h2k_cache_get(struct h2k_cache *cache,
                                            uint64_t key, h2k_cache_fill fill,
                                            void *opaque);
void h2k_cache_release(struct h2k_cache *cache,
                       const struct h2k_cache_entry *entry);

/* Get, copy COUNT bytes at OFFSET of the entry into BUFFER, release.  OFFSET
 * and COUNT must lie inside the entry. */
int h2k_cache_read(struct h2k_cache *cache, uint64_t key, size_t offset,
                   size_t count, void *buffer, h2k_cache_fill fill,
                   void *opaque);

#endif
