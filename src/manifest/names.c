/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The names of output files. */
#include "manifest/internal.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_STEM 200 /* bytes: a file name has 255 at most, with all added */

/* The last part of [path, path + size), without its extension. */
static void
find_stem(const char *path, size_t size, const char **stem, size_t *stem_size)
{
    const char *slash = memrchr(path, '/', size);
    const char *start = slash == NULL ? path : slash + 1;
    size_t length = size - (size_t)(start - path);
    const char *dot = memrchr(start, '.', length);
    *stem = start;
    *stem_size = dot == NULL || dot == start ? length : (size_t)(dot - start);
}

/* disk, disk1, disk-0, disk_2: says nothing about which machine's. */
static bool
says_nothing(const char *stem, size_t size)
{
    if (size < 4 || strncasecmp(stem, "disk", 4) != 0)
        return false;
    size_t i = 4;
    if (i + 1 < size && (stem[i] == '-' || stem[i] == '_'))
        i++;
    while (i < size && stem[i] >= '0' && stem[i] <= '9')
        i++;
    return i == size;
}

/* The base name of an absolute PATH, or its folder's where that says more. */
static void
find_machine_name(const char *path, const char **name, size_t *size)
{
    find_stem(path, strlen(path), name, size);
    if (says_nothing(*name, *size) && *name - path > 1) {
        size_t parent = (size_t)(*name - path) - 1;
        const char *slash = memrchr(path, '/', parent);
        const char *folder = slash + 1;
        size_t length = parent - (size_t)(folder - path);
        if (length > 0 && !(length == 2 && memcmp(folder, "..", 2) == 0)) {
            *name = folder;
            *size = length;
        }
    }
    /* Cut between characters. */
    if (*size > MAX_STEM)
        *size = MAX_STEM;
    while (((*name)[*size] & 0xc0) == 0x80)
        --*size;
}

static char *
make_name(const char *stem, size_t size, size_t i, const char *dot,
          const char *extension)
{
    char *name = NULL, number[32] = "";
    if (i > 0)
        snprintf(number, sizeof(number), "-disk%zu", i + 1);
    if (asprintf(&name, "%.*s%s%s%s", (int)size, stem, number, dot,
                 extension) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return name;
}

char *
h2k_manifest_output_name(const struct h2k_manifest *m, size_t i, size_t count)
{
    const char *given = m->output.filename, *name = "disk";
    size_t size = 4;
    if (i >= count || (m->kind == H2K_MANIFEST_ARTIFACT && i >= m->disk_count))
        return h2k_fail_null(H2K_E_RANGE, "there is no disk %zu", i);
    if (given != NULL) {
        find_stem(given, strlen(given), &name, &size);
        return make_name(name, size, i, "", name + size);
    }
    if (m->kind == H2K_MANIFEST_ARTIFACT) {
        name = m->disks[i].id;
        return make_name(name, strlen(name), 0, ".", m->output.format);
    }
    h2k_autofree char *path = NULL;
    if (m->source.path != NULL &&
        asprintf(&path, "%s/%s", *m->source.path == '/' ? "" : m->base_dir,
                 m->source.path) < 0) {
        path = NULL;
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    if (path != NULL)
        find_machine_name(path, &name, &size);
    if (size == 0) { /* a path that ends with a slash */
        name = "disk";
        size = 4;
    }
    return make_name(name, size, i, ".", m->output.format);
}
