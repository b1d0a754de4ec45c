/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where an array's bytes are in its members; private to md's reader. */
#ifndef H2K_VOLUME_MD_MAP_H
#define H2K_VOLUME_MD_MAP_H

#include "volume/md/super.h"

/* One member, by its role. */
struct h2k_md_member {
    struct h2k_block *block; /* a reference, of its content; NULL: not there */
    uint64_t size;           /* bytes that the array may use */
    bool readable;           /* it is in sync */
};

/* RAID 0: a range in which the same members are striped over.  Members of
 * unequal sizes make several. */
struct h2k_md_zone {
    uint64_t begin, end;     /* bytes of the array */
    uint64_t member_begin;   /* bytes of each member */
    uint32_t count;          /* of members */
    const uint32_t *members; /* their roles, ascending */
};

struct h2k_md_map {
    enum h2k_md_level level;
    uint64_t length; /* bytes of the array */
    uint64_t chunk;  /* bytes; 0: none, of RAID 1 */
    uint32_t member_count;
    struct h2k_md_member *members; /* owned, and their blocks */

    /* RAID 0 and linear */
    struct h2k_md_zone *zones; /* owned */
    uint32_t zone_count;
    uint32_t *zone_members; /* owned: what the zones' `members` are in */
    bool original_layout;   /* Linux before 3.14 */

    /* RAID 10 (md(4), "RAID10") */
    uint32_t near, far; /* copies */
    bool offset_layout; /* the far copies follow each stripe */
    uint64_t stride;    /* bytes between far copies on a member */
    uint32_t far_set;   /* members that far copies go round in */
};

/* A place in a member. */
struct h2k_md_copy {
    uint32_t member;
    uint64_t offset; /* bytes of its content */
};

/* MAP, with its members, level and chunk, as SUPER says.  H2K_E_CORRUPT,
 * H2K_E_UNSUPPORTED. */
int h2k_md_map_layout(struct h2k_md_map *map,
                      const struct h2k_md_super *super);

/* The copies of the array's byte OFFSET into COPIES, their number returned,
 * in the order in which md itself takes them; *LENGTH becomes how many bytes
 * from there on stand together, at most what it was. */
size_t h2k_md_locate(const struct h2k_md_map *map, uint64_t offset,
                     uint64_t *length,
                     struct h2k_md_copy copies[H2K_MD_COPIES_MAX]);

/* Can every byte be read? */
bool h2k_md_map_complete(const struct h2k_md_map *map);

void h2k_md_map_free(struct h2k_md_map *map);
H2K_DEFINE_AUTO(h2k_md_map, h2k_md_map_free)

/* The array that MAP describes, which it takes, on failure too. */
struct h2k_block *h2k_md_block_new(struct h2k_md_map *map, bool writable);

#endif
