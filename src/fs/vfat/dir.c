/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Directories (fatgen103, "FAT Directory Structure"), read whole: they have
 * 2 MiB at most. */
#include "fs/vfat/vfat.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/vfat/name.h"

#include <inttypes.h>
#include <string.h>

#define FREE_SLOT 0xe5

void
h2k_vfat_dir_close(struct h2k_vfat_dir *dir)
{
    if (dir == NULL || --dir->users > 0)
        return;
    free(dir->clusters);
    free(dir->bytes);
    free(dir);
}

/* ---- Loading ---- */

/* DIR's chain; its length has a limit, so that a loop has an end. */
static int
load_chain(struct h2k_vfat *v, struct h2k_vfat_dir *dir)
{
    uint64_t limit = h2k_div_up((uint64_t)H2K_VFAT_DIR_MAX * H2K_VFAT_ENTRY,
                                v->shape.cluster_size);
    uint32_t cluster = dir->first, next;
    dir->clusters = calloc(limit, sizeof(*dir->clusters));
    if (dir->clusters == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (; cluster != 0; cluster = next) {
        if (dir->cluster_count == limit)
            return h2k_fail(H2K_E_CORRUPT,
                            "the directory at cluster %" PRIu32
                            " is longer than one can be; run fsck.fat on it "
                            "first",
                            dir->first);
        dir->clusters[dir->cluster_count++] = cluster;
        if (h2k_vfat_next(v, cluster, &next) < 0)
            return -1;
    }
    return 0;
}

static int
load_content(struct h2k_vfat *v, struct h2k_vfat_dir *dir)
{
    uint64_t size = v->shape.cluster_size;
    if (dir->first == 0) {
        dir->slots = v->shape.root_entries;
        dir->bytes =
            h2k_block_read_alloc(v->volume, v->shape.root_offset,
                                 (uint64_t)dir->slots * H2K_VFAT_ENTRY,
                                 65536u * H2K_VFAT_ENTRY, "root directory");
        return dir->bytes == NULL ? -1 : 0;
    }
    if (load_chain(v, dir) < 0)
        return -1;
    dir->slots = (uint32_t)(dir->cluster_count * size / H2K_VFAT_ENTRY);
    dir->bytes = malloc(dir->cluster_count * size);
    if (dir->bytes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint32_t i = 0; i < dir->cluster_count; i++)
        if (h2k_block_pread(v->volume, dir->bytes + i * size, size,
                            h2k_vfat_place(v, dir->clusters[i])) < 0)
            return -1;
    return 0;
}

int
h2k_vfat_dir_load(struct h2k_vfat *v, uint32_t first,
                  struct h2k_vfat_dir **out)
{
    bool root = first == 0 || first == v->shape.root_cluster;
    if (first == 0)
        first = v->shape.root_cluster;
    *out = NULL;
    if (v->last != NULL && v->last->first == first) {
        v->last->users++;
        *out = v->last;
        return 0;
    }
    if (first != 0 && !h2k_vfat_is_cluster(v, first))
        return h2k_fail(H2K_E_CORRUPT,
                        "a directory begins at cluster %" PRIu32
                        ", which there is not; run fsck.fat on it first",
                        first);
    H2K_AUTO(h2k_vfat_dir) dir = calloc(1, sizeof(*dir));
    if (dir == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    *dir = (struct h2k_vfat_dir){ .users = 1, .first = first, .root = root };
    if (load_content(v, dir) < 0)
        return -1;
    h2k_vfat_dir_close(v->last);
    dir->users++;
    v->last = dir;
    *out = h2k_steal(dir);
    return 0;
}

int
h2k_vfat_dir_open(struct h2k_vfat *v, h2k_ino ino, struct h2k_vfat_dir **out)
{
    uint8_t raw[H2K_VFAT_ENTRY];
    *out = NULL;
    if (ino == H2K_VFAT_ROOT)
        return h2k_vfat_dir_load(v, 0, out);
    if (h2k_vfat_entry_read(v, ino, raw) < 0)
        return -1;
    uint32_t first = h2k_vfat_entry_first(v, raw);
    if (first == 0 || first == v->shape.root_cluster)
        return h2k_fail(H2K_E_CORRUPT,
                        "a directory below the root is the root itself; run "
                        "fsck.fat on it first");
    return h2k_vfat_dir_load(v, first, out);
}

uint64_t
h2k_vfat_dir_place(const struct h2k_vfat *v, const struct h2k_vfat_dir *dir,
                   uint32_t slot)
{
    uint64_t at = (uint64_t)slot * H2K_VFAT_ENTRY;
    if (dir->first == 0)
        return v->shape.root_offset + at;
    return h2k_vfat_place(v, dir->clusters[at / v->shape.cluster_size]) +
           at % v->shape.cluster_size;
}

/* ---- Entries ---- */

/* A long name while its pieces are gathered, the last of them first. */
struct gathering {
    uint16_t units[20 * H2K_VFAT_PIECE];
    uint32_t begin;
    unsigned pieces, wanted; /* wanted: the next ordinal; 0: complete */
    uint8_t checksum;
};

/* "FAT Long Directory Entries", LDIR_Ord: 0x40 marks the last piece. */
static void
gather(struct gathering *g, const uint8_t *raw, uint32_t slot)
{
    unsigned ordinal = raw[0] & 0x3f;
    if ((raw[0] & 0x40) != 0) {
        *g = (struct gathering){ .begin = slot,
                                 .pieces = ordinal,
                                 .wanted = ordinal,
                                 .checksum = raw[13] };
        if (ordinal > 20)
            g->pieces = 0;
    }
    if (g->pieces == 0 || ordinal != g->wanted || ordinal == 0 ||
        raw[13] != g->checksum) {
        g->pieces = 0;
        return;
    }
    h2k_vfat_get_piece(raw, g->units + (ordinal - 1) * H2K_VFAT_PIECE);
    g->wanted--;
}

/* Does the long name G belong to the short entry RAW, and can it be one? */
static bool
long_name(const struct gathering *g, const uint8_t *raw, char *text)
{
    size_t count = 0;
    if (g->pieces == 0 || g->wanted != 0 ||
        g->checksum != h2k_vfat_checksum(raw))
        return false;
    while (count < g->pieces * H2K_VFAT_PIECE && g->units[count] != 0)
        count++;
    return h2k_vfat_from_utf16(g->units, count, text, H2K_NAME_MAX + 1);
}

/* The short entry at SLOT as a whole; false when it has no name. */
static bool
make_entry(const struct gathering *g, const uint8_t *raw, uint32_t slot,
           struct h2k_vfat_entry *entry)
{
    memcpy(entry->raw, raw, H2K_VFAT_ENTRY);
    entry->slot = slot;
    entry->begin = slot;
    if (!h2k_vfat_short_text(raw, raw[H2K_VFAT_CASE], entry->alias))
        entry->alias[0] = '\0';
    if (long_name(g, raw, entry->name)) {
        entry->begin = g->begin;
        return true;
    }
    strcpy(entry->name, entry->alias);
    return entry->name[0] != '\0';
}

bool
h2k_vfat_dir_next(const struct h2k_vfat_dir *dir, uint32_t *at,
                  struct h2k_vfat_entry *entry)
{
    struct gathering g = { .pieces = 0 };
    while (*at < dir->slots) {
        uint32_t slot = (*at)++;
        const uint8_t *raw = dir->bytes + (size_t)slot * H2K_VFAT_ENTRY;
        uint8_t attributes = raw[H2K_VFAT_ATTRIBUTES];
        if (raw[0] == 0) {
            *at = dir->slots;
            return false;
        }
        if (raw[0] != FREE_SLOT &&
            (attributes & H2K_VFAT_LONG_NAME_MASK) == H2K_VFAT_LONG_NAME) {
            gather(&g, raw, slot);
            continue;
        }
        if (raw[0] != FREE_SLOT && raw[0] != '.' &&
            (attributes & H2K_VFAT_LABEL) == 0 &&
            make_entry(&g, raw, slot, entry))
            return true;
        g.pieces = 0;
    }
    return false;
}

int
h2k_vfat_dir_find(const struct h2k_vfat_dir *dir, const char *name,
                  struct h2k_vfat_entry *entry)
{
    for (uint32_t at = 0; h2k_vfat_dir_next(dir, &at, entry);)
        if (h2k_vfat_same_name(entry->name, name) ||
            (entry->alias[0] != '\0' &&
             h2k_vfat_same_name(entry->alias, name)))
            return 0;
    return h2k_fail(H2K_E_NOENT, "no name '%s'", name);
}

/* ---- The driver's calls ---- */

int
h2k_vfat_dir_check_parent(struct h2k_vfat *v, uint32_t child, uint32_t parent)
{
    uint8_t dots[2 * H2K_VFAT_ENTRY];
    const uint8_t *up = dots + H2K_VFAT_ENTRY;
    if (!h2k_vfat_is_cluster(v, child) || child == v->shape.root_cluster)
        return h2k_fail(H2K_E_CORRUPT,
                        "a directory begins at cluster %" PRIu32
                        ", where none can; run fsck.fat on it first",
                        child);
    if (h2k_block_pread(v->volume, dots, sizeof(dots),
                        h2k_vfat_place(v, child)) < 0)
        return -1;
    uint32_t said = h2k_vfat_entry_first(v, up);
    /* The root's number is 0 here, whatever it really is; some write it. */
    bool right =
        said == parent || (v->shape.root_cluster != 0 &&
                           ((said == 0 && parent == v->shape.root_cluster) ||
                            (said == v->shape.root_cluster && parent == 0)));
    if (memcmp(dots, ".          ", H2K_VFAT_SHORT) == 0 &&
        memcmp(up, "..         ", H2K_VFAT_SHORT) == 0 && right &&
        h2k_vfat_entry_first(v, dots) == child)
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "the directory at cluster %" PRIu32
                    " does not belong where it was found; run fsck.fat on it "
                    "first",
                    child);
}

/* The inode of ENTRY in DIR. */
static int
entry_ino(struct h2k_vfat *v, const struct h2k_vfat_dir *dir,
          const struct h2k_vfat_entry *entry, h2k_ino *out)
{
    *out = h2k_vfat_dir_place(v, dir, entry->slot) / H2K_VFAT_ENTRY;
    if ((entry->raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_DIRECTORY) == 0)
        return 0;
    uint32_t first = h2k_vfat_entry_first(v, entry->raw);
    if (h2k_vfat_dir_check_parent(v, first, dir->first) == 0)
        return 0;
    if (h2k_errcode() != H2K_E_CORRUPT)
        return -1;
    *out |= H2K_VFAT_STRAY; /* listed; looking at it says what is wrong */
    return 0;
}

int
h2k_vfat_lookup(void *state, h2k_ino dir_ino, const char *name, h2k_ino *out)
{
    struct h2k_vfat *v = state;
    struct h2k_vfat_entry entry;
    H2K_AUTO(h2k_vfat_dir) dir = NULL;
    if (h2k_vfat_dir_open(v, dir_ino, &dir) < 0 ||
        h2k_vfat_dir_find(dir, name, &entry) < 0)
        return h2k_prefix("vfat: ");
    return entry_ino(v, dir, &entry, out);
}

int
h2k_vfat_readdir(void *state, h2k_ino dir_ino, h2k_readdir_fn fn, void *opaque)
{
    struct h2k_vfat *v = state;
    struct h2k_vfat_entry entry;
    H2K_AUTO(h2k_vfat_dir) dir = NULL;
    if (h2k_vfat_dir_open(v, dir_ino, &dir) < 0)
        return h2k_prefix("vfat: ");
    for (uint32_t at = 0; h2k_vfat_dir_next(dir, &at, &entry);) {
        h2k_ino ino = 0;
        int rc = entry_ino(v, dir, &entry, &ino);
        if (rc == 0)
            rc = fn(opaque, entry.name, ino);
        if (rc != 0)
            return rc;
    }
    return 0;
}
