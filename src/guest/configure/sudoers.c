/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A user's rule in a file of its own, which /etc/sudoers includes. */
#include "guest/configure/accounts.h"

#include "base/error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "/etc/sudoers.d"

/* sudoers(5), "Including other files from within sudoers": names with a dot
 * or a ~ at the end are passed over.  No user's name has a '+', so that no two
 * share a file. */
static char *
file_of(const char *name)
{
    char *path;
    if (asprintf(&path, FOLDER "/%s", name) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    for (char *p = path + strlen(FOLDER "/"); *p != '\0'; p++)
        if (*p == '.')
            *p = '+';
    return path;
}

/* Will sudo read the folder? */
static int
check_included(struct h2k_fix *fix, const char *path)
{
    static const char *const files[] = { "/etc/sudoers", "/usr/etc/sudoers" };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        h2k_autofree char *text = NULL;
        size_t size;
        int there = h2k_fix_read(fix, files[i], &text, &size);
        if (there < 0)
            return -1;
        if (there == 0)
            continue;
        if (strstr(text, "includedir " FOLDER) != NULL ||
            strstr(text, "includedir\t" FOLDER) != NULL)
            return 0;
        return h2k_fix_warn(fix,
                            "%s: does not include " FOLDER
                            ", so that %s does nothing; add the line "
                            "\"@includedir " FOLDER "\" to it",
                            files[i], path);
    }
    return h2k_fix_warn(fix,
                        "%s: sudo is not in the guest; the rule is there "
                        "for when it is",
                        path);
}

static int
put(struct h2k_fix *fix, const char *path, const char *text)
{
    h2k_autofree char *before = NULL;
    size_t size;
    int there = h2k_fix_read(fix, path, &before, &size);
    if (there < 0)
        return -1;
    if (there > 0 && strcmp(before, text) == 0)
        return 0;
    if (there == 0 && h2k_fix_make_dirs(fix, FOLDER, 0750, NULL) < 0)
        return -1;
    if ((there > 0 ? h2k_fix_replace(fix, path, text, strlen(text))
                   : h2k_fix_create(fix, path, text, strlen(text), 0440)) < 0)
        return -1;
    return h2k_fix_record(fix, path, "what sudo allows", before, text);
}

int
h2k_user_sudo(struct h2k_fix *fix, const char *name, const char *rule)
{
    const size_t length = strlen(name);
    h2k_autofree char *path = file_of(name);
    h2k_autofree char *text = NULL;
    /* A rule that begins with the user itself is taken as well. */
    if (strncmp(rule, name, length) == 0 &&
        (rule[length] == ' ' || rule[length] == '\t'))
        rule += length + strspn(rule + length, " \t");
    const char *problem = h2k_sudo_rule_problem(rule);
    if (problem != NULL)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "its sudo rule, \"%.200s\", %s; \"ALL=(ALL:ALL) "
                        "ALL\" is one that is right",
                        rule, problem);
    if (path == NULL)
        return -1;
    /* A word of capitals would be ALL or an alias, or begin a definition. */
    const char *quote = isupper((unsigned char)name[0]) ? "\"" : "";
    if (asprintf(&text, "%s%s%s %s\n", quote, name, quote, rule) < 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (put(fix, path, text) < 0)
        return -1;
    return check_included(fix, path);
}
