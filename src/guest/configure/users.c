/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit that puts `configuration.users` into the guest. */
#include "guest/configure/accounts.h"
#include "guest/fix/edits.h"

#include "base/error.h"

#include <string.h>

static bool
applies(struct h2k_fix *fix)
{
    const struct h2k_configuration *c = fix->options->configuration;
    return c != NULL &&
           (c->users.create_count > 0 || c->users.disable.count > 0 ||
            c->users.remove.count > 0);
}

static bool
names_have(const struct h2k_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

/* A user that is to be there and to be gone is a mistake. */
static int
check_contradiction(const struct h2k_configuration *c)
{
    for (size_t i = 0; i < c->users.create_count; i++)
        if (names_have(&c->users.remove, c->users.create[i].name))
            return h2k_fail(H2K_E_UNFIXABLE,
                            "the user %s is to be created and deleted; leave "
                            "one of the two out",
                            c->users.create[i].name);
    return 0;
}

static int
create(struct h2k_accounts *a, const struct h2k_configured_user *user)
{
    struct h2k_record record;
    bool is_new = !h2k_database_find(&a->passwd, user->name, &record);
    if (h2k_user_make(a, user) < 0 ||
        h2k_user_join(a, user->name, &user->groups) < 0 ||
        h2k_user_password(a, user) < 0 ||
        h2k_user_furnish(a, user, is_new) < 0 ||
        (user->sudo != NULL &&
         h2k_user_sudo(a->fix, user->name, user->sudo) < 0))
        return h2k_prefix("the user %s: ", user->name);
    return 0;
}

typedef int (*name_fn)(struct h2k_accounts *a, const char *name);

static int
each(struct h2k_accounts *a, const struct h2k_names *names, name_fn fn)
{
    for (size_t i = 0; i < names->count; i++)
        if (fn(a, names->items[i]) < 0)
            return h2k_prefix("the user %s: ", names->items[i]);
    return 0;
}

/* Those that go give their numbers to those that come. */
static int
configure(struct h2k_accounts *a, const struct h2k_configuration *c)
{
    if (check_contradiction(c) < 0 || h2k_accounts_read(a) < 0 ||
        each(a, &c->users.remove, h2k_user_remove) < 0)
        return -1;
    for (size_t i = 0; i < c->users.create_count; i++) {
        struct h2k_configured_user user = c->users.create[i];
        /* One that is disabled as well is never open in between. */
        if (names_have(&c->users.disable, user.name))
            user.lock_given = user.lock = true;
        if (create(a, &user) < 0)
            return -1;
    }
    if (each(a, &c->users.disable, h2k_user_disable) < 0)
        return -1;
    return h2k_accounts_store(a);
}

static int
run(struct h2k_fix *fix)
{
    struct h2k_accounts accounts = { .fix = fix };
    int rc = configure(&accounts, fix->options->configuration);
    h2k_accounts_free(&accounts);
    return rc;
}

const struct h2k_edit h2k_edit_users = {
    .name = "configure-users",
    .applies = applies,
    .run = run,
};
