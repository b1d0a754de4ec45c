/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * All names of a directory ("Directories").
 *
 * What is called with a name may call us again, so that no buffer of the
 * cache is held over that: names are read from a copy of each block.
 */
#include "base/error.h"
#include "fs/xfs/da.h"
#include "fs/xfs/dir-entry.h"

#include <inttypes.h>

struct listing {
    struct h2k_xfs *xfs;
    h2k_ino dir;
    h2k_readdir_fn fn;
    void *opaque;
};

static int
fail_dir(const struct listing *l, const char *what)
{
    return h2k_fail(H2K_E_CORRUPT,
                    "xfs: directory inode %" PRIu64
                    ": %s; run xfs_repair on it first",
                    l->dir, what);
}

/* A name that no path could have is damage ("Directories"). */
static int
tell(const struct listing *l, const struct h2k_xfs_dir_entry *e)
{
    char name[H2K_NAME_MAX + 1];
    memcpy(name, e->name, e->length);
    name[e->length] = '\0';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (strlen(name) != e->length || strchr(name, '/') != NULL)
        return fail_dir(l, "a name with '/' or NUL in it");
    return l->fn(l->opaque, name, e->ino);
}

static int
list_names(const struct listing *l, struct h2k_view v)
{
    struct h2k_xfs_dir_entry e;
    for (uint32_t at = h2k_xfs_dir_names_begin(l->xfs); at < v.size;
         at += e.size) {
        if (!h2k_xfs_dir_entry_get(l->xfs, v, at, &e))
            return fail_dir(l, "a damaged name");
        int rc = e.unused ? 0 : tell(l, &e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int
list_short(const struct listing *l, const struct h2k_xfs_inode *inode)
{
    uint8_t bytes[2048];
    uint32_t room;
    struct h2k_xfs_dir_entry e;
    size_t size = (size_t)h2k_xfs_inode_size(inode);
    memcpy(bytes, h2k_xfs_fork_area(l->xfs, inode, H2K_XFS_DATA_FORK, &room),
           size);
    struct h2k_view v = h2k_view_of(bytes, size);
    uint32_t at = h2k_xfs_dir_short_begin(v);
    if (at == 0)
        return fail_dir(l, "it has no header");
    for (uint32_t i = h2k_view_u8(v, H2K_XFS_SF_COUNT); i > 0; i--) {
        if (!h2k_xfs_dir_short_get_next(l->xfs, v, &at, &e))
            return fail_dir(l, "a damaged name");
        int rc = tell(l, &e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* The block AT into COPY; how much of it are names. */
static int
copy_block(struct h2k_xfs_da *da, uint64_t at, uint8_t *copy, uint32_t *end)
{
    static const enum h2k_xfs_kind kinds[] = { H2K_XFS_DIR_DATA,
                                               H2K_XFS_DIR_BLOCK,
                                               H2K_XFS_KINDS };
    h2k_xfs_read_begin(da->xfs);
    const struct h2k_xfs_buf *buf = h2k_xfs_da_read_any(da, at, kinds);
    if (buf == NULL)
        return h2k_prefix("xfs: directory inode %" PRIu64 ": ",
                          da->inode->ino);
    memcpy(copy, buf->data, buf->length);
    *end = h2k_xfs_dir_names_end(buf);
    return 0;
}

/* The blocks of names, and there may be holes between them. */
static int
list_blocks(const struct listing *l, struct h2k_xfs_da *da)
{
    uint64_t limit = H2K_XFS_DIR_LEAF_OFFSET >> l->xfs->geo.block_log;
    h2k_autofree uint8_t *copy = malloc(da->block_size);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint64_t at = 0;; at += da->blocks) {
        const struct h2k_xfs_extent *e = h2k_xfs_map_find(&da->map, at);
        uint32_t end = 0;
        if (e == NULL || e->offset >= limit)
            return 0;
        if (e->offset > at)
            at = e->offset;
        if (at % da->blocks != 0)
            return fail_dir(l, "a part of a block");
        if (copy_block(da, at, copy, &end) < 0)
            return -1;
        int rc = list_names(l, h2k_view_of(copy, end));
        if (rc != 0)
            return rc;
    }
}

int
h2k_xfs_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    struct listing l = {
        .xfs = state, .dir = dir, .fn = fn, .opaque = opaque
    };
    struct h2k_xfs_inode inode;
    struct h2k_xfs_da da;
    h2k_xfs_read_begin(l.xfs);
    if (h2k_xfs_inode_read(l.xfs, dir, &inode) < 0)
        return h2k_prefix("xfs: ");
    if (h2k_xfs_fork_format(&inode, H2K_XFS_DATA_FORK) == H2K_XFS_LOCAL)
        return list_short(&l, &inode);
    if (h2k_xfs_da_open(&da, l.xfs, &inode, H2K_XFS_DATA_FORK) < 0)
        return h2k_prefix("xfs: ");
    /* Only the map and the number from here on. */
    int rc = list_blocks(&l, &da);
    h2k_xfs_da_close(&da);
    return rc;
}
