/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Users that systemd makes at boot where they are missing: sysusers.d(5). */
#include "guest/configure/accounts.h"

#include <stdio.h>
#include <string.h>

static bool
is_conf(const char *name)
{
    size_t size = strlen(name);
    return size > 5 && strcmp(name + size - 5, ".conf") == 0;
}

/* Has TEXT the line "u NAME …"? */
static bool
makes(const char *text, const char *name)
{
    size_t length = strlen(name);
    while (*text != '\0') {
        const char *line = text + strspn(text, " \t");
        text += strcspn(text, "\n");
        text += *text == '\n';
        if (*line++ != 'u')
            continue;
        line += *line == '!';
        size_t blanks = strspn(line, " \t");
        line += blanks;
        if (blanks > 0 && strncmp(line, name, length) == 0 &&
            (line[length] == '\0' || strchr(" \t\n", line[length]) != NULL))
            return true;
    }
    return false;
}

static int
look_in(struct h2k_fix *fix, const char *folder, const char *name, bool *out)
{
    char **files = NULL;
    size_t count = 0;
    int rc = 0;
    if (!h2k_root_is_dir(fix->root, folder))
        return 0;
    if (h2k_root_list(fix->root, folder, &files, &count) < 0)
        return -1;
    for (size_t i = 0; i < count && rc >= 0 && !*out; i++) {
        char path[H2K_PATH_MAX];
        h2k_autofree char *text = NULL;
        size_t size;
        struct h2k_stat st;
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        if (!is_conf(files[i]) || h2k_root_stat(fix->root, path, &st) < 0 ||
            (st.mode & 0170000) != 0100000)
            continue;
        rc = h2k_fix_read(fix, path, &text, &size);
        *out = rc > 0 && makes(text, name);
    }
    h2k_root_free_names(files, count);
    return rc < 0 ? -1 : 0;
}

int
h2k_user_comes_back(struct h2k_fix *fix, const char *name, bool *out)
{
    *out = false;
    if (look_in(fix, "/etc/sysusers.d", name, out) < 0)
        return -1;
    return look_in(fix, "/usr/lib/sysusers.d", name, out);
}
