/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Changes of metadata, and their undo.
 *
 * During a change every step is noted: what a buffer was before it, that it
 * is new, or that it was taken out.  Undoing goes through the notes
 * backwards.
 */
#include "fs/xfs/cache.h"

#include "base/error.h"
#include "fs/xfs/format.h"
#include "fs/xfs/verify.h"

static struct h2k_xfs_note *
note_new(struct h2k_xfs_cache *c, enum note_kind kind, struct h2k_xfs_entry *e)
{
    size_t data = kind == NOTE_CHANGED ? e->buf.length : 0;
    struct h2k_xfs_note *n = malloc(sizeof(*n) + data);
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
    struct h2k_xfs_entry *e = (struct h2k_xfs_entry *)buf;
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
forget(struct h2k_xfs_cache *c, struct h2k_xfs_entry *e)
{
    if (note_new(c, NOTE_FORGOTTEN, e) == NULL)
        return -1;
    h2k_xfs_cache_take_out(c, e);
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
            struct h2k_xfs_entry *e = h2k_xfs_cache_find(c, at);
            if (e != NULL && forget(c, e) < 0)
                return -1;
        }
        return 0;
    }
    for (struct h2k_xfs_entry *e = c->newest, *next; e != NULL; e = next) {
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
    struct h2k_xfs_entry *e = h2k_xfs_entry_new(offset, length, kind, owner);
    if (e == NULL)
        return NULL;
    if (note_new(c, NOTE_NEW, e) == NULL) {
        h2k_xfs_entry_free(e);
        return NULL;
    }
    e->noted = c->change;
    e->buf.dirty = true;
    h2k_xfs_cache_insert(c, e);
    return &e->buf;
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
undo(struct h2k_xfs_cache *c, const struct h2k_xfs_note *n)
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
        h2k_xfs_cache_take_out(c, n->entry);
        h2k_xfs_cache_bury(c, n->entry);
        break;
    case NOTE_FORGOTTEN:
        h2k_xfs_cache_insert(c, n->entry);
        break;
    }
}

static void
op_finish(struct h2k_xfs_cache *c, bool keep)
{
    while (c->notes != NULL) {
        struct h2k_xfs_note *n = c->notes;
        if (!keep)
            undo(c, n);
        else if (n->kind == NOTE_FORGOTTEN)
            h2k_xfs_cache_bury(c, n->entry);
        c->notes = n->earlier;
        free(n);
    }
    c->changing = false;
    /* What is noted again belongs to another change. */
    c->change++;
}

int
h2k_xfs_op_end(struct h2k_xfs *xfs, int rc)
{
    op_finish(xfs->cache, rc >= 0);
    return rc;
}
