/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/login-defs.h"

#include "base/error.h"
#include "guest/text/ini.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Where they are: an administrator's own file wins over the one that came
 * with the system (SUSE). */
static const char *const defs_files[] = { "/usr/etc/login.defs",
                                          "/etc/login.defs" };
static const char *const useradd_files[] = { "/usr/etc/default/useradd",
                                             "/etc/default/useradd" };

char *
h2k_login_defs_get(const char *text, const char *key)
{
    const size_t size = strlen(key);
    const char *found = NULL;
    size_t length = 0;
    while (*text != '\0') {
        const char *line = text + strspn(text, " \t");
        text += strcspn(text, "\n");
        text += *text == '\n';
        if (strncmp(line, key, size) != 0 || strchr(" \t", line[size]) == NULL)
            continue;
        found = line + size + strspn(line + size, " \t\"");
        length = strcspn(found, " \t\"\r\n#");
    }
    return found == NULL ? NULL : strndup(found, length);
}

/* Both texts in one, the later last. */
static int
read_both(struct h2k_fix *fix, const char *const files[2], char **out)
{
    char *texts[2] = { NULL, NULL };
    size_t size;
    int rc = 0;
    *out = NULL;
    for (size_t i = 0; i < 2 && rc >= 0; i++)
        rc = h2k_fix_read(fix, files[i], &texts[i], &size);
    if (rc >= 0 && asprintf(out, "%s\n%s", texts[0] == NULL ? "" : texts[0],
                            texts[1] == NULL ? "" : texts[1]) < 0) {
        *out = NULL;
        rc = h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    free(texts[0]);
    free(texts[1]);
    return rc < 0 ? -1 : 0;
}

typedef char *(*get_fn)(const char *text, const char *key);

/* A number from LEAST to 2^32 - 2, decimal, octal or hexadecimal as C has
 * them; OTHERWISE where there is none. */
static int64_t
number(get_fn get, const char *text, const char *key, int64_t least,
       int64_t otherwise)
{
    h2k_autofree char *value = get(text, key);
    char *end;
    if (value == NULL || *value == '\0')
        return otherwise;
    errno = 0;
    long long n = strtoll(value, &end, 0);
    return *end != '\0' || errno != 0 || n < least || n > UINT32_MAX - 1
               ? otherwise
               : n;
}

/* Is WORD in the file PATH? */
static bool
mentions(struct h2k_fix *fix, const char *path, const char *word)
{
    h2k_autofree char *text = NULL;
    size_t size;
    return h2k_fix_read(fix, path, &text, &size) > 0 &&
           strstr(text, word) != NULL;
}

/* Does the guest hash passwords so?  PAM's configuration wins over
 * login.defs for those that users give; and a password that is hashed so
 * shows that it knows how. */
static bool
uses_yescrypt(const char *defs, struct h2k_fix *fix)
{
    h2k_autofree char *method = h2k_login_defs_get(defs, "ENCRYPT_METHOD");
    return (method != NULL && strcasecmp(method, "YESCRYPT") == 0) ||
           mentions(fix, "/etc/pam.d/common-password", "yescrypt") ||
           mentions(fix, "/etc/pam.d/system-auth", "yescrypt") ||
           mentions(fix, "/etc/shadow", ":$y$");
}

/* useradd(8): HOME_MODE, else what UMASK leaves; a guest that says neither
 * gets homes that only their owners read. */
static uint32_t
home_mode(const char *defs)
{
    int64_t umask = number(h2k_login_defs_get, defs, "UMASK", 0, 077);
    int64_t mode =
        number(h2k_login_defs_get, defs, "HOME_MODE", 0, 0777 & ~umask);
    return (uint32_t)mode & 07777;
}

/* An absolute path, or OTHERWISE. */
static char *
folder(const char *useradd, const char *key, const char *otherwise)
{
    char *value = h2k_ini_get(useradd, key);
    if (value != NULL && value[0] == '/' && strpbrk(value, ":\n") == NULL)
        return value;
    free(value);
    return strdup(otherwise);
}

static int
take(struct h2k_login_defs *out, const char *defs, const char *useradd,
     struct h2k_fix *fix)
{
    get_fn get = h2k_login_defs_get;
    h2k_autofree char *own = h2k_login_defs_get(defs, "USERGROUPS_ENAB");
    *out = (struct h2k_login_defs){
        .uid_min = number(get, defs, "UID_MIN", 0, 1000),
        .uid_max = number(get, defs, "UID_MAX", 0, 60000),
        .gid_min = number(get, defs, "GID_MIN", 0, 1000),
        .gid_max = number(get, defs, "GID_MAX", 0, 60000),
        .sub_uid_min = number(get, defs, "SUB_UID_MIN", 0, 100000),
        .sub_uid_max = number(get, defs, "SUB_UID_MAX", 0, 600100000),
        .sub_uid_count = number(get, defs, "SUB_UID_COUNT", 0, 65536),
        .sub_gid_min = number(get, defs, "SUB_GID_MIN", 0, 100000),
        .sub_gid_max = number(get, defs, "SUB_GID_MAX", 0, 600100000),
        .sub_gid_count = number(get, defs, "SUB_GID_COUNT", 0, 65536),
        .pass_min_days = number(get, defs, "PASS_MIN_DAYS", -1, -1),
        .pass_max_days = number(get, defs, "PASS_MAX_DAYS", -1, -1),
        .pass_warn_age = number(get, defs, "PASS_WARN_AGE", -1, -1),
        .inactive = number(h2k_ini_get, useradd, "INACTIVE", -1, -1),
        .group = number(h2k_ini_get, useradd, "GROUP", 0, 100),
        .home_mode = home_mode(defs),
        .own_groups = own == NULL || strcasecmp(own, "no") != 0,
        .yescrypt = uses_yescrypt(defs, fix),
        .home = folder(useradd, "HOME", "/home"),
        .skel = folder(useradd, "SKEL", "/etc/skel"),
    };
    return out->home == NULL || out->skel == NULL
               ? h2k_fail(H2K_E_NOMEM, "out of memory")
               : 0;
}

int
h2k_login_defs_read(struct h2k_login_defs *out, struct h2k_fix *fix)
{
    h2k_autofree char *defs = NULL;
    h2k_autofree char *useradd = NULL;
    if (read_both(fix, defs_files, &defs) < 0 ||
        read_both(fix, useradd_files, &useradd) < 0)
        return -1;
    return take(out, defs, useradd, fix);
}

void
h2k_login_defs_free(struct h2k_login_defs *defs)
{
    free(defs->home);
    free(defs->skel);
    *defs = (struct h2k_login_defs){ 0 };
}
