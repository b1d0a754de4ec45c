/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The disk of a sparse extent as a block. */
#include "image/vmdk-sparse.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/log.h"

#include <string.h>

#define SECTOR H2K_VMDK_SECTOR

#define TABLE_CACHE_SIZE (4u << 20)
#define GRAIN_CACHE_SIZE (8u << 20)
/* Compressed grains are read ahead up to here, in one request. */
#define AHEAD_MAX (256u << 10)

/* Where a read stands, and what it holds. */
struct reading {
    struct h2k_vmdk_sparse *sparse;
    struct h2k_vmdk_window window;
    const uint8_t *table;
    uint8_t *at;
    size_t count;
    uint64_t offset;
};

static void
sparse_close(void *state)
{
    struct h2k_vmdk_sparse *s = state;
    h2k_cache_free(s->tables);
    h2k_cache_free(s->grains);
    h2k_block_unref(s->file);
    free(s->directory);
    free(s);
}

static void
advance(struct reading *r, size_t count)
{
    r->at += count;
    r->count -= count;
    r->offset += count;
}

/* Grains that follow one another in the file are read at once. */
static int
read_plain(struct reading *r, uint64_t index)
{
    struct h2k_vmdk_sparse *s = r->sparse;
    uint64_t inside = r->offset % s->grain_size;
    uint64_t number = r->offset / s->grain_size;
    uint64_t entry = h2k_vmdk_entry(r->table, index), next = entry;
    uint64_t run = 0;
    do {
        if (h2k_vmdk_entry_check(s, number, (uint32_t)next) < 0)
            return -1;
        run += s->grain_size;
        next += s->header.grain_size;
        index++;
        number++;
    } while (run - inside < r->count && index < s->header.table_entries &&
             h2k_vmdk_entry(r->table, index) == next);
    size_t count = (size_t)h2k_min_u64(r->count, run - inside);
    if (h2k_block_pread(s->file, r->at, count, entry * SECTOR + inside) < 0)
        return -1;
    advance(r, count);
    return 0;
}

/* How many bytes of the file, from grain INDEX of the table on, hold the
 * grains that the request wants, as far as they stand in order. */
static uint64_t
bytes_ahead(const struct reading *r, uint64_t index)
{
    const struct h2k_vmdk_sparse *s = r->sparse;
    uint64_t begin = h2k_vmdk_entry(r->table, index), end = begin;
    uint64_t inside = r->offset % s->grain_size;
    uint64_t wanted = index + h2k_div_up(inside + r->count, s->grain_size);
    for (uint64_t i = index + 1; i < s->header.table_entries; i++) {
        uint32_t entry = h2k_vmdk_entry(r->table, i);
        if (h2k_vmdk_entry_kind(s, entry) != H2K_EXTENT_DATA)
            continue;
        if (entry <= end || (entry - begin) * SECTOR > AHEAD_MAX)
            break;
        end = entry;
        if (i >= wanted)
            break;
    }
    return end > begin ? (end - begin) * SECTOR : s->grain_size;
}

/* Decodes the grain at the reading's place: a cache's fill. */
static int
grain_fill(void *opaque, uint64_t number, void *out)
{
    struct reading *r = opaque;
    const struct h2k_vmdk_sparse *s = r->sparse;
    uint64_t index = number % s->header.table_entries;
    uint32_t entry = h2k_vmdk_entry(r->table, index);
    if (h2k_vmdk_entry_check(s, number, entry) < 0)
        return -1;
    struct h2k_vmdk_grain grain = {
        .offset = (uint64_t)entry * SECTOR,
        .ahead = bytes_ahead(r, index),
        .sector = number * s->header.grain_size,
        .size = s->grain_size,
        .needed = h2k_vmdk_grain_needed(s, number),
    };
    return h2k_vmdk_grain_read(s->file, &r->window, &grain, out);
}

/* A whole grain is decoded where it is wanted; of a part, the rest is kept
 * for who asks next. */
static int
read_compressed(struct reading *r)
{
    struct h2k_vmdk_sparse *s = r->sparse;
    uint64_t number = r->offset / s->grain_size;
    size_t inside = (size_t)(r->offset % s->grain_size);
    size_t count = s->grain_size - inside;
    if (count > r->count)
        count = r->count;
    int rc = count == s->grain_size
                 ? grain_fill(r, number, r->at)
                 : h2k_cache_read(s->grains, number, inside, count, r->at,
                                  grain_fill, r);
    if (rc == 0)
        advance(r, count);
    return rc;
}

static void
read_nothing(struct reading *r, uint64_t span)
{
    size_t count = (size_t)h2k_min_u64(r->count, span - r->offset % span);
    memset(r->at, 0, count);
    advance(r, count);
}

/* Up to offset END, which the reading's table covers. */
static int
read_in_table(struct reading *r, uint64_t end)
{
    struct h2k_vmdk_sparse *s = r->sparse;
    while (r->count > 0 && r->offset < end) {
        uint64_t index = r->offset % s->table_span / s->grain_size;
        int rc = 0;
        if (h2k_vmdk_entry_kind(s, h2k_vmdk_entry(r->table, index)) !=
            H2K_EXTENT_DATA)
            read_nothing(r, s->grain_size);
        else if (s->header.compressed)
            rc = read_compressed(r);
        else
            rc = read_plain(r, index);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int
read_all(struct reading *r)
{
    struct h2k_vmdk_sparse *s = r->sparse;
    while (r->count > 0) {
        uint64_t number = r->offset / s->table_span;
        if (h2k_vmdk_entry(s->directory, number) == H2K_VMDK_ENTRY_NONE) {
            read_nothing(r, s->table_span);
            continue;
        }
        const struct h2k_cache_entry *table = h2k_vmdk_table_get(s, number);
        if (table == NULL)
            return -1;
        r->table = table->data;
        int rc = read_in_table(r, (number + 1) * s->table_span);
        h2k_cache_release(s->tables, table);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int
sparse_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct reading r = {
        .sparse = state, .at = buffer, .count = count, .offset = offset
    };
    int rc = read_all(&r);
    free(r.window.data);
    return rc;
}

/* The run of one kind at OFFSET, as far as END and one table tell. */
static int
run_at(struct h2k_vmdk_sparse *s, uint64_t offset, uint64_t end,
       enum h2k_extent_kind *kind, uint64_t *run_end)
{
    uint64_t number = offset / s->table_span;
    if (h2k_vmdk_entry(s->directory, number) == H2K_VMDK_ENTRY_NONE) {
        *kind = H2K_EXTENT_ABSENT;
        while (number * s->table_span < end &&
               h2k_vmdk_entry(s->directory, number) == H2K_VMDK_ENTRY_NONE)
            number++;
        *run_end = number * s->table_span;
        return 0;
    }
    const struct h2k_cache_entry *table = h2k_vmdk_table_get(s, number);
    if (table == NULL)
        return -1;
    uint64_t index = offset % s->table_span / s->grain_size;
    *kind = h2k_vmdk_entry_kind(s, h2k_vmdk_entry(table->data, index));
    while (index < s->header.table_entries &&
           h2k_vmdk_entry_kind(s, h2k_vmdk_entry(table->data, index)) == *kind)
        index++;
    h2k_cache_release(s->tables, table);
    *run_end = number * s->table_span + index * s->grain_size;
    return 0;
}

static int
sparse_extent(void *state, uint64_t offset, uint64_t length,
              struct h2k_extent *out)
{
    struct h2k_vmdk_sparse *s = state;
    uint64_t end = offset + length, at = offset;
    while (at < end) {
        enum h2k_extent_kind kind;
        uint64_t run_end = 0;
        if (run_at(s, at, end, &kind, &run_end) < 0) {
            if (at == offset)
                return -1;
            break; /* who asks for what is behind gets the error */
        }
        if (at == offset)
            out->kind = kind;
        else if (kind != out->kind)
            break;
        at = h2k_min_u64(run_end, end);
    }
    out->length = at - offset;
    return 0;
}

static const struct h2k_block_ops sparse_ops = {
    .name = "vmdk",
    .close = sparse_close,
    .pread = sparse_pread,
    .extent = sparse_extent,
};

static int
sparse_load(struct h2k_vmdk_sparse *s)
{
    if (s->header.unclean)
        h2k_log(H2K_LOG_WARNING,
                "vmdk: the image was in use when it was copied (unclean "
                "shutdown): its newest writes may be missing");
    s->tables = h2k_cache_new(s->table_size, TABLE_CACHE_SIZE);
    if (s->tables == NULL)
        return -1;
    if (s->header.compressed) {
        s->grains = h2k_cache_new(s->grain_size, GRAIN_CACHE_SIZE);
        if (s->grains == NULL)
            return -1;
    }
    return h2k_vmdk_tables_load(s);
}

struct h2k_block *
h2k_vmdk_sparse_open(struct h2k_block *file,
                     const struct h2k_vmdk_header *header)
{
    struct h2k_vmdk_sparse *s = malloc(sizeof(*s));
    if (s == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    *s = (struct h2k_vmdk_sparse){
        .file = h2k_block_ref(file),
        .file_size = h2k_block_size(file),
        .header = *header,
        .size = header->capacity * SECTOR,
        .grain_size = (size_t)header->grain_size * SECTOR,
        .table_size = (size_t)header->table_entries * H2K_VMDK_ENTRY_SIZE,
    };
    s->table_span = (uint64_t)s->grain_size * header->table_entries;
    s->directory_count = h2k_div_up(s->size, s->table_span);
    if (sparse_load(s) < 0) {
        sparse_close(s);
        return NULL;
    }
    return h2k_block_new(&sparse_ops, s, s->size, false);
}
