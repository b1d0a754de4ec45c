/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The layout of a qcow2 file: QEMU's docs/interop/qcow2.txt, whose section
 * is named beside each part.  All numbers are big-endian.
 *
 * The file is made of clusters; host clusters are those of the file, guest
 * clusters those of the disk.  A guest cluster is found through two levels
 * of tables (L1, L2), and each host cluster has a reference count, found
 * through two levels as well (refcount table, refcount block).
 */
#ifndef H2K_IMAGE_QCOW2_FORMAT_H
#define H2K_IMAGE_QCOW2_FORMAT_H

/* "Header".  Byte offsets; the first 72 are all of version 2. */
#define QCOW2_MAGIC "QFI\xfb"
#define QCOW2_MAGIC_SIZE 4
enum qcow2_header_field {
    QCOW2_HEADER_MAGIC = 0,                    /* 4 bytes */
    QCOW2_HEADER_VERSION = 4,                  /* 32 bits: 2 or 3 */
    QCOW2_HEADER_BACKING_OFFSET = 8,           /* 64: of its name; 0: none */
    QCOW2_HEADER_BACKING_SIZE = 16,            /* 32: of its name, in bytes */
    QCOW2_HEADER_CLUSTER_BITS = 20,            /* 32: log2 of bytes */
    QCOW2_HEADER_SIZE = 24,                    /* 64: the disk's, in bytes */
    QCOW2_HEADER_CRYPT_METHOD = 32,            /* 32: 0 none, 1 AES, 2 LUKS */
    QCOW2_HEADER_L1_SIZE = 36,                 /* 32: entries */
    QCOW2_HEADER_L1_OFFSET = 40,               /* 64 */
    QCOW2_HEADER_REFCOUNT_TABLE_OFFSET = 48,   /* 64 */
    QCOW2_HEADER_REFCOUNT_TABLE_CLUSTERS = 56, /* 32 */
    QCOW2_HEADER_SNAPSHOT_COUNT = 60,          /* 32 */
    QCOW2_HEADER_SNAPSHOTS_OFFSET = 64,        /* 64 */
    QCOW2_HEADER_V2_END = 72,
    QCOW2_HEADER_INCOMPATIBLE = 72,   /* 64: features, see below */
    QCOW2_HEADER_COMPATIBLE = 80,     /* 64: features */
    QCOW2_HEADER_AUTOCLEAR = 88,      /* 64: features */
    QCOW2_HEADER_REFCOUNT_ORDER = 96, /* 32: log2 of bits; 4 in version 2 */
    QCOW2_HEADER_LENGTH = 100,        /* 32: bytes, a multiple of 8 */
    QCOW2_HEADER_V3_END = 104,
    QCOW2_HEADER_COMPRESSION = 104, /* 8: 0 zlib, 1 zstd; 7 of padding */
    QCOW2_HEADER_COMPRESSION_END = 112,
};

/* The specification's least; the greatest is QEMU's own limit, and ours. */
#define QCOW2_CLUSTER_BITS_MIN 9
#define QCOW2_CLUSTER_BITS_MAX 21
/* "Header", notes: limits of QEMU, so that no image in use has more. */
#define QCOW2_L1_BYTES_MAX (32u << 20)
#define QCOW2_REFCOUNT_TABLE_BYTES_MAX (8u << 20)
#define QCOW2_BACKING_SIZE_MAX 1023
#define QCOW2_REFCOUNT_ORDER_V2 4
#define QCOW2_REFCOUNT_ORDER_MAX 6

enum qcow2_crypt_method {
    QCOW2_CRYPT_NONE,
    QCOW2_CRYPT_AES,
    QCOW2_CRYPT_LUKS
};
enum qcow2_compression { QCOW2_COMPRESSION_ZLIB, QCOW2_COMPRESSION_ZSTD };

/* Bit numbers in incompatible_features. */
enum qcow2_incompatible {
    QCOW2_INCOMPATIBLE_DIRTY,         /* refcounts may be wrong */
    QCOW2_INCOMPATIBLE_CORRUPT,       /* anything may be */
    QCOW2_INCOMPATIBLE_EXTERNAL_DATA, /* data is in another file */
    QCOW2_INCOMPATIBLE_COMPRESSION,   /* the compression field is not 0 */
    QCOW2_INCOMPATIBLE_EXTENDED_L2,   /* L2 entries of 16 bytes */
};
#define QCOW2_COMPATIBLE_LAZY_REFCOUNTS 0
#define QCOW2_AUTOCLEAR_BITMAPS 0
#define QCOW2_AUTOCLEAR_RAW_EXTERNAL 1

/* "Header extensions": a type and a length of 32 bits each, then so many
 * bytes, padded to a multiple of 8. */
#define QCOW2_EXTENSION_HEADER_SIZE 8
#define QCOW2_EXTENSION_END 0x00000000u
#define QCOW2_EXTENSION_FEATURE_NAMES 0x6803f857u
#define QCOW2_EXTENSION_BITMAPS 0x23852875u

/* "Feature name table": entries of a type (0 incompatible, 1 compatible, 2
 * autoclear), a bit number, and a name padded with zeros. */
#define QCOW2_FEATURE_TYPE_INCOMPATIBLE 0
#define QCOW2_FEATURE_TYPE_COMPATIBLE 1
#define QCOW2_FEATURE_TYPE_AUTOCLEAR 2
#define QCOW2_FEATURE_NAME_OFFSET 2
#define QCOW2_FEATURE_NAME_SIZE 46
#define QCOW2_FEATURE_ENTRY_SIZE 48

/* "Cluster mapping".  An L1 entry is an L2 table's offset, or 0. */
#define QCOW2_L1_ENTRY_SIZE 8
#define QCOW2_L2_ENTRY_SIZE 8
#define QCOW2_L2_EXTENDED_ENTRY_SIZE 16
#define QCOW2_ENTRY_OFFSET 0x00fffffffffffe00ull /* bits 9 to 55 */
#define QCOW2_ENTRY_COPIED (1ull << 63)          /* its refcount is one */
#define QCOW2_L1_RESERVED 0x7f000000000001ffull
/* A standard cluster's L2 entry ("Standard Cluster Descriptor"). */
#define QCOW2_L2_ZERO 1ull
#define QCOW2_L2_COMPRESSED (1ull << 62)
#define QCOW2_L2_RESERVED 0x3f000000000001feull
/* A compressed cluster's ("Compressed Clusters Descriptor"): the offset of
 * its first byte below bit x = 62 - (cluster_bits - 8), and from x to 61 how
 * many sectors follow the one with that byte. */
#define QCOW2_SECTOR 512u
static inline unsigned
qcow2_compressed_shift(unsigned cluster_bits)
{
    return 62 - (cluster_bits - 8);
}
/* "Extended L2 Entries": in bits 0 to 31 of the second half, which of the
 * cluster's 32 subclusters are allocated; in bits 32 to 63, which are zero. */
#define QCOW2_SUBCLUSTERS 32u
#define QCOW2_EXTENDED_L2_CLUSTER_BITS_MIN 14

/* "Host cluster management". */
#define QCOW2_REFCOUNT_TABLE_ENTRY_SIZE 8
#define QCOW2_REFCOUNT_TABLE_RESERVED 0x1ffull

#endif
