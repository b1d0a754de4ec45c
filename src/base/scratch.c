/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Whose a directory is says a lock on it, which ends with its maker. */
#include "base/scratch.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
parent_directory(void)
{
    const char *parent = getenv("TMPDIR");
    return parent == NULL || parent[0] != '/' ? "/var/tmp" : parent;
}

/* Everything in the directory FD, and itself as NAME of PARENT. */
static void
remove_tree(int parent, const char *name, int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL) {
        if (copy >= 0)
            close(copy);
        return;
    }
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlinkat(fd, e->d_name, 0);
    closedir(dir);
    unlinkat(parent, name, AT_REMOVEDIR);
}

/* NAME of PARENT, where this user made it and nobody has it any more. */
static void
remove_stale(int parent, const char *name)
{
    struct stat st;
    h2k_autofd int fd =
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_tree(parent, name, fd);
}

static void
sweep(const char *parent, const char *prefix)
{
    DIR *dir = opendir(parent);
    if (dir == NULL)
        return;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        if (strncmp(e->d_name, prefix, strlen(prefix)) == 0)
            remove_stale(dirfd(dir), e->d_name);
    closedir(dir);
}

/* Lock what was made; false where another run's sweep was faster. */
static bool
lock(struct h2k_scratch *scratch)
{
    struct stat here, there;
    scratch->fd =
        open(scratch->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (scratch->fd >= 0 && flock(scratch->fd, LOCK_EX | LOCK_NB) == 0 &&
        fstat(scratch->fd, &here) == 0 && lstat(scratch->path, &there) == 0 &&
        here.st_ino == there.st_ino)
        return true;
    if (scratch->fd >= 0)
        close(scratch->fd);
    scratch->fd = -1;
    return false;
}

int
h2k_scratch_make(struct h2k_scratch *scratch, const char *kind)
{
    const char *parent = parent_directory();
    char prefix[64];
    snprintf(prefix, sizeof(prefix), "hyper2kvm-%s-", kind);
    sweep(parent, prefix);
    for (int attempt = 0; attempt < 10; attempt++) {
        int n = snprintf(scratch->path, sizeof(scratch->path), "%s/%sXXXXXX",
                         parent, prefix);
        if (n >= (int)sizeof(scratch->path)) {
            scratch->path[0] = '\0';
            return h2k_fail(H2K_E_OUTPUT, "%.200s: too long a path", parent);
        }
        if (mkdtemp(scratch->path) == NULL) {
            scratch->path[0] = '\0';
            return h2k_fail_errno(H2K_E_OUTPUT, "%s", parent);
        }
        if (lock(scratch))
            return 0;
    }
    rmdir(scratch->path);
    scratch->path[0] = '\0';
    return h2k_fail(H2K_E_OUTPUT, "%s: cannot lock a directory there", parent);
}

void
h2k_scratch_remove(struct h2k_scratch *scratch)
{
    if (scratch->fd < 0)
        return;
    remove_tree(AT_FDCWD, scratch->path, scratch->fd);
    close(scratch->fd);
    *scratch = (struct h2k_scratch)H2K_SCRATCH_NONE;
}
