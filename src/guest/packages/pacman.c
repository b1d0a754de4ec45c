/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * pacman's database: /var/lib/pacman/local/NAME-VERSION/ with desc and files,
 * texts of "%FIELD%" lines with values below and an empty line behind
 * (alpm's local database, ALPM_DB_VERSION 9).
 */
#include "base/error.h"
#include "guest/packages/format.h"

#include <stdio.h>
#include <string.h>

#define DIRECTORY "/var/lib/pacman/local"
#define DESC_LIMIT (1u << 20)
#define FILES_LIMIT (32u << 20)

/* The lines below "%FIELD%"; *REST stands behind that line then. */
static bool
find_field(struct h2k_span *rest, const char *field)
{
    struct h2k_span line;
    while (h2k_span_line(rest, &line))
        if (h2k_span_is(line, field))
            return true;
    return false;
}

static struct h2k_span
value(struct h2k_span text, const char *field)
{
    struct h2k_span line;
    if (find_field(&text, field) && h2k_span_line(&text, &line))
        return line;
    return (struct h2k_span){ "", 0 };
}

static int
read_files(struct h2k_root *root, const char *name, struct h2k_packages *out)
{
    h2k_autofree char *text = NULL;
    char path[H2K_PATH_MAX];
    size_t size;
    snprintf(path, sizeof(path), DIRECTORY "/%.255s/files", name);
    int rc = h2k_packages_text(root, path, FILES_LIMIT, &text, &size);
    if (rc <= 0)
        return rc;
    struct h2k_span rest = { text, size }, line;
    if (!find_field(&rest, "%FILES%"))
        return 0;
    while (h2k_span_line(&rest, &line) && line.size > 0)
        if (h2k_packages_add_file(out, line) < 0)
            return -1;
    return 0;
}

static int
read_package(struct h2k_root *root, const char *name, struct h2k_packages *out)
{
    h2k_autofree char *text = NULL;
    char path[H2K_PATH_MAX];
    size_t size;
    snprintf(path, sizeof(path), DIRECTORY "/%.255s/desc", name);
    int rc = h2k_packages_text(root, path, DESC_LIMIT, &text, &size);
    if (rc <= 0)
        return rc;
    struct h2k_span desc = { text, size };
    struct h2k_span package = value(desc, "%NAME%");
    if (package.size == 0)
        return h2k_fail(H2K_E_CORRUPT, "%.300s has no %%NAME%%", path);
    if (h2k_packages_add(out, package, value(desc, "%VERSION%"),
                         value(desc, "%ARCH%")) < 0)
        return -1;
    return h2k_packages_may_be_kernel(package) ? read_files(root, name, out)
                                               : 0;
}

static int
pacman_read(struct h2k_root *root, struct h2k_packages *out)
{
    char **names;
    size_t count;
    if (h2k_root_list(root, DIRECTORY, &names, &count) < 0)
        return h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR
                   ? 0
                   : -1;
    int rc = 0;
    bool damaged = false;
    struct h2k_saved_error first;
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (strcmp(names[i], "ALPM_DB_VERSION") == 0 ||
            read_package(root, names[i], out) == 0)
            continue;
        if (!h2k_error_is_content() || out->count == H2K_PACKAGES_MAX)
            rc = -1;
        else if (!damaged)
            h2k_error_save(&first); /* the others are whole */
        damaged = true;
    }
    h2k_root_free_names(names, count);
    return rc == 0 && damaged ? h2k_error_restore(&first) : rc;
}

const struct h2k_package_format h2k_package_pacman = { "pacman", pacman_read };
