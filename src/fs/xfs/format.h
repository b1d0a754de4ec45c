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

#endif
