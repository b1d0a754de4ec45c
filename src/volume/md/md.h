/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Linux software RAID: arrays, each a block over its members.
 *
 * Read are RAID 0, 1, 10 and linear arrays with superblocks of version 0.90,
 * 1.0, 1.1 and 1.2 (md(4); Linux, include/uapi/linux/raid/md_p.h).  What is
 * read comes from a member that is in sync; a write goes to every member
 * that is, so that they stay equal, and is refused where a member that
 * belongs to the array is not there, since it would not be known to be
 * older.  Everything else (RAID 4, 5, 6, a reshape) is refused by its name.
 *
 * A member is in sync as the newest superblock has it: by its events, which
 * count the array's changes, and by the role that it is given there.
 */
#ifndef H2K_VOLUME_MD_H
#define H2K_VOLUME_MD_H

#include "base/strings.h"
#include "block/block.h"
#include "volume/volume.h"

/* Bounds on what hostile superblocks can make us do. */
#define H2K_MD_MEMBERS_MAX 1920 /* a version 1 superblock has room for */
#define H2K_MD_COPIES_MAX 64

struct h2k_md_array {
    char uuid[H2K_UUID_TEXT]; /* as blkid prints it */
    char name[33];            /* "host:name" or "name"; "" in version 0.90 */
    const char *metadata;     /* "0.90", "1.0", "1.1", "1.2" */
    const char *level;        /* "raid1" */
    int minor;                /* version 0.90: of /dev/md<minor>; else -1 */
    uint64_t length;          /* bytes; 0 where that is not known */
    struct h2k_block *block;  /* owned; NULL where it is not read */
    char problem[300];        /* why it is not read, or not written; or "" */
    size_t *sources;          /* owned: its current members */
    size_t source_count;
};

struct h2k_md {
    struct h2k_md_array *arrays; /* in the order of their first source */
    size_t count;
    bool *used; /* owned, one for each source: an array listed has it */
    struct h2k_strings problems; /* members that are damaged, stale, twice */
};

/*
 * The arrays on SOURCES, of which it keeps references; they may be in any
 * order, and those that are no members are passed over.  What is damaged is
 * said in `problems`: it fails only for reading errors and memory.
 * ONLY_WHOLE: an array of which a member is not there is passed over
 * silently, since another source may turn up.
 */
struct h2k_md *h2k_md_open(const struct h2k_volume_source *sources,
                           size_t count, bool only_whole);
void h2k_md_free(struct h2k_md *md);
H2K_DEFINE_AUTO(h2k_md, h2k_md_free)

/* Where the superblock of MEMBER stands. */
struct h2k_md_place {
    uint64_t offset; /* bytes */
    bool absolute;   /* it says so itself: it is not that of another volume
                        that ends at the same place */
};

/* Does MEMBER have a superblock?  0 and *PLACE; -1 with H2K_E_NOENT where it
 * has none. */
int h2k_md_find(struct h2k_block *member, struct h2k_md_place *place);

/* "0123abcd:…", as mdadm(8) prints UUID. */
void h2k_md_uuid(const char *uuid, char out[H2K_UUID_TEXT]);

#endif
