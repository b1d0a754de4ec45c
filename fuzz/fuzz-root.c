/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Paths in a tree that the input makes: lines of "d PATH", "f PATH",
 * "l PATH TARGET", "m PATH" (mount the second filesystem there) and
 * "u PATH".  Every path is walked, and what it resolves to must be a path
 * that leads to the same place without a link.
 */
#include "fs/memory.h"
#include "fs/root.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds)
        abort();
}

static void
check_path(struct h2k_root *root, const char *path)
{
    struct h2k_place place, again;
    struct h2k_stat st;
    h2k_autofree char *real = h2k_root_realpath(root, path);
    if (h2k_root_lookup(root, path, &place) < 0)
        return;
    check(real != NULL && real[0] == '/' && strlen(real) <= H2K_PATH_MAX);
    check(strstr(real, "//") == NULL && strstr(real, "/../") == NULL);
    check(h2k_root_lookup_nofollow(root, real, &again) == 0);
    check(place.fs == again.fs && place.ino == again.ino);
    check(h2k_root_stat(root, path, &st) == 0 && !S_ISLNK(st.mode));
}

static void
run_line(struct h2k_root *root, struct h2k_fs *second, char *line)
{
    char *target = strchr(line, ' ');
    char *path = target == NULL ? line : target + 1;
    char *rest = strchr(path, ' ');
    if (rest != NULL)
        *rest++ = '\0';
    switch (line[0]) {
    case 'd':
        h2k_root_mkdirs(root, path, 0755);
        break;
    case 'f':
        h2k_root_write_file(root, path, path, strlen(path), 0644);
        break;
    case 'l':
        h2k_root_symlink(root, rest == NULL ? "" : rest, path);
        break;
    case 'm':
        h2k_root_mount(root, path, second);
        break;
    case 'u':
        h2k_root_unlink(root, path);
        break;
    }
    check_path(root, path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_fs) first = h2k_memfs_new(1 << 20);
    H2K_AUTO(h2k_fs) second = h2k_memfs_new(1 << 20);
    H2K_AUTO(h2k_root) root = h2k_root_new(first);
    h2k_autofree char *text = malloc(size + 1);
    if (second == NULL || root == NULL || text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    char *line, *next = text;
    while ((line = strsep(&next, "\n")) != NULL)
        run_line(root, second, line);
    return 0;
}
