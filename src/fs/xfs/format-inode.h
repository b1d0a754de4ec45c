/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Inodes; see format.h. */
#ifndef H2K_FS_XFS_FORMAT_INODE_H
#define H2K_FS_XFS_FORMAT_INODE_H

#include <stdint.h>

/* ---- On-disk Inode ---- */

#define H2K_XFS_DI_MAGIC 0x494eu /* IN */
enum {
    H2K_XFS_DI_MAGICNUM = 0, /* 16 */
    H2K_XFS_DI_MODE = 2,     /* 16 */
    H2K_XFS_DI_VERSION = 4,  /* 8 */
    H2K_XFS_DI_FORMAT = 5,   /* 8 */
    H2K_XFS_DI_ONLINK = 6,   /* 16: version 1's links */
    H2K_XFS_DI_UID = 8,
    H2K_XFS_DI_GID = 12,
    H2K_XFS_DI_NLINK = 16,
    H2K_XFS_DI_PROJID_LO = 20,    /* 16 */
    H2K_XFS_DI_PROJID_HI = 22,    /* 16 */
    H2K_XFS_DI_BIG_NEXTENTS = 24, /* 64: nrext64's data extents */
    H2K_XFS_DI_FLUSHITER = 30,    /* 16: version 1 and 2 */
    H2K_XFS_DI_ATIME = 32,
    H2K_XFS_DI_MTIME = 40,
    H2K_XFS_DI_CTIME = 48,
    H2K_XFS_DI_FILE_SIZE = 56,
    H2K_XFS_DI_NBLOCKS = 64,
    H2K_XFS_DI_EXTSIZE = 72,
    H2K_XFS_DI_NEXTENTS = 76,
    H2K_XFS_DI_BIG_ANEXTENTS = 76, /* 32: nrext64's attribute extents */
    H2K_XFS_DI_ANEXTENTS = 80,     /* 16; zero with nrext64 */
    H2K_XFS_DI_FORKOFF = 82,       /* 8: in units of 8 bytes; 0: no fork */
    H2K_XFS_DI_AFORMAT = 83,       /* 8 */
    H2K_XFS_DI_DMEVMASK = 84,
    H2K_XFS_DI_DMSTATE = 88, /* 16 */
    H2K_XFS_DI_FLAGS = 90,   /* 16 */
    H2K_XFS_DI_GEN = 92,
    H2K_XFS_DI_NEXT_UNLINKED = 96,
    H2K_XFS_DI_SIZE_V2 = 100, /* the literal area of versions 1 and 2 */
    H2K_XFS_DI_CRC = 100,
    H2K_XFS_DI_CHANGECOUNT = 104,
    H2K_XFS_DI_LSN = 112,
    H2K_XFS_DI_FLAGS2 = 120, /* 64 */
    H2K_XFS_DI_COWEXTSIZE = 128,
    H2K_XFS_DI_CRTIME = 144,
    H2K_XFS_DI_INO = 152,
    H2K_XFS_DI_UUID = 160,
    H2K_XFS_DI_SIZE_V3 = 176,
};

#define H2K_XFS_DIFLAG_REALTIME 0x0001u
#define H2K_XFS_DIFLAG_PREALLOC 0x0002u
#define H2K_XFS_DIFLAG_NEWRTBM 0x0004u
#define H2K_XFS_DIFLAG_IMMUTABLE 0x0008u
#define H2K_XFS_DIFLAG_APPEND 0x0010u
#define H2K_XFS_DIFLAG_SYNC 0x0020u
#define H2K_XFS_DIFLAG_NOATIME 0x0040u
#define H2K_XFS_DIFLAG_NODUMP 0x0080u
#define H2K_XFS_DIFLAG_RTINHERIT 0x0100u
#define H2K_XFS_DIFLAG_PROJINHERIT 0x0200u
#define H2K_XFS_DIFLAG_NOSYMLINKS 0x0400u
#define H2K_XFS_DIFLAG_EXTSIZE 0x0800u
#define H2K_XFS_DIFLAG_EXTSZINHERIT 0x1000u
#define H2K_XFS_DIFLAG_NODEFRAG 0x2000u
#define H2K_XFS_DIFLAG_FILESTREAM 0x4000u

#define H2K_XFS_DIFLAG2_DAX 0x01u
#define H2K_XFS_DIFLAG2_REFLINK 0x02u
#define H2K_XFS_DIFLAG2_COWEXTSIZE 0x04u
#define H2K_XFS_DIFLAG2_BIGTIME 0x08u
#define H2K_XFS_DIFLAG2_NREXT64 0x10u
#define H2K_XFS_DIFLAG2_METADATA 0x20u

/* bigtime: nanoseconds since 2^31 seconds before 1970. */
#define H2K_XFS_BIGTIME_EPOCH (INT64_C(1) << 31)
#define H2K_XFS_NANOSECONDS UINT64_C(1000000000)

/* The most extents a fork can have without and with nrext64. */
#define H2K_XFS_NEXTENTS_MAX INT32_MAX
#define H2K_XFS_ANEXTENTS_MAX INT16_MAX
#define H2K_XFS_BIG_NEXTENTS_MAX ((UINT64_C(1) << 48) - 1)
#define H2K_XFS_BIG_ANEXTENTS_MAX UINT32_MAX

#endif
