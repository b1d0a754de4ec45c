/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What lies where on an XFS volume: offsets in bytes, magics and bits, by
 * the chapters of "XFS Algorithms & Data Structures", 3rd edition.
 *
 * Everything is big-endian but the CRCs, which are little-endian.  Addresses
 * that blocks say of themselves ("blkno") are in units of 512 bytes.
 */
#ifndef H2K_FS_XFS_FORMAT_H
#define H2K_FS_XFS_FORMAT_H

#include <stdint.h>

#define H2K_XFS_SECTOR 512u /* the unit of "blkno" */
#define H2K_XFS_NULL32 UINT32_MAX
#define H2K_XFS_NULL64 UINT64_MAX

/* ---- Superblocks ---- */

#define H2K_XFS_SB_MAGIC 0x58465342u /* XFSB */
enum {
    H2K_XFS_SB_MAGICNUM = 0,
    H2K_XFS_SB_BLOCKSIZE = 4,
    H2K_XFS_SB_DBLOCKS = 8,
    H2K_XFS_SB_RBLOCKS = 16,
    H2K_XFS_SB_REXTENTS = 24,
    H2K_XFS_SB_UUID = 32,
    H2K_XFS_SB_LOGSTART = 48,
    H2K_XFS_SB_ROOTINO = 56,
    H2K_XFS_SB_RBMINO = 64,
    H2K_XFS_SB_RSUMINO = 72,
    H2K_XFS_SB_REXTSIZE = 80,
    H2K_XFS_SB_AGBLOCKS = 84,
    H2K_XFS_SB_AGCOUNT = 88,
    H2K_XFS_SB_RBMBLOCKS = 92,
    H2K_XFS_SB_LOGBLOCKS = 96,
    H2K_XFS_SB_VERSIONNUM = 100, /* 16 */
    H2K_XFS_SB_SECTSIZE = 102,   /* 16 */
    H2K_XFS_SB_INODESIZE = 104,  /* 16 */
    H2K_XFS_SB_INOPBLOCK = 106,  /* 16 */
    H2K_XFS_SB_FNAME = 108,      /* 12 bytes */
    H2K_XFS_SB_BLOCKLOG = 120,   /* 8, and so the next ones */
    H2K_XFS_SB_SECTLOG = 121,
    H2K_XFS_SB_INODELOG = 122,
    H2K_XFS_SB_INOPBLOG = 123,
    H2K_XFS_SB_AGBLKLOG = 124,
    H2K_XFS_SB_REXTSLOG = 125,
    H2K_XFS_SB_INPROGRESS = 126,
    H2K_XFS_SB_IMAX_PCT = 127,
    H2K_XFS_SB_ICOUNT = 128,
    H2K_XFS_SB_IFREE = 136,
    H2K_XFS_SB_FDBLOCKS = 144,
    H2K_XFS_SB_FREXTENTS = 152,
    H2K_XFS_SB_UQUOTINO = 160,
    H2K_XFS_SB_GQUOTINO = 168,
    H2K_XFS_SB_QFLAGS = 176, /* 16 */
    H2K_XFS_SB_FLAGS = 178,
    H2K_XFS_SB_SHARED_VN = 179,
    H2K_XFS_SB_INOALIGNMT = 180,
    H2K_XFS_SB_UNIT = 184,
    H2K_XFS_SB_WIDTH = 188,
    H2K_XFS_SB_DIRBLKLOG = 192,
    H2K_XFS_SB_LOGSECTLOG = 193,
    H2K_XFS_SB_LOGSECTSIZE = 194, /* 16 */
    H2K_XFS_SB_LOGSUNIT = 196,
    H2K_XFS_SB_FEATURES2 = 200,
    H2K_XFS_SB_BAD_FEATURES2 = 204,
    H2K_XFS_SB_COMPAT = 208, /* from here on version 5 alone */
    H2K_XFS_SB_RO_COMPAT = 212,
    H2K_XFS_SB_INCOMPAT = 216,
    H2K_XFS_SB_LOG_INCOMPAT = 220,
    H2K_XFS_SB_CRC = 224,
    H2K_XFS_SB_SPINO_ALIGN = 228,
    H2K_XFS_SB_PQUOTINO = 232,
    H2K_XFS_SB_LSN = 240,
    H2K_XFS_SB_META_UUID = 248,
    H2K_XFS_SB_SIZE = 264,
};

/* sb_versionnum: the version in the low four bits. */
#define H2K_XFS_VERSION_MASK 0x000fu
#define H2K_XFS_VERSION_ATTR 0x0010u
#define H2K_XFS_VERSION_NLINK 0x0020u
#define H2K_XFS_VERSION_QUOTA 0x0040u
#define H2K_XFS_VERSION_ALIGN 0x0080u
#define H2K_XFS_VERSION_DALIGN 0x0100u
#define H2K_XFS_VERSION_SHARED 0x0200u
#define H2K_XFS_VERSION_LOGV2 0x0400u
#define H2K_XFS_VERSION_SECTOR 0x0800u
#define H2K_XFS_VERSION_EXTFLG 0x1000u
#define H2K_XFS_VERSION_DIRV2 0x2000u
#define H2K_XFS_VERSION_BORG 0x4000u /* ASCII-only case-insensitive names */
#define H2K_XFS_VERSION_MOREBITS 0x8000u

/* sb_features2. */
#define H2K_XFS_FEATURE2_LAZY_COUNT 0x02u
#define H2K_XFS_FEATURE2_ATTR2 0x08u
#define H2K_XFS_FEATURE2_PARENT 0x10u
#define H2K_XFS_FEATURE2_PROJID32 0x80u
#define H2K_XFS_FEATURE2_CRC 0x100u
#define H2K_XFS_FEATURE2_FTYPE 0x200u

#define H2K_XFS_RO_FINOBT 0x1u
#define H2K_XFS_RO_RMAPBT 0x2u
#define H2K_XFS_RO_REFLINK 0x4u
#define H2K_XFS_RO_INOBTCOUNT 0x8u

#define H2K_XFS_INCOMPAT_FTYPE 0x1u
#define H2K_XFS_INCOMPAT_SPARSE 0x2u
#define H2K_XFS_INCOMPAT_META_UUID 0x4u
#define H2K_XFS_INCOMPAT_BIGTIME 0x8u
#define H2K_XFS_INCOMPAT_NEEDSREPAIR 0x10u
#define H2K_XFS_INCOMPAT_NREXT64 0x20u
#define H2K_XFS_INCOMPAT_EXCHRANGE 0x40u
#define H2K_XFS_INCOMPAT_PARENT 0x80u
#define H2K_XFS_INCOMPAT_METADIR 0x100u
#define H2K_XFS_INCOMPAT_ZONED 0x200u

#define H2K_XFS_LOG_INCOMPAT_XATTRS 0x1u

/* sb_qflags ("Quota Inodes"): accounted, enforced, checked. */
#define H2K_XFS_QFLAG_UACCT 0x001u
#define H2K_XFS_QFLAG_UENFD 0x002u
#define H2K_XFS_QFLAG_UCHKD 0x004u
#define H2K_XFS_QFLAG_PACCT 0x008u
#define H2K_XFS_QFLAG_OENFD 0x010u
#define H2K_XFS_QFLAG_OCHKD 0x020u
#define H2K_XFS_QFLAG_GACCT 0x040u
#define H2K_XFS_QFLAG_GENFD 0x080u
#define H2K_XFS_QFLAG_GCHKD 0x100u
#define H2K_XFS_QFLAG_PENFD 0x200u
#define H2K_XFS_QFLAG_PCHKD 0x400u

/* ---- AG Free Space Management: sectors 1 and 3 of an AG ---- */

#define H2K_XFS_AGF_MAGIC 0x58414746u /* XAGF */
enum {
    H2K_XFS_AGF_MAGICNUM = 0,
    H2K_XFS_AGF_VERSIONNUM = 4, /* 1 */
    H2K_XFS_AGF_SEQNO = 8,
    H2K_XFS_AGF_LENGTH = 12,
    H2K_XFS_AGF_BNO_ROOT = 16,
    H2K_XFS_AGF_CNT_ROOT = 20,
    H2K_XFS_AGF_RMAP_ROOT = 24,
    H2K_XFS_AGF_BNO_LEVEL = 28, /* levels, 1 for a root that is a leaf */
    H2K_XFS_AGF_CNT_LEVEL = 32,
    H2K_XFS_AGF_RMAP_LEVEL = 36,
    H2K_XFS_AGF_FLFIRST = 40,
    H2K_XFS_AGF_FLLAST = 44,
    H2K_XFS_AGF_FLCOUNT = 48,
    H2K_XFS_AGF_FREEBLKS = 52,
    H2K_XFS_AGF_LONGEST = 56,
    H2K_XFS_AGF_BTREEBLKS = 60, /* non-root blocks of bno, cnt (and rmap) */
    H2K_XFS_AGF_UUID = 64,
    H2K_XFS_AGF_RMAP_BLOCKS = 80,
    H2K_XFS_AGF_REFC_BLOCKS = 84,
    H2K_XFS_AGF_REFC_ROOT = 88,
    H2K_XFS_AGF_REFC_LEVEL = 92,
    H2K_XFS_AGF_LSN = 208,
    H2K_XFS_AGF_CRC = 216,
    H2K_XFS_AGF_SIZE = 224,
};

#define H2K_XFS_AGFL_MAGIC 0x5841464cu /* XAFL; version 4 has no header */
enum {
    H2K_XFS_AGFL_MAGICNUM = 0,
    H2K_XFS_AGFL_SEQNO = 4,
    H2K_XFS_AGFL_UUID = 8,
    H2K_XFS_AGFL_LSN = 24,
    H2K_XFS_AGFL_CRC = 32,
    H2K_XFS_AGFL_BNO = 36,   /* version 5: the block numbers, 32 bits each */
    H2K_XFS_AGFL_BNO_V4 = 0, /* to the sector's end in both */
};

/* ---- AG Inode Management: sector 2 of an AG ---- */

#define H2K_XFS_AGI_MAGIC 0x58414749u /* XAGI */
#define H2K_XFS_AGI_BUCKETS 64
enum {
    H2K_XFS_AGI_MAGICNUM = 0,
    H2K_XFS_AGI_VERSIONNUM = 4, /* 1 */
    H2K_XFS_AGI_SEQNO = 8,
    H2K_XFS_AGI_LENGTH = 12,
    H2K_XFS_AGI_COUNT = 16,
    H2K_XFS_AGI_ROOT = 20,
    H2K_XFS_AGI_LEVEL = 24,
    H2K_XFS_AGI_FREECOUNT = 28,
    H2K_XFS_AGI_NEWINO = 32,
    H2K_XFS_AGI_DIRINO = 36,
    H2K_XFS_AGI_UNLINKED = 40, /* 64 of 32 bits */
    H2K_XFS_AGI_UUID = 296,
    H2K_XFS_AGI_CRC = 312,
    H2K_XFS_AGI_LSN = 320,
    H2K_XFS_AGI_FREE_ROOT = 328,
    H2K_XFS_AGI_FREE_LEVEL = 332,
    H2K_XFS_AGI_IBLOCKS = 336, /* inobtcount: blocks, the root among them */
    H2K_XFS_AGI_FBLOCKS = 340,
    H2K_XFS_AGI_SIZE = 344,
};

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
