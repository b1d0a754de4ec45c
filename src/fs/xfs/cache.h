/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The cache of metadata from inside: for buf.c, and change.c, which undoes
 * changes. */
#ifndef H2K_FS_XFS_CACHE_H
#define H2K_FS_XFS_CACHE_H

#include "fs/xfs/xfs.h"

#define H2K_XFS_CACHE_BUCKETS 4096u

/* A buffer with what only the cache knows. */
struct h2k_xfs_entry {
    struct h2k_xfs_buf buf;      /* first */
    struct h2k_xfs_entry *chain; /* of its bucket, or of the forgotten ones */
    struct h2k_xfs_entry *newer, *older;
    uint64_t noted; /* the change in which it was noted last */
};

enum note_kind { NOTE_CHANGED, NOTE_NEW, NOTE_FORGOTTEN };

struct h2k_xfs_note {
    enum note_kind kind;
    struct h2k_xfs_entry *entry;
    struct h2k_xfs_note *earlier;
    /* As it was, of NOTE_CHANGED. */
    enum h2k_xfs_kind was;
    uint64_t owner;
    bool dirty;
    uint8_t data[];
};

struct h2k_xfs_cache {
    struct h2k_xfs_entry *buckets[H2K_XFS_CACHE_BUCKETS];
    struct h2k_xfs_entry *newest, *oldest;
    struct h2k_xfs_entry *dead; /* to be freed when no call holds them */
    struct h2k_xfs_note *notes; /* the last one first */
    uint64_t change;            /* counts them */
    bool changing;
    size_t bytes;
    size_t count;
};

/* A buffer of zeros that is in no cache yet. */
struct h2k_xfs_entry *h2k_xfs_entry_new(uint64_t offset, uint32_t length,
                                        enum h2k_xfs_kind kind,
                                        uint64_t owner);
void h2k_xfs_entry_free(struct h2k_xfs_entry *entry);

/* The one that begins at OFFSET, or NULL. */
struct h2k_xfs_entry *h2k_xfs_cache_find(struct h2k_xfs_cache *cache,
                                         uint64_t offset);
void h2k_xfs_cache_insert(struct h2k_xfs_cache *cache,
                          struct h2k_xfs_entry *entry);
void h2k_xfs_cache_take_out(struct h2k_xfs_cache *cache,
                            struct h2k_xfs_entry *entry);
/* ENTRY, taken out, is freed when the call that may look at it is over. */
void h2k_xfs_cache_bury(struct h2k_xfs_cache *cache,
                        struct h2k_xfs_entry *entry);

#endif
