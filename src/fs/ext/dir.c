/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Names: making, replacing and removing them.
 *
 * libext2fs does not put everything back when it runs out of blocks in the
 * middle, so every call asks for more than it can need beforehand
 * (H2K_EXT_MARGIN); what fails afterwards is damage or I/O, and ends all
 * writing.
 */
#include "fs/ext/ext.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* From here on the kernel would count no more (dir_nlink), and neither do
 * we: "directory.rst". */
#define LINKS_MAX 64998

static int
file_type(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return EXT2_FT_REG_FILE;
    case S_IFDIR:
        return EXT2_FT_DIR;
    case S_IFCHR:
        return EXT2_FT_CHRDEV;
    case S_IFBLK:
        return EXT2_FT_BLKDEV;
    case S_IFIFO:
        return EXT2_FT_FIFO;
    case S_IFSOCK:
        return EXT2_FT_SOCK;
    case S_IFLNK:
        return EXT2_FT_SYMLINK;
    }
    return EXT2_FT_UNKNOWN;
}

/* A directory that a name is to be changed in, sound enough for that. */
static int
open_dir(struct h2k_ext *ext, h2k_ino number, ext2_ino_t *dir,
         struct ext2_inode_large *inode)
{
    if (h2k_ext_number(ext, number, dir) < 0 ||
        h2k_ext_inode_edit(ext, *dir, inode) < 0 ||
        h2k_ext_need_blocks(ext, H2K_EXT_MARGIN) < 0)
        return -1;
    return h2k_ext_check_directory(ext, *dir, inode);
}

/* Where there is no room in a directory without an index, it gets a block
 * more; one with an index grows by itself. */
static int
add_name(struct h2k_ext *ext, ext2_ino_t dir, const char *name, ext2_ino_t ino,
         int type)
{
    errcode_t err = ext2fs_link(ext->fs, dir, name, ino, type);
    if (err == EXT2_ET_DIR_NO_SPACE) {
        struct ext2_inode_large inode;
        if (h2k_ext_inode_read(ext, dir, &inode) < 0)
            return -1;
        if (inode.i_flags & EXT2_INDEX_FL)
            return h2k_ext_fail(err, "directory inode %" PRIu32, dir);
        err = ext2fs_expand_dir(ext->fs, dir);
        if (err == 0)
            err = ext2fs_link(ext->fs, dir, name, ino, type);
    }
    if (err != 0)
        return h2k_ext_break(
            ext, err, "adding '%s' to directory inode %" PRIu32, name, dir);
    return h2k_ext_touch(ext, dir, true);
}

/* A free inode near DIR; nothing is taken yet. */
static int
find_inode(struct h2k_ext *ext, ext2_ino_t dir, uint32_t mode, ext2_ino_t *ino)
{
    errcode_t err = ext2fs_new_inode(ext->fs, dir, (int)mode, NULL, ino);
    return err == 0 ? 0 : h2k_ext_fail(err, "a new inode");
}

/* An empty file's inode.  ext2fs_write_new_inode sets the times. */
static int
write_empty_inode(struct h2k_ext *ext, ext2_ino_t ino, uint32_t mode)
{
    struct ext2_inode inode;
    errcode_t err = 0;
    memset(&inode, 0, sizeof(inode));
    inode.i_mode = (uint16_t)(S_IFREG | mode);
    inode.i_links_count = 1;
    inode.i_generation = (uint32_t)ext->fs->now;
    ext2fs_inode_alloc_stats2(ext->fs, ino, +1, 0);
    if (ext2fs_has_feature_extents(ext->fs->super)) {
        ext2_extent_handle_t handle = NULL;
        inode.i_flags |= EXT4_EXTENTS_FL;
        err = ext2fs_extent_open2(ext->fs, ino, &inode, &handle);
        if (err == 0)
            ext2fs_extent_free(handle);
    }
    if (err == 0)
        err = ext2fs_write_new_inode(ext->fs, ino, &inode);
    return err == 0 ? 0 : h2k_ext_break(ext, err, "new inode %" PRIu32, ino);
}

int
h2k_ext_create(void *state, h2k_ino number, const char *name, uint32_t mode,
               h2k_ino *out)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t dir, ino = 0;
    H2K_EXT_CALL(ext);
    if (open_dir(ext, number, &dir, &inode) < 0 ||
        find_inode(ext, dir, S_IFREG | mode, &ino) < 0 ||
        write_empty_inode(ext, ino, mode) < 0 ||
        add_name(ext, dir, name, ino, EXT2_FT_REG_FILE) < 0)
        return -1;
    *out = ino;
    return 0;
}

/* The permissions of what libext2fs made. */
static int
finish_inode(struct h2k_ext *ext, ext2_ino_t ino, uint32_t mode)
{
    struct ext2_inode_large inode;
    if (h2k_ext_inode_read(ext, ino, &inode) < 0)
        return -1;
    inode.i_mode = (uint16_t)((inode.i_mode & S_IFMT) | mode);
    return h2k_ext_inode_write(ext, ino, &inode);
}

int
h2k_ext_mkdir(void *state, h2k_ino number, const char *name, uint32_t mode,
              h2k_ino *out)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t dir, ino = 0;
    H2K_EXT_CALL(ext);
    if (open_dir(ext, number, &dir, &inode) < 0)
        return -1;
    if (inode.i_links_count < 2 || inode.i_links_count > LINKS_MAX)
        return h2k_fail(
            H2K_E_NOSPACE,
            "directory inode %" PRIu32 " has too many directories in it", dir);
    if (find_inode(ext, dir, S_IFDIR | mode, &ino) < 0)
        return -1;
    /* Without a name, which add_name knows better how to find room for. */
    errcode_t err = ext2fs_mkdir(ext->fs, dir, ino, NULL);
    if (err != 0)
        return h2k_ext_break(ext, err, "new directory '%s'", name);
    if (finish_inode(ext, ino, mode) < 0 ||
        add_name(ext, dir, name, ino, EXT2_FT_DIR) < 0)
        return -1;
    *out = ino;
    return 0;
}

int
h2k_ext_symlink(void *state, h2k_ino number, const char *name,
                const char *target)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t dir, ino = 0;
    H2K_EXT_CALL(ext);
    if (strlen(target) >= ext->fs->blocksize)
        return h2k_fail(H2K_E_RANGE,
                        "'%s': a link's target is shorter than a block of "
                        "%" PRIu32 " bytes here",
                        name, ext->fs->blocksize);
    if (open_dir(ext, number, &dir, &inode) < 0 ||
        find_inode(ext, dir, S_IFLNK | 0777, &ino) < 0)
        return -1;
    errcode_t err = ext2fs_symlink(ext->fs, dir, ino, NULL, target);
    if (err != 0)
        return h2k_ext_break(ext, err, "new link '%s'", name);
    return add_name(ext, dir, name, ino, EXT2_FT_SYMLINK);
}

static int
remove_name(struct h2k_ext *ext, ext2_ino_t dir, const char *name,
            ext2_ino_t ino)
{
    errcode_t err = ext2fs_unlink(ext->fs, dir, name, ino, 0);
    if (err != 0)
        return h2k_ext_break(ext, err,
                             "removing '%s' from directory inode %" PRIu32,
                             name, dir);
    return h2k_ext_touch(ext, dir, true);
}

/* What NAME is: something that may be changed. */
static int
find_name(struct h2k_ext *ext, ext2_ino_t dir, const char *name,
          ext2_ino_t *ino, struct ext2_inode_large *inode)
{
    h2k_ino found = 0;
    if (h2k_ext_lookup(ext, dir, name, &found) < 0)
        return -1;
    *ino = (ext2_ino_t)found;
    return h2k_ext_inode_edit(ext, *ino, inode);
}

/* Without the last name there is no way back. */
static int
drop_link(struct h2k_ext *ext, ext2_ino_t ino)
{
    if (h2k_ext_drop_link(ext, ino) == 0)
        return 0;
    ext->broken = true;
    return -1;
}

int
h2k_ext_unlink(void *state, h2k_ino number, const char *name)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode;
    ext2_ino_t dir, ino = 0;
    H2K_EXT_CALL(ext);
    if (h2k_ext_need_bitmaps(ext) < 0 ||
        h2k_ext_number(ext, number, &dir) < 0 ||
        h2k_ext_inode_edit(ext, dir, &inode) < 0 ||
        find_name(ext, dir, name, &ino, &inode) < 0 ||
        remove_name(ext, dir, name, ino) < 0)
        return -1;
    return drop_link(ext, ino);
}

struct replacement {
    const char *name;
    size_t length;
    ext2_ino_t ino;
    int type;
    bool done;
};

static int
replace_entry(struct ext2_dir_entry *entry, int offset, int block_size,
              char *block, void *opaque)
{
    struct replacement *r = opaque;
    (void)offset;
    (void)block_size;
    (void)block;
    if (entry->inode == 0 ||
        (size_t)ext2fs_dirent_name_len(entry) != r->length ||
        memcmp(entry->name, r->name, r->length) != 0)
        return 0;
    entry->inode = r->ino;
    ext2fs_dirent_set_file_type(entry, r->type);
    r->done = true;
    return DIRENT_CHANGED | DIRENT_ABORT;
}

/* The entry that is there gets another inode: no moment, and no outcome, is
 * without one of the two. */
static int
replace_name(struct h2k_ext *ext, ext2_ino_t dir, const char *name,
             ext2_ino_t ino, int type)
{
    struct replacement r = { name, strlen(name), ino, 0, false };
    if (ext2fs_has_feature_filetype(ext->fs->super))
        r.type = type;
    errcode_t err =
        ext2fs_dir_iterate(ext->fs, dir, 0, NULL, replace_entry, &r);
    if (err == 0 && !r.done)
        err = EXT2_ET_FILE_NOT_FOUND;
    if (err != 0)
        return h2k_ext_break(
            ext, err, "replacing '%s' in directory inode %" PRIu32, name, dir);
    return h2k_ext_touch(ext, dir, true);
}

int
h2k_ext_rename(void *state, h2k_ino old_number, const char *old_name,
               h2k_ino new_number, const char *new_name)
{
    struct h2k_ext *ext = state;
    struct ext2_inode_large inode, old;
    ext2_ino_t old_dir, new_dir, ino = 0, replaced = 0;
    H2K_EXT_CALL(ext);
    if (open_dir(ext, old_number, &old_dir, &inode) < 0 ||
        open_dir(ext, new_number, &new_dir, &inode) < 0 ||
        find_name(ext, old_dir, old_name, &ino, &inode) < 0)
        return -1;
    if (find_name(ext, new_dir, new_name, &replaced, &old) < 0 &&
        h2k_errcode() != H2K_E_NOENT)
        return -1;
    int type = file_type(inode.i_mode);
    int rc = replaced != 0 ? replace_name(ext, new_dir, new_name, ino, type)
                           : add_name(ext, new_dir, new_name, ino, type);
    if (rc < 0 || remove_name(ext, old_dir, old_name, ino) < 0 ||
        h2k_ext_touch(ext, ino, false) < 0)
        return -1;
    return replaced == 0 ? 0 : drop_link(ext, replaced);
}
