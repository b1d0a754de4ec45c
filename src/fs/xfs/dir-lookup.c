/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One name of a directory, by the index of hashes ("Directories"). */
#include "base/error.h"
#include "fs/xfs/dir-entry.h"
#include "fs/xfs/dir.h"

#include <inttypes.h>

struct wanted {
    struct h2k_xfs *xfs;
    const char *name;
    uint32_t length, hash;
    struct h2k_xfs_da da;
    h2k_ino found; /* 0: not yet */
};

/* The case-insensitive filesystems' idea of one letter: ASCII's, and Latin
 * 1's as old kernels had them. */
static uint8_t
fold(uint8_t c)
{
    bool upper = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xd6) ||
                 (c >= 0xd8 && c <= 0xde);
    return upper ? (uint8_t)(c + 0x20) : c;
}

static uint32_t
hash_of(const struct wanted *w)
{
    char folded[H2K_NAME_MAX];
    if (!w->xfs->geo.ascii_ci)
        return h2k_xfs_hash(w->name, w->length);
    for (uint32_t i = 0; i < w->length; i++)
        folded[i] = (char)fold((uint8_t)w->name[i]);
    return h2k_xfs_hash(folded, w->length);
}

static bool
is_wanted(const struct wanted *w, const struct h2k_xfs_dir_entry *e)
{
    uint32_t i = 0;
    if (e->length != w->length)
        return false;
    if (memcmp(e->name, w->name, w->length) == 0)
        return true;
    if (!w->xfs->geo.ascii_ci)
        return false;
    while (i < e->length && fold(e->name[i]) == fold((uint8_t)w->name[i]))
        i++;
    return i == e->length;
}

static int
find_short(struct wanted *w, const struct h2k_xfs_inode *inode)
{
    uint32_t room;
    struct h2k_xfs_dir_entry e;
    struct h2k_view v =
        h2k_view_of(h2k_xfs_fork_area(w->xfs, inode, H2K_XFS_DATA_FORK, &room),
                    (size_t)h2k_xfs_inode_size(inode));
    uint32_t at = h2k_xfs_dir_short_begin(v);
    if (at == 0)
        return h2k_xfs_da_damaged(&w->da, "it has no header");
    for (uint32_t i = h2k_view_u8(v, H2K_XFS_SF_COUNT); i > 0; i--) {
        if (!h2k_xfs_dir_short_get_next(w->xfs, v, &at, &e))
            return h2k_xfs_da_damaged(&w->da, "a damaged name");
        if (is_wanted(w, &e)) {
            w->found = e.ino;
            return 0;
        }
    }
    return 0;
}

/* Is it the name at ADDRESS, in units of 8 bytes? */
static int
try_address(struct wanted *w, uint32_t address)
{
    static const enum h2k_xfs_kind kinds[] = { H2K_XFS_DIR_DATA,
                                               H2K_XFS_DIR_BLOCK,
                                               H2K_XFS_KINDS };
    uint64_t offset = (uint64_t)address * H2K_XFS_DIR_ALIGN;
    struct h2k_xfs_dir_entry e;
    if (offset >= H2K_XFS_DIR_LEAF_OFFSET)
        return h2k_xfs_da_damaged(&w->da, "an index that leads nowhere");
    const struct h2k_xfs_buf *buf = h2k_xfs_da_read_any(
        &w->da, offset / w->da.block_size * w->da.blocks, kinds);
    if (buf == NULL)
        return -1;
    uint32_t at = (uint32_t)(offset % w->da.block_size);
    struct h2k_view v = h2k_view_of(buf->data, h2k_xfs_dir_names_end(buf));
    if (at < h2k_xfs_dir_names_begin(w->xfs) ||
        !h2k_xfs_dir_entry_get(w->xfs, v, at, &e) || e.unused)
        return h2k_xfs_da_damaged(&w->da, "an index that leads to no name");
    if (is_wanted(w, &e))
        w->found = e.ino;
    return 0;
}

/* Among COUNT entries of hash and address; *MORE: those behind them may have
 * the same hash. */
static int
find_in(struct wanted *w, const uint8_t *entries, uint32_t count, bool *more)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (h2k_get_be32(entries + (size_t)middle * 8) < w->hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && w->found == 0; low++) {
        const uint8_t *e = entries + (size_t)low * 8;
        if (h2k_get_be32(e) != w->hash)
            break;
        uint32_t address = h2k_get_be32(e + 4);
        if (address != H2K_XFS_DIR_STALE_ADDRESS &&
            try_address(w, address) < 0)
            return -1;
    }
    *more = low == count && w->found == 0;
    return 0;
}

static int
find_in_leaf(struct wanted *w, const struct h2k_xfs_buf *buf, bool *more)
{
    return find_in(w, buf->data + w->da.entries, h2k_xfs_da_count(&w->da, buf),
                   more);
}

static int
find_in_tree(struct wanted *w)
{
    struct h2k_xfs_da_path path;
    bool more = true;
    int rc = h2k_xfs_da_descend(&w->da, w->hash, &path) < 0 ? -1 : 1;
    while (rc > 0) {
        if (find_in_leaf(w, h2k_xfs_da_leaf(&path), &more) < 0)
            return -1;
        if (!more)
            return 0;
        rc = h2k_xfs_da_next(&w->da, &path);
    }
    return rc;
}

/* The index: at the end of the only block, in one leaf, or in a tree. */
static int
find_in_blocks(struct wanted *w)
{
    static const enum h2k_xfs_kind roots[] = {
        H2K_XFS_DIR_LEAF1, H2K_XFS_DIR_LEAFN, H2K_XFS_DA_NODE, H2K_XFS_KINDS
    };
    bool more;
    if (!h2k_xfs_da_mapped(&w->da, w->da.root)) {
        struct h2k_xfs_buf *buf =
            h2k_xfs_da_read(&w->da, 0, H2K_XFS_DIR_BLOCK);
        if (buf == NULL)
            return -1;
        uint32_t end = h2k_xfs_dir_names_end(buf);
        return find_in(w, buf->data + end,
                       (buf->length - H2K_XFS_DBT_SIZE - end) /
                           H2K_XFS_DL_ENTRY_SIZE,
                       &more);
    }
    struct h2k_xfs_buf *root = h2k_xfs_da_read_any(&w->da, w->da.root, roots);
    if (root == NULL)
        return -1;
    return root->kind == H2K_XFS_DIR_LEAF1 ? find_in_leaf(w, root, &more)
                                           : find_in_tree(w);
}

static int
find(struct wanted *w, struct h2k_xfs_inode *inode)
{
    const struct h2k_xfs_map *map;
    h2k_xfs_da_shape(&w->da, w->xfs, inode, H2K_XFS_DATA_FORK);
    if (h2k_xfs_fork_format(inode, H2K_XFS_DATA_FORK) == H2K_XFS_LOCAL)
        return find_short(w, inode);
    if (h2k_xfs_map_keep(w->xfs, inode, H2K_XFS_DATA_FORK, &map) < 0)
        return -1;
    w->da.map = *map; /* lent */
    return find_in_blocks(w);
}

int
h2k_xfs_dir_get(struct h2k_xfs *xfs, struct h2k_xfs_inode *inode,
                const char *name, h2k_ino *out)
{
    struct wanted w = { .xfs = xfs,
                        .name = name,
                        .length = (uint32_t)strlen(name) };
    w.hash = hash_of(&w);
    if (find(&w, inode) < 0)
        return -1;
    if (w.found == 0)
        return h2k_fail(H2K_E_NOENT, "no '%s' in directory inode %" PRIu64,
                        name, inode->ino);
    *out = w.found;
    return 0;
}

int
h2k_xfs_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out)
{
    struct h2k_xfs *xfs = state;
    struct h2k_xfs_inode inode;
    h2k_xfs_read_begin(xfs);
    if (h2k_xfs_inode_read(xfs, dir, &inode) < 0 ||
        h2k_xfs_dir_get(xfs, &inode, name, out) < 0)
        return h2k_prefix("xfs: ");
    return 0;
}
