/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A user out of the databases, as userdel(8) does it without -r. */
#include "guest/configure/accounts.h"

#include "base/error.h"

#include <string.h>

/* Every record of NAME. */
static int
remove_all(struct h2k_accounts *a, struct h2k_database *db, const char *name)
{
    struct h2k_record record;
    for (size_t cursor = 0; h2k_database_next(db, &cursor, &record);)
        if (h2k_record_is(&record, 0, name) &&
            h2k_database_remove(db, a->fix, &record) < 0)
            return -1;
    return 0;
}

static int
leave_all(struct h2k_accounts *a, struct h2k_database *db, const char *name)
{
    struct h2k_record record;
    for (size_t cursor = 0; h2k_database_next(db, &cursor, &record);)
        if (h2k_database_list(db, a->fix, &record, H2K_GROUP_MEMBERS, name,
                              false) < 0 ||
            (db == &a->gshadow && /* its administrators */
             h2k_database_list(db, a->fix, &record, H2K_GROUP_GID, name,
                               false) < 0))
            return -1;
    return 0;
}

/* The group NAME goes with its user, where it was that one's own: its
 * primary one, GID, nobody else's, and without members. */
static int
remove_own_group(struct h2k_accounts *a, const char *name, uint32_t gid)
{
    struct h2k_record group, other;
    uint32_t number;
    if (!a->defs.own_groups || !h2k_database_find(&a->group, name, &group) ||
        !h2k_record_id(&group, H2K_GROUP_GID, &number) || number != gid ||
        group.fields[H2K_GROUP_MEMBERS].size > 0 ||
        h2k_database_find_id(&a->passwd, H2K_PASSWD_GID, gid, &other))
        return 0;
    if (remove_all(a, &a->group, name) < 0)
        return -1;
    return remove_all(a, &a->gshadow, name);
}

int
h2k_user_remove(struct h2k_accounts *a, const char *name)
{
    struct h2k_record record;
    uint32_t uid = UINT32_MAX, gid = UINT32_MAX;
    h2k_autofree char *home = NULL;
    bool again;
    if (h2k_database_find(&a->base_passwd, name, &record))
        return h2k_fail(H2K_E_UNFIXABLE,
                        "this user is part of the guest's system image "
                        "(/usr/lib/passwd), and cannot be deleted; disable "
                        "it");
    if (!h2k_database_find(&a->passwd, name, &record))
        return 0; /* as it should be */
    h2k_record_id(&record, H2K_PASSWD_UID, &uid);
    h2k_record_id(&record, H2K_PASSWD_GID, &gid);
    if (uid == 0)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "its uid is 0: a system without its superuser does "
                        "not work; disable it");
    home = h2k_record_copy(&record, H2K_PASSWD_HOME);
    if (home == NULL || remove_all(a, &a->passwd, name) < 0 ||
        remove_all(a, &a->shadow, name) < 0 ||
        leave_all(a, &a->group, name) < 0 ||
        leave_all(a, &a->gshadow, name) < 0 ||
        remove_own_group(a, name, gid) < 0 ||
        remove_all(a, &a->subuid, name) < 0 ||
        remove_all(a, &a->subgid, name) < 0)
        return -1;
    if (h2k_user_comes_back(a->fix, name, &again) < 0 ||
        (again &&
         h2k_fix_warn(a->fix,
                      "/etc/passwd: systemd makes the user %s again when the "
                      "guest boots, since a file in sysusers.d names it; "
                      "disable it instead",
                      name) < 0))
        return -1;
    if (*home == '\0' || !h2k_root_is_dir(a->fix->root, home))
        return 0;
    return h2k_fix_warn(a->fix,
                        "/etc/passwd: %s is gone, and its home, %s, "
                        "is kept",
                        name, home);
}
