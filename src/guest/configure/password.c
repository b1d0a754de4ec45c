/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Passwords hashed by crypt(3), as crypt(5) lists the methods. */
#include "guest/configure/accounts.h"

#include "base/error.h"
#include "base/secret.h"

#include <crypt.h>
#include <string.h>

/* TEXT hashed with SETTING, a salt or a whole hash; NULL without an error
 * where that is nothing that crypt(3) knows.  The caller frees it. */
static char *
hash_with(const char *text, const char *setting)
{
    void *data = NULL;
    int size = 0;
    const char *hash = crypt_ra(text, setting, &data, &size);
    char *copy = hash == NULL ? NULL : strdup(hash);
    if (data != NULL)
        h2k_wipe(data, (size_t)size);
    free(data);
    return copy;
}

int
h2k_password_hash(const char *text, const char *before, bool yescrypt,
                  char **hash)
{
    if (before != NULL && before[0] == '$') {
        *hash = hash_with(text, before);
        if (*hash != NULL && strcmp(*hash, before) == 0)
            return 0;
        free(*hash);
    }
    h2k_autofree char *salt =
        crypt_gensalt_ra(yescrypt ? "$y$" : "$6$", 0, NULL, 0);
    *hash = salt == NULL ? NULL : hash_with(text, salt);
    return *hash != NULL ? 0
                         : h2k_fail(H2K_E_FAILED,
                                    "the password cannot be hashed: give a "
                                    "hash, as `openssl passwd -6` makes it");
}
