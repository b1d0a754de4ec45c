/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A manifest's file, whole or not at all. */
#include "manifest/internal.h"

#include "base/error.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static int
write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        size -= (size_t)n;
    }
    return 0;
}

/* What replaces a file is as readable as that was: it may hold hashes of
 * passwords. */
static int
keep_mode(int fd, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    return fchmod(fd, st.st_mode & 0777);
}

static int
sync_directory(const char *path)
{
    h2k_autofree char *parent = h2k_path_parent(path);
    h2k_autofd int fd =
        parent == NULL ? -1 : open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some filesystems cannot sync a directory. */
    return fd < 0 || (fsync(fd) < 0 && errno != EINVAL) ? -1 : 0;
}

static int
publish(int fd, const char *temporary, const char *path, const char *text)
{
    if (write_all(fd, text, strlen(text)) < 0 || keep_mode(fd, path) < 0 ||
        fsync(fd) < 0 || rename(temporary, path) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot be written", path);
    if (sync_directory(path) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: its folder cannot be synced",
                              path);
    return 0;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcasecmp(text + size - end_size, end) == 0;
}

int
h2k_manifest_write(const struct h2k_manifest *m, const char *path)
{
    bool yaml = ends_with(path, ".yaml") || ends_with(path, ".yml");
    h2k_autofree char *text =
        h2k_manifest_to_text(m, yaml ? H2K_MANIFEST_YAML : H2K_MANIFEST_JSON);
    h2k_autofree char *temporary = NULL;
    if (text == NULL)
        return -1;
    if (asprintf(&temporary, "%s.partial", path) < 0) {
        temporary = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    unlink(temporary); /* of a run that was killed */
    h2k_autofd int fd =
        open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot be written", path);
    int rc = publish(fd, temporary, path, text);
    if (rc < 0)
        unlink(temporary);
    return rc;
}
