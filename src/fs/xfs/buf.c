/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The cache of metadata and its undo.
 *
 * All buffers in use hang in a hash table by their offset and, the last used
 * first, in a list.  During a change every step is noted: what a buffer was
 * before it, that it is new, or that it was taken out.  Undoing goes through
 * the notes backwards.
 */
#include "fs/xfs/buf.h"

#include "base/error.h"
#include "fs/xfs/format.h"
#include "fs/xfs/verify.h"

#include <inttypes.h>

/* Clean buffers beyond this are dropped between calls. */
#define CACHE_BYTES (16u << 20)
#define BUCKETS 4096u

/* A buffer with what only the cache knows. */
struct entry {
    struct h2k_xfs_buf buf; /* first */
    struct entry *chain;    /* of its bucket, or of the forgotten ones */
    struct entry *newer, *older;
    uint64_t noted; /* the change in which it was noted last */
};

enum note_kind { NOTE_CHANGED, NOTE_NEW, NOTE_FORGOTTEN };

struct note {
    enum note_kind kind;
    struct entry *entry;
    struct note *earlier;
    /* As it was, of NOTE_CHANGED. */
    enum h2k_xfs_kind was;
    uint64_t owner;
    bool dirty;
    uint8_t data[];
};

struct h2k_xfs_cache {
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    struct entry *dead; /* to be freed when no call holds them */
    struct note *notes; /* the last one first */
    uint64_t change;    /* counts them */
    bool changing;
    size_t bytes;
    size_t count;
};

static void
entry_free(struct entry *e)
{
    free(e->buf.pieces);
    free(e->buf.data);
    free(e);
}

static struct entry **
bucket_of(struct h2k_xfs_cache *c, uint64_t offset)
{
    uint64_t hash = (offset / H2K_XFS_SECTOR) * UINT64_C(0x9e3779b97f4a7c15);
    return &c->buckets[hash >> 52];
}

static struct entry *
find(struct h2k_xfs_cache *c, uint64_t offset)
{
    struct entry *e = *bucket_of(c, offset);
    while (e != NULL && e->buf.offset != offset)
        e = e->chain;
    return e;
}

static void
list_remove(struct h2k_xfs_cache *c, struct entry *e)
{
    *(e->newer == NULL ? &c->newest : &e->newer->older) = e->older;
    *(e->older == NULL ? &c->oldest : &e->older->newer) = e->newer;
}

static void
list_add(struct h2k_xfs_cache *c, struct entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest == NULL ? &c->oldest : &c->newest->newer) = e;
    c->newest = e;
}

static void
insert(struct h2k_xfs_cache *c, struct entry *e)
{
    struct entry **bucket = bucket_of(c, e->buf.offset);
    e->chain = *bucket;
    *bucket = e;
    list_add(c, e);
    c->bytes += e->buf.length;
    c->count++;
}

static void
take_out(struct h2k_xfs_cache *c, struct entry *e)
{
    struct entry **at = bucket_of(c, e->buf.offset);
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    list_remove(c, e);
    c->bytes -= e->buf.length;
    c->count--;
}

/* Those who were given it may still look at it in this call. */
static void
bury(struct h2k_xfs_cache *c, struct entry *e)
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
        struct entry *e = c->dead;
        c->dead = e->chain;
        entry_free(e);
    }
}

void
h2k_xfs_cache_free(struct h2k_xfs_cache *c)
{
    if (c == NULL)
        return;
    while (c->notes != NULL) {
        struct note *n = c->notes;
        c->notes = n->earlier;
        if (n->kind == NOTE_FORGOTTEN)
            bury(c, n->entry);
        free(n);
    }
    while (c->newest != NULL) {
        struct entry *e = c->newest;
        take_out(c, e);
        bury(c, e);
    }
    free_dead(c);
    free(c);
}

/* ---- Reading ---- */

static struct entry *
entry_new(uint64_t offset, uint32_t length, enum h2k_xfs_kind kind,
          uint64_t owner)
{
    struct entry *e = calloc(1, sizeof(*e));
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
entry_transfer(struct h2k_xfs *xfs, struct entry *e, bool write)
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
check_cached(struct h2k_xfs *xfs, const struct entry *e,
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

static struct entry *
load(struct h2k_xfs *xfs, const struct h2k_xfs_piece *pieces, uint32_t count,
     uint32_t length, const enum h2k_xfs_kind *kinds, uint64_t owner)
{
    struct entry *e = entry_new(pieces[0].offset, length, kinds[0], owner);
    if (e == NULL)
        return NULL;
    if (count > 1) {
        e->buf.pieces = malloc(count * sizeof(*pieces));
        if (e->buf.pieces == NULL) {
            entry_free(e);
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        }
        memcpy(e->buf.pieces, pieces, count * sizeof(*pieces));
        e->buf.piece_count = count;
    }
    if (entry_transfer(xfs, e, false) < 0) {
        entry_free(e);
        return NULL;
    }
    for (size_t i = 0; kinds[i] != H2K_XFS_KINDS; i++)
        if (h2k_xfs_has_magic(xfs, &e->buf, kinds[i])) {
            e->buf.kind = kinds[i];
            break;
        }
    if (h2k_xfs_verify(xfs, &e->buf) < 0) {
        entry_free(e);
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
    struct entry *e = find(c, pieces[0].offset);
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
    insert(c, e);
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
    return find(xfs->cache, offset) != NULL;
}

/* ---- Changing ---- */

static struct note *
note_new(struct h2k_xfs_cache *c, enum note_kind kind, struct entry *e)
{
    size_t data = kind == NOTE_CHANGED ? e->buf.length : 0;
    struct note *n = malloc(sizeof(*n) + data);
    if (n == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    n->kind = kind;
    n->entry = e;
    n->earlier = c->notes;
    n->was = e->buf.kind;
    n->owner = e->buf.owner;
    n->dirty = e->buf.dirty;
    memcpy(n->data, e->buf.data, data);
    c->notes = n;
    return n;
}

static int
check_changing(const struct h2k_xfs *xfs)
{
    if (xfs->cache->changing)
        return 0;
    return h2k_fail(H2K_E_FAILED, "metadata changed outside of a change");
}

int
h2k_xfs_buf_dirty(struct h2k_xfs *xfs, struct h2k_xfs_buf *buf)
{
    struct entry *e = (struct entry *)buf;
    struct h2k_xfs_cache *c = xfs->cache;
    if (check_changing(xfs) < 0)
        return -1;
    if (e->noted == c->change)
        return 0;
    if (!buf->dirty && buf->kind == H2K_XFS_INODES &&
        h2k_xfs_verify_cluster(xfs, buf) < 0)
        return -1;
    if (note_new(c, NOTE_CHANGED, e) == NULL)
        return -1;
    e->noted = c->change;
    buf->dirty = true;
    return 0;
}

static int
forget(struct h2k_xfs_cache *c, struct entry *e)
{
    if (note_new(c, NOTE_FORGOTTEN, e) == NULL)
        return -1;
    take_out(c, e);
    return 0;
}

int
h2k_xfs_buf_forget(struct h2k_xfs *xfs, uint64_t offset, uint64_t length)
{
    struct h2k_xfs_cache *c = xfs->cache;
    if (check_changing(xfs) < 0)
        return -1;
    if (length / H2K_XFS_SECTOR <= c->count) {
        for (uint64_t at = offset; at - offset < length;
             at += H2K_XFS_SECTOR) {
            struct entry *e = find(c, at);
            if (e != NULL && forget(c, e) < 0)
                return -1;
        }
        return 0;
    }
    for (struct entry *e = c->newest, *next; e != NULL; e = next) {
        next = e->older;
        if (e->buf.offset >= offset && e->buf.offset - offset < length &&
            forget(c, e) < 0)
            return -1;
    }
    return 0;
}

struct h2k_xfs_buf *
h2k_xfs_buf_new(struct h2k_xfs *xfs, uint64_t offset, uint32_t length,
                enum h2k_xfs_kind kind, uint64_t owner)
{
    struct h2k_xfs_cache *c = xfs->cache;
    if (h2k_xfs_buf_forget(xfs, offset, length) < 0)
        return NULL;
    struct entry *e = entry_new(offset, length, kind, owner);
    if (e == NULL)
        return NULL;
    if (note_new(c, NOTE_NEW, e) == NULL) {
        entry_free(e);
        return NULL;
    }
    e->noted = c->change;
    e->buf.dirty = true;
    insert(c, e);
    return &e->buf;
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

/* ---- Changes ---- */

void
h2k_xfs_read_begin(struct h2k_xfs *xfs)
{
    struct h2k_xfs_cache *c = xfs->cache;
    if (c->changing)
        return;
    free_dead(c);
    for (struct entry *e = c->oldest, *newer;
         e != NULL && c->bytes > CACHE_BYTES; e = newer) {
        newer = e->newer;
        if (e->buf.dirty)
            continue;
        take_out(c, e);
        entry_free(e);
    }
}

uint64_t
h2k_xfs_op_number(const struct h2k_xfs *xfs)
{
    return xfs->cache->changing ? 0 : xfs->cache->change;
}

int
h2k_xfs_op_begin(struct h2k_xfs *xfs)
{
    struct h2k_xfs_cache *c = xfs->cache;
    if (xfs->broken)
        return h2k_fail(H2K_E_IO,
                        "an earlier write failed half-way: the filesystem is "
                        "not consistent, and is not to be used");
    if (c->changing)
        return h2k_fail(H2K_E_FAILED, "a change within a change");
    h2k_xfs_read_begin(xfs);
    c->changing = true;
    c->change++;
    return 0;
}

static void
undo(struct h2k_xfs_cache *c, const struct note *n)
{
    struct h2k_xfs_buf *buf = &n->entry->buf;
    switch (n->kind) {
    case NOTE_CHANGED:
        memcpy(buf->data, n->data, buf->length);
        buf->kind = n->was;
        buf->owner = n->owner;
        buf->dirty = n->dirty;
        break;
    case NOTE_NEW:
        take_out(c, n->entry);
        bury(c, n->entry);
        break;
    case NOTE_FORGOTTEN:
        insert(c, n->entry);
        break;
    }
}

static void
op_finish(struct h2k_xfs_cache *c, bool keep)
{
    while (c->notes != NULL) {
        struct note *n = c->notes;
        if (!keep)
            undo(c, n);
        else if (n->kind == NOTE_FORGOTTEN)
            bury(c, n->entry);
        c->notes = n->earlier;
        free(n);
    }
    c->changing = false;
    /* What is noted again belongs to another change. */
    c->change++;
}

void
h2k_xfs_op_commit(struct h2k_xfs *xfs)
{
    op_finish(xfs->cache, true);
}

void
h2k_xfs_op_abort(struct h2k_xfs *xfs)
{
    op_finish(xfs->cache, false);
}

int
h2k_xfs_op_end(struct h2k_xfs *xfs, int rc)
{
    op_finish(xfs->cache, rc >= 0);
    return rc;
}

/* ---- Flushing ---- */

static int
by_offset(const void *a, const void *b)
{
    uint64_t x = (*(struct entry *const *)a)->buf.offset;
    uint64_t y = (*(struct entry *const *)b)->buf.offset;
    return x < y ? -1 : x > y;
}

static int
flush_list(struct h2k_xfs *xfs, struct entry **list, size_t count)
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
    h2k_autofree struct entry **list = malloc((c->count + 1) * sizeof(*list));
    if (list == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (struct entry *e = c->newest; e != NULL; e = e->older)
        if (e->buf.dirty)
            list[count++] = e;
    return flush_list(xfs, list, count);
}
