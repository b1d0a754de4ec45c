/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/ostree.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX "0123456789abcdef"
#define CHECKSUM 64 /* digits of a SHA-256 */

/* A name that OSTree would take for a stateroot: no ".", nor "..". */
static bool
take_stateroot(const char *text, size_t length, struct h2k_ostree_name *name)
{
    if (length == 0 || length > H2K_NAME_MAX || text[0] == '.')
        return false;
    memcpy(name->stateroot, text, length);
    name->stateroot[length] = '\0';
    return true;
}

bool
h2k_ostree_parse(const char *path, struct h2k_ostree_name *name)
{
    static const char top[] = "/ostree/deploy/", middle[] = "/deploy/";
    if (strncmp(path, top, sizeof(top) - 1) != 0)
        return false;
    const char *p = path + sizeof(top) - 1;
    size_t length = strcspn(p, "/");
    if (!take_stateroot(p, length, name) ||
        strncmp(p + length, middle, sizeof(middle) - 1) != 0)
        return false;
    p += length + sizeof(middle) - 1;
    if (strspn(p, HEX) != CHECKSUM || p[CHECKSUM] != '.')
        return false;
    memcpy(name->checksum, p, CHECKSUM);
    name->checksum[CHECKSUM] = '\0';
    p += CHECKSUM + 1;
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 8 || p[digits] != '\0')
        return false;
    name->serial = (unsigned)strtoul(p, NULL, 10);
    return true;
}

char *
h2k_ostree_follow(struct h2k_root *root, const char *prefix, const char *link)
{
    struct h2k_ostree_name name;
    size_t length = strlen(prefix);
    h2k_autofree char *path = NULL;
    if (asprintf(&path, "%s/%s", prefix, link + strspn(link, "/")) < 0) {
        path = NULL;
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    h2k_autofree char *real = h2k_root_realpath(root, path);
    if (real == NULL && !h2k_error_is_content())
        return NULL;
    if (real == NULL || strncmp(real, prefix, length) != 0 ||
        !h2k_ostree_parse(real + length, &name) ||
        !h2k_root_is_dir(root, real))
        return h2k_fail_null(H2K_E_NOENT, "%.200s leads to no deployment",
                             link);
    memmove(real, real + length, strlen(real + length) + 1);
    return h2k_steal(real);
}

/* ---- The default ---- */

/* h2k_bls_fn: the one with the highest version, and of equal ones the last,
 * stays in OPAQUE. */
static int
keep_highest(void *opaque, struct h2k_bls_entry *entry)
{
    struct h2k_bls_entry *best = opaque;
    const char *version = entry->version == NULL ? "" : entry->version;
    if (entry->ostree == NULL ||
        (best->path != NULL &&
         h2k_version_compare(version,
                             best->version == NULL ? "" : best->version) < 0))
        return 0;
    h2k_bls_entry_clear(best);
    *best = *entry;
    *entry = (struct h2k_bls_entry){ 0 };
    return 0;
}

int
h2k_ostree_default(struct h2k_root *root, struct h2k_bls_entry *entry)
{
    *entry = (struct h2k_bls_entry){ 0 };
    if (h2k_bls_each(root, keep_highest, entry) < 0) {
        h2k_bls_entry_clear(entry);
        return -1;
    }
    return entry->path != NULL;
}

/* ---- The modules of another deployment's kernel ---- */

/* "STATEROOT-BOOTCSUM" of IMAGE's directory in parts; false: it has none. */
static bool
split_directory(const char *image, char stateroot[H2K_NAME_MAX + 1],
                char checksum[CHECKSUM + 1])
{
    static const char parent[] = "/boot/ostree/";
    if (strncmp(image, parent, sizeof(parent) - 1) != 0)
        return false;
    const char *name = image + sizeof(parent) - 1;
    size_t length = strcspn(name, "/");
    if (name[length] != '/' || length > H2K_NAME_MAX ||
        length < CHECKSUM + 2 || name[length - CHECKSUM - 1] != '-' ||
        strspn(name + length - CHECKSUM, HEX) != CHECKSUM)
        return false;
    snprintf(stateroot, H2K_NAME_MAX + 1, "%.*s", (int)(length - CHECKSUM - 1),
             name);
    snprintf(checksum, CHECKSUM + 1, "%.*s", CHECKSUM,
             name + length - CHECKSUM);
    return true;
}

static bool
is_top(struct h2k_root *root, const char *path)
{
    struct h2k_place top, place;
    return h2k_root_lookup(root, "/", &top) == 0 &&
           h2k_root_lookup(root, path, &place) == 0 && place.fs == top.fs &&
           place.ino == top.ino;
}

/* The deployment that a link in DIRECTORY leads to into *TREE, unless that is
 * known: "/" itself before any other.  1 for "/", 0, -1. */
static int
look_in(struct h2k_root *root, const char *directory, char **tree)
{
    char **names;
    size_t count;
    int rc = 0;
    if (h2k_root_list(root, directory, &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && i < H2K_BLS_ENTRIES_MAX && rc == 0; i++) {
        char link[H2K_PATH_MAX];
        h2k_autofree char *found = NULL, *path = NULL;
        snprintf(link, sizeof(link), "%.400s/%.255s", directory, names[i]);
        found = h2k_ostree_follow(root, "/sysroot", link + strlen("/sysroot"));
        if (found == NULL)
            rc = h2k_error_is_content() ? 0 : -1;
        else if (asprintf(&path, "/sysroot%s", found) < 0) {
            path = NULL;
            rc = h2k_fail(H2K_E_NOMEM, "out of memory");
        } else if (is_top(root, path))
            rc = 1;
        else if (*tree == NULL)
            *tree = h2k_steal(path);
    }
    h2k_root_free_names(names, count);
    return rc;
}

char *
h2k_ostree_tree(struct h2k_root *root, const char *image, int *rc)
{
    char stateroot[H2K_NAME_MAX + 1], checksum[CHECKSUM + 1];
    h2k_autofree char *tree = NULL;
    *rc = 0;
    if (!split_directory(image, stateroot, checksum))
        return NULL;
    for (int version = 0; version < 2 && *rc == 0; version++) {
        char directory[H2K_PATH_MAX];
        snprintf(directory, sizeof(directory), "/sysroot/ostree/boot.%d/%s/%s",
                 version, stateroot, checksum);
        *rc = look_in(root, directory, &tree);
    }
    if (*rc != 0) {
        *rc = *rc < 0 ? -1 : 0;
        return NULL;
    }
    return h2k_steal(tree);
}
