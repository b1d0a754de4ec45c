/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Extended attributes, and the blocks of what does not fit an inode; see
 * format.h. */
#ifndef H2K_FS_XFS_FORMAT_ATTR_H
#define H2K_FS_XFS_FORMAT_ATTR_H

#include <stdint.h>

/* ---- Extended Attributes ---- */

#define H2K_XFS_ATTR_LOCAL 0x01u
#define H2K_XFS_ATTR_ROOT 0x02u
#define H2K_XFS_ATTR_SECURE 0x04u
#define H2K_XFS_ATTR_PARENT 0x08u
#define H2K_XFS_ATTR_INCOMPLETE 0x80u
#define H2K_XFS_ATTR_NAMESPACES \
    (H2K_XFS_ATTR_ROOT | H2K_XFS_ATTR_SECURE | H2K_XFS_ATTR_PARENT)
#define H2K_XFS_ATTR_VALUE_MAX 65536u
enum {
    /* "Short Form Attributes": entries of namelen, valuelen, flags, name,
     * value. */
    H2K_XFS_ASF_TOTSIZE = 0, /* 16 */
    H2K_XFS_ASF_COUNT = 2,   /* 8 */
    H2K_XFS_ASF_SIZE = 4,
    H2K_XFS_ASF_ENTRY_NAMELEN = 0,
    H2K_XFS_ASF_ENTRY_VALUELEN = 1,
    H2K_XFS_ASF_ENTRY_FLAGS = 2,
    H2K_XFS_ASF_ENTRY_NAME = 3,

    /* "Leaf Attributes". */
    H2K_XFS_AL_COUNT_V4 = 12, /* 16, and so the next two */
    H2K_XFS_AL_USEDBYTES_V4 = 14,
    H2K_XFS_AL_FIRSTUSED_V4 = 16, /* 0 for 65536 */
    H2K_XFS_AL_HOLES_V4 = 18,     /* 8 */
    H2K_XFS_AL_FREEMAP_V4 = 20,   /* 3 of: base (16), size (16) */
    H2K_XFS_AL_SIZE_V4 = 32,
    H2K_XFS_AL_COUNT = 56,
    H2K_XFS_AL_USEDBYTES = 58,
    H2K_XFS_AL_FIRSTUSED = 60,
    H2K_XFS_AL_HOLES = 62,
    H2K_XFS_AL_FREEMAP = 64,
    H2K_XFS_AL_SIZE = 80,
    H2K_XFS_AL_FREEMAPS = 3,
    H2K_XFS_AE_HASHVAL = 0,
    H2K_XFS_AE_NAMEIDX = 4, /* 16 */
    H2K_XFS_AE_FLAGS = 6,   /* 8 */
    H2K_XFS_AE_SIZE = 8,
    /* At nameidx, padded to 4 bytes: a local value … */
    H2K_XFS_ANL_VALUELEN = 0, /* 16 */
    H2K_XFS_ANL_NAMELEN = 2,  /* 8 */
    H2K_XFS_ANL_NAME = 3,
    /* … or a remote one. */
    H2K_XFS_ANR_VALUEBLK = 0,
    H2K_XFS_ANR_VALUELEN = 4,
    H2K_XFS_ANR_NAMELEN = 8, /* 8 */
    H2K_XFS_ANR_NAME = 9,
};

/* "Remote Attribute Values" and "Symbolic Links", version 5: headers of one
 * shape. */
#define H2K_XFS_ATTR_REMOTE_MAGIC 0x5841524du /* XARM */
#define H2K_XFS_SYMLINK_MAGIC 0x58534c4du     /* XSLM */
#define H2K_XFS_SYMLINK_MAX 1024u             /* bytes of a target */
enum {
    H2K_XFS_RM_MAGICNUM = 0,
    H2K_XFS_RM_OFFSET = 4,
    H2K_XFS_RM_BYTES = 8,
    H2K_XFS_RM_CRC = 12,
    H2K_XFS_RM_UUID = 16,
    H2K_XFS_RM_OWNER = 32,
    H2K_XFS_RM_BLKNO = 40,
    H2K_XFS_RM_LSN = 48,
    H2K_XFS_RM_SIZE = 56,
};

#endif
