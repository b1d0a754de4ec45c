/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names in directories: making them, and taking them away. */
#include "fs/vfat/vfat.h"

#include "base/checked.h"
#include "base/clock.h"
#include "base/error.h"
#include "fs/vfat/name.h"

#include <string.h>

#define FREE_SLOT 0xe5

/* Slot SLOT of DIR becomes RAW, in memory and in the volume. */
static int
put_slot(struct h2k_vfat *v, struct h2k_vfat_dir *dir, uint32_t slot,
         const uint8_t *raw)
{
    memcpy(dir->bytes + (size_t)slot * H2K_VFAT_ENTRY, raw, H2K_VFAT_ENTRY);
    return h2k_vfat_pwrite(v, raw, H2K_VFAT_ENTRY,
                           h2k_vfat_dir_place(v, dir, slot));
}

/* ---- Short names ---- */

static const uint8_t *
slot_bytes(const struct h2k_vfat_dir *dir, uint32_t slot)
{
    return dir->bytes + (size_t)slot * H2K_VFAT_ENTRY;
}

static bool
is_short_entry(const uint8_t *raw)
{
    return raw[0] != FREE_SLOT &&
           (raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_LONG_NAME_MASK) !=
               H2K_VFAT_LONG_NAME;
}

/* A short name for NAME that DIR has not: the basis itself, or the least
 * tail that is free.  The tails in use are found in one pass, whatever a
 * directory is filled with. */
static int
choose_short(const struct h2k_vfat_dir *dir, const char *name,
             uint8_t chosen[H2K_VFAT_SHORT], enum h2k_vfat_fit *fit)
{
    uint8_t basis[H2K_VFAT_SHORT];
    bool basis_taken = false;
    *fit = h2k_vfat_basis(name, basis);
    h2k_autofree bool *taken = calloc(H2K_VFAT_DIR_MAX + 2, sizeof(*taken));
    if (taken == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint32_t i = 0; i < dir->slots; i++) {
        const uint8_t *raw = slot_bytes(dir, i);
        if (raw[0] == 0)
            break;
        if (!is_short_entry(raw))
            continue;
        basis_taken |= memcmp(raw, basis, H2K_VFAT_SHORT) == 0;
        uint32_t number = h2k_vfat_tail_of(raw);
        if (number == 0 || number > H2K_VFAT_DIR_MAX)
            continue;
        h2k_vfat_tail(basis, number, chosen);
        if (memcmp(raw, chosen, H2K_VFAT_SHORT) == 0)
            taken[number] = true;
    }
    memcpy(chosen, basis, H2K_VFAT_SHORT);
    if (*fit != H2K_VFAT_FIT_TAIL && !basis_taken)
        return 0;
    uint32_t number = 1;
    while (taken[number]) /* there are fewer entries than numbers */
        number++;
    h2k_vfat_tail(basis, number, chosen);
    *fit = H2K_VFAT_FIT_TAIL;
    return 0;
}

/* ---- Room ---- */

/* The first of COUNT slots in a row that are free, or would be if the
 * directory were longer.  *END is where its entries end. */
static uint32_t
find_room(const struct h2k_vfat_dir *dir, uint32_t count, uint32_t *end)
{
    uint32_t run = 0, at = 0;
    for (; at < dir->slots && slot_bytes(dir, at)[0] != 0; at++) {
        run = slot_bytes(dir, at)[0] == FREE_SLOT ? run + 1 : 0;
        if (run == count) {
            *end = dir->slots;
            return at + 1 - count;
        }
    }
    *end = at;
    return at - run;
}

/* So many clusters must DIR get for slots up to SLOTS; fails where it cannot
 * have them. */
static int
growth(struct h2k_vfat *v, const struct h2k_vfat_dir *dir, uint32_t slots,
       uint32_t *clusters)
{
    uint32_t per_cluster = v->shape.cluster_size / H2K_VFAT_ENTRY;
    *clusters = 0;
    if (slots <= dir->slots)
        return 0;
    if (dir->first == 0)
        return h2k_fail(H2K_E_NOSPACE,
                        "the root directory is full, with %u entries",
                        dir->slots);
    if (slots > H2K_VFAT_DIR_MAX)
        return h2k_fail(H2K_E_NOSPACE, "the directory is full");
    *clusters = (uint32_t)h2k_div_up(slots - dir->slots, per_cluster);
    return 0;
}

/* DIR gets COUNT more clusters, empty. */
static int
grow(struct h2k_vfat *v, struct h2k_vfat_dir *dir, uint32_t count)
{
    uint64_t size = v->shape.cluster_size;
    uint64_t all = dir->cluster_count + (uint64_t)count;
    uint32_t last = dir->clusters[dir->cluster_count - 1], cluster = 0;
    uint8_t *bytes = realloc(dir->bytes, all * size);
    if (bytes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    dir->bytes = bytes;
    uint32_t *clusters = realloc(dir->clusters, all * sizeof(*clusters));
    if (clusters == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    dir->clusters = clusters;
    for (uint32_t i = 0; i < count; i++) {
        if (h2k_vfat_allocate(v, last, 1, &cluster) < 0 ||
            h2k_vfat_zero(v, h2k_vfat_place(v, cluster), size) < 0)
            return -1;
        memset(dir->bytes + dir->cluster_count * size, 0, size);
        clusters[dir->cluster_count++] = cluster;
        dir->slots += (uint32_t)(size / H2K_VFAT_ENTRY);
        last = cluster;
    }
    return 0;
}

/* ---- Adding ---- */

/* An addition that has been thought out, and will not fail for want of
 * room. */
struct addition {
    uint16_t units[H2K_VFAT_UNITS_MAX];
    size_t unit_count;
    uint8_t short_name[H2K_VFAT_SHORT];
    uint32_t pieces, slot, end, clusters;
};

/* EXTRA: clusters that will be needed besides. */
static int
plan(struct h2k_vfat *v, const struct h2k_vfat_dir *dir, const char *name,
     uint32_t extra, struct addition *a)
{
    enum h2k_vfat_fit fit;
    *a = (struct addition){ .unit_count = 0 };
    if (h2k_vfat_check_name(name) < 0 ||
        choose_short(dir, name, a->short_name, &fit) < 0)
        return -1;
    a->unit_count = h2k_vfat_to_utf16(name, a->units);
    if (fit != H2K_VFAT_FIT_EXACT)
        a->pieces = (uint32_t)h2k_div_up(a->unit_count, H2K_VFAT_PIECE);
    a->slot = find_room(dir, a->pieces + 1, &a->end);
    if (growth(v, dir, a->slot + a->pieces + 1, &a->clusters) < 0)
        return -1;
    return h2k_vfat_need(v, (uint64_t)a->clusters + extra);
}

/* Put the planned name into DIR for what RAW describes; *INO is its place. */
static int
add_planned(struct h2k_vfat *v, struct h2k_vfat_dir *dir,
            const struct addition *a, uint8_t *raw, h2k_ino *ino)
{
    static const uint8_t nothing[H2K_VFAT_ENTRY];
    uint32_t slot = a->slot;
    uint8_t sum = h2k_vfat_checksum(a->short_name);
    if (a->clusters > 0 && grow(v, dir, a->clusters) < 0)
        return v->broken = true, -1;
    for (unsigned i = a->pieces; i > 0; i--) {
        uint8_t piece[H2K_VFAT_ENTRY];
        h2k_vfat_put_piece(piece, a->units, a->unit_count, i, sum);
        if (put_slot(v, dir, slot++, piece) < 0)
            return -1;
    }
    memcpy(raw, a->short_name, H2K_VFAT_SHORT);
    raw[H2K_VFAT_CASE] = 0;
    if (put_slot(v, dir, slot, raw) < 0)
        return -1;
    *ino = h2k_vfat_dir_place(v, dir, slot++) / H2K_VFAT_ENTRY;
    /* What is behind the end may be anything, and must not come to life. */
    if (slot > a->end && slot < dir->slots && slot_bytes(dir, slot)[0] != 0)
        return put_slot(v, dir, slot, nothing);
    return 0;
}

static void
new_entry(uint8_t raw[H2K_VFAT_ENTRY], uint8_t attributes, uint32_t first)
{
    uint32_t now = h2k_vfat_pack_time(h2k_clock_now());
    memset(raw, 0, H2K_VFAT_ENTRY);
    raw[H2K_VFAT_ATTRIBUTES] = attributes;
    h2k_put_le32(raw + H2K_VFAT_CREATED + 1, now);
    h2k_put_le16(raw + H2K_VFAT_ACCESSED, (uint16_t)(now >> 16));
    h2k_put_le32(raw + H2K_VFAT_WRITTEN, now);
    h2k_vfat_entry_set_first(raw, first);
}

int
h2k_vfat_create(void *state, h2k_ino dir_ino, const char *name, uint32_t mode,
                h2k_ino *out)
{
    struct h2k_vfat *v = state;
    struct addition a;
    uint8_t raw[H2K_VFAT_ENTRY], attributes = H2K_VFAT_ARCHIVE;
    H2K_AUTO(h2k_vfat_dir) dir = NULL;
    if ((mode & 0222) == 0)
        attributes |= H2K_VFAT_READ_ONLY;
    if (h2k_vfat_begin_write(v) < 0 ||
        h2k_vfat_dir_open(v, dir_ino, &dir) < 0 ||
        plan(v, dir, name, 0, &a) < 0)
        return h2k_prefix("vfat: ");
    new_entry(raw, attributes, 0);
    if (add_planned(v, dir, &a, raw, out) < 0)
        return h2k_prefix("vfat: ");
    return h2k_vfat_touch(v, dir_ino);
}

/* "." and ".." of a directory at CLUSTER, in an otherwise empty one. */
static int
put_dots(struct h2k_vfat *v, uint32_t cluster,
         const struct h2k_vfat_dir *parent)
{
    uint8_t dots[2 * H2K_VFAT_ENTRY];
    uint64_t where = h2k_vfat_place(v, cluster);
    new_entry(dots, H2K_VFAT_DIRECTORY, cluster);
    new_entry(dots + H2K_VFAT_ENTRY, H2K_VFAT_DIRECTORY,
              parent->root ? 0 : parent->first);
    memcpy(dots, ".          ", H2K_VFAT_SHORT);
    memcpy(dots + H2K_VFAT_ENTRY, "..         ", H2K_VFAT_SHORT);
    if (h2k_vfat_zero(v, where, v->shape.cluster_size) < 0)
        return -1;
    return h2k_vfat_pwrite(v, dots, sizeof(dots), where);
}

int
h2k_vfat_mkdir(void *state, h2k_ino dir_ino, const char *name, uint32_t mode,
               h2k_ino *out)
{
    struct h2k_vfat *v = state;
    struct addition a;
    uint8_t raw[H2K_VFAT_ENTRY];
    uint32_t cluster = 0;
    H2K_AUTO(h2k_vfat_dir) dir = NULL;
    (void)mode; /* a directory's is that of the mount */
    if (h2k_vfat_begin_write(v) < 0 ||
        h2k_vfat_dir_open(v, dir_ino, &dir) < 0 ||
        plan(v, dir, name, 1, &a) < 0 ||
        h2k_vfat_allocate(v, 0, 1, &cluster) < 0)
        return h2k_prefix("vfat: ");
    new_entry(raw, H2K_VFAT_DIRECTORY, cluster);
    if (put_dots(v, cluster, dir) < 0 || add_planned(v, dir, &a, raw, out) < 0)
        return v->broken = true, h2k_prefix("vfat: ");
    return h2k_vfat_touch(v, dir_ino);
}

/* ---- Removing ---- */

/* The name alone: the chain stays. */
static int
remove_name(struct h2k_vfat *v, struct h2k_vfat_dir *dir,
            const struct h2k_vfat_entry *entry)
{
    for (uint32_t slot = entry->begin; slot <= entry->slot; slot++) {
        uint8_t raw[H2K_VFAT_ENTRY];
        memcpy(raw, slot_bytes(dir, slot), sizeof(raw));
        raw[0] = FREE_SLOT;
        if (put_slot(v, dir, slot, raw) < 0)
            return -1;
    }
    return 0;
}

int
h2k_vfat_unlink(void *state, h2k_ino dir_ino, const char *name)
{
    struct h2k_vfat *v = state;
    struct h2k_vfat_entry entry;
    H2K_AUTO(h2k_vfat_dir) dir = NULL;
    if (h2k_vfat_begin_write(v) < 0 ||
        h2k_vfat_dir_open(v, dir_ino, &dir) < 0 ||
        h2k_vfat_dir_find(dir, name, &entry) < 0 ||
        remove_name(v, dir, &entry) < 0 ||
        h2k_vfat_release(v, h2k_vfat_entry_first(v, entry.raw)) < 0)
        return h2k_prefix("vfat: ");
    return h2k_vfat_touch(v, dir_ino);
}

/* What FROM describes takes the place of TO, whose name and place in DIR
 * stay, and whose content goes.  Needs no room. */
static int
take_place(struct h2k_vfat *v, struct h2k_vfat_dir *dir,
           const struct h2k_vfat_entry *from, const struct h2k_vfat_entry *to)
{
    uint8_t raw[H2K_VFAT_ENTRY];
    memcpy(raw, from->raw, sizeof(raw));
    memcpy(raw, to->raw, H2K_VFAT_SHORT);
    raw[H2K_VFAT_CASE] = to->raw[H2K_VFAT_CASE];
    if (put_slot(v, dir, to->slot, raw) < 0)
        return -1;
    return h2k_vfat_release(v, h2k_vfat_entry_first(v, to->raw));
}

static int
rename_in(struct h2k_vfat *v, struct h2k_vfat_dir *from, const char *old_name,
          struct h2k_vfat_dir *to, const char *new_name)
{
    struct h2k_vfat_entry old, target;
    struct addition a;
    h2k_ino ino;
    if (h2k_vfat_dir_find(from, old_name, &old) < 0)
        return -1;
    if (h2k_vfat_dir_find(to, new_name, &target) == 0) {
        if (take_place(v, to, &old, &target) < 0)
            return -1;
    } else {
        uint8_t raw[H2K_VFAT_ENTRY];
        memcpy(raw, old.raw, sizeof(raw));
        if (plan(v, to, new_name, 0, &a) < 0 ||
            add_planned(v, to, &a, raw, &ino) < 0)
            return -1;
    }
    return remove_name(v, from, &old);
}

int
h2k_vfat_rename(void *state, h2k_ino old_dir, const char *old_name,
                h2k_ino new_dir, const char *new_name)
{
    struct h2k_vfat *v = state;
    H2K_AUTO(h2k_vfat_dir) from = NULL;
    H2K_AUTO(h2k_vfat_dir) other = NULL;
    if (h2k_vfat_begin_write(v) < 0 ||
        h2k_vfat_dir_open(v, old_dir, &from) < 0 ||
        /* One copy in memory of one directory. */
        (old_dir != new_dir && h2k_vfat_dir_open(v, new_dir, &other) < 0) ||
        rename_in(v, from, old_name, other != NULL ? other : from, new_name) <
            0 ||
        h2k_vfat_touch(v, old_dir) < 0)
        return h2k_prefix("vfat: ");
    return h2k_vfat_touch(v, new_dir);
}
