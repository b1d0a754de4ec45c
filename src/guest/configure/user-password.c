/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A user's password, where the guest keeps it: in shadow(5), or in passwd(5)
 * of a guest that has no shadow.  A "!" before it locks it: no password is
 * the right one then, while keys still open the account.
 */
#include "guest/configure/accounts.h"

#include "base/buffer.h"
#include "base/crypt-hash.h"
#include "base/error.h"
#include "base/secret.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY (24 * 60 * 60)

/* Where NAME's password is; false where it is nowhere. */
static bool
find_password(struct h2k_accounts *a, const char *name,
              struct h2k_database **db, struct h2k_record *record)
{
    *db = &a->shadow;
    if (h2k_database_find(*db, name, record))
        return true;
    *db = &a->passwd;
    return h2k_database_find(*db, name, record);
}

/* A number of days, or nothing for -1. */
static void
add_days(struct h2k_buffer *line, int64_t days)
{
    h2k_buffer_addc(line, ':');
    if (days >= 0)
        h2k_buffer_addf(line, "%" PRId64, days);
}

int
h2k_user_shadow(struct h2k_accounts *a, const char *name)
{
    H2K_AUTO_BUFFER line = { 0 };
    struct h2k_record record, user;
    h2k_autofree char *password = NULL;
    if (!a->shadow.file.there ||
        h2k_database_find(&a->shadow, name, &record) ||
        !h2k_database_find(&a->passwd, name, &user))
        return 0;
    /* A password that stood in passwd moves. */
    bool moves = !h2k_record_is(&user, H2K_PASSWD_PASSWORD, "x");
    password =
        moves ? h2k_record_copy(&user, H2K_PASSWD_PASSWORD) : strdup("!");
    if (password == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_buffer_addf(&line, "%s:%s", name, password);
    add_days(&line, a->fix->now / DAY);
    add_days(&line, a->defs.pass_min_days);
    add_days(&line, a->defs.pass_max_days);
    add_days(&line, a->defs.pass_warn_age);
    add_days(&line, a->defs.inactive);
    h2k_buffer_adds(&line, "::");
    if (h2k_buffer_check(&line) < 0 ||
        h2k_database_add(&a->shadow, a->fix, h2k_buffer_text(&line)) < 0)
        return -1;
    return h2k_database_set(&a->passwd, a->fix, &user, H2K_PASSWD_PASSWORD,
                            "x");
}

/* VALUE into the field, dated where it is another password than before. */
static int
put(struct h2k_accounts *a, const char *name, const char *value, bool dated)
{
    struct h2k_database *db;
    struct h2k_record record;
    char day[24];
    if (h2k_user_shadow(a, name) < 0)
        return -1;
    if (!find_password(a, name, &db, &record))
        return h2k_fail(H2K_E_UNFIXABLE, "it is in no database");
    if (h2k_record_is(&record, H2K_SHADOW_PASSWORD, value))
        return 0;
    if (h2k_database_set(db, a->fix, &record, H2K_SHADOW_PASSWORD, value) < 0)
        return -1;
    if (db == &a->passwd || !dated)
        return 0;
    snprintf(day, sizeof(day), "%" PRId64, a->fix->now / DAY);
    return h2k_database_set(db, a->fix, &record, H2K_SHADOW_CHANGED, day);
}

/* What the field holds now: "" for nothing. */
static char *
current(struct h2k_accounts *a, const char *name)
{
    struct h2k_database *db;
    struct h2k_record record;
    return find_password(a, name, &db, &record)
               ? h2k_record_copy(&record, H2K_SHADOW_PASSWORD)
               : strdup("");
}

static int
warn_open(struct h2k_accounts *a, const char *name, const char *what)
{
    return h2k_fix_warn(a->fix, "%s: %s %s",
                        a->shadow.file.there ? "/etc/shadow" : "/etc/passwd",
                        name, what);
}

/* Older guests, and musl's, do not know yescrypt and scrypt. */
static int
warn_unknown(struct h2k_accounts *a, const struct h2k_configured_user *user)
{
    const char *hash = user->password + strspn(user->password, "!");
    if (a->defs.yescrypt ||
        (strncmp(hash, "$y$", 3) != 0 && strncmp(hash, "$gy$", 4) != 0 &&
         strncmp(hash, "$7$", 3) != 0))
        return 0;
    return warn_open(a, user->name,
                     "has a password hashed in a way that nothing else in "
                     "the guest is, so that it may not know it; `openssl "
                     "passwd -6` makes a hash that every Linux knows");
}

/* The password that USER is to have, still without regard to a lock; NULL in
 * *OUT where none is given. */
static int
wanted(struct h2k_accounts *a, const struct h2k_configured_user *user,
       const char *now, char **out)
{
    *out = NULL;
    if (user->password_plain != NULL)
        return h2k_password_hash(user->password_plain, now + strspn(now, "!"),
                                 a->defs.yescrypt, out);
    if (user->password == NULL)
        return 0;
    if (!h2k_crypt_hash_is_whole(user->password))
        return h2k_fail(H2K_E_UNFIXABLE,
                        "its password is no whole hash of crypt(5): "
                        "`openssl passwd -6` makes one, and plain text "
                        "belongs under password_plain");
    if (warn_unknown(a, user) < 0)
        return -1;
    *out = strdup(user->password);
    return *out != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

/* VALUE locked or not, as `lock` asks for. */
static int
with_lock(struct h2k_accounts *a, const struct h2k_configured_user *user,
          const char *value, char **out)
{
    const char *bare = value + strspn(value, "!");
    bool locked = bare != value;
    *out = NULL;
    if (user->lock && !locked) {
        if (asprintf(out, "!%s", value) < 0)
            *out = NULL;
    } else if (user->lock_given && !user->lock && locked && *bare != '\0') {
        *out = strdup(bare);
    } else {
        if (user->lock_given && !user->lock && locked &&
            warn_open(a, user->name,
                      "stays locked, since it has no password; "
                      "give it one") < 0)
            return -1;
        *out = strdup(value);
    }
    return *out != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

/* A user that is to be open and had expired by our hand, or usermod's. */
static int
unexpire(struct h2k_accounts *a, const char *name)
{
    struct h2k_record record;
    if (!h2k_database_find(&a->shadow, name, &record) ||
        !h2k_record_is(&record, H2K_SHADOW_EXPIRES, "1"))
        return 0;
    return h2k_database_set(&a->shadow, a->fix, &record, H2K_SHADOW_EXPIRES,
                            "");
}

int
h2k_user_password(struct h2k_accounts *a,
                  const struct h2k_configured_user *user)
{
    h2k_autofree char *now = current(a, user->name);
    h2k_autofree char *given = NULL;
    h2k_autofree char *value = NULL;
    if (now == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (user->password == NULL && user->password_plain == NULL &&
        !user->lock_given)
        return 0;
    if (wanted(a, user, now, &given) < 0 ||
        with_lock(a, user, given != NULL ? given : now, &value) < 0 ||
        put(a, user->name, value, given != NULL) < 0)
        return -1;
    if (*value == '\0' && warn_open(a, user->name,
                                    "has an empty password: it opens for "
                                    "everybody at the console") < 0)
        return -1;
    return user->lock_given && !user->lock ? unexpire(a, user->name) : 0;
}

int
h2k_user_disable(struct h2k_accounts *a, const char *name)
{
    struct h2k_configured_user lock = { .name = name,
                                        .lock_given = true,
                                        .lock = true };
    struct h2k_record record;
    uint32_t uid = 0;
    if (!h2k_database_find(&a->passwd, name, &record))
        return h2k_fix_warn(
            a->fix, "/etc/passwd: there is no user %s to disable", name);
    h2k_record_id(&record, H2K_PASSWD_UID, &uid);
    if (h2k_user_password(a, &lock) < 0)
        return -1;
    if (uid == 0) /* an expired root runs no cron jobs, and cannot su */
        return warn_open(a, name,
                         "has its password locked; keys still open "
                         "it, and it does not expire, since the "
                         "system needs it");
    if (!h2k_database_find(&a->shadow, name, &record))
        return warn_open(a, name,
                         "has its password locked; ssh keys still "
                         "open it, since the guest has no shadow to "
                         "say that it has expired");
    return h2k_database_set(&a->shadow, a->fix, &record, H2K_SHADOW_EXPIRES,
                            "1");
}
