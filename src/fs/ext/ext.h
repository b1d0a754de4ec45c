/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of the ext driver share.  On-disk facts are from the
 * kernel's Documentation/filesystems/ext4/, cited by chapter. */
#ifndef H2K_FS_EXT_H
#define H2K_FS_EXT_H

#include "fs/ext/io.h"
#include "fs/fs.h"

struct h2k_ext {
    ext2_filsys fs; /* owned */
    bool bitmaps;   /* were read */
    bool broken;    /* a write failed half-way: flushing would lie */
};

/* What the superblock says ("super.rst"), before libext2fs sees it. */
struct h2k_ext_super {
    uint32_t compat, incompat, ro_compat;
    uint32_t block_size;
    uint64_t blocks;
    uint32_t state;
    uint32_t last_orphan;
    uint32_t journal_inode;
};

/* 1 and *SUPER, 0 when there is none, -1 when it is damaged. */
int h2k_ext_super_read(struct h2k_block *volume, struct h2k_ext_super *super,
                       struct h2k_fs_info *info);
/* Which feature, if any, keeps us from reading, or from writing. */
int h2k_ext_check_readable(const struct h2k_ext_super *super);
int h2k_ext_check_writable(const struct h2k_ext_super *super);
bool h2k_ext_needs_recovery(const struct h2k_ext_super *super);
bool h2k_ext_has_orphans(const struct h2k_ext_super *super);

/* libext2fs on VOLUME; NULL with the error set. */
ext2_filsys h2k_ext_open_fs(struct h2k_block *volume, bool writable);
/* The group descriptors hold together. */
int h2k_ext_check_groups(ext2_filsys fs);

/* Set the error for what libext2fs gave, behind the formatted place, and
 * return -1. */
int h2k_ext_fail(errcode_t err, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* The same after something was half written: nothing is flushed any more. */
#define h2k_ext_break(ext, ...) \
    ((ext)->broken = true, h2k_ext_fail(__VA_ARGS__))

/* Read the bitmaps, once. */
int h2k_ext_need_bitmaps(struct h2k_ext *ext);

/* So many blocks are free: H2K_E_NOSPACE.  H2K_EXT_MARGIN is more than any
 * change of a directory or an attribute can need. */
#define H2K_EXT_MARGIN 16
int h2k_ext_need_blocks(struct h2k_ext *ext, uint64_t count);

/* INO as libext2fs has it: H2K_E_CORRUPT outside of what there is, and for
 * those that the filesystem keeps for itself. */
int h2k_ext_number(struct h2k_ext *ext, h2k_ino ino, ext2_ino_t *out);

/* The whole of an inode in use.  Its size is that of the largest that we
 * know; what the disk's is shorter by is zero. */
int h2k_ext_inode_read(struct h2k_ext *ext, ext2_ino_t ino,
                       struct ext2_inode_large *out);
int h2k_ext_inode_write(struct h2k_ext *ext, ext2_ino_t ino,
                        struct ext2_inode_large *inode);
/* An inode that may be written to: not immutable, and such. */
int h2k_ext_inode_edit(struct h2k_ext *ext, ext2_ino_t ino,
                       struct ext2_inode_large *out);

/* Times, in seconds since 1970 ("inodes.rst", Inode Timestamps). */
int64_t h2k_ext_get_mtime(const struct ext2_inode_large *inode);
int h2k_ext_set_mtime(struct ext2_inode_large *inode, int64_t mtime);
void h2k_ext_set_ctime(struct ext2_inode_large *inode, int64_t now);

static inline struct ext2_inode *
h2k_ext_small(struct ext2_inode_large *inode)
{
    return (struct ext2_inode *)(void *)inode;
}

/* Set a directory's or file's times to now: its status', and its contents'
 * where these changed. */
int h2k_ext_touch(struct h2k_ext *ext, ext2_ino_t ino, bool contents);

/* Inline content moves to a block of its own; others stay as they are. */
int h2k_ext_expand_inline(struct h2k_ext *ext, ext2_ino_t ino,
                          struct ext2_inode_large *inode);

/* Take one link off an inode, and release it with the last. */
int h2k_ext_drop_link(struct h2k_ext *ext, ext2_ino_t ino);
/* Give back an inode's blocks, attributes and place. */
int h2k_ext_release(struct h2k_ext *ext, ext2_ino_t ino,
                    struct ext2_inode_large *inode);
/* Blocks from FROM on, holes filled or not, are given back. */
int h2k_ext_punch(struct h2k_ext *ext, ext2_ino_t ino,
                  struct ext2_inode_large *inode, uint64_t from);

/* journal.c: bring everything that was committed to its place and mark
 * the journal empty.  Nothing uses the filesystem meanwhile. */
int h2k_ext_journal_replay(struct h2k_block *volume);

/* orphan.c: what was deleted, or being truncated, when the filesystem
 * was last in use. */
int h2k_ext_release_orphans(struct h2k_ext *ext);

/* htree.c: a directory's index and what it leads to are well-formed, so
 * that libext2fs can add a name to it. */
int h2k_ext_check_directory(struct h2k_ext *ext, ext2_ino_t dir,
                            struct ext2_inode_large *inode);

/* The driver's calls, by file; see fs.h. */
int h2k_ext_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out);
int h2k_ext_stat(void *state, h2k_ino ino, struct h2k_stat *out);
int h2k_ext_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque);
int h2k_ext_read(void *state, h2k_ino ino, void *buffer, size_t count,
                 uint64_t offset);
int h2k_ext_readlink(void *state, h2k_ino ino, char *target, size_t size);

int h2k_ext_getxattr(void *state, h2k_ino ino, const char *name, void **value,
                     size_t *size);
int h2k_ext_listxattr(void *state, h2k_ino ino, h2k_xattr_fn fn, void *opaque);
int h2k_ext_setxattr(void *state, h2k_ino ino, const char *name,
                     const void *value, size_t size);

int h2k_ext_write(void *state, h2k_ino ino, const void *data, size_t count,
                  uint64_t offset);
int h2k_ext_truncate(void *state, h2k_ino ino, uint64_t size);
int h2k_ext_chmod(void *state, h2k_ino ino, uint32_t mode);
int h2k_ext_protection(void *state, h2k_ino ino, uint32_t *flags);
int h2k_ext_protect(void *state, h2k_ino ino, uint32_t flags);
int h2k_ext_chown(void *state, h2k_ino ino, uint32_t uid, uint32_t gid);
int h2k_ext_set_times(void *state, h2k_ino ino, int64_t mtime);

int h2k_ext_create(void *state, h2k_ino dir, const char *name, uint32_t mode,
                   h2k_ino *out);
int h2k_ext_mkdir(void *state, h2k_ino dir, const char *name, uint32_t mode,
                  h2k_ino *out);
int h2k_ext_symlink(void *state, h2k_ino dir, const char *name,
                    const char *target);
int h2k_ext_unlink(void *state, h2k_ino dir, const char *name);
int h2k_ext_rename(void *state, h2k_ino old_dir, const char *old_name,
                   h2k_ino new_dir, const char *new_name);

int h2k_ext_space(void *state, uint64_t *free_bytes);
int h2k_ext_each_free(void *state, h2k_free_fn fn, void *opaque);

/* For the length of a call: bounds what damaged metadata can make us
 * read. */
struct h2k_ext_call {
    io_channel channel;
};
static inline struct h2k_ext_call
h2k_ext_enter(struct h2k_ext *ext)
{
    h2k_ext_io_begin(ext->fs->io);
    return (struct h2k_ext_call){ ext->fs->io };
}
static inline void
h2k_ext_leave(struct h2k_ext_call *call)
{
    h2k_ext_io_end(call->channel);
}
#define H2K_EXT_CALL(ext)                                       \
    __attribute__((cleanup(h2k_ext_leave),                      \
                   unused)) struct h2k_ext_call h2k_ext_call_ = \
        h2k_ext_enter(ext)

/* What libext2fs reads, at most, for each block that it maps, and for each
 * that it adds to a file or takes from it, where every block is an extent
 * of its own. */
#define H2K_EXT_READS_TO_MAP 4
#define H2K_EXT_READS_TO_CHANGE 64

#endif
