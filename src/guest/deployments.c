/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which deployments there are, and which of them is the guest. */
#include "guest/deployments.h"

#include "base/error.h"
#include "guest/systems.h"
#include "guest/text/ini.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TEXT_LIMIT (64u << 10)

void
h2k_ostree_free(struct h2k_ostree *ostree)
{
    if (ostree == NULL)
        return;
    for (size_t i = 0; i < ostree->count; i++) {
        struct h2k_deployment *d = &ostree->items[i];
        free(d->path);
        free(d->product);
        free(d->version);
        free(d->origin);
        free(d->entry);
    }
    free(ostree->items);
    free(ostree);
}

/* ---- One deployment ---- */

/* PATH's text; NULL where it is not there, and with *RC -1 for errors. */
static char *
read_text(struct h2k_root *root, const char *path, int *rc)
{
    char *text = NULL;
    size_t size;
    if (h2k_root_read_file(root, path, TEXT_LIMIT, &text, &size) == 0)
        return text;
    if (!h2k_error_is_content())
        *rc = -1;
    return NULL;
}

/* The value of the first of KEYS that TEXT has. */
static char *
first_value(const char *text, const char *const *keys)
{
    char *value = NULL;
    for (; text != NULL && value == NULL && *keys != NULL; keys++)
        value = h2k_ini_get(text, *keys);
    return value;
}

static int
describe(struct h2k_root *root, struct h2k_deployment *d)
{
    static const char *const products[] = { "PRETTY_NAME", "NAME", NULL };
    static const char *const versions[] = { "OSTREE_VERSION", "VERSION_ID",
                                            NULL };
    static const char *const origins[] = { "container-image-reference",
                                           "refspec", "baserefspec", NULL };
    char path[H2K_PATH_MAX];
    struct h2k_stat st;
    int rc = 0;
    snprintf(path, sizeof(path), "%s/usr/lib/os-release", d->path);
    h2k_autofree char *release = read_text(root, path, &rc);
    snprintf(path, sizeof(path), "%s.origin", d->path);
    h2k_autofree char *origin = read_text(root, path, &rc);
    d->product = first_value(release, products);
    d->version = first_value(release, versions);
    d->origin = first_value(origin, origins);
    snprintf(path, sizeof(path), "%s/.ostree.cfs", d->path);
    d->composefs = h2k_root_has(root, path);
    if (h2k_root_stat(root, d->path, &st) == 0)
        d->mtime = st.mtime;
    return rc;
}

static int
add_deployment(struct h2k_root *root, struct h2k_ostree *o, const char *path,
               const struct h2k_ostree_name *name)
{
    if (o->count == H2K_DEPLOYMENTS_MAX)
        return 1;
    struct h2k_deployment *items =
        reallocarray(o->items, o->count + 1, sizeof(*items));
    if (items == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    o->items = items;
    struct h2k_deployment *d = &items[o->count++];
    *d = (struct h2k_deployment){ .path = strdup(path), .name = *name };
    return d->path == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                           : describe(root, d);
}

/* ---- All of them ---- */

/* Every deployment of the stateroot NAME; 1 stops. */
static int
list_stateroot(struct h2k_root *root, struct h2k_ostree *o,
               const char *stateroot)
{
    char directory[H2K_PATH_MAX], **names;
    size_t count;
    int rc = 0;
    snprintf(directory, sizeof(directory), "/ostree/deploy/%s/deploy",
             stateroot);
    if (h2k_root_list(root, directory, &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && rc == 0; i++) {
        char path[H2K_PATH_MAX], usr[H2K_PATH_MAX];
        struct h2k_ostree_name name;
        snprintf(path, sizeof(path), "%.300s/%.255s", directory, names[i]);
        snprintf(usr, sizeof(usr), "%.560s/usr", path);
        if (h2k_ostree_parse(path, &name) && h2k_root_is_dir(root, usr))
            rc = add_deployment(root, o, path, &name);
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* 0, or 1 when there are more than we look at, or -1. */
static int
list_deployments(struct h2k_root *root, struct h2k_ostree *o)
{
    char **names;
    size_t count;
    int rc = 0;
    if (h2k_root_list(root, "/ostree/deploy", &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = list_stateroot(root, o, names[i]);
    h2k_root_free_names(names, count);
    return rc < 0 ? -1 : 0;
}

bool
h2k_is_physical_root(struct h2k_fs *fs, h2k_ino ino)
{
    H2K_AUTO(h2k_ostree) o = calloc(1, sizeof(*o));
    H2K_AUTO(h2k_root) root = h2k_root_new_at(fs, ino);
    return o != NULL && root != NULL &&
           h2k_root_is_dir(root, "/ostree/deploy") &&
           list_deployments(root, o) == 0 && o->count > 0;
}

/* ---- What starts them ---- */

struct entries {
    struct h2k_guest *guest;
    struct h2k_root *root; /* the physical root, with its /boot */
    struct h2k_ostree *ostree;
    struct h2k_strings lost; /* entries that lead nowhere: warnings */
    char *highest;           /* owned: the version of the chosen one's */
    bool any;                /* one of them leads to a deployment here */
};

/* The index of the deployment at PATH, or the count. */
static size_t
find_path(const struct h2k_ostree *o, const char *path)
{
    size_t i = 0;
    while (i < o->count && strcmp(o->items[i].path, path) != 0)
        i++;
    return i;
}

/* h2k_bls_fn */
static int
note_entry(void *opaque, struct h2k_bls_entry *entry)
{
    struct entries *e = opaque;
    if (entry->ostree == NULL)
        return 0;
    h2k_autofree char *path = h2k_ostree_follow(e->root, "", entry->ostree);
    size_t found =
        path == NULL ? e->ostree->count : find_path(e->ostree, path);
    if (path == NULL && !h2k_error_is_content())
        return -1;
    if (found == e->ostree->count)
        return h2k_strings_addf(
            &e->lost, "%s: %.200s leads to no deployment: it does not start",
            entry->path, entry->ostree);
    struct h2k_deployment *d = &e->ostree->items[found];
    if (!e->any || entry->version == NULL || e->highest == NULL ||
        h2k_version_compare(entry->version, e->highest) >= 0) {
        e->ostree->chosen = found;
        free(e->highest);
        e->highest = h2k_steal(entry->version);
    }
    e->any = true;
    if (d->entry == NULL)
        d->entry = h2k_steal(entry->path);
    return 0;
}

/* The entries that stand in BOOT (NULL: in the physical root): 1 when one
 * leads to a deployment here, 0, -1. */
static int
read_entries(struct h2k_guest *guest, struct h2k_ostree *o,
             const struct h2k_guest_volume *boot)
{
    const struct h2k_guest_volume *v = guest->root_volume;
    H2K_AUTO(h2k_root) root = h2k_root_new_at(v->fs, v->system);
    if (root == NULL)
        return -1;
    if (boot != NULL && h2k_root_mount(root, "/boot", boot->fs) < 0)
        return h2k_error_is_content() ? 0 : -1;
    struct entries e = { .guest = guest, .root = root, .ostree = o };
    int rc = h2k_bls_each(root, note_entry, &e);
    for (size_t i = 0; i < e.lost.count && rc == 0 && e.any; i++)
        rc = h2k_strings_add(&guest->warnings, e.lost.items[i]);
    if (e.any)
        o->boot = boot;
    h2k_strings_clear(&e.lost);
    free(e.highest);
    return rc < 0 ? -1 : e.any;
}

/* May /boot be VOLUME?  Of several first the one on the disk of "/". */
static bool
may_be_boot(const struct h2k_guest *guest,
            const struct h2k_guest_volume *volume, bool same_disk)
{
    const struct h2k_guest_volume *root = guest->root_volume;
    return volume != root && volume->fs != NULL && !volume->foreign &&
           volume->nested == root->nested &&
           (volume->disk == root->disk) == same_disk;
}

/* 1 when an entry was found that starts a deployment, 0, -1. */
static int
find_entries(struct h2k_guest *guest, struct h2k_ostree *o)
{
    int rc = read_entries(guest, o, NULL);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < guest->volume_count && rc == 0; i++)
            if (may_be_boot(guest, &guest->volumes[i], pass == 0))
                rc = read_entries(guest, o, &guest->volumes[i]);
    return rc;
}

/* ---- The guest's ---- */

/* Without an entry: the one that was made last. */
static size_t
newest(const struct h2k_ostree *o)
{
    size_t best = 0;
    for (size_t i = 1; i < o->count; i++)
        if (o->items[i].mtime > o->items[best].mtime)
            best = i;
    return best;
}

/* [etc] or [root] "transient" in PATH; what it does not say stays. */
static int
read_prepare_root(struct h2k_root *root, const char *deployment,
                  const char *path, struct h2k_ostree *o)
{
    char full[H2K_PATH_MAX];
    int rc = 0;
    snprintf(full, sizeof(full), "%s/%s", deployment, path);
    h2k_autofree char *text = read_text(root, full, &rc);
    h2k_autofree struct h2k_ini_line *line = malloc(sizeof(*line));
    struct h2k_ini_cursor cursor = { .text = text };
    if (line == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    while (text != NULL && h2k_ini_next(&cursor, line))
        if (strcmp(line->key, "transient") == 0 &&
            (strcmp(line->section, "etc") == 0 ||
             strcmp(line->section, "root") == 0))
            o->transient_etc = strcasecmp(line->value, "true") == 0 ||
                               strcasecmp(line->value, "yes") == 0 ||
                               strcmp(line->value, "1") == 0;
    return rc;
}

static int
finish(struct h2k_guest *guest, struct h2k_root *root, struct h2k_ostree *o,
       bool started)
{
    if (!started)
        o->chosen = newest(o);
    const struct h2k_deployment *d = &o->items[o->chosen];
    if (read_prepare_root(root, d->path, "usr/lib/ostree/prepare-root.conf",
                          o) < 0 ||
        read_prepare_root(root, d->path, "etc/ostree/prepare-root.conf", o) <
            0)
        return -1;
    if (o->transient_etc &&
        h2k_strings_add(
            &guest->warnings,
            "/etc: the guest makes it anew from its image whenever it starts "
            "(prepare-root.conf, transient): what is changed there does not "
            "last; put it into the image") < 0)
        return -1;
    if (started)
        return 0;
    return h2k_strings_addf(&guest->warnings,
                            "no boot entry starts a deployment of OSTree; the "
                            "newest, %s, is taken for the system",
                            d->path);
}

int
h2k_guest_find_deployments(struct h2k_guest *guest)
{
    const struct h2k_guest_volume *v = guest->root_volume;
    H2K_AUTO(h2k_root) root = h2k_root_new_at(v->fs, v->system);
    H2K_AUTO(h2k_ostree) o = calloc(1, sizeof(*o));
    if (root == NULL || o == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (list_deployments(root, o) < 0)
        return -1;
    if (o->count == 0)
        return 0;
    int started = find_entries(guest, o);
    if (started < 0)
        return -1;
    /* A system that was there before OSTree was put beside it may be what
     * starts still. */
    if (started == 0 && h2k_guest_is_plain_system(v->fs, v->system))
        return 0;
    if (finish(guest, root, o, started > 0) < 0)
        return -1;
    guest->ostree = h2k_steal(o);
    return 0;
}
