/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Where the log begins and ends ("Journaling Log").
 *
 * Every sector begins with the cycle that it was written in, a record's
 * header behind its magic.  The ring is written through and through: what is
 * before the head is of the current cycle and what is behind it of the last,
 * or zero.  Up to eight buffers may have been on their way to the disk when
 * it was cut off, and have arrived in any order, in part or not at all: what
 * is just before the head is looked at closely, and everything from the
 * first hole on was never written, as far as anyone could know.
 */
#include "base/error.h"
#include "base/interrupt.h"
#include "fs/xfs/log.h"

/* A scan reads this many sectors at once, into log->data. */
#define PIECE (H2K_XLOG_RECORD_MAX / H2K_XLOG_SECTOR)

static int
fail(const char *what)
{
    return h2k_fail(H2K_E_CORRUPT, "%s; run xfs_repair on it first", what);
}

static uint32_t
cycle_of(const uint8_t *sector)
{
    uint32_t word = h2k_get_be32(sector);
    return word == H2K_XLOG_MAGIC ? h2k_get_be32(sector + H2K_XLOG_H_CYCLE)
                                  : word;
}

static int
read_cycle(struct h2k_xlog *log, uint32_t sector, uint32_t *cycle)
{
    uint8_t bytes[H2K_XLOG_SECTOR];
    if (h2k_xlog_read(log, sector, 1, bytes) < 0)
        return -1;
    *cycle = cycle_of(bytes);
    return 0;
}

/* What a scan looks for: a header, or a sector of CYCLE. */
struct wanted {
    bool header;
    uint32_t cycle;
};

static bool
is_wanted(const struct wanted *w, const uint8_t *sector)
{
    return w->header ? h2k_get_be32(sector) == H2K_XLOG_MAGIC
                     : cycle_of(sector) == w->cycle;
}

/* The first sector of COUNT from FROM on that is wanted: 1, or 0 where none
 * is. */
static int
scan_forward(struct h2k_xlog *log, uint32_t from, uint32_t count,
             const struct wanted *w, uint32_t *found)
{
    for (uint32_t done = 0; done < count;) {
        uint32_t some = (uint32_t)h2k_min_u64(PIECE, count - done);
        uint32_t at = h2k_xlog_forward(log, from, done);
        if (h2k_xlog_read(log, at, some, log->data) < 0)
            return -1;
        for (uint32_t i = 0; i < some; i++)
            if (is_wanted(w, log->data + (size_t)i * H2K_XLOG_SECTOR)) {
                *found = h2k_xlog_forward(log, at, i);
                return 1;
            }
        done += some;
    }
    return 0;
}

/* The last header in the COUNT sectors before END. */
static int
scan_back(struct h2k_xlog *log, uint32_t end, uint32_t count, uint32_t *found)
{
    for (uint32_t done = 0; done < count;) {
        uint32_t some = (uint32_t)h2k_min_u64(PIECE, count - done);
        uint32_t at = h2k_xlog_forward(log, end, log->sectors - done - some);
        if (h2k_xlog_read(log, at, some, log->data) < 0)
            return -1;
        for (uint32_t i = some; i-- > 0;)
            if (h2k_get_be32(log->data + (size_t)i * H2K_XLOG_SECTOR) ==
                H2K_XLOG_MAGIC) {
                *found = h2k_xlog_forward(log, at, i);
                return 1;
            }
        done += some;
    }
    return 0;
}

/* The first sector of the cycle that the last one has, where the first one
 * has another. */
static int
bisect(struct h2k_xlog *log, uint32_t last_cycle, uint32_t *first)
{
    uint32_t low = 0, high = log->sectors - 1;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2, cycle = 0;
        if (read_cycle(log, middle, &cycle) < 0)
            return -1;
        if (cycle == last_cycle)
            high = middle;
        else
            low = middle;
    }
    *first = high;
    return 0;
}

/* Something of an older cycle shortly before the head is a buffer that never
 * arrived: the log ends there.  OLDER is the cycle of what is behind the
 * head, and one less before the ring's beginning. */
static int
step_over_holes(struct h2k_xlog *log, uint32_t older)
{
    uint32_t window = (uint32_t)h2k_min_u64(H2K_XLOG_IN_FLIGHT, log->sectors);
    uint32_t before = log->head < window ? window - log->head : 0;
    struct wanted w = { .cycle = older - 1 };
    int rc = 0;
    if (before > 0 && older > 0)
        rc = scan_forward(log, log->sectors - before, before, &w, &log->head);
    if (rc != 0)
        return rc;
    w.cycle = older;
    uint32_t from = before > 0 ? 0 : log->head - window;
    return scan_forward(log, from, log->head - from, &w, &log->head);
}

/* The record that ends at the head, or in whose middle the head is: then
 * that one was not written in whole, and the head is its beginning. */
static int
step_to_record(struct h2k_xlog *log)
{
    struct h2k_xlog_record r;
    uint8_t header[H2K_XLOG_SECTOR];
    uint32_t window =
        (uint32_t)h2k_min_u64(H2K_XLOG_RECORD_SECTORS + 1, log->sectors);
    uint32_t at = 0;
    int rc = scan_back(log, log->head % log->sectors, window, &at);
    if (rc < 0 || (rc > 0 && h2k_xlog_read(log, at, 1, header) < 0))
        return -1;
    if (rc == 0)
        return fail("there is no record where the log should end");
    const char *damage = h2k_xlog_header_parse(log, header, at, &r);
    if (damage != NULL ||
        h2k_xlog_forward(log, at, r.sectors) != log->head % log->sectors)
        log->head = at;
    return 0;
}

/* 1, or 0 for a log that nothing was ever written to. */
static int
find_head(struct h2k_xlog *log)
{
    uint32_t first = 0, last = 0, older = 0;
    if (read_cycle(log, 0, &first) < 0 ||
        read_cycle(log, log->sectors - 1, &last) < 0)
        return -1;
    if (first == 0)
        return 0;
    if (first == last) {
        log->head = log->sectors;
        older = last - 1;
    } else {
        older = last;
        if (bisect(log, last, &log->head) < 0)
            return -1;
    }
    if (step_over_holes(log, older) < 0 || step_to_record(log) < 0)
        return -1;
    log->head %= log->sectors;
    return 1;
}

/* The tail that record R names, checked against the head. */
static int
set_tail(struct h2k_xlog *log, const struct h2k_xlog_record *r)
{
    uint32_t cycle = (uint32_t)(r->tail_lsn >> 32);
    uint32_t tail = (uint32_t)r->tail_lsn;
    if (tail >= log->sectors ||
        !((cycle == log->cycle && tail <= log->head) ||
          (cycle + 1 == log->cycle && tail >= log->head)))
        return fail("the log's last record says that it begins nowhere");
    log->tail = tail;
    return 0;
}

/* The last record before the head, and what it says of the log.  An unmount
 * record leaves nothing to replay. */
static int
look_at_last(struct h2k_xlog *log)
{
    struct h2k_xlog_record r;
    uint8_t header[H2K_XLOG_SECTOR];
    uint32_t window =
        (uint32_t)h2k_min_u64(H2K_XLOG_RECORD_SECTORS + 1, log->sectors);
    bool unmounts = false;
    int rc = scan_back(log, log->head, window, &log->last);
    if (rc < 0 || (rc > 0 && h2k_xlog_read(log, log->last, 1, header) < 0))
        return -1;
    const char *damage =
        rc == 0 ? "there is no record before the log's end"
                : h2k_xlog_header_parse(log, header, log->last, &r);
    if (damage != NULL)
        return fail(damage);
    log->cycle = r.cycle + (log->last >= log->head ? 1 : 0);
    if (h2k_xlog_forward(log, r.at, r.sectors) == log->head &&
        h2k_xlog_record_unmounts(log, &r, &unmounts) < 0)
        return -1;
    if (!unmounts)
        return set_tail(log, &r);
    log->tail = log->head;
    return 0;
}

/* The record up to eight before the head, not before the tail. */
static int
back_in_flight(struct h2k_xlog *log, uint32_t *first)
{
    uint32_t room = h2k_xlog_distance(log, log->tail, log->head);
    uint32_t at = log->head;
    *first = log->last;
    for (unsigned i = 0; i < H2K_XLOG_BUFFERS && room > 0; i++) {
        uint32_t found = 0;
        int rc = scan_back(log, at, room, &found);
        if (rc <= 0)
            return rc;
        room -= h2k_xlog_distance(log, found, at);
        at = *first = found;
    }
    return 0;
}

/* The head goes back to the first of the last records that is damaged. */
static int
trim_head(struct h2k_xlog *log)
{
    struct h2k_xlog_record r;
    const char *damage = NULL;
    uint32_t at = 0;
    if (back_in_flight(log, &at) < 0)
        return -1;
    while (at != log->head) {
        if (h2k_xlog_record_read(log, at,
                                 h2k_xlog_distance(log, at, log->head), &r,
                                 &damage) < 0)
            return -1;
        if (damage != NULL) {
            log->head = at;
            return look_at_last(log);
        }
        at = h2k_xlog_forward(log, at, r.sectors);
    }
    return 0;
}

/* All of it holds; but what was on its way when the ring was nearly full may
 * have come to lie over the oldest records, which nothing needed any more:
 * the tail steps over those. */
static int
trim_tail(struct h2k_xlog *log)
{
    const struct wanted header = { .header = true };
    for (uint32_t at = log->tail; at != log->head;) {
        struct h2k_xlog_record r;
        const char *damage = NULL;
        uint32_t room = h2k_xlog_distance(log, at, log->head);
        if (h2k_check_interrupt() < 0 ||
            h2k_xlog_record_read(log, at, room, &r, &damage) < 0)
            return -1;
        if (damage == NULL) {
            at = h2k_xlog_forward(log, at, r.sectors);
            continue;
        }
        if (h2k_xlog_distance(log, log->head, at) > H2K_XLOG_IN_FLIGHT)
            return fail(damage);
        int rc = scan_forward(log, h2k_xlog_forward(log, at, 1), room - 1,
                              &header, &at);
        if (rc < 0)
            return -1;
        if (rc == 0)
            return fail("there is no record between the log's ends");
        log->tail = at;
    }
    return 0;
}

int
h2k_xlog_find(struct h2k_xlog *log)
{
    log->head = log->tail = log->last = 0;
    log->cycle = 1;
    int rc = find_head(log);
    if (rc <= 0)
        return rc;
    if (look_at_last(log) < 0)
        return -1;
    if (log->tail != log->head && trim_head(log) < 0)
        return -1;
    return log->tail == log->head ? 0 : trim_tail(log);
}
