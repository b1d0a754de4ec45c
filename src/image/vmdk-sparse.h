/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A sparse extent from the inside ("Hosted Sparse Extents"): a grain directory
 * whose entries are the sectors of grain tables, whose entries are the sectors
 * of grains.  0 stands for none, in both.  vmdk-tables.c finds the entries,
 * vmdk-grain.c decodes a grain, vmdk-sparse.c reads the disk.
 */
#ifndef H2K_IMAGE_VMDK_SPARSE_H
#define H2K_IMAGE_VMDK_SPARSE_H

#include "base/endian.h"
#include "image/cache.h"
#include "image/vmdk.h"

#define H2K_VMDK_ENTRY_SIZE 4
#define H2K_VMDK_ENTRY_NONE 0
#define H2K_VMDK_ENTRY_ZEROED 1 /* where the header allows it */

struct h2k_vmdk_sparse {
    struct h2k_block *file;
    uint64_t file_size;
    struct h2k_vmdk_header header;
    uint64_t size;                 /* of the disk, in bytes */
    size_t grain_size, table_size; /* bytes */
    uint64_t table_span;           /* bytes of the disk per table */
    uint8_t *directory;            /* as in the file */
    uint64_t directory_count;
    uint64_t redundant;       /* sector of the other directory; 0: none */
    struct h2k_cache *tables; /* by number */
    struct h2k_cache *grains; /* by number; NULL unless compressed */
};

static inline uint32_t
h2k_vmdk_entry(const uint8_t *table, uint64_t index)
{
    return h2k_get_le32(table + index * H2K_VMDK_ENTRY_SIZE);
}

/* What a grain table's ENTRY stands for. */
static inline enum h2k_extent_kind
h2k_vmdk_entry_kind(const struct h2k_vmdk_sparse *s, uint32_t entry)
{
    if (entry == H2K_VMDK_ENTRY_NONE)
        return H2K_EXTENT_ABSENT;
    if (entry == H2K_VMDK_ENTRY_ZEROED && s->header.zeroed_grains)
        return H2K_EXTENT_ZERO;
    return H2K_EXTENT_DATA;
}

/* Bytes of grain NUMBER that are the disk's: all but in the last. */
static inline size_t
h2k_vmdk_grain_needed(const struct h2k_vmdk_sparse *s, uint64_t number)
{
    uint64_t left = s->size - number * s->grain_size;
    return left < s->grain_size ? (size_t)left : s->grain_size;
}

/* Load and check the directory (or the redundant one, with a warning), and
 * look whether the last grains are inside the file. */
int h2k_vmdk_tables_load(struct h2k_vmdk_sparse *s);

/* Table NUMBER, whose directory entry is not 0, to be released to
 * s->tables. */
const struct h2k_cache_entry *h2k_vmdk_table_get(struct h2k_vmdk_sparse *s,
                                                 uint64_t number);

/* Can ENTRY be the place of grain NUMBER? */
int h2k_vmdk_entry_check(const struct h2k_vmdk_sparse *s, uint64_t number,
                         uint32_t entry);

/* A grain's marker: its sector on the disk, and how many bytes of zlib data
 * follow. */
#define H2K_VMDK_GRAIN_MARKER_SIZE 12

/* Data that cannot be compressed grows by a few bytes; a poor encoder might
 * make it larger, no one twice as large. */
static inline uint64_t
h2k_vmdk_stored_size_max(size_t grain_size)
{
    return 2 * (uint64_t)grain_size + H2K_VMDK_SECTOR;
}

/* STORED bytes of zlib data into OUT, which has room for a grain's SIZE; at
 * least NEEDED bytes come of them.  H2K_E_CORRUPT. */
int h2k_vmdk_grain_inflate(const void *bytes, size_t stored, size_t needed,
                           void *out, size_t size);

/* Bytes of a file that were read ahead.  Initialise with { 0 }. */
struct h2k_vmdk_window {
    uint8_t *data; /* owned */
    size_t capacity;
    uint64_t offset; /* of what is held, in the file */
    size_t size;
};

/* One compressed grain, as the grain table tells of it. */
struct h2k_vmdk_grain {
    uint64_t offset; /* bytes, of its marker in the file */
    uint64_t ahead;  /* bytes from there on that are worth reading at once */
    uint64_t sector; /* of the disk; its marker must say the same */
    size_t size;     /* of a grain, in bytes */
    size_t needed;   /* of them, less in a disk's last grain only */
};

/* Decode GRAIN into OUT, which has room for its size; what is behind the
 * bytes needed is undefined. */
int h2k_vmdk_grain_read(struct h2k_block *file, struct h2k_vmdk_window *window,
                        const struct h2k_vmdk_grain *grain, void *out);

#endif
