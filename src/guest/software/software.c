/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/software/software.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
h2k_software_files_clear(struct h2k_software_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].path);
        free(files->items[i].target);
        free(files->items[i].data);
    }
    free(files->items);
    *files = (struct h2k_software_files){ 0 };
}

void
h2k_software_free(struct h2k_software *package)
{
    if (package == NULL)
        return;
    h2k_software_files_clear(&package->files);
    h2k_software_files_clear(&package->extras);
    h2k_strings_clear(&package->needs);
    free(package->name);
    free(package->version);
    free(package->architecture);
    free(package->control);
    free(package->bytes);
    free(package);
}

const struct h2k_software_file *
h2k_software_find(const struct h2k_software_files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i].path, path) == 0)
            return &files->items[i];
    return NULL;
}

/* A package of BYTES, which are taken, on failure too. */
static struct h2k_software *
parse(char *bytes, size_t size)
{
    H2K_AUTO(h2k_software) package = calloc(1, sizeof(*package));
    if (package == NULL) {
        free(bytes);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    package->bytes = bytes;
    package->size = size;
    int rc;
    if (size > 8 && memcmp(bytes, "!<arch>\n", 8) == 0)
        rc = h2k_software_read_deb(package);
    else if (size > 4 && memcmp(bytes, "\xed\xab\xee\xdb", 4) == 0)
        rc = h2k_software_read_rpm(package);
    else
        rc = h2k_fail(H2K_E_UNSUPPORTED, "is neither a .deb nor an .rpm");
    return rc < 0 ? NULL : h2k_steal(package);
}

struct h2k_software *
h2k_software_parse(const void *bytes, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return parse(copy, size);
}

/* All of FD's SIZE bytes into BYTES; false when they are not there. */
static bool
read_all(int fd, char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = read(fd, bytes + at, size - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

struct h2k_software *
h2k_software_open(const char *path)
{
    struct stat st;
    h2k_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return h2k_fail_null(H2K_E_SOURCE, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > H2K_SOFTWARE_FILE_MAX)
        return h2k_fail_null(H2K_E_SOURCE,
                             "%s: is no file of at most %u MiB: give a .deb "
                             "or an .rpm",
                             path, H2K_SOFTWARE_FILE_MAX >> 20);
    char *bytes = malloc((size_t)st.st_size + 1);
    if (bytes == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (!read_all(fd, bytes, (size_t)st.st_size)) {
        free(bytes);
        return h2k_fail_null(H2K_E_SOURCE, "%s: cannot be read", path);
    }
    bytes[st.st_size] = '\0';
    struct h2k_software *package = parse(bytes, (size_t)st.st_size);
    if (package == NULL)
        h2k_prefix("%s: ", path);
    return package;
}
