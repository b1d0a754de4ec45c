/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/output.h"

#include "base/error.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".hyper2kvm-partial"

struct h2k_output {
    char *path;    /* as given */
    char *partial; /* path + SUFFIX */
    int dirfd;     /* of the directory both are in */
    int fd;
    bool published;
    bool keep;
};

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int
open_directory_of(const char *path)
{
    h2k_autofree char *directory = strdup(path);
    if (directory == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    char *slash = strrchr(directory, '/');
    if (slash != NULL)
        slash[slash == directory ? 1 : 0] = '\0';
    const char *name = slash == NULL ? "." : directory;
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "output directory %s", name);
    return fd;
}

/* A regular file that nobody has a lock on, or nothing.  QEMU holds OFD
 * locks on the images that it runs on. */
static int
check_replaceable(int dirfd, const char *path)
{
    h2k_autofd int fd = openat(dirfd, base_name(path),
                               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return 0;
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: exists, and cannot be opened",
                              path);
    if (!S_ISREG(st.st_mode))
        return h2k_fail(H2K_E_OUTPUT,
                        "%s: exists and is not a regular file; choose another "
                        "output name",
                        path);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        return h2k_fail(H2K_E_OUTPUT,
                        "%s: exists and is in use (a running guest?); stop "
                        "it, or choose another output name",
                        path);
    return 0;
}

/* The partial file, locked, and empty unless RESUME.  Its name may go between opening and
 * locking, when the run that made it ends: then try again. */
static int
open_partial(struct h2k_output *o, bool resume)
{
    const char *name = base_name(o->partial);
    for (int attempt = 0; attempt < 10; attempt++) {
        h2k_autofd int fd =
            openat(o->dirfd, name,
                   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
            return h2k_fail_errno(H2K_E_OUTPUT, "cannot create %s",
                                  o->partial);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
            return h2k_fail(H2K_E_OUTPUT,
                            "%s is being written by another run; wait for it, "
                            "or choose another output name",
                            o->path);
        struct stat here, there;
        if (fstat(fd, &here) == 0 &&
            fstatat(o->dirfd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
            here.st_ino == there.st_ino) {
            if (!resume && ftruncate(fd, 0) < 0)
                return h2k_fail_errno(H2K_E_OUTPUT, "%s", o->partial);
            o->fd = h2k_steal_fd(&fd);
            return 0;
        }
    }
    return h2k_fail(H2K_E_OUTPUT, "cannot lock %s", o->partial);
}

static struct h2k_output *
output_open(const char *path, bool resume)
{
    H2K_AUTO(h2k_output) o = calloc(1, sizeof(*o));
    if (o == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    o->dirfd = o->fd = -1;
    o->path = strdup(path);
    if (o->path == NULL || asprintf(&o->partial, "%s" SUFFIX, path) < 0) {
        o->partial = NULL;
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    o->dirfd = open_directory_of(path);
    if (o->dirfd < 0 || check_replaceable(o->dirfd, path) < 0 ||
        open_partial(o, resume) < 0)
        return NULL;
    return h2k_steal(o);
}

struct h2k_output *
h2k_output_new(const char *path)
{
    return output_open(path, false);
}

struct h2k_output *
h2k_output_resume(const char *path)
{
    return output_open(path, true);
}

void
h2k_output_keep(struct h2k_output *output)
{
    output->keep = true;
}

int
h2k_output_fd(const struct h2k_output *output)
{
    return output->fd;
}

const char *
h2k_output_path(const struct h2k_output *output)
{
    return output->path;
}

const char *
h2k_output_partial_path(const struct h2k_output *output)
{
    return output->partial;
}

int
h2k_output_sync(struct h2k_output *output)
{
    if (fsync(output->fd) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot make it durable",
                              output->partial);
    return 0;
}

int
h2k_output_publish(struct h2k_output *output)
{
    if (h2k_output_sync(output) < 0)
        return -1;
    if (renameat(output->dirfd, base_name(output->partial), output->dirfd,
                 base_name(output->path)) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "cannot rename %s to its name",
                              output->partial);
    output->published = true;
    if (fsync(output->dirfd) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot make its name durable",
                              output->path);
    return 0;
}

void
h2k_output_free(struct h2k_output *o)
{
    if (o == NULL)
        return;
    if (o->fd >= 0 && !o->published && !o->keep)
        unlinkat(o->dirfd, base_name(o->partial), 0);
    if (o->fd >= 0)
        close(o->fd);
    if (o->dirfd >= 0)
        close(o->dirfd);
    free(o->path);
    free(o->partial);
    free(o);
}

int
h2k_output_make_directory(const char *directory, bool *created)
{
    if (created != NULL)
        *created = false;
    if (mkdir(directory, 0755) == 0) {
        if (created != NULL)
            *created = true;
        return 0;
    }
    if (errno == ENOENT) {
        h2k_autofree char *parent = strdup(directory);
        if (parent == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        size_t end = strlen(parent);
        while (end > 0 && parent[end - 1] == '/')
            end--;
        while (end > 0 && parent[end - 1] != '/')
            end--;
        parent[end] = '\0';
        if (end > 0 && h2k_output_make_directory(parent, NULL) == 0 &&
            mkdir(directory, 0755) == 0) {
            if (created != NULL)
                *created = true;
            return 0;
        }
    }
    struct stat st;
    int saved = errno;
    if (stat(directory, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return 0;
        return h2k_fail(H2K_E_OUTPUT,
                        "cannot create output directory %s: something else "
                        "has its name; choose another",
                        directory);
    }
    errno = saved;
    return h2k_fail_errno(H2K_E_OUTPUT, "cannot create output directory %s",
                          directory);
}

/* Ours, and nobody is writing it. */
static bool
remove_if_stale(int dirfd, const char *name)
{
    h2k_autofd int fd =
        openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
           unlinkat(dirfd, name, 0) == 0;
}

int
h2k_output_sweep_stale(const char *directory)
{
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return h2k_fail_errno(H2K_E_OUTPUT, "output directory %s", directory);
    int removed = 0;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        size_t length = strlen(e->d_name);
        if (length > strlen(SUFFIX) &&
            strcmp(e->d_name + length - strlen(SUFFIX), SUFFIX) == 0)
            removed += remove_if_stale(dirfd(dir), e->d_name);
    }
    closedir(dir);
    return removed;
}
