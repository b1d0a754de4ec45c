/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * From a checked group to blocks.
 *
 * Which leg of a mirror is read: dm-mirror's first, which its recovery
 * copies from.  Of raid1, the first that is in sync by the superblocks that
 * dm-raid keeps at the start of each leg's metadata volume (Linux,
 * Documentation/admin-guide/device-mapper/dm-raid.rst, and the struct
 * dm_raid_superblock), numbers little-endian:
 *
 *    0  u32  "DmRd"
 *   16  u64  events: counts the array's changes
 *   24  u64  one bit for each leg that has failed
 *   32  u64  how far this leg was rebuilt; all ones when it is whole
 *
 * Writes go to all legs, those out of sync too: what is copied over them
 * later is the same.
 */
#include "volume/lvm/volume.h"

#include "base/error.h"
#include "base/view.h"
#include "volume/lvm/block.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SUPER_SIZE 512
#define NO_PART SIZE_MAX

/* A volume while it is made. */
struct making {
    struct h2k_lvm_maker *maker;
    const struct h2k_lvm_logical *logical;
    struct h2k_lvm_made *made;
    bool writable;
};

__attribute__((format(printf, 2, 3))) static void
forbid_writing(struct making *m, const char *format, ...)
{
    va_list ap;
    m->writable = false;
    if (m->made->problem[0] != '\0')
        return;
    va_start(ap, format);
    vsnprintf(m->made->problem, sizeof(m->made->problem), format, ap);
    va_end(ap);
}

/* The block that LEG lies on into *OUT; NULL with the error set for why it
 * cannot be read.  -1 only when nothing can go on. */
static int
leg_block(struct making *m, const struct h2k_lvm_leg *leg,
          struct h2k_block **out)
{
    const struct h2k_lvm_group *group = m->maker->group;
    *out = NULL;
    if (!leg->on_volume) {
        *out = m->maker->physical[leg->index];
        if (*out == NULL)
            h2k_fail(H2K_E_NOENT, "physical volume %s is missing",
                     group->physical[leg->index].id);
        return 0;
    }
    if (h2k_lvm_make(m->maker, leg->index) < 0)
        return -1;
    const struct h2k_lvm_made *inner = &m->maker->made[leg->index];
    *out = inner->block;
    if (inner->open)
        h2k_fail(H2K_E_CORRUPT, "%s is made of itself",
                 group->logical[leg->index].name);
    else if (*out == NULL)
        h2k_fail(inner->foreign ? H2K_E_UNSUPPORTED : H2K_E_NOENT, "%s",
                 inner->problem);
    else if (!h2k_block_writable(*out))
        forbid_writing(m, "%s", inner->problem);
    return 0;
}

/* What dm-raid says of one leg. */
struct super {
    bool there;
    uint64_t events, failed, rebuilt;
};

static int
read_super(struct making *m, const struct h2k_lvm_leg *leg,
           struct super *super)
{
    uint8_t bytes[SUPER_SIZE];
    struct h2k_view v = h2k_view_of(bytes, sizeof(bytes));
    *super = (struct super){ 0 };
    if (h2k_lvm_make(m->maker, (uint32_t)leg->meta) < 0)
        return -1;
    struct h2k_block *block = m->maker->made[leg->meta].block;
    if (block == NULL || h2k_block_size(block) < sizeof(bytes))
        return 0;
    if (h2k_block_pread(block, bytes, sizeof(bytes), 0) < 0)
        return -1;
    *super = (struct super){
        .there = h2k_view_equal(v, 0, "DmRd", 4),
        .events = h2k_view_le64(v, 16),
        .failed = h2k_view_le64(v, 24),
        .rebuilt = h2k_view_le64(v, 32),
    };
    return 0;
}

/* Whether leg I is in sync, as FRESH, the newest superblock, and its own
 * say.  Without any the array was never run, and all legs begin equal. */
static bool
is_in_sync(const struct super *own, const struct super *fresh, size_t i)
{
    if (!fresh->there)
        return true;
    bool failed = i < 64 && ((fresh->failed >> i) & 1) != 0;
    return own->there && !failed && own->rebuilt == UINT64_MAX &&
           fresh->events - own->events <= 1;
}

/* The leg of SEGMENT, a mirror, that is read.  NO_PART: none. */
static int
choose_leg(struct making *m, const struct h2k_lvm_segment *segment,
           const struct h2k_lvm_piece *piece, size_t *out)
{
    const struct h2k_lvm_group *group = m->maker->group;
    struct super fresh = { 0 };
    *out = NO_PART;
    if (segment->layout == H2K_LVM_MIRROR) {
        *out = piece->parts[0].block != NULL ? 0 : NO_PART;
        return 0;
    }
    h2k_autofree struct super *supers =
        calloc(segment->leg_count, sizeof(*supers));
    if (supers == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < segment->leg_count; i++) {
        if (read_super(m, &segment->legs[i], &supers[i]) < 0)
            return -1;
        if (supers[i].there &&
            (!fresh.there || supers[i].events > fresh.events))
            fresh = supers[i];
    }
    for (size_t i = 0; i < segment->leg_count && *out == NO_PART; i++) {
        const struct h2k_lvm_leg *leg = &segment->legs[i];
        bool rebuild = leg->on_volume && group->logical[leg->index].rebuild;
        if (piece->parts[i].block != NULL && !rebuild &&
            is_in_sync(&supers[i], &fresh, i))
            *out = i;
    }
    return 0;
}

static int
make_mirror(struct making *m, const struct h2k_lvm_segment *segment,
            struct h2k_lvm_piece *piece)
{
    for (size_t i = 0; i < piece->part_count; i++)
        if (piece->parts[i].block == NULL)
            forbid_writing(m, "a leg of %s is missing, so it is not written",
                           m->logical->name);
    if (choose_leg(m, segment, piece, &piece->source) < 0)
        return -1;
    if (piece->source == NO_PART)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "no leg of %s that is there is in sync",
                        m->logical->name);
    return 0;
}

static int
make_piece(struct making *m, const struct h2k_lvm_segment *segment,
           struct h2k_lvm_piece *piece)
{
    uint64_t size = m->maker->group->extent_size;
    if (segment->layout == H2K_LVM_OTHER)
        return h2k_fail(H2K_E_UNSUPPORTED, "LVM's \"%.40s\" is not read yet",
                        segment->type);
    piece->begin = segment->start * size;
    piece->length = segment->count * size;
    piece->stripe = segment->stripe;
    piece->mirrored = segment->layout != H2K_LVM_STRIPED;
    piece->parts = calloc(segment->leg_count, sizeof(*piece->parts));
    if (piece->parts == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    piece->part_count = segment->leg_count;
    for (size_t i = 0; i < segment->leg_count; i++) {
        struct h2k_block *block;
        if (leg_block(m, &segment->legs[i], &block) < 0)
            return -1;
        if (block == NULL && !piece->mirrored)
            return -1;
        piece->parts[i].offset = segment->legs[i].extent * size;
        piece->parts[i].block = block == NULL ? NULL : h2k_block_ref(block);
        if (block != NULL && !h2k_block_writable(block))
            m->writable = false;
    }
    return piece->mirrored ? make_mirror(m, segment, piece) : 0;
}

static int
make_volume(struct making *m)
{
    const struct h2k_lvm_logical *l = m->logical;
    H2K_AUTO(h2k_lvm_map) map = calloc(1, sizeof(*map));
    if (map == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    map->pieces = calloc(l->segment_count, sizeof(*map->pieces));
    if (map->pieces == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (l->merging)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "snapshot %.100s is being merged into it",
                        l->snapshot);
    if (l->snapshot != NULL)
        forbid_writing(m,
                       "snapshot %.100s needs its content, so it is not "
                       "written",
                       l->snapshot);
    if (!l->writable)
        forbid_writing(m, "it is read-only");
    for (size_t i = 0; i < l->segment_count; i++) {
        map->count++;
        if (make_piece(m, &l->segments[i], &map->pieces[i]) < 0)
            return -1;
    }
    m->made->block = h2k_lvm_block_new(h2k_steal(map), m->writable);
    return m->made->block == NULL ? -1 : 0;
}

int
h2k_lvm_make(struct h2k_lvm_maker *maker, uint32_t index)
{
    struct h2k_lvm_made *made = &maker->made[index];
    struct making m = { .maker = maker,
                        .logical = &maker->group->logical[index],
                        .made = made,
                        .writable = true };
    if (made->tried)
        return 0;
    made->tried = true;
    if (maker->layer == H2K_LVM_LAYERS_MAX) {
        snprintf(made->problem, sizeof(made->problem),
                 "%.100s is under too many others", m.logical->name);
        return 0;
    }
    maker->layer++;
    made->open = true;
    int rc = make_volume(&m);
    made->open = false;
    maker->layer--;
    if (rc == 0)
        return 0;
    if (!h2k_error_is_content())
        return -1;
    snprintf(made->problem, sizeof(made->problem), "%s", h2k_errmsg());
    made->foreign = h2k_errcode() == H2K_E_UNSUPPORTED;
    return 0;
}
