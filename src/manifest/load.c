/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/document.h"

#include "base/error.h"
#include "manifest/problems.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Up to LIMIT bytes of FD into *OUT, from malloc; -1 with errno set. */
static ssize_t
read_up_to(int fd, size_t limit, char **out)
{
    size_t size = 0, capacity = 16384;
    h2k_autofree char *data = malloc(capacity);
    while (data != NULL && size < limit) {
        if (size == capacity) {
            capacity = 2 * capacity < limit ? 2 * capacity : limit;
            char *larger = realloc(data, capacity);
            if (larger == NULL)
                return -1;
            data = larger;
        }
        ssize_t n = read(fd, data + size, capacity - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        size += (size_t)n;
    }
    if (data == NULL)
        return -1;
    *out = h2k_steal(data);
    return (ssize_t)size;
}

static int
report_open(struct h2k_problems *problems, const char *path, const char *what)
{
    struct h2k_place nowhere = { 0 };
    if (errno == ENOENT || errno == ENOTDIR)
        return h2k_report_place(problems, nowhere, NULL, "%s not found: %s",
                                what, path);
    return h2k_report_place(problems, nowhere, NULL, "%s: cannot be read: %s",
                            path, strerror(errno));
}

struct h2k_document *
h2k_document_load(const char *path, const char *what, unsigned depth,
                  struct h2k_problems *problems)
{
    h2k_autofree char *text = NULL;
    struct stat st;
    h2k_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        h2k_report_place(problems, (struct h2k_place){ 0 },
                         "name the file in it",
                         "%s: is a directory, not a file", path);
        return NULL;
    }
    /* One byte more than is allowed tells that there is more. */
    ssize_t size =
        fd < 0 ? -1 : read_up_to(fd, H2K_MANIFEST_MAX_SIZE + 1, &text);
    if (size < 0) {
        report_open(problems, path, what);
        return NULL;
    }
    return h2k_document_parse(text, (size_t)size, path, depth, problems);
}
