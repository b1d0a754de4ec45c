/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Whether a filesystem may be written to.  FAT has no checksums and no
 * journal: a chain that two files share, or one that the table says is
 * free, is only found by looking at all of them.  Clusters that belong to
 * nothing do no harm, and stay.
 */
#include "fs/vfat/vfat.h"

#include "base/checked.h"
#include "base/error.h"
#include "fs/vfat/name.h"

#include <inttypes.h>
#include <string.h>

struct check {
    struct h2k_vfat *v;
    uint8_t *used;         /* a bit for each cluster that some file has */
    uint32_t *directories; /* first clusters, to be looked at */
    size_t count, allocated;
};

static int
push(struct check *c, uint32_t first)
{
    if (c->count == c->allocated) {
        size_t more = c->allocated == 0 ? 64 : c->allocated * 2;
        uint32_t *grown =
            reallocarray(c->directories, more, sizeof(*c->directories));
        if (grown == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        c->directories = grown;
        c->allocated = more;
    }
    c->directories[c->count++] = first;
    return 0;
}

/* Mark the chain from FIRST; *LENGTH is its clusters.  It ends: a loop
 * comes to a cluster that is marked. */
static int
mark_chain(struct check *c, uint32_t first, uint64_t *length)
{
    *length = 0;
    if (first != 0 && !h2k_vfat_is_cluster(c->v, first))
        return h2k_fail(H2K_E_CORRUPT,
                        "begins at cluster %" PRIu32 ", which there is not",
                        first);
    for (uint32_t at = first, next; at != 0; at = next) {
        uint32_t bit = at - 2;
        if ((c->used[bit / 8] >> bit % 8 & 1) != 0)
            return h2k_fail(H2K_E_CORRUPT, "cluster %" PRIu32 " is used twice",
                            at);
        c->used[bit / 8] |= (uint8_t)(1u << bit % 8);
        ++*length;
        if (h2k_vfat_next(c->v, at, &next) < 0)
            return -1;
    }
    return 0;
}

static int
check_entry(struct check *c, const struct h2k_vfat_dir *dir,
            const uint8_t *raw)
{
    uint32_t first = h2k_vfat_entry_first(c->v, raw);
    uint64_t length, size = h2k_get_le32(raw + H2K_VFAT_SIZE);
    if ((raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_DIRECTORY) != 0) {
        if (h2k_vfat_dir_check_parent(c->v, first, dir->first) < 0 ||
            mark_chain(c, first, &length) < 0)
            return -1;
        return push(c, first);
    }
    if (mark_chain(c, first, &length) < 0)
        return -1;
    if (length != h2k_div_up(size, c->v->shape.cluster_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "has %" PRIu64 " bytes in %" PRIu64
                        " clusters of %" PRIu32,
                        size, length, c->v->shape.cluster_size);
    return 0;
}

/* Is this slot a file or directory, rather than a part of a long name, the
 * label, "." or ".."? */
static bool
is_child(const uint8_t *raw)
{
    return raw[0] != 0xe5 && raw[0] != '.' &&
           (raw[H2K_VFAT_ATTRIBUTES] & H2K_VFAT_LABEL) == 0;
}

static int
check_directory(struct check *c, uint32_t first)
{
    H2K_AUTO(h2k_vfat_dir) dir = NULL;
    if (h2k_vfat_dir_load(c->v, first, &dir) < 0)
        return -1;
    for (uint32_t i = 0; i < dir->slots; i++) {
        const uint8_t *raw = dir->bytes + (size_t)i * H2K_VFAT_ENTRY;
        char name[48];
        if (raw[0] == 0)
            break;
        if (!is_child(raw))
            continue;
        if (!h2k_vfat_short_text(raw, 0, name))
            return h2k_fail(H2K_E_CORRUPT,
                            "an entry of a directory has no possible name");
        if (check_entry(c, dir, raw) < 0)
            return h2k_prefix("'%s' ", name);
    }
    return 0;
}

static int
check_tree(struct check *c)
{
    uint64_t length;
    uint32_t root = c->v->shape.root_cluster;
    if (root != 0 && mark_chain(c, root, &length) < 0)
        return -1;
    if (check_directory(c, 0) < 0)
        return -1;
    /* Every directory has clusters of its own, so this ends. */
    while (c->count > 0)
        if (check_directory(c, c->directories[--c->count]) < 0)
            return -1;
    return 0;
}

/* All copies of the table have the same in them. */
static int
check_copies(struct h2k_vfat *v)
{
    enum { PART = 1 << 16 };
    const struct h2k_vfat_shape *s = &v->shape;
    h2k_autofree uint8_t *parts = malloc(2 * PART);
    if (parts == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (!s->mirrored)
        return 0;
    uint64_t size = h2k_div_up(((uint64_t)s->clusters + 2) * s->bits, 8);
    for (unsigned i = 1; i < s->fats; i++)
        for (uint64_t at = 0; at < size; at += PART) {
            size_t count = (size_t)h2k_min_u64(PART, size - at);
            if (h2k_block_pread(v->volume, parts, count, s->fat_offset + at) <
                    0 ||
                h2k_block_pread(v->volume, parts + PART, count,
                                s->fat_offset + i * s->fat_size + at) < 0)
                return -1;
            if (memcmp(parts, parts + PART, count) != 0)
                return h2k_fail(H2K_E_CORRUPT,
                                "the copies of the allocation table differ");
        }
    return 0;
}

int
h2k_vfat_check(struct h2k_vfat *v)
{
    struct check c = { .v = v };
    if (v->checked)
        return 0;
    c.used = calloc(1, v->shape.clusters / 8 + 1);
    if (c.used == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    int rc = check_copies(v) < 0 || check_tree(&c) < 0 ? -1 : 0;
    free(c.used);
    free(c.directories);
    if (rc < 0)
        return h2k_prefix("run fsck.fat on it before it is written to: ");
    v->checked = true;
    return 0;
}

int
h2k_vfat_space(void *state, uint64_t *free_bytes)
{
    struct h2k_vfat *v = state;
    if (h2k_vfat_count(v) < 0)
        return h2k_prefix("vfat: ");
    *free_bytes = (uint64_t)v->free_clusters * v->shape.cluster_size;
    return 0;
}

/* Clusters that the table says are free, where nothing says otherwise. */
int
h2k_vfat_each_free(void *state, h2k_free_fn fn, void *opaque)
{
    struct h2k_vfat *v = state;
    uint32_t size = v->shape.cluster_size, value;
    uint64_t run = 0;
    if (!v->clean || v->broken)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "vfat: was not unmounted cleanly: its table cannot "
                        "be trusted before fsck.fat has looked at it");
    if (h2k_vfat_check(v) < 0)
        return h2k_errcode() == H2K_E_CORRUPT ? h2k_recode(H2K_E_UNSUPPORTED)
                                              : -1;
    for (uint32_t i = 0; i <= v->shape.clusters; i++) {
        bool last = i == v->shape.clusters;
        if (!last && h2k_vfat_get(v, i + 2, &value) < 0)
            return -1;
        if (!last && value == 0) {
            run++;
            continue;
        }
        int rc = run == 0 ? 0
                          : fn(opaque, h2k_vfat_place(v, i + 2) - run * size,
                               run * size);
        if (rc != 0)
            return rc;
        run = 0;
    }
    return 0;
}
