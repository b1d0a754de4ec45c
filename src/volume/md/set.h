/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The members of one array, put together; private to md's reader. */
#ifndef H2K_VOLUME_MD_SET_H
#define H2K_VOLUME_MD_SET_H

#include "volume/md/map.h"

/* What a source is to its array. */
enum h2k_md_standing {
    H2K_MD_IN_SYNC,
    H2K_MD_REBUILT, /* written, and not read */
    H2K_MD_SPARE,
    H2K_MD_STALE, /* it has missed changes, or has failed */
};

struct h2k_md_part {
    size_t source;
    const struct h2k_md_super *super;
    uint32_t role; /* of those in sync or rebuilt */
    enum h2k_md_standing standing;
};

/* The sources that carry one array's UUID. */
struct h2k_md_set {
    struct h2k_md_part *parts; /* owned */
    size_t count;
    const struct h2k_md_super *fresh; /* the newest of theirs */
    uint32_t missing;                 /* a role that nobody here has, and
                                         which has not failed; or NO_ROLE */
};

/* What each part is, set->missing, and set->fresh.  H2K_E_CORRUPT when they
 * contradict each other: a member is there twice, or two halves were used
 * apart from each other. */
int h2k_md_set_judge(struct h2k_md_set *set,
                     const struct h2k_volume_source *sources);

/* "RAID 5" for what is not read; NULL for what is. */
const char *h2k_md_refused_level(int32_t level);
const char *h2k_md_level_name(int32_t level); /* "raid5", as mdadm has it */

#endif
