/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A guest's tree of files: filesystems mounted on one another, and paths in
 * them.  Symbolic links, absolute ones too, are followed here and only
 * here, and never leave the guest's root: ".." at the root is the root.
 *
 * All paths are absolute in the guest ("/etc/fstab").  Writing calls are
 * made only on filesystems opened for writing.  Not thread-safe.
 */
#ifndef H2K_FS_ROOT_H
#define H2K_FS_ROOT_H

#include "fs/fs.h"

#define H2K_SYMLINKS_MAX 40

struct h2k_root;

/* A tree with FS, which stays the caller's and must outlive it, at "/". */
struct h2k_root *h2k_root_new(struct h2k_fs *fs);
/* The same with the directory INO of it, a subvolume's, at "/". */
struct h2k_root *h2k_root_new_at(struct h2k_fs *fs, h2k_ino ino);
void h2k_root_free(struct h2k_root *root);
H2K_DEFINE_AUTO(h2k_root, h2k_root_free)

/* Mount FS (the caller's) on the directory PATH, which must exist.  A
 * parent's mount comes before its child's. */
int h2k_root_mount(struct h2k_root *root, const char *path, struct h2k_fs *fs);
/* The same with the directory INO of it; one filesystem may be mounted in
 * many places. */
int h2k_root_mount_at(struct h2k_root *root, const char *path,
                      struct h2k_fs *fs, h2k_ino ino);

/* Where a path leads: the filesystem and the inode in it. */
struct h2k_place {
    struct h2k_fs *fs;
    h2k_ino ino;
};

/* Follows links, the last one too (h2k_root_lookup) or not (_nofollow).
 * H2K_E_NOENT, H2K_E_NOTDIR, H2K_E_LOOP. */
int h2k_root_lookup(struct h2k_root *root, const char *path,
                    struct h2k_place *out);
int h2k_root_lookup_nofollow(struct h2k_root *root, const char *path,
                             struct h2k_place *out);

/* PATH with every link resolved: an absolute path without links, "." or
 * "..", that the caller frees.  The last component need not exist. */
char *h2k_root_realpath(struct h2k_root *root, const char *path);
/* The same, but a link at the end stays. */
char *h2k_root_realpath_nofollow(struct h2k_root *root, const char *path);

bool h2k_root_exists(struct h2k_root *root, const char *path);
/* Is anything there, be it a link that leads nowhere? */
bool h2k_root_has(struct h2k_root *root, const char *path);
/* Do both lead to one file?  A filesystem may be mounted twice, and the names
 * of FAT have no case. */
bool h2k_root_same(struct h2k_root *root, const char *a, const char *b);
bool h2k_root_is_dir(struct h2k_root *root, const char *path);
int h2k_root_stat(struct h2k_root *root, const char *path,
                  struct h2k_stat *out); /* follows links */

/* A whole regular file of at most LIMIT bytes, NUL-terminated (not counted
 * in *SIZE), that the caller frees.  Larger: H2K_E_UNSUPPORTED. */
int h2k_root_read_file(struct h2k_root *root, const char *path, size_t limit,
                       char **data, size_t *size);
int h2k_root_readlink(struct h2k_root *root, const char *path,
                      char target[H2K_PATH_MAX + 1]);

/* The names in a directory, sorted by bytes; free with
 * h2k_root_free_names. */
int h2k_root_list(struct h2k_root *root, const char *path, char ***names,
                  size_t *count);
void h2k_root_free_names(char **names, size_t count);

/*
 * Replace or create a regular file as one step: a new file beside it with
 * the old one's mode, owner and extended attributes (or MODE and 0:0 for a
 * new one), then renamed over it.  A protected one (chattr +i, +a) is replaced
 * all the same, and stays protected; what IMA and EVM say of the old content
 * does not stay.  A path that ends in a link replaces what
 * the link points to, not the link.
 */
int h2k_root_write_file(struct h2k_root *root, const char *path,
                        const void *data, size_t size, uint32_t mode);
/* A file of several names is under PATH one of its own, with the same
 * content, mode, owner, times and attributes; the others are left alone. */
int h2k_root_unshare(struct h2k_root *root, const char *path);
/* Add bytes behind a file's end, in place. */
int h2k_root_append(struct h2k_root *root, const char *path, const void *data,
                    size_t size);
/* A copy of a file beside it, with mode, owner, times and attributes. */
int h2k_root_copy_file(struct h2k_root *root, const char *from,
                       const char *to);
/* Every missing directory down to PATH, 0:0 and MODE. */
int h2k_root_mkdirs(struct h2k_root *root, const char *path, uint32_t mode);
int h2k_root_symlink(struct h2k_root *root, const char *target,
                     const char *path);
int h2k_root_unlink(struct h2k_root *root, const char *path);

/* Bytes free on the filesystem that PATH (an existing directory or file) is
 * on. */
int h2k_root_space(struct h2k_root *root, const char *path,
                   uint64_t *free_bytes);
/* Every mounted filesystem that is open for writing. */
int h2k_root_flush(struct h2k_root *root);

#endif
