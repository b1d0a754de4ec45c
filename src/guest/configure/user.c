/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A user in passwd(5) and in groups: made as useradd(8) makes it, or changed
 * as usermod(8) does. */
#include "guest/configure/accounts.h"

#include "base/buffer.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int
add_group(struct h2k_accounts *a, const char *name, uint32_t gid)
{
    char line[128];
    struct h2k_record record;
    snprintf(line, sizeof(line), "%.64s:x:%" PRIu32 ":", name, gid);
    if (h2k_database_add(&a->group, a->fix, line) < 0)
        return -1;
    if (!a->gshadow.file.there ||
        h2k_database_find(&a->gshadow, name, &record))
        return 0;
    snprintf(line, sizeof(line), "%.64s:!::", name);
    return h2k_database_add(&a->gshadow, a->fix, line);
}

/* Is there a group of this number? */
static bool
has_gid(const struct h2k_accounts *a, uint32_t gid)
{
    struct h2k_record record;
    return h2k_database_find_id(&a->group, H2K_GROUP_GID, gid, &record) ||
           h2k_database_find_id(&a->base_group, H2K_GROUP_GID, gid, &record);
}

/* The number of the group NAME: 1, 0 where there is none, -1 for a broken
 * one. */
static int
gid_of(const struct h2k_accounts *a, const char *name, uint32_t *gid)
{
    struct h2k_record record;
    if (!h2k_database_find(&a->group, name, &record) &&
        !h2k_database_find(&a->base_group, name, &record))
        return 0;
    if (h2k_record_id(&record, H2K_GROUP_GID, gid))
        return 1;
    return h2k_fail(H2K_E_UNFIXABLE,
                    "the group %s has no number in /etc/group; mend that "
                    "line in the guest first",
                    name);
}

/* A group of the user's own, as GID (-1: as its UID, where that is free). */
static int
own_group(struct h2k_accounts *a, const char *name, int64_t wished,
          uint32_t uid, uint32_t *gid)
{
    int there = gid_of(a, name, gid);
    if (there < 0)
        return -1;
    if (there > 0 && wished >= 0)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "the group %s has the number %" PRIu32
                        ", and no group has %" PRId64
                        ", which the manifest gives as the user's gid",
                        name, *gid, wished);
    if (there > 0)
        return 0;
    *gid = (uint32_t)wished;
    if (wished < 0 && h2k_accounts_new_gid(a, uid, gid) < 0)
        return -1;
    return add_group(a, name, *gid);
}

static int
primary_group(struct h2k_accounts *a, const struct h2k_configured_user *user,
              uint32_t uid, uint32_t *gid)
{
    *gid = (uint32_t)(user->gid >= 0 ? user->gid : a->defs.group);
    if (user->gid >= 0 && has_gid(a, *gid))
        return 0;
    if (user->gid < 0 && !a->defs.own_groups && has_gid(a, *gid))
        return 0;
    return own_group(a, user->name, user->gid, uid, gid);
}

static int
choose_uid(struct h2k_accounts *a, const struct h2k_configured_user *user,
           uint32_t *uid)
{
    struct h2k_record other;
    if (user->uid < 0)
        return h2k_accounts_new_uid(a, uid);
    *uid = (uint32_t)user->uid;
    if (!h2k_database_find_id(&a->passwd, H2K_PASSWD_UID, *uid, &other) &&
        !h2k_database_find_id(&a->base_passwd, H2K_PASSWD_UID, *uid, &other))
        return 0;
    return h2k_fail(H2K_E_UNFIXABLE,
                    "the number %" PRIu32
                    " is %.*s's already; give another uid, or none",
                    *uid, (int)other.fields[0].size, other.fields[0].text);
}

/* The shell that was given, or bash, or what every guest has. */
static const char *
choose_shell(struct h2k_accounts *a, const struct h2k_configured_user *user)
{
    if (user->shell != NULL)
        return user->shell;
    return h2k_root_exists(a->fix->root, "/bin/bash") ? "/bin/bash"
                                                      : "/bin/sh";
}

static int
make(struct h2k_accounts *a, const struct h2k_configured_user *user)
{
    H2K_AUTO_BUFFER line = { 0 };
    const char *comment = user->comment != NULL ? user->comment : "";
    uint32_t uid, gid;
    if (choose_uid(a, user, &uid) < 0 || primary_group(a, user, uid, &gid) < 0)
        return -1;
    h2k_buffer_addf(&line, "%s:%s:%" PRIu32 ":%" PRIu32 ":%s:", user->name,
                    a->shadow.file.there ? "x" : "!", uid, gid, comment);
    if (user->home != NULL)
        h2k_buffer_adds(&line, user->home);
    else
        h2k_buffer_addf(&line, "%s/%s", a->defs.home, user->name);
    h2k_buffer_addf(&line, ":%s", choose_shell(a, user));
    if (h2k_buffer_check(&line) < 0 ||
        h2k_database_add(&a->passwd, a->fix, h2k_buffer_text(&line)) < 0 ||
        h2k_user_shadow(a, user->name) < 0)
        return -1;
    return h2k_accounts_add_subordinate(a, user->name);
}

static int
change_gid(struct h2k_accounts *a, const struct h2k_configured_user *user,
           struct h2k_record *record)
{
    char text[16];
    uint32_t gid;
    if (user->gid < 0 || (h2k_record_id(record, H2K_PASSWD_GID, &gid) &&
                          gid == (uint32_t)user->gid))
        return 0;
    if (primary_group(a, user, 0, &gid) < 0)
        return -1;
    snprintf(text, sizeof(text), "%" PRIu32, gid);
    if (h2k_database_set(&a->passwd, a->fix, record, H2K_PASSWD_GID, text) < 0)
        return -1;
    return h2k_fix_warn(a->fix,
                        "/etc/passwd: %s has another primary group now; its "
                        "files keep the group that they have",
                        user->name);
}

static int
change_home(struct h2k_accounts *a, const struct h2k_configured_user *user,
            struct h2k_record *record)
{
    if (user->home == NULL ||
        h2k_record_is(record, H2K_PASSWD_HOME, user->home))
        return 0;
    if (h2k_fix_warn(a->fix,
                     "/etc/passwd: %s has another home now, %s; what is in "
                     "%.*s stays there",
                     user->name, user->home,
                     (int)record->fields[H2K_PASSWD_HOME].size,
                     record->fields[H2K_PASSWD_HOME].text) < 0)
        return -1;
    return h2k_database_set(&a->passwd, a->fix, record, H2K_PASSWD_HOME,
                            user->home);
}

/* Files belong to numbers, so a user keeps the one that it has. */
static int
change(struct h2k_accounts *a, const struct h2k_configured_user *user,
       struct h2k_record *record)
{
    uint32_t uid;
    if (!h2k_record_id(record, H2K_PASSWD_UID, &uid))
        return h2k_fail(H2K_E_UNFIXABLE, "its line in /etc/passwd has no uid; "
                                         "mend it in the guest first");
    if (user->uid >= 0 && uid != (uint32_t)user->uid)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "the guest has this user with uid %" PRIu32
                        ", and its files belong to that: give this uid, or "
                        "none",
                        uid);
    if ((user->comment != NULL &&
         h2k_database_set(&a->passwd, a->fix, record, H2K_PASSWD_COMMENT,
                          user->comment) < 0) ||
        (user->shell != NULL &&
         h2k_database_set(&a->passwd, a->fix, record, H2K_PASSWD_SHELL,
                          user->shell) < 0))
        return -1;
    if (change_gid(a, user, record) < 0)
        return -1;
    return change_home(a, user, record);
}

int
h2k_user_make(struct h2k_accounts *a, const struct h2k_configured_user *user)
{
    struct h2k_record record;
    if (user->shell != NULL && !h2k_root_exists(a->fix->root, user->shell) &&
        h2k_fix_warn(a->fix,
                     "/etc/passwd: the shell of %s, %s, is not in the guest; "
                     "it cannot log in before it is",
                     user->name, user->shell) < 0)
        return -1;
    if (h2k_database_find(&a->passwd, user->name, &record))
        return change(a, user, &record);
    if (h2k_database_find(&a->base_passwd, user->name, &record))
        return h2k_fail(H2K_E_UNFIXABLE,
                        "this user is part of the guest's system image "
                        "(/usr/lib/passwd); leave it out");
    return make(a, user);
}

/* A group of the system image is copied before it is changed, which is how
 * such systems want it. */
static int
find_group(struct h2k_accounts *a, const char *name, struct h2k_record *record)
{
    if (h2k_database_find(&a->group, name, record))
        return 0;
    if (!h2k_database_find(&a->base_group, name, record))
        return h2k_fail(H2K_E_UNFIXABLE,
                        "it is to be in the group %s, which the guest does "
                        "not have; make it there first, or leave it out",
                        name);
    h2k_autofree char *line =
        h2k_line_file_copy(&a->base_group.file, record->line);
    if (line == NULL || h2k_database_add(&a->group, a->fix, line) < 0)
        return -1;
    h2k_database_find(&a->group, name, record);
    return 0;
}

int
h2k_user_join(struct h2k_accounts *a, const char *name,
              const struct h2k_names *groups)
{
    struct h2k_record record;
    for (size_t i = 0; i < groups->count; i++) {
        const char *group = groups->items[i];
        if (find_group(a, group, &record) < 0 ||
            h2k_database_list(&a->group, a->fix, &record, H2K_GROUP_MEMBERS,
                              name, true) < 0)
            return -1;
        if (h2k_database_find(&a->gshadow, group, &record) &&
            h2k_database_list(&a->gshadow, a->fix, &record, H2K_GROUP_MEMBERS,
                              name, true) < 0)
            return -1;
    }
    return 0;
}
