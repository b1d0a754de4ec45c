/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * dpkg's database: /var/lib/dpkg/status, paragraphs of "Field: value" (Debian
 * Policy, 5.1; dpkg-query(1)), or one file for each package in status.d, as
 * images without a package manager have it.  A package's files are in
 * info/NAME.list, or NAME:ARCH.list where it can be there for several.
 */
#include "base/error.h"
#include "guest/packages/format.h"

#include <stdio.h>
#include <string.h>

#define DIRECTORY "/var/lib/dpkg"
#define STATUS_LIMIT (128u << 20)
#define LIST_LIMIT (32u << 20)
/* Of all the lists of files together. */
#define LISTS_LIMIT (256u << 20)

struct reading {
    struct h2k_root *root;
    struct h2k_packages *out;
    size_t list_bytes; /* of the lists that were read */
};

struct paragraph {
    struct h2k_span name, status, version, arch;
};

/* "install ok installed": its last word.  What was only unpacked or waits to
 * be configured has its files in place too (dpkg(1), "Package states"); of
 * half-installed some, and the others have none. */
static bool
is_installed(struct h2k_span status)
{
    static const char *const gone[] = { "not-installed", "config-files",
                                        "half-installed" };
    if (status.size == 0)
        return true; /* status.d has no such field */
    const char *space = memrchr(status.text, ' ', status.size);
    size_t at = space == NULL ? 0 : (size_t)(space + 1 - status.text);
    struct h2k_span word = { status.text + at, status.size - at };
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        if (h2k_span_is(word, gone[i]))
            return false;
    return true;
}

static int
read_list(struct reading *r, const char *path)
{
    h2k_autofree char *text = NULL;
    size_t size;
    int rc = h2k_packages_text(r->root, path, LIST_LIMIT, &text, &size);
    if (rc <= 0)
        return rc;
    r->list_bytes += size;
    struct h2k_span rest = { text, size }, line;
    while (h2k_span_line(&rest, &line))
        if (h2k_packages_add_file(r->out, line) < 0)
            return -1;
    return 1;
}

/* A kernel's files. */
static int
read_files(struct reading *r, const struct paragraph *p)
{
    char path[H2K_PATH_MAX];
    if (!h2k_packages_may_be_kernel(p->name) || p->name.size > 255 ||
        p->arch.size > 64 || r->list_bytes > LISTS_LIMIT ||
        memchr(p->name.text, '/', p->name.size) != NULL ||
        memchr(p->arch.text, '/', p->arch.size) != NULL)
        return 0;
    snprintf(path, sizeof(path), DIRECTORY "/info/%.*s.list",
             (int)p->name.size, p->name.text);
    int rc = read_list(r, path);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    snprintf(path, sizeof(path), DIRECTORY "/info/%.*s:%.*s.list",
             (int)p->name.size, p->name.text, (int)p->arch.size, p->arch.text);
    return read_list(r, path) < 0 ? -1 : 0;
}

static int
end_paragraph(struct reading *r, struct paragraph *p)
{
    int rc = 0;
    if (p->name.size > 0 && p->version.size > 0 && is_installed(p->status)) {
        rc = h2k_packages_add(r->out, p->name, p->version, p->arch);
        if (rc == 0)
            rc = read_files(r, p);
    }
    *p = (struct paragraph){ { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 } };
    return rc;
}

static int
read_status(struct reading *r, struct h2k_span rest)
{
    struct paragraph p = { { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 } };
    struct h2k_span line;
    while (h2k_span_line(&rest, &line)) {
        if (line.size == 0) {
            if (end_paragraph(r, &p) < 0)
                return -1;
        } else if (!h2k_span_after(line, "Package:", &p.name) &&
                   !h2k_span_after(line, "Status:", &p.status) &&
                   !h2k_span_after(line, "Version:", &p.version)) {
            h2k_span_after(line, "Architecture:", &p.arch);
        }
    }
    return end_paragraph(r, &p);
}

static int
read_status_file(struct reading *r, const char *path)
{
    h2k_autofree char *text = NULL;
    size_t size;
    int rc = h2k_packages_text(r->root, path, STATUS_LIMIT, &text, &size);
    return rc <= 0 ? rc : read_status(r, (struct h2k_span){ text, size });
}

/* "base-files" beside "base-files.md5sums". */
static int
read_status_files(struct reading *r)
{
    char **names, path[H2K_PATH_MAX];
    size_t count;
    if (h2k_root_list(r->root, DIRECTORY "/status.d", &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (strstr(names[i], ".md5sums") != NULL)
            continue;
        snprintf(path, sizeof(path), DIRECTORY "/status.d/%.255s", names[i]);
        rc = read_status_file(r, path);
    }
    h2k_root_free_names(names, count);
    return rc;
}

static int
dpkg_read(struct h2k_root *root, struct h2k_packages *out)
{
    struct reading r = { root, out, 0 };
    if (read_status_file(&r, DIRECTORY "/status") < 0)
        return -1;
    return read_status_files(&r);
}

const struct h2k_package_format h2k_package_dpkg = { "deb", dpkg_read };
