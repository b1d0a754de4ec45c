/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * rpm's database, in SQLite (RHEL 9, Fedora), NDB (SUSE) or Berkeley DB (RHEL
 * 8 and older).  It is copied out of the guest to a private directory, and
 * read there by librpm in a program of its own, hyper2kvm-rpm-packages: see
 * cmd/rpm-packages/main.c for what that says.
 */
#include "base/error.h"
#include "base/scratch.h"
#include "guest/boot/file-block.h"
#include "guest/packages/format.h"
#include "guest/packages/rpm-run.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Far more than tens of thousands of packages need. */
#define DATABASE_LIMIT (2ull << 30)
#define CHUNK (1u << 20)

static const char *const directories[] = {
    "/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm", /* OSTree */
};

/* What a database consists of; the first is what must be there. */
static const char *const sqlite_files[] = { "rpmdb.sqlite", "rpmdb.sqlite-wal",
                                            NULL };
static const char *const ndb_files[] = { "Packages.db", NULL };
static const char *const bdb_files[] = { "Packages", NULL };
static const char *const *const kinds[] = { sqlite_files, ndb_files,
                                            bdb_files };
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* ---- The copy ---- */

static int
write_all(int fd, const char *data, size_t size, const char *name)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return h2k_fail_errno(H2K_E_OUTPUT, "the copy of %s", name);
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int
copy_bytes(struct h2k_block *file, int fd, const char *name)
{
    h2k_autofree char *chunk = malloc(CHUNK);
    uint64_t size = h2k_block_size(file);
    if (chunk == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (size > DATABASE_LIMIT)
        return h2k_fail(H2K_E_UNSUPPORTED, "%s is larger than %llu bytes",
                        name, DATABASE_LIMIT);
    for (uint64_t at = 0; at < size; at += CHUNK) {
        size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        if (h2k_block_pread(file, chunk, n, at) < 0 ||
            write_all(fd, chunk, n, name) < 0)
            return -1;
    }
    return 0;
}

/* PATH of the guest as NAME in the host's directory COPY: 1, 0 where it is
 * not there, -1. */
static int
copy_file(struct h2k_root *root, const char *path, int copy, const char *name)
{
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, path);
    if (file == NULL)
        return h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR
                   ? 0
                   : -1;
    h2k_autofd int fd =
        openat(copy, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "the copy of %s", path);
    return copy_bytes(file, fd, path) < 0 ? -1 : 1;
}

/* The first database of FILES' kind in a directory of the guest: 1 or 0. */
static int
copy_kind(struct h2k_root *root, const char *const *files, int copy)
{
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
        for (size_t n = 0; files[n] != NULL; n++) {
            char path[200];
            snprintf(path, sizeof(path), "%s/%s", directories[i], files[n]);
            int rc = copy_file(root, path, copy, files[n]);
            if (rc < 0)
                return -1;
            if (n == 0 && rc == 0)
                break;
            if (files[n + 1] == NULL)
                return 1;
        }
    return 0;
}

/* ---- What the program says of it ---- */

/* The text at *AT of END, which stands behind its NUL then. */
static bool
take_text(const char **at, const char *end, struct h2k_span *text)
{
    const char *nul = memchr(*at, '\0', (size_t)(end - *at));
    if (nul == NULL)
        return false;
    *text = (struct h2k_span){ *at, (size_t)(nul - *at) };
    *at = nul + 1;
    return true;
}

int
h2k_rpm_parse(const char *said, size_t size, struct h2k_packages *out)
{
    const char *at = said, *end = said + size;
    struct h2k_span text, version, arch;
    while (take_text(&at, end, &text) && text.size > 0) {
        const struct h2k_span rest = { text.text + 1, text.size - 1 };
        int rc = 0;
        switch (text.text[0]) {
        case 'P':
            if (!take_text(&at, end, &version) || !take_text(&at, end, &arch))
                return h2k_fail(H2K_E_CORRUPT, "a package is cut off");
            rc = h2k_packages_add(out, rest, version, arch);
            break;
        case 'F':
            rc = h2k_packages_add_file(out, rest);
            break;
        case 'X':
            return h2k_fail(H2K_E_CORRUPT, "%.300s", rest.text);
        case 'E':
            return 0;
        default:
            return h2k_fail(H2K_E_CORRUPT, "a record is not known");
        }
        if (rc < 0)
            return -1;
    }
    return h2k_fail(H2K_E_CORRUPT, "librpm ended before its end");
}

static int
list(const char *copy, struct h2k_packages *out)
{
    H2K_AUTO_BUFFER said = { 0 };
    if (h2k_rpm_run(copy, &said) < 0)
        return -1;
    return h2k_rpm_parse(h2k_buffer_text(&said), said.size, out);
}

/* Errors of the host's are not the guest's; the rest of the inspection goes
 * on without the packages. */
static int
no_packages(void)
{
    if (h2k_errcode() == H2K_E_OUTPUT || h2k_errcode() == H2K_E_FAILED)
        h2k_recode(H2K_E_UNSUPPORTED);
    return h2k_prefix("the rpm database: ");
}

static int
rpm_read(struct h2k_root *root, struct h2k_packages *out)
{
    H2K_AUTO_SCRATCH copy = H2K_SCRATCH_NONE;
    bool any = false;
    for (size_t i = 0; i < 3 && !any; i++)
        any = h2k_root_is_dir(root, directories[i]);
    if (!any)
        return 0;
    int rc = h2k_scratch_make(&copy, "rpm");
    for (size_t i = 0; i < KINDS && rc == 0; i++)
        rc = copy_kind(root, kinds[i], copy.fd);
    if (rc > 0)
        rc = list(copy.path, out);
    return rc < 0 ? no_packages() : 0;
}

const struct h2k_package_format h2k_package_rpm = { "rpm", rpm_read };
