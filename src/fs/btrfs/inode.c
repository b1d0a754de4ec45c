/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* "Inode item": what a file is. */
#include "base/error.h"
#include "fs/btrfs/btrfs.h"

#include <inttypes.h>
#include <sys/stat.h>

static int
take_inode(struct h2k_view item, struct h2k_btrfs_inode *out)
{
    struct h2k_stat *st = &out->stat;
    if (item.size < H2K_BTRFS_INODE_SIZE)
        return h2k_fail(H2K_E_CORRUPT, "an inode of %zu bytes", item.size);
    st->mode = h2k_view_le32(item, H2K_BTRFS_INODE_MODE);
    st->uid = h2k_view_le32(item, H2K_BTRFS_INODE_UID);
    st->gid = h2k_view_le32(item, H2K_BTRFS_INODE_GID);
    st->size = h2k_view_le64(item, H2K_BTRFS_INODE_FILE_SIZE);
    st->links = h2k_view_le32(item, H2K_BTRFS_INODE_LINKS);
    st->mtime = (int64_t)h2k_view_le64(item, H2K_BTRFS_INODE_MTIME);
    out->flags = h2k_view_le64(item, H2K_BTRFS_INODE_FLAGS);
    if (st->size > INT64_MAX)
        return h2k_fail(H2K_E_CORRUPT, "a size of %" PRIu64 " bytes",
                        st->size);
    /* What a directory's entry said of it was believed; see dir.c. */
    if (S_ISDIR(st->mode) == (out->ino.kind == H2K_BTRFS_FILE))
        return h2k_fail(H2K_E_CORRUPT,
                        "its mode is %o, and its name says that it is %s "
                        "directory",
                        st->mode, S_ISDIR(st->mode) ? "no" : "a");
    return 0;
}

/* As Linux shows it. */
static void
make_placeholder(struct h2k_stat *st)
{
    st->mode = S_IFDIR | 0755;
    st->links = 1;
    st->size = 0;
}

int
h2k_btrfs_inode_read(struct h2k_btrfs *fs, h2k_ino ino,
                     struct h2k_btrfs_inode *out)
{
    *out = (struct h2k_btrfs_inode){ .stat = { .ino = ino } };
    if (h2k_btrfs_ino_unpack(fs, ino, &out->ino) < 0)
        return -1;
    H2K_BTRFS_CURSOR(c, fs, &out->ino.subvolume->tree);
    const struct h2k_btrfs_key key = { out->ino.number, H2K_BTRFS_INODE_ITEM,
                                       0 };
    int rc = h2k_btrfs_find(&c, key);
    if (rc == 0)
        rc = h2k_fail(H2K_E_CORRUPT, "is not there");
    else if (rc > 0)
        rc = take_inode(c.item, out);
    if (rc < 0)
        return h2k_prefix("btrfs: inode %" PRIu64 " of subvolume %" PRIu64
                          ": ",
                          out->ino.number, out->ino.subvolume->tree.id);
    if (out->ino.kind == H2K_BTRFS_PLACEHOLDER)
        make_placeholder(&out->stat);
    return 0;
}

int
h2k_btrfs_stat(void *state, h2k_ino ino, struct h2k_stat *out)
{
    struct h2k_btrfs_inode inode;
    if (h2k_btrfs_inode_read(state, ino, &inode) < 0)
        return -1;
    *out = inode.stat;
    return 0;
}
