/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Ways of making volumes of disks and of each other: partition tables, GPT
 * and MBR; LVM2 is in lvm/, LUKS in luks/ and RAID in md/.
 */
#ifndef H2K_VOLUME_VOLUME_H
#define H2K_VOLUME_VOLUME_H

#include "block/block.h"

#define H2K_UUID_TEXT 37 /* 36 characters and the NUL */

/* What may be a part of something: a physical volume, an array's member. */
struct h2k_volume_source {
    const char *name; /* for messages: "disk-0 partition 2" */
    struct h2k_block *block;
};

/* One partition that can hold something: an extended partition of an MBR is
 * not listed, its logical ones are. */
struct h2k_partition {
    uint32_t number;          /* as the kernel counts: sda<number>, from 1 */
    uint64_t offset;          /* bytes from the start of the disk */
    uint64_t length;          /* bytes */
    char uuid[H2K_UUID_TEXT]; /* PARTUUID as blkid prints it, lower case:
                                 GPT's GUID, or DISKID-NN for MBR, "" where
                                 the disk has no signature */
    char type[H2K_UUID_TEXT]; /* GPT: the type's GUID; MBR: "0x83", "0x7" */
    char label[4 * 36 + 1];   /* GPT: the name in UTF-8, "" for none */
    bool logical;             /* MBR: inside the extended partition */
    bool bootable;            /* MBR's active flag, GPT's legacy bit */
};

struct h2k_partition_table {
    const char *type;       /* "gpt" or "mbr" */
    char id[H2K_UUID_TEXT]; /* the disk's GUID, or "0x1234abcd" */
    uint32_t sector_size;   /* bytes: 512 or 4096 */
    bool used_backup;       /* GPT: the first copy was damaged */
    size_t count;
    struct h2k_partition *partitions; /* by number */
    char problem[200]; /* what was damaged and survived, or "" */
};

/*
 * The partition table of DISK.  NULL with H2K_E_NOENT when there is none
 * (also for a filesystem on the bare disk, or an MBR without entries), with
 * H2K_E_CORRUPT when there is one and no copy of it can be trusted: entries
 * that overlap, leave the disk, or an extended partition that loops.  What
 * it says of partitions names their numbers.
 *
 * As in Linux, a GPT counts only where the MBR protects it: GPT headers
 * that an earlier use of the disk has left are not looked at.
 */
struct h2k_partition_table *h2k_partition_table_read(struct h2k_block *disk);
void h2k_partition_table_free(struct h2k_partition_table *table);

H2K_DEFINE_AUTO(h2k_partition_table, h2k_partition_table_free)

#endif
