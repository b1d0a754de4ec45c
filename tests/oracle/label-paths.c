/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * label-paths DIRECTORY: what the file contexts in DIRECTORY
 * (file_contexts, .homedirs, …) say of each path of standard input, which is
 * a line "TYPE PATH" with TYPE as in them ("--", "-d"; "-" for any): the
 * context, or "<<none>>".
 */
#include "base/error.h"
#include "guest/text/file-contexts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Where there is such a file. */
static int
add(struct h2k_file_contexts *contexts, const char *directory,
    const char *suffix)
{
    static char text[8 << 20];
    char path[4096];
    snprintf(path, sizeof(path), "%s/file_contexts%s", directory, suffix);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    size_t size = fread(text, 1, sizeof(text), file);
    fclose(file);
    if (strncmp(suffix, ".subs", 5) != 0)
        return h2k_file_contexts_add(contexts, text, size);
    return h2k_file_contexts_add_subs(contexts, strcmp(suffix, ".subs") == 0,
                                      text, size);
}

static uint32_t
mode_of(char letter)
{
    switch (letter) {
    case '-':
        return S_IFREG;
    case 'd':
        return S_IFDIR;
    case 'l':
        return S_IFLNK;
    case 'b':
        return S_IFBLK;
    case 'c':
        return S_IFCHR;
    case 'p':
        return S_IFIFO;
    case 's':
        return S_IFSOCK;
    default:
        return 0;
    }
}

int
main(int argc, char **argv)
{
    static const char *const parts[] = { "", ".homedirs", ".local",
                                         ".subs_dist", ".subs" };
    static char line[8192];
    H2K_AUTO(h2k_file_contexts) contexts = h2k_file_contexts_new();
    if (argc != 2 || contexts == NULL)
        return 2;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (add(contexts, argv[1], parts[i]) < 0)
            return fprintf(stderr, "%s\n", h2k_errmsg()), 1;
    while (fgets(line, sizeof(line), stdin) != NULL) {
        const char *context;
        char *path = strchr(line, ' ');
        line[strcspn(line, "\n")] = '\0';
        if (path == NULL)
            return 2;
        int found = h2k_file_contexts_lookup(
            contexts, path + 1, mode_of(path == line + 2 ? line[1] : 0),
            &context);
        if (found < 0)
            return fprintf(stderr, "%s\n", h2k_errmsg()), 1;
        printf("%s\n", found > 0 ? context : "<<none>>");
    }
    return 0;
}
