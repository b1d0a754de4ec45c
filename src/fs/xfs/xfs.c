/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* XFS natively: probing, opening, closing. */
#include "fs/xfs/xfs.h"

#include "base/error.h"
#include "fs/types.h"
#include "fs/xfs/super.h"

#include <stdio.h>

static void
xfs_close(void *state)
{
    struct h2k_xfs *xfs = state;
    h2k_xfs_map_free(&xfs->kept.map);
    h2k_xfs_cache_free(xfs->cache);
    h2k_block_unref(xfs->volume);
    free(xfs);
}

static h2k_ino
xfs_root(void *state)
{
    const struct h2k_xfs *xfs = state;
    return xfs->geo.root_ino;
}

static const struct h2k_fs_ops xfs_ops = {
    .name = "xfs",
    .close = xfs_close,
    .root = xfs_root,
    .lookup = h2k_xfs_lookup,
    .stat = h2k_xfs_stat,
    .readdir = h2k_xfs_readdir,
    .read = h2k_xfs_read,
    .readlink = h2k_xfs_readlink,
    .getxattr = h2k_xfs_getxattr,
    .listxattr = h2k_xfs_listxattr,
    .write = h2k_xfs_write,
    .truncate = h2k_xfs_truncate,
    .create = h2k_xfs_create,
    .mkdir = h2k_xfs_mkdir,
    .symlink = h2k_xfs_symlink,
    .unlink = h2k_xfs_unlink,
    .rename = h2k_xfs_rename,
    .chmod = h2k_xfs_chmod,
    .chown = h2k_xfs_chown,
    .set_mtime = h2k_xfs_set_mtime,
    .setxattr = h2k_xfs_setxattr,
    .space = h2k_xfs_space,
    .each_free = h2k_xfs_each_free,
    .flush = h2k_xfs_flush,
};

/* A log elsewhere may hold anything. */
static void
describe(const struct h2k_xfs *xfs, bool clean, struct h2k_fs_info *info)
{
    info->mountable = true;
    info->clean = clean;
    info->problem[0] = '\0';
    if (xfs->geo.log_start == 0)
        snprintf(info->problem, sizeof(info->problem),
                 "its log is on another device: what that holds is not seen");
    else if (!clean)
        snprintf(info->problem, sizeof(info->problem),
                 "was not unmounted cleanly");
}

/* 1 when all is in its place, 0 when the log has some of it, or may have. */
static int
is_clean(struct h2k_xfs *xfs)
{
    return xfs->geo.log_start == 0 ? 0 : h2k_xfs_log_is_clean(xfs);
}

static int
xfs_probe(struct h2k_block *volume, struct h2k_fs_info *info)
{
    struct h2k_xfs xfs = { .volume = volume };
    int rc = h2k_xfs_super_read(volume, true, &xfs.geo, info);
    if (rc <= 0)
        return rc;
    rc = is_clean(&xfs);
    if (rc < 0)
        return -1;
    describe(&xfs, rc > 0, info);
    return 1;
}

static int
read_super(struct h2k_xfs *xfs, struct h2k_fs_info *info)
{
    int rc =
        h2k_xfs_super_read(xfs->volume, !xfs->ignore_sums, &xfs->geo, info);
    if (rc == 0)
        return h2k_fail(H2K_E_CORRUPT, "its superblock is gone");
    return rc < 0 ? -1 : 0;
}

/* The superblock may have been in the log, too. */
static int
replay(struct h2k_xfs *xfs, struct h2k_fs_info *info)
{
    if (!h2k_block_writable(xfs->volume))
        return h2k_fail(H2K_E_READONLY,
                        "was not unmounted cleanly: its log must be replayed, "
                        "and the volume is read-only");
    if (h2k_xfs_log_replay(xfs) < 0 || read_super(xfs, info) < 0)
        return -1;
    info->replayed = true;
    return 0;
}

/* What writing would rely on is damaged: Linux itself may do better, which
 * looks only at what it needs. */
static int
refuse(struct h2k_fs_info *info)
{
    if (h2k_errcode() != H2K_E_CORRUPT)
        return -1;
    snprintf(info->problem, sizeof(info->problem), "%s", h2k_errmsg());
    info->damaged = true;
    return h2k_recode(H2K_E_UNSUPPORTED);
}

/* What the kernel's recovery goes on to release: it looks for it only where
 * the log was not clean, and from now on it is. */
static int
release(struct h2k_xfs *xfs, struct h2k_fs_info *info)
{
    if (h2k_xfs_check_writable(xfs) < 0 || h2k_xfs_release_orphans(xfs) < 0)
        return refuse(info);
    return info->replayed ? h2k_xfs_cache_flush(xfs) : 0;
}

static int
open_state(struct h2k_xfs *xfs, bool writable, struct h2k_fs_info *info)
{
    xfs->cache = h2k_xfs_cache_new();
    if (xfs->cache == NULL || read_super(xfs, info) < 0)
        return -1;
    if (writable && h2k_xfs_super_check_writable(&xfs->geo) < 0)
        return -1;
    int rc = is_clean(xfs);
    if (rc < 0 ||
        (rc == 0 && xfs->geo.log_start != 0 && replay(xfs, info) < 0))
        return -1;
    xfs->clean = xfs->geo.log_start != 0;
    describe(xfs, xfs->clean, info);
    xfs->writable = writable;
    bool can = writable || h2k_xfs_super_check_writable(&xfs->geo) == 0;
    return writable || (info->replayed && can) ? release(xfs, info) : 0;
}

static struct h2k_fs *
open_any(struct h2k_block *volume, bool writable, bool ignore_sums,
         struct h2k_fs_info *info)
{
    struct h2k_xfs *xfs = calloc(1, sizeof(*xfs));
    if (xfs == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    xfs->volume = h2k_block_ref(volume);
    xfs->ignore_sums = ignore_sums;
    if (open_state(xfs, writable, info) < 0) {
        h2k_prefix("xfs: ");
        xfs_close(xfs);
        return NULL;
    }
    return h2k_fs_new(&xfs_ops, xfs, writable);
}

static struct h2k_fs *
xfs_open(struct h2k_block *volume, bool writable, struct h2k_fs_info *info)
{
    return open_any(volume, writable, false, info);
}

struct h2k_fs *
h2k_xfs_open_ignoring_sums(struct h2k_block *volume, bool writable)
{
    struct h2k_fs_info info = { .type = "xfs" };
    return open_any(volume, writable, true, &info);
}

const struct h2k_fs_type h2k_xfs_type = {
    .name = "xfs",
    .probe = xfs_probe,
    .open = xfs_open,
};
