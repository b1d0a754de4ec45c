/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Directories, and the blocks of hashes that attributes have too; see
 * format.h. */
#ifndef H2K_FS_XFS_FORMAT_DIR_H
#define H2K_FS_XFS_FORMAT_DIR_H

#include <stdint.h>

/* ---- Directories ---- */

/* File types in directory entries. */
enum {
    H2K_XFS_FT_UNKNOWN,
    H2K_XFS_FT_REG,
    H2K_XFS_FT_DIR,
    H2K_XFS_FT_CHR,
    H2K_XFS_FT_BLK,
    H2K_XFS_FT_FIFO,
    H2K_XFS_FT_SOCK,
    H2K_XFS_FT_LNK,
    H2K_XFS_FT_WHT,
};

/* "Shortform Directories": the header, and behind the parent's number
 * entries of: namelen, offset (16), name, the type where kept, number. */
enum {
    H2K_XFS_SF_COUNT = 0,   /* 8: entries */
    H2K_XFS_SF_I8COUNT = 1, /* 8: numbers that need 64 bits; 0: all have 32 */
    H2K_XFS_SF_PARENT = 2,
    H2K_XFS_SF_ENTRY_NAMELEN = 0,
    H2K_XFS_SF_ENTRY_OFFSET = 1,
    H2K_XFS_SF_ENTRY_NAME = 3,
};

/* "Block Directories", "Leaf Directories": data blocks. */
#define H2K_XFS_DIR_BLOCK_MAGIC 0x58443242u    /* XD2B */
#define H2K_XFS_DIR_BLOCK_MAGIC_V5 0x58444233u /* XDB3 */
#define H2K_XFS_DIR_DATA_MAGIC 0x58443244u     /* XD2D */
#define H2K_XFS_DIR_DATA_MAGIC_V5 0x58444433u  /* XDD3 */
#define H2K_XFS_DIR_FREE_MAGIC 0x58443246u     /* XD2F */
#define H2K_XFS_DIR_FREE_MAGIC_V5 0x58444633u  /* XDF3 */
enum {
    H2K_XFS_DD_MAGICNUM = 0,
    H2K_XFS_DD_BESTFREE_V4 = 4,
    H2K_XFS_DD_SIZE_V4 = 16,
    H2K_XFS_DD_CRC = 4,
    H2K_XFS_DD_BLKNO = 8,
    H2K_XFS_DD_LSN = 16,
    H2K_XFS_DD_UUID = 24,
    H2K_XFS_DD_OWNER = 40,
    H2K_XFS_DD_BESTFREE = 48, /* 3 of: offset (16), length (16) */
    H2K_XFS_DD_SIZE = 64,

    /* An entry, a multiple of 8 bytes long: number, namelen, name, the type
     * where kept, room, tag (16: its own offset in the block). */
    H2K_XFS_DE_INUMBER = 0,
    H2K_XFS_DE_NAMELEN = 8,
    H2K_XFS_DE_NAME = 9,
    /* Unused room: freetag (16), length (16), …, tag in its last 2 bytes. */
    H2K_XFS_DU_FREETAG = 0,
    H2K_XFS_DU_LENGTH = 2,

    /* The end of a directory of one block: the leaf's entries, then this. */
    H2K_XFS_DBT_COUNT = 0,
    H2K_XFS_DBT_STALE = 4,
    H2K_XFS_DBT_SIZE = 8,
};
#define H2K_XFS_DIR_FREE_TAG 0xffffu
#define H2K_XFS_DIR_ALIGN 8u
/* Offsets in a directory's file: the index, and the free spaces of data
 * blocks. */
#define H2K_XFS_DIR_LEAF_OFFSET (UINT64_C(1) << 35)
#define H2K_XFS_DIR_FREE_OFFSET (UINT64_C(2) << 35)

/* Leaves, nodes and attribute leaves begin alike. */
#define H2K_XFS_DIR_LEAF1_MAGIC 0xd2f1u
#define H2K_XFS_DIR_LEAF1_MAGIC_V5 0x3df1u
#define H2K_XFS_DIR_LEAFN_MAGIC 0xd2ffu
#define H2K_XFS_DIR_LEAFN_MAGIC_V5 0x3dffu
#define H2K_XFS_DA_NODE_MAGIC 0xfebeu
#define H2K_XFS_DA_NODE_MAGIC_V5 0x3ebeu
#define H2K_XFS_ATTR_LEAF_MAGIC 0xfbeeu
#define H2K_XFS_ATTR_LEAF_MAGIC_V5 0x3beeu
#define H2K_XFS_DA_LEVELS_MAX 5
enum {
    H2K_XFS_DA_FORW = 0,
    H2K_XFS_DA_BACK = 4,
    H2K_XFS_DA_MAGICNUM = 8, /* 16 */
    H2K_XFS_DA_SIZE_V4 = 12,
    H2K_XFS_DA_CRC = 12,
    H2K_XFS_DA_BLKNO = 16,
    H2K_XFS_DA_LSN = 24,
    H2K_XFS_DA_UUID = 32,
    H2K_XFS_DA_OWNER = 48,
    H2K_XFS_DA_SIZE = 56,

    /* A directory's leaf: entries of hash and address (in units of 8 bytes;
     * 0: stale).  LEAF1 ends with the best free spaces, 16 bits each, and
     * their count in 32. */
    H2K_XFS_DL_COUNT_V4 = 12, /* 16 */
    H2K_XFS_DL_STALE_V4 = 14, /* 16 */
    H2K_XFS_DL_SIZE_V4 = 16,
    H2K_XFS_DL_COUNT = 56,
    H2K_XFS_DL_STALE = 58,
    H2K_XFS_DL_SIZE = 64,
    H2K_XFS_DL_ENTRY_SIZE = 8,
    H2K_XFS_DL_TAIL_SIZE = 4,

    /* A node: entries of the highest hash below, and the block. */
    H2K_XFS_DN_COUNT_V4 = 12, /* 16 */
    H2K_XFS_DN_LEVEL_V4 = 14, /* 16: 1 above leaves */
    H2K_XFS_DN_SIZE_V4 = 16,
    H2K_XFS_DN_COUNT = 56,
    H2K_XFS_DN_LEVEL = 58,
    H2K_XFS_DN_SIZE = 64,
    H2K_XFS_DN_ENTRY_SIZE = 8,

    /* Free spaces of data blocks: from number FIRSTDB on, 16 bits each. */
    H2K_XFS_DF_FIRSTDB_V4 = 4,
    H2K_XFS_DF_NVALID_V4 = 8,
    H2K_XFS_DF_NUSED_V4 = 12,
    H2K_XFS_DF_SIZE_V4 = 16,
    H2K_XFS_DF_FIRSTDB = 48, /* what precedes is as in data blocks */
    H2K_XFS_DF_NVALID = 52,
    H2K_XFS_DF_NUSED = 56,
    H2K_XFS_DF_SIZE = 64,
};
#define H2K_XFS_DIR_NO_BEST 0xffffu
#define H2K_XFS_DIR_STALE_ADDRESS 0u

#endif
