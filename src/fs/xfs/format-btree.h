/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* B+trees, their records and what these mean; see format.h. */
#ifndef H2K_FS_XFS_FORMAT_BTREE_H
#define H2K_FS_XFS_FORMAT_BTREE_H

#include <stdint.h>

/* ---- B+trees ("Short Format Btrees", "Long Format Btrees") ---- */

#define H2K_XFS_BNOBT_MAGIC 0x41425442u     /* ABTB */
#define H2K_XFS_BNOBT_MAGIC_V5 0x41423342u  /* AB3B */
#define H2K_XFS_CNTBT_MAGIC 0x41425443u     /* ABTC */
#define H2K_XFS_CNTBT_MAGIC_V5 0x41423343u  /* AB3C */
#define H2K_XFS_INOBT_MAGIC 0x49414254u     /* IABT */
#define H2K_XFS_INOBT_MAGIC_V5 0x49414233u  /* IAB3 */
#define H2K_XFS_FINOBT_MAGIC_V5 0x46494233u /* FIB3 */
#define H2K_XFS_RMAPBT_MAGIC_V5 0x524d4233u /* RMB3 */
#define H2K_XFS_REFCBT_MAGIC_V5 0x52334643u /* R3FC */
#define H2K_XFS_BMBT_MAGIC 0x424d4150u      /* BMAP */
#define H2K_XFS_BMBT_MAGIC_V5 0x424d4133u   /* BMA3 */

/* The highest a tree can be: 2^32 blocks by two keys a node, and more. */
#define H2K_XFS_BTREE_LEVELS_MAX 32

enum {
    H2K_XFS_BB_MAGICNUM = 0,
    H2K_XFS_BB_LEVEL = 4,   /* 16; 0 for leaves */
    H2K_XFS_BB_NUMRECS = 6, /* 16 */
    /* Short pointers: blocks of the AG. */
    H2K_XFS_BB_LEFTSIB = 8,
    H2K_XFS_BB_RIGHTSIB = 12,
    H2K_XFS_BB_SIZE = 16,
    H2K_XFS_BB_BLKNO = 16,
    H2K_XFS_BB_LSN = 24,
    H2K_XFS_BB_UUID = 32,
    H2K_XFS_BB_OWNER = 48, /* 32: the AG */
    H2K_XFS_BB_CRC = 52,
    H2K_XFS_BB_SIZE_V5 = 56,
    /* Long pointers: blocks of the filesystem. */
    H2K_XFS_BBL_LEFTSIB = 8,
    H2K_XFS_BBL_RIGHTSIB = 16,
    H2K_XFS_BBL_SIZE = 24,
    H2K_XFS_BBL_BLKNO = 24,
    H2K_XFS_BBL_LSN = 32,
    H2K_XFS_BBL_UUID = 40,
    H2K_XFS_BBL_OWNER = 56, /* 64: the inode */
    H2K_XFS_BBL_CRC = 64,
    H2K_XFS_BBL_SIZE_V5 = 72,
};

/* Records, keys and pointers.  Nodes have room for as many keys and then
 * pointers as fit: (size - header) / (key + pointer); the pointers begin
 * behind the room for all keys. */
enum {
    H2K_XFS_ALLOC_START = 0,
    H2K_XFS_ALLOC_COUNT = 4,
    H2K_XFS_ALLOC_SIZE = 8, /* the key is the same */

    H2K_XFS_INO_START = 0,     /* inode of the AG, a multiple of 64 */
    H2K_XFS_INO_FREECOUNT = 4, /* without sparse inodes */
    H2K_XFS_INO_HOLEMASK = 4,  /* 16: a bit for 4 inodes that are not there */
    H2K_XFS_INO_COUNT = 6,     /* 8 */
    H2K_XFS_INO_SPARSE_FREECOUNT = 7, /* 8 */
    H2K_XFS_INO_FREE = 8,             /* 64: a bit for each free one */
    H2K_XFS_INO_SIZE = 16,
    H2K_XFS_INO_KEY_SIZE = 4,

    H2K_XFS_RMAP_START = 0,
    H2K_XFS_RMAP_COUNT = 4,
    H2K_XFS_RMAP_OWNER = 8,
    H2K_XFS_RMAP_OFFSET = 16,
    H2K_XFS_RMAP_SIZE = 24,
    H2K_XFS_RMAP_KEY_SIZE = 40, /* low and high: start, owner, offset */

    H2K_XFS_REFC_START = 0, /* the top bit: a CoW staging extent */
    H2K_XFS_REFC_COUNT = 4,
    H2K_XFS_REFC_REFS = 8,
    H2K_XFS_REFC_SIZE = 12,
    H2K_XFS_REFC_KEY_SIZE = 4,

    H2K_XFS_BMBT_REC_SIZE = 16,
    H2K_XFS_BMBT_KEY_SIZE = 8,
    H2K_XFS_SHORT_PTR_SIZE = 4,
    H2K_XFS_LONG_PTR_SIZE = 8,

    /* The root in an inode ("B+tree Extent List"): keys, then pointers. */
    H2K_XFS_BMDR_LEVEL = 0,   /* 16 */
    H2K_XFS_BMDR_NUMRECS = 2, /* 16 */
    H2K_XFS_BMDR_SIZE = 4,
    /* The least room that a data fork keeps, for a root of three pointers. */
    H2K_XFS_BMDR_MIN = 52,
};
#define H2K_XFS_CHUNK_INODES 64u
#define H2K_XFS_HOLEMASK_INODES 4u
#define H2K_XFS_REFC_COW 0x80000000u

/* Owners in the reverse map that are no inodes, and the bits of its
 * offsets ("Reverse-Mapping B+tree"). */
#define H2K_XFS_OWN_NULL UINT64_MAX /* -1 */
#define H2K_XFS_OWN_UNKNOWN (-UINT64_C(2))
#define H2K_XFS_OWN_FS (-UINT64_C(3)) /* AG headers */
#define H2K_XFS_OWN_LOG (-UINT64_C(4))
#define H2K_XFS_OWN_AG (-UINT64_C(5))    /* bno, cnt, rmap btrees, AGFL */
#define H2K_XFS_OWN_INOBT (-UINT64_C(6)) /* both inode btrees */
#define H2K_XFS_OWN_INODES (-UINT64_C(7))
#define H2K_XFS_OWN_REFC (-UINT64_C(8))
#define H2K_XFS_OWN_COW (-UINT64_C(9))
#define H2K_XFS_RMAP_ATTR_FORK (UINT64_C(1) << 63)
#define H2K_XFS_RMAP_BMBT_BLOCK (UINT64_C(1) << 62)
#define H2K_XFS_RMAP_UNWRITTEN (UINT64_C(1) << 61)

/* An extent in 128 bits ("Data Extents"): a flag, 54 bits of file offset,
 * 52 of start block, 21 of count. */
#define H2K_XFS_EXTENT_COUNT_MAX ((1u << 21) - 1)
#define H2K_XFS_EXTENT_OFFSET_END (UINT64_C(1) << 54)

#endif
