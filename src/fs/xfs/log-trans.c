/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/xfs/log-trans.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <inttypes.h>
#include <string.h>

/* xfs_trans_header: its magic, in the machine's byte order. */
#define TRANS_MAGIC UINT32_C(0x5452414e)

/* Clients of the log. */
#define CLIENT_TRANSACTION 0x69
#define CLIENT_LOG 0xaa

/* The largest item: a buffer of 64 KiB of which every other chunk of 128
 * bytes was changed. */
#define REGIONS_MAX 257u

/* Transactions that may be open at one time.  The kernel has its log's
 * reservations for a few thousand, and since 2.6.39 one or two. */
#define OPEN_MAX 65536u
#define BUCKETS 1024u

/* What open transactions may take of memory, beyond their data. */
#define MEMORY_MIN (UINT64_C(64) << 20)

struct walk {
    struct h2k_xlog *log;
    struct h2k_xlog_trans *open[BUCKETS]; /* by tid */
    uint32_t count;
    uint64_t memory, limit; /* bytes in use, and at most */
    uint64_t lsn;           /* of the record */
    h2k_xlog_trans_fn fn;
    void *opaque;
};

int
h2k_xlog_fail(uint64_t lsn, const char *what)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "transaction %" PRIu32 ":%" PRIu32
                    ": %s; run xfs_repair on it first",
                    (uint32_t)(lsn >> 32), (uint32_t)lsn, what);
}

struct h2k_view
h2k_xlog_region(const struct h2k_xlog_item *item, uint32_t index)
{
    if (index >= item->count)
        return (struct h2k_view){ 0 };
    return h2k_view_of(item->regions[index].data, item->regions[index].size);
}

static int
fail(const struct walk *w, const char *what)
{
    return h2k_xlog_fail(w->lsn, what);
}

/* Memory for what a hostile log may ask for without end. */
static void *
take(struct walk *w, void *old, uint64_t had, uint64_t want)
{
    if (want - had > w->limit - w->memory)
        return h2k_fail_null(H2K_E_CORRUPT,
                             "the log has too much that was not committed");
    void *now = realloc(old, (size_t)want);
    if (now == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    w->memory += want - had;
    return now;
}

static void
trans_free(struct walk *w, struct h2k_xlog_trans *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct h2k_xlog_item *item = &t->items[i];
        for (uint32_t j = 0; j < item->count; j++) {
            w->memory -= item->regions[j].size;
            free(item->regions[j].data);
        }
        w->memory -= item->total * sizeof(*item->regions);
        free(item->regions);
    }
    w->memory -= t->capacity * sizeof(*t->items) + sizeof(*t);
    free(t->items);
    free(t);
}

/* ---- Open transactions ---- */

static struct h2k_xlog_trans **
find(struct walk *w, uint32_t tid)
{
    struct h2k_xlog_trans **at = &w->open[tid % BUCKETS];
    while (*at != NULL && (*at)->tid != tid)
        at = &(*at)->next;
    return at;
}

static int
start(struct walk *w, uint32_t tid, struct h2k_xlog_trans **at)
{
    if (w->count >= OPEN_MAX)
        return fail(w, "too many others are open");
    struct h2k_xlog_trans *t = take(w, NULL, 0, sizeof(*t));
    if (t == NULL)
        return -1;
    *t = (struct h2k_xlog_trans){ .tid = tid, .lsn = w->lsn };
    *at = t;
    w->count++;
    return 0;
}

/* ---- Items and their regions ---- */

static int
add_item(struct walk *w, struct h2k_xlog_trans *t, struct h2k_view first)
{
    uint32_t total = h2k_view_le16(first, H2K_XLOG_ITEM_REGIONS);
    if (first.size < 4 || total == 0 || total > REGIONS_MAX)
        return fail(w, "an item has no regions, or too many");
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 16 : t->capacity * 2;
        struct h2k_xlog_item *items =
            take(w, t->items, t->capacity * sizeof(*items),
                 capacity * sizeof(*items));
        if (items == NULL)
            return -1;
        t->items = items;
        t->capacity = capacity;
    }
    struct h2k_xlog_item item = {
        .type = h2k_view_le16(first, H2K_XLOG_ITEM_TYPE),
        .total = total,
    };
    item.regions = take(w, NULL, 0, total * sizeof(*item.regions));
    if (item.regions == NULL)
        return -1;
    t->items[t->count++] = item;
    return 0;
}

static int
add_region(struct walk *w, struct h2k_xlog_trans *t, struct h2k_view piece)
{
    struct h2k_xlog_item *item = t->count > 0 ? &t->items[t->count - 1] : NULL;
    if (item == NULL || item->count == item->total) {
        if (add_item(w, t, piece) < 0)
            return -1;
        item = &t->items[t->count - 1];
    }
    struct h2k_xlog_region region = { .size = (uint32_t)piece.size };
    region.data = take(w, NULL, 0, region.size);
    if (region.data == NULL)
        return -1;
    memcpy(region.data, piece.data, region.size);
    item->regions[item->count++] = region;
    return 0;
}

/* More of the region that the record before ended in. */
static int
continue_region(struct walk *w, struct h2k_xlog_trans *t,
                struct h2k_view piece)
{
    struct h2k_xlog_item *item = t->count > 0 ? &t->items[t->count - 1] : NULL;
    if (item == NULL || item->count == 0)
        return fail(w, "a region goes on that never began");
    struct h2k_xlog_region *region = &item->regions[item->count - 1];
    uint32_t size = 0;
    if (ckd_add(&size, region->size, piece.size))
        return fail(w, "a region is too long");
    uint8_t *data = take(w, region->data, region->size, size);
    if (data == NULL)
        return -1;
    memcpy(data + region->size, piece.data, piece.size);
    region->data = data;
    region->size = size;
    return 0;
}

/* Before all items, in one piece or two. */
static int
add_header(struct walk *w, struct h2k_xlog_trans *t, struct h2k_view piece)
{
    if (piece.size > sizeof(t->header) - t->header_size)
        return fail(w, "its header is too long");
    memcpy(t->header + t->header_size, piece.data, piece.size);
    t->header_size += (uint32_t)piece.size;
    if (t->header_size >= 4 && h2k_get_le32(t->header) != TRANS_MAGIC)
        return fail(w, "its header is damaged");
    return 0;
}

static int
add(struct walk *w, struct h2k_xlog_trans *t, struct h2k_view piece,
    bool continued)
{
    if (piece.size == 0)
        return 0;
    if (t->header_size < sizeof(t->header))
        return add_header(w, t, piece);
    return continued ? continue_region(w, t, piece) : add_region(w, t, piece);
}

/* ---- Operations ---- */

static int
commit(struct walk *w, struct h2k_xlog_trans **at)
{
    struct h2k_xlog_trans *t = *at;
    const struct h2k_xlog_item *last =
        t->count > 0 ? &t->items[t->count - 1] : NULL;
    if (last != NULL && last->count != last->total)
        return fail(w, "it is committed without its last regions");
    int rc = w->fn(w->opaque, t);
    *at = t->next;
    w->count--;
    trans_free(w, t);
    return rc;
}

/* Pieces of a transaction that began before the tail say nothing: all of it
 * is in its place. */
static int
operation(struct walk *w, uint32_t tid, uint8_t flags, struct h2k_view piece)
{
    struct h2k_xlog_trans **at = find(w, tid);
    flags &= (uint8_t)~H2K_XLOG_OP_END;
    if ((flags & H2K_XLOG_OP_WAS_CONT) != 0)
        flags &= (uint8_t)~H2K_XLOG_OP_CONTINUE;
    if (*at == NULL)
        return (flags & H2K_XLOG_OP_START) != 0 ? start(w, tid, at) : 0;
    switch (flags) {
    case H2K_XLOG_OP_COMMIT:
        return commit(w, at);
    case 0:
    case H2K_XLOG_OP_CONTINUE:
        return add(w, *at, piece, false);
    case H2K_XLOG_OP_WAS_CONT:
        return add(w, *at, piece, true);
    case H2K_XLOG_OP_UNMOUNT:
        return 0;
    default: /* one that begins twice, too */
        return fail(w, "an operation has flags that it cannot have");
    }
}

static int
record(struct walk *w, const struct h2k_xlog_record *r)
{
    struct h2k_view v = r->data;
    uint64_t at = 0;
    if (r->format != H2K_XLOG_LITTLE_ENDIAN)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "it was written by a big-endian machine");
    w->lsn = r->lsn;
    for (uint32_t i = 0; i < r->ops && at < v.size; i++) {
        struct h2k_view piece;
        uint32_t tid = h2k_view_be32(v, at);
        uint32_t length = h2k_view_be32(v, at + 4);
        uint8_t client = h2k_view_u8(v, at + 8);
        uint8_t flags = h2k_view_u8(v, at + 9);
        if (client != CLIENT_TRANSACTION && client != CLIENT_LOG)
            return fail(w, "an operation has an unknown client");
        if (!h2k_view_slice(v, at + H2K_XLOG_OP_SIZE, length, &piece))
            return fail(w, "an operation is longer than its record");
        if (operation(w, tid, flags, piece) < 0)
            return -1;
        at += H2K_XLOG_OP_SIZE + length;
    }
    return 0;
}

static int
records(struct walk *w)
{
    struct h2k_xlog *log = w->log;
    for (uint32_t at = log->tail; at != log->head;) {
        struct h2k_xlog_record r;
        const char *damage = NULL;
        uint32_t room = h2k_xlog_distance(log, at, log->head);
        if (h2k_check_interrupt() < 0 ||
            h2k_xlog_record_read(log, at, room, &r, &damage) < 0)
            return -1;
        if (damage != NULL)
            return fail(w, damage);
        if (record(w, &r) < 0)
            return -1;
        at = h2k_xlog_forward(log, at, r.sectors);
    }
    return 0;
}

int
h2k_xlog_walk(struct h2k_xlog *log, h2k_xlog_trans_fn fn, void *opaque)
{
    struct walk *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    w->log = log;
    w->fn = fn;
    w->opaque = opaque;
    w->limit = MEMORY_MIN + (uint64_t)log->sectors * H2K_XLOG_SECTOR;
    int rc = records(w);
    for (uint32_t i = 0; i < BUCKETS; i++)
        while (w->open[i] != NULL) {
            struct h2k_xlog_trans *next = w->open[i]->next;
            trans_free(w, w->open[i]);
            w->open[i] = next;
        }
    free(w);
    return rc;
}
