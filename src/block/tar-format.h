/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A tar archive's member: a header of one block, the bytes, and zeros up to
 * a whole block (POSIX.1, pax, "ustar Interchange Format").
 */
#ifndef H2K_BLOCK_TAR_FORMAT_H
#define H2K_BLOCK_TAR_FORMAT_H

#define H2K_TAR_BLOCK 512

/* Where the header's fields are: offset and size. */
enum {
    TAR_NAME = 0,
    TAR_NAME_SIZE = 100,
    TAR_MODE = 100,
    TAR_UID = 108,
    TAR_GID = 116,
    TAR_ID_SIZE = 8,
    TAR_SIZE = 124,
    TAR_MTIME = 136,
    TAR_NUMBER_SIZE = 12,
    TAR_CHECKSUM = 148,
    TAR_CHECKSUM_SIZE = 8,
    TAR_TYPE = 156,
    TAR_MAGIC = 257,
    TAR_USER = 265,
    TAR_GROUP = 297,
    TAR_DEVICE_MAJOR = 329,
    TAR_DEVICE_MINOR = 337,
    TAR_PREFIX = 345,
    TAR_PREFIX_SIZE = 155,
};

#endif
