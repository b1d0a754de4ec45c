/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Disk image formats: reading.
 *
 * One format per file, one line in the table of image.c.  A reader turns
 * the block that holds the image's bytes into the block of the virtual
 * disk's bytes.
 */
#ifndef H2K_IMAGE_IMAGE_H
#define H2K_IMAGE_IMAGE_H

#include "block/block.h"
#include "block/tar.h"

/* What opening an image found.  Strings are static. */
struct h2k_image_info {
    const char *format;    /* "vmdk", "qcow2", "raw" */
    const char *variant;   /* "streamOptimized", "v3", ""; never NULL */
    uint64_t virtual_size; /* bytes */
    uint64_t file_size;    /* bytes, of all the files it consists of */
    uint32_t granularity;  /* bytes: grain or cluster; reads aligned to it
                              are decoded once.  A power of two; 512 when
                              there is no such thing */
    bool compressed;       /* some of it is */
};

struct h2k_image_options {
    /* The directory of the image's file, for formats whose extents are files
     * beside it; -1 when there is none (they are then refused). */
    int dirfd;
    /* The image is this member of the archive (an OVA); NULL: it is a file.
     * Its extents are members beside it. */
    const char *member;
    const struct h2k_tar *archive;
    /* Open a backing file that a qcow2 names.  Off unless the user asked: a
     * guest's owner could name any file of the host. */
    bool allow_backing;
};

struct h2k_image_magic {
    uint32_t offset; /* bytes from the start */
    uint32_t size;
    const char *bytes;
};

/* One format.  The magic decides, where there is one; `probe`, where there is
 * one, must agree (0 or 1, never fails).  `options` and `info` of `open` are
 * never NULL; its messages name no file. */
struct h2k_image_format {
    const char *name;
    struct h2k_image_magic magic[4]; /* any one; ends with a size of 0 */
    int (*probe)(struct h2k_block *file);
    struct h2k_block *(*open)(struct h2k_block *file,
                              const struct h2k_image_options *options,
                              struct h2k_image_info *info);
};

extern const struct h2k_image_format h2k_image_vmdk;
extern const struct h2k_image_format h2k_image_qcow2;
extern const struct h2k_image_format h2k_image_raw; /* anything; asked last */

/* The format of FILE by its bytes.  Formats that we know and do not read yet
 * (vhd, vhdx, vdi; "ova" for a tar archive) are recognised by name, with
 * open == NULL.  Never NULL: raw when nothing else fits. */
const struct h2k_image_format *h2k_image_probe(struct h2k_block *file);

/*
 * The virtual disk in FILE, read-only.  FORMAT is a name as in a manifest,
 * or NULL to go by the bytes.  When FORMAT is not what the bytes say:
 * H2K_E_SOURCE naming both, but for raw, which may hold anything the user
 * says is raw.  A format that cannot be read, or an image that is damaged or
 * needs something that is not there: H2K_E_UNSUPPORTED or H2K_E_CORRUPT.
 * OPTIONS may be NULL (no directory, no backing file), INFO as well.
 */
struct h2k_block *h2k_image_open_block(struct h2k_block *file,
                                       const char *format,
                                       const struct h2k_image_options *options,
                                       struct h2k_image_info *info);

/* The same for a path; the directory is the path's own, whatever OPTIONS says,
 * and so is the archive where a member is named.
 * FILE_OUT, when not NULL, receives a reference to the block of the file's own
 * bytes (for hashing), which the caller releases; it is left alone on
 * failure. */
struct h2k_block *h2k_image_open(const char *path, const char *format,
                                 const struct h2k_image_options *options,
                                 struct h2k_image_info *info,
                                 struct h2k_block **file_out);

/* For formats whose extents are files beside the image's: the file NAME, one
 * component of a path (H2K_E_CORRUPT).  H2K_E_NOENT; H2K_E_UNSUPPORTED where
 * there is no directory. */
struct h2k_block *
h2k_image_open_beside(const struct h2k_image_options *options,
                      const char *name);

#endif
