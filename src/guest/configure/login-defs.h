/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How the guest itself makes accounts: login.defs(5), and useradd(8)'s
 * /etc/default/useradd.  What a guest does not say is as shadow-utils have
 * it. */
#ifndef H2K_GUEST_LOGIN_DEFS_H
#define H2K_GUEST_LOGIN_DEFS_H

#include "guest/fix/fix.h"

struct h2k_login_defs {
    int64_t uid_min, uid_max, gid_min, gid_max;
    int64_t sub_uid_min, sub_uid_max, sub_uid_count;
    int64_t sub_gid_min, sub_gid_max, sub_gid_count;
    int64_t pass_min_days, pass_max_days, pass_warn_age; /* -1: none */
    int64_t inactive;                                    /* days; -1: none */
    int64_t group;      /* of users, where they have none of their own */
    uint32_t home_mode; /* of a new home */
    bool own_groups;    /* a user has a group of the same name */
    bool yescrypt;      /* passwords are hashed so */
    char *home, *skel;  /* folders; owned */
};

/* Initialise OUT with { 0 }. */
int h2k_login_defs_read(struct h2k_login_defs *out, struct h2k_fix *fix);
void h2k_login_defs_free(struct h2k_login_defs *defs); /* empties it */

/* The value of KEY in TEXT, of "KEY value" lines with comments; the last
 * that is there, the caller's to free; NULL for none and no memory. */
char *h2k_login_defs_get(const char *text, const char *key);

#endif
