/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The numbers of btrfs' on-disk format: the btrfs documentation's "On-disk
 * Format", cited by chapter.  Everything is little-endian.
 */
#ifndef H2K_FS_BTRFS_FORMAT_H
#define H2K_FS_BTRFS_FORMAT_H

#include <stdint.h>

/* "Superblock": its size, and where its copies are in a device. */
#define H2K_BTRFS_SUPER_SIZE 4096u
#define H2K_BTRFS_SUPER_OFFSET (UINT64_C(64) << 10)
#define H2K_BTRFS_SUPER_COPIES 3u
/* What is never used for anything else: the first MiB, and so much from each
 * further copy on. */
#define H2K_BTRFS_RESERVED (UINT64_C(1) << 20)
#define H2K_BTRFS_STRIPE (UINT64_C(64) << 10)

enum {
    H2K_BTRFS_SUPER_FSID = 32,
    H2K_BTRFS_SUPER_BYTENR = 48,
    H2K_BTRFS_SUPER_FLAGS = 56,
    H2K_BTRFS_SUPER_MAGIC = 64,
    H2K_BTRFS_SUPER_GENERATION = 72,
    H2K_BTRFS_SUPER_ROOT = 80,
    H2K_BTRFS_SUPER_CHUNK_ROOT = 88,
    H2K_BTRFS_SUPER_LOG_ROOT = 96,
    H2K_BTRFS_SUPER_TOTAL_BYTES = 112,
    H2K_BTRFS_SUPER_BYTES_USED = 120,
    H2K_BTRFS_SUPER_ROOT_DIR = 128,
    H2K_BTRFS_SUPER_DEVICES = 136,
    H2K_BTRFS_SUPER_SECTOR_SIZE = 144,
    H2K_BTRFS_SUPER_NODE_SIZE = 148,
    H2K_BTRFS_SUPER_SYSTEM_SIZE = 160,
    H2K_BTRFS_SUPER_CHUNK_GENERATION = 164,
    H2K_BTRFS_SUPER_COMPAT_RO = 180,
    H2K_BTRFS_SUPER_INCOMPAT = 188,
    H2K_BTRFS_SUPER_SUM_TYPE = 196,
    H2K_BTRFS_SUPER_ROOT_LEVEL = 198,
    H2K_BTRFS_SUPER_CHUNK_ROOT_LEVEL = 199,
    H2K_BTRFS_SUPER_DEVICE = 201, /* a device item */
    H2K_BTRFS_SUPER_LABEL = 299,
    H2K_BTRFS_SUPER_METADATA_UUID = 571,
    H2K_BTRFS_SUPER_SYSTEM = 811, /* chunks of the chunk tree */
    H2K_BTRFS_SUPER_SYSTEM_MAX = 2048,
    H2K_BTRFS_LABEL_SIZE = 256,
};

/* "Superblock", flags: a device that others were added over (a seed), what
 * btrfs-image wrote, and a change of all blocks that did not end. */
#define H2K_BTRFS_FLAG_SEEDING (UINT64_C(1) << 32)
#define H2K_BTRFS_FLAG_METADUMP (UINT64_C(3) << 33)
#define H2K_BTRFS_FLAG_CHANGING (UINT64_C(0x1f) << 35)

/* "Superblock", incompat_flags */
#define H2K_BTRFS_MIXED_GROUPS (UINT64_C(1) << 2)
#define H2K_BTRFS_METADATA_UUID (UINT64_C(1) << 10)

/* "Superblock", compat_ro_flags: free space tree, that it is valid, verity,
 * block group tree. */
#define H2K_BTRFS_COMPAT_RO_KNOWN UINT64_C(0xf)

/* "Node" and "Leaf": the header, and what follows it. */
enum {
    H2K_BTRFS_SUM_SIZE = 32,
    H2K_BTRFS_HEADER_FSID = 32,
    H2K_BTRFS_HEADER_BYTENR = 48,
    H2K_BTRFS_HEADER_GENERATION = 80,
    H2K_BTRFS_HEADER_OWNER = 88,
    H2K_BTRFS_HEADER_COUNT = 96,
    H2K_BTRFS_HEADER_LEVEL = 100,
    H2K_BTRFS_HEADER_SIZE = 101,
    H2K_BTRFS_KEY_SIZE = 17,
    H2K_BTRFS_ITEM_SIZE = 25,    /* key, offset, size */
    H2K_BTRFS_POINTER_SIZE = 33, /* key, block, generation */
};
#define H2K_BTRFS_LEVELS 8u

/* "Key": types of items */
enum {
    H2K_BTRFS_INODE_ITEM = 1,
    H2K_BTRFS_INODE_REF = 12,
    H2K_BTRFS_XATTR_ITEM = 24,
    H2K_BTRFS_DIR_ITEM = 84,
    H2K_BTRFS_DIR_INDEX = 96,
    H2K_BTRFS_EXTENT_DATA = 108,
    H2K_BTRFS_EXTENT_CSUM = 128,
    H2K_BTRFS_ROOT_ITEM = 132,
    H2K_BTRFS_ROOT_BACKREF = 144,
    H2K_BTRFS_EXTENT_ITEM = 168,
    H2K_BTRFS_METADATA_ITEM = 169,
    H2K_BTRFS_DEV_EXTENT = 204,
    H2K_BTRFS_DEV_ITEM = 216,
    H2K_BTRFS_CHUNK_ITEM = 228,
    H2K_BTRFS_TEMPORARY_ITEM = 248,
    H2K_BTRFS_DEV_REPLACE = 250,
};

/* "Trees", and other reserved object ids */
#define H2K_BTRFS_ROOT_TREE UINT64_C(1)
#define H2K_BTRFS_EXTENT_TREE UINT64_C(2)
#define H2K_BTRFS_CHUNK_TREE UINT64_C(3)
#define H2K_BTRFS_DEV_TREE UINT64_C(4)
#define H2K_BTRFS_FS_TREE UINT64_C(5)
#define H2K_BTRFS_CSUM_TREE UINT64_C(7)
#define H2K_BTRFS_FIRST_FREE UINT64_C(256)
#define H2K_BTRFS_LAST_FREE (UINT64_MAX - 255)
#define H2K_BTRFS_BALANCE (UINT64_MAX - 3)
#define H2K_BTRFS_TREE_RELOC (UINT64_MAX - 7)
#define H2K_BTRFS_CSUM_OBJECT (UINT64_MAX - 9)
#define H2K_BTRFS_CHUNK_OBJECT UINT64_C(256)
#define H2K_BTRFS_DEV_OBJECT UINT64_C(1)

/* "Chunk item": kinds of content, and profiles */
#define H2K_BTRFS_DATA UINT64_C(1)
#define H2K_BTRFS_SYSTEM UINT64_C(2)
#define H2K_BTRFS_METADATA UINT64_C(4)
#define H2K_BTRFS_RAID0 UINT64_C(8)
#define H2K_BTRFS_RAID1 UINT64_C(0x10)
#define H2K_BTRFS_DUP UINT64_C(0x20)
#define H2K_BTRFS_RAID10 UINT64_C(0x40)
#define H2K_BTRFS_RAID56 UINT64_C(0x180)
#define H2K_BTRFS_RAID1C3 UINT64_C(0x200)
#define H2K_BTRFS_RAID1C4 UINT64_C(0x400)
#define H2K_BTRFS_MIRRORED \
    (H2K_BTRFS_RAID1 | H2K_BTRFS_DUP | H2K_BTRFS_RAID1C3 | H2K_BTRFS_RAID1C4)
#define H2K_BTRFS_PROFILES \
    (H2K_BTRFS_MIRRORED | H2K_BTRFS_RAID0 | H2K_BTRFS_RAID10)

enum {
    H2K_BTRFS_CHUNK_LENGTH = 0,
    H2K_BTRFS_CHUNK_STRIPE_LENGTH = 16,
    H2K_BTRFS_CHUNK_TYPE = 24,
    H2K_BTRFS_CHUNK_STRIPES = 44,
    H2K_BTRFS_CHUNK_SUB_STRIPES = 46,
    H2K_BTRFS_CHUNK_SIZE = 48,  /* the stripes follow */
    H2K_BTRFS_STRIPE_SIZE = 32, /* devid, offset, the device's UUID */
};

/* "Device item" */
enum {
    H2K_BTRFS_DEVICE_ID = 0,
    H2K_BTRFS_DEVICE_TOTAL = 8,
    H2K_BTRFS_DEVICE_UUID = 66,
    H2K_BTRFS_DEVICE_SIZE = 98,
};

/* "Root item" */
enum {
    H2K_BTRFS_ROOT_GENERATION = 160,
    H2K_BTRFS_ROOT_DIRID = 168,
    H2K_BTRFS_ROOT_BYTENR = 176,
    H2K_BTRFS_ROOT_FLAGS = 208,
    H2K_BTRFS_ROOT_REFS = 216,
    H2K_BTRFS_ROOT_LEVEL = 238,
    H2K_BTRFS_ROOT_SIZE = 239, /* before it was extended */
};
#define H2K_BTRFS_ROOT_READ_ONLY UINT64_C(1)

/* "Inode item" */
enum {
    H2K_BTRFS_INODE_FILE_SIZE = 16,
    H2K_BTRFS_INODE_LINKS = 40,
    H2K_BTRFS_INODE_UID = 44,
    H2K_BTRFS_INODE_GID = 48,
    H2K_BTRFS_INODE_MODE = 52,
    H2K_BTRFS_INODE_FLAGS = 64,
    H2K_BTRFS_INODE_MTIME = 136,
    H2K_BTRFS_INODE_SIZE = 160,
};
#define H2K_BTRFS_INODE_NODATASUM UINT64_C(1)

/* "Dir item", the same for extended attributes; and its types */
enum {
    H2K_BTRFS_ENTRY_DATA_LENGTH = 25,
    H2K_BTRFS_ENTRY_NAME_LENGTH = 27,
    H2K_BTRFS_ENTRY_TYPE = 29,
    H2K_BTRFS_ENTRY_SIZE = 30,
    H2K_BTRFS_TYPE_DIR = 2,
    H2K_BTRFS_TYPE_ENCRYPTED = 0x80,
};

/* "Extent data item" */
enum {
    H2K_BTRFS_FILE_RAM_BYTES = 8,
    H2K_BTRFS_FILE_COMPRESSION = 16,
    H2K_BTRFS_FILE_ENCRYPTION = 17,
    H2K_BTRFS_FILE_OTHER = 18,
    H2K_BTRFS_FILE_TYPE = 20,
    H2K_BTRFS_FILE_INLINE = 21, /* the bytes themselves */
    H2K_BTRFS_FILE_DISK = 21,
    H2K_BTRFS_FILE_DISK_LENGTH = 29,
    H2K_BTRFS_FILE_OFFSET = 37,
    H2K_BTRFS_FILE_LENGTH = 45,
    H2K_BTRFS_FILE_SIZE = 53,
};

#endif
