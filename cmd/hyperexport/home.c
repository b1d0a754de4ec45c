/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/home.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

static char *
no_memory(void)
{
    return h2k_fail_null(H2K_E_NOMEM, "out of memory");
}

static const char *
home(void)
{
    const char *directory = getenv("HOME");
    if (directory != NULL && directory[0] == '/')
        return directory;
    const struct passwd *user = getpwuid(getuid());
    if (user != NULL && user->pw_dir != NULL)
        return user->pw_dir;
    return h2k_fail_null(H2K_E_USAGE, "no home directory is known; set HOME");
}

char *
home_path(const char *rest)
{
    const char *directory = home();
    char *path = NULL;
    if (directory == NULL)
        return NULL;
    return asprintf(&path, "%s/.hyperexport/%s", directory, rest) < 0
               ? no_memory()
               : path;
}

char *
home_expand(const char *path, const char *directory)
{
    char *out = NULL;
    if (path[0] == '~' && path[1] == '/') {
        const char *user = home();
        if (user == NULL)
            return NULL;
        return asprintf(&out, "%s%s", user, path + 1) < 0 ? no_memory() : out;
    }
    if (directory == NULL || path[0] == '/') {
        out = strdup(path);
        return out == NULL ? no_memory() : out;
    }
    return asprintf(&out, "%s/%s", directory, path) < 0 ? no_memory() : out;
}
