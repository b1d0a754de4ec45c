/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The cache of metadata: all buffers in use hang in a hash table by their
 * offset and, the last used first, in a list.
 */
#include "fs/xfs/buf.h"

#include "base/error.h"
#include "fs/xfs/cache.h"
#include "fs/xfs/format.h"
#include "fs/xfs/verify.h"

#include <inttypes.h>

/* Clean buffers beyond this are dropped between calls. */
#define CACHE_BYTES (16u << 20)

void
h2k_xfs_entry_free(struct h2k_xfs_entry *e)
{
    free(e->buf.pieces);
    free(e->buf.data);
    free(e);
}

static struct h2k_xfs_entry **
bucket_of(struct h2k_xfs_cache *c, uint64_t offset)
{
    uint64_t hash = (offset / H2K_XFS_SECTOR) * UINT64_C(0x9e3779b97f4a7c15);
    return &c->buckets[hash >> 52];
}

struct h2k_xfs_entry *
h2k_xfs_cache_find(struct h2k_xfs_cache *c, uint64_t offset)
{
    struct h2k_xfs_entry *e = *bucket_of(c, offset);
    while (e != NULL && e->buf.offset != offset)
        e = e->chain;
    return e;
}

static void
list_remove(struct h2k_xfs_cache *c, struct h2k_xfs_entry *e)
{
    *(e->newer == NULL ? &c->newest : &e->newer->older) = e->older;
    *(e->older == NULL ? &c->oldest : &e->older->newer) = e->newer;
}

static void
list_add(struct h2k_xfs_cache *c, struct h2k_xfs_entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest == NULL ? &c->oldest : &c->newest->newer) = e;
    c->newest = e;
}

void
h2k_xfs_cache_insert(struct h2k_xfs_cache *c, struct h2k_xfs_entry *e)
{
    struct h2k_xfs_entry **bucket = bucket_of(c, e->buf.offset);
    e->chain = *bucket;
    *bucket = e;
    list_add(c, e);
    c->bytes += e->buf.length;
    c->count++;
}

void
h2k_xfs_cache_take_out(struct h2k_xfs_cache *c, struct h2k_xfs_entry *e)
{
    struct h2k_xfs_entry **at = bucket_of(c, e->buf.offset);
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    list_remove(c, e);
    c->bytes -= e->buf.length;
    c->count--;
}

/* Those who were given it may still look at it in this call. */
void
h2k_xfs_cache_bury(struct h2k_xfs_cache *c, struct h2k_xfs_entry *e)
{
    e->chain = c->dead;
    c->dead = e;
}

struct h2k_xfs_cache *
h2k_xfs_cache_new(void)
{
    struct h2k_xfs_cache *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    c->change = 1;
    return c;
}

static void
free_dead(struct h2k_xfs_cache *c)
{
    while (c->dead != NULL) {
        struct h2k_xfs_entry *e = c->dead;
        c->dead = e->chain;
        h2k_xfs_entry_free(e);
    }
}

void
h2k_xfs_cache_free(struct h2k_xfs_cache *c)
{
    if (c == NULL)
        return;
    while (c->notes != NULL) {
        struct h2k_xfs_note *n = c->notes;
        c->notes = n->earlier;
        if (n->kind == NOTE_FORGOTTEN)
            h2k_xfs_cache_bury(c, n->entry);
        free(n);
    }
    while (c->newest != NULL) {
        struct h2k_xfs_entry *e = c->newest;
        h2k_xfs_cache_take_out(c, e);
        h2k_xfs_cache_bury(c, e);
    }
    free_dead(c);
    free(c);
}

/* ---- Reading ---- */

struct h2k_xfs_entry *
h2k_xfs_entry_new(uint64_t offset, uint32_t length, enum h2k_xfs_kind kind,
                  uint64_t owner)
{
    struct h2k_xfs_entry *e = calloc(1, sizeof(*e));
    uint8_t *data = calloc(1, length);
    if (e == NULL || data == NULL) {
        free(e);
        free(data);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    e->buf.offset = offset;
    e->buf.length = length;
    e->buf.kind = kind;
    e->buf.owner = owner;
    e->buf.data = data;
    return e;
}

static int
entry_transfer(struct h2k_xfs *xfs, struct h2k_xfs_entry *e, bool write)
{
    struct h2k_xfs_piece whole = { e->buf.offset, e->buf.length };
    const struct h2k_xfs_piece *p = e->buf.pieces;
    uint32_t count = e->buf.piece_count, at = 0;
    if (p == NULL) {
        p = &whole;
        count = 1;
    }
    for (uint32_t i = 0; i < count; at += p[i++].length) {
        uint8_t *data = e->buf.data + at;
        if ((write ? h2k_block_pwrite(xfs->volume, data, p[i].length,
                                      p[i].offset)
                   : h2k_block_pread(xfs->volume, data, p[i].length,
                                     p[i].offset)) < 0)
            return h2k_prefix("%s: ", h2k_xfs_kind_name(e->buf.kind));
    }
    return 0;
}

static bool
same_pieces(const struct h2k_xfs_buf *buf, const struct h2k_xfs_piece *pieces,
            uint32_t count)
{
    if (buf->pieces == NULL)
        return count == 1;
    return count == buf->piece_count &&
           memcmp(pieces, buf->pieces, count * sizeof(*pieces)) == 0;
}

static bool
is_among(enum h2k_xfs_kind kind, const enum h2k_xfs_kind *kinds)
{
    while (*kinds != H2K_XFS_KINDS && *kinds != kind)
        kinds++;
    return *kinds == kind;
}

static int
check_cached(struct h2k_xfs *xfs, const struct h2k_xfs_entry *e,
             const struct h2k_xfs_piece *pieces, uint32_t count,
             uint32_t length, const enum h2k_xfs_kind *kinds, uint64_t owner)
{
    if (e->buf.length == length && is_among(e->buf.kind, kinds) &&
        same_pieces(&e->buf, pieces, count))
        return h2k_xfs_verify_owner(xfs, &e->buf, owner);
    return h2k_fail(H2K_E_CORRUPT,
                    "byte %" PRIu64
                    " is in use both as %s and as %s; run xfs_repair on it "
                    "first",
                    e->buf.offset, h2k_xfs_kind_name(e->buf.kind),
                    h2k_xfs_kind_name(kinds[0]));
}

static struct h2k_xfs_entry *
load(struct h2k_xfs *xfs, const struct h2k_xfs_piece *pieces, uint32_t count,
     uint32_t length, const enum h2k_xfs_kind *kinds, uint64_t owner)
{
    struct h2k_xfs_entry *e =
        h2k_xfs_entry_new(pieces[0].offset, length, kinds[0], owner);
    if (e == NULL)
        return NULL;
    if (count > 1) {
        e->buf.pieces = malloc(count * sizeof(*pieces));
        if (e->buf.pieces == NULL) {
            h2k_xfs_entry_free(e);
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        }
        memcpy(e->buf.pieces, pieces, count * sizeof(*pieces));
        e->buf.piece_count = count;
    }
    if (entry_transfer(xfs, e, false) < 0) {
        h2k_xfs_entry_free(e);
        return NULL;
    }
    for (size_t i = 0; kinds[i] != H2K_XFS_KINDS; i++)
        if (h2k_xfs_has_magic(xfs, &e->buf, kinds[i])) {
            e->buf.kind = kinds[i];
            break;
        }
    if (h2k_xfs_verify(xfs, &e->buf) < 0) {
        h2k_xfs_entry_free(e);
        return NULL;
    }
    return e;
}

struct h2k_xfs_buf *
h2k_xfs_buf_read_pieces(struct h2k_xfs *xfs,
                        const struct h2k_xfs_piece *pieces, uint32_t count,
                        const enum h2k_xfs_kind *kinds, uint64_t owner)
{
    struct h2k_xfs_cache *c = xfs->cache;
    uint32_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        length += pieces[i].length;
    struct h2k_xfs_entry *e = h2k_xfs_cache_find(c, pieces[0].offset);
    if (e != NULL) {
        if (check_cached(xfs, e, pieces, count, length, kinds, owner) < 0)
            return NULL;
        list_remove(c, e);
        list_add(c, e);
        return &e->buf;
    }
    e = load(xfs, pieces, count, length, kinds, owner);
    if (e == NULL)
        return NULL;
    h2k_xfs_cache_insert(c, e);
    return &e->buf;
}

struct h2k_xfs_buf *
h2k_xfs_buf_read_any(struct h2k_xfs *xfs, uint64_t offset, uint32_t length,
                     const enum h2k_xfs_kind *kinds, uint64_t owner)
{
    const struct h2k_xfs_piece piece = { offset, length };
    return h2k_xfs_buf_read_pieces(xfs, &piece, 1, kinds, owner);
}

struct h2k_xfs_buf *
h2k_xfs_buf_read(struct h2k_xfs *xfs, uint64_t offset, uint32_t length,
                 enum h2k_xfs_kind kind, uint64_t owner)
{
    const enum h2k_xfs_kind kinds[] = { kind, H2K_XFS_KINDS };
    return h2k_xfs_buf_read_any(xfs, offset, length, kinds, owner);
}

bool
h2k_xfs_buf_cached(struct h2k_xfs *xfs, uint64_t offset)
{
    return h2k_xfs_cache_find(xfs->cache, offset) != NULL;
}

void
h2k_xfs_read_begin(struct h2k_xfs *xfs)
{
    struct h2k_xfs_cache *c = xfs->cache;
    if (c->changing)
        return;
    free_dead(c);
    for (struct h2k_xfs_entry *e = c->oldest, *newer;
         e != NULL && c->bytes > CACHE_BYTES; e = newer) {
        newer = e->newer;
        if (e->buf.dirty)
            continue;
        h2k_xfs_cache_take_out(c, e);
        h2k_xfs_entry_free(e);
    }
}

int
h2k_xfs_data_read(struct h2k_xfs *xfs, void *buffer, size_t count,
                  uint64_t offset)
{
    return h2k_block_pread(xfs->volume, buffer, count, offset);
}

int
h2k_xfs_data_write(struct h2k_xfs *xfs, const void *buffer, size_t count,
                   uint64_t offset)
{
    return h2k_block_pwrite(xfs->volume, buffer, count, offset);
}

/* ---- Flushing ---- */

static int
by_offset(const void *a, const void *b)
{
    uint64_t x = (*(struct h2k_xfs_entry *const *)a)->buf.offset;
    uint64_t y = (*(struct h2k_xfs_entry *const *)b)->buf.offset;
    return x < y ? -1 : x > y;
}

static int
flush_list(struct h2k_xfs *xfs, struct h2k_xfs_entry **list, size_t count)
{
    qsort(list, count, sizeof(*list), by_offset);
    for (size_t i = 0; i < count; i++) {
        h2k_xfs_seal(xfs, &list[i]->buf);
        if (entry_transfer(xfs, list[i], true) < 0) {
            xfs->broken = true;
            return -1;
        }
        list[i]->buf.dirty = false;
    }
    return 0;
}

int
h2k_xfs_cache_flush(struct h2k_xfs *xfs)
{
    struct h2k_xfs_cache *c = xfs->cache;
    size_t count = 0;
    if (c->changing)
        return h2k_fail(H2K_E_FAILED, "flushing within a change");
    h2k_autofree struct h2k_xfs_entry **list =
        malloc((c->count + 1) * sizeof(*list));
    if (list == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (struct h2k_xfs_entry *e = c->newest; e != NULL; e = e->older)
        if (e->buf.dirty)
            list[count++] = e;
    return flush_list(xfs, list, count);
}
