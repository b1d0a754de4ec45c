/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A member's superblock; private to md's reader. */
#ifndef H2K_VOLUME_MD_SUPER_H
#define H2K_VOLUME_MD_SUPER_H

#include "volume/md/md.h"

#define H2K_MD_SECTOR UINT64_C(512)

/* The levels that are read; others are refused by name. */
enum h2k_md_level {
    H2K_MD_LINEAR = -1,
    H2K_MD_RAID0 = 0,
    H2K_MD_RAID1 = 1,
    H2K_MD_RAID10 = 10,
};

/* A device's role: its place in the array, or one of these. */
enum {
    H2K_MD_NO_ROLE = 0xffff, /* a spare, or no device */
    H2K_MD_FAULTY = 0xfffe,
    H2K_MD_JOURNAL = 0xfffd,
};

struct h2k_md_super {
    const char *version; /* "1.2" */
    uint8_t set[16];     /* the array's UUID, in blkid's order */
    char name[33];
    int minor;   /* version 0.90's; else -1 */
    uint64_t at; /* where it stands, in bytes */
    uint64_t created;
    uint64_t events;

    int32_t level;
    uint32_t layout;
    bool has_layout; /* RAID 0: it says which one */
    bool reshaping;
    uint32_t raid_disks;
    uint64_t chunk; /* bytes */
    uint64_t size;  /* bytes of each member that the array uses; not of RAID 0
                       and linear */

    /* This member: */
    uint32_t number;          /* its own */
    uint64_t data, data_size; /* bytes */
    bool rebuilding;          /* its content is not complete yet */
    bool bad_blocks;          /* some of its content cannot be read */
    uint32_t device_count;
    uint16_t *roles; /* owned: one for each device's number */
};

/* The superblock of MEMBER, the newest where there are several of different
 * versions, into *SUPER, which is to be cleared in any case.  H2K_E_NOENT:
 * there is none; H2K_E_CORRUPT: none can be believed. */
int h2k_md_super_read(struct h2k_block *member, struct h2k_md_super *super);
void h2k_md_super_clear(struct h2k_md_super *super);

/* The versions.  AT is where it stands.  H2K_E_NOENT, H2K_E_CORRUPT. */
int h2k_md_super_read_0(struct h2k_block *member, uint64_t at,
                        struct h2k_md_super *super);
int h2k_md_super_read_1(struct h2k_block *member, uint64_t at,
                        const char *version, struct h2k_md_super *super);

/* The role of device NUMBER. */
uint32_t h2k_md_role(const struct h2k_md_super *super, uint32_t number);

#endif
