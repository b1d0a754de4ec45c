/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * apk's database: /lib/apk/db/installed (since Alpine 3.23 below /usr),
 * paragraphs of lines with one letter, apk-v2 "installed database": P name, V
 * version-rRELEASE, A architecture, F a directory, R a file in it.
 */
#include "base/error.h"
#include "guest/packages/format.h"

#include <string.h>

#define INSTALLED_LIMIT (128u << 20)
#define PATH_LIMIT 1024

struct paragraph {
    struct h2k_span name, version, arch;
    struct h2k_span directory;
    bool added; /* fields come before files */
};

static int
add(struct h2k_packages *out, struct paragraph *p)
{
    if (p->added || p->name.size == 0)
        return 0;
    p->added = true;
    return h2k_packages_add(out, p->name, p->version, p->arch);
}

static int
add_file(struct h2k_packages *out, struct paragraph *p, struct h2k_span file)
{
    char path[PATH_LIMIT];
    size_t n = p->directory.size;
    if (add(out, p) < 0)
        return -1;
    if (!p->added || n + 1 + file.size > sizeof(path))
        return 0;
    memcpy(path, p->directory.text, n);
    path[n] = '/';
    memcpy(path + n + 1, file.text, file.size);
    return h2k_packages_add_file(out,
                                 (struct h2k_span){ path, n + 1 + file.size });
}

static int
read_line(struct h2k_packages *out, struct paragraph *p, struct h2k_span line)
{
    struct h2k_span file;
    if (h2k_span_after(line, "R:", &file))
        return add_file(out, p, file);
    if (!h2k_span_after(line, "F:", &p->directory) &&
        !h2k_span_after(line, "P:", &p->name) &&
        !h2k_span_after(line, "V:", &p->version))
        h2k_span_after(line, "A:", &p->arch);
    return 0;
}

static int
read_installed(struct h2k_root *root, const char *path,
               struct h2k_packages *out)
{
    static const struct paragraph empty = {
        { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 }, false
    };
    h2k_autofree char *text = NULL;
    size_t size;
    int rc = h2k_packages_text(root, path, INSTALLED_LIMIT, &text, &size);
    if (rc <= 0)
        return rc;
    struct paragraph p = empty;
    struct h2k_span rest = { text, size }, line;
    while (h2k_span_line(&rest, &line)) {
        rc = line.size > 0 ? read_line(out, &p, line) : add(out, &p);
        if (rc < 0)
            return -1;
        if (line.size == 0)
            p = empty;
    }
    return add(out, &p);
}

static int
apk_read(struct h2k_root *root, struct h2k_packages *out)
{
    if (read_installed(root, "/lib/apk/db/installed", out) < 0)
        return -1;
    return out->count > 0
               ? 0
               : read_installed(root, "/usr/lib/apk/db/installed", out);
}

const struct h2k_package_format h2k_package_apk = { "apk", apk_read };
