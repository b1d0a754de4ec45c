/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Extended attributes, in the inode and in its block, by libext2fs. */
#include "fs/ext/ext.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* The rest of a small file's content, not an attribute of it
 * ("inlinedata.rst"). */
#define INLINE_DATA "system.data"

/* Filesystems from long ago have none. */
static bool
has_attributes(const struct h2k_ext *ext)
{
    return ext2fs_has_feature_xattr(ext->fs->super) ||
           ext2fs_has_feature_inline_data(ext->fs->super);
}

static int
open_attributes(struct h2k_ext *ext, ext2_ino_t ino,
                struct ext2_xattr_handle **out)
{
    struct ext2_xattr_handle *handle = NULL;
    errcode_t err = ext2fs_xattrs_open(ext->fs, ino, &handle);
    if (err == 0)
        err = ext2fs_xattrs_read(handle);
    if (err == 0) {
        *out = handle;
        return 0;
    }
    if (handle != NULL)
        ext2fs_xattrs_close(&handle);
    return h2k_ext_fail(err, "attributes of inode %" PRIu32, ino);
}

int
h2k_ext_getxattr(void *state, h2k_ino number, const char *name, void **value,
                 size_t *size)
{
    struct h2k_ext *ext = state;
    struct ext2_xattr_handle *handle = NULL;
    ext2_ino_t ino;
    if (h2k_ext_number(ext, number, &ino) < 0)
        return -1;
    if (!has_attributes(ext))
        return h2k_fail(H2K_E_NOENT, "inode %" PRIu32 " has no attributes",
                        ino);
    H2K_EXT_CALL(ext);
    if (open_attributes(ext, ino, &handle) < 0)
        return -1;
    void *found = NULL;
    errcode_t err = ext2fs_xattr_get(handle, name, &found, size);
    ext2fs_xattrs_close(&handle);
    if (err != 0) {
        *size = 0;
        return h2k_ext_fail(err, "attribute '%s' of inode %" PRIu32, name,
                            ino);
    }
    *value = found; /* libext2fs's memory is malloc's */
    return 0;
}

struct listing {
    h2k_xattr_fn fn;
    void *opaque;
    int result;
};

static int
list_attribute(char *name, char *value, size_t length, void *opaque)
{
    struct listing *listing = opaque;
    (void)value;
    (void)length;
    if (strcmp(name, INLINE_DATA) == 0)
        return 0;
    listing->result = listing->fn(listing->opaque, name);
    return listing->result == 0 ? 0 : XATTR_ABORT;
}

int
h2k_ext_listxattr(void *state, h2k_ino number, h2k_xattr_fn fn, void *opaque)
{
    struct h2k_ext *ext = state;
    struct ext2_xattr_handle *handle = NULL;
    struct listing listing = { fn, opaque, 0 };
    ext2_ino_t ino;
    if (h2k_ext_number(ext, number, &ino) < 0)
        return -1;
    if (!has_attributes(ext))
        return 0;
    H2K_EXT_CALL(ext);
    if (open_attributes(ext, ino, &handle) < 0)
        return -1;
    errcode_t err = ext2fs_xattrs_iterate(handle, list_attribute, &listing);
    ext2fs_xattrs_close(&handle);
    if (listing.result != 0)
        return listing.result;
    return err == 0 ? 0
                    : h2k_ext_fail(err, "attributes of inode %" PRIu32, ino);
}

int
h2k_ext_setxattr(void *state, h2k_ino number, const char *name,
                 const void *value, size_t size)
{
    struct h2k_ext *ext = state;
    struct ext2_xattr_handle *handle = NULL;
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    if (h2k_ext_number(ext, number, &ino) < 0 ||
        h2k_ext_inode_edit(ext, ino, &inode) < 0 ||
        h2k_ext_need_blocks(ext, H2K_EXT_MARGIN) < 0)
        return -1;
    if (strcmp(name, INLINE_DATA) == 0 || strlen(name) > H2K_NAME_MAX)
        return h2k_fail(H2K_E_RANGE, "'%.300s' is not an attribute's name",
                        name);
    H2K_EXT_CALL(ext);
    /* e2fsck 1.47 takes an inline link's attribute block for a free one. */
    if (S_ISLNK(inode.i_mode) && h2k_ext_expand_inline(ext, ino, &inode) < 0)
        return -1;
    if (open_attributes(ext, ino, &handle) < 0)
        return -1;
    errcode_t err = ext2fs_xattr_set(handle, name, value, size);
    ext2fs_xattrs_close(&handle);
    if (err != 0)
        return h2k_ext_fail(err, "attribute '%s' of inode %" PRIu32, name,
                            ino);
    /* The inode was written meanwhile, and the times are ours to set. */
    if (h2k_ext_inode_read(ext, ino, &inode) < 0)
        return -1;
    h2k_ext_set_ctime(&inode, ext->fs->now);
    return h2k_ext_inode_write(ext, ino, &inode);
}
