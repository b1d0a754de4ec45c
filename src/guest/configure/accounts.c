/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/accounts.h"

#include "base/error.h"

#include <string.h>

static int
read_one(struct h2k_accounts *accounts, struct h2k_database *db,
         const struct h2k_database_kind *kind, const char *path)
{
    size_t first, broken;
    db->kind = kind;
    if (h2k_database_read(db, accounts->fix, path) < 0)
        return -1;
    broken = h2k_database_broken(db, &first);
    if (broken == 0)
        return 0;
    return h2k_fix_warn(accounts->fix,
                        "%s: line %zu%s is no entry; it stays as it is, and "
                        "pwck or grpck in the guest tells more",
                        db->file.path, first,
                        broken > 1 ? ", and others too," : "");
}

int
h2k_accounts_read(struct h2k_accounts *a)
{
    if (read_one(a, &a->passwd, &h2k_passwd_kind, NULL) < 0 ||
        read_one(a, &a->group, &h2k_group_kind, NULL) < 0 ||
        read_one(a, &a->shadow, &h2k_shadow_kind, NULL) < 0 ||
        read_one(a, &a->gshadow, &h2k_gshadow_kind, NULL) < 0 ||
        read_one(a, &a->subuid, &h2k_subuid_kind, NULL) < 0 ||
        read_one(a, &a->subgid, &h2k_subgid_kind, NULL) < 0 ||
        read_one(a, &a->base_passwd, &h2k_passwd_kind, "/usr/lib/passwd") <
            0 ||
        read_one(a, &a->base_group, &h2k_group_kind, "/usr/lib/group") < 0 ||
        h2k_login_defs_read(&a->defs, a->fix) < 0)
        return -1;
    if (a->passwd.file.there && a->group.file.there)
        return 0;
    return h2k_fail(H2K_E_UNFIXABLE,
                    "the guest has no %s, so that no users can be put into "
                    "it; leave `users` out",
                    a->passwd.file.there ? "/etc/group" : "/etc/passwd");
}

void
h2k_accounts_free(struct h2k_accounts *a)
{
    h2k_database_free(&a->passwd);
    h2k_database_free(&a->shadow);
    h2k_database_free(&a->group);
    h2k_database_free(&a->gshadow);
    h2k_database_free(&a->subuid);
    h2k_database_free(&a->subgid);
    h2k_database_free(&a->base_passwd);
    h2k_database_free(&a->base_group);
    h2k_login_defs_free(&a->defs);
}

/* All of these are there: none is made.  A new one would tell the guest to
 * look for passwords where there are none. */
int
h2k_accounts_store(struct h2k_accounts *a)
{
    struct h2k_database *const all[] = { &a->passwd,  &a->shadow, &a->group,
                                         &a->gshadow, &a->subuid, &a->subgid };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (h2k_line_file_store(&all[i]->file, a->fix, 0600, NULL) < 0)
            return -1;
    return 0;
}
