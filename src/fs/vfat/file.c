/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Short entries by their place, and the content of files. */
#include "fs/vfat/vfat.h"

#include "base/checked.h"
#include "base/clock.h"
#include "base/error.h"
#include "fs/vfat/name.h"

#include <inttypes.h>
#include <string.h>

/* ---- Entries ---- */

/* The place of INO, where the root directory or a cluster has an entry. */
static int
entry_place(const struct h2k_vfat *v, h2k_ino ino, uint64_t *where)
{
    const struct h2k_vfat_shape *s = &v->shape;
    uint64_t end = s->data_offset + (uint64_t)s->clusters * s->cluster_size;
    uint64_t root_end =
        s->root_offset + (uint64_t)s->root_entries * H2K_VFAT_ENTRY;
    if ((ino & H2K_VFAT_STRAY) != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "vfat: a directory that belongs to another; run "
                        "fsck.fat on it first");
    if (ckd_mul(where, ino, (uint64_t)H2K_VFAT_ENTRY) ||
        *where < s->root_offset || *where >= end ||
        (*where >= root_end && *where < s->data_offset))
        return h2k_fail(H2K_E_RANGE, "vfat: no entry %" PRIu64, ino);
    return 0;
}

int
h2k_vfat_entry_read(struct h2k_vfat *v, h2k_ino ino,
                    uint8_t raw[H2K_VFAT_ENTRY])
{
    uint64_t where;
    if (entry_place(v, ino, &where) < 0 ||
        h2k_block_pread(v->volume, raw, H2K_VFAT_ENTRY, where) < 0)
        return -1;
    if (raw[0] == 0 || raw[0] == 0xe5 ||
        (raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_LABEL) != 0)
        return h2k_fail(H2K_E_RANGE, "vfat: entry %" PRIu64 " is not in use",
                        ino);
    return 0;
}

int
h2k_vfat_entry_write(struct h2k_vfat *v, h2k_ino ino,
                     const uint8_t raw[H2K_VFAT_ENTRY])
{
    uint64_t where;
    if (entry_place(v, ino, &where) < 0 ||
        h2k_vfat_pwrite(v, raw, H2K_VFAT_ENTRY, where) < 0)
        return -1;
    /* It is in a directory, of which there may be a copy in memory. */
    h2k_vfat_dir_close(v->last);
    v->last = NULL;
    return 0;
}

uint32_t
h2k_vfat_entry_first(const struct h2k_vfat *v, const uint8_t *raw)
{
    uint32_t low = h2k_get_le16(raw + H2K_VFAT_FIRST_LOW);
    /* FAT12 and FAT16 keep other things in the upper half. */
    if (v->shape.bits != 32)
        return low;
    return (uint32_t)h2k_get_le16(raw + H2K_VFAT_FIRST_HIGH) << 16 | low;
}

void
h2k_vfat_entry_set_first(uint8_t *raw, uint32_t first)
{
    h2k_put_le16(raw + H2K_VFAT_FIRST_HIGH, (uint16_t)(first >> 16));
    h2k_put_le16(raw + H2K_VFAT_FIRST_LOW, (uint16_t)first);
}

/* Written now: its time, and the archive attribute of a file. */
static void
stamp(uint8_t *raw)
{
    uint32_t now = h2k_vfat_pack_time(h2k_clock_now());
    h2k_put_le32(raw + H2K_VFAT_WRITTEN, now);
    h2k_put_le16(raw + H2K_VFAT_ACCESSED, (uint16_t)(now >> 16));
    if ((raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_DIRECTORY) == 0)
        raw[H2K_VFAT_ATTRIBUTES] |= H2K_VFAT_ARCHIVE;
}

int
h2k_vfat_touch(struct h2k_vfat *v, h2k_ino ino)
{
    uint8_t raw[H2K_VFAT_ENTRY];
    if (ino == H2K_VFAT_ROOT) /* has no entry */
        return 0;
    if (h2k_vfat_entry_read(v, ino, raw) < 0)
        return -1;
    stamp(raw);
    return h2k_vfat_entry_write(v, ino, raw);
}

/* ---- Content ---- */

int
h2k_vfat_read(void *state, h2k_ino ino, void *buffer, size_t count,
              uint64_t offset)
{
    struct h2k_vfat *v = state;
    uint8_t raw[H2K_VFAT_ENTRY], *to = buffer;
    if (h2k_vfat_entry_read(v, ino, raw) < 0)
        return -1;
    uint32_t first = h2k_vfat_entry_first(v, raw);
    while (count > 0) {
        uint64_t where, run;
        if (h2k_vfat_map(v, first, offset, count, &where, &run) < 0)
            return h2k_prefix("vfat: ");
        if (h2k_block_pread(v->volume, to, (size_t)run, where) < 0)
            return -1;
        to += run;
        offset += run;
        count -= (size_t)run;
    }
    return 0;
}

/* [offset, end) of a chain becomes DATA, or zeros for NULL. */
static int
put(struct h2k_vfat *v, uint32_t first, const uint8_t *data, uint64_t offset,
    uint64_t end)
{
    while (offset < end) {
        uint64_t where, run;
        if (h2k_vfat_map(v, first, offset, end - offset, &where, &run) < 0)
            return -1;
        int rc = data == NULL ? h2k_vfat_zero(v, where, run)
                              : h2k_vfat_pwrite(v, data, (size_t)run, where);
        if (rc < 0)
            return -1;
        data = data == NULL ? NULL : data + run;
        offset += run;
    }
    return 0;
}

/* The file of RAW has clusters for SIZE bytes. */
static int
reserve(struct h2k_vfat *v, uint8_t *raw, uint64_t size)
{
    uint32_t first = h2k_vfat_entry_first(v, raw), last = 0, added = 0;
    uint64_t have =
        h2k_div_up(h2k_get_le32(raw + H2K_VFAT_SIZE), v->shape.cluster_size);
    uint64_t need = h2k_div_up(size, v->shape.cluster_size);
    if (size > H2K_VFAT_FILE_MAX)
        return h2k_fail(
            H2K_E_NOSPACE,
            "a file of %" PRIu64 " bytes: vfat has them up to 4 GiB", size);
    if (need <= have)
        return 0;
    if (have > 0 && h2k_vfat_nth(v, first, (uint32_t)have - 1, &last) < 0)
        return -1;
    if (h2k_vfat_allocate(v, last, (uint32_t)(need - have), &added) < 0)
        return -1;
    if (have == 0)
        h2k_vfat_entry_set_first(raw, added);
    return 0;
}

/* The file grows to END, new bytes zero but for DATA, which is COUNT bytes
 * up to END; so the rest of its last cluster is never shown. */
static int
extend(struct h2k_vfat *v, uint8_t *raw, const void *data, uint64_t offset,
       uint64_t end)
{
    uint64_t size = h2k_get_le32(raw + H2K_VFAT_SIZE);
    if (reserve(v, raw, h2k_max_u64(size, end)) < 0)
        return -1;
    uint32_t first = h2k_vfat_entry_first(v, raw);
    if ((offset > size && put(v, first, NULL, size, offset) < 0) ||
        put(v, first, data, offset, end) < 0)
        return v->broken = true, -1;
    h2k_put_le32(raw + H2K_VFAT_SIZE, (uint32_t)h2k_max_u64(size, end));
    return 0;
}

int
h2k_vfat_write(void *state, h2k_ino ino, const void *data, size_t count,
               uint64_t offset)
{
    struct h2k_vfat *v = state;
    uint8_t raw[H2K_VFAT_ENTRY];
    if (h2k_vfat_begin_write(v) < 0 || h2k_vfat_entry_read(v, ino, raw) < 0 ||
        extend(v, raw, data, offset, offset + count) < 0)
        return h2k_prefix("vfat: ");
    stamp(raw);
    return h2k_vfat_entry_write(v, ino, raw);
}

/* The file of RAW keeps the clusters that SIZE bytes need. */
static int
shrink(struct h2k_vfat *v, uint8_t *raw, uint64_t size)
{
    uint32_t first = h2k_vfat_entry_first(v, raw), last, next;
    uint64_t keep = h2k_div_up(size, v->shape.cluster_size);
    if (keep == 0) {
        h2k_vfat_entry_set_first(raw, 0);
        return h2k_vfat_release(v, first);
    }
    if (h2k_vfat_nth(v, first, (uint32_t)keep - 1, &last) < 0 ||
        h2k_vfat_next(v, last, &next) < 0)
        return -1;
    /* The end of a chain is all ones, however wide. */
    if (next != 0 && h2k_vfat_set(v, last, UINT32_MAX) < 0)
        return v->broken = true, -1;
    return h2k_vfat_release(v, next);
}

int
h2k_vfat_truncate(void *state, h2k_ino ino, uint64_t size)
{
    struct h2k_vfat *v = state;
    uint8_t raw[H2K_VFAT_ENTRY];
    if (h2k_vfat_begin_write(v) < 0 || h2k_vfat_entry_read(v, ino, raw) < 0)
        return h2k_prefix("vfat: ");
    uint64_t old = h2k_get_le32(raw + H2K_VFAT_SIZE);
    int rc =
        size > old ? extend(v, raw, NULL, old, size) : shrink(v, raw, size);
    if (rc < 0)
        return h2k_prefix("vfat: ");
    h2k_put_le32(raw + H2K_VFAT_SIZE, (uint32_t)size);
    stamp(raw);
    return h2k_vfat_entry_write(v, ino, raw);
}
