/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ext2, ext3 and ext4 by libext2fs: opening, closing and errors. */
#include "fs/ext/ext.h"

#include "base/checked.h"
#include "base/clock.h"
#include "base/error.h"
#include "fs/types.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

struct meaning {
    errcode_t err;
    enum h2k_errcode code;
    const char *text;
};

/* What is not simply damage. */
static const struct meaning meanings[] = {
    { EXT2_ET_FILE_NOT_FOUND, H2K_E_NOENT, "no such file" },
    { EXT2_ET_EA_KEY_NOT_FOUND, H2K_E_NOENT, "no such attribute" },
    { EXT2_ET_BLOCK_ALLOC_FAIL, H2K_E_NOSPACE, "no free block is left" },
    { EXT2_ET_INODE_ALLOC_FAIL, H2K_E_NOSPACE, "no free inode is left" },
    { EXT2_ET_DIR_NO_SPACE, H2K_E_NOSPACE, "the directory is full" },
    { EXT2_ET_EA_NO_SPACE, H2K_E_NOSPACE,
      "no room for more extended attributes" },
    { EXT2_ET_FILE_TOO_BIG, H2K_E_NOSPACE, "the file would be too large" },
    { EXT2_ET_NO_MEMORY, H2K_E_NOMEM, "out of memory" },
    { ENOMEM, H2K_E_NOMEM, "out of memory" },
    { EXT2_ET_MISSING_EA_FEATURE, H2K_E_UNSUPPORTED,
      "the filesystem has no extended attributes" },
    { EXT2_ET_UNSUPP_FEATURE, H2K_E_UNSUPPORTED, "an unsupported feature" },
    { EXT2_ET_RO_UNSUPP_FEATURE, H2K_E_UNSUPPORTED, "an unsupported feature" },
};

static void
register_messages(void)
{
    initialize_ext2_error_table();
}

int
h2k_ext_fail(errcode_t err, const char *format, ...)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char place[300];
    va_list ap;
    va_start(ap, format);
    vsnprintf(place, sizeof(place), format, ap);
    va_end(ap);
    /* Our own I/O has said what happened. */
    if (err == EIO || err == EXT2_ET_BLOCK_BITMAP_READ ||
        err == EXT2_ET_INODE_BITMAP_READ ||
        err == EXT2_ET_BLOCK_BITMAP_WRITE || err == EXT2_ET_INODE_BITMAP_WRITE)
        return h2k_prefix("%s: ", place);
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].err == err)
            return h2k_fail(meanings[i].code, "%s: %s", place,
                            meanings[i].text);
    pthread_once(&once, register_messages);
    return h2k_fail(H2K_E_CORRUPT, "%s: %s; run e2fsck on it first", place,
                    error_message(err));
}

/* A group's own blocks are inside, and its descriptor is what was written
 * ("group_descr.rst"). */
static int
check_group(ext2_filsys fs, dgrp_t group)
{
    uint64_t first = fs->super->s_first_data_block;
    uint64_t end = ext2fs_blocks_count(fs->super);
    uint64_t blocks = ext2fs_block_bitmap_loc(fs, group);
    uint64_t inodes = ext2fs_inode_bitmap_loc(fs, group);
    uint64_t table = ext2fs_inode_table_loc(fs, group);
    if (ext2fs_has_group_desc_csum(fs) &&
        !ext2fs_group_desc_csum_verify(fs, group))
        return h2k_fail(H2K_E_CORRUPT,
                        "block group %" PRIu32
                        ": its descriptor's checksum is wrong; run e2fsck on "
                        "it first",
                        group);
    if (blocks < first || blocks >= end || inodes < first || inodes >= end ||
        table < first ||
        !h2k_range_inside(table, fs->inode_blocks_per_group, end))
        return h2k_fail(H2K_E_CORRUPT,
                        "block group %" PRIu32
                        ": its descriptor points outside of the filesystem; "
                        "run e2fsck on it first",
                        group);
    return 0;
}

int
h2k_ext_check_groups(ext2_filsys fs)
{
    for (dgrp_t i = 0; i < fs->group_desc_count; i++)
        if (check_group(fs, i) < 0)
            return -1;
    return 0;
}

ext2_filsys
h2k_ext_open_fs(struct h2k_block *volume, bool writable)
{
    char name[H2K_EXT_IO_NAME];
    ext2_filsys fs = NULL;
    int flags = EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP;
    if (writable)
        flags |= EXT2_FLAG_RW;
    h2k_ext_io_name(volume, name);
    errcode_t err =
        ext2fs_open2(name, NULL, flags, 0, 0, h2k_ext_io_manager(), &fs);
    if (err != 0) {
        h2k_ext_fail(err, "superblock and group descriptors");
        return NULL;
    }
    /* Sparse in memory however large the filesystem is. */
    fs->default_bitmap_type = EXT2FS_BMAP64_RBTREE;
    fs->now = h2k_clock_now();
    return fs;
}

int
h2k_ext_need_bitmaps(struct h2k_ext *ext)
{
    if (ext->bitmaps)
        return 0;
    errcode_t err = ext2fs_read_bitmaps(ext->fs);
    if (err != 0)
        return h2k_ext_fail(err, "block and inode bitmaps");
    ext->bitmaps = true;
    return 0;
}

static void
ext_close(void *state)
{
    struct h2k_ext *ext = state;
    if (ext->fs != NULL)
        ext2fs_free(ext->fs);
    free(ext);
}

static h2k_ino
ext_root(void *state)
{
    (void)state;
    return EXT2_ROOT_INO;
}

static int
ext_flush(void *state)
{
    struct h2k_ext *ext = state;
    if (ext->broken)
        return h2k_fail(H2K_E_IO,
                        "an earlier write failed half-way: the filesystem is "
                        "not consistent, and is not to be used");
    if ((ext->fs->flags &
         (EXT2_FLAG_DIRTY | EXT2_FLAG_BB_DIRTY | EXT2_FLAG_IB_DIRTY)) != 0) {
        errcode_t err = ext2fs_flush2(ext->fs, EXT2_FLAG_FLUSH_NO_SYNC);
        if (err != 0)
            return h2k_ext_break(ext, err, "writing bitmaps and superblock");
    }
    if (io_channel_flush(ext->fs->io) != 0)
        return h2k_ext_break(ext, EIO, "flushing");
    return 0;
}

static const struct h2k_fs_ops ext_ops = {
    .name = "ext",
    .close = ext_close,
    .root = ext_root,
    .lookup = h2k_ext_lookup,
    .stat = h2k_ext_stat,
    .readdir = h2k_ext_readdir,
    .read = h2k_ext_read,
    .readlink = h2k_ext_readlink,
    .getxattr = h2k_ext_getxattr,
    .listxattr = h2k_ext_listxattr,
    .write = h2k_ext_write,
    .truncate = h2k_ext_truncate,
    .create = h2k_ext_create,
    .mkdir = h2k_ext_mkdir,
    .symlink = h2k_ext_symlink,
    .unlink = h2k_ext_unlink,
    .rename = h2k_ext_rename,
    .chmod = h2k_ext_chmod,
    .chown = h2k_ext_chown,
    .set_mtime = h2k_ext_set_times,
    .setxattr = h2k_ext_setxattr,
    .protection = h2k_ext_protection,
    .protect = h2k_ext_protect,
    .space = h2k_ext_space,
    .each_free = h2k_ext_each_free,
    .flush = ext_flush,
};

static int
ext_probe(struct h2k_block *volume, struct h2k_fs_info *info)
{
    struct h2k_ext_super super;
    int rc = h2k_ext_super_read(volume, &super, info);
    if (rc <= 0)
        return rc;
    if (h2k_ext_check_readable(&super) < 0)
        return -1;
    info->mountable = true;
    if (super.state & EXT2_ERROR_FS)
        snprintf(info->problem, sizeof(info->problem),
                 "its kernel noted errors in it: run e2fsck");
    else if (!info->clean)
        snprintf(info->problem, sizeof(info->problem),
                 "was not unmounted cleanly");
    return 1;
}

/* Replaying needs no more than what reading does; what is in the log may
 * well be the end of a file that an unwritable feature is about. */
static int
replay(struct h2k_block *volume, struct h2k_ext_super *super,
       struct h2k_fs_info *info)
{
    if (!h2k_block_writable(volume))
        return h2k_fail(H2K_E_READONLY,
                        "was not unmounted cleanly: its journal must be "
                        "replayed, and the volume is read-only");
    if (h2k_ext_journal_replay(volume) < 0)
        return h2k_prefix("journal: ");
    struct h2k_fs_info fresh = *info;
    if (h2k_ext_super_read(volume, super, &fresh) != 1)
        return h2k_fail(H2K_E_CORRUPT,
                        "the superblock that its journal brought is damaged");
    info->replayed = true;
    info->clean = fresh.clean;
    return 0;
}

static int
open_state(struct h2k_ext *ext, struct h2k_block *volume, bool writable,
           struct h2k_fs_info *info)
{
    struct h2k_ext_super super;
    if (h2k_ext_super_read(volume, &super, info) != 1)
        return -1;
    if (h2k_ext_needs_recovery(&super) && replay(volume, &super, info) < 0)
        return -1;
    if (writable && h2k_ext_check_writable(&super) < 0)
        return -1;
    bool orphans = h2k_ext_has_orphans(&super) && h2k_block_writable(volume) &&
                   h2k_ext_check_writable(&super) == 0;
    ext->fs = h2k_ext_open_fs(volume, writable || orphans);
    if (ext->fs == NULL || h2k_ext_check_groups(ext->fs) < 0)
        return -1;
    if (orphans && (h2k_ext_release_orphans(ext) < 0 || ext_flush(ext) < 0))
        return -1;
    if (orphans || info->replayed)
        info->clean = (ext->fs->super->s_state & EXT2_VALID_FS) != 0 &&
                      (ext->fs->super->s_state & EXT2_ERROR_FS) == 0;
    if (info->clean)
        info->problem[0] = '\0';
    return 0;
}

static struct h2k_fs *
ext_open(struct h2k_block *volume, bool writable, struct h2k_fs_info *info)
{
    struct h2k_ext *ext = calloc(1, sizeof(*ext));
    if (ext == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (open_state(ext, volume, writable, info) < 0) {
        h2k_prefix("%s: ", info->type);
        ext_close(ext);
        return NULL;
    }
    return h2k_fs_new(&ext_ops, ext, writable);
}

const struct h2k_fs_type h2k_ext_type = {
    .name = "ext",
    .probe = ext_probe,
    .open = ext_open,
};
