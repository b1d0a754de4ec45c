/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* All of a guest's databases of accounts, and what is done to them. */
#ifndef H2K_GUEST_ACCOUNTS_H
#define H2K_GUEST_ACCOUNTS_H

#include "guest/configure/database.h"
#include "guest/configure/login-defs.h"

#include <hyper2kvm/configuration.h>

struct h2k_accounts {
    struct h2k_fix *fix;
    struct h2k_database passwd, shadow, group, gshadow, subuid, subgid;
    /* What an image-based system (OSTree) has beside them, which only its
     * updates write: nss-altfiles. */
    struct h2k_database base_passwd, base_group;
    struct h2k_login_defs defs;
};

/* Initialise with { .fix = fix }.  H2K_E_UNFIXABLE where there is no
 * passwd or group. */
int h2k_accounts_read(struct h2k_accounts *accounts);
void h2k_accounts_free(struct h2k_accounts *accounts);
/* Those that were changed, into the guest. */
int h2k_accounts_store(struct h2k_accounts *accounts);

/* accounts-id.c: a number that nobody has, within what the guest gives to
 * people: one above the highest that is in use, else the lowest that is
 * free.  H2K_E_UNFIXABLE when there is none. */
int h2k_accounts_new_uid(struct h2k_accounts *accounts, uint32_t *uid);
/* WISHED where that is free. */
int h2k_accounts_new_gid(struct h2k_accounts *accounts, uint32_t wished,
                         uint32_t *gid);
/* What containers of the user NAME may use (subuid(5)), where the guest has
 * such files. */
int h2k_accounts_add_subordinate(struct h2k_accounts *accounts,
                                 const char *name);

/* user.c: the user in passwd as USER wants it, with its primary group; a
 * new one's password is locked. */
int h2k_user_make(struct h2k_accounts *accounts,
                  const struct h2k_configured_user *user);
/* Into each of the groups, which all have to be there. */
int h2k_user_join(struct h2k_accounts *accounts, const char *name,
                  const struct h2k_names *groups);

/* user-password.c: its password and its lock as USER wants them. */
int h2k_user_password(struct h2k_accounts *accounts,
                      const struct h2k_configured_user *user);
/* Neither password nor key opens the account any more: its password locked,
 * the account expired, as usermod(8) advises. */
int h2k_user_disable(struct h2k_accounts *accounts, const char *name);
/* The record of NAME in shadow, locked, where the guest has the file and not
 * the record. */
int h2k_user_shadow(struct h2k_accounts *accounts, const char *name);

/* user-remove.c: out of every database; the home stays. */
int h2k_user_remove(struct h2k_accounts *accounts, const char *name);

/* sysusers.c: will systemd make the user anew when the guest boots? */
int h2k_user_comes_back(struct h2k_fix *fix, const char *name, bool *out);

/* user-home.c: the home, where it is missing and the user is new or needs
 * it, and the keys that open the account over ssh. */
int h2k_user_furnish(struct h2k_accounts *accounts,
                     const struct h2k_configured_user *user, bool is_new);

/* password.c: TEXT hashed as the guest hashes, unless BEFORE (may be NULL)
 * is a hash of it already, which is then *HASH.  The caller frees it. */
int h2k_password_hash(const char *text, const char *before, bool yescrypt,
                      char **hash);

/* sudoers.c: the user's rule in a file of its own. */
int h2k_user_sudo(struct h2k_fix *fix, const char *name, const char *rule);
/* sudo-rule.c: what is wrong with RULE, what follows a user in sudoers(5);
 * NULL for nothing. */
const char *h2k_sudo_rule_problem(const char *rule);

#endif
