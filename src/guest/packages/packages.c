/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/packages/packages.h"

#include "base/error.h"
#include "guest/guest.h"
#include "guest/packages/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A guest may have another format's tools, and an empty database of it: the
 * first that has something in it is the guest's. */
static const struct h2k_package_format *const formats[] = {
    &h2k_package_dpkg,
    &h2k_package_rpm,
    &h2k_package_apk,
    &h2k_package_pacman,
};

void
h2k_packages_clear(struct h2k_packages *packages)
{
    for (size_t i = 0; i < packages->count; i++) {
        free(packages->items[i].name);
        free(packages->items[i].version);
        free(packages->items[i].release);
        free(packages->items[i].arch);
    }
    for (size_t i = 0; i < packages->file_count; i++)
        free(packages->files[i].path);
    free(packages->items);
    free(packages->files);
    *packages = (struct h2k_packages){ 0 };
}

/* ---- In order, to be found ---- */

/* A package, and where it was before. */
struct placed {
    struct h2k_package package;
    size_t from;
};

static int
compare_placed(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int rc = strcmp(x->package.name, y->package.name);
    return rc != 0 ? rc : (x->from > y->from) - (x->from < y->from);
}

static int
compare_files(const void *a, const void *b)
{
    const struct h2k_package_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static int
sort(struct h2k_packages *packages)
{
    size_t count = packages->count;
    h2k_autofree struct placed *placed = calloc(count + 1, sizeof(*placed));
    h2k_autofree size_t *now = calloc(count + 1, sizeof(*now));
    if (placed == NULL || now == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        placed[i] = (struct placed){ packages->items[i], i };
    qsort(placed, count, sizeof(*placed), compare_placed);
    for (size_t i = 0; i < count; i++) {
        packages->items[i] = placed[i].package;
        now[placed[i].from] = i;
    }
    for (size_t i = 0; i < packages->file_count; i++)
        packages->files[i].package = now[packages->files[i].package];
    if (packages->file_count > 0)
        qsort(packages->files, packages->file_count, sizeof(*packages->files),
              compare_files);
    return 0;
}

int
h2k_packages_read(struct h2k_root *root, struct h2k_packages *out)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        int rc = formats[i]->read(root, out);
        if (rc < 0 && !h2k_error_is_content())
            return -1;
        if (rc == 0 && out->count == 0)
            continue;
        out->format = formats[i]->name;
        if (rc < 0)
            snprintf(out->problem, sizeof(out->problem), "%s", h2k_errmsg());
        return sort(out);
    }
    return 0;
}

const struct h2k_packages *
h2k_guest_packages(struct h2k_guest *guest)
{
    if (guest->packages != NULL)
        return guest->packages;
    struct h2k_packages *packages = calloc(1, sizeof(*packages));
    if (packages == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (h2k_packages_read(guest->root, packages) < 0) {
        h2k_packages_clear(packages);
        free(packages);
        return NULL;
    }
    return guest->packages = packages;
}

/* ---- Questions ---- */

static int
compare_name(const void *key, const void *item)
{
    return strcmp(key, ((const struct h2k_package *)item)->name);
}

const struct h2k_package *
h2k_packages_find(const struct h2k_packages *packages, const char *name)
{
    if (packages->count == 0)
        return NULL;
    return bsearch(name, packages->items, packages->count,
                   sizeof(*packages->items), compare_name);
}

const char *
h2k_packages_version(const struct h2k_packages *packages, const char *name)
{
    const struct h2k_package *found = h2k_packages_find(packages, name);
    return found == NULL ? NULL : found->version;
}

static int
compare_path(const void *key, const void *item)
{
    return strcmp(key, ((const struct h2k_package_file *)item)->path);
}

const struct h2k_package *
h2k_packages_owner(const struct h2k_packages *packages, const char *path)
{
    if (packages->file_count == 0)
        return NULL;
    const struct h2k_package_file *file =
        bsearch(path, packages->files, packages->file_count,
                sizeof(*packages->files), compare_path);
    return file == NULL ? NULL : &packages->items[file->package];
}

void
h2k_package_version_text(const struct h2k_package *package,
                         char text[H2K_PACKAGE_VERSION])
{
    char epoch[16] = "";
    if (package->epoch != 0)
        snprintf(epoch, sizeof(epoch), "%u:", package->epoch);
    snprintf(text, H2K_PACKAGE_VERSION, "%s%s%s%s", epoch, package->version,
             package->release[0] == '\0' ? "" : "-", package->release);
}
